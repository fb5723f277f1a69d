package identity

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // hashes that other systems made
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // see above
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/md4"       //nolint:gosec,staticcheck // see above
	"golang.org/x/crypto/ripemd160" //nolint:gosec,staticcheck // see above
	"golang.org/x/crypto/scrypt"
)

// Imported is a password hash from another system, in the format of custom_password_hash,
// Auth0: manage-users/user-migration/bulk-user-import-database-schema-and-examples.
type Imported struct {
	Algorithm string `json:"algorithm"`
	Hash      struct {
		Value    string   `json:"value"`
		Encoding string   `json:"encoding,omitempty"`
		Digest   string   `json:"digest,omitempty"`
		Key      *encoded `json:"key,omitempty"`
	} `json:"hash"`
	Salt *struct {
		encoded
		Position string `json:"position,omitempty"`
	} `json:"salt,omitempty"`
	Password struct {
		Encoding string `json:"encoding,omitempty"`
	} `json:"password,omitzero"`
	KeyLength       int `json:"keylen,omitempty"`
	Cost            int `json:"cost,omitempty"`
	BlockSize       int `json:"blockSize,omitempty"`
	Parallelization int `json:"parallelization,omitempty"`
}

// encoded is a byte string as text in an encoding.
type encoded struct {
	Value    string `json:"value"`
	Encoding string `json:"encoding,omitempty"`
}

func (e encoded) bytes() ([]byte, error) { return decode(e.Value, e.Encoding) }

// decode decodes a text: base64 in either alphabet, hex, or "" and utf8 for the text's
// own bytes.
func decode(text, encoding string) ([]byte, error) {
	switch encoding {
	case "", "utf8":
		return []byte(text), nil
	case "hex":
		raw, err := hex.DecodeString(strings.ToLower(text))
		if err != nil {
			return nil, errors.New("the text is not hexadecimal")
		}
		return raw, nil
	case "base64":
		standard := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		raw, err := base64.RawStdEncoding.DecodeString(standard)
		if err != nil {
			return nil, errors.New("the text is not base64")
		}
		return raw, nil
	}
	return nil, fmt.Errorf("unknown encoding %q", encoding)
}

// ReadImported checks a custom_password_hash and returns it in the form in which it is
// stored. An error says what is wrong with it.
func ReadImported(custom map[string]any) (string, error) {
	raw, err := json.Marshal(custom)
	if err != nil {
		return "", err
	}
	h, err := parseImported(string(raw))
	if err != nil {
		return "", err
	}
	if err := h.check(); err != nil {
		return "", fmt.Errorf("%s: %w", h.Algorithm, err)
	}
	raw, err = json.Marshal(h)
	return string(raw), err
}

// check returns an error if passwords cannot be compared with the hash, which would lock
// its user out. It does not compute slow hashes.
func (h Imported) check() (err error) {
	switch h.Algorithm {
	case "argon2":
		_, err = parseArgon2(h.Hash.Value)
	case "pbkdf2":
		_, err = parsePBKDF2(h.Hash.Value)
	case "bcrypt":
		err = checkBcrypt(h.Hash.Value)
	case "scrypt":
		_, err = h.scryptParameters()
	default:
		_, err = h.matches("-")
	}
	return err
}

// IsImported reports whether a stored hash was returned by ReadImported.
func IsImported(stored string) bool { return strings.HasPrefix(stored, `{"`) }

// HashMember returns the name and the value of the member with which a user import can
// import a stored hash: password_hash for bcrypt, custom_password_hash for every other
// algorithm.
func HashMember(stored string) (name string, value any, err error) {
	const custom = "custom_password_hash"
	if IsImported(stored) {
		err = json.Unmarshal([]byte(stored), &value)
		return custom, value, err
	}
	if err := checkBcrypt(stored); err == nil {
		return "password_hash", stored, nil
	}
	return custom, map[string]any{"algorithm": "argon2", "hash": map[string]any{"value": stored}}, nil
}

// ReadHash returns the hash to store for a user in a file, from password_hash or
// custom_password_hash, or "" if the user has neither. An error says what is wrong with
// it.
func ReadHash(user map[string]any) (string, error) {
	custom, _ := user["custom_password_hash"].(map[string]any)
	plain, _ := user["password_hash"].(string)
	switch {
	case custom != nil && plain != "":
		return "", errors.New("password_hash and custom_password_hash are mutually exclusive")
	case custom != nil:
		hash, err := ReadImported(custom)
		if err != nil {
			err = fmt.Errorf("custom_password_hash: %w", err)
		}
		return hash, err
	case plain == "":
		return "", nil
	}
	if err := CheckHash(plain); err != nil {
		return "", fmt.Errorf("password_hash: %w", err)
	}
	return plain, nil
}

