package userinfo_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"]}
  - {name: machine, client_id: machine, client_secret: a secret of sixteen, app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: rs, identifier: "urn:rs", skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "read:it"}]}
  - {name: hs, identifier: "urn:hs", signing_alg: HS256, signing_secret: a secret of sixteen, skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "read:it"}]}
  - {name: profile, identifier: "urn:profile", token_dialect: rfc9068_profile, skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "read:it"}]}
clientGrants:
  - {client_id: machine, audience: "urn:rs", scope: ["read:it"]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, email_verified: true, password: a password of ann, name: Ann Other, given_name: Ann, family_name: Other, nickname: ann,
     picture: "https://example.com/ann.png", phone_number: "+15550100", user_metadata: {colour: red}, created_at: "2026-01-01T00:00:00.000Z", updated_at: "2026-02-01T00:00:00.000Z"}
authorizationExtension:
  tokenClaims:
    - {idToken: {"https://example.com/colour": user.user_metadata.colour, email: {value: "other@example.com"}}}
`

type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file), servertest.HTTP())
	return tenant{s, s.Client(), t}
}

func (tn tenant) tokens(audience, scope string) map[string]any {
	tn.t.Helper()
	return tn.Exchange(tn.browser, tn.Login(tn.browser, servertest.Login{
		ClientID: "app", RedirectURI: "https://app.example.com/callback", Username: "ann@example.com", Password: "a password of ann",
		Params: url.Values{"audience": {audience}, "scope": {scope}},
	}))
}

func (tn tenant) access(audience, scope string) string {
	tn.t.Helper()
	return tn.tokens(audience, scope)["access_token"].(string)
}

type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request to /userinfo with headers in pairs.
func (tn tenant) ask(method, query, body string, headers ...string) answer {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), method, tn.URL+"userinfo"+query, strings.NewReader(body))
	if err != nil {
		tn.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

func (tn tenant) show(token string) answer {
	tn.t.Helper()
	return tn.ask(http.MethodGet, "", "", "Authorization", "Bearer "+token)
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// TestWhatScopesShow compares bytes: the order of the claims is that of Auth0.
func TestWhatScopesShow(t *testing.T) {
	tn := start(t)
	const colour = `"https://example.com/colour":"red",`
	for _, tt := range []struct{ name, audience, scope, want string }{
		{"openid", "", "openid", `{` + colour + `"sub":"auth0|ann"}`},
		{"email, whose claim no mapping replaces", "", "openid email", `{` + colour + `"sub":"auth0|ann","email":"ann@example.com","email_verified":true}`},
		{
			"profile", "", "openid profile", `{` + colour + `"sub":"auth0|ann","given_name":"Ann","family_name":"Other","nickname":"ann","name":"Ann Other",` +
				`"picture":"https://example.com/ann.png","updated_at":"2026-02-01T00:00:00.000Z"}`,
		},
		{"phone", "", "openid phone", `{` + colour + `"sub":"auth0|ann","phone_number":"+15550100","phone_number_verified":false}`},
		{"single claims", "", "openid name created_at email_verified", `{` + colour + `"sub":"auth0|ann","name":"Ann Other","created_at":"2026-01-01T00:00:00.000Z","email_verified":true}`},
		{"with a JWT for an API", "urn:rs", "openid email read:it", `{` + colour + `"sub":"auth0|ann","email":"ann@example.com","email_verified":true}`},
		{"with a JWT of RFC 9068", "urn:profile", "openid", `{` + colour + `"sub":"auth0|ann"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tn.show(tn.access(tt.audience, tt.scope))
			diff(t, "status", got.status, 200)
			diff(t, "content type", got.header.Get("Content-Type"), "application/json; charset=utf-8")
			diff(t, "cache", got.header.Get("Cache-Control"), "no-store")
			diff(t, "body", got.body, tt.want)
		})
	}
}

