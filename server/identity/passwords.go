// Package identity handles what identifies a user: passwords, their hashes and policies,
// and the default members of a user's profile. It has no pages and no sessions.
package identity

import (
	"cmp"
	"container/list"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/tenant0/tenant0/storage"
)

var (
	// ErrWrongCredentials reports an unknown user or a wrong password, and does
	// not say which.
	ErrWrongCredentials = errors.New("wrong username or password")
	// ErrPasswordTooLong reports a password that is longer than maxPassword, of which
	// bcrypt would only use the beginning.
	ErrPasswordTooLong = &PolicyError{
		Name: "PasswordStrengthError", Code: "invalid_password", Message: "Password is too long", Key: "password-too-weak",
	}
	// errUnknownHash reports a hash in an unknown format.
	errUnknownHash = errors.New("unknown password hash")
)

// maxPassword is how many bytes of a password bcrypt uses.
const maxPassword = 72

// DefaultCost is the default bcrypt cost of new hashes, which take about 3 ms. It is low
// so that a development tenant starts in milliseconds with the users of its seed, whose
// passwords are no secret.
const DefaultCost = 6

// Passwords computes and checks password hashes. It is safe for concurrent use.
type Passwords struct {
	cost int
	// decoy returns a hash for users who do not exist. It is computed at its first use,
	// because it takes a tenth of the time of a start.
	decoy func() []byte
	cache verified
	// slots limits how many hashes are computed in parallel.
	slots chan struct{}
}

// NewPasswords returns a Passwords that hashes with a bcrypt cost of 4 to MaxCost.
func NewPasswords(cost int) (*Passwords, error) {
	if cost < bcrypt.MinCost || cost > MaxCost {
		return nil, fmt.Errorf("password cost %d: %w", cost, bcrypt.InvalidCostError(cost))
	}
	p := &Passwords{cost: cost, slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), decoy: sync.OnceValue(func() []byte {
		hash, _ := bcrypt.GenerateFromPassword([]byte("nobody"), cost) // cannot fail for this cost and length
		return hash
	})}
	p.cache.key = make([]byte, sha256.Size)
	_, _ = rand.Read(p.cache.key) // never fails: crypto/rand
	return p, nil
}

// work calls hash. If too many hashes are being computed already, it waits for a slot; if
// ctx ends in the meantime, it returns the error of ctx.
func (p *Passwords) work(ctx context.Context, hash func() error) error {
	storage.Slow("hashing a password")
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slots }()
	return hash()
}

// CheckLength returns ErrPasswordTooLong if Hash does not accept the password because of
// its length.
func CheckLength(password string) error {
	if len(password) > maxPassword {
		return ErrPasswordTooLong
	}
	return nil
}

// Hash returns the hash of a new password, ErrPasswordTooLong, or the error of ctx.
func (p *Passwords) Hash(ctx context.Context, password string) (hash string, err error) {
	if err := CheckLength(password); err != nil {
		return "", err
	}
	err = p.work(ctx, func() error {
		made, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
		hash = string(made)
		return err
	})
	return hash, err
}

// Check returns nil if hash belongs to password, and ErrWrongCredentials if not, or if
// the hash would take too long to compute. The hash "" stands for a user who does not
// exist or has no password; checking it takes as long as any other. A password that was
// right recently is recognized without hashing it again. If ctx ends while Check waits
// for a slot, it returns the error of ctx.
func (p *Passwords) Check(ctx context.Context, userID, hash, password string) error {
	if hash == "" {
		err := p.work(ctx, func() error { _, err := bcryptMatches(string(p.decoy()), []byte(password)); return err })
		return cmp.Or(err, ErrWrongCredentials)
	}
	tag := p.cache.tag(userID, hash, password)
	if p.cache.has(tag) {
		return nil
	}
	if err := p.work(ctx, func() error { return compare(hash, password) }); err != nil {
		return err
	}
	p.cache.add(tag)
	return nil
}

func compare(hash, password string) error {
	var ok bool
	var err error
	switch {
	case strings.HasPrefix(hash, "$2"):
		ok, err = bcryptMatches(hash, []byte(password))
	case strings.HasPrefix(hash, "$argon2i"):
		ok, err = argon2Matches(hash, password)
	case IsImported(hash):
		ok, err = importedMatches(hash, password)
	default:
		err = errUnknownHash
	}
	switch {
	case errors.Is(err, errTooMuchWork): // the store may contain such a hash from an earlier version of the program
		return fmt.Errorf("%w: %w", ErrWrongCredentials, err)
	case err == nil && !ok:
		return ErrWrongCredentials
	}
	return err
}

// CheckHash returns an error if a hash is not in the format of bcrypt or argon2, or would
// take too long to check. It does not compute a hash.
func CheckHash(hash string) error {
	bcryptErr := checkBcrypt(hash)
	_, argon2Err := parseArgon2(hash)
	switch {
	case bcryptErr == nil || argon2Err == nil:
		return nil
	case errors.Is(bcryptErr, errTooMuchWork):
		return bcryptErr
	case errors.Is(argon2Err, errTooMuchWork):
		return argon2Err
	}
	return errors.New("it must be in the notation of bcrypt or argon2id")
}

// argon2Hash is a decoded hash of the PHC format
// $argon2id$v=19$m=65536,t=3,p=4$salt$hash, or of argon2i.
type argon2Hash struct {
	independent    bool // argon2i
	memory, passes uint32
	threads        uint8
	salt, sum      []byte
}

func parseArgon2(hash string) (h argon2Hash, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" && parts[1] != "argon2i" {
		return h, errUnknownHash
	}
	h.independent = parts[1] == "argon2i"
	var version int
	_, err = fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &h.memory, &h.passes, &h.threads)
	if err != nil || version != argon2.Version || h.passes == 0 || h.threads == 0 {
		return h, errUnknownHash
	}
	if uint64(max(h.memory, 8*uint32(h.threads)))*uint64(h.passes) > maxArgonWork || h.memory > maxMemory>>10 {
		return h, tooMuch("m=%d, t=%d", h.memory, h.passes)
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, errUnknownHash
	}
	h.sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(h.sum) == 0 || len(h.sum) > maxSum {
		return h, errUnknownHash
	}
	return h, nil
}

// key returns the hash of a password with the salt and parameters of h.
func (h argon2Hash) key(password string) []byte {
	size := uint32(len(h.sum)) //nolint:gosec // bounded
	if h.independent {
		return argon2.Key([]byte(password), h.salt, h.passes, h.memory, h.threads, size)
	}
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, size)
}

// verified is a cache of passwords that were right. It stores a MAC of each with a key of
// this process, and drops the least recently used one when it is full.
type verified struct {
	key   []byte
	mu    sync.Mutex
	order list.List
	tags  map[[sha256.Size]byte]*list.Element
}

const maxVerified = 4096

func (v *verified) tag(parts ...string) (tag [sha256.Size]byte) {
	h := hmac.New(sha256.New, v.key)
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	h.Sum(tag[:0])
	return tag
}

func (v *verified) has(tag [sha256.Size]byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	e, ok := v.tags[tag]
	if ok {
		v.order.MoveToFront(e)
	}
	return ok
}

func (v *verified) add(tag [sha256.Size]byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.tags == nil {
		v.tags = map[[sha256.Size]byte]*list.Element{}
	}
	v.tags[tag] = v.order.PushFront(tag)
	if v.order.Len() > maxVerified {
		oldest := v.order.Back()
		v.order.Remove(oldest)
		delete(v.tags, oldest.Value.([sha256.Size]byte))
	}
}
