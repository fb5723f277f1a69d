package saml_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	crewjam "github.com/crewjam/saml"
	"github.com/crewjam/saml/samlsp"
)

// loggedIn reports whether the browser has a session with the tenant.
func (a *application) loggedIn() bool {
	a.t.Helper()
	_, page := a.Visit(a.browser, a.URL+"samlp/sp")
	_, answered := answerOf(page)
	return answered
}

func (a *application) logout(binding string) string {
	return `"logout": {"callback": "` + a.url + `/saml/slo"}, "binding": "` + binding + `"`
}

// TestALogoutThatTheApplicationBegins ends the tenant's session too, and the application gets the answer by the
// binding in its settings.
func TestALogoutThatTheApplicationBegins(t *testing.T) {
	for _, binding := range []string{crewjam.HTTPPostBinding, crewjam.HTTPRedirectBinding} {
		t.Run(binding, func(t *testing.T) {
			a := start(t, ``, func(o *samlsp.Options) { o.SignLogout, o.LogoutBinding = true, crewjam.HTTPRedirectBinding })
			a.set(a.logout(binding))
			a.arrive(a.logIn(a.get(a.url + "/hello").Header.Get("Location")))
			if !a.loggedIn() {
				t.Fatal("nobody is logged in")
			}
			asked := a.get(a.url + "/logout").Header.Get("Location")
			if !strings.HasPrefix(asked, a.URL+"samlp/sp/logout?") {
				t.Fatalf("the application asks %s", asked)
			}
			done := a.get(asked)
			if binding == crewjam.HTTPPostBinding {
				answer, ok := answerOf(done)
				if !ok {
					t.Fatalf("the logout is answered with %d %s", done.Status, brief(done.Body))
				}
				done = a.post(answer.url, answer.form)
			} else {
				done = a.get(done.Header.Get("Location"))
			}
			if done.Status != http.StatusFound || done.Header.Get("Location") != "/" {
				t.Errorf("the application says %d %s %v", done.Status, brief(done.Body), a.failures)
			}
			if a.loggedIn() {
				t.Error("somebody is logged in still")
			}
			if again := a.get(a.url + "/hello"); again.Status != http.StatusFound {
				t.Errorf("the application shows %d %s", again.Status, brief(again.Body))
			}
			if answer := a.get(asked); answer.Status >= http.StatusBadRequest {
				t.Errorf("a logout without a session is answered with %d %s", answer.Status, brief(answer.Body))
			}
		})
	}
}

// TestALogoutThatTheTenantBegins sends the application a request, unless the settings say otherwise.
func TestALogoutThatTheTenantBegins(t *testing.T) {
	a := start(t, ``)
	a.set(a.logout(crewjam.HTTPPostBinding))
	logIn := func() { a.arrive(a.logIn(a.get(a.url + "/hello").Header.Get("Location"))) }
	logIn()
	answer, ok := answerOf(a.get(a.URL + "samlp/sp/logout"))
	if !ok || answer.url != a.url+"/saml/slo" || answer.form.Get("SAMLRequest") == "" {
		t.Fatalf("the application is sent %+v", answer)
	}
	replied := a.post(answer.url, answer.form)
	if replied.Status >= http.StatusBadRequest {
		t.Fatalf("the application says %d %v", replied.Status, a.failures)
	}
	if target := replied.Header.Get("Location"); !strings.HasPrefix(target, a.URL+"samlp/sp/logout?SAMLResponse=") {
		t.Errorf("the application answers at %q", target)
	} else if page := a.get(target); page.Status != http.StatusOK {
		t.Errorf("its answer leads to %d %s", page.Status, brief(page.Body))
	}
	if a.loggedIn() {
		t.Error("somebody is logged in still")
	}
	a.set(`"logout": {"callback": "` + a.url + `/saml/slo", "slo_enabled": false}`)
	logIn()
	if page := a.get(a.URL + "samlp/sp/logout"); page.Status != http.StatusOK || strings.Contains(page.Body, "SAMLRequest") {
		t.Errorf("an application that is not to be told is told: %d %s", page.Status, brief(page.Body))
	}
	if a.loggedIn() {
		t.Error("somebody is logged in still")
	}
}

// TestWhomTheTenantTellsOfALogout: no application whose logout URL is no web page or at which the user was not logged in.
func TestWhomTheTenantTellsOfALogout(t *testing.T) {
	a := start(t, ``)
	a.arrive(a.logIn(a.get(a.url + "/hello").Header.Get("Location")))
	for _, callback := range []string{"javascript:alert(1)", "javascript://app.example/%0Aalert(1)"} {
		a.set(`"logout": {"callback": "` + callback + `"}`)
		if page := a.get(a.URL + "samlp/sp/logout"); page.Status != http.StatusBadRequest || !strings.Contains(page.Body, "The logout URL may be missing or misconfigured") || !a.loggedIn() {
			t.Errorf("%s is told with %d %s", callback, page.Status, brief(page.Body))
		}
	}
	if page := a.get(a.URL + "samlp/third/logout"); page.Status != http.StatusOK || strings.Contains(page.Body, "SAMLRequest") || a.loggedIn() {
		t.Errorf("an application that the user was not at is told with %d %s", page.Status, brief(page.Body))
	}
}

