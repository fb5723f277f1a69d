package servertest

import "github.com/descope/virtualwebauthn"

// wholeKey is the length of a virtual authenticator's public key in CBOR, in bytes, if neither
// coordinate is shortened.
const wholeKey = 77

// NewKey makes a key of a virtual authenticator. virtualwebauthn omits leading zeros of
// coordinates, which RFC 9053 section 7.1.1 forbids and servers refuse. NewKey discards such keys,
// about one in 128.
func NewKey() virtualwebauthn.Credential {
	for {
		key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
		if len(key.Key.AttestationData()) == wholeKey {
			return key
		}
	}
}
