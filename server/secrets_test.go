package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestNothingSecretIsLoggedOrKept sends secrets in every way in which the server takes them, with
// and without mistakes, and then looks for them in the log, at its most detailed level,
// and in the bytes of the data file.
func TestNothingSecretIsLoggedOrKept(t *testing.T) {
	servertest.NeedsFile(t)
	b := startBad(t)
	secrets := map[string]string{
		"a password": servertest.Password, "a client secret": servertest.WebSecret, "a machine's secret": servertest.CronSecret,
		"a wrong password": "this is the wrong password", "a wrong secret": "this is the wrong client secret",
	}
	tokens := func(kind string, body map[string]any) {
		for _, name := range []string{"access_token", "id_token", "refresh_token"} {
			if text, _ := body[name].(string); text != "" {
				secrets[kind+" "+name] = text
			}
		}
	}
	post := func(path, contentType, body string) {
		t.Helper()
		resp, err := b.browser.Post(b.URL+path, contentType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}

	// Logins, the first with a wrong password.
	target, _ := b.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	_, page := b.Visit(b.browser, target)
	secrets["the state of a page"] = page.URL.Query().Get("state")
	form := page.Form()
	form.Set("username", servertest.Employee)
	form.Set("password", secrets["a wrong password"])
	b.Submit(b.browser, page, form)
	login := b.Login(b.browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	for _, cookie := range b.browser.Jar.Cookies(b.url("")) {
		secrets["the cookie "+cookie.Name] = cookie.Value
	}
	secrets["a code"], secrets["a verifier"] = login.Get("code"), login.Verifier

	// Token requests, with mistakes before and after.
	wrong := login.Form()
	wrong.Set("code_verifier", strings.Repeat("w", 43))
	b.Token(b.browser, wrong)
	first := b.Exchange(b.browser, login)
	tokens("the first", first)
	_, second := b.Token(b.browser, url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {secrets["the first refresh_token"]}})
	tokens("the second", second)
	b.Token(b.browser, login.Form())
	opaque := b.Exchange(b.browser, b.Login(b.browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"audience": {""}}}))
	tokens("an opaque", opaque)
	_, machine := b.Token(b.browser, url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API}})
	tokens("a machine's", machine)
	b.Token(b.browser, url.Values{"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {secrets["a wrong secret"]}, "audience": {servertest.API}})

	// Requests that cannot be parsed, whose error message might quote the request.
	post("oauth/token", formType, "client_secret="+servertest.WebSecret+"%zz")
	post("oauth/token", formType, "client_secret="+servertest.WebSecret+"&client_secret="+servertest.WebSecret)
	post("oauth/token", jsonType, `{"client_secret":"`+servertest.WebSecret)
	post("oauth/token", jsonType, `{"client_secret":"`+servertest.WebSecret+`"} `+servertest.WebSecret)
	post("oauth/token", "text/"+url.QueryEscape(servertest.WebSecret), "client_secret="+servertest.WebSecret)
	post("oauth/revoke", formType, "client_id="+servertest.SPA+"&token="+secrets["the first refresh_token"])
	for name, token := range secrets {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+"userinfo", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+token)
		resp, err := b.browser.Do(rq)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		resp.Body.Close()
		for _, path := range []string{"oidc/logout?id_token_hint=", "userinfo?access_token=", "u/login?state="} {
			resp, err := b.browser.Get(b.URL + path + url.QueryEscape(token))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
	}

	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(b.Data, "tenant0.db"))
	if err != nil {
		t.Fatal(err)
	}
	if len(secrets) < 15 || len(b.Log()) == 0 || len(kept) == 0 {
		t.Fatalf("%d secrets, %d bytes of log, %d bytes of data", len(secrets), len(b.Log()), len(kept))
	}
	for name, secret := range secrets {
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		for where, text := range map[string]string{"the log": b.Log(), "the data file": string(kept)} {
			for _, form := range []string{secret, url.QueryEscape(secret), strings.Trim(string(quoted), `"`)} {
				if i := strings.Index(text, form); i >= 0 {
					t.Errorf("%s holds %s: ...%q...", where, name, text[max(0, i-100):min(len(text), i+len(form)+20)])
					break
				}
			}
		}
	}
}
