package server_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// fromProviders returns the places that take what identity providers say of a person.
func fromProviders() map[string]place {
	return map[string]place{
		"response of a SAML provider":          directories(samlDirectory),
		"result of a WS-Federation provider":   directories(passiveDirectory),
		"code of a social network's SDK":       socialTokens(),
		"assertion of an identity (ID-JAG)":    identityAssertions(),
		"state and code of a provider's login": returns(),
	}
}

// directory is a kind of identity provider that another tenant of the process is for the tenant that is tried.
type directory struct {
	strategy, protocol, response, state, callback string
}

var (
	samlDirectory    = directory{"samlp", "samlp", "SAMLResponse", "RelayState", "login/callback?connection=up"}
	passiveDirectory = directory{"adfs", "wsfed", "wresult", "wctx", "login/callback"}
)

// directories: signed responses that a browser brings from a directory. The first response ends the login at the
// directory, good or not.
func directories(d directory) place {
	made := map[string]*proving{}
	serial := 0
	// up returns the directory of a tenant, where the connection up logs in, and the connection elsewhere at another application.
	up := func(p *proving) *proving {
		if made[p.URL] != nil {
			return made[p.URL]
		}
		serial++
		s := p.MakeTenant(fmt.Sprint(d.protocol, serial))
		idp := &proving{managed: managed{s, p.t, s.Client()}, more: map[string]string{}}
		made[p.URL] = idp
		for _, name := range []string{"up", "elsewhere"} {
			app := idp.api(http.MethodPost, "clients", map[string]any{
				"name": name, "app_type": "regular_web", "callbacks": []string{p.URL + d.callback, p.URL + strings.Replace(d.callback, "up", name, 1)},
				"addons": map[string]any{d.protocol: map[string]any{}},
			}, "client_id")
			idp.api(http.MethodPatch, "connections/"+idp.peopleID()+"/clients", []any{map[string]any{"client_id": app, "status": true}}, "")
			options := map[string]any{"signInEndpoint": idp.URL + d.protocol + "/" + app}
			if d == samlDirectory {
				_, options["signingCert"] = idp.send(http.MethodGet, idp.URL+"rawpem", nil)
			} else {
				_, options["fedMetadataXml"] = idp.send(http.MethodGet, idp.URL+"wsfed/"+app+"/FederationMetadata/2007-06/FederationMetadata.xml", nil)
			}
			p.api(http.MethodPost, "connections", map[string]any{"name": name, "strategy": d.strategy, "options": options, "enabled_clients": []string{servertest.SPA}}, "id")
		}
		return idp
	}
	// brought logs a user in at the directory for a connection, and returns the state and the response that the browser brings back.
	brought := func(p *proving, connection, user string) (state, response string) {
		idp := up(p)
		target, _ := p.AuthorizeURL(as(spa, "", "audience", "", "scope", "openid", "connection", connection, "prompt", "login"))
		left, page := p.Visit(p.browser, target)
		if left == nil {
			p.t.Fatalf("the login does not lead to the directory: %s", page.Body)
		}
		one := idp.Client()
		_, page = idp.Visit(one, left.String())
		if page.URL != nil && page.URL.Path == "/u/login" {
			form := page.Form()
			maps.Copy(form, url.Values{"username": {user}, "password": {servertest.Password}, "action": {"default"}})
			_, page = idp.Submit(one, page, form)
		}
		form := page.Form()
		if form.Get(d.response) == "" {
			p.t.Fatalf("the directory answers %v %s", page.URL, page.Body)
		}
		return form.Get(d.state), form.Get(d.response)
	}
	altered := spent(func(p *proving, good string) string {
		text := good
		if d == samlDirectory {
			raw, err := base64.StdEncoding.DecodeString(good)
			if err != nil {
				p.t.Fatal(err)
			}
			text = string(raw)
		}
		wrong := strings.ReplaceAll(text, servertest.Employee, servertest.Manager)
		if wrong == text {
			p.t.Fatalf("the response does not name the user: %s", text)
		}
		if d == samlDirectory {
			wrong = base64.StdEncoding.EncodeToString([]byte(wrong))
		}
		return wrong
	})
	other := spent(func(p *proving, _ string) (wrong string) {
		p.apart(func() { _, wrong = brought(p, "up", servertest.Manager) })
		return wrong
	})
	if d == passiveDirectory {
		other = accepted("a result names no request, and whoever has an unused one is its user", other.wrong)
	}
	return place{
		func(p *proving) (response string) {
			idp := up(p)
			idp.Freeze(noon)
			p.more["state"], response = brought(p, "up", servertest.Employee)
			return response
		},
		func(p *proving, response string) bool {
			resp, err := p.browser.PostForm(p.URL+d.callback, url.Values{d.response: {response}, d.state: {p.more["state"]}, "wa": {"wsignin1.0"}})
			if err != nil {
				p.t.Fatal(err)
			}
			resp.Body.Close()
			target, err := resp.Location()
			if err != nil {
				return false
			}
			left, _ := p.Visit(p.browser, target.String())
			return left != nil && left.Query().Get("code") != ""
		},
		with(noJWT, map[string]way{
			expired: spent(after(2 * time.Hour)), notYet: spent(after(-2 * time.Hour)), changed: altered, otherTenant: spent(ofAnotherTenant),
			otherAudience: spent(func(p *proving, _ string) (wrong string) {
				p.apart(func() { _, wrong = brought(p, "elsewhere", servertest.Employee) })
				return wrong
			}),
			otherClient: never("it is for the tenant, which logs the user in for all applications of the connection"),
			otherUser:   other,
			twice: spent(func(p *proving, good string) string {
				used(p, good)
				p.more["state"], _ = brought(p, "up", servertest.Employee) // another login of the browser
				return good
			}),
		}),
	}
}

