package authorize_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

// frontChannelFile is a tenant with applications that get tokens from /authorize, through the browser.
const frontChannelFile = `
tenant: {friendly_name: Example}
clients:
  - {name: hybrid, client_id: hybrid, app_type: spa, token_endpoint_auth_method: none, grant_types: [authorization_code, implicit, refresh_token], callbacks: ["https://app.example.com/callback"]}
  - {name: implicit, client_id: implicit, app_type: spa, token_endpoint_auth_method: none, grant_types: [implicit, refresh_token], callbacks: ["https://app.example.com/callback"]}
  - {name: shared, client_id: shared, app_type: regular_web, token_endpoint_auth_method: client_secret_post, client_secret: a secret of more than thirty-two bytes, jwt_configuration: {alg: HS256}, grant_types: [authorization_code, implicit], callbacks: ["https://app.example.com/callback"]}
  - {name: long, client_id: long, app_type: regular_web, token_endpoint_auth_method: client_secret_post, client_secret: a secret of sixteen, jwt_configuration: {alg: RS512}, grant_types: [authorization_code, implicit], callbacks: ["https://app.example.com/callback"]}
resourceServers:
  - {name: open, identifier: "urn:open", skip_consent_for_verifiable_first_party_clients: true, allow_offline_access: true, token_lifetime: 1000, token_lifetime_for_web: 500, scopes: [{value: "read:it"}]}
databases:
  - {name: db, strategy: auth0, enabled_clients: [hybrid, implicit, shared, long]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: db}
`

func startFrontChannel(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(frontChannelFile))
	return tenant{s, s.Client(), t}
}

// ask sends an authorization request of an application in a browser that has a session, and
// returns where the browser is sent, and the PKCE verifier.
func (tn tenant) ask(client string, pairs ...string) (left *url.URL, verifier string) {
	tn.t.Helper()
	params := url.Values{"scope": {"openid"}, "audience": {""}, "state": {"s"}, "nonce": {"n-1"}}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
	}
	target, verifier := tn.AuthorizeURL(servertest.Login{ClientID: client, RedirectURI: callbackURL, Params: params})
	left, page := tn.Visit(tn.browser, target)
	if left == nil {
		tn.t.Fatalf("%s %v: the browser is shown %s", client, pairs, page.URL)
	}
	return left, verifier
}

// answer returns the parameters that ask leads to, which must all be in the fragment.
func (tn tenant) answer(client string, pairs ...string) url.Values {
	tn.t.Helper()
	left, _ := tn.ask(client, pairs...)
	values, err := url.ParseQuery(left.EscapedFragment())
	if err != nil || left.RawQuery != "" {
		tn.t.Fatalf("%v: the browser is sent to %s", pairs, left)
	}
	return values
}

// signIn gives the browser a session.
func (tn tenant) signIn() {
	tn.t.Helper()
	tn.Login(tn.browser, servertest.Login{
		ClientID: "hybrid", RedirectURI: callbackURL, Username: ann, Password: annPassword, Params: url.Values{"scope": {"openid"}, "audience": {""}},
	})
}

// claims verifies a token with the tenant's published keys, or with a secret unless it is "", and returns its claims.
func (tn tenant) claims(token, secret string) map[string]any {
	tn.t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.RS512, jose.HS256})
	if err != nil {
		tn.t.Fatalf("%q: %v", token, err)
	}
	var key any = []byte(secret)
	if secret == "" {
		resp, err := tn.browser.Get(tn.URL + ".well-known/jwks.json")
		if err != nil {
			tn.t.Fatal(err)
		}
		defer resp.Body.Close()
		var set jose.JSONWebKeySet
		if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
			tn.t.Fatal(err)
		}
		found := set.Key(jws.Signatures[0].Header.KeyID)
		if len(found) != 1 {
			tn.t.Fatalf("the key set has no key %s", jws.Signatures[0].Header.KeyID)
		}
		key = found[0]
	}
	payload, err := jws.Verify(key)
	if err != nil {
		tn.t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(payload, &c); err != nil {
		tn.t.Fatal(err)
	}
	return c
}

