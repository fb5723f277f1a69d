package authorize_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tenant0/tenant0/server/servertest"
)

const signerCallback = "https://signer.example.com/callback"

// signer is a tenant with applications that get the standard's answers and sign request objects.
type signer struct {
	tenant
	key       *rsa.PrivateKey
	published string // what the application's request_uri returns
	uri       string
}

func startSigner(t *testing.T) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	s := &signer{key: key}
	documents := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/object" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(s.published))
	}))
	t.Cleanup(documents.Close)
	s.uri = documents.URL + "/object"
	credentials := `client_authentication_methods: {private_key_jwt: {credentials: [{credential_type: public_key, name: k, pem: ` + string(public) + `}]}}`
	common := `app_type: regular_web, grant_types: [authorization_code, implicit], callbacks: ["` + signerCallback + `", "` + signerCallback + `/2"], ` + credentials
	s.tenant = start(t, servertest.Seed(`
clients:
  - {name: signer, client_id: signer, tenant0_standard_answers: true, tenant0_request_objects: {request_uris: ["`+s.uri+`", "`+documents.URL+`/gone"]}, `+common+`}
  - {name: picky, client_id: picky, tenant0_standard_answers: true, tenant0_request_objects: {signing_alg: PS256}, `+common+`}
  - {name: usual, client_id: usual, tenant0_request_objects: {request_uris: ["`+s.uri+`"]}, `+common+`}
  - {name: partner, client_id: partner, is_first_party: false, third_party_security_mode: strict, tenant0_standard_answers: true, `+strings.Replace(common, ", implicit", "", 1)+`}
databases:
  - {name: db, strategy: auth0, enabled_clients: [signer, picky, usual]}
users:
  - {email: `+ann+`, password: `+annPassword+`, connection: db}
`))
	return s
}

// jws signs claims with the application's key.
func (s *signer) jws(alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	s.t.Helper()
	return s.jwsOfType("", alg, key, claims)
}

// jwsOfType signs claims as a JWT with a typ, or without one for "".
func (s *signer) jwsOfType(typ jose.ContentType, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	s.t.Helper()
	options := &jose.SignerOptions{}
	if typ != "" {
		options = options.WithType(typ)
	}
	with, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := jwt.Signed(with).Claims(claims).Serialize()
	if err != nil {
		s.t.Fatal(err)
	}
	return raw
}

// object signs a good request object of an application with some claims changed; nil removes one.
func (s *signer) object(client string, change map[string]any) string {
	s.t.Helper()
	claims := map[string]any{
		"iss": client, "aud": s.URL, "client_id": client, "response_type": "code", "redirect_uri": signerCallback, "scope": "openid", "state": "inside", "prompt": "none",
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return s.jws(jose.RS256, s.key, claims)
}

// answer sends an authorization request of the application signer, with parameters changed in pairs, and returns the parameters of the answer, or nil and the page's text.
func (s *signer) answer(pairs ...string) (url.Values, string) {
	s.t.Helper()
	params := url.Values{"client_id": {"signer"}, "response_type": {"code"}, "redirect_uri": {signerCallback}, "scope": {"openid"}}
	for i := 0; i < len(pairs); i += 2 {
		if params.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			params.Del(pairs[i])
		}
	}
	left, page := s.Visit(s.browser, s.URL+"authorize?"+params.Encode())
	if left == nil {
		return nil, page.Body
	}
	values := left.Query()
	if fragment, err := url.ParseQuery(left.EscapedFragment()); err == nil && left.Fragment != "" {
		values = fragment
	}
	values.Set("to", left.Scheme+"://"+left.Host+left.Path)
	return values, ""
}

