package saml_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// events returns the types of the application's events in the tenant's log, newest first.
func (a *application) events() (types []string) {
	a.t.Helper()
	_, all := a.Manage(a.browser, http.MethodGet, "logs?q="+url.QueryEscape(`client_id:"sp"`)+"&sort=date:-1", nil)
	for _, one := range all.([]any) {
		types = append(types, one.(map[string]any)["type"].(string))
	}
	return types
}

// TestTheLogOfSAML has logins, refusals and logouts, as for other protocols.
func TestTheLogOfSAML(t *testing.T) {
	a := start(t, ``)
	a.logIn(a.URL + "samlp/sp")
	a.get(a.URL + "samlp/sp?SAMLRequest=x")
	a.get(a.URL + "samlp/sp/logout?SAMLRequest=x")
	a.get(a.URL + "samlp/sp/logout")
	got := strings.Join(a.events(), " ")
	for _, want := range []string{"s", "f", "flo", "slo"} {
		if !strings.Contains(" "+got+" ", " "+want+" ") {
			t.Errorf("there is no %s in the log: %s", want, got)
		}
	}
}

// TestAFurtherFactor is asked for before the assertion is issued, if the tenant's policy says so.
func TestAFurtherFactor(t *testing.T) {
	a := start(t, ``)
	for path, body := range map[string]any{"guardian/factors/otp": map[string]any{"enabled": true}, "guardian/policies": []any{"all-applications"}} {
		if status, answer := a.Manage(a.browser, http.MethodPut, path, body); status != http.StatusOK {
			t.Fatalf("%s is answered with %d %v", path, status, answer)
		}
	}
	_, page := a.Visit(a.browser, a.URL+"samlp/sp")
	for range 3 {
		if strings.HasPrefix(page.URL.Path, "/u/mfa-") {
			return
		}
		if _, answered := answerOf(page); answered || !strings.HasPrefix(page.URL.Path, "/u/login") {
			break
		}
		form := page.Form()
		form.Set("username", "ann@example.com")
		form.Set("password", "a password of ann")
		form.Set("action", "default")
		_, page = a.Submit(a.browser, page, form)
	}
	t.Errorf("the login comes to %v %s", page.URL, brief(page.Body))
}

// TestAnApplicationOfOthers: a third-party application gets nothing before its user has consented.
func TestAnApplicationOfOthers(t *testing.T) {
	a := start(t, ``)
	if status, body := a.Manage(a.browser, http.MethodPatch, "clients/sp", map[string]any{"is_first_party": false}); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	_, page := a.Visit(a.browser, a.URL+"samlp/sp")
	asked := false
	for range 4 {
		if _, answered := answerOf(page); answered {
			break
		}
		form := page.Form()
		form.Set("username", "ann@example.com")
		form.Set("password", "a password of ann")
		form.Set("action", "default")
		if page.URL.Path == "/u/consent" {
			form.Set("action", "accept")
			asked = true
		}
		_, page = a.Submit(a.browser, page, form)
	}
	if _, answered := answerOf(page); !asked || !answered {
		t.Errorf("asked: %t; the login comes to %d %v %s", asked, page.Status, page.URL, brief(page.Body))
	}
}

// TestAStrictApplicationOfOthers cannot use SAML or WS-Federation, whatever its add-ons are.
func TestAStrictApplicationOfOthers(t *testing.T) {
	a := start(t, ``)
	status, created := a.Manage(a.browser, http.MethodPost, "clients", map[string]any{
		"name": "strict", "app_type": "regular_web", "is_first_party": false, "third_party_security_mode": "strict", "callbacks": []string{a.url + "/saml/acs"},
		"grant_types": []string{"authorization_code"}, "addons": map[string]any{"samlp": map[string]any{}, "wsfed": map[string]any{}},
	})
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, created)
	}
	id := created.(map[string]any)["client_id"].(string)
	for _, target := range []string{"samlp/" + id, "wsfed/" + id + "?wa=wsignin1.0"} {
		_, page := a.Visit(a.browser, a.URL+target)
		a.refused(target, page, page.Status, page.Body, "Not supported for third-party applications in strict mode: SAML and WS-Federation")
	}
}

// TestTextsOfAllKinds stay unchanged as far as XML can represent them, and the signature is valid for them.
func TestTextsOfAllKinds(t *testing.T) {
	a := start(t, ``)
	for name, want := range map[string]string{
		"Ann <script>&amp; \"'é𝄞": "Ann <script>&amp; \"'é𝄞", "a\r\nb\tc": "a\r\nb\tc", "a\u000bb\uFFFE": "a\uFFFDb\uFFFD", "]]> <!-- x -->": "]]> <!-- x -->",
	} {
		if status, body := a.Manage(a.browser, http.MethodPatch, "users/auth0%7Cann", map[string]any{"user_metadata": map[string]any{}, "name": name}); status != http.StatusOK {
			t.Fatalf("%q is answered with %d %v", name, status, body)
		}
		answer := a.logIn(a.get(a.url + "/hello").Header.Get("Location"))
		if got := attributesOf(answer.xml(t))[claims+"name"]; len(got) != 1 || got[0] != want {
			t.Errorf("the name %q is %q", name, got)
		}
		if page := a.arrive(answer); !strings.Contains(page.Body, "nameidentifier=auth0|ann") {
			t.Errorf("with the name %q the application shows %s %v", name, brief(page.Body), a.failures)
		}
		a.post(a.url+"/logout", nil)
		a.browser = a.Client()
	}
}

// TestTheClassicPage gets the protocol that the application uses.
func TestTheClassicPage(t *testing.T) {
	a := start(t, ``)
	for path, body := range map[string]any{
		"prompts":    map[string]any{"universal_login_experience": "classic"},
		"clients/sp": map[string]any{"custom_login_page_on": true, "custom_login_page": "<html><body>a page of our own</body></html>"},
	} {
		if status, answer := a.Manage(a.browser, http.MethodPatch, path, body); status != http.StatusOK {
			t.Fatalf("%s is answered with %d %v", path, status, answer)
		}
	}
	for _, protocol := range []string{"samlp", "wsfed"} {
		_, page := a.Visit(a.browser, a.URL+protocol+"/sp")
		if page.URL.Path != "/login" || page.URL.Query().Get("protocol") != protocol || !strings.Contains(page.Body, "a page of our own") {
			t.Errorf("%s leads to %v %s", protocol, page.URL, brief(page.Body))
		}
	}
}