// half encodes the left half of a hash, as at_hash and c_hash in an ID token need it, OIDC Core section 3.3.2.11.
func half(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]) }

func half256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return half(sum[:])
}

// userinfo returns the status of /userinfo with an access token.
func (tn tenant) userinfo(access string) int {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodGet, tn.URL+"userinfo", http.NoBody)
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+access)
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// TestEveryResponseType checks that each response_type leads to exactly its own parameters.
func TestEveryResponseType(t *testing.T) {
	tn := startFrontChannel(t)
	tn.signIn()
	for responseType, brings := range map[string][]string{
		"token":               {"access_token", "expires_in", "state", "token_type"},
		"id_token":            {"id_token", "state"},
		"token id_token":      {"access_token", "expires_in", "id_token", "state", "token_type"},
		"id_token token":      {"access_token", "expires_in", "id_token", "state", "token_type"},
		"code token":          {"access_token", "code", "expires_in", "state", "token_type"},
		"code id_token":       {"code", "id_token", "state"},
		"id_token code token": {"access_token", "code", "expires_in", "id_token", "state", "token_type"},
	} {
		t.Run(responseType, func(t *testing.T) {
			left, verifier := tn.ask("hybrid", "response_type", responseType)
			got, err := url.ParseQuery(left.EscapedFragment())
			if err != nil || left.RawQuery != "" {
				t.Fatalf("the browser is sent to %s", left)
			}
			diff(t, "parameters", slices.Sorted(maps.Keys(got)), brings)
			code, access := got.Get("code"), got.Get("access_token")
			if access != "" {
				diff(t, "how the token is used", []string{got.Get("token_type"), got.Get("expires_in")}, []string{"Bearer", "7200"})
				if strings.Count(access, ".") != 4 || tn.userinfo(access) != http.StatusOK {
					t.Errorf("the token does not open /userinfo: %s", access)
				}
			}
			if got.Get("id_token") != "" {
				want := map[string]any{"nonce": "n-1", "aud": "hybrid", "sub": "auth0|ann", "iss": tn.URL, "at_hash": nil, "c_hash": nil}
				if access != "" {
					want["at_hash"] = half256(access)
				}
				if code != "" {
					want["c_hash"] = half256(code)
				}
				claims := tn.claims(got.Get("id_token"), "")
				for name, value := range want {
					diff(t, name, claims[name], value)
				}
			}
			if code != "" {
				status, tokens := tn.Token(tn.browser, url.Values{
					"grant_type": {"authorization_code"}, "client_id": {"hybrid"}, "code": {code}, "redirect_uri": {callbackURL}, "code_verifier": {verifier},
				})
				idToken, _ := tokens["id_token"].(string)
				diff(t, "the exchange of the code", []any{status, tokens["expires_in"]}, []any{http.StatusOK, 86400.0})
				diff(t, "the nonce after it", tn.claims(idToken, "")["nonce"], "n-1")
			}
		})
	}
}

// TestTokensForAnAPI that come through the browser have their own lifetime, and are valid at /userinfo too.
func TestTokensForAnAPI(t *testing.T) {
	tn := startFrontChannel(t)
	tn.signIn()
	got := tn.answer("implicit", "response_type", "token", "audience", "urn:open", "scope", "openid read:it write:it offline_access")
	// OIDC Core section 11 and RFC 9700 section 2.1.2: there is no refresh token in the front channel.
	diff(t, "lifetime and scope", []string{got.Get("expires_in"), got.Get("scope"), got.Get("refresh_token")}, []string{"500", "openid read:it", ""})
	claims := tn.claims(got.Get("access_token"), "")
	iat, _ := claims["iat"].(float64)
	exp, _ := claims["exp"].(float64)
	diff(t, "claims", []any{claims["aud"], claims["azp"], claims["scope"], exp - iat, claims["gty"]},
		[]any{[]any{"urn:open", tn.URL + "userinfo"}, "implicit", "openid read:it", 500.0, nil})
	diff(t, "/userinfo", tn.userinfo(got.Get("access_token")), http.StatusOK)
	hybrid := tn.answer("hybrid", "response_type", "code token", "audience", "urn:open", "scope", "openid offline_access")
	if hybrid.Has("scope") {
		t.Errorf("a scope that is the one that was asked for comes back: %v", hybrid)
	}
}

