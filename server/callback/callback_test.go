package callback_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/callback"
)

var registered = []string{
	"https://app.example.com/callback",
	"https://app.example.com/with?tenant=a",
	"https://*.example.org/cb",
	"https://pr-*.preview.example.net/cb",
	"http://localhost:3000",
	"demo://localhost:4400/android/com.auth0.samples/callback",
	"com.example.app:/callback",
	"https://*.com/too-wide",
	"https://a.*.example.com/inner",
	"javascript://example.com/%0aalert(1)",
}

func TestAllowed(t *testing.T) {
	for uri, want := range map[string]bool{
		"https://app.example.com/callback":                         true,
		"HTTPS://APP.example.com/callback":                         true,
		"https://app.example.com/Callback":                         false,
		"https://app.example.com/callback/":                        false,
		"https://app.example.com/callback?x=1":                     false,
		"https://app.example.com/callback?":                        false,
		"https://app.example.com/callback#f":                       false,
		"https://app.example.com/with?tenant=a":                    true,
		"https://app.example.com/with?tenant=b":                    false,
		"https://app.example.com/with":                             false,
		"https://app.example.com:443/callback":                     false,
		"http://app.example.com/callback":                          false,
		"https://app.example.com@evil.test/callback":               false,
		"https://user@app.example.com/callback":                    false,
		"https://evil.test\\@app.example.com/callback":             false,
		"https://app.example.com\\.evil.test/callback":             false,
		"https://app.example.com/%63allback":                       false,
		"https://app.example.com/x/../callback":                    false,
		"https://app.example.com/%2e%2e/callback":                  false,
		" https://app.example.com/callback":                        false,
		"https://app.example.com/callback\r\nSet-Cookie: a=b":      false,
		"//app.example.com/callback":                               false,
		"https:app.example.com/callback":                           false,
		"https:///app.example.com/callback":                        false,
		"https://a.example.org/cb":                                 true,
		"https://a.b.example.org/cb":                               false,
		"https://a\u3002b.example.org/cb":                          false, // browsers read U+3002 as a dot
		"https://a%2eb.example.org/cb":                             false,
		"https://example.org/cb":                                   false,
		"https://.example.org/cb":                                  false,
		"https://*.example.org/cb":                                 false,
		"https://evil.test/.example.org/cb":                        false,
		"https://evil.test?.example.org/cb":                        false,
		"https://pr-12.preview.example.net/cb":                     true,
		"https://pr-.preview.example.net/cb":                       false,
		"https://main.preview.example.net/cb":                      false,
		"http://localhost:3000":                                    true,
		"http://localhost:3000/":                                   true,
		"http://localhost:3001":                                    false,
		"http://127.0.0.1:3000":                                    false,
		"demo://localhost:4400/android/com.auth0.samples/callback": true,
		"demo://localhost:4400/android/com.auth0.samples/callbacK": false,
		"com.example.app:/callback":                                true,
		"com.example.app:/callback2":                               false,
		"https://anything.com/too-wide":                            false,
		"https://a.b.example.com/inner":                            false,
		"javascript://example.com/%0aalert(1)":                     false,
		"":                                                         false,
	} {
		if got := callback.Allowed(registered, uri, callback.Placeholders{}); got != want {
			t.Errorf("Allowed(%q) = %v, want %v", uri, got, want)
		}
	}
}

func TestAllowedLogout(t *testing.T) {
	list := []string{"https://app.example.com/out", "http://localhost:3000"}
	for _, c := range []struct {
		uri         string
		ignoreQuery bool
		want        bool
	}{
		{"https://app.example.com/out?from=nav#top", true, true},
		{"https://app.example.com/out?from=nav", false, false},
		{"https://app.example.com/other", true, false},
		{"http://localhost:3000", false, true},
		{"https://app.example.com.evil.test/out", true, false},
	} {
		if got := callback.AllowedLogout(list, c.uri, callback.Placeholders{}, c.ignoreQuery); got != c.want {
			t.Errorf("AllowedLogout(%q, %v) = %v, want %v", c.uri, c.ignoreQuery, got, c.want)
		}
	}
}

func TestAllowedOrigin(t *testing.T) {
	list := []string{"https://app.example.com/callback", "https://*.example.org", "demo://app/cb", "capacitor://localhost", "Ionic://localhost/", "file://*", "exp://10.0.0.1:19000"}
	for origin, want := range map[string]bool{
		"https://app.example.com":          true,
		"https://app.example.com/":         true,
		"https://app.example.com/callback": false,
		"http://app.example.com":           false,
		"https://a.example.org":            true,
		"null":                             false,
		"demo://app":                       false,
		"https://example.org":              false,
		"capacitor://localhost":            true,
		"capacitor://localhost/":           true,
		"capacitor://localhost/x":          false,
		"capacitor://localhost:1":          false,
		"capacitor:localhost":              false,
		"capacitor://":                     false,
		"capacitor://evil":                 false,
		"http://localhost":                 false,
		"ionic://localhost":                true,
		"exp://10.0.0.1:19000":             true,
		"file://":                          true,
		"file:///":                         true,
		"file:///etc":                      false,
		"file://host":                      false,
	} {
		if got := callback.AllowedOrigin(list, origin, callback.Placeholders{}); got != want {
			t.Errorf("AllowedOrigin(%q) = %v, want %v", origin, got, want)
		}
	}
}

// FuzzAllowed: every allowed URL has a host that is registered or that matches a
// registered wildcard.
func FuzzAllowed(f *testing.F) {
	for _, uri := range registered {
		f.Add(uri)
		f.Add(strings.Replace(uri, "*", "a", 1))
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if !callback.Allowed(registered, uri, callback.Placeholders{}) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q is allowed and cannot be parsed: %v", uri, err)
		}
		host := strings.ToLower(u.Host)
		known := host == "app.example.com" || host == "localhost:3000" || host == "localhost:4400" || host == "" && u.Scheme == "com.example.app" ||
			strings.HasSuffix(host, ".example.org") || strings.HasSuffix(host, ".preview.example.net")
		if !known || u.User != nil || strings.ContainsAny(uri, "\\#\r\n\t ") {
			t.Errorf("%q is allowed and leads to %q", uri, u.Host)
		}
	})
}
