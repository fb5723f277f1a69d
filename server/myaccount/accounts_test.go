package myaccount_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const verifier = "a-verifier-that-is-long-enough-for-rfc-7636-to-take"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

var connectBody = object{"connection": google, "redirect_uri": callback + "?a=b", "state": "the state", "code_challenge": challenge(), "code_challenge_method": "S256"}

// connect begins to connect an account, and returns the auth_session and the address for the browser.
func (tn *tenant) connect(token string, changes ...any) (session, target string) {
	tn.t.Helper()
	answer := tn.must(http.StatusCreated, http.MethodPost, "connected-accounts/connect", token, with(connectBody, changes...))
	if answer["expires_in"] != 300.0 || answer["connect_uri"] != tn.URL+"connected-accounts/connect" {
		tn.t.Fatal(answer)
	}
	return answer["auth_session"].(string), answer["connect_uri"].(string) + "?ticket=" + answer["connect_params"].(object)["ticket"].(string)
}

// came follows target in a browser and returns the query with which it reaches the application.
func (tn *tenant) came(browser *http.Client, target string) url.Values {
	tn.t.Helper()
	left, page := tn.Visit(browser, target)
	if left == nil {
		tn.t.Fatalf("%d %s", page.Status, page.Body)
	}
	if left.Host != "app.example.com" || left.Query().Get("a") != "b" || left.Query().Get("state") != "the state" {
		tn.t.Fatal(left)
	}
	return left.Query()
}

// completing returns the body of a complete request for a session and the query that the application got.
func completing(session string, came url.Values) object {
	return object{"auth_session": session, "connect_code": came.Get("connect_code"), "redirect_uri": callback + "?a=b", "code_verifier": verifier}
}

// connected connects an account and returns it.
func (tn *tenant) connected(token string, changes ...any) object {
	tn.t.Helper()
	session, target := tn.connect(token, changes...)
	return tn.must(http.StatusCreated, http.MethodPost, "connected-accounts/complete", token, completing(session, tn.came(tn.Client(), target)))
}

// TestAnAccountIsConnected as in Auth0's documentation, and its tokens are available from Token Vault.
func TestAnAccountIsConnected(t *testing.T) {
	tn := start(t)
	token := tn.token("ann", "app", every)
	scopes := []any{"openid", "https://www.googleapis.com/auth/drive"}
	account := tn.connected(token, "scopes", scopes)
	id, _ := account["id"].(string)
	if !strings.HasPrefix(id, "cac_") || len(id) != 26 {
		t.Errorf("%q", id)
	}
	diff(t, "the account", account, object{"id": id, "connection": google, "access_type": "offline", "scopes": scopes, "created_at": "2027-03-01T12:00:00.000Z"})
	diff(t, "the accounts", tn.must(http.StatusOK, http.MethodGet, "connected-accounts/accounts", token, nil), object{"accounts": []any{account}})
	_, all := tn.Manage(tn.browser, http.MethodGet, "users/auth0|ann/connected-accounts", nil)
	connection := all.(object)["connected_accounts"].([]any)[0].(object)["connection_id"]
	diff(t, "the accounts at the Management API", all, object{"connected_accounts": []any{with(account, "connection_id", connection, "strategy", google)}})
	_, user := tn.Manage(tn.browser, http.MethodGet, "users/auth0|ann", nil)
	if n := len(user.(object)["identities"].([]any)); n != 1 {
		t.Errorf("the account became an identity: %v", user)
	}
	if at := tn.provided("ann"); at["scope"] != "openid https://www.googleapis.com/auth/drive" || !strings.HasPrefix(at["access_token"].(string), "simulated-") {
		t.Error(at)
	}
	tn.Advance(2 * time.Hour) // the access token is over: it is renewed
	renewed := tn.provided("ann")
	if again := tn.provided("ann"); again["access_token"] != renewed["access_token"] {
		t.Errorf("%v and then %v", renewed, again)
	}
	token = tn.token("ann", "app", every)
	if resp, _ := tn.call(http.MethodDelete, "connected-accounts/accounts/"+id, token, nil); resp.StatusCode != http.StatusNoContent {
		t.Error(resp.Status)
	}
	diff(t, "the accounts afterwards", tn.must(http.StatusOK, http.MethodGet, "connected-accounts/accounts", token, nil), object{"accounts": []any{}})
	if status, answer := tn.vaulted("ann"); status != http.StatusUnauthorized || answer["error"] != "federated_connection_refresh_token_not_found" {
		t.Errorf("%d %v", status, answer)
	}
	tn.refused("A0E-404-0001", http.MethodDelete, "connected-accounts/accounts/"+id, token, nil)
}

