package storage

import (
	"flag"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Slow marks slow work, which begins with a call of it: hashing a password, signing,
// rendering, the network. Such work must not happen within a transaction, since there is one
// writer, which may also have to wait for readers. Within a transaction Slow panics under
// test; otherwise it does nothing.
func Slow(what string) {
	if testing.Testing() && withinTransaction() {
		panic(what + " is slow and has no place in a transaction of the store")
	}
}

// transact runs fn in a transaction and releases it. Slow finds this function's name on the
// stack.
//
//go:noinline
func transact(tx *Tx, fn func(*Tx) error) error {
	err := fn(tx)
	tx.release()
	return err
}

// withinTransaction reports whether transact is among the callers. Looking at the stack makes
// this work in every test without any setup.
func withinTransaction() bool {
	var counters [256]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(3, counters[:])])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "/storage.transact") {
			return true
		}
		if !more {
			return false
		}
	}
}

// underTest reports whether a test is running, but not a benchmark, whose results the extra
// checks would falsify.
var underTest = sync.OnceValue(func() bool {
	if !testing.Testing() {
		return false
	}
	bench := flag.Lookup("test.bench")
	return bench == nil || bench.Value.String() == ""
})
