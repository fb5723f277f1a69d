package keys

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Secrets holds keys that only the server knows. They are derived from one random value in the store, a
// separate key for each purpose.
type Secrets struct {
	clientSecret, code, refreshToken, seal, passcode []byte
	// OpaqueToken is the 256-bit key of opaque access tokens, and FactorToken the key of the tokens that are
	// given to the tenant's own page for further factors.
	OpaqueToken, FactorToken []byte
}

const masterSecret = "master"

// OpenSecrets reads the server's secrets, or creates them.
func OpenSecrets(db *storage.DB) (*Secrets, error) {
	master := make([]byte, 32)
	_, _ = rand.Read(master) // never fails: crypto/rand
	err := db.Update(context.Background(), func(tx *storage.Tx) error {
		stored, err := tx.Secrets.Get(masterSecret)
		if errors.Is(err, storage.ErrNotFound) {
			return tx.Secrets.Put(storage.Secret{Name: masterSecret, Value: master})
		}
		master = stored.Value
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &Secrets{}
	for purpose, key := range map[string]*[]byte{
		"client secret": &s.clientSecret, "authorization code": &s.code, "refresh token": &s.refreshToken,
		"sealed text": &s.seal, "one-time code": &s.passcode, "opaque access token": &s.OpaqueToken,
		"further factor": &s.FactorToken,
	} {
		if *key, err = hkdf.Key(sha256.New, master, nil, purpose, 32); err != nil {
			return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
		}
	}
	return s, nil
}

func mac(key []byte, parts ...string) []byte {
	message := make([]byte, 0, 128) // most are shorter
	for _, p := range parts {
		message = append(append(message, p...), 0)
	}
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(message[:0])
}

// ClientSecretMAC is what the store holds of a client secret. Secrets are long and random, so a keyed MAC
// protects them as well as a slow hash would, at a thousandth of the cost.
func (s *Secrets) ClientSecretMAC(clientID, secret string) []byte {
	return mac(s.clientSecret, clientID, secret)
}

// CheckClientSecret reports, in constant time, whether secret matches the stored MAC.
func (s *Secrets) CheckClientSecret(stored storage.ClientSecret, secret string) bool {
	return hmac.Equal(stored.MAC, s.ClientSecretMAC(stored.ClientID, secret))
}

// PasscodeMAC is what the store holds of a one-time code with a key, see storage.Passcode.
func (s *Secrets) PasscodeMAC(key, code string) []byte { return mac(s.passcode, key, code) }

// SamePasscode returns a function that reports, in constant time, whether a stored MAC is that of a one-time
// code with a key.
func (s *Secrets) SamePasscode(key, code string) func(stored []byte) bool {
	return func(stored []byte) bool { return hmac.Equal(stored, s.PasscodeMAC(key, code)) }
}

// idBytes is the length of a grant's id: 6 bytes of milliseconds and 10 random bytes.
const idBytes = 16

// NewGrantID returns a new id for a user's grant. Ids sort by the time they were made.
func NewGrantID(now time.Time) string {
	id := make([]byte, idBytes)
	_, _ = rand.Read(id[6:]) // never fails: crypto/rand
	ms := now.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i))) //nolint:gosec // the byte is what is meant
	}
	return hex.EncodeToString(id)
}

// stamps is a base64 encoding whose texts sort like the numbers that they encode.
var stamps = base64.NewEncoding("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz").WithPadding(base64.NoPadding)

// StampLength is the number of characters in a Stamp.
const StampLength = 8

// Stamp returns a time as a text that sorts by time and can be used in URLs and cookies.
func Stamp(now time.Time) string {
	var since [8]byte
	binary.BigEndian.PutUint64(since[:], uint64(max(now.UnixNano(), 0)))
	return stamps.EncodeToString(since[:6])
}

// tagBytes is the length of the tag by which the server recognizes codes and tokens of its own.
const tagBytes = 16

// Code returns the authorization code of a client's grant: the grant's id and a tag that only this server can
// compute, 43 url-safe characters. So a code that was already redeemed is recognized without being stored.
func (s *Secrets) Code(grantID, clientID string) string {
	id := unhex(grantID)
	return base64.RawURLEncoding.EncodeToString(append(id, mac(s.code, grantID, clientID)[:tagBytes]...))
}