// vaulted exchanges a refresh token of a user for an access token of Google.
func (tn *tenant) vaulted(user string) (int, object) {
	tn.t.Helper()
	status, answer := tn.tokens(user, "app", "offline_access", "https://api.test")
	if status != http.StatusOK {
		tn.t.Fatalf("%d %v", status, answer)
	}
	return tn.Token(tn.browser, url.Values{
		"grant_type": {vaultGrant}, "client_id": {"app"}, "client_secret": {secret}, "connection": {google},
		"subject_token": {answer["refresh_token"].(string)}, "subject_token_type": {"urn:ietf:params:oauth:token-type:refresh_token"},
		"requested_token_type": {"http://auth0.com/oauth/token-type/federated-connection-access-token"},
	})
}

func (tn *tenant) provided(user string) object {
	tn.t.Helper()
	status, answer := tn.vaulted(user)
	if status != http.StatusOK {
		tn.t.Fatalf("%d %v", status, answer)
	}
	return answer
}

// TestConnectedAgain: the account gets new tokens and scopes; a second account at the provider is added beside it.
func TestConnectedAgain(t *testing.T) {
	tn := start(t)
	token := tn.token("ann", "app", every)
	first := tn.connected(token)
	diff(t, "the scopes", first["scopes"], []any{"email", "profile", "https://www.googleapis.com/auth/calendar"})
	again := tn.connected(token, "scopes", []string{"email"})
	diff(t, "the account", again, with(first, "scopes", []any{"email"}))
	tn.Choose(google, "allow", "1082")
	second := tn.connected(token)
	tracked := tn.connected(token, "connection", "tracker")
	diff(t, "the scopes of the tracker", tracked["scopes"], []any{"read", "offline_access"})
	list := func(query string) object {
		return tn.must(http.StatusOK, http.MethodGet, "connected-accounts/accounts"+query, token, nil)
	}
	diff(t, "the accounts", list(""), object{"accounts": []any{again, second, tracked}})
	diff(t, "of a connection", list("?connection=tracker"), object{"accounts": []any{tracked}})
	diff(t, "of both", list("?connection=tracker&connection=google-oauth2&take=2"), object{"accounts": []any{again, second}, "next": second["id"]})
	diff(t, "the second page", list("?take=2&from="+second["id"].(string)), object{"accounts": []any{tracked}})
	diff(t, "the connections", tn.must(http.StatusOK, http.MethodGet, "connected-accounts/connections", token, nil), object{"connections": []any{
		object{"name": google, "strategy": google, "scopes": []any{"email", "profile", "https://www.googleapis.com/auth/calendar"}},
		object{"name": "tracker", "strategy": "oauth2", "scopes": []any{"read", "offline_access"}},
	}})
	for _, query := range []string{"?take=0", "?take=21", "?take=x", "?from=cac_nothing"} {
		tn.refused("A0E-400-0003", http.MethodGet, "connected-accounts/accounts"+query, token, nil)
	}
}

