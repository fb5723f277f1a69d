package keys

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

var errSpelling = errors.New("a part of the token is not exactly its base64url encoding")

// ParseSigned parses a compact JWS, RFC 7515 section 7.1. Unlike the library it refuses other texts that decode to
// the same bytes: a token that was changed in any character is another token.
func ParseSigned(raw string, algorithms []jose.SignatureAlgorithm) (*jose.JSONWebSignature, error) {
	if err := CheckSpelling(raw); err != nil {
		return nil, err
	}
	return jose.ParseSignedCompact(raw, algorithms)
}

// ParseForeign is ParseSigned for tokens that are verified with keys which CheckPublic has not seen. It refuses the
// signatures of RSA keys that CheckPublic would refuse for their size.
func ParseForeign(raw string, algorithms []jose.SignatureAlgorithm) (*jose.JSONWebSignature, error) {
	jws, err := ParseSigned(raw, algorithms)
	if err != nil {
		return nil, err
	}
	return jws, checkSize(jws.Signatures[0])
}

// CheckSpelling returns an error unless each part of a JWS or JWE in compact form is exactly the base64url encoding of
// its bytes.
func CheckSpelling(raw string) error {
	for part := range strings.SplitSeq(raw, ".") {
		if _, ok := exact(part); !ok {
			return errSpelling
		}
	}
	return nil
}

// exact decodes base64url; ok is false unless the text is what encoding the bytes returns. The decoder alone would
// ignore line breaks.
func exact(text string) (raw []byte, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return raw, err == nil && len(text) == base64.RawURLEncoding.EncodedLen(len(raw))
}