// GrantOfCode returns the id of the grant that a client's code belongs to; ok is false if this server did not
// make the code, or made it for another client.
func (s *Secrets) GrantOfCode(code, clientID string) (grantID string, ok bool) {
	raw, ok := exact(code)
	if !ok || len(raw) != idBytes+tagBytes {
		return "", false
	}
	grantID = hex.EncodeToString(raw[:idBytes])
	return grantID, hmac.Equal(raw[idBytes:], mac(s.code, grantID, clientID)[:tagBytes])
}

// refreshPrefix begins every refresh token, as in Auth0, and onlinePrefix every online refresh token, which
// ends with a session.
const (
	refreshPrefix = "v1.M"
	onlinePrefix  = "ORT"
)

// chanceBytes is the number of random bytes in a refresh token.
const chanceBytes = 16

// NewRefreshToken returns a new token of the family id: the id, 16 random bytes, and a tag that only this
// server can compute. So a token that was already replaced is recognized without being stored.
func (s *Secrets) NewRefreshToken(id string) string { return s.newRefreshToken(refreshPrefix, id) }

// NewOnlineRefreshToken returns a new token that ends with a session, as its prefix shows, Auth0:
// secure/tokens/refresh-tokens/online-refresh-tokens.
func (s *Secrets) NewOnlineRefreshToken(id string) string { return s.newRefreshToken(onlinePrefix, id) }

func (s *Secrets) newRefreshToken(prefix, id string) string {
	raw := append(unhex(id), make([]byte, chanceBytes)...)
	_, _ = rand.Read(raw[idBytes:]) // never fails: crypto/rand
	return prefix + base64.RawURLEncoding.EncodeToString(append(raw, s.refreshTag(prefix, raw)...))
}

// refreshTag returns the tag of a token with a prefix, so that no token becomes another by its prefix.
func (s *Secrets) refreshTag(prefix string, raw []byte) []byte {
	if prefix == refreshPrefix {
		prefix = "" // tokens that were issued earlier have a tag of their bytes alone
	}
	return mac(s.refreshToken, prefix+string(raw))[:tagBytes]
}

// IssuedRefreshToken reports whether this server made a refresh token. A family id is not secret, so a token
// that merely contains one proves nothing.
func (s *Secrets) IssuedRefreshToken(token string) bool {
	prefix, raw, ok := refreshTokenBytes(token)
	const signed = idBytes + chanceBytes
	return ok && hmac.Equal(raw[signed:], s.refreshTag(prefix, raw[:signed]))
}

// FamilyOfRefreshToken returns the id of the family that a token claims to belong to; ok is false if the text
// does not have the form of a refresh token.
func FamilyOfRefreshToken(token string) (id string, ok bool) {
	_, raw, ok := refreshTokenBytes(token)
	if !ok {
		return "", false
	}
	return hex.EncodeToString(raw[:idBytes]), true
}

func refreshTokenBytes(token string) (prefix string, raw []byte, ok bool) {
	for _, prefix = range []string{refreshPrefix, onlinePrefix} {
		if text, found := strings.CutPrefix(token, prefix); found {
			raw, ok = exact(text)
			return prefix, raw, ok && len(raw) == idBytes+chanceBytes+tagBytes
		}
	}
	return "", nil, false
}

// Hash is what the store holds of a random token.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func unhex(id string) []byte {
	raw, _ := hex.DecodeString(id) // ids come from NewGrantID
	return raw
}

// Seal encrypts a text that the server must be able to show again, such as a client secret that the
// Management API shows.
func (s *Secrets) Seal(text string) []byte {
	gcm := s.sealer()
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand
	return gcm.Seal(nonce, nonce, []byte(text), nil)
}

// Unseal returns the sealed text, or "" if this server did not seal it.
func (s *Secrets) Unseal(sealed []byte) string {
	gcm := s.sealer()
	if len(sealed) < gcm.NonceSize() {
		return ""
	}
	text, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], nil)
	if err != nil {
		return ""
	}
	return string(text)
}

func (s *Secrets) sealer() cipher.AEAD {
	block, err := aes.NewCipher(s.seal)
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM requires
	}
	return gcm
}

// NewClientSecret returns the record that the store holds of a client secret.
func (s *Secrets) NewClientSecret(clientID, secret string) storage.ClientSecret {
	return storage.ClientSecret{ClientID: clientID, MAC: s.ClientSecretMAC(clientID, secret), Sealed: s.Seal(secret)}
}
