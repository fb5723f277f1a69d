package authorize_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// audienceOf returns the audience of the access token that a request leads to, "" for a token only for
// /userinfo, or the error description if there is no token.
func (tn tenant) audienceOf(pairs ...string) any {
	tn.t.Helper()
	params := url.Values{"scope": {"read:it"}, "audience": {""}}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
	}
	target, verifier := tn.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: callbackURL, Params: params})
	left, page := tn.Visit(tn.browser, target)
	if left == nil {
		tn.t.Fatalf("%v: %s", pairs, page.Body)
	}
	if message := left.Query().Get("error_description"); message != "" {
		return message
	}
	status, answer := tn.Token(tn.browser, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {left.Query().Get("code")}, "redirect_uri": {callbackURL}, "code_verifier": {verifier},
	})
	access, _ := answer["access_token"].(string)
	if status != http.StatusOK {
		tn.t.Fatalf("%d %v", status, answer)
	}
	if tn.userinfo(access) != http.StatusUnauthorized || answer["scope"] == "" {
		return ""
	}
	return tn.claims(access, "")["aud"]
}

// TestResources: the parameter resource of RFC 8707 counts as an audience if the tenant's settings say so; if
// the request has an audience too, that one is used.
func TestResources(t *testing.T) {
	tn := start(t)
	tn.logIn(ann)
	diff(t, "where the tenant does not know it", tn.audienceOf("resource", "urn:none"), "")
	tn.manager()("tenants/settings", map[string]any{"resource_parameter_profile": "compatibility"})
	diff(t, "where it does", tn.audienceOf("resource", "urn:open"), "urn:open")
	diff(t, "one that is none", tn.audienceOf("resource", "urn:none"), "Service not found: urn:none")
	diff(t, "beside an audience", tn.audienceOf("resource", "urn:none", "audience", "urn:open"), "urn:open")
	tn.manager()("tenants/settings", map[string]any{"default_audience": "urn:open"})
	diff(t, "before the tenant's own audience", tn.audienceOf("resource", "urn:none"), "Service not found: urn:none")
}

// TestClassesOfAuthentication: acr_values must be in the tenant's list acr_values_supported, if it has one.
func TestClassesOfAuthentication(t *testing.T) {
	tn := start(t)
	tn.logIn(ann)
	diff(t, "without a list", tn.outcome("acr_values", "1 2"), code)
	tn.manager()("tenants/settings", map[string]any{"acr_values_supported": []string{"urn:gold", "urn:silver"}})
	diff(t, "those of the list", tn.outcome("acr_values", "urn:silver urn:gold"), code)
	diff(t, "none", tn.outcome(), code)
	diff(t, "one that is not of it", tn.outcome("acr_values", "urn:gold urn:tin"), "invalid_request: Invalid parameter acr_values: urn:tin is not supported")
}

// TestParametersThatChangeNothing, and unknown ones: OIDC Core section 3.1.2.1, "Authorization
// Servers SHOULD ignore unrecognized parameters".
func TestParametersThatChangeNothing(t *testing.T) {
	tn := start(t)
	tn.logIn(ann)
	for _, name := range []string{
		"claims", "claims_locales", "display", "id_token_hint", "auth0Client", "device", "correlation_id", "ext-own", "extra", "iss", "code", "access_token",
		"connection_scope",
	} {
		diff(t, name, tn.outcome(name, "x"), code)
	}
	diff(t, "a language that is not spoken", tn.outcome("ui_locales", "se"), code)
}

// TestPromptsTogether tries every combination of the prompt values that may be combined.
func TestPromptsTogether(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	const consentPage = "/u/consent"
	for _, tt := range []struct{ prompt, first, then string }{
		{"login", loginPage, code},
		{"select_account", loginPage, code},
		{"consent", consentPage, code},
		{"login consent", loginPage, consentPage},
		{"consent login", loginPage, consentPage},
		{"select_account consent", loginPage, consentPage},
		{"login select_account", loginPage, code},
		{"login consent select_account", loginPage, consentPage},
	} {
		tn.browser = tn.Client()
		tn.logIn(ann)
		tn.Freeze(noon.Add(time.Minute))
		_, page := tn.Visit(tn.browser, tn.target("prompt", tt.prompt))
		if page.URL == nil || page.URL.Path != tt.first {
			t.Fatalf("%s: the browser is at %v", tt.prompt, page.URL)
		}
		form := page.Form()
		form.Set("username", ann)
		form.Set("password", annPassword)
		form.Set("action", "accept")
		left, page := tn.Submit(tn.browser, page, form)
		at := code
		if left == nil {
			at = page.URL.Path
		}
		diff(t, tt.prompt+": after the first page", at, tt.then)
	}
	for _, prompt := range []string{"none login", "none consent", "select_account none", "none" + " none"} {
		diff(t, prompt, tn.outcome("prompt", prompt), "invalid_request: Invalid parameter prompt: none must stand alone")
	}
}