// TestWhoDoesNotConnect tries every request that must not connect an account; the correct request succeeds in
// the end.
func TestWhoDoesNotConnect(t *testing.T) {
	tn := start(t)
	ann, bob := tn.token("ann", "app", every), tn.token("bob", "app", every)
	session, target := tn.connect(ann)
	const complete = "connected-accounts/complete"
	early := completing(session, url.Values{"connect_code": {"x"}})
	tn.refused("A0E-400-0001", http.MethodPost, complete, ann, early)
	came := tn.came(tn.Client(), target)
	if left, page := tn.Visit(tn.Client(), target); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("a ticket was followed twice: %v %v", left, page.Status)
	}
	right := completing(session, came)
	otherSession, otherTarget := tn.connect(ann)
	otherCame := tn.came(tn.Client(), otherTarget)
	bobsSession, bobsTarget := tn.connect(bob)
	bobsCame := tn.came(tn.Client(), bobsTarget)
	for what, attempt := range map[string]struct {
		token string
		body  object
	}{
		"another user's token":        {bob, right},
		"another application's token": {tn.token("ann", "other", every), right},
		"another session":             {ann, with(right, "auth_session", otherSession)},
		"another user's session":      {ann, with(right, "auth_session", bobsSession)},
		"another session's code":      {ann, with(right, "connect_code", otherCame.Get("connect_code"))},
		"another user's code":         {ann, with(right, "connect_code", bobsCame.Get("connect_code"))},
		"a guessed code":              {ann, with(right, "connect_code", strings.Repeat("x", 43))},
		"another redirect_uri":        {ann, with(right, "redirect_uri", callback)},
		"no verifier":                 {ann, with(right, "code_verifier", nil)},
		"another verifier":            {ann, with(right, "code_verifier", strings.Repeat("v", 43))},
		"the challenge as verifier":   {ann, with(right, "code_verifier", challenge())},
	} {
		t.Run(what, func(t *testing.T) {
			tn := *tn
			tn.t = t
			tn.refused("A0E-400-0001", http.MethodPost, complete, attempt.token, attempt.body)
		})
	}
	tn.must(http.StatusCreated, http.MethodPost, complete, ann, right)
	tn.refused("A0E-400-0001", http.MethodPost, complete, ann, right) // a code is good once
	tn.Advance(5 * time.Minute)
	tn.refused("A0E-400-0001", http.MethodPost, complete, tn.token("ann", "app", every), completing(otherSession, otherCame))
	_, late := tn.connect(tn.token("ann", "app", every))
	tn.Advance(5 * time.Minute)
	if left, page := tn.Visit(tn.Client(), late); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("a ticket that is over was followed: %v %v", left, page.Status)
	}
	diff(t, "bob's accounts", tn.must(http.StatusOK, http.MethodGet, "connected-accounts/accounts", tn.token("bob", "app", every), nil), object{"accounts": []any{}})
}

// TestAProviderThatNamesNobody: without an id from the provider there is no account to connect.
func TestAProviderThatNamesNobody(t *testing.T) {
	var person string
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/token" {
			_, _ = io.WriteString(w, `{"access_token": "of-the-provider", "refresh_token": "r", "token_type": "Bearer"}`)
			return
		}
		_, _ = io.WriteString(w, person)
	}))
	t.Cleanup(provider.Close)
	tn := start(t)
	tn.Manage(tn.browser, http.MethodPatch, "connections/"+tn.connectionID("tracker"), object{"options": object{
		"client_id": "c", "client_secret": "s", "scope": "read offline_access",
		"authorizationURL": provider.URL + "/auth", "tokenURL": provider.URL + "/token", "userinfo_endpoint": provider.URL + "/me",
	}})
	for _, said := range []string{`{"id": 7}`, `{"id": ""}`, `{}`} {
		person = said
		_, target := tn.connect(tn.token("ann", "app", every), "connection", "tracker")
		browser := tn.Client()
		asked, page := tn.Visit(browser, target)
		if asked == nil || !strings.HasPrefix(asked.String(), provider.URL+"/auth?") {
			t.Fatalf("the ticket leads to %v %s", asked, page.Body)
		}
		came := tn.came(browser, tn.URL+"login/callback?"+url.Values{"state": {asked.Query().Get("state")}, "code": {"x"}}.Encode())
		if named := said == `{"id": 7}`; came.Has("connect_code") != named || came.Has("error") == named {
			t.Errorf("a provider that says %s: %v", said, came)
		}
	}
}

// TestWhoSeesAccounts: only their user sees them.
func TestWhoSeesAccounts(t *testing.T) {
	tn := start(t)
	ann, bob := tn.token("ann", "app", every), tn.token("bob", "app", every)
	id := tn.connected(ann)["id"].(string)
	diff(t, "bob's accounts", tn.must(http.StatusOK, http.MethodGet, "connected-accounts/accounts", bob, nil), object{"accounts": []any{}})
	tn.refused("A0E-404-0001", http.MethodDelete, "connected-accounts/accounts/"+id, bob, nil)
	if status, answer := tn.vaulted("bob"); status != http.StatusUnauthorized {
		t.Errorf("%d %v", status, answer)
	}
	if _, all := tn.Manage(tn.browser, http.MethodGet, "users/auth0|bob/connected-accounts", nil); len(all.(object)["connected_accounts"].([]any)) != 0 {
		t.Error(all)
	}
	// They are deleted with the user and with the connection.
	for _, path := range []string{"users/auth0|ann", "connections/" + tn.connectionID(google)} {
		if status, answer := tn.Manage(tn.browser, http.MethodDelete, path, nil); status/100 != 2 {
			t.Fatalf("%d %v", status, answer)
		}
		if path == "users/auth0|ann" {
			tn.refused("A0E-401-0003", http.MethodGet, "connected-accounts/accounts", ann, nil)
			tn.Manage(tn.browser, http.MethodPost, "users", object{"user_id": "ann", "connection": "people", "email": "ann@example.com", "password": "A 1st password of ann"})
			tn.connected(bob)
		}
		for _, user := range []string{"ann", "bob"} {
			if user == "bob" && path == "users/auth0|ann" {
				continue
			}
			diff(t, user+"'s accounts", tn.must(http.StatusOK, http.MethodGet, "connected-accounts/accounts", tn.token(user, "app", every), nil), object{"accounts": []any{}})
		}
	}
}

