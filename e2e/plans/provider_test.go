// Package plans checks what the OpenID Foundation's certification plans demand of a provider,
// module by module, under the names in their conformance suite. The suite checks more: a module
// that passes here may fail there, and one that fails here fails there.
package plans_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	callback   = "https://suite.example.com/test/a/tenant0/callback"
	postLogout = "https://suite.example.com/test/a/tenant0/post_logout_redirect"
	secretOne  = "the secret of the first client, which is long enough"
	secretTwo  = "the secret of the second client, which is long too"
	person     = "ada@example.com"
	password   = "Correct-Horse-9"
)

// provider is the tenant under test, with a browser.
type provider struct {
	*servertest.Server
	t       *testing.T
	browser *http.Client
	key     *rsa.PrivateKey // of the client signed
	ahead   *time.Duration  // of the machine's clock
	object  string          // the request object at the client's request_uri
}

// begin starts a tenant with the clients of a static plan, and with the answers that the standards demand.
func begin(t *testing.T, more string) *provider {
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
	common := `app_type: regular_web, tenant0_standard_answers: true, grant_types: [authorization_code, implicit, refresh_token],
     callbacks: ["` + callback + `"], allowed_logout_urls: ["` + postLogout + `"]`
	s := servertest.Start(t, servertest.Seed(`
tenant: {friendly_name: Suite, default_directory: db`+more+`}
clients:
  - {name: one, client_id: one, client_secret: "`+secretOne+`", `+common+`}
  - {name: two, client_id: two, client_secret: "`+secretTwo+`", token_endpoint_auth_method: client_secret_post, `+common+`}
  - {name: signed, client_id: signed, client_authentication_methods: {private_key_jwt: {credentials: [{credential_type: public_key, name: k, alg: RS256, pem: `+string(public)+`}]}}, `+common+`}
  - {name: manager, client_id: `+servertest.Management+`, client_secret: `+servertest.ManagementSecret+`, app_type: non_interactive}
clientGrants:
  - {client_id: manager, audience: "${issuer}api/v2/", allow_all_scopes: true}
connections:
  - {name: db, strategy: auth0, is_domain_connection: true, enabled_clients: [one, two, signed]}
users:
  - {user_id: "auth0|ada", connection: db, email: `+person+`, email_verified: true, password: `+password+`, name: Ada Lovelace, given_name: Ada,
     family_name: Lovelace, nickname: ada, picture: "https://example.com/ada.png", phone_number: "+15555550100", phone_verified: true}
`))
	return &provider{Server: s, t: t, browser: s.Client(), key: key, ahead: new(time.Duration)}
}

// in returns the same tenant for another test, with another browser.
func (p *provider) in(t *testing.T) *provider {
	t.Helper()
	return &provider{Server: p.Server, t: t, browser: p.Client(), key: p.key, ahead: p.ahead}
}

// wait moves the tenant's clock forward.
func (p *provider) wait(d time.Duration) {
	p.Advance(d)
	*p.ahead += d
}

// variant is one variant of a plan: response_type, response_mode and client, which decides how to authenticate.
type variant struct{ types, mode, client string }

func (v variant) has(part string) bool { return slices.Contains(strings.Fields(v.types), part) }

// front reports whether the request asks for anything but a code.
func (v variant) front() bool { return v.has("token") || v.has("id_token") }

// reply is how an authorization request ended: at the application, or on a page.
type reply struct {
	url.Values
	via   string // query, fragment or form_post; "" for a page
	page  servertest.Page
	pages []string // those that were shown on the way
}

// ask sends an authorization request and answers the pages, as the suite's browser does.
func (p *provider) ask(v variant, pairs ...string) reply {
	p.t.Helper()
	params := url.Values{
		"client_id": {v.client}, "redirect_uri": {callback}, "response_type": {v.types}, "scope": {"openid"}, "state": {rand.Text()}, "nonce": {rand.Text()},
	}
	if v.mode != "" {
		params.Set("response_mode", v.mode)
	}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			params.Del(pairs[i])
		}
	}
	r := p.follow(p.Visit(p.browser, p.URL+"authorize?"+params.Encode()))
	if r.via != "" {
		p.checkReply(v, params, r)
	}
	return r
}

// follow answers pages until the browser is at the application or cannot go on.
func (p *provider) follow(left *url.URL, page servertest.Page) (r reply) {
	p.t.Helper()
	for range 6 {
		if left != nil {
			return p.arrived(left, r)
		}
		form := page.Form()
		switch page.URL.Path {
		case "/u/login":
			form.Set("username", person)
			form.Set("password", password)
			form.Set("action", "default")
		case "/u/consent":
			form.Set("action", "accept")
		default:
			if strings.Contains(page.Body, `action="`+callback) {
				r.Values, r.via = form, "form_post"
				return r
			}
			r.page = page
			return r
		}
		r.pages = append(r.pages, page.URL.Path)
		left, page = p.Submit(p.browser, page, form)
	}
	p.t.Fatalf("the login went through %v and did not end", r.pages)
	return r
}

