package token_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// sign returns a signed client assertion.
func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, claims object, headers object) string {
	t.Helper()
	opts := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range headers {
		opts = opts.WithHeader(jose.HeaderKey(name), value)
		if value == nil {
			delete(opts.ExtraHeaders, jose.HeaderKey(name))
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func part(v object) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// assert requests a token by client credentials with a client assertion.
func (tn tenant) assert(assertion string, more ...string) (int, object) {
	tn.t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "audience": {plain},
		"client_assertion_type": {assertionType}, "client_assertion": {assertion},
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	got := tn.send(http.MethodPost, "oauth/token", form.Encode(), "Content-Type", formType) // of the fuzzer's own t
	return got.status, got.json(tn.t)
}

func TestClientAssertions(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	now := noon.Unix()
	rsaKey, ecKey := any(clientKeys()["rsa"]), any(clientKeys()["ec"])
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	serial := 0
	claims := func(change object) object {
		serial++
		c := object{"iss": keyed, "sub": keyed, "aud": tn.URL, "jti": fmt.Sprint("jti-", serial), "iat": now, "exp": now + 60}
		maps.Copy(c, change)
		maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
		return c
	}
	good := func(change object) string { return sign(t, jose.RS256, rsaKey, claims(change), nil) }
	unsigned := func(header object, key []byte) string {
		input := part(header) + "." + part(claims(nil))
		if key == nil {
			return input + "."
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	tampered := func() string {
		parts := strings.Split(good(nil), ".")
		return parts[0] + "." + part(claims(object{"exp": now + 200})) + "." + parts[2]
	}
	jsonForm := func() string {
		parts := strings.Split(good(nil), ".")
		return `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`
	}
	replayed := good(object{"jti": "once"})

	invalid := func(why string) object { return oauthError("invalid_client", "Client assertion is invalid: "+why) }
	const noKey, noJWT = "no registered key of the client verifies its signature", "not a signed JWT"
	ok := object(nil)
	for _, tt := range []struct {
		name      string
		assertion string
		more      []string
		status    int
		want      object
	}{
		{"RS256", good(nil), nil, 200, ok},
		{"RS384", sign(t, jose.RS384, rsaKey, claims(nil), nil), nil, 200, ok},
		{"PS256", sign(t, jose.PS256, rsaKey, claims(nil), nil), nil, 200, ok},
		{"ES256", sign(t, jose.ES256, ecKey, claims(nil), nil), nil, 200, ok},
		{"with client_id in the body", good(nil), []string{"client_id", keyed}, 200, ok},
		{"a kid that nobody registered does not matter", sign(t, jose.RS256, rsaKey, claims(nil), object{"kid": "mine"}), nil, 200, ok},
		{"aud is a list with the issuer", good(object{"aud": []string{"https://else.example/", tn.URL}}), nil, 200, ok},
		{"aud is the token endpoint", good(object{"aud": tn.URL + "oauth/token"}), nil, 200, ok},
		{"exp is a fraction", good(object{"exp": float64(now) + 60.5}), nil, 200, ok},
		{"as long as may be", good(object{"exp": now + 300}), nil, 200, ok},
		{"within the skew of the clocks", good(object{"exp": now - 9, "iat": now + 9, "nbf": now + 9}), nil, 200, ok},
		{"a type of its own", sign(t, jose.RS256, rsaKey, claims(nil), object{"typ": "client-authentication+jwt"}), nil, 200, ok},
		{"a type in full", sign(t, jose.RS256, rsaKey, claims(nil), object{"typ": "application/jwt"}), nil, 200, ok},
		{"no type", sign(t, jose.RS256, rsaKey, claims(nil), object{"typ": nil}), nil, 200, ok},
		{"used once", replayed, nil, 200, ok},
		{"and again", replayed, nil, 401, invalid("jti was used before")},
		{"the same jti in another assertion", good(object{"jti": "once"}), nil, 401, invalid("jti was used before")},

		{"a request object", sign(t, jose.RS256, rsaKey, claims(nil), object{"typ": "oauth-authz-req+jwt"}), nil, 401, invalid("typ must be JWT, where there is one")},
		{"a proof, in other letters", sign(t, jose.RS256, rsaKey, claims(nil), object{"typ": "DPoP+JWT"}), nil, 401, invalid("typ must be JWT, where there is one")},
		{"a type that is none", sign(t, jose.RS256, rsaKey, claims(nil), object{"typ": 7}), nil, 401, invalid("typ must be JWT, where there is one")},
		{"aud is the issuer without its slash", good(object{"aud": strings.TrimSuffix(tn.URL, "/")}), nil, 401, invalid("aud must be " + tn.URL)},
		{"aud is another's, and the jti is not used up", good(object{"aud": "https://else.example/", "jti": "kept"}), nil, 401, invalid("aud must be " + tn.URL)},
		{"as this shows", good(object{"jti": "kept"}), nil, 200, ok},
		{"aud is a number", good(object{"aud": 7}), nil, 401, invalid("aud must be " + tn.URL)},
		{"no aud", good(object{"aud": nil}), nil, 401, invalid("aud must be " + tn.URL)},
		{"expired", good(object{"exp": now - 11}), nil, 401, invalid("expired")},
		{"no exp", good(object{"exp": nil}), nil, 401, invalid("expired")},
		{"exp too far ahead", good(object{"exp": now + 311}), nil, 401, invalid("exp must be within 5 minutes")},
		{"exp beyond all numbers", good(object{"exp": 1e300}), nil, 401, invalid("exp must be within 5 minutes")},
		{"nbf ahead", good(object{"nbf": now + 11}), nil, 401, invalid("not valid yet")},
		{"iat ahead", good(object{"iat": now + 11}), nil, 401, invalid("not valid yet")},
		{"no jti", good(object{"jti": nil}), nil, 401, invalid("jti must have 1 to 64 characters")},
		{"jti too long", good(object{"jti": strings.Repeat("j", 65)}), nil, 401, invalid("jti must have 1 to 64 characters")},
		{"too long", good(object{"pad": strings.Repeat("p", 2048)}), nil, 401, invalid("longer than 2048 bytes")},
		{"another sub", good(object{"sub": machine}), nil, 401, invalid("iss and sub must be the client_id")},
		{"another sub, beside the client_id", good(object{"sub": machine}), []string{"client_id", keyed}, 401, invalid("iss and sub must be the client_id")},
		{"another iss, beside the client_id", good(object{"iss": machine}), []string{"client_id", keyed}, 401, invalid("iss and sub must be the client_id")},
		{"another iss", good(object{"iss": machine}), nil, 401, invalid("iss and sub must be the client_id")},
		{"another client_id in the body", good(nil), []string{"client_id", machine}, 401, invalid("iss and sub must be the client_id")},
		{"a client without keys", good(object{"iss": machine, "sub": machine}), nil, 401, invalid(noKey)},
		{"a client that is none", good(object{"iss": "nobody", "sub": "nobody"}), nil, 401, errUnauthorized},
		{"a key with another algorithm than its own", sign(t, jose.RS256, clientKeys()["ps"], claims(nil), nil), nil, 401, invalid(noKey)},
		{"a key with its own algorithm", sign(t, jose.PS256, clientKeys()["ps"], claims(nil), nil), nil, 200, ok},
		{"a key whose time is over", sign(t, jose.RS256, clientKeys()["ended"], claims(nil), nil), nil, 401, invalid(noKey)},
		{"another key", sign(t, jose.RS256, foreign, claims(nil), nil), nil, 401, invalid(noKey)},
		{"changed after signing", tampered(), nil, 401, invalid(noKey)},
		{"alg none", unsigned(object{"alg": "none"}, nil), nil, 401, invalid(noJWT)},
		{"alg None", unsigned(object{"alg": "None"}, nil), nil, 401, invalid(noJWT)},
		{"HS256 with the public key as secret", unsigned(object{"alg": "HS256"}, []byte(publicPEM(clientKeys()["rsa"]))), nil, 401, invalid(noJWT)},
		{"not compact", jsonForm(), nil, 401, invalid(noJWT)},
		{"no JWT", "a.b.c", nil, 401, invalid(noJWT)},
		{"no claims", sign(t, jose.RS256, rsaKey, object{}, nil), nil, 401, errUnauthorized},
		{"no assertion", "", nil, 400, errMissing("client_assertion")},
		{"another type", good(nil), []string{"client_assertion_type", "urn:else"}, 400, oauthError("invalid_request", "client_assertion_type must be "+assertionType)},
		{"with a secret", good(nil), []string{"client_secret", secret}, 400, errTwice},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := tn.assert(tt.assertion, tt.more...)
			diff(t, "status", status, tt.status)
			if tt.want != nil {
				diff(t, "body", body, tt.want)
			} else if body["access_token"] == nil {
				t.Errorf("body %v", body)
			}
		})
	}
}

func TestAssertionsAtTheRevocationEndpoint(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	assertion := sign(t, jose.ES256, clientKeys()["ec"], object{"iss": keyed, "sub": keyed, "aud": tn.URL, "jti": "r", "exp": noon.Unix() + 60}, nil)
	form := values("client_assertion_type", assertionType, "client_assertion", assertion, "token", "x")
	for _, want := range []int{200, 401} {
		if got := tn.send(http.MethodPost, "oauth/revoke", form.Encode(), "Content-Type", formType); got.status != want {
			t.Errorf("%d %s, want %d", got.status, got.body, want)
		}
	}
}

// FuzzClientAssertion: a client is authenticated only by an assertion that one of its keys signed, and
// no assertion leads to a server error.
func FuzzClientAssertion(f *testing.F) {
	tn := startFuzz(f)
	valid := func(jti string) string {
		return sign(f, jose.ES256, clientKeys()["ec"], object{"iss": keyed, "sub": keyed, "aud": tn.URL, "jti": jti, "exp": noon.Unix() + 60}, nil)
	}
	seeds := []string{
		"", ".", "..", "...", "a.b.c", valid("seed"), strings.ToUpper(valid("upper")), valid("cut")[:40],
		part(object{"alg": "none"}) + "." + part(object{"iss": keyed, "sub": keyed}) + ".",
		part(object{"alg": "ES256", "crit": []string{"exp"}}) + "." + part(object{"iss": keyed}) + ".AAAA",
		part(object{"alg": "ES256", "b64": false}) + ".." + "AAAA", `{"payload":"","signatures":[]}`,
		part(object{"alg": "RS256", "jwk": object{"kty": "oct", "k": "AAAA"}}) + "." + part(object{"iss": keyed, "sub": keyed, "exp": -1}) + ".AA",
	}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, assertion string) {
		status, body := tn.with(t).assert(assertion)
		genuine := signedByClient(assertion)
		switch {
		case status >= 500:
			t.Errorf("%d %v", status, body)
		case status == 200 && !genuine:
			t.Errorf("let in by %q", assertion)
		case status != 200 && body["error"] == nil:
			t.Errorf("%d %v", status, body)
		}
	})
}

// signedByClient reports whether one of the client's keys signed the assertion.
func signedByClient(assertion string) bool {
	jws, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.RS384, jose.PS384})
	if err != nil {
		return false
	}
	for _, key := range clientKeys() {
		if _, err := jws.Verify(key.Public()); err == nil {
			return true
		}
	}
	return false
}
