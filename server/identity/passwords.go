// Package identity knows who a user is: passwords and their hashes, and what a
// user's profile holds where nothing else was said. It owns no page and no
// session.
package identity

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

var (
	// ErrWrongCredentials reports an unknown user or a wrong password, and does
	// not say which.
	ErrWrongCredentials = errors.New("wrong username or password")
	// ErrPasswordTooLong reports a password that bcrypt cannot hash.
	ErrPasswordTooLong = errors.New("a password may have at most 72 bytes")
	// errUnknownHash reports a hash in a notation that is not known.
	errUnknownHash = errors.New("unknown password hash")
)

// DefaultCost is the bcrypt cost of new hashes: about 3 ms. A development tenant
// starts with its seed's users in milliseconds, and protects nothing but
// passwords that are printed when it starts.
const DefaultCost = 6

// Passwords makes and checks password hashes. It is safe for concurrent use.
type Passwords struct {
	cost int
	// decoy is a hash for users who do not exist. It is made when the first one
	// is asked for: it costs a tenth of a start.
	decoy func() []byte
	cache verified
}

// NewPasswords returns a Passwords that hashes with a bcrypt cost of 4 to 31.
func NewPasswords(cost int) (*Passwords, error) {
	if cost < bcrypt.MinCost || cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("password cost %d: %w", cost, bcrypt.InvalidCostError(cost))
	}
	p := &Passwords{cost: cost, decoy: sync.OnceValue(func() []byte {
		hash, _ := bcrypt.GenerateFromPassword([]byte("nobody"), cost) // fails for other costs and longer passwords
		return hash
	})}
	p.cache.key = make([]byte, sha256.Size)
	_, _ = rand.Read(p.cache.key) // never fails: crypto/rand
	return p, nil
}

// Hash returns the hash of a new password, or ErrPasswordTooLong.
func (p *Passwords) Hash(password string) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	if errors.Is(err, bcrypt.ErrPasswordTooLong) {
		return "", ErrPasswordTooLong
	}
	return string(hash), err
}

// Check returns nil when password is the one that hash was made of, and
// ErrWrongCredentials when it is not. A hash of "" stands for a user who does
// not exist or has no password, and costs as much time as another. A password
// that was right a while ago is recognised without hashing it again.
func (p *Passwords) Check(userID, hash, password string) error {
	if hash == "" {
		_ = bcrypt.CompareHashAndPassword(p.decoy(), []byte(password))
		return ErrWrongCredentials
	}
	tag := p.cache.tag(userID, hash, password)
	if p.cache.has(tag) {
		return nil
	}
	if err := compare(hash, password); err != nil {
		return err
	}
	p.cache.add(tag)
	return nil
}

func compare(hash, password string) error {
	switch {
	case strings.HasPrefix(hash, "$2"):
		err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
		if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) || errors.Is(err, bcrypt.ErrPasswordTooLong) {
			return ErrWrongCredentials
		}
		return err
	case strings.HasPrefix(hash, "$argon2i"):
		return compareArgon2(hash, password)
	case IsImported(hash):
		return compareImported(hash, password)
	}
	return errUnknownHash
}

// Known reports whether hash is in a notation that Check understands. It does
// not hash.
func Known(hash string) bool {
	if _, err := bcrypt.Cost([]byte(hash)); err == nil {
		return true
	}
	_, err := parseArgon2(hash)
	return err == nil
}

// maxArgonMemory bounds what one check may use, in KiB.
const maxArgonMemory = 1 << 20

// argon2Hash is a hash in the PHC notation $argon2id$v=19$m=65536,t=3,p=4$salt$hash,
// or argon2i.
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
	if err != nil || version != argon2.Version || h.memory > maxArgonMemory || h.passes == 0 || h.threads == 0 {
		return h, errUnknownHash
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, errUnknownHash
	}
	h.sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(h.sum) == 0 || len(h.sum) > 1024 {
		return h, errUnknownHash
	}
	return h, nil
}

// key is what the password would have to hash to.
func (h argon2Hash) key(password string) []byte {
	size := uint32(len(h.sum)) //nolint:gosec // bounded
	if h.independent {
		return argon2.Key([]byte(password), h.salt, h.passes, h.memory, h.threads, size)
	}
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.threads, size)
}

func compareArgon2(hash, password string) error {
	h, err := parseArgon2(hash)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(h.key(password), h.sum) != 1 {
		return ErrWrongCredentials
	}
	return nil
}

// verified remembers passwords that were right, by a MAC under a key of this
// process. It is bounded and forgets the one not seen for longest.
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
