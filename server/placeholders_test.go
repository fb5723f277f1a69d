package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// placeholderTenant has an application whose URLs have the placeholder {organization_name}, and the
// organizations acme and other.
type placeholderTenant struct {
	pages
	client, acme, other string
}

const atOrganization = "https://{organization_name}.exampleco.test"

func startPlaceholders(t *testing.T, opts ...servertest.Option) placeholderTenant {
	t.Helper()
	s := servertest.Start(t, opts...)
	p := pages{s, s.Client(), t}
	made := p.manage(http.StatusCreated, http.MethodPost, "clients", map[string]any{
		"name": "Placeholder", "app_type": "spa", "token_endpoint_auth_method": "none", "organization_usage": "allow", "oidc_conformant": true,
		"callbacks": []string{atOrganization + "/cb"}, "allowed_logout_urls": []string{atOrganization},
		"web_origins": []string{atOrganization}, "allowed_origins": []string{atOrganization},
	})
	tn := placeholderTenant{pages: p, client: made["client_id"].(string)}
	organization := func(name string) string {
		return p.manage(http.StatusCreated, http.MethodPost, "organizations", map[string]any{"name": name})["id"].(string)
	}
	tn.acme, tn.other = organization("acme"), organization("other")
	return tn
}

// authorize returns the answer to an authorization request: 302 to a page, or to the
// application with an error, and 403 for a callback that is not allowed.
func (tn placeholderTenant) authorize(redirectURI, organization string) (status int, body string) {
	tn.t.Helper()
	params := url.Values{
		"client_id": {tn.client}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {redirectURI},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"},
	}
	if organization != "" {
		params.Set("organization", organization)
	}
	a := tn.from("", http.MethodGet, "authorize?"+params.Encode(), "")
	return a.status, a.body
}

func TestOrganizationPlaceholderInCallbacks(t *testing.T) {
	tn := startPlaceholders(t)
	check := func(redirectURI, organization string, want int) {
		t.Helper()
		status, body := tn.authorize(redirectURI, organization)
		if status != want || want == http.StatusForbidden && !strings.Contains(body, "Callback URL mismatch") {
			t.Errorf("%s with organization %q: %d, want %d\n%s", redirectURI, organization, status, want, body)
		}
	}
	const acme = "https://acme.exampleco.test/cb"
	check(acme, tn.acme, http.StatusFound)
	check("https://other.exampleco.test/cb", tn.acme, http.StatusForbidden)
	check("https://other.exampleco.test/cb", tn.other, http.StatusFound)
	check("https://nobody.exampleco.test/cb", tn.acme, http.StatusForbidden)
	check(atOrganization+"/cb", tn.acme, http.StatusForbidden)
	check(acme, "", http.StatusForbidden)
	check("", "", http.StatusBadRequest)
	check(acme, "org_nobody", http.StatusForbidden)
	check(acme, "acme", http.StatusForbidden) // names are not allowed yet
	tn.manage(http.StatusOK, http.MethodPatch, "tenants/settings", map[string]any{"allow_organization_name_in_authentication_api": true})
	check(acme, "acme", http.StatusFound)
	check(acme, "ACME", http.StatusFound)
	check(acme, "other", http.StatusForbidden)

	for usage, want := range map[string]int{"require": http.StatusFound, "deny": http.StatusForbidden} {
		tn.manage(http.StatusOK, http.MethodPatch, "clients/"+tn.client, map[string]any{"organization_usage": usage})
		check(acme, tn.acme, want)
	}
}

func TestOrganizationPlaceholderInLogoutURLs(t *testing.T) {
	tn := startPlaceholders(t)
	for target, want := range map[string]int{
		"https://acme.exampleco.test": http.StatusFound, "https://other.exampleco.test": http.StatusFound,
		"https://nobody.exampleco.test": http.StatusBadRequest, "https://acme.exampleco.test.evil.test": http.StatusBadRequest,
		"https://exampleco.test": http.StatusBadRequest, atOrganization: http.StatusBadRequest,
	} {
		for path, parameter := range map[string]string{"v2/logout": "returnTo", "oidc/logout": "post_logout_redirect_uri"} {
			query := url.Values{"client_id": {tn.client}, parameter: {target}}.Encode()
			a := tn.from("", http.MethodGet, path+"?"+query, "")
			if a.status != want || want == http.StatusFound && strings.TrimSuffix(a.header.Get("Location"), "/") != target {
				t.Errorf("%s to %s: %d %v, want %d", path, target, a.status, a.header, want)
			}
		}
	}
	// A logout that names no address never goes to a registered URL with a placeholder.
	if a := tn.from("", http.MethodGet, "v2/logout?client_id="+tn.client, ""); a.status != http.StatusOK {
		t.Errorf("a logout that names no address: %d %v", a.status, a.header)
	}
	tn.manage(http.StatusOK, http.MethodPatch, "clients/"+tn.client, map[string]any{"allowed_logout_urls": []string{atOrganization, "https://exampleco.test/bye"}})
	if a := tn.from("", http.MethodGet, "v2/logout?client_id="+tn.client, ""); a.header.Get("Location") != "https://exampleco.test/bye" {
		t.Errorf("a logout that names no address: %d %v", a.status, a.header)
	}
}