func (p *provider) arrived(left *url.URL, r reply) reply {
	p.t.Helper()
	r.Values, r.via = left.Query(), "query"
	if left.EscapedFragment() != "" {
		values, err := url.ParseQuery(left.EscapedFragment())
		if err != nil || left.RawQuery != "" {
			p.t.Fatalf("the browser is sent to %s", left)
		}
		r.Values, r.via = values, "fragment"
	}
	bare := *left
	bare.RawQuery, bare.Fragment, bare.RawFragment = "", "", ""
	if bare.String() != callback {
		p.t.Fatalf("the browser is sent to %s", left)
	}
	return r
}

// checkReply checks what every module demands of an answer.
func (p *provider) checkReply(v variant, sent url.Values, r reply) {
	p.t.Helper()
	via := map[string]string{"": "query", "form_post": "form_post"}[v.mode]
	if v.front() && v.mode == "" {
		via = "fragment"
	}
	if r.via != via && r.Get("error") != "unsupported_response_type" {
		p.t.Errorf("the answer comes by %s and not by %s", r.via, via)
	}
	if r.Get("state") != sent.Get("state") {
		p.t.Errorf("state %q became %q", sent.Get("state"), r.Get("state"))
	}
	if iss := r.Get("iss"); iss != "" && iss != p.URL {
		p.t.Errorf("iss is %s", iss)
	}
	if r.Get("error") == "" {
		return
	}
	for name := range r.Values {
		if !slices.Contains([]string{"error", "error_description", "error_uri", "state", "session_state", "iss"}, name) {
			p.t.Errorf("an error comes with %s", name)
		}
	}
	if d := r.Get("error_description"); strings.ContainsAny(d, "\"\\") || !printable(d) {
		p.t.Errorf("%q", r.Get("error_description"))
	}
}

// tokens ends a login: it redeems the code if there is one, and checks everything in the answers.
func (p *provider) tokens(v variant, nonce string, r reply) (answer map[string]any, claims map[string]any) {
	p.t.Helper()
	if r.via == "" || r.Get("error") != "" {
		p.t.Fatalf("no answer: %v %d %s", r.Values, r.page.Status, r.page.Body)
	}
	answer = map[string]any{}
	for name := range r.Values {
		answer[name] = r.Get(name)
	}
	if front := r.Get("id_token"); front != "" {
		claims = p.idToken(v.client, front, nonce)
		p.checkHash(claims, "at_hash", r.Get("access_token"))
		p.checkHash(claims, "c_hash", r.Get("code"))
	}
	if code := r.Get("code"); code != "" {
		status, body := p.redeem(v.client, code)
		if status != http.StatusOK || body["token_type"] != "Bearer" {
			p.t.Fatalf("%d %v", status, body)
		}
		if expires, ok := body["expires_in"].(float64); !ok || expires <= 0 {
			p.t.Errorf("expires_in is %v", body["expires_in"])
		}
		text, _ := body["id_token"].(string)
		claims = p.idToken(v.client, text, nonce)
		if claims["at_hash"] != nil {
			access, _ := body["access_token"].(string)
			p.checkHash(claims, "at_hash", access)
		}
		maps.Copy(answer, body)
	}
	return answer, claims
}

func (p *provider) checkHash(claims map[string]any, name, of string) {
	p.t.Helper()
	sum := sha256.Sum256([]byte(of))
	if want := base64.RawURLEncoding.EncodeToString(sum[:16]); of != "" && claims[name] != want {
		p.t.Errorf("%s is %v and not %s", name, claims[name], want)
	}
}

// redeem redeems a code as a client, with that client's authentication method.
func (p *provider) redeem(client, code string, pairs ...string) (int, map[string]any) {
	p.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return p.call(client, form)
}

// call posts a form to the token endpoint as a client: "one" authenticates with a header, "two" with parameters in
// the body, and all others with a client assertion.
func (p *provider) call(client string, form url.Values) (int, map[string]any) {
	p.t.Helper()
	form.Set("client_id", client)
	switch client {
	case "one": // below, in the header
	case "two":
		form.Set("client_secret", secretTwo)
	default: // the third, and those that register
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", p.assertion(client, nil))
	}
	rq, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.URL+"oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client == "one" {
		rq.SetBasicAuth(client, url.QueryEscape(secretOne))
	}
	status, header, body := p.do(rq)
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		p.t.Fatalf("%d %s", status, body)
	}
	if status == http.StatusOK && header.Get("Cache-Control") != "no-store" {
		p.t.Errorf("Cache-Control: %s", header.Get("Cache-Control"))
	}
	return status, answer
}

