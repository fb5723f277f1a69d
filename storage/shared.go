package storage

import "errors"

// ErrUnavailable reports a store that cannot be reached for now: a database that is away or
// too busy. What was asked for may be tried again.
var ErrUnavailable = errors.New("the store cannot be reached")

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
}

// Shared reports whether other processes may have the store open as well, so that what a
// process remembers of it may be out of date.
func (db *DB) Shared() bool { return db.shared != nil }

// Hold reports whether this process is the one that does the work of a name, see
// Shared.Hold. A store that no other process can open is always the one.
func (db *DB) Hold(name string) (bool, error) {
	if db.shared == nil {
		return true, nil
	}
	return db.shared.Hold(name)
}

// Alone runs fn while no other process runs one of the name.
func (db *DB) Alone(name string, fn func() error) error {
	if db.shared == nil {
		return fn()
	}
	return db.shared.Alone(name, fn)
}

// Join says that this process takes part in what has a name, and reports whether no other
// does.
func (db *DB) Join(name string) (alone bool, err error) {
	if db.shared == nil {
		return true, nil
	}
	return db.shared.Join(name)
}
