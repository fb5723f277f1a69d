package federation_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
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

// liar is an OpenID provider whose answers a test can change.
type liar struct {
	*httptest.Server
	key, other, short *rsa.PrivateKey
	// say changes the claims of the next ID token, sign signs them, and info changes the claims of userinfo.
	say  func(claims object)
	info func(claims object)
	// infoStatus is the status of userinfo's answers, 0 for 200.
	infoStatus int
	sign       func(l *liar, claims object) string
	// asked are the parameters of the last authorization request, and redeemed those of the last
	// token request.
	asked, redeemed url.Values
	// named is set if the provider's metadata says that its answers contain iss, RFC 9207.
	named bool
	// endSession is the provider's end_session_endpoint, "" for none.
	endSession string
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	l := &liar{}
	for _, key := range []**rsa.PrivateKey{&l.key, &l.other} {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		*key = made
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	l.short = short
	reply := func(w http.ResponseWriter, body any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, object{
			"authorization_response_iss_parameter_supported": l.named, "end_session_endpoint": l.endSession,
			"issuer": l.URL, "authorization_endpoint": l.URL + "/auth", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/jwks",
			"userinfo_endpoint": l.URL + "/me", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}, {Key: l.short.Public(), KeyID: "short", Use: "sig"}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		l.redeemed = r.PostForm
		reply(w, object{"access_token": "of-the-liar", "token_type": "Bearer", "expires_in": 60, "id_token": l.token()})
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		claims := object{"sub": "lou", "id": 7, "email": "lou@liar.example", "email_verified": true, "name": "Lou"}
		if l.info != nil {
			l.info(claims)
		}
		if r.Header.Get("Authorization") != "Bearer of-the-liar" {
			w.WriteHeader(http.StatusUnauthorized)
		} else if l.infoStatus != 0 {
			w.WriteHeader(l.infoStatus)
		}
		reply(w, claims)
	})
	l.Server = httptest.NewServer(mux)
	t.Cleanup(l.Close)
	return l
}

// token returns an ID token for the last authorization request.
func (l *liar) token() string {
	now := time.Now()
	claims := object{
		"iss": l.URL, "sub": "lou", "aud": "fed", "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "nonce": l.asked.Get("nonce"),
		"email": "lou@liar.example", "email_verified": true, "name": "Lou",
	}
	if l.say != nil {
		l.say(claims)
	}
	if l.sign != nil {
		return l.sign(l, claims)
	}
	return signed(l.key, "k", claims)
}

func signed(key *rsa.PrivateKey, kid string, claims object) string {
	return signedBy(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, claims)
}

func signedBy(key jose.SigningKey, claims object) string {
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		panic(err)
	}
	raw, err := jwt.Signed(signer).Claims(map[string]any(claims)).Serialize()
	if err != nil {
		panic(err)
	}
	return raw
}

func unsigned(_ *liar, claims object) string {
	raw, _ := json.Marshal(claims)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(raw) + "."
}

// ofLiar returns a tenant with a connection to the liar.
func ofLiar(t *testing.T, l *liar, options string) tenant {
	t.Helper()
	file := fmt.Sprintf(downstreamFile, fmt.Sprintf("discovery_url: %q, %s", l.URL+"/.well-known/openid-configuration", options))
	file = strings.Replace(file, "connections:\n", "connections:\n  - {name: corp, strategy: samlp, enabled_clients: [], options: {domain_aliases: [corp.example]}}\n", 1)
	s := servertest.Start(t, servertest.Seed(file))
	return tenant{s, s.Client(), t}
}

// ask begins a login and returns the state that was sent to the liar.
func (tn tenant) ask(l *liar) string {
	tn.t.Helper()
	left, page := tn.come("connection", "up", "prompt", "login")
	if left == nil || !strings.HasPrefix(left.String(), l.URL+"/auth?") {
		tn.t.Fatalf("the login leads to %v %s", left, page.Body)
	}
	l.asked = left.Query()
	return l.asked.Get("state")
}

// answer opens the callback with an answer of the liar, and returns "logged in", the error that the application
// gets, or the page that is shown.
func (tn tenant) answer(params ...string) string {
	tn.t.Helper()
	query := url.Values{}
	for i := 0; i < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	left, page := tn.Visit(tn.browser, tn.URL+"login/callback?"+query.Encode())
	if left == nil {
		return page.Body
	}
	if left.Query().Get("code") != "" {
		return "logged in"
	}
	return left.Query().Get("error") + ": " + left.Query().Get("error_description")
}