func TestWaysToSendTheToken(t *testing.T) {
	tn := start(t)
	token := tn.access("", "openid")
	const form = "application/x-www-form-urlencoded"
	for name, got := range map[string]answer{
		"bearer in lower case":  tn.ask(http.MethodGet, "", "", "Authorization", "bearer "+token),
		"POST with the header":  tn.ask(http.MethodPost, "", "", "Authorization", "Bearer "+token),
		"POST with a form":      tn.ask(http.MethodPost, "", "access_token="+token, "Content-Type", form),
		"POST with JSON":        tn.ask(http.MethodPost, "", `{"access_token":"`+token+`"}`, "Content-Type", "application/json"),
		"in the query":          tn.ask(http.MethodGet, "?access_token="+token, ""),
		"in the query, by POST": tn.ask(http.MethodPost, "?access_token="+token, ""),
	} {
		if got.status != 200 || !strings.Contains(got.body, `"sub":"auth0|ann"`) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// TestATokenIsSentInOneWay: RFC 6750 section 2 forbids clients to send a token in two ways, and section 3.1 has the
// error for it.
func TestATokenIsSentInOneWay(t *testing.T) {
	tn := start(t)
	token := tn.access("", "openid")
	const form = "application/x-www-form-urlencoded"
	for name, got := range map[string]answer{
		"header and query":    tn.ask(http.MethodGet, "?access_token="+token, "", "Authorization", "Bearer "+token),
		"header and body":     tn.ask(http.MethodPost, "", "access_token="+token, "Authorization", "Bearer "+token, "Content-Type", form),
		"query and body":      tn.ask(http.MethodPost, "?access_token="+token, "access_token="+token, "Content-Type", form),
		"all of them":         tn.ask(http.MethodPost, "?access_token="+token, "access_token="+token, "Authorization", "Bearer "+token, "Content-Type", form),
		"another one in JSON": tn.ask(http.MethodPost, "", `{"access_token":"x"}`, "Authorization", "Bearer "+token, "Content-Type", "application/json"),
	} {
		if challenge := got.header.Get("Www-Authenticate"); got.status != 400 || got.body != "Bad Request" || !strings.HasPrefix(challenge, `Bearer realm="Users", error="invalid_request"`) {
			t.Errorf("%s: %d %s %v", name, got.status, got.body, got.header)
		}
	}
	for name, got := range map[string]answer{
		"an empty one beside it": tn.ask(http.MethodGet, "?access_token=", "", "Authorization", "Bearer "+token),
		"a body of another kind": tn.ask(http.MethodPost, "", "a text", "Authorization", "Bearer "+token, "Content-Type", "text/plain"),
		"a query with repeats":   tn.ask(http.MethodGet, "?a=1&a=2", "", "Authorization", "Bearer "+token),
		"another form":           tn.ask(http.MethodPost, "", "a=b", "Authorization", "Bearer "+token, "Content-Type", form),
	} {
		if got.status != 200 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	tn := start(t)
	tn.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	const none, invalid, expired = `Bearer realm="Users"`,
		`Bearer realm="Users", error="invalid_token", error_description="The access token is invalid"`,
		`Bearer realm="Users", error="invalid_token", error_description="The token has expired"`
	other := start(t)
	opaque, jwt := tn.access("", "openid"), tn.access("urn:rs", "openid")
	_, machine := tn.Token(tn.browser, url.Values{"grant_type": {"client_credentials"}, "client_id": {"machine"}, "client_secret": {"a secret of sixteen"}, "audience": {"urn:rs"}})
	refuse := func(name string, got answer, challenge string) {
		t.Helper()
		if got.status != 401 || got.body != "Unauthorized" || got.header.Get("Www-Authenticate") != challenge || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %q %v", name, got.status, got.body, got.header)
		}
	}
	refuse("no token", tn.ask(http.MethodGet, "", ""), none)
	refuse("another scheme", tn.ask(http.MethodGet, "", "", "Authorization", "Basic YTpi"), none)
	refuse("a good token by the scheme DPoP", tn.ask(http.MethodGet, "", "", "Authorization", "DPoP "+jwt), none)
	refuse("an empty token", tn.ask(http.MethodGet, "", "", "Authorization", "Bearer "), none)
	for name, token := range map[string]string{
		"no token of any kind": "x", "five parts": "a.b.c.d.e", "three parts": "a.b.c", "a JWT that was changed": jwt[:len(jwt)-6] + "AAAAAA",
		"an opaque token that was changed": opaque[:len(opaque)-6] + "AAAAAA", "an ID token": tn.tokens("", "openid")["id_token"].(string),
		"a JWT for an API alone": tn.access("urn:rs", "read:it"), "an HS256 token": tn.access("urn:hs", "openid read:it"),
		"a machine's token": machine["access_token"].(string), "another tenant's JWT": other.access("urn:rs", "openid"), "another tenant's opaque token": other.access("", "openid"),
	} {
		refuse(name, tn.show(token), invalid)
	}
	got := tn.show(tn.access("", "email"))
	if want := `Bearer realm="Users", error="insufficient_scope", scope="openid"`; got.status != 403 || got.header.Get("Www-Authenticate") != want {
		t.Errorf("without openid: %d %s %v", got.status, got.body, got.header)
	}
	tn.Advance(24*time.Hour - time.Second)
	for _, token := range []string{opaque, jwt} {
		diff(t, "status just before the token expires", tn.show(token).status, 200)
	}
	tn.Advance(time.Second)
	for _, token := range []string{opaque, jwt} {
		refuse("expired", tn.show(token), expired)
	}
}

func TestCORS(t *testing.T) {
	tn := start(t)
	token := tn.access("", "openid")
	got := tn.ask(http.MethodGet, "", "", "Authorization", "Bearer "+token, "Origin", "https://app.example.com")
	if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
		t.Errorf("an application's page: %d %v", got.status, got.header)
	}
	got = tn.ask(http.MethodGet, "", "", "Authorization", "Bearer "+token, "Origin", "https://evil.example")
	if got.status != 403 || strings.Contains(got.body, "auth0|ann") {
		t.Errorf("another page: %d %s", got.status, got.body)
	}
	got = tn.ask(http.MethodGet, "", "", "Origin", "https://app.example.com")
	if got.status != 401 || !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
		t.Errorf("an error to an application's page: %d %v", got.status, got.header)
	}
}
