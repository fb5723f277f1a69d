package keyspace

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnavailable reports a store that cannot be reached for now: a database that is away or
// too busy. What was asked for may be tried again.
var ErrUnavailable = errors.New("the store cannot be reached")

// ErrGone reports that another process has removed the tenant.
var ErrGone = fmt.Errorf("the tenant was removed: %w", ErrClosed)

// Shared is an Engine that several processes may have open at once.
type Shared interface {
	Engine
	// Hold reports whether this process holds the lease of a name, after it has taken it
	// where nobody else has it. A lease ends with its process, or with the connection of
	// that process to the store: whoever holds one asks again before each piece of work.
	Hold(name string) (bool, error)
	// Alone runs fn while no other process runs one of the name.
	Alone(name string, fn func() error) error
	// Join says that this process takes part in what has a name, until it ends, and reports
	// whether no other does.
	Join(name string) (alone bool, err error)
	// Joined is how many processes have joined in what has a name.
	Joined(name string) (int, error)
	// Release gives back what Hold and Join have taken by a name.
	Release(name string)
	// Skew is how far the time of what has the data is ahead of this machine's, about.
	Skew() time.Duration
}
