package callback_test

import (
	"testing"

	"github.com/tenant0/tenant0/server/callback"
)

func TestPlaceholders(t *testing.T) {
	list := []string{
		"https://{organization_name}.exampleco.test/cb",
		"http://{organization_name}.localhost:3000/cb",
		"https://{custom_domain.metadata.public_app}.example.test:8443/cb",
		"https://{organization_name}.{custom_domain.metadata.PUBLIC_domain}/cb",
		// None of these placeholders is replaced.
		"https://{organization_name}/cb", "https://{organization_name}.test/cb", "https://sub.{organization_name}.inner.test/cb",
		"https://{organization_name}.{organization_name}.twice.test/cb", "https://pre-{organization_name}.fix.test/cb",
		"https://{organization_name}-post.fix.test/cb", "https://{organization_name}.*.wild.test/cb", "https://path.test/{organization_name}",
		"com.example://{organization_name}.app.test/cb", "https://{custom_domain.metadata.secret}.secret.test/cb", "https://{unknown}.unknown.test/cb",
	}
	p := callback.Placeholders{Organization: "acme", Metadata: map[string]any{
		"public_app": "Desk", "PUBLIC_domain": "brand.test", "secret": "x", "public_number": 1.0, "public_evil": "evil.test/",
	}}
	for uri, want := range map[string]bool{
		"https://acme.exampleco.test/cb": true, "HTTPS://ACME.exampleco.test/cb": true, "https://acme.exampleco.test/other": false,
		"https://other.exampleco.test/cb": false, "https://exampleco.test/cb": false, "https://.exampleco.test/cb": false,
		"https://x.acme.exampleco.test/cb": false, "https://{organization_name}.exampleco.test/cb": false, "http://acme.exampleco.test/cb": false,
		"http://acme.localhost:3000/cb": true, "http://acme.localhost:3001/cb": false,
		"https://desk.example.test:8443/cb": true, "https://acme.example.test:8443/cb": false, "https://acme.brand.test/cb": true,
		"https://acme/cb": false, "https://acme.test/cb": false, "https://sub.acme.inner.test/cb": false, "https://acme.acme.twice.test/cb": false,
		"https://pre-acme.fix.test/cb": false, "https://acme-post.fix.test/cb": false, "https://acme.x.wild.test/cb": false, "https://path.test/acme": false,
		"com.example://acme.app.test/cb": false, "https://x.secret.test/cb": false, "https://acme.unknown.test/cb": false,
	} {
		if got := callback.Allowed(list, uri, p); got != want {
			t.Errorf("Allowed(%q) = %v, want %v", uri, got, want)
		}
		if got := callback.AllowedLogout(list, uri, p, true); got != want {
			t.Errorf("AllowedLogout(%q) = %v, want %v", uri, got, want)
		}
		if callback.Allowed(list, uri, callback.Placeholders{}) {
			t.Errorf("%q is allowed though nothing is filled in", uri)
		}
	}
	for _, bad := range []string{"", "a.b/", "evil.test/", "evil.test#", "a..b", "*", "a b", "{organization_name}"} {
		p := callback.Placeholders{Metadata: map[string]any{"public_app": bad}}
		uri := "https://" + bad + ".example.test:8443/cb"
		if callback.Allowed(list, uri, p) {
			t.Errorf("%q is allowed by metadata that is no part of a host", uri)
		}
	}
	origins := []string{"https://{organization_name}.exampleco.test/path"}
	if !callback.AllowedOrigin(origins, "https://acme.exampleco.test", p) || callback.AllowedOrigin(origins, "https://other.exampleco.test", p) {
		t.Error("the origin of a URL with a placeholder is not that of the organization")
	}
}

func TestRegistrable(t *testing.T) {
	for uri, want := range map[string]bool{
		"https://app.example.com/callback": true, "http://localhost:3000": true, "com.example.app:/callback": true,
		"demo://localhost:4400/android/com.auth0.samples/callback": true, "https://*.example.com": true,
		"https://{organization_name}.example.com/cb": true, "http://{organization_name}.localhost:3000": true,
		"https://{custom_domain.metadata.public_url}/cb": true, "https://{custom_domain.metadata.any}.example.com": true,
		"https://{organization_name}.{custom_domain.metadata.public_url}/cb": true,

		"": false, "no address": false, "/callback": false, "https://{organization_name}": false, "https://{organization_name}/cb": false,
		"https://{organization}.example.com": false, "https://{Organization_name}.example.com": false, "https://example.com/{organization_name}": false,
		"https://example.com/?o={organization_name}": false, "https://sub.{organization_name}.example.com": false,
		"https://a-{organization_name}.example.com": false, "https://{organization_name}-a.example.com": false,
		"https://{organization_name}.{organization_name}.example.com": false, "https://{organization_name}.*.example.com": false,
		"https://*.{custom_domain.metadata.public_url}": false, "com.example.app://{organization_name}.example.com": false,
		"https://{custom_domain.metadata.a.b}.example.com": false, "https://example.com/{custom_domain.metadata.public_url}": false,
		"https://{organization_name.example.com": false, "https://organization_name}.example.com": false,

		"javascript:alert(1)": false, "JavaScript://app.example.com/%0aalert(1)": false, "data:text/html,x": false, "vbscript:x": false,
		"https://app.example.com/\r\nSet-Cookie: a=b": false, "https://app.example.com/\x00": false, "com.example.app:\t/callback": false,
		"com.example.javascript://callback": true, "databox://callback": true,
	} {
		if got := callback.Registrable(uri); got != want {
			t.Errorf("Registrable(%q) = %v, want %v", uri, got, want)
		}
	}
}