// networks creates a connection to the simulated Google, with two people, for the applications of the proofs.
func (p *proving) networks() {
	p.t.Helper()
	if p.more["networks"] == "" {
		p.more["networks"] = "made"
		p.app("app")
		p.app("another app")
		for _, name := range []string{"app", "another app"} {
			p.api(http.MethodPatch, "clients/"+p.app(name), map[string]any{"native_social_login": map[string]any{"apple": map[string]any{"enabled": true}, "google": map[string]any{"enabled": true}}}, "")
		}
		for _, strategy := range []string{"google-oauth2", "apple"} {
			p.api(http.MethodPost, "connections", map[string]any{"name": strategy, "strategy": strategy, "enabled_clients": []string{p.app("app"), p.app("another app")}}, "id")
			p.Person(strategy, "1", map[string]any{"email": "one@example.com"})
			p.Person(strategy, "2", map[string]any{"email": "two@example.com"})
		}
	}
}

// socialTokens: codes that the SDK of Apple gives to an application for its user.
func socialTokens() place {
	token := func(p *proving, connection, person, app string) string {
		form := p.NativeLogin(connection, person, app)
		if connection == "apple" {
			p.more["type"] = form.Get("subject_token_type")
		}
		return form.Get("subject_token")
	}
	accepts := func(p *proving, app, token string) bool {
		form := url.Values{"grant_type": {exchangeGrant}, "client_id": {app}, "subject_token": {token}, "subject_token_type": {p.more["type"]}, "scope": {"openid"}}
		_, body := p.Token(p.browser, form)
		return claimsOf(textOf(body, "id_token") + "..")["sub"] == "apple|1"
	}
	return place{
		func(p *proving) string {
			p.networks()
			return token(p, "apple", "1", p.app("app"))
		},
		func(p *proving, token string) bool { return accepts(p, p.app("app"), token) },
		with(noJWT, map[string]way{
			expired:       spent(after(6 * time.Minute)), // gone by then, as sweeps take it away
			otherAudience: refused(func(p *proving, _ string) string { return token(p, "google-oauth2", "1", p.app("app")) }),
			otherClient:   refused(func(p *proving, _ string) string { return token(p, "apple", "1", p.app("another app")) }),
			otherUser:     refused(func(p *proving, _ string) string { return token(p, "apple", "2", p.app("app")) }),
			twice:         spent(used),
		}),
	}
}

