package keys

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/storage"
)

// Token types: values of typ in a JOSE header.
const (
	TypeJWT         = "JWT"
	TypeAccessToken = "at+jwt"     // RFC 9068 section 2.1
	TypeLogoutToken = "logout+jwt" //nolint:gosec // no credential: OpenID Connect Back-Channel Logout section 2.4
	// TypeIdentityAssertion is the type of an identity assertion authorization grant, which another identity
	// provider issues: draft-ietf-oauth-identity-assertion-authz-grant section 3.
	TypeIdentityAssertion = "oauth-id-jag+jwt"
)

// Signing algorithms, RFC 7518 section 3.1.
const (
	RS256 = "RS256"
	RS512 = "RS512"
	PS256 = "PS256"
	HS256 = "HS256"
)

// ringAlgorithms are the algorithms that the ring signs with, and the only ones that it verifies.
var ringAlgorithms = []jose.SignatureAlgorithm{RS256, RS512, PS256}

// ErrAlgorithm reports an algorithm that the ring does not sign with.
var ErrAlgorithm = errors.New("unknown signing algorithm")

func header(alg, typ, kid string) string {
	h, _ := json.Marshal(struct { // strings always marshal
		Alg string `json:"alg"`
		Typ string `json:"typ"`
		Kid string `json:"kid,omitempty"`
	}{alg, typ, kid})
	return base64.RawURLEncoding.EncodeToString(h)
}

func (k *signingKey) encodeHeaders() {
	k.headers = map[string]string{}
	for _, alg := range ringAlgorithms {
		for _, typ := range []string{TypeJWT, TypeAccessToken, TypeLogoutToken, TypeIdentityAssertion} {
			k.headers[string(alg)+typ] = header(string(alg), typ, k.KeyID)
		}
	}
}

// Sign returns the compact JWS (RFC 7515 section 7.1) of payload by the current
// key. alg is RS256, RS512 or PS256, typ one of the token types. It returns
// ErrAlgorithm for another algorithm.
//
// RS256 and RS512 are deterministic, so the same payload results in the same token; a payload that is repeated
// within a short time is not signed again.
func (r *Ring) Sign(alg, typ string, payload []byte) (string, error) {
	storage.Slow("signing")
	s := r.set.Load()
	key := s.current
	input := signingInput(key.headers[alg+typ], payload, key.private.Size())
	var sig []byte
	var known bool
	var err error
	switch alg {
	case RS256:
		sig, known, err = s.memo.sign(input, key.signRS256)
	case RS512:
		sig, known, err = s.memo.sign(input, key.signRS512)
	case PS256:
		sig, err = key.signPSS(input)
	default:
		return "", fmt.Errorf("%w: %q", ErrAlgorithm, alg)
	}
	r.counts[alg].add(known)
	return join(input, sig), err
}

// signingInput returns the text to sign. It has room for a signature of size bytes, see join.
func signingInput(header string, payload []byte, size int) []byte {
	b64 := base64.RawURLEncoding
	input := make([]byte, 0, len(header)+b64.EncodedLen(len(payload))+b64.EncodedLen(size)+2)
	return b64.AppendEncode(append(append(input, header...), '.'), payload)
}

func join(input, sig []byte) string {
	return string(base64.RawURLEncoding.AppendEncode(append(input, '.'), sig))
}

func (k *signingKey) signRS256(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	return rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, digest[:])
}

func (k *signingKey) signRS512(input []byte) ([]byte, error) {
	digest := sha512.Sum512(input)
	return rsa.SignPKCS1v15(nil, k.private, crypto.SHA512, digest[:])
}

