package servertest

import (
	"context"
	"testing"
	"time"
)

// Patience is the longest that a test waits for something that takes milliseconds on
// an idle machine. It ends tests that hang. A busy machine never comes near it, and
// no test uses it to judge speed.
const Patience = 5 * time.Minute

// UntilDeadline returns a context for a program that a test runs and that may take
// long on a busy machine. It ends a minute before the time limit of go test, so that
// the output of the program can still be shown.
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
