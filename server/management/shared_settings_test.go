package management_test

import (
	"net/http"
	"reflect"
	"testing"
)

// TestTenantAndBrandingShareLogoAndColors: a change of picture_url or universal_login.colors in the tenant's settings
// is one of logo_url and colors in the branding settings, and the other way round.
func TestTenantAndBrandingShareLogoAndColors(t *testing.T) {
	c := newClient(t)
	tenant := func(change object) { c.must(200, http.MethodPatch, "/tenants/settings", change) }
	branding := func(change object) { c.must(200, http.MethodPatch, "/branding", change) }
	shown := func(step string, logo, colors any) {
		t.Helper()
		b := c.must(200, http.MethodGet, "/branding", nil)
		s := c.must(200, http.MethodGet, "/tenants/settings", nil)
		login, _ := s["universal_login"].(object)
		if b["logo_url"] != logo || s["picture_url"] != logo {
			t.Errorf("%s: the logo is %v in the branding and %v in the tenant's settings", step, b["logo_url"], s["picture_url"])
		}
		if !reflect.DeepEqual(b["colors"], colors) || !reflect.DeepEqual(login["colors"], colors) {
			t.Errorf("%s: the colors are %v in the branding and %v in the tenant's settings", step, b["colors"], login["colors"])
		}
	}
	shown("a new tenant", nil, nil)
	blue, red := object{"primary": "#0000ff", "page_background": "#eeeeee"}, object{"primary": "#ff0000", "page_background": "#eeeeee"}
	tenant(object{"picture_url": "https://exampleco.com/a.png", "universal_login": object{"colors": blue}})
	shown("set in the tenant's settings", "https://exampleco.com/a.png", blue)
	tenant(object{"universal_login": object{}})
	shown("an empty change", "https://exampleco.com/a.png", blue)
	branding(object{"logo_url": "https://exampleco.com/b.png", "colors": object{"primary": "#ff0000"}})
	shown("changed in the branding", "https://exampleco.com/b.png", red)
	branding(object{"favicon_url": "https://exampleco.com/f.ico"})
	shown("another member", "https://exampleco.com/b.png", red)
	branding(object{"logo_url": nil, "colors": nil})
	shown("removed in the branding", nil, nil)

	tenant(object{"picture_url": "https://exampleco.com/a.png"})
	tenant(object{"picture_url": "http://exampleco.com/plain.png"})
	if b := c.must(200, http.MethodGet, "/branding", nil); b["logo_url"] != "https://exampleco.com/a.png" {
		t.Errorf("a logo that the branding does not allow is %v there", b["logo_url"])
	}
}
