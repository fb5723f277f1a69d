package myaccount_test

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// upstreamFile is a tenant that is the identity provider of another tenant, whose address is %s.
const upstreamFile = `
tenant: {default_directory: people}
clients:
  - {name: federation, client_id: fed, client_secret: ` + secret + `, app_type: regular_web, callbacks: ["%slogin/callback"], grant_types: [authorization_code, refresh_token]}
databases:
  - {name: people, strategy: auth0, enabled_clients: [federation]}
users:
  - {user_id: "auth0|uma", email: uma@upstream.example, email_verified: true, password: A 1st password of uma, connection: people}
`

// TestAnAccountAtARealProvider connects an account over the network, with a state, nonce and verifier for the
// provider, and renews its token there.
func TestAnAccountAtARealProvider(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	up := servertest.Start(t, servertest.Seed(fmt.Sprintf(upstreamFile, "http://localhost:"+port+"/")), servertest.HTTP())
	own := strings.Replace(file, "  - {name: github,", `  - {name: up, strategy: oidc, enabled_clients: [app], connected_accounts: {active: true}, authentication: {active: false}, options: {client_id: fed, client_secret: `+
		secret+`, scope: "openid offline_access", discovery_url: "`+up.URL+`.well-known/openid-configuration"}}
  - {name: github,`, 1)
	s := servertest.Start(t, servertest.Seed(own), servertest.Config(func(c *config.Config) { c.Issuer, c.Listen = "http://localhost:"+port+"/", "127.0.0.1:"+port }))
	tn := &tenant{s, s.Client(), t}
	token := tn.token("ann", "app", every)
	session, target := tn.connect(token, "connection", "up", "scopes", nil)

	browser := tn.Client()
	at, page := tn.Visit(browser, target)
	for range 4 { // from one tenant to the other, and back
		if at == nil && page.URL.Path == "/u/login" {
			form := page.Form()
			form.Set("username", "uma@upstream.example")
			form.Set("password", "A 1st password of uma")
			form.Set("action", "default")
			at, page = up.Submit(browser, page, form)
		}
		if at == nil && page.URL.Path == "/u/consent" {
			form := page.Form()
			form.Set("action", "accept")
			at, page = up.Submit(browser, page, form)
		}
		if at == nil {
			t.Fatalf("%d %s", page.Status, page.Body)
		}
		if at.Host == "app.example.com" {
			break
		}
		visitor := tn.Server
		if strings.HasPrefix(at.String(), up.URL) {
			visitor = up
		}
		at, page = visitor.Visit(browser, at.String())
	}
	if at == nil || at.Query().Get("connect_code") == "" {
		t.Fatalf("%v %s", at, page.Body)
	}
	account := tn.must(http.StatusCreated, http.MethodPost, "connected-accounts/complete", token, completing(session, at.Query()))
	diff(t, "the scopes", account["scopes"], []any{"openid", "offline_access"})
	vaulted := func() string {
		t.Helper()
		_, held := tn.tokens("ann", "app", "offline_access", "https://api.test")
		status, answer := tn.Token(tn.browser, url.Values{
			"grant_type": {vaultGrant}, "client_id": {"app"}, "client_secret": {secret}, "connection": {"up"},
			"subject_token": {held["refresh_token"].(string)}, "subject_token_type": {"urn:ietf:params:oauth:token-type:refresh_token"},
			"requested_token_type": {"http://auth0.com/oauth/token-type/federated-connection-access-token"},
		})
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		return answer["access_token"].(string)
	}
	userinfo := func(token string) int {
		t.Helper()
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, up.URL+"userinfo", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+token)
		resp, err := tn.browser.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	first := vaulted()
	if status := userinfo(first); status != http.StatusOK {
		t.Errorf("the provider answers its token with %d", status)
	}
	tn.Advance(25 * time.Hour)
	up.Advance(25 * time.Hour)
	if renewed := vaulted(); renewed == first || userinfo(renewed) != http.StatusOK {
		t.Error("a token that is over is not renewed")
	}
}