// TestHashesFollowTheAlgorithm of the ID token.
func TestHashesFollowTheAlgorithm(t *testing.T) {
	tn := startFrontChannel(t)
	tn.signIn()
	shared := tn.answer("shared", "response_type", "code id_token token")
	claims := tn.claims(shared.Get("id_token"), "a secret of more than thirty-two bytes")
	diff(t, "HS256", []any{claims["at_hash"], claims["c_hash"]}, []any{half256(shared.Get("access_token")), half256(shared.Get("code"))})
	long := tn.answer("long", "response_type", "code id_token token")
	access, code := sha512.Sum512([]byte(long.Get("access_token"))), sha512.Sum512([]byte(long.Get("code")))
	claims = tn.claims(long.Get("id_token"), "")
	diff(t, "RS512", []any{claims["at_hash"], claims["c_hash"]}, []any{half(access[:]), half(code[:])})
}

// TestTokensStayOutOfQueries also checks that requests need a nonce, a PKCE challenge and the grant type.
func TestTokensStayOutOfQueries(t *testing.T) {
	tn := startFrontChannel(t)
	tn.signIn()
	for _, tt := range []struct {
		name, client string
		params       []string
		want         string
	}{
		{"a query for tokens", "hybrid", []string{"response_type", "token", "response_mode", "query"}, "invalid_request: Invalid parameter response_mode: tokens are not sent in a query"},
		{"a query for a code and tokens", "hybrid", []string{"response_type", "code id_token", "response_mode", "query"}, "invalid_request: Invalid parameter response_mode: tokens are not sent in a query"},
		{"an ID token without nonce", "hybrid", []string{"response_type", "id_token", "nonce", ""}, "invalid_request: Missing required parameter: nonce"},
		{"with a token", "hybrid", []string{"response_type", "token id_token", "nonce", ""}, "invalid_request: Missing required parameter: nonce"},
		{"with a code", "hybrid", []string{"response_type", "code id_token", "nonce", ""}, "invalid_request: Missing required parameter: nonce"},
		{
			"a code without challenge", "hybrid",
			[]string{"response_type", "code id_token", "code_challenge", "", "code_challenge_method", ""},
			"invalid_request: Missing required parameter: code_challenge",
		},
		{"a code for an application without that grant", "implicit", []string{"response_type", "code token"}, "unauthorized_client: Grant type 'authorization_code' not allowed for the client."},
	} {
		got := tn.answer(tt.client, tt.params...)
		diff(t, tt.name, got, url.Values{"error": {got.Get("error")}, "error_description": {got.Get("error_description")}, "state": {"s"}})
		diff(t, tt.name, got.Get("error")+": "+got.Get("error_description"), tt.want)
	}
	if got := tn.answer("hybrid", "response_type", "token", "nonce", ""); got.Get("access_token") == "" {
		t.Errorf("a token alone needs no nonce: %v", got)
	}
	if got := tn.answer("implicit", "response_type", "id_token", "code_challenge", "", "code_challenge_method", ""); got.Get("id_token") == "" {
		t.Errorf("an ID token alone needs no challenge: %v", got)
	}
}

