package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// provesPossession reports whether verifier matches the code's challenge.
//
// RFC 7636 section 4.6: S256 compares BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))
// with the challenge; plain compares the verifier itself. For a code without a
// challenge no verifier may be sent (RFC 9700 section 2.1.1): it would mean that an
// attacker has removed the challenge from the authorization request.
func provesPossession(code storage.Code, verifier string) bool {
	if code.CodeChallenge == "" {
		return verifier == ""
	}
	// RFC 7636 section 4.1: 43 to 128 characters.
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	got := verifier
	if code.CodeChallengeMethod == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		got = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(got), []byte(code.CodeChallenge)) == 1
}

// wrongVerifier returns the error for a verifier that does not match.
func wrongVerifier(code storage.Code, verifier string) error {
	switch {
	case code.CodeChallenge == "":
		return apierr.WrongVerifier.WithReason("the request at /authorize had no code_challenge")
	case verifier == "":
		return apierr.WrongVerifier.WithReason("the request at /authorize had a code_challenge, but the request has no code_verifier")
	}
	return apierr.WrongVerifier.WithReason("the code_challenge was of the method " + code.CodeChallengeMethod)
}