func (tn *tenant) connectionID(name string) string {
	tn.t.Helper()
	_, all := tn.Manage(tn.browser, http.MethodGet, "connections?name="+name, nil)
	list, ok := all.([]any)
	if !ok {
		list, _ = all.(object)["connections"].([]any)
	}
	return list[0].(object)["id"].(string)
}

// TestABrowserAlone: only the browser that began can continue. An image on another site's page starts nothing and
// does not use up the ticket, and the provider's answer in another browser is refused.
func TestABrowserAlone(t *testing.T) {
	tn := start(t)
	token := tn.token("ann", "app", every)
	_, target := tn.connect(token)
	tn.Choose(google, "deny", "")
	one := tn.Client()
	one.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	follow := func(client *http.Client, at string) *url.URL {
		t.Helper()
		resp, err := client.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		next, err := resp.Location()
		if err != nil {
			t.Fatalf("%s: %s", at, resp.Status)
		}
		return next
	}
	image, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	image.Header.Set("Sec-Fetch-Dest", "image")
	resp, err := one.Do(image)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("as an image it is answered %s", resp.Status)
	}
	provider := follow(one, target)
	if query := provider.Query(); query.Get("access_type") != "offline" || query.Get("prompt") != "consent" {
		t.Error(provider)
	}
	back := follow(one, provider.String())
	if left, page := tn.Visit(tn.Client(), back.String()); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("another browser came to %v, %d", left, page.Status)
	}
	// The state sent to the provider opens no page of a login.
	for _, page := range []string{"u/login", "authorize/resume", "u/mfa-otp-challenge", "u/login/federated"} {
		if left, got := tn.Visit(one, tn.URL+page+"?state="+back.Query().Get("state")); left != nil || got.Status != http.StatusBadRequest {
			t.Errorf("%s: %v %d", page, left, got.Status)
		}
	}
	left := follow(one, back.String())
	if got := left.Query(); got.Get("error") != "access_denied" || got.Get("state") != "the state" || got.Has("connect_code") {
		t.Error(left)
	}
}

// TestRequestsToConnect are checked by the rules that Auth0 describes.
func TestRequestsToConnect(t *testing.T) {
	tn := start(t)
	token := tn.token("ann", "app", every)
	const connect = "connected-accounts/connect"
	for what, changes := range map[string][]any{
		"no connection": {"connection", nil}, "no redirect_uri": {"redirect_uri", nil}, "a strange redirect_uri": {"redirect_uri", "https://evil.example/callback"},
		"an empty state": {"state", ""}, "a short challenge": {"code_challenge", "short"}, "plain": {"code_challenge_method", "plain"},
		"no method": {"code_challenge_method", nil}, "no scopes": {"scopes", []string{}}, "a scope twice": {"scopes", []string{"a", "a"}},
		"scopes as a text": {"scopes", "a"}, "a member too many": {"nonce", "x"}, "another display": {"authorization_params", object{"display": "tv"}},
		"a parameter too many": {"authorization_params", object{"redirect_uri": "https://evil.example"}}, "a negative age": {"authorization_params", object{"max_age": -1}},
	} {
		t.Run(what, func(t *testing.T) {
			tn := *tn
			tn.t = t
			answer := tn.refused("A0E-400-0003", http.MethodPost, connect, token, with(connectBody, changes...))
			faults, _ := answer["validation_errors"].([]any)
			if len(faults) == 0 || !strings.HasPrefix(changes[0].(string), strings.Split(faults[0].(object)["field"].(string), ".")[0]) && what != "a parameter too many" {
				t.Error(answer)
			}
		})
	}
	for what, name := range map[string]string{
		"no connection": "nothing", "one that is not for it": "github", "another application's": "line", "a database": "people", "one without tokens": "directory",
	} {
		t.Run(what, func(t *testing.T) {
			tn := *tn
			tn.t = t
			tn.refused("A0E-404-0001", http.MethodPost, connect, token, with(connectBody, "connection", name))
		})
	}
	if resp, answer := tn.call(http.MethodPost, connect, token, connectBody, "Content-Type", "text/plain"); resp.StatusCode != http.StatusUnsupportedMediaType || answer["status"] != 415.0 {
		t.Errorf("%s %v", resp.Status, answer)
	}
	_, target := tn.connect(token, "authorization_params", object{"login_hint": "1082", "acr_values": "urn:a", "max_age": 5})
	tn.Choose(google, "allow", "1082")
	if left, _ := tn.Visit(tn.Client(), target); left.Query().Get("connect_code") == "" {
		t.Error(left)
	}
}