// identityAssertions: what the identity provider of an enterprise says of its user to an application (Cross App Access).
func identityAssertions() place {
	agent := func(p *proving, name string) string {
		if p.more[name] == "" {
			p.more[name] = p.api(http.MethodPost, "clients", map[string]any{
				"name": name, "app_type": "regular_web", "client_secret": appSecret, "token_endpoint_auth_method": "client_secret_post", "callbacks": []string{"https://app.test/callback"},
				"grant_types": []string{"authorization_code"}, "identity_assertion_authorization_grant": map[string]any{"active": true},
			}, "client_id")
		}
		return p.more[name]
	}
	set := func(p *proving) {
		if p.more["work"] != "" {
			return
		}
		p.more["work"] = p.api(http.MethodPost, "connections", map[string]any{
			"name": "work", "strategy": "okta", "enabled_clients": []string{agent(p, "agent"), agent(p, "another agent")},
			"options": map[string]any{"issuer": "https://corp.okta.com", "client_id": "c", "domain": "corp.okta.com"}, "cross_app_access_resource_app": map[string]any{"status": "enabled"},
		}, "id")
		for _, person := range []string{"ada@example.com", "eve@example.com"} {
			p.Person("work", person, map[string]any{"email": person})
			p.Choose("work", "allow", person)
			p.Login(p.Client(), as(servertest.Login{ClientID: agent(p, "agent"), RedirectURI: "https://app.test/callback"}, "", "audience", "", "scope", "openid", "connection", "work"))
		}
	}
	token := func(p *proving, person, name, api string) string {
		return p.Assertion("work", person, agent(p, name), api, "")
	}
	bear := func(p *proving, name, assertion string) bool {
		_, body := p.Token(p.browser, url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {agent(p, name)}, "client_secret": {appSecret}, "assertion": {assertion}, "audience": {servertest.API},
		})
		return claimsOf(textOf(body, "access_token") + "..")["https://api.exampleco.com/email"] == "ada@example.com"
	}
	return place{
		func(p *proving) string {
			set(p)
			return token(p, "ada@example.com", "agent", servertest.API)
		},
		func(p *proving, assertion string) bool { return bear(p, "agent", assertion) },
		with(jwtWays, map[string]way{
			expired:       refused(after(time.Hour)),
			algHS256:      never("the key of the simulated provider is not published"),
			otherAudience: refused(func(p *proving, _ string) string { return token(p, "ada@example.com", "agent", "urn:other") }),
			otherClient:   refused(func(p *proving, _ string) string { return token(p, "ada@example.com", "another agent", servertest.API) }),
			otherUser:     refused(func(p *proving, _ string) string { return token(p, "eve@example.com", "agent", servertest.API) }),
			twice:         accepted("Auth0 takes it for as long as it is valid", used),
		}),
	}
}

// returns: the state and the code with which a provider sends the browser back.
func returns() place {
	begin := func(p *proving, person string) string {
		p.Choose("google-oauth2", "allow", person)
		target, _ := p.AuthorizeURL(as(servertest.Login{ClientID: p.app("app"), RedirectURI: "https://app.test/callback"}, "", "audience", "", "scope", "openid", "connection", "google-oauth2", "prompt", "login"))
		for range 5 {
			resp, err := p.browser.Get(target)
			if err != nil {
				p.t.Fatal(err)
			}
			resp.Body.Close()
			next, err := resp.Location()
			if err != nil {
				p.t.Fatal(err)
			}
			if target = next.String(); next.Path == "/login/callback" {
				return next.Query().Get("state") + " " + next.Query().Get("code")
			}
		}
		p.t.Fatal("the login does not come back")
		return ""
	}
	return place{
		func(p *proving) string {
			p.networks()
			return begin(p, "1")
		},
		func(p *proving, proof string) bool {
			state, code := pair(proof)
			left, _ := p.Visit(p.browser, p.URL+"login/callback?"+url.Values{"state": {state}, "code": {code}}.Encode())
			return left != nil && left.Query().Get("code") != ""
		},
		with(noJWT, map[string]way{
			changed:       spent(flipped), // a wrong code ends the login at the provider
			expired:       refused(after(2 * time.Hour)),
			otherAudience: never("there is no other use of it"),
			otherClient:   never("it is the tenant's, and no application sees it"),
			otherUser: refused(func(p *proving, _ string) (wrong string) { // of another browser
				p.apart(func() { wrong = begin(p, "2") })
				return wrong
			}),
			twice: spent(used),
		}),
	}
}