// TestSignedObjectsReplaceParameters: what a verified request object says holds, and parameters outside hold where it
// says nothing, OIDC Core section 6.1.
func TestSignedObjectsReplaceParameters(t *testing.T) {
	s := startSigner(t)
	s.Login(s.browser, servertest.Login{ClientID: "signer", RedirectURI: signerCallback, Username: ann, Password: annPassword, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
	for _, tt := range []struct {
		name   string
		change map[string]any
		sent   []string
		want   url.Values // code means any code
	}{
		{"all in the object", nil, nil, url.Values{"code": {""}, "state": {"inside"}, "to": {signerCallback}}},
		{"parameters outside are replaced", nil, []string{"redirect_uri", signerCallback + "/2", "state", "outside", "prompt", "login"}, url.Values{"code": {""}, "state": {"inside"}, "to": {signerCallback}}},
		{"a wrong callback outside", nil, []string{"redirect_uri", "https://evil.example/"}, url.Values{"code": {""}, "state": {"inside"}, "to": {signerCallback}}},
		{"parameters outside are added", map[string]any{"state": nil}, []string{"state", "outside"}, url.Values{"code": {""}, "state": {"outside"}, "to": {signerCallback}}},
		{"the other callback", map[string]any{"redirect_uri": signerCallback + "/2"}, nil, url.Values{"code": {""}, "state": {"inside"}, "to": {signerCallback + "/2"}}},
		{"a number", map[string]any{"max_age": 1, "exp": noon.AddDate(90, 0, 0).Unix()}, nil, url.Values{"error": {"login_required"}, "error_description": {"Login required"}, "state": {"inside"}, "to": {signerCallback}}},
		{"an object", map[string]any{"claims": map[string]any{"userinfo": map[string]any{"name": nil}}, "prompt": json.RawMessage("null")}, nil, url.Values{"code": {""}, "state": {"inside"}, "to": {signerCallback}}},
		{"audiences", map[string]any{"aud": []string{"https://other.example/", s.URL}}, nil, url.Values{"code": {""}, "state": {"inside"}, "to": {signerCallback}}},
		{"no claims about itself", map[string]any{"iss": nil, "aud": nil, "client_id": nil}, nil, url.Values{"code": {""}, "state": {"inside"}, "to": {signerCallback}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change["max_age"] != nil {
				s.Advance(time.Minute)
			}
			s.published = s.object("signer", tt.change)
			for _, way := range [][]string{{"request", s.published}, {"request_uri", s.uri}, {"request_uri", s.uri + "#hash"}} {
				got, page := s.answer(append(tt.sent, way...)...)
				if got == nil {
					t.Fatal(page)
				}
				if got.Get("code") != "" {
					got.Set("code", "")
				}
				diff(t, way[0], got, tt.want)
			}
		})
	}
}

// TestObjectsThatAreNotAccepted: the application gets the error at the redirect_uri and with the state in the object,
// as far as it can be read.
func TestObjectsThatAreNotAccepted(t *testing.T) {
	s := startSigner(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	of := func(change map[string]any) string { return s.object("signer", change) }
	now := time.Now()
	good := of(nil)
	parts := strings.Split(good, ".")
	const object, notSupported = "invalid_request_object", "request_not_supported"
	for _, tt := range []struct{ name, object, code, says string }{
		{"a good one", good, "login_required", "Login required"},
		{"one that says its type", s.jwsOfType("oauth-authz-req+jwt", jose.RS256, s.key, map[string]any{"prompt": "none", "state": "inside"}), "login_required", "Login required"},
		{"a DPoP proof", s.jwsOfType("dpop+jwt", jose.RS256, s.key, map[string]any{"state": "inside"}), object, "typ must be JWT"},
		{"unsigned", requestObject(`{"redirect_uri":"` + signerCallback + `","state":"inside"}`), notSupported, "Unsigned request objects are not supported"},
		{"signed by somebody else", s.jws(jose.RS256, stranger, map[string]any{"state": "inside"}), object, "no registered key"},
		{"with another's signature", parts[0] + "." + parts[1] + "." + strings.Split(of(map[string]any{"nonce": "1"}), ".")[2], object, "no registered key"},
		{"signed with a secret", s.jws(jose.HS256, []byte(strings.Repeat("k", 32)), map[string]any{"state": "inside"}), object, "not a JWT signed with"},
		{"not a JWT", "x", object, "not a JWT"},
		{"too long", of(map[string]any{"nonce": strings.Repeat("n", 16<<10)}), object, "too long"},
		{"of another application", of(map[string]any{"iss": "usual"}), object, "iss and client_id"},
		{"an assertion", of(map[string]any{"sub": "signer"}), object, "as sub"},
		{"for another server", of(map[string]any{"aud": "https://other.example/"}), object, "aud must be " + s.URL},
		{"expired", of(map[string]any{"exp": now.Add(-time.Minute).Unix()}), object, "expired"},
		{"not valid yet", of(map[string]any{"nbf": now.Add(time.Minute).Unix()}), object, "not valid yet"},
		{"claims of another type", of(map[string]any{"exp": "soon"}), object, "cannot be read"},
		{"with an object in it", of(map[string]any{"request": "x"}), object, "must not have request"},
		{"with a request_uri in it", of(map[string]any{"request_uri": s.uri}), object, "must not have request_uri"},
		{"with a zero byte", of(map[string]any{"nonce": "a\x00b"}), object, "zero byte"},
		{"with another response type", of(map[string]any{"response_type": "id_token", "response_mode": "fragment"}), object, "response_type is not that"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.published = tt.object
			for _, way := range [][]string{{"request", tt.object}, {"request_uri", s.uri}} {
				if len(tt.object) > 16<<10 && way[0] == "request" {
					continue // the whole request is too long then
				}
				got, page := s.answer(append(way, "state", "outside")...)
				if got.Get("error") != tt.code || !strings.Contains(got.Get("error_description"), tt.says) || got.Get("state") != "inside" && strings.Count(tt.object, ".") == 2 && tt.name != "too long" {
					t.Errorf("%s: %v %s", way[0], got, page)
				}
			}
		})
	}
	for _, tt := range []struct {
		name, code string
		sent       []string
	}{
		{"two objects", "invalid_request", []string{"request", good, "request_uri", s.uri}},
		{"a URI that is not registered", "invalid_request_uri", []string{"request_uri", s.uri + "/other"}},
		{"a URI that is gone", "invalid_request_uri", []string{"request_uri", strings.TrimSuffix(s.uri, "object") + "gone"}},
		{"an application without URIs", "request_uri_not_supported", []string{"client_id", "picky", "request_uri", s.uri}},
		{"another algorithm than the application's", object, []string{"client_id", "picky", "request", s.object("picky", nil)}},
		{"an application with Auth0's answers", notSupported, []string{"client_id", "usual", "request", s.object("usual", nil)}},
		{"an application with Auth0's answers, by reference", "request_uri_not_supported", []string{"client_id", "usual", "request_uri", s.uri}},
	} {
		if got, page := s.answer(append(tt.sent, "state", "s")...); got.Get("error") != tt.code || got.Get("code") != "" {
			t.Errorf("%s: %v %s", tt.name, got, page)
		}
	}
	if got, page := s.answer("client_id", "partner", "request", s.object("partner", nil)); got != nil || !strings.Contains(page, "strict mode: the parameter request") {
		t.Errorf("a third-party application in strict mode: %v %s", got, page)
	}
	// An object of another client_id is refused on a page, RFC 9101 section 6.3.
	if got, page := s.answer("request", of(map[string]any{"client_id": "usual"})); got != nil || !strings.Contains(page, "its client_id is not that of the request") {
		t.Errorf("%v %s", got, page)
	}
}

// TestAPushedObject is opened when it is pushed, RFC 9126 section 3.
func TestAPushedObject(t *testing.T) {
	s := startSigner(t)
	assertion := func() string {
		now := time.Now()
		return s.jws(jose.RS256, s.key, map[string]any{"iss": "signer", "sub": "signer", "aud": s.URL, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Unix() + 60})
	}
	push := func(object string) (int, map[string]any) {
		return s.Post(s.browser, "oauth/par", url.Values{
			"client_id": {"signer"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion()}, "request": {object},
		})
	}
	status, answer := push(s.object("signer", nil))
	reference, _ := answer["request_uri"].(string)
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	if got, page := s.answer("request_uri", reference); got.Get("error") != "login_required" || got.Get("state") != "inside" {
		t.Errorf("%v %s", got, page)
	}
	if status, answer := push(s.object("signer", map[string]any{"aud": "https://other.example/"})); status != http.StatusBadRequest || answer["error"] != "invalid_request_object" {
		t.Errorf("%d %v", status, answer)
	}
}
