package identity

import (
	"errors"
	"fmt"
)

// Bounds of the work of one hash: a second or two on the machines of today, whatever the
// algorithm. None of them can be interrupted, so that more would go on when whoever asked
// has long left.
const (
	// MaxCost is the largest cost of bcrypt.
	MaxCost = 15
	// maxMemory is how many bytes a hash may need.
	maxMemory = 256 << 20
	// maxArgonWork is the KiB that argon2 may fill, over all passes.
	maxArgonWork = 2 << 20
	// maxIterations is how many PBKDF2 may do, over all blocks of the hash.
	maxIterations = 2_000_000
	// maxScryptWork bounds the product of scrypt's cost, block size and parallelization,
	// and by that its memory, which is 128 bytes for each.
	maxScryptWork = maxMemory / 128
	// maxSum is how many bytes a hash may have.
	maxSum = 1024
)

// errTooMuchWork reports a hash beyond the bounds.
var errTooMuchWork = errors.New("the hash would take too long to check")

func tooMuch(format string, parameters ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errTooMuchWork}, parameters...)...)
}