func parseImported(stored string) (h Imported, err error) {
	dec := json.NewDecoder(strings.NewReader(stored))
	dec.DisallowUnknownFields()
	return h, dec.Decode(&h)
}

func importedMatches(stored, password string) (bool, error) {
	h, err := parseImported(stored)
	if err != nil {
		return false, err
	}
	return h.matches(password)
}

// digests are the hash functions by their names in OpenSSL.
var digests = map[string]func() hash.Hash{
	"md4": md4.New, "md5": md5.New, "ripemd160": ripemd160.New, "sha1": sha1.New,
	"sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
}

// digest returns the hash function with a name, which may have one of OpenSSL's
// alternative forms.
func digest(name string) (func() hash.Hash, error) {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "rsa-"), "ssl3-"), "withrsaencryption"), "withrsa")
	switch name {
	case "ripemd", "rmd160":
		name = "ripemd160"
	case "sha1-2":
		name = "sha1"
	}
	f, ok := digests[name]
	if !ok {
		return nil, fmt.Errorf("the digest %q is not emulated by tenant0", name)
	}
	return f, nil
}

// matches reports whether the hash belongs to the password.
func (h Imported) matches(password string) (bool, error) {
	secret, err := transcode(password, h.Password.Encoding)
	if err != nil {
		return false, err
	}
	switch h.Algorithm {
	case "argon2":
		return argon2Matches(h.Hash.Value, string(secret))
	case "pbkdf2":
		return pbkdf2Matches(h.Hash.Value, string(secret))
	case "ldap":
		return ldapMatches(h.Hash.Value, secret)
	}
	salt, err := h.salt()
	if err != nil {
		return false, fmt.Errorf("salt: %w", err)
	}
	if h.Algorithm == "scrypt" {
		return h.scryptMatches(secret, salt)
	}
	if h.Salt != nil && h.Salt.Position == "suffix" {
		secret = append(secret, salt...)
	} else {
		secret = append(salt, secret...)
	}
	if h.Algorithm == "bcrypt" {
		return bcryptMatches(h.Hash.Value, secret)
	}
	return h.digestMatches(secret)
}

func (h Imported) salt() ([]byte, error) {
	if h.Salt == nil {
		return nil, nil
	}
	return h.Salt.bytes()
}

// transcode returns a password in the character encoding in which it was hashed.
func transcode(password, encoding string) ([]byte, error) {
	switch encoding {
	case "", "utf8":
		return []byte(password), nil
	case "ascii", "latin1", "binary":
		var out []byte
		for _, r := range password {
			out = append(out, byte(r)) //nolint:gosec // as Node does
		}
		return out, nil
	case "utf16le", "ucs2":
		var out []byte
		for _, unit := range utf16.Encode([]rune(password)) {
			out = append(out, byte(unit), byte(unit>>8)) //nolint:gosec // the two halves
		}
		return out, nil
	}
	return nil, fmt.Errorf("unknown encoding %q of the password", encoding)
}

// digestMatches compares plain digests and HMACs.
func (h Imported) digestMatches(secret []byte) (bool, error) {
	want, err := decode(h.Hash.Value, h.Hash.Encoding)
	if err != nil {
		return false, err
	}
	name := h.Algorithm
	if name == "hmac" {
		name = h.Hash.Digest
	}
	f, err := digest(name)
	if err != nil {
		return false, err
	}
	d := f()
	if h.Algorithm == "hmac" {
		if h.Hash.Key == nil {
			return false, errors.New("the key is missing")
		}
		key, err := h.Hash.Key.bytes()
		if err != nil {
			return false, fmt.Errorf("key: %w", err)
		}
		d = hmac.New(f, key)
	}
	if len(want) != d.Size() {
		return false, fmt.Errorf("the value has %d bytes where there should be %d", len(want), d.Size())
	}
	d.Write(secret)
	return same(d.Sum(nil), want), nil
}

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// checkBcrypt returns an error if a text is not a bcrypt hash with an acceptable cost.
func checkBcrypt(stored string) error {
	if !strings.HasPrefix(stored, "$2a$") && !strings.HasPrefix(stored, "$2b$") && !strings.HasPrefix(stored, "$2y$") {
		return errors.New("the value must begin with $2a$, $2b$ or $2y$")
	}
	cost, err := bcrypt.Cost([]byte(stored))
	switch {
	case err != nil:
		return errors.New("the value is no hash of bcrypt")
	case cost > MaxCost:
		return tooMuch("a cost of %d", cost)
	}
	return nil
}

