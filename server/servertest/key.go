package servertest

import "github.com/descope/virtualwebauthn"

// wholeKey is how long the public key of a virtual authenticator is as CBOR, in bytes, with both
// coordinates whole.
const wholeKey = 77

// NewKey makes a key of a virtual authenticator. virtualwebauthn leaves the leading zeros of
// coordinates out, which RFC 9053 section 7.1.1 forbids and servers refuse: such a key, one in 128,
// is thrown away.
func NewKey() virtualwebauthn.Credential {
	for {
		key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if len(key.Key.AttestationData()) == wholeKey {
			return key
		}
	}
}
