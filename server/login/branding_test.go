package login_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// themeID returns the id of the tenant's default theme.
func (tn tenant) themeID() string {
	tn.t.Helper()
	_, answer := tn.Manage(tn.Client(), http.MethodGet, "branding/themes/default", nil)
	id, _ := answer.(map[string]any)["themeId"].(string)
	return id
}

// manage changes the tenant through its Management API.
func (tn tenant) manage(method, path string, body map[string]any) {
	tn.t.Helper()
	_, token := tn.Token(tn.Client(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {tn.Issuer() + "api/v2/"},
	})
	raw, _ := json.Marshal(body)
	rq, err := http.NewRequestWithContext(tn.t.Context(), method, tn.URL+"api/v2"+path, bytes.NewReader(raw))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+token["access_token"].(string))
	rq.Header.Set("Content-Type", "application/json")
	resp, err := tn.Client().Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode > 299 {
		tn.t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}

func TestPagesShowTheTenantsBrandAndTexts(t *testing.T) {
	tn := start(t)
	shows := func(page servertest.Page, all ...string) {
		t.Helper()
		for _, words := range all {
			if !strings.Contains(page.Body, words) {
				t.Errorf("the page does not have %s:\n%s", words, page.Body)
			}
		}
	}
	tn.manage(http.MethodPatch, "/branding", map[string]any{
		"logo_url": "https://cdn.acme.test/logo.png", "favicon_url": "https://cdn.acme.test/favicon.ico",
		"colors": map[string]any{"primary": "#112233", "page_background": "#445566"},
	})
	shows(tn.begin(), `src="https://cdn.acme.test/logo.png"`, `<link rel="icon" href="https://cdn.acme.test/favicon.ico">`, "112233-445566.css")

	tn.manage(http.MethodPatch, "/tenants/settings", map[string]any{"enabled_locales": []string{"en", "de"}})
	tn.manage(http.MethodPut, "/prompts/login/custom-text/de", map[string]any{"login": map[string]any{"title": "Willkommen bei ${companyName}"}})
	tn.manage(http.MethodPut, "/prompts/login/custom-text/en", map[string]any{"login": map[string]any{"buttonText": "Go on"}})
	shows(tn.begin("ui_locales", "fr de-AT en"), `<html lang="de">`, "Willkommen bei ExampleCo Timesheets", ">Weiter<")
	shows(tn.begin(), `<html lang="en">`, ">Go on<", ">Welcome<")

	theme := servertest.Theme()
	with := func(part, name string, value any) { theme[part].(map[string]any)[name] = value }
	with("colors", "primary_button", "#aa0000")
	with("page_background", "background_color", "#00bb00")
	with("widget", "logo_position", "center")
	with("widget", "logo_url", "https://cdn.acme.test/theme.png")
	with("borders", "buttons_style", "sharp")
	tn.manage(http.MethodPost, "/branding/themes", theme)
	shows(tn.begin(), "aa0000-00bb00.css", "https://cdn.acme.test/theme.png")
	with("borders", "buttons_style", "pill")
	with("fonts", "font_url", "https://fonts.acme.test/a.woff2")
	tn.manage(http.MethodPatch, "/branding/themes/"+tn.themeID(), theme)
	page := tn.begin()
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "; font-src https://fonts.acme.test;") && !strings.HasSuffix(policy, "; font-src https://fonts.acme.test; frame-ancestors 'none'") {
		t.Errorf("the policy is %s", policy)
	}
	sheet := regexp.MustCompile(`/u/static/theme\.[0-9a-f]+\.css`).FindString(page.Body)
	_, style := tn.Visit(tn.browser, tn.URL+strings.TrimPrefix(sheet, "/"))
	if sheet == "" || style.Status != http.StatusOK || !strings.Contains(style.Body, ".button,.auth0-lock-submit{border-radius:999px}") {
		t.Errorf("the sheet %q is %d\n%s", sheet, style.Status, style.Body)
	}
	if _, old := tn.Visit(tn.browser, tn.URL+"u/static/theme.0123456789.css"); old.Status != http.StatusNotFound {
		t.Errorf("a sheet of no theme gets %d", old.Status)
	}
	_, failed := tn.Visit(tn.browser, tn.URL+"authorize?client_id=none&ui_locales=de")
	shows(failed, `<html lang="de">`, "aa0000-00bb00.css")
}

// TestTheLanguageOfAPage: ui_locales of the application precedes the browser's languages, and only
// languages that the tenant has enabled are used.
func TestTheLanguageOfAPage(t *testing.T) {
	tn := start(t)
	for _, c := range []struct {
		enabled            []string
		uiLocales, accepts string
		tag, button        string
	}{
		{[]string{"en"}, "de", "de", "en", "Continue"},
		{[]string{"en", "de", "pt-BR"}, "", "", "en", "Continue"},
		{[]string{"en", "de", "pt-BR"}, "", "de-CH,de;q=0.9,en;q=0.8", "de", "Weiter"},
		{[]string{"en", "de", "pt-BR"}, "", "fr,pt;q=0.5,de;q=0.4", "pt-BR", "Continuar"},
		{[]string{"en", "de", "pt-BR"}, "", "fr, *", "en", "Continue"},
		{[]string{"de", "en"}, "", "de;q=0, en;q=0.1", "en", "Continue"},
		{[]string{"de", "en"}, "", "fr", "de", "Weiter"},
		{[]string{"de", "en"}, "", "not; a=language,,", "de", "Weiter"},
		{[]string{"en", "de", "he"}, "de", "he", "de", "Weiter"},
		{[]string{"en", "de", "he"}, "fr", "he-IL", "he", "המשך"},
	} {
		tn.manage(http.MethodPatch, "/tenants/settings", map[string]any{"enabled_locales": c.enabled})
		target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: url.Values{"ui_locales": {c.uiLocales}}})
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Accept-Language", c.accepts)
		client := tn.Client()
		client.CheckRedirect = nil
		resp, err := client.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		var page bytes.Buffer
		_, err = page.ReadFrom(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(page.String(), `<html lang="`+c.tag+`"`) || !strings.Contains(page.String(), ">"+c.button+"</button>") {
			t.Errorf("%v with ui_locales %q and %q: %v\n%s", c.enabled, c.uiLocales, c.accepts, err, page.String())
		}
		if right := strings.Contains(page.String(), ` dir="rtl"`); right != (c.tag == "he") {
			t.Errorf("in %s the page is written from right to left: %t", c.tag, right)
		}
	}
}