// TestAProviderThatLies is refused if its ID token is not valid for this login.
func TestAProviderThatLies(t *testing.T) {
	const refused = "access_denied: The answer of the identity provider could not be verified."
	l := newLiar(t)
	tn := ofLiar(t, l, "")
	first := tn.ask(l)
	if l.asked.Get("code_challenge_method") != "S256" || len(l.asked.Get("code_challenge")) != 43 || l.asked.Get("nonce") == "" || l.asked.Get("scope") != "openid profile email" {
		t.Errorf("the provider is asked %v", l.asked)
	}
	if got := tn.answer("state", first, "code", "x"); got != "logged in" {
		t.Fatalf("an honest answer: %s", got)
	}
	if l.redeemed.Get("code") != "x" || l.redeemed.Get("client_secret") == "" || len(l.redeemed.Get("code_verifier")) < 43 || l.redeemed.Get("redirect_uri") != tn.URL+"login/callback" {
		t.Errorf("the code is redeemed with %v", l.redeemed)
	}
	nonce := l.asked.Get("nonce")
	with := func(name string, value any) func(object) { return func(claims object) { claims[name] = value } }
	for name, lie := range map[string]struct {
		say, info func(object)
		sign      func(*liar, object) string
	}{
		"another issuer":          {say: with("iss", "https://other.example")},
		"another audience":        {say: with("aud", "other")},
		"several audiences":       {say: with("aud", []string{"fed", "other"})},
		"another party":           {say: with("azp", "other")},
		"an old token":            {say: with("exp", time.Now().Add(-time.Hour).Unix())},
		"a token of the future":   {say: with("nbf", time.Now().Add(time.Hour).Unix())},
		"the nonce of another":    {say: with("nonce", nonce)},
		"no nonce":                {say: func(claims object) { delete(claims, "nonce") }},
		"nobody":                  {say: with("sub", "")},
		"nobody, and nobody else": {say: with("sub", ""), info: with("sub", "")},
		"userinfo of another":     {info: with("sub", "somebody else")},
		"no signature":            {sign: unsigned},
		"the signature of others": {sign: func(l *liar, claims object) string { return signed(l.other, "k", claims) }},
		"the secret as the key": {sign: func(_ *liar, claims object) string {
			return signedBy(jose.SigningKey{Algorithm: jose.HS256, Key: []byte("a secret of sixteen a secret of sixteen")}, claims)
		}},
		"no token":              {sign: func(*liar, object) string { return "" }},
		"a token that was bent": {sign: func(l *liar, claims object) string { return bent(signed(l.key, "k", claims)) }},
		"a key of 1024 bits":    {sign: func(l *liar, claims object) string { return signed(l.short, "short", claims) }},
	} {
		l.say, l.info, l.sign = lie.say, lie.info, lie.sign
		if got := tn.answer("state", tn.ask(l), "code", "x"); got != refused {
			t.Errorf("%s: %s", name, got)
		}
	}
	l.say, l.info, l.sign = nil, nil, nil
	if got := tn.answer("state", first, "code", "x"); !strings.Contains(got, "You may have pressed the back button") {
		t.Errorf("a state that was used: %s", got)
	}
	if got := tn.answer("state", tn.ask(l)); !strings.HasPrefix(got, "invalid_request: ") {
		t.Errorf("no code: %s", got)
	}
	if got := tn.answer("state", tn.ask(l), "error", "consent_required", "error_description", "Ask\n <b>a\"g\\a日in</b>"); got != "consent_required: Ask <b>again</b>" {
		t.Errorf("an error: %s", got)
	}
}

func bent(token string) string {
	parts := strings.Split(token, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), "lou@", "eve@", 1)))
	return strings.Join(parts, ".")
}

// TestAnAddressThatIsNotTheProviders: the provider cannot verify an address in a domain of another directory, and
// email_verified must be the value true.
func TestAnAddressThatIsNotTheProviders(t *testing.T) {
	l := newLiar(t)
	tn := ofLiar(t, l, "")
	for claims, want := range map[*object]bool{
		{"email": "lou@liar.example", "email_verified": true}:   true,
		{"email": "lou@liar.example", "email_verified": "true"}: false,
		{"email": "boss@corp.example", "email_verified": true}:  false,
	} {
		l.say = func(said object) { maps.Copy(said, *claims) }
		l.info = l.say
		if got := tn.answer("state", tn.ask(l), "code", "x"); got != "logged in" {
			t.Fatalf("%v: %s", claims, got)
		}
		diff(t, fmt.Sprint(claims), tn.user("oidc|up|lou")["email_verified"], any(want))
	}
	l.say = func(said object) {
		maps.Copy(said, object{"app_metadata": object{"admin": true}, "user_id": "auth0|root", "blocked": false})
	}
	tn.answer("state", tn.ask(l), "code", "x")
	if user := tn.user("oidc|up|lou"); user["app_metadata"] != nil || user["user_id"] != "oidc|up|lou" {
		t.Errorf("the provider has made the user %v", user)
	}
}

