package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	contractorScope = "openid profile email offline_access"
	employeeScope   = contractorScope + " read:timesheets create:timesheets delete:timesheets"
	managerScope    = employeeScope + " approve:timesheets"
)

// app is an application in Go that uses x/oauth2 and go-oidc.
type app struct {
	*oauth2.Config
	stage    *stage
	provider *oidc.Provider
	// ctx contains the HTTP client that trusts the tenant.
	ctx context.Context
}

// newApp returns an application that learns everything about the tenant from its issuer.
func (s *stage) newApp(t *testing.T, clientID, secret string) *app {
	t.Helper()
	ctx := oidc.ClientContext(t.Context(), s.Client())
	provider, err := oidc.NewProvider(ctx, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{&oauth2.Config{
		ClientID: clientID, ClientSecret: secret, RedirectURL: s.app.callback(), Endpoint: provider.Endpoint(),
		Scopes: []string{"create:timesheets", "read:timesheets", "openid", "profile", "email", "offline_access"},
	}, s, provider, ctx}
	if secret == "" {
		a.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return a
}

// logIn logs a user in with a window of the browser and redeems the code.
func (a *app) logIn(t *testing.T, username string) *oauth2.Token {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	w := openWindow(a.stage.browser, t)
	w.open(a.AuthCodeURL("s1", oidc.Nonce("n1"), oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("audience", servertest.API)))
	w.logIn(username, servertest.Password)
	if w.path() == "/u/consent" {
		w.press("button[value=accept]")
	}
	response := a.stage.app.response(t)
	if response.Get("state") != "s1" {
		t.Fatalf("%s: the application gets %v", username, response)
	}
	token, err := a.Exchange(a.ctx, response.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refresh exchanges the refresh token in a token response for new tokens.
func (a *app) refresh(t *testing.T, token *oauth2.Token) *oauth2.Token {
	t.Helper()
	fresh, err := a.TokenSource(a.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// idToken verifies the ID token in a token response.
func (a *app) idToken(t *testing.T, token *oauth2.Token) *oidc.IDToken {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := a.provider.Verifier(&oidc.Config{ClientID: a.ClientID}).Verify(a.ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// startAPI starts the example API and returns its address.
func startAPI(t *testing.T, tenant *servertest.Server) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "api")
	build(t, program, "./examples/timesheets/api")
	cmd := exec.Command(program, "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "AUTH0_ISSUER_BASE_URL="+tenant.URL, "SSL_CERT_FILE="+tenant.CAPath())
	return start(t, cmd)
}

// request sends a request with an access token and returns the status and the body.
func request(t *testing.T, client *http.Client, method, url, token, body string) (int, string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		rq.Header.Set("Authorization", "Bearer "+token)
	}
	rq.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(bytes.TrimSpace(answer))
}

func TestScenario(t *testing.T) {
	s := startStage(t)
	a := s.newApp(t, servertest.Mobile, "")
	api := startAPI(t, s.Server)
	status := func(method, path, token string) int {
		got, _ := request(t, http.DefaultClient, method, api+path, token, `{"project":"Harbor","date":"2026-11-23","hours":8}`)
		return got
	}

	tokens := map[string]*oauth2.Token{}
	for _, tt := range []struct {
		user, scope  string
		read, create int
		approvals    int
	}{
		{servertest.Employee, employeeScope, 200, 201, 403},
		{servertest.Manager, managerScope, 200, 201, 200},
		{servertest.Contractor, contractorScope, 403, 403, 403},
	} {
		t.Run(tt.user+" gets what the user may do", func(t *testing.T) {
			token := a.logIn(t, tt.user)
			tokens[tt.user] = token
			if got := token.Extra("scope"); got != tt.scope {
				t.Errorf("granted %q, want %q", got, tt.scope)
			}
			got := []int{
				status("GET", "/timesheets", token.AccessToken), status("POST", "/timesheets", token.AccessToken),
				status("GET", "/approvals", token.AccessToken),
			}
			if diff := cmp.Diff([]int{tt.read, tt.create, tt.approvals}, got); diff != "" {
				t.Errorf("GET and POST /timesheets, GET /approvals (-want +got):\n%s", diff)
			}
		})
	}
	if t.Failed() {
		return
	}
	employee, manager := tokens[servertest.Employee], tokens[servertest.Manager]

	t.Run("the API refuses who does not prove anything", func(t *testing.T) {
		for name, token := range map[string]string{
			"no token": "", "no JWT": "nonsense", "an ID token": employee.Extra("id_token").(string),
			"a broken signature": employee.AccessToken[:len(employee.AccessToken)-8] + "AAAAAAAA",
		} {
			if got := status("GET", "/timesheets", token); got != http.StatusUnauthorized {
				t.Errorf("%s: %d, want 401", name, got)
			}
		}
	})

	t.Run("the cron job uploads for others", func(t *testing.T) {
		_, body := s.Token(s.Client(), url.Values{
			"grant_type": {"client_credentials"}, "audience": {servertest.API},
			"client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret},
		})
		token, _ := body["access_token"].(string)
		entry := `{"user_id":"` + servertest.Contractor + `","project":"Harbor","date":"2026-11-23","hours":8}`
		if got, answer := request(t, http.DefaultClient, "POST", api+"/timesheets/upload", token, entry); got != http.StatusCreated {
			t.Errorf("%d %s, want 201", got, answer)
		}
	})

	t.Run("a refresh grants the same again", func(t *testing.T) {
		if got := a.refresh(t, manager).Extra("scope"); got != managerScope {
			t.Errorf("granted %q, want %q", got, managerScope)
		}
	})

	t.Run("the ID token and userinfo say who the user is", func(t *testing.T) {
		id := a.idToken(t, employee)
		var claims, info struct{ Sub, Name, Email, Picture string }
		if err := id.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		user, err := a.provider.UserInfo(a.ctx, a.TokenSource(a.ctx, employee))
		if err != nil {
			t.Fatal(err)
		}
		if err := user.Claims(&info); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(claims, info); diff != "" || info.Email != servertest.Employee || info.Name == "" || info.Picture == "" {
			t.Errorf("userinfo is %+v; ID token and userinfo differ by\n%s", info, diff)
		}
		if id.Nonce != "n1" {
			t.Errorf("the nonce is %q, want n1", id.Nonce)
		}
	})

	t.Run("a role that is taken away is gone at the next refresh", func(t *testing.T) {
		s.removeRoles(t, a.idToken(t, manager).Subject)
		if got := a.refresh(t, manager).Extra("scope"); got != contractorScope {
			t.Errorf("granted %q, want %q", got, contractorScope)
		}
		if got := status("GET", "/approvals", manager.AccessToken); got != http.StatusOK {
			t.Errorf("with the token from before the API answers %d, want 200 until it expires", got)
		}
	})

	t.Run("nobody logs in to the extension's API", func(t *testing.T) {
		w := openWindow(s.browser, t)
		w.open(s.authorizeURL(url.Values{"audience": {"urn:auth0-authz-api"}}))
		w.logIn(servertest.Manager, servertest.Password)
		response := s.app.response(t)
		if response.Get("error") != "unauthorized" || response.Get("error_description") != "no_end_users" {
			t.Errorf("the application gets %v, want unauthorized, no_end_users", response)
		}
	})
}

// removeRoles removes all roles of a user by the API of the Authorization
// Extension.
func (s *stage) removeRoles(t *testing.T, user string) {
	t.Helper()
	client := s.Client()
	_, body := s.Token(client, url.Values{
		"grant_type": {"client_credentials"}, "audience": {"urn:auth0-authz-api"},
		"client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
	})
	token, _ := body["access_token"].(string)
	roles := s.URL + "extensions/authorization/api/users/" + url.PathEscape(user) + "/roles"
	status, answer := request(t, client, "GET", roles, token, "")
	var held []struct {
		ID string `json:"_id"`
	}
	if err := json.Unmarshal([]byte(answer), &held); err != nil || len(held) == 0 {
		t.Fatalf("the roles of %s: %d %s", user, status, answer)
	}
	var ids []string
	for _, role := range held {
		ids = append(ids, role.ID)
	}
	raw, err := json.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := request(t, client, "DELETE", roles, token, string(raw)); status != http.StatusNoContent {
		t.Fatalf("removing the roles of %s: %d %s", user, status, answer)
	}
}

// TestACustomSchemeGetsItsCode: the app on a phone has a URL scheme of its own, which this browser would not
// open, so the test checks the redirect itself.
func TestACustomSchemeGetsItsCode(t *testing.T) {
	tenant := servertest.Start(t)
	browser := tenant.Client()
	login := tenant.Login(browser, servertest.Login{
		ClientID: servertest.Mobile, RedirectURI: "demo://localhost:4400/android/com.auth0.samples/callback",
		Params: url.Values{"state": {"mS3_-f9"}},
	})
	if login.Get("state") != "mS3_-f9" || strings.ContainsAny(login.Get("code"), "=&+%") {
		t.Errorf("the application gets %v, want its state and a code that needs no escaping", login.Values)
	}
	form := login.Form()
	form.Set("code_verifier", oauth2.GenerateVerifier())
	if status, body := tenant.Token(browser, form); status != http.StatusForbidden || body["error"] != "invalid_grant" {
		t.Errorf("a wrong verifier: %d %v, want 403 invalid_grant", status, body)
	}
	if tokens := tenant.Exchange(browser, login); tokens["scope"] != employeeScope {
		t.Errorf("the right verifier after it: %v", tokens)
	}
}

// TestAConfidentialApplicationInGo lets x/oauth2 choose how the application authenticates: it tries HTTP Basic
// first, which must not use up the code.
func TestAConfidentialApplicationInGo(t *testing.T) {
	s := startStage(t)
	a := s.newApp(t, servertest.Web, servertest.WebSecret)
	token := a.logIn(t, servertest.Employee)
	if id := a.idToken(t, token); id.Audience[0] != servertest.Web {
		t.Errorf("the ID token is for %v", id.Audience)
	}
	if fresh := a.refresh(t, token); fresh.AccessToken == "" || !fresh.Valid() {
		t.Errorf("the refreshed token is %+v", fresh)
	}
}
