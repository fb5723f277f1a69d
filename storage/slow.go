package storage

import (
	"flag"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Slow says that what follows is slow: hashing a password, signing, rendering, the
// network. It must not happen within a transaction, since there is one writer, and since
// the writer may have to wait for the readers. Under test Slow panics there; otherwise it
// does nothing. What is slow begins with a call of it.
func Slow(what string) {
	if testing.Testing() && withinTransaction() {
		panic(what + " is slow and has no place in a transaction of the store")
	}
}

// transact runs fn in a transaction, which ends with it. Its name on the stack tells Slow so.
//
//go:noinline
func transact(tx *Tx, fn func(*Tx) error) error {
	err := fn(tx)
	tx.release()
	return err
}

// withinTransaction reports whether transact is among the callers. The stack tells that of
// every test without one having to ask for it.
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

// underTest reports whether this is a test and no benchmark, whose figures twice the work
// would falsify.
var underTest = sync.OnceValue(func() bool {
	if !testing.Testing() {
		return false
	}
	bench := flag.Lookup("test.bench")
	return bench == nil || bench.Value.String() == ""
})