func (k *signingKey) signPSS(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	return rsa.SignPSS(rand.Reader, k.private, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

// SignHS256 returns the compact JWS of payload, signed with a shared secret.
func SignHS256(secret []byte, typ string, payload []byte) string {
	input := signingInput(header(HS256, typ, ""), payload, sha256.Size)
	return join(input, hs256(secret, input))
}

func hs256(secret, input []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(input)
	return mac.Sum(nil)
}

// Algorithm returns the alg in the header of a compact JWS, "" if the text is not a JWS. The header is not
// verified.
func Algorithm(raw string) string {
	head, _, _ := strings.Cut(raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	var h struct {
		Alg string `json:"alg"`
	}
	if err != nil || json.Unmarshal(text, &h) != nil {
		return ""
	}
	return h.Alg
}

// VerifyHS256 checks a compact JWS with HS256 against the secret that secretOf returns for its payload, and
// returns its typ and payload.
func VerifyHS256(raw string, secretOf func(payload []byte) ([]byte, error)) (typ string, payload []byte, err error) {
	jws, err := ParseSigned(raw, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return "", nil, err
	}
	if len(jws.Signatures) != 1 {
		return "", nil, errParts
	}
	secret, err := secretOf(jws.UnsafePayloadWithoutVerification())
	if err != nil {
		return "", nil, err
	}
	// go-jose refuses secrets shorter than 32 bytes; Auth0 allows an API 16 bytes.
	input := raw[:strings.LastIndexByte(raw, '.')]
	if len(secret) == 0 || !hmac.Equal(jws.Signatures[0].Signature, hs256(secret, []byte(input))) {
		return "", nil, errSignature
	}
	typ, _ = jws.Signatures[0].Header.ExtraHeaders[jose.HeaderType].(string)
	return typ, jws.UnsafePayloadWithoutVerification(), nil
}

var (
	errKid   = errors.New("the token names no key of this tenant")
	errParts = errors.New("the token has more than one signature")

	errSignature = errors.New("the secret does not verify the signature")
)

// Verify checks a compact JWS against the published keys and returns its typ and payload. The caller must check
// the claims.
func (r *Ring) Verify(raw string) (typ string, payload []byte, err error) {
	storage.Slow("verifying a signature")
	jws, err := ParseSigned(raw, ringAlgorithms)
	if err != nil {
		return "", nil, err
	}
	if len(jws.Signatures) != 1 {
		return "", nil, errParts
	}
	h := jws.Signatures[0].Header
	for _, k := range r.set.Load().keys {
		if k.KeyID != h.KeyID || !k.RevokedAt.IsZero() {
			continue
		}
		payload, err := jws.Verify(&k.private.PublicKey)
		typ, _ := h.ExtraHeaders[jose.HeaderType].(string)
		return typ, payload, err
	}
	return "", nil, errKid
}

// memo remembers signatures by the digest of the signed text. Its two generations of bounded size hold the most
// recently used ones.
type memo struct {
	mu    sync.Mutex
	young generation
	old   generation
}

type generation map[[sha256.Size]byte]*signature

type signature struct {
	once sync.Once
	sig  []byte
	err  error
}

// memoSize bounds one generation; since the claims of a token contain the second of its issue, tokens are
// repeated only for a short time.
const memoSize = 512

func newMemo() *memo { return &memo{young: generation{}} }

// sign returns the result of fn for input, and whether it was remembered. fn is called only if it was not.
func (m *memo) sign(input []byte, fn func([]byte) ([]byte, error)) (sig []byte, known bool, err error) {
	digest := sha256.Sum256(input)
	m.mu.Lock()
	s, ok := m.young[digest]
	if known = ok; !ok {
		if s, known = m.old[digest]; !known {
			s = &signature{}
		}
		if len(m.young) >= memoSize {
			m.old, m.young = m.young, generation{}
		}
		m.young[digest] = s
	}
	m.mu.Unlock()
	s.once.Do(func() { s.sig, s.err = fn(input) })
	return s.sig, known, s.err
}

// Forget discards the remembered signatures.
func (r *Ring) Forget() {
	m := r.set.Load().memo
	m.mu.Lock()
	defer m.mu.Unlock()
	m.young, m.old = generation{}, nil
}
