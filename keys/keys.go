// Package keys holds the keys that the tenant signs with and the server's own secrets: the
// ring of signing keys with its rotation and its published key set, the signatures
// themselves, and the keys for MACs and for encryption. It does not decide what is signed.
package keys

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined as a SHA-1 thumbprint, RFC 7517 section 4.8
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Ring is the tenant's signing keys: the current key, which signs; the next key, which is
// published before it signs; and earlier keys, which still verify until they are revoked.
// Auth0: get-started/tenant-settings/signing-keys. It is safe for concurrent use.
type Ring struct {
	db     *storage.DB
	issuer string // the common name of the certificates
	set    atomic.Pointer[set]
	// pending delivers the next key of a new ring, and complete receives it once.
	pending  <-chan generated
	complete func() error
	// changing is held while the ring is changed.
	changing sync.Mutex
	counts   counts
}

// set is one state of the ring. It never changes; rotation replaces it.
type set struct {
	current *signingKey
	hasNext bool
	keys    []*signingKey
	jwks    []byte
	memo    *memo
}

type signingKey struct {
	storage.SigningKey
	private *rsa.PrivateKey
	headers map[string]string // encoded JOSE header by its typ and alg
}

var (
	// ErrUnknownKey reports a key id that is not in the ring.
	ErrUnknownKey = errors.New("no such signing key")
	// ErrKeyInUse reports a key that cannot be revoked, because it is the current or the
	// next key.
	ErrKeyInUse = errors.New("the key is current or next; rotate first")
)

// Open reads the ring, or creates it: a tenant's first key signs immediately. host is the
// tenant's name in the keys' certificates.
func Open(db *storage.DB, host string, now time.Time) (*Ring, error) {
	r := &Ring{db: db, issuer: host, counts: newCounts()}
	r.complete = sync.OnceValue(r.takeNext)
	if err := r.load(); err != nil {
		return nil, err
	}
	switch s := r.set.Load(); {
	case s.current == nil:
		// Two keys are made concurrently; the one that is ready first becomes the current
		// key.
		r.pending = r.begin(2, now)
		first := <-r.pending
		if first.err != nil {
			return nil, first.err
		}
		first.key.CurrentSince = now
		if err := r.store(func(tx *storage.Tx) error { return tx.SigningKeys.Put(first.key) }); err != nil {
			return nil, err
		}
		return r, r.load()
	case !s.hasNext:
		r.pending = r.begin(1, now) // the server was stopped before it had a next key
	}
	return r, nil
}

// Complete waits until the ring has a next key. A ring can sign before that; its owner calls
// Complete in the background.
func (r *Ring) Complete() error { return r.complete() }

func (r *Ring) takeNext() error {
	if r.pending == nil {
		return nil
	}
	next := <-r.pending
	r.changing.Lock()
	defer r.changing.Unlock()
	if next.err != nil {
		return next.err
	}
	if r.set.Load().hasNext {
		return nil // a rotation has already added a next key
	}
	err := r.store(func(tx *storage.Tx) error {
		stored, err := signingKeys(tx)
		if err != nil || slices.ContainsFunc(stored, isNext) {
			return err // another server has already added a next key
		}
		return tx.SigningKeys.Put(next.key)
	})
	if err != nil {
		return err
	}
	return r.load()
}

func isNext(k storage.SigningKey) bool { return k.CurrentSince.IsZero() && k.RevokedAt.IsZero() }

type generated struct {
	key storage.SigningKey
	err error
}

// begin makes n keys in the background.
func (r *Ring) begin(n int, now time.Time) <-chan generated {
	ready := make(chan generated, n)
	for range n {
		go func() {
			key, err := r.generate(now)
			ready <- generated{key, err}
		}()
	}
	return ready
}

func (r *Ring) generate(now time.Time) (storage.SigningKey, error) { return NewKey(r.issuer, now) }