// TestTheFrontChannel: the ID token comes in a form that the provider's page posts.
func TestTheFrontChannel(t *testing.T) {
	l := newLiar(t)
	tn := ofLiar(t, l, "type: front_channel")
	post := func(form url.Values) string {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.URL+"login/callback", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rq.Header.Set("Origin", l.URL)
		stay := *tn.browser
		stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := stay.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusFound {
			return resp.Status
		}
		left, _ := tn.Visit(tn.browser, tn.URL+strings.TrimPrefix(resp.Header.Get("Location"), "/"))
		if left == nil {
			return "a page"
		}
		return left.Query().Get("error")
	}
	state := tn.ask(l)
	if l.asked.Get("response_type") != "id_token" || l.asked.Get("response_mode") != "form_post" || l.asked.Get("nonce") == "" {
		t.Errorf("the provider is asked %v", l.asked)
	}
	token := l.token()
	if got := post(url.Values{"state": {state}, "id_token": {token}}); got != "" {
		t.Errorf("an honest answer: %s", got)
	}
	if got := post(url.Values{"state": {state}, "id_token": {token}}); got != "400 Bad Request" {
		t.Errorf("the answer again: %s", got)
	}
	if got := post(url.Values{"state": {tn.ask(l)}, "id_token": {token}}); got != "access_denied" {
		t.Errorf("the token again, in another login: %s", got)
	}
}

// TestAuthenticationByKeys: the tenant signs its client assertion with the connection's key that the Management API shows.
func TestAuthenticationByKeys(t *testing.T) {
	l := newLiar(t)
	tn := ofLiar(t, l, "token_endpoint_auth_method: private_key_jwt")
	if got := tn.answer("state", tn.ask(l), "code", "x"); !strings.Contains(got, "has no keys to authenticate with") {
		t.Errorf("without keys: %s", got)
	}
	_, all := tn.Manage(tn.browser, http.MethodGet, "connections?name=up", nil)
	id := all.([]any)[0].(object)["id"].(string)
	status, answer := tn.Manage(tn.browser, http.MethodGet, "connections/"+id+"/keys", nil)
	shown, _ := answer.([]any)
	if status != http.StatusOK || len(shown) == 0 {
		t.Fatalf("the keys: %d %v", status, answer)
	}
	if got := tn.answer("state", tn.ask(l), "code", "x"); got != "logged in" {
		t.Fatalf("with keys: %s", got)
	}
	if l.redeemed.Get("client_secret") != "" || l.redeemed.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		t.Errorf("the code is redeemed with %v", l.redeemed)
	}
	assertion, err := jwt.ParseSigned(l.redeemed.Get("client_assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.Claims{}
	if err := assertion.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != "fed" || claims.Subject != "fed" || !claims.Audience.Contains(l.URL+"/token") || claims.ID == "" || assertion.Headers[0].KeyID != shown[0].(object)["kid"] {
		t.Errorf("the assertion is %+v, by %s", claims, assertion.Headers[0].KeyID)
	}
}

// TestACustomProvider uses plain OAuth 2.0, and the profile comes from the option userinfo_endpoint.
func TestACustomProvider(t *testing.T) {
	l := newLiar(t)
	for options, want := range map[string]string{
		fmt.Sprintf("userinfo_endpoint: %q, pkce_enabled: true", l.URL+"/me"): "logged in",
		"pkce_enabled: false": "not_emulated: The script fetchUserProfile of a connection whose provider is not simulated, in place of the option userinfo_endpoint, is not emulated by tenant0",
	} {
		file := strings.Replace(downstreamFile, "strategy: oidc", "strategy: oauth2", 1)
		s := servertest.Start(t, servertest.Seed(fmt.Sprintf(file, fmt.Sprintf("authorizationURL: %q, tokenURL: %q, %s", l.URL+"/auth", l.URL+"/token", options))))
		tn := tenant{s, s.Client(), t}
		l.info = func(claims object) { delete(claims, "sub") }
		state := tn.ask(l)
		if (l.asked.Get("code_challenge") != "") != (want == "logged in") || l.asked.Get("nonce") != "" {
			t.Errorf("the provider is asked %v", l.asked)
		}
		if got := tn.answer("state", state, "code", "x"); got != want {
			t.Errorf("with %s: %s", options, got)
		}
		if want == "logged in" {
			identity := tn.user("oauth2|up|7")["identities"].([]any)[0].(object)
			if identity["isSocial"] != true || identity["access_token"] != "of-the-liar" || identity["user_id"] != "up|7" {
				t.Errorf("the identity is %v", identity)
			}
			l.infoStatus = http.StatusForbidden
			if got := tn.answer("state", tn.ask(l), "code", "x"); !strings.HasPrefix(got, "server_error: ") {
				t.Errorf("the profile comes with an error status: %s", got)
			}
			l.infoStatus = 0
			l.info = func(claims object) { maps.Copy(claims, object{"sub": "", "id": ""}) }
			if got := tn.answer("state", tn.ask(l), "code", "x"); got != "access_denied: The identity provider has named nobody" {
				t.Errorf("the provider names nobody: %s", got)
			}
			l.info = func(claims object) {
				claims["deep"] = json.RawMessage(strings.Repeat("[", 90) + strings.Repeat("]", 90))
			}
			if got := tn.answer("state", tn.ask(l), "code", "x"); got != "access_denied: The profile at the identity provider has too many lists and objects inside each other" {
				t.Errorf("the profile is deep: %s", got)
			}
		}
	}
}