// bcryptMatches compares a password with a bcrypt hash. Passwords longer than maxPassword
// never match, because bcrypt ignores the rest of them.
func bcryptMatches(stored string, secret []byte) (bool, error) {
	if err := checkBcrypt(stored); err != nil {
		return false, err
	}
	err := bcrypt.CompareHashAndPassword([]byte(stored), secret[:min(len(secret), maxPassword)])
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil && len(secret) <= maxPassword, err
}

func argon2Matches(stored, password string) (bool, error) {
	h, err := parseArgon2(stored)
	if err != nil {
		return false, err
	}
	return same(h.key(password), h.sum), nil
}

// pbkdf2Hash is a decoded hash of the form $pbkdf2-digest$i=100000,l=64$salt$hash.
type pbkdf2Hash struct {
	digest     func() hash.Hash
	iterations int
	salt, sum  []byte
}

func parsePBKDF2(stored string) (h pbkdf2Hash, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 5 || !strings.HasPrefix(parts[1], "pbkdf2-") {
		return h, errors.New("the value is not in the PHC string format")
	}
	if h.digest, err = digest(strings.TrimPrefix(parts[1], "pbkdf2-")); err != nil {
		return h, err
	}
	length := 64
	h.iterations = 100_000
	for parameter := range strings.SplitSeq(parts[2], ",") {
		name, value, _ := strings.Cut(parameter, "=")
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return h, fmt.Errorf("the parameter %q is no number", parameter)
		}
		switch name {
		case "i":
			h.iterations = n
		case "l":
			length = n
		}
	}
	if h.salt, err = decode(parts[3], "base64"); err != nil {
		return h, fmt.Errorf("salt: %w", err)
	}
	if h.sum, err = decode(parts[4], "base64"); err != nil {
		return h, fmt.Errorf("hash: %w", err)
	}
	if length != len(h.sum) || length > maxSum {
		return h, errors.New("the parameters do not fit the hash")
	}
	// The hash consists of blocks of the digest's size, each of which needs all
	// iterations, RFC 8018 section 5.2.
	if size := h.digest().Size(); h.iterations > maxIterations/((length+size-1)/size) {
		return h, tooMuch("i=%d, l=%d", h.iterations, length)
	}
	return h, nil
}

func pbkdf2Matches(stored, password string) (bool, error) {
	h, err := parsePBKDF2(stored)
	if err != nil {
		return false, err
	}
	got, err := pbkdf2.Key(h.digest, password, h.salt, h.iterations, len(h.sum))
	return err == nil && same(got, h.sum), err
}

// ldapMatches compares a password with a hash of the form {SCHEME}base64, RFC 2307
// section 5.3: the digest of the password, followed by the salt in salted schemes.
func ldapMatches(stored string, secret []byte) (bool, error) {
	scheme, value, found := strings.Cut(strings.TrimPrefix(stored, "{"), "}")
	if !found || !strings.HasPrefix(stored, "{") {
		return false, errors.New("the value is not of the form {SCHEME}base64")
	}
	name := strings.ToLower(scheme)
	salted := strings.HasPrefix(name, "ss") || name == "smd5"
	if salted {
		name = name[1:]
	}
	if name == "sha" {
		name = "sha1"
	}
	f, err := digest(name)
	if err != nil {
		return false, err
	}
	raw, err := decode(value, "base64")
	if err != nil {
		return false, err
	}
	d := f()
	if len(raw) < d.Size() || !salted && len(raw) != d.Size() {
		return false, errors.New("the value is too short or too long")
	}
	d.Write(secret)
	d.Write(raw[d.Size():])
	return bytes.Equal(d.Sum(nil), raw[:d.Size()]), nil
}

// scryptParameters returns the decoded hash and the parameters of scrypt, with defaults
// for missing ones.
func (h Imported) scryptParameters() (p struct {
	n, r, p int
	sum     []byte
}, err error,
) {
	if p.sum, err = decode(h.Hash.Value, h.Hash.Encoding); err != nil {
		return p, err
	}
	p.n, p.r, p.p = orDefault(h.Cost, 16384), orDefault(h.BlockSize, 8), orDefault(h.Parallelization, 1)
	switch {
	case h.KeyLength != len(p.sum) || h.KeyLength > maxSum:
		return p, errors.New("keylen does not fit the hash")
	case p.n > maxScryptWork/p.r/p.p:
		return p, tooMuch("a cost of %d, blocks of %d, parallelization %d", p.n, p.r, p.p)
	case p.n < 2 || p.n&(p.n-1) != 0:
		return p, errors.New("cost must be a power of two")
	}
	return p, nil
}

func (h Imported) scryptMatches(secret, salt []byte) (bool, error) {
	p, err := h.scryptParameters()
	if err != nil {
		return false, err
	}
	got, err := scrypt.Key(secret, salt, p.n, p.r, p.p, len(p.sum))
	return err == nil && same(got, p.sum), err
}

func orDefault(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}