// TestALogoutLeadsToTheOrganizationOfItsHint: the ID token in id_token_hint names the organization that the
// user logged in to, and only that organization's name fits the placeholder.
func TestALogoutLeadsToTheOrganizationOfItsHint(t *testing.T) {
	tn := startPlaceholders(t)
	connection := tn.manage(http.StatusCreated, http.MethodPost, "connections", map[string]any{
		"name": "members", "strategy": "auth0", "enabled_clients": []string{tn.client},
	})["id"]
	tn.manage(http.StatusCreated, http.MethodPost, "organizations/"+tn.acme+"/enabled_connections", map[string]any{"connection_id": connection})
	user := tn.manage(http.StatusCreated, http.MethodPost, "users", map[string]any{
		"connection": "members", "email": "jo@example.com", "password": servertest.Password,
	})["user_id"]
	if status, answer := tn.Manage(tn.pages.client, http.MethodPost, "organizations/"+tn.acme+"/members", map[string]any{"members": []any{user}}); status != http.StatusNoContent {
		t.Fatalf("no member: %d %v", status, answer)
	}
	hint := func() string {
		result := tn.Login(tn.pages.client, servertest.Login{
			ClientID: tn.client, RedirectURI: "https://acme.exampleco.test/cb", Username: "jo@example.com",
			Params: url.Values{"organization": {tn.acme}, "scope": {"openid"}, "audience": {""}},
		})
		return textOf(tn.Exchange(tn.pages.client, result), "id_token")
	}
	token := hint()
	logout := func(target string, want int) {
		t.Helper()
		a := tn.from("", http.MethodGet, "oidc/logout?"+url.Values{"id_token_hint": {token}, "post_logout_redirect_uri": {target}}.Encode(), "")
		if a.status != want || want == http.StatusFound && strings.TrimSuffix(a.header.Get("Location"), "/") != target {
			t.Errorf("to %s: %d %v, want %d", target, a.status, a.header, want)
		}
	}
	logout("https://other.exampleco.test", http.StatusBadRequest)
	logout("https://nobody.exampleco.test", http.StatusBadRequest)
	logout("https://acme.exampleco.test", http.StatusFound)
	if status, answer := tn.Manage(tn.pages.client, http.MethodDelete, "organizations/"+tn.acme, nil); status != http.StatusNoContent {
		t.Fatalf("the organization stays: %d %v", status, answer)
	}
	logout("https://acme.exampleco.test", http.StatusBadRequest)
	logout("https://other.exampleco.test", http.StatusBadRequest)
}

func TestOrganizationPlaceholderInOrigins(t *testing.T) {
	tn := startPlaceholders(t)
	for _, list := range []string{"allowed_origins", "web_origins", "callbacks"} {
		lists := map[string]any{"allowed_origins": []string{}, "web_origins": []string{}, "callbacks": []string{}}
		lists[list] = []string{atOrganization}
		tn.manage(http.StatusOK, http.MethodPatch, "clients/"+tn.client, lists)
		for origin, allowed := range map[string]bool{
			"https://acme.exampleco.test": true, "https://other.exampleco.test": true, "https://nobody.exampleco.test": false,
			"http://acme.exampleco.test": false, "https://a.acme.exampleco.test": false,
		} {
			preflight := tn.from(origin, http.MethodOptions, "oauth/token", "", "Access-Control-Request-Method", "POST")
			call := tn.from(origin, http.MethodPost, "oauth/token", "grant_type=refresh_token&refresh_token=x&client_id="+tn.client)
			if preflight.allows(origin) != allowed || call.allows(origin) != allowed {
				t.Errorf("%s from %s: %d %v, then %d %s %v", list, origin, preflight.status, preflight.header, call.status, call.body, call.header)
			}
		}
	}
}

// TestCustomDomainPlaceholder: the placeholder stands for a value in the metadata of the custom domain
// that the request was sent to.
func TestCustomDomainPlaceholder(t *testing.T) {
	tn := startPlaceholders(t, servertest.Config(func(c *config.Config) { c.AllowedHosts = []string{"elsewhere.test"} }))
	tn.manage(http.StatusCreated, http.MethodPost, "custom-domains", map[string]any{
		"domain": "login.brand.test", "type": "auth0_managed_certs", "domain_metadata": map[string]any{"public_app": "shop"},
	})
	tn.manage(http.StatusOK, http.MethodPatch, "clients/"+tn.client, map[string]any{
		"callbacks": []string{"https://{custom_domain.metadata.public_app}.brand.test/cb"},
	})
	path := "/authorize?" + url.Values{
		"client_id": {tn.client}, "response_type": {"code"}, "redirect_uri": {"https://shop.brand.test/cb"},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"},
	}.Encode()
	for host, want := range map[string]string{"login.brand.test": "302", "LOGIN.brand.test:4400": "302", "localhost": "403", "elsewhere.test": "403"} {
		answer := raw(t, tn.Server, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(answer[9:], want) {
			t.Errorf("by the name %s: %s", host, answer)
		}
	}
}

func TestURLsThatCannotBeRegistered(t *testing.T) {
	tn := startPlaceholders(t)
	for _, list := range []string{"callbacks", "allowed_logout_urls", "web_origins", "allowed_origins"} {
		for uri, want := range map[string]int{
			atOrganization: http.StatusOK, "https://{custom_domain.metadata.public_x}.example.com": http.StatusOK,
			"https://{tenant}.example.com": http.StatusBadRequest, "https://example.com/{organization_name}": http.StatusBadRequest,
			"https://a.{organization_name}.example.com": http.StatusBadRequest, "{organization_name}": http.StatusBadRequest,
		} {
			status, got := tn.Manage(tn.pages.client, http.MethodPatch, "clients/"+tn.client, map[string]any{list: []string{uri}})
			if status != want || want != http.StatusOK && !strings.Contains(got.(map[string]any)["message"].(string), "didn't pass validation for format") {
				t.Errorf("%s: %s is answered with %d %v", list, uri, status, got)
			}
		}
	}
}