// TestTokensOfTheAPI are issued only with a client grant, and allow only what their scope says.
func TestTokensOfTheAPI(t *testing.T) {
	tn := start(t)
	const accounts = "connected-accounts/accounts"
	status, answer := tn.tokens("ann", "ungranted", every, tn.URL+"me/")
	if status == http.StatusOK {
		t.Errorf("an application without a grant got %v", answer)
	}
	if status, answer = tn.Token(tn.browser, url.Values{"grant_type": {"client_credentials"}, "client_id": {"ungranted"}, "client_secret": {secret}, "audience": {tn.URL + "me/"}}); status == http.StatusOK {
		t.Errorf("a machine got %v", answer)
	}
	tn.refused("A0E-401-0001", http.MethodGet, accounts, "", nil)
	tn.refused("A0E-401-0003", http.MethodGet, accounts, "nonsense", nil)
	_, other := tn.tokens("ann", "app", "openid", "https://api.test")
	tn.refused("A0E-401-0003", http.MethodGet, accounts, other["access_token"].(string), nil)
	tn.refused("A0E-403-0002", http.MethodGet, accounts, tn.token("ann", "app", "create:me:connected_accounts"), nil)
	tn.refused("A0E-403-0002", http.MethodPost, "connected-accounts/connect", tn.token("ann", "app", "read:me:connected_accounts"), connectBody)
	tn.refused("A0E-403-0002", http.MethodDelete, accounts+"/cac_x", tn.token("ann", "app", "read:me:connected_accounts"), nil)
	token := tn.token("ann", "app", "read:me:connected_accounts")
	resp, _ := tn.call(http.MethodGet, accounts, token, nil, "Origin", "https://app.example.com")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Access-Control-Allow-Origin") != "https://app.example.com" || resp.Header.Get("X-RateLimit-Limit") != "25" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "users/auth0|ann", object{"blocked": true}); status != http.StatusOK {
		t.Fatal(answer)
	}
	tn.refused("A0E-401-0003", http.MethodGet, accounts, token, nil)
	tn.Advance(11 * time.Minute) // Auth0: its tokens live ten minutes
	tn.refused("A0E-401-0003", http.MethodGet, accounts, tn.tokenOf("bob", token), nil)
}

// tokenOf returns a user's token that is eleven minutes old.
func (tn *tenant) tokenOf(user, _ string) string {
	tn.t.Helper()
	token := tn.token(user, "app", every)
	tn.Advance(11 * time.Minute)
	return token
}

// TestTheAPIHasToBeActivated: without its resource server the API answers 404.
func TestTheAPIHasToBeActivated(t *testing.T) {
	tn := start(t)
	token := tn.token("ann", "app", every)
	_, all := tn.Manage(tn.browser, http.MethodGet, "resource-servers", nil)
	for _, api := range all.([]any) {
		if o := api.(object); o["identifier"] == tn.URL+"me/" {
			if status, answer := tn.Manage(tn.browser, http.MethodDelete, "resource-servers/"+o["id"].(string), nil); status != http.StatusNoContent {
				t.Fatalf("%d %v", status, answer)
			}
		}
	}
	answer := tn.refused("A0E-404-0001", http.MethodGet, "connected-accounts/accounts", token, nil)
	if answer["detail"] != "The requested resource GET /me/v1/connected-accounts/accounts was not found." {
		t.Error(answer)
	}
}
