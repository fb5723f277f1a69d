package servertest

import (
	"context"
	"testing"
	"time"
)

// Patience bounds a wait in a test for what takes milliseconds on an idle machine. It
// ends what hangs: a machine that is merely busy never comes near it, and no test
// judges by it how fast something is.
const Patience = 5 * time.Minute

// UntilDeadline returns the test's context for a program that a test runs, which may
// take long on a busy machine. It ends a minute before the time limit of go test,
// so that what the program has said until then can be shown.
func UntilDeadline(t *testing.T) context.Context {
	t.Helper()
	deadline, limited := t.Deadline()
	if !limited {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-time.Minute))
	t.Cleanup(cancel)
	return ctx
}
