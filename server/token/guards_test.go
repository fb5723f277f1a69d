package token_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestAPublicClientGetsNoTokenForItself, although it has the grant type and a client grant: anybody could send its
// client_id, RFC 6749 section 4.4.
func TestAPublicClientGetsNoTokenForItself(t *testing.T) {
	tn := start(t, servertest.Seed(seed(func(file object) {
		public := native("public", nil)
		public["grant_types"] = []string{"client_credentials"}
		delete(public, "refresh_token")
		file["clients"] = append(file["clients"].([]object), public)
		file["clientGrants"] = append(file["clientGrants"].([]object), object{"client_id": "public", "audience": plain, "scope": []string{"read:it"}})
	})))
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"public"}, "audience": {plain}}
	for _, given := range []string{"", secret} {
		if given != "" {
			form.Set("client_secret", given)
		}
		if status, body := tn.Token(tn.browser, form); status != http.StatusUnauthorized || body["error"] != "access_denied" {
			t.Errorf("with the secret %q: %d %v", given, status, body)
		}
	}
}
