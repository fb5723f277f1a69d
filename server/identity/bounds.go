package identity

import (
	"errors"
	"fmt"
)

// Limits for the work of one hash: at most a second or two on today's machines, for every
// algorithm. Hashing cannot be interrupted, so without limits it would go on long after
// the client has disconnected.
const (
	// MaxCost is the highest accepted cost of bcrypt.
	MaxCost = 15
	// maxMemory is how much memory a hash may need, in bytes.
	maxMemory = 256 << 20
	// maxArgonWork is how much memory argon2 may fill in all passes together, in KiB.
	maxArgonWork = 2 << 20
	// maxIterations is how many iterations PBKDF2 may do for all blocks of the hash
	// together.
	maxIterations = 2_000_000
	// maxScryptWork is the limit of the product of scrypt's cost, block size and
	// parallelization. It limits the memory too, which is 128 bytes times that product.
	maxScryptWork = maxMemory / 128
	// maxSum is the maximum length of a hash in bytes.
	maxSum = 1024
)

// errTooMuchWork reports a hash that exceeds the limits.
var errTooMuchWork = errors.New("the hash would take too long to check")

func tooMuch(format string, parameters ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errTooMuchWork}, parameters...)...)
}
