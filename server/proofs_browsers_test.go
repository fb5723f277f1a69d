package server_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// fill sends the form of a page with fields in pairs of name and value.
func (p *proving) fill(page servertest.Page, fields ...string) (*url.URL, servertest.Page) {
	p.t.Helper()
	form := page.Form()
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return p.Submit(p.browser, page, form)
}

var shownSecret = regexp.MustCompile(`<code id="secure-code"[^>]*>([A-Z0-9]+)</code>`)

// rememberedBrowsers: the cookie of a browser in which a user need not prove a further factor again.
func rememberedBrowsers() place {
	// typed is a login with a password in the proof's browser, and where it leads.
	typed := func(p *proving, user string) (*url.URL, servertest.Page) {
		target, _ := p.AuthorizeURL(as(spa, "", "audience", "", "scope", "openid", "prompt", "login"))
		_, page := p.Visit(p.browser, target)
		return p.fill(page, "username", user, "password", servertest.Password, "action", "default")
	}
	// proves has a user of the proof's browser prove a one-time password, which the user enrols where there is none yet, and
	// returns the browser's mark.
	proves := func(p *proving, user string) string {
		_, page := typed(p, user)
		if page.URL.Path == "/u/mfa-otp-enrollment-qr" {
			_, page = p.fill(page, "action", "toggle-view")
			found := shownSecret.FindStringSubmatch(page.Body)
			if found == nil {
				p.t.Fatalf("no secret is shown: %s", page.Body)
			}
			p.more["secret of "+user] = found[1]
			p.Freeze(noon.Add(-time.Hour)) // each one-time password is good once, and this one is of another time
			p.fill(page, "code", oneTime(p, found[1], noon.Add(-time.Hour)), "action", "default")
			p.Freeze(noon)
			p.browser = p.Client()
			_, page = typed(p, user)
		}
		if page.URL == nil || page.URL.Path != "/u/mfa-otp-challenge" {
			p.t.Fatalf("no further factor is asked for: %v %s", page.URL, page.Body)
		}
		p.fill(page, "code", oneTime(p, p.more["secret of "+user], noon), "rememberBrowser", "true", "action", "default")
		return p.cookie("auth0-mf")
	}
	return place{
		func(p *proving) string {
			p.api(http.MethodPut, "guardian/factors/otp", map[string]any{"enabled": true}, "")
			p.api(http.MethodPut, "guardian/policies", []string{"all-applications"}, "")
			p.api(http.MethodDelete, "users/"+employeeID+"/authenticators", nil, "")
			return proves(p, servertest.Employee)
		},
		func(p *proving, mark string) bool {
			p.browser = p.Client()
			u, err := url.Parse(p.URL)
			if err != nil {
				p.t.Fatal(err)
			}
			var cookies []*http.Cookie
			for _, name := range []string{"auth0-mf", "auth0-mf_neighbour"} {
				cookies = append(cookies, &http.Cookie{Name: name, Value: mark, Path: "/"})
			}
			p.browser.Jar.SetCookies(u, cookies)
			left, _ := typed(p, servertest.Employee)
			return left != nil && left.Query().Get("code") != ""
		},
		with(noJWT, map[string]way{
			expired: spent(after(31 * 24 * time.Hour)), // gone by then, as sweeps take it away
			otherAudience: refused(func(p *proving, _ string) string {
				return p.cookie("did")
			}),
			otherClient: never("a browser is remembered for all applications of the tenant"),
			otherUser: refused(func(p *proving, _ string) (wrong string) {
				p.apart(func() { wrong = proves(p, servertest.Manager) })
				return wrong
			}),
			twice: accepted("a browser is remembered for all logins until then", used),
		}),
	}
}

// transfers: session transfer tokens, with which a native application takes its user to a browser.
func transfers() place {
	const callback = "https://app.test/callback"
	client := func(p *proving, name string, settings map[string]any) string {
		if p.more[name] == "" {
			p.more[name] = p.api(http.MethodPost, "clients", map[string]any{
				"name": name, "app_type": "native", "token_endpoint_auth_method": "none", "oidc_conformant": true, "callbacks": []string{callback},
				"grant_types": []string{"authorization_code", "refresh_token"}, "session_transfer": settings,
			}, "client_id")
			p.api(http.MethodPatch, "connections/"+p.peopleID()+"/clients", []any{map[string]any{"client_id": p.more[name], "status": true}}, "")
		}
		return p.more[name]
	}
	phone := func(p *proving) string {
		return client(p, "phone", map[string]any{"can_create_session_transfer_token": true})
	}
	logIn := func(p *proving, user string) map[string]any {
		one := p.Client()
		return p.Exchange(one, p.Login(one, as(servertest.Login{ClientID: phone(p), RedirectURI: callback}, user, "audience", "", "scope", "openid offline_access")))
	}
	transfer := func(p *proving, user string) string {
		tokens := logIn(p, user)
		p.more["refresh"] = textOf(tokens, "refresh_token")
		u, err := url.Parse(p.URL)
		if err != nil {
			p.t.Fatal(err)
		}
		_, body := p.Token(p.browser, url.Values{
			"grant_type": {"refresh_token"}, "client_id": {phone(p)}, "refresh_token": {p.more["refresh"]}, "audience": {"urn:" + u.Host + ":session_transfer"},
		})
		if textOf(body, "access_token") == "" {
			p.t.Fatalf("no session transfer token: %v", body)
		}
		return textOf(body, "access_token")
	}
	follows := func(p *proving, app, token string) bool {
		one := p.Client()
		target, verifier := p.AuthorizeURL(as(servertest.Login{ClientID: app, RedirectURI: callback}, "", "audience", "", "scope", "openid", "session_transfer_token", token))
		left, _ := p.Visit(one, target)
		if left == nil || left.Query().Get("code") == "" {
			return false
		}
		_, tokens := p.Token(one, url.Values{
			"grant_type": {"authorization_code"}, "client_id": {app}, "code": {left.Query().Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier},
		})
		return claimsOf(textOf(tokens, "id_token"))["sub"] == employeeID
	}
	web := func(p *proving) string {
		return client(p, "web", map[string]any{"allowed_authentication_methods": []string{"query", "cookie"}})
	}
	return place{
		func(p *proving) string { return transfer(p, servertest.Employee) },
		func(p *proving, token string) bool { return follows(p, web(p), token) },
		with(noJWT, map[string]way{
			expired:       spent(after(61 * time.Second)),
			otherAudience: refused(func(p *proving, _ string) string { return p.more["refresh"] }),
			otherClient: refused(func(p *proving, good string) string {
				if follows(p, client(p, "takes none", map[string]any{}), good) {
					return good
				}
				return "none"
			}),
			otherUser: refused(func(p *proving, _ string) string { return transfer(p, servertest.Manager) }),
			twice:     spent(used),
		}),
	}
}

// peopleID returns the id of the database connection.
func (p *proving) peopleID() string {
	p.t.Helper()
	_, list := p.send(http.MethodGet, p.URL+"api/v2/connections?name="+people, nil, "Authorization", "Bearer "+p.token(p.URL+"api/v2/"))
	_, id, _ := strings.Cut(list, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	return id
}