// TestTokensByFormAndByMessage: form_post and web_message answers contain all parameters, and errors are sent that way too.
func TestTokensByFormAndByMessage(t *testing.T) {
	tn := startFrontChannel(t)
	fetch := func(pairs ...string) servertest.Page {
		t.Helper()
		params := url.Values{"scope": {"openid profile email"}, "audience": {""}, "state": {"s"}, "nonce": {"n-1"}}
		for i := 0; i < len(pairs); i += 2 {
			params.Set(pairs[i], pairs[i+1])
		}
		target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "implicit", RedirectURI: callbackURL, Params: params})
		left, page := tn.Visit(tn.browser, target)
		if left != nil || page.Status != http.StatusOK {
			t.Fatalf("%v: the browser is sent to %v, %s", pairs, left, page.Body)
		}
		return page
	}
	for _, mode := range []string{"form_post", "web_message"} {
		tn.browser = tn.Client()
		refused := fetch("response_type", "token id_token", "response_mode", mode, "prompt", "none")
		diff(t, mode+" of an error", refused.Response(), url.Values{"error": {"login_required"}, "error_description": {"Login required"}, "state": {"s"}})
		tn.signIn()
		page := fetch("response_type", "token id_token", "response_mode", mode, "prompt", "none")
		form := page.Response()
		diff(t, mode, slices.Sorted(maps.Keys(form)), []string{"access_token", "expires_in", "id_token", "state", "token_type"})
		claims := tn.claims(form.Get("id_token"), "")
		diff(t, mode+": the ID token", []any{claims["email"], claims["nonce"]}, []any{ann, "n-1"})
		if !strings.Contains(page.Body, map[string]string{"form_post": `action="` + callbackURL, "web_message": `data-target-origin="https://app.example.com"`}[mode]) {
			t.Errorf("%s goes elsewhere: %s", mode, page.Body)
		}
	}
}

// TestAnImplicitLoginThroughThePages makes the request that express-openid-connect sends by default.
func TestAnImplicitLoginThroughThePages(t *testing.T) {
	tn := startFrontChannel(t)
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "implicit", RedirectURI: callbackURL, Params: url.Values{
		"response_type": {"id_token"}, "response_mode": {"form_post"}, "scope": {"openid profile email"}, "audience": {""}, "nonce": {"n-2"},
		"code_challenge": {""}, "code_challenge_method": {""},
	}})
	_, page := tn.Visit(tn.browser, target)
	form := page.Form()
	form.Set("username", ann)
	form.Set("password", annPassword)
	left, page := tn.Submit(tn.browser, page, form)
	if left != nil || !strings.Contains(page.Body, `<form method="post" action="`+callbackURL+`"`) {
		t.Fatalf("the login ends at %v with %s", left, page.Body)
	}
	claims := tn.claims(page.Form().Get("id_token"), "")
	diff(t, "the ID token", []any{claims["nonce"], claims["sub"]}, []any{"n-2", "auth0|ann"})
	if sid, _ := claims["sid"].(string); sid == "" {
		t.Error("it names no session")
	}
}

// TestACodeOfAHybridAnswerIsGuarded: RFC 9700 section 4.5: a code that was injected into another login does
// not fit its verifier, and a code that is used twice revokes all that came of it, including the access token
// that came beside it.
func TestACodeOfAHybridAnswerIsGuarded(t *testing.T) {
	tn := startFrontChannel(t)
	tn.signIn()
	left, verifier := tn.ask("hybrid", "response_type", "code token")
	stolen, _ := url.ParseQuery(left.EscapedFragment())
	_, otherVerifier := tn.ask("hybrid", "response_type", "code token")
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"hybrid"}, "code": {stolen.Get("code")}, "redirect_uri": {callbackURL}}
	redeem := func(client, verifier string) any {
		form.Set("client_id", client)
		form.Set("code_verifier", verifier)
		status, answer := tn.Token(tn.browser, form)
		if status == http.StatusOK {
			return "tokens"
		}
		return answer["error_description"]
	}
	diff(t, "with the verifier of another login", redeem("hybrid", otherVerifier), "Failed to verify code verifier")
	diff(t, "by another application", redeem("implicit", verifier), "Grant type 'authorization_code' not allowed for the client.")
	diff(t, "by its own login", redeem("hybrid", verifier), "tokens")
	diff(t, "the token beside it", tn.userinfo(stolen.Get("access_token")), http.StatusOK)
	diff(t, "a second time", redeem("hybrid", verifier), "Invalid authorization code")
	diff(t, "the token beside it then", tn.userinfo(stolen.Get("access_token")), http.StatusUnauthorized)
}