func (p *provider) do(rq *http.Request) (int, http.Header, []byte) {
	p.t.Helper()
	resp, err := p.browser.Do(rq)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

// assertion returns a client assertion of a client, with changed claims.
func (p *provider) assertion(client string, change map[string]any) string {
	p.t.Helper()
	now := time.Now().Add(*p.ahead)
	claims := map[string]any{
		"iss": client, "sub": client, "aud": p.URL + "oauth/token", "jti": rand.Text(), "iat": now.Unix(), "exp": now.Unix() + 60,
	}
	maps.Copy(claims, change)
	return p.jws(claims)
}

// jws signs claims with the client's key.
func (p *provider) jws(claims map[string]any) string {
	p.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: p.key}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

// keySet returns the tenant's published keys.
func (p *provider) keySet() (set jose.JSONWebKeySet) {
	p.t.Helper()
	rq, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.URL+".well-known/jwks.json", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	_, _, body := p.do(rq)
	if err := json.Unmarshal(body, &set); err != nil {
		p.t.Fatal(err)
	}
	return set
}

// idToken verifies an ID token as a client does, and returns its claims.
func (p *provider) idToken(client, raw, nonce string) map[string]any {
	p.t.Helper()
	claims := p.signed(client, raw, nonce)
	p.checkTimes(claims)
	return claims
}

// signed verifies a JWT about a user that the tenant has signed for a client, and returns its claims.
func (p *provider) signed(client, raw, nonce string) (claims map[string]any) {
	p.t.Helper()
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatalf("%q: %v", raw, err)
	}
	set := p.keySet()
	found := set.Key(jws.Signatures[0].Header.KeyID)
	if len(found) != 1 || jws.Signatures[0].Header.KeyID == "" {
		p.t.Fatalf("%d keys have the id %q", len(found), jws.Signatures[0].Header.KeyID)
	}
	payload, err := jws.Verify(found[0])
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		p.t.Fatal(err)
	}
	sub, _ := claims["sub"].(string)
	if claims["iss"] != p.URL || claims["aud"] != client || sub == "" || len(sub) > 255 || !printable(sub) || nonce != "" && claims["nonce"] != nonce {
		p.t.Errorf("%v", claims)
	}
	if claims["acr"] == "" {
		p.t.Errorf("acr is empty: %v", claims)
	}
	p.checkTypes(claims)
	return claims
}

// checkTimes checks the times in a JWT: it was issued a moment ago, and expires within 50 years. A logout token,
// which has the claim events, need not expire.
func (p *provider) checkTimes(claims map[string]any) {
	p.t.Helper()
	now := time.Now().Add(*p.ahead)
	at := func(name string) (time.Time, bool) {
		seconds, ok := claims[name].(float64)
		return time.Unix(int64(seconds), 0), ok
	}
	if iat, ok := at("iat"); !ok || iat.Sub(now).Abs() > 5*time.Minute {
		p.t.Errorf("iat is %v, and it is %v", iat, now)
	}
	if exp, ok := at("exp"); (ok || claims["events"] == nil) && (!exp.After(now) || exp.After(now.AddDate(50, 0, 0))) {
		p.t.Errorf("exp is %v, and it is %v", exp, now)
	}
	if auth, ok := at("auth_time"); ok && (auth.After(now.Add(time.Minute)) || auth.Before(now.AddDate(-1, 0, 0))) {
		p.t.Errorf("auth_time is %v, and it is %v", auth, now)
	}
}

// printable reports whether a text consists of printable ASCII characters.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// birthdate matches a date, or a year; the year may be 0000, OIDC Core section 5.1.
var birthdate = regexp.MustCompile(`^[0-9]{4}(-[0-9]{2}-[0-9]{2})?$`)

// checkTypes checks the type of every standard claim.
func (p *provider) checkTypes(claims map[string]any) {
	p.t.Helper()
	for name, value := range claims {
		ok := true
		switch name {
		case "email_verified", "phone_number_verified":
			_, ok = value.(bool)
		case "updated_at", "auth_time", "iat", "exp":
			_, ok = value.(float64)
		case "birthdate":
			text, _ := value.(string)
			ok = birthdate.MatchString(text)
		case "address":
			var parts map[string]any
			parts, ok = value.(map[string]any)
			for _, part := range parts {
				text, isText := part.(string)
				ok = ok && isText && text != ""
			}
		case "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "email", "gender", "zoneinfo", "locale", "phone_number", "sub", "iss":
			text, isText := value.(string)
			ok = isText && text != "" && text != "null"
		}
		if !ok {
			p.t.Errorf("%s is %#v", name, value)
		}
	}
}

// userinfo requests the user's claims, with the token sent in one of the ways of RFC 6750.
func (p *provider) userinfo(method, way string, token any) (int, map[string]any) {
	p.t.Helper()
	text, _ := token.(string)
	body := ""
	if way == "body" {
		body = url.Values{"access_token": {text}}.Encode()
	}
	rq, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+"userinfo", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if way == "body" {
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		rq.Header.Set("Authorization", "Bearer "+text)
	}
	status, header, raw := p.do(rq)
	var claims map[string]any
	if status == http.StatusOK {
		if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
			p.t.Errorf("Content-Type: %s", kind)
		}
		if err := json.Unmarshal(raw, &claims); err != nil {
			p.t.Fatalf("%s", raw)
		}
		p.checkTypes(claims)
	}
	return status, claims
}

// encoded encodes a part of a JWT.
func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// pageAt returns a page whose form is posted to a URL.
func pageAt(u *url.URL) servertest.Page { return servertest.Page{URL: u} }
