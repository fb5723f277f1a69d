package management_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestLinkingTakesAProof: to link an account, the request needs a valid ID token of that account that was
// issued to the application that makes the request. Anything else is refused and changes nothing.
func TestLinkingTakesAProof(t *testing.T) {
	c := newClient(t)
	const scopes = "update:current_user_identities"
	logIn := func(app, redirect, user, audience string) (access, id string) {
		t.Helper()
		browser := c.tenant.Client()
		result := c.tenant.Login(browser, servertest.Login{
			ClientID: app, RedirectURI: redirect, Username: user, Params: url.Values{"audience": {audience}, "scope": {"openid " + scopes}},
		})
		form := result.Form()
		if app == servertest.Web {
			form.Set("client_secret", servertest.WebSecret)
		}
		_, body := c.tenant.Token(browser, form)
		access, _ = body["access_token"].(string)
		id, _ = body["id_token"].(string)
		return access, id
	}
	self := func() (user *client, path string) {
		access, id := logIn(servertest.SPA, servertest.SPACallback, servertest.Employee, c.tenant.URL+"api/v2/")
		user = &client{t: t, tenant: c.tenant, http: c.http, token: access}
		return user, "/users/" + subjectOf(t, id) + "/identities"
	}
	victims := func(app, redirect string) string {
		_, id := logIn(app, redirect, servertest.Manager, "")
		return id
	}
	user, path := self()
	good := victims(servertest.SPA, servertest.SPACallback)
	victim := "/users/" + subjectOf(t, good)
	refused := func(what string, by *client, token string) {
		t.Helper()
		status, answer := by.do(http.MethodPost, path, object{"link_with": token})
		body, _ := answer.(object)
		message, _ := body["message"].(string)
		if status != 400 || body["errorCode"] != "invalid_body" || !strings.Contains(message, "link_with") {
			t.Errorf("%s: %d %v", what, status, answer)
		}
		if status, _ := c.do(http.MethodGet, victim, nil); status != 200 {
			t.Fatalf("%s: the account is gone", what)
		}
	}
	access, _ := logIn(servertest.SPA, servertest.SPACallback, servertest.Manager, servertest.API)
	refused("an access token", user, access)
	refused("a token for another application", user, victims(servertest.Mobile, servertest.MobileCallback))
	refused("another application's request", c, good)
	c.must(200, http.MethodPatch, "/clients/"+servertest.Web, object{"jwt_configuration": object{"alg": "HS256"}})
	refused("one that the secret of an application signs", user, victims(servertest.Web, servertest.WebCallback))

	c.tenant.Advance(29 * 24 * time.Hour)
	c.token = c.machineToken("")
	user, path = self()
	refused("an expired one", user, good)

	good = victims(servertest.SPA, servertest.SPACallback)
	if status, answer := user.do(http.MethodPost, path, object{"link_with": good}); status != 201 {
		t.Errorf("a good one: %d %v", status, answer)
	}
	if status, _ := c.do(http.MethodGet, victim, nil); status != 404 {
		t.Errorf("after it was linked the account gets %d, want 404", status)
	}
}

// TestTheAlgorithmOfTheManagementAPI: access tokens for the Management API are valid with any of its signing
// algorithms, but a token that was signed with a secret is invalid once the API no longer uses that secret.
func TestTheAlgorithmOfTheManagementAPI(t *testing.T) {
	c := newClient(t)
	path := "/resource-servers/" + url.PathEscape(c.tenant.URL+"api/v2/")
	for _, alg := range []string{"RS512", "PS256", "HS256", "RS256"} {
		before := c.token
		c.must(200, http.MethodPatch, path, object{"signing_alg": alg, "signing_secret": "a secret of sixteen letters"})
		c.token = c.machineToken("")
		if status, answer := c.do(http.MethodGet, "/clients", nil); status != 200 {
			t.Errorf("%s: %d %v", alg, status, answer)
		}
		after := c.token
		c.token = before
		if status, _ := c.do(http.MethodGet, "/clients", nil); (status == 200) == (alg == "RS256") {
			t.Errorf("after a change to %s the token before gets %d", alg, status)
		}
		c.token = after
	}
}
