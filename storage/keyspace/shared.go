package keyspace

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnavailable reports that a store cannot be reached at the moment, because its database
// is down or too busy. The operation may be tried again.
var ErrUnavailable = errors.New("the store cannot be reached")

// ErrGone reports that another process has removed the tenant.
var ErrGone = fmt.Errorf("the tenant was removed: %w", ErrClosed)

// Shared is an Engine that several processes may have open at once.
type Shared interface {
	Engine
	// AcquireLease takes the lease with a name if no other process holds it, and reports whether
	// this process holds it now. A lease ends with its process, or with that process's
	// connection to the store, so its holder calls AcquireLease again before each piece of work.
	AcquireLease(name string) (bool, error)
	// RunExclusive runs fn while no other process runs a function under the same name.
	RunExclusive(name string, fn func() error) error
	// Join says that this process takes part in the activity with a name, until the process
	// ends, and reports whether it is the only one.
	Join(name string) (alone bool, err error)
	// Joined is how many processes have joined the activity with a name.
	Joined(name string) (int, error)
	// Release gives up what AcquireLease and Join have taken under a name.
	Release(name string)
	// Skew is approximately how far the clock of the store's database is ahead of this
	// machine's.
	Skew() time.Duration
}
