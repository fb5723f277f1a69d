package keyspace

import (
	"context"
	"fmt"
	"runtime/debug"
)

// While returns a function that runs fn, or returns the error of ctx if ctx has ended.
func While(ctx context.Context, fn func(KV) error) func(KV) error {
	return func(kv KV) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return fn(kv)
	}
}

// Run calls fn and turns a panic into an error, so that one update cannot end the writer.
func Run(fn func(KV) error, kv KV) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Panicked(p)
		}
	}()
	return fn(kv)
}

// Panicked makes an error of a panic in an update, for the function that has recovered from
// it.
func Panicked(p any) error { return fmt.Errorf("panic in update: %v\n%s", p, debug.Stack()) }