// NewKey makes a key pair with a self-signed certificate for a common name. It takes a few
// hundred milliseconds.
func NewKey(commonName string, now time.Time) (storage.SigningKey, error) {
	storage.Slow("making a key")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("generate signing key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return storage.SigningKey{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(14, 0, 0),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return storage.SigningKey{}, fmt.Errorf("certify signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return storage.SigningKey{}, err
	}
	return storage.SigningKey{KeyID: keyID(), PrivateKey: der, Certificate: cert, CreatedAt: now}, nil
}

func (r *Ring) store(change func(*storage.Tx) error) error {
	return r.db.Update(context.Background(), change)
}

// signingKeys returns the stored signing keys, in the order of their ids.
func signingKeys(tx *storage.Tx) (stored []storage.SigningKey, err error) {
	for k, err := range tx.SigningKeys.All() {
		if err != nil {
			return nil, err
		}
		stored = append(stored, k)
	}
	return stored, nil
}

// load reads the ring from the store.
func (r *Ring) load() error {
	return r.db.View(context.Background(), func(tx *storage.Tx) error { return r.Refresh(tx) })
}

// Refresh reads the ring from the store, where another server may have changed it. If
// nothing has changed, this costs little.
func (r *Ring) Refresh(tx *storage.Tx) error {
	stored, err := signingKeys(tx)
	if err != nil {
		return err
	}
	if known := r.set.Load(); known != nil && known.of(stored) {
		return nil
	}
	s, err := newSet(stored)
	if err != nil {
		return err
	}
	r.set.Store(s)
	return nil
}

// of reports whether the set was made from the same stored keys.
func (s *set) of(stored []storage.SigningKey) bool {
	if len(stored) != len(s.keys) {
		return false
	}
	for _, k := range s.keys {
		if !slices.ContainsFunc(stored, func(other storage.SigningKey) bool { return same(k.SigningKey, other) }) {
			return false
		}
	}
	return true
}

// same reports whether a and b are the same key in the same state.
func same(a, b storage.SigningKey) bool {
	return a.KeyID == b.KeyID && a.CurrentSince.Equal(b.CurrentSince) && a.CurrentUntil.Equal(b.CurrentUntil) && a.RevokedAt.Equal(b.RevokedAt)
}

func newSet(stored []storage.SigningKey) (*set, error) {
	stored = slices.Clone(stored)
	slices.SortFunc(stored, func(a, b storage.SigningKey) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), b.CreatedAt.Compare(a.CreatedAt))
	})
	s := &set{memo: newMemo()}
	type jwk struct {
		Kty string   `json:"kty"`
		Use string   `json:"use"`
		N   string   `json:"n"`
		E   string   `json:"e"`
		Kid string   `json:"kid"`
		X5t string   `json:"x5t"`
		X5c []string `json:"x5c"`
		Alg string   `json:"alg"`
	}
	published := []jwk{}
	for _, k := range stored {
		private, err := x509.ParsePKCS8PrivateKey(k.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("signing key %s is damaged: %w", k.KeyID, err)
		}
		key, ok := private.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("signing key %s is not an RSA key", k.KeyID)
		}
		sk := &signingKey{SigningKey: k, private: key}
		sk.encodeHeaders()
		s.keys = append(s.keys, sk)
		if !k.RevokedAt.IsZero() {
			continue
		}
		switch {
		case isCurrent(k):
			s.current = sk
		case k.CurrentSince.IsZero():
			s.hasNext = true
		}
		thumbprint := sha1.Sum(k.Certificate) //nolint:gosec // see the import
		published = append(published, jwk{
			Kty: "RSA", Use: "sig", Kid: k.KeyID, Alg: "RS256",
			N:   base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			E:   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
			X5t: base64.RawURLEncoding.EncodeToString(thumbprint[:]),
			X5c: []string{base64.StdEncoding.EncodeToString(k.Certificate)},
		})
	}
	var err error
	s.jwks, err = json.Marshal(map[string]any{"keys": published})
	return s, err
}

