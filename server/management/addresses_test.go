package management_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// hostile are addresses to which no browser is sent.
var hostile = []string{
	"javascript:alert(1)", "JavaScript://app.test/%0aalert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "https://app.test/\r\nSet-Cookie: a=b",
	"https://app.test/\x01",
}

// TestHostileAddresses: addresses that are code, or would end a header, are not stored where a browser is sent to them.
// The custom schemes of native applications are.
func TestHostileAddresses(t *testing.T) {
	c := newClient(t)
	path, user := "/clients/"+servertest.Mobile, c.employee()
	for _, address := range hostile {
		for _, tt := range []struct {
			method, path string
			body         object
			format       string
		}{
			{http.MethodPatch, path, object{"callbacks": []string{address}}, "callback-url"},
			{http.MethodPatch, path, object{"allowed_logout_urls": []string{address}}, "url-with-placeholders"},
			{http.MethodPatch, path, object{"web_origins": []string{address}}, "url-with-placeholders"},
			{http.MethodPatch, path, object{"allowed_origins": []string{address}}, "url-with-placeholders"},
			{http.MethodPost, "/tickets/password-change", object{"user_id": user, "result_url": address}, "uri"},
			{http.MethodPost, "/tickets/email-verification", object{"user_id": user, "result_url": address}, "uri"},
			{http.MethodPatch, "/users/" + url.PathEscape(user), object{"picture": address}, "strict-uri"},
		} {
			status, answer := c.do(tt.method, tt.path, tt.body)
			said, _ := answer.(object)["message"].(string)
			if status != http.StatusBadRequest || !strings.Contains(said, "Object didn't pass validation for format "+tt.format+": "+address) {
				t.Errorf("%s %s %v: %d %v", tt.method, tt.path, tt.body, status, answer)
			}
		}
	}
	c.must(200, http.MethodPatch, path, object{
		"callbacks":       []string{"com.example.app://callback", "com.example.javascript:/callback", "databox://callback", "http://localhost:8484/callback", "file:///callback"},
		"allowed_origins": []string{"capacitor://localhost", "http://localhost", "file://*"},
	})
}

func TestPicturesOfUsers(t *testing.T) {
	c := newClient(t)
	path := "/users/" + url.PathEscape(c.employee())
	for picture, status := range map[string]int{
		"https://app.test/a.png?s=1&d=%2F": 200, "http://localhost:3000/a.png": 200, "app.test/a.png": 200, "ftp://app.test/a.png": 200,
		"": 400, "data:image/png;base64,AAAA": 400, "//app.test/a.png": 400, "/a.png": 400, "mailto:ann@app.test": 400, "https://": 400, "https://app.test/a b": 400,
	} {
		got, answer := c.do(http.MethodPatch, path, object{"picture": picture})
		if got != status {
			t.Errorf("%q: %d %v", picture, got, answer)
		}
	}
	_, answer := c.do(http.MethodPatch, path, object{"picture": ""})
	if want := "Payload validation error: 'Object didn't pass validation for format strict-uri: ' on property picture (A URI pointing to the user's picture)."; answer.(object)["message"] != want {
		t.Errorf("%v, want %q", answer, want)
	}
	c.must(200, http.MethodPatch, path, object{"picture": nil})
}

// TestATemplateThatLeadsToAScript: the resultUrl of a template may have values that the user has chosen. The page for a
// new password sends the browser there by script, so that an address that is code would run on the tenant's page.
func TestATemplateThatLeadsToAScript(t *testing.T) {
	c := newClient(t)
	c.must(201, http.MethodPost, "/email-templates", object{
		"template": "verify_email", "from": "ours@exampleco.com", "subject": "Ours", "syntax": "liquid", "body": "{{ url }}", "enabled": true,
		"resultUrl": "{{ user.user_metadata.back }}",
	})
	for back, leads := range map[string]bool{
		"https://app.test/done": true, "javascript:alert(1)": false, " JavaScript:alert(1)": false, "java\tscript:alert(1)": false, "data:text/html,x": false,
	} {
		address := strings.ToLower(rand.Text()) + "@exampleco.com"
		c.must(201, http.MethodPost, "/users", object{
			"email": address, "password": "A password of 2026", "connection": "Username-Password-Authentication", "user_metadata": object{"back": back},
		})
		left, page := c.tenant.Visit(c.http, c.tenant.WaitForMessage(address, outbox.VerifyEmail).Link)
		if (left != nil) != leads || !leads && !strings.Contains(page.Body, "Email Verified") {
			t.Errorf("%q leads to %v: %s", back, left, page.Body)
		}
	}
}
