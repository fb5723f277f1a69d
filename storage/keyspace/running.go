package keyspace

import (
	"context"
	"fmt"
	"runtime/debug"
)

// While returns a function that runs fn unless ctx has ended, and then returns its error.
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

// Panicked is the error of an update that has panicked, for the function that has recovered.
func Panicked(p any) error { return fmt.Errorf("panic in update: %v\n%s", p, debug.Stack()) }