// logoutOfAnn returns a request to end sessions of ann, with additional attributes and children.
func logoutOfAnn(attributes, children string) string {
	return `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"` + attributes + `>` +
		`<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">auth0|ann</saml:NameID>` + children + `</samlp:LogoutRequest>`
}

// TestALogoutThatNamesNoSession ends the browser's session, whatever elements of other namespaces say.
func TestALogoutThatNamesNoSession(t *testing.T) {
	for _, children := range []string{"", `<x:SessionIndex xmlns:x="urn:x">_other</x:SessionIndex>`} {
		a := start(t, ``)
		a.set(a.logout(crewjam.HTTPPostBinding))
		a.arrive(a.logIn(a.get(a.url + "/hello").Header.Get("Location")))
		if !a.loggedIn() {
			t.Fatal("nobody is logged in")
		}
		query := url.Values{"SAMLRequest": {packed(logoutOfAnn(` ID="_1"`, children))}}
		if page := a.get(a.URL + "samlp/sp/logout?" + query.Encode()); page.Status != http.StatusOK || a.loggedIn() {
			t.Errorf("with %q it is answered with %d %s", children, page.Status, brief(page.Body))
		}
	}
}

// TestLogoutsThatAreRefused do not end a session.
func TestLogoutsThatAreRefused(t *testing.T) {
	foreign := newKeyPair(t)
	a := start(t, ``, func(o *samlsp.Options) { o.SignLogout = true })
	request := func(nameID, index string) url.Values {
		t.Helper()
		target, err := a.ServiceProvider.MakeRedirectLogoutRequest(nameID, "", crewjam.WithSessionIndexes(index))
		if err != nil {
			t.Fatal(err)
		}
		return target.Query()
	}
	a.set(a.logout(crewjam.HTTPPostBinding))
	answer := a.logIn(a.get(a.url + "/hello").Header.Get("Location"))
	index := at(answer.xml(t), ".//AuthnStatement", "SessionIndex")
	unsigned := request("auth0|ann", index)
	unsigned.Del("Signature")
	unsigned.Del("SigAlg")
	certified := `, "signingCert": ` + quoted(a.key.pem())
	for _, tt := range []struct {
		name, settings string
		query          url.Values
		want           string
	}{
		{"another user", a.logout(crewjam.HTTPPostBinding), request("auth0|bob", index), "Invalid Session Participant"},
		{"another session", a.logout(crewjam.HTTPPostBinding), request("auth0|ann", "_other"), "Invalid Session Participant"},
		{"nowhere to answer to", ``, request("auth0|ann", index), "The logout URL may be missing or misconfigured"},
		{"an answer to a script", `"logout": {"callback": "javascript:alert(1)"}`, request("auth0|ann", index), "The logout URL may be missing or misconfigured"},
		{"no signature", a.logout(crewjam.HTTPPostBinding) + certified, unsigned, "MUST be signed"},
		{"another key", a.logout(crewjam.HTTPPostBinding) + `, "signingCert": ` + quoted(foreign.pem()), request("auth0|ann", index), "could not be verified"},
		{"a login request", a.logout(crewjam.HTTPPostBinding), url.Values{"SAMLRequest": {packed(`<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1"/>`)}}, "Invalid SAML Request"},
		{"no name", a.logout(crewjam.HTTPPostBinding), url.Values{"SAMLRequest": {packed(`<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1"/>`)}}, "Invalid SAML Request"},
		{"no ID", a.logout(crewjam.HTTPPostBinding), url.Values{"SAMLRequest": {packed(logoutOfAnn("", ""))}}, "Invalid SAML Request"},
	} {
		a.set(tt.settings)
		page := a.get(a.URL + "samlp/sp/logout?" + tt.query.Encode())
		if page.Status != http.StatusBadRequest || !strings.Contains(page.Body, tt.want) {
			t.Errorf("%s is answered with %d %s", tt.name, page.Status, brief(page.Body))
		}
		if !a.loggedIn() {
			t.Fatalf("%s ends the session", tt.name)
		}
	}
	// An application to which the user has not logged in does not take part in the session.
	if page := a.get(a.URL + "samlp/third/logout?" + request("auth0|ann", index).Encode()); page.Status != http.StatusBadRequest || !strings.Contains(page.Body, "Invalid Session Participant") || !a.loggedIn() {
		t.Errorf("another application is answered with %d %s", page.Status, brief(page.Body))
	}
	a.set(a.logout(crewjam.HTTPPostBinding) + certified)
	if page := a.get(a.URL + "samlp/sp/logout?" + request("auth0|ann", index).Encode()); page.Status != http.StatusOK {
		t.Errorf("a signed request is answered with %d %s", page.Status, brief(page.Body))
	}
	if a.loggedIn() {
		t.Error("somebody is logged in still")
	}
	for path, want := range map[string]string{"samlp/none/logout": "Unknown client", "samlp/plain/logout": "addon is not enabled"} {
		if page := a.get(a.URL + path); page.Status != http.StatusBadRequest || !strings.Contains(page.Body, want) {
			t.Errorf("%s is answered with %d %s", path, page.Status, brief(page.Body))
		}
	}
}
