package resource

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// Alphabets of ids.
const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	urlSafe      = alphanumeric + "-_"
)

// random returns n random characters of an alphabet of at most 256 characters. The
// slight bias does not matter for texts of this length.
func random(n int, alphabet string) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

// Prefixed returns a function that makes ids of a prefix and n letters and digits,
// such as rol_ and 16.
func Prefixed(prefix string, n int) func() string {
	return func() string { return prefix + random(n, alphanumeric) }
}

// ObjectID returns a new id of 24 hexadecimal digits.
func ObjectID() string { return hexBytes(12) }

// hexBytes returns n random bytes in hexadecimal digits.
func hexBytes(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return hex.EncodeToString(b)
}

// ClientID returns a new client_id.
func ClientID() string { return random(32, alphanumeric) }

// ClientSecret returns a new client secret.
func ClientSecret() string { return random(64, urlSafe) }

// ProxyKey returns a new key by which a proxy for a custom domain authenticates,
// Auth0: customize/custom-domains/self-managed-certificates.
func ProxyKey() string { return hexBytes(64) }

// UUID returns a random UUID, RFC 9562 section 5.4.
func UUID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails: crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
