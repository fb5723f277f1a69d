package management_test

import (
	"net/http"
	"testing"
)

// TestLifetimesOfTokensInBrowsers: Auth0: api/management/v2/resource-servers/patch-resource-servers-by-id.
func TestLifetimesOfTokensInBrowsers(t *testing.T) {
	c := newClient(t)
	const refusal = "token_lifetime_for_web cannot be larger than token_lifetime"
	create := func(body object) object {
		return c.must(http.StatusCreated, http.MethodPost, "/resource-servers", body)
	}
	if api := create(object{"identifier": "urn:long"}); api["token_lifetime"] != 86400.0 || api["token_lifetime_for_web"] != 7200.0 {
		t.Errorf("the defaults are %v and %v", api["token_lifetime"], api["token_lifetime_for_web"])
	}
	short := create(object{"identifier": "urn:short", "token_lifetime": 600})
	if short["token_lifetime_for_web"] != 600.0 {
		t.Errorf("the default is %v, and other tokens live for 600 seconds", short["token_lifetime_for_web"])
	}
	path := "/resource-servers/" + short["id"].(string)
	c.sendAll([]sent{
		{http.MethodPost, "/resource-servers", object{"identifier": "urn:wrong", "token_lifetime": 600, "token_lifetime_for_web": 601}, refusal},
		{http.MethodPatch, path, object{"token_lifetime_for_web": 601}, refusal},
		{http.MethodPatch, path, object{"token_lifetime": 700, "token_lifetime_for_web": 700}, ""},
		{http.MethodPatch, path, object{"token_lifetime_for_web": 700}, ""},
	})
}

// TestMembersOfSeveralTypes are checked like others: Auth0: api/management/v2/branding/post-branding-theme and
// api/management/v2/clients/post-clients.
func TestMembersOfSeveralTypes(t *testing.T) {
	c := newClient(t)
	themed := func(identifiers any) sent {
		body := theme("widget", "logo_url", "")
		body["identifiers"] = identifiers
		return sent{http.MethodPost, "/branding/themes", body, ""}
	}
	refused := func(s sent, refusal string) sent { s.refusal = refusal; return s }
	sharepoint := func(external any, refusal string) sent {
		return sent{http.MethodPost, "/clients", object{"name": "S", "addons": object{"sharepoint": object{"url": "https://s.example.com", "external_url": external}}}, refusal}
	}
	phone := object{"masking": "show_all", "formatting": "regional"}
	c.sendAll([]sent{
		refused(themed(object{"login_display": "unified", "otp_autocomplete": true}), "'Missing required property: phone_display' on property identifiers."),
		refused(themed(object{"login_display": "both", "otp_autocomplete": true, "phone_display": phone}), "'No enum match for: both' on property identifiers.login_display."),
		themed(object{"login_display": "unified", "otp_autocomplete": true, "phone_display": phone}),
		sharepoint("https://a.example.com", ""),
		sharepoint([]string{"https://a.example.com"}, ""),
		sharepoint(true, "'Data does not match any schemas from 'oneOf'' on property addons.sharepoint.external_url."),
		sharepoint([]any{1}, "'Data does not match any schemas from 'oneOf'' on property addons.sharepoint.external_url."),
	})
}

// TestEndpointsOfWellKnownProviders are shown as if their documents had been fetched, and what was sent is kept.
func TestEndpointsOfWellKnownProviders(t *testing.T) {
	c := newClient(t)
	connection := func(name, strategy string, options object) object {
		made := c.must(http.StatusCreated, http.MethodPost, "/connections", object{"name": name, "strategy": strategy, "options": options})
		return made["options"].(object)
	}
	const google = "https://accounts.google.com/.well-known/openid-configuration"
	for name, tt := range map[string]struct {
		strategy string
		options  object
		want     object
	}{
		"all": {"oidc", object{"discovery_url": google, "token_endpoint": nil}, object{
			"issuer": "https://accounts.google.com", "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
			"token_endpoint": "https://oauth2.googleapis.com/token", "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
			"jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
		}},
		"own":     {"oidc", object{"discovery_url": google, "issuer": "https://own.example.com"}, object{"issuer": "https://own.example.com", "token_endpoint": "https://oauth2.googleapis.com/token"}},
		"unknown": {"oidc", object{"discovery_url": "https://idp.example.com/.well-known/openid-configuration"}, object{"issuer": nil, "token_endpoint": nil}},
		"other":   {"samlp", object{"discovery_url": google}, object{"issuer": nil, "token_endpoint": nil}},
	} {
		tt.options["client_id"] = "ours"
		got := connection(name, tt.strategy, tt.options)
		for member, want := range tt.want {
			if got[member] != want {
				t.Errorf("%s: %s is %v, want %v", name, member, got[member], want)
			}
		}
	}
}