// rank orders keys: the current key first, then the next, then earlier ones.
func rank(k storage.SigningKey) int {
	switch {
	case isCurrent(k):
		return 0
	case k.CurrentSince.IsZero():
		return 1
	}
	return 2
}

func isCurrent(k storage.SigningKey) bool {
	return !k.CurrentSince.IsZero() && k.CurrentUntil.IsZero()
}

// JWKS returns the published key set, RFC 7517: current, next and previous keys
// that are not revoked. The caller must not change it.
func (r *Ring) JWKS() []byte { return r.set.Load().jwks }

// List returns the ring's keys, the current one first, revoked ones included.
func (r *Ring) List() []storage.SigningKey {
	var all []storage.SigningKey
	for _, k := range r.set.Load().keys {
		all = append(all, k.SigningKey)
	}
	return all
}

// Rotate makes the next key the current one and publishes a new next key. The
// key that signed until now still verifies. Auth0:
// get-started/tenant-settings/signing-keys/rotate-signing-keys.
//
// If other servers serve the tenant as well, the next key begins to sign only when all of
// them publish it.
func (r *Ring) Rotate(now time.Time) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	key, err := r.generate(now)
	if err != nil {
		return err
	}
	for range 10 {
		if err := r.load(); err != nil {
			return err
		}
		known := r.List()
		if !slices.ContainsFunc(known, isNext) && r.db.Shared() {
			if err := r.Complete(); err != nil { // its next key is still being made
				return err
			}
			continue
		}
		if err := r.db.Spread(); err != nil {
			return err
		}
		err := r.store(func(tx *storage.Tx) error { return rotate(tx, known, key, now) })
		if errors.Is(err, errRotated) {
			continue
		}
		if err != nil {
			return err
		}
		return r.load()
	}
	return errRotated
}

// errRotated reports that another server has changed the keys in the meantime.
var errRotated = errors.New("the signing keys have changed meanwhile")

// rotate makes the next key among known the current one, and key the new next key.
func rotate(tx *storage.Tx, known []storage.SigningKey, key storage.SigningKey, now time.Time) error {
	stored, err := signingKeys(tx)
	if err != nil {
		return err
	}
	if len(stored) != len(known) {
		return errRotated
	}
	if !slices.ContainsFunc(known, isNext) {
		// There is no published next key, so the new key signs immediately.
		key.CurrentSince = now
	}
	changed := []storage.SigningKey{key}
	for _, k := range known {
		if !slices.ContainsFunc(stored, func(other storage.SigningKey) bool { return same(k, other) }) {
			return errRotated
		}
		switch {
		case isCurrent(k):
			k.CurrentUntil = now
		case k.CurrentSince.IsZero():
			k.CurrentSince = now
		default:
			continue
		}
		changed = append(changed, k)
	}
	for _, k := range changed {
		if err := tx.SigningKeys.Put(k); err != nil {
			return err
		}
	}
	return nil
}

// Revoke removes a previous key from the published set, so that its signatures no longer
// verify. It returns ErrUnknownKey or ErrKeyInUse.
func (r *Ring) Revoke(keyID string, now time.Time) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	err := r.store(func(tx *storage.Tx) error {
		k, err := tx.SigningKeys.Get(keyID)
		switch {
		case storage.IsNotFound(err):
			return ErrUnknownKey
		case err != nil:
			return err
		case k.CurrentUntil.IsZero():
			return ErrKeyInUse
		}
		k.RevokedAt = now
		return tx.SigningKeys.Put(k)
	})
	if err != nil {
		return err
	}
	return cmp.Or(r.load(), r.db.Spread())
}

// keyID returns a key id in Auth0's form, 21 url-safe characters. It does not begin with a
// hyphen, which a command line would parse as a flag.
func keyID() string { return strings.TrimLeft(Random(24), "-_")[:21] }

// Random returns n random bytes as base64url text.
func Random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}
