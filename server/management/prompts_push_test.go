package management_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPushApp(t *testing.T) {
	c := newClient(t)
	if got := c.must(200, http.MethodGet, "/prompts/mfa-push", nil); got["app_name"] != "Auth0 Guardian" || got["google_app_link"] == nil {
		t.Errorf("at first the application is %v", got)
	}
	c.must(200, http.MethodPatch, "/prompts/mfa-push", object{"app_name": "Ours", "apple_app_link": "https://apple.test/"})
	c.must(200, http.MethodPatch, "/prompts/mfa-push", object{"google_app_link": "https://google.test/"})
	want := map[string]any{"app_name": "Ours", "apple_app_link": "https://apple.test/", "google_app_link": "https://google.test/"}
	if diff := cmp.Diff(want, c.must(200, http.MethodGet, "/prompts/mfa-push", nil)); diff != "" {
		t.Errorf("the application (- want, + got):\n%s", diff)
	}
	c.must(400, http.MethodPatch, "/prompts/mfa-push", object{"app_name": 1})
}
