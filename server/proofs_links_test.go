package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

const (
	afterLogout = "http://localhost:3000"
	// accessOfLogin is the key of proving.more for the access token that came with the last ID token.
	accessOfLogin = "access token"
)

// hints returns the places that take ID tokens or session ids back.
func hints() map[string]place {
	// logsOut reports whether the browser is logged out without a question to the user.
	logsOut := func(p *proving, params ...string) bool {
		query := url.Values{"client_id": {servertest.SPA}, "post_logout_redirect_uri": {afterLogout}}
		for i := 0; i < len(params); i += 2 {
			query.Set(params[i], params[i+1])
		}
		left, _ := p.Visit(p.browser, p.URL+"oidc/logout?"+query.Encode())
		return left != nil && left.String() == afterLogout
	}
	idToken := func(p *proving, l servertest.Login) string {
		tokens := p.logIn(l)
		p.more[accessOfLogin] = textOf(tokens, "access_token")
		return textOf(tokens, "id_token")
	}
	own := func(p *proving) string { return idToken(p, as(spa, servertest.Employee, "scope", "openid")) }
	elsewhere := func(l servertest.Login) func(*proving, string) string {
		return func(p *proving, _ string) (wrong string) {
			p.apart(func() { wrong = idToken(p, l) })
			return wrong
		}
	}
	sid := func(token string) string { return fmt.Sprint(claimsOf(token)["sid"]) }
	const ageless = "OpenID Connect RP-Initiated Logout 1.0 section 2: a hint of a session may be old, and its time is not looked at"
	return map[string]place{
		"id_token_hint": {own, func(p *proving, hint string) bool { return logsOut(p, "id_token_hint", hint) }, with(jwtWays, map[string]way{
			expired:       accepted(ageless, after(11*time.Hour)),
			notYet:        accepted(ageless, after(-time.Hour)),
			otherAudience: refused(func(p *proving, _ string) string { return p.more[accessOfLogin] }),
			otherClient:   refused(elsewhere(as(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback}, servertest.Employee, "scope", "openid"))),
			otherUser:     refused(elsewhere(as(spa, servertest.Manager, "scope", "openid"))),
			twice: spent(func(p *proving, good string) string {
				used(p, good)
				own(p) // a session that the hint does not name
				return good
			}),
		})},
		"logout_hint": {
			func(p *proving) string { return sid(own(p)) },
			func(p *proving, hint string) bool { return logsOut(p, "logout_hint", hint) },
			with(noJWT, map[string]way{
				expired: never("it names a session and ends with it"), otherAudience: never("it is no token and is for nothing else"),
				otherClient: never("a session is for all applications of the tenant"),
				otherUser: refused(func(p *proving, _ string) string {
					return sid(elsewhere(as(spa, servertest.Manager, "scope", "openid"))(p, ""))
				}),
				twice: spent(func(p *proving, good string) string {
					used(p, good)
					own(p)
					return good
				}),
			}),
		},
		"link_with": linking(),
	}
}

// linking: the ID token of an account that the employee, logged in with the SPA, links to the own account.
func linking() place {
	serial := 0
	return place{
		func(p *proving) (id string) {
			serial++
			p.more["email"] = fmt.Sprintf("victim-%d@example.com", serial)
			p.api(http.MethodPost, "users", map[string]any{
				"connection": "Username-Password-Authentication", "email": p.more["email"], "password": servertest.Password,
			}, "")
			p.apart(func() {
				tokens := p.logIn(as(spa, p.more["email"], "scope", "openid"))
				p.more[accessOfLogin], id = textOf(tokens, "access_token"), textOf(tokens, "id_token")
			})
			return id
		},
		func(p *proving, proof string) bool {
			p.browser = p.Client()
			caller := p.logIn(as(spa, servertest.Employee, "audience", p.URL+"api/v2/", "scope", "openid update:current_user_identities"))
			status, _ := p.send(http.MethodPost, p.URL+"api/v2/users/"+employeeID+"/identities", map[string]any{"link_with": proof},
				"Authorization", "Bearer "+textOf(caller, "access_token"))
			return status == http.StatusCreated
		},
		with(jwtWays, map[string]way{
			expired:       refused(after(29 * 24 * time.Hour)),
			otherAudience: refused(func(p *proving, _ string) string { return p.more[accessOfLogin] }),
			// Another tenant with the same keys, applications and users: its tokens differ only in iss.
			otherTenant: refused(func(p *proving, good string) string {
				elsewhere := newProving(p.t, p.place)
				elsewhere.Freeze(noon)
				id, email := fmt.Sprint(claimsOf(good)["sub"]), p.more["email"]
				elsewhere.api(http.MethodPost, "users", map[string]any{
					"connection": "Username-Password-Authentication", "user_id": strings.TrimPrefix(id, "auth0|"), "email": email, "password": servertest.Password,
				}, "")
				same := textOf(elsewhere.logIn(as(spa, email, "scope", "openid")), "id_token")
				if claimsOf(same)["sub"] != id {
					p.t.Errorf("the other tenant names %v", claimsOf(same)["sub"])
				}
				if p.place.accepts(p, same) {
					return same
				}
				return jwtWays[otherTenant].wrong(p, good)
			}),
			otherClient: refused(func(p *proving, _ string) (wrong string) {
				p.apart(func() {
					mobile := servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback}
					wrong = textOf(p.logIn(as(mobile, p.more["email"], "scope", "openid")), "id_token")
				})
				return wrong
			}),
			otherUser: never("it is another user's: that their account is at hand is what it proves"),
			twice:     spent(used),
		}),
	}
}

// links returns the places that take the secret of a link, and the API key of the Authorization Extension.
func links() map[string]place {
	const nobodys = "whoever has the link may follow it"
	ticket := func(path string) func(p *proving) string {
		return func(p *proving) string {
			_, secret, _ := strings.Cut(p.api(http.MethodPost, path, map[string]any{"user_id": employeeID, "result_url": "https://app.test/done"}, "ticket"), "ticket=")
			return strings.TrimSuffix(secret, "#")
		}
	}
	verification, password := ticket("tickets/email-verification"), ticket("tickets/password-change")
	ways := func(other func(p *proving) string) map[string]way {
		return with(noJWT, map[string]way{
			expired:       refused(after(6 * 24 * time.Hour)),
			otherAudience: refused(func(p *proving, _ string) string { return other(p) }),
			otherClient:   never(nobodys), otherUser: never("it names its user, and nobody is logged in"), twice: spent(used),
		})
	}
	return map[string]place{
		"ticket of a verification": {verification, func(p *proving, secret string) bool {
			left, _ := p.Visit(p.browser, p.URL+"u/email-verification?ticket="+url.QueryEscape(secret))
			return left != nil && left.Query().Get("success") == "true"
		}, ways(password)},
		"ticket of a password": {password, func(p *proving, secret string) bool {
			form := url.Values{"password-reset": {servertest.Password + "+"}, "re-enter-password": {servertest.Password + "+"}}
			status, _ := p.send(http.MethodPost, p.URL+"u/reset-verify?ticket="+url.QueryEscape(secret), form.Encode(), "Content-Type", formType)
			return status < 400
		}, ways(verification)},
		"link of an unblocking": {unblocking, func(p *proving, secret string) bool {
			status, _ := p.send(http.MethodPost, p.URL+"u/unblock?ticket="+url.QueryEscape(secret), "", "Content-Type", formType)
			return status == http.StatusOK
		}, ways(password)},
		"link of an export": {
			func(p *proving) string {
				link := p.exportLink()
				i := strings.LastIndex(link, "/")
				p.more["job"] = link[:i+1]
				return link[i+1:]
			},
			func(p *proving, secret string) bool {
				return p.get(p.more["job"]+url.PathEscape(secret), "") == http.StatusOK
			},
			with(noJWT, map[string]way{
				expired: refused(after(25 * time.Hour)),
				otherAudience: refused(func(p *proving, _ string) string {
					own := p.more["job"]
					wrong := p.place.issue(p)
					p.more["job"] = own
					return wrong
				}),
				otherClient: never(nobodys), otherUser: never(nobodys),
				twice: accepted("a file may be fetched again for as long as its link is good", used),
			}),
		},
		"x-api-key":  apiKey(),
		"invitation": invitations(),
	}
}

// unblocking has the employee blocked for a wrong password, and returns the ticket in the link to unblock
// the account that is then sent to them.
func unblocking(p *proving) string {
	p.t.Helper()
	p.api(http.MethodPatch, "attack-protection/brute-force-protection", map[string]any{"max_attempts": 1}, "")
	p.ClearInbox()
	target, _ := p.AuthorizeURL(as(spa, "", "scope", "openid"))
	_, page := p.Visit(p.browser, target)
	form := page.Form()
	form.Set("username", servertest.Employee)
	form.Set("password", "wrong")
	form.Set("action", "default")
	p.Submit(p.browser, page, form)
	_, secret, _ := strings.Cut(p.WaitForMessage(servertest.Employee, outbox.BlockedAccount).Link, "ticket=")
	return strings.TrimSuffix(secret, "#")
}

// apiKey: the key with which applications ask the Authorization Extension for a user's policy.
func apiKey() place {
	rotate := func(p *proving) string {
		_, answer := p.send(http.MethodPatch, p.URL+"extensions/authorization/api/configuration/rotate-apikey", nil, "Authorization", "Bearer "+p.token("urn:auth0-authz-api"))
		return strings.Split(answer, `"`)[3]
	}
	return place{
		rotate,
		func(p *proving, key string) bool {
			status, _ := p.send(http.MethodPost, p.URL+"extensions/authorization/api/users/"+employeeID+"/policy/"+servertest.Mobile,
				map[string]any{"connectionName": "Username-Password-Authentication"}, "X-Api-Key", key)
			return status == http.StatusOK
		},
		with(noJWT, map[string]way{
			expired: spent(func(p *proving, good string) string {
				rotate(p) // which is how a key ends
				return good
			}),
			otherAudience: never("it is for the policy alone, and the other operations do not look at it"),
			otherClient:   never("it is the tenant's, for all applications"), otherUser: never("it asks for the policy of every user"),
			twice: accepted("it is a key and is used at every login", used),
		}),
	}
}

// invitations: tickets that invite one e-mail address to an organization by one application.
func invitations() place {
	serial := 0
	invite := func(p *proving, organization, email string) string {
		return p.api(http.MethodPost, "organizations/"+organization+"/invitations", map[string]any{
			"inviter": map[string]any{"name": "Jane"}, "invitee": map[string]any{"email": email}, "client_id": servertest.SPA, "ttl_sec": 3600,
		}, "ticket_id")
	}
	organization := func(p *proving, name string) string {
		_, list := p.send(http.MethodGet, p.URL+"api/v2/connections", nil, "Authorization", "Bearer "+p.token(p.URL+"api/v2/"))
		_, connection, _ := strings.Cut(list, `"id":"`)
		connection, _, _ = strings.Cut(connection, `"`)
		id := p.api(http.MethodPost, "organizations", map[string]any{"name": name}, "id")
		p.api(http.MethodPost, "organizations/"+id+"/enabled_connections", map[string]any{"connection_id": connection}, "")
		return id
	}
	accepts := func(p *proving, l servertest.Login, ticket string) bool {
		p.browser = p.Client()
		l = as(l, servertest.Employee, "organization", p.more["organization"], "invitation", ticket, "audience", "", "scope", "openid")
		target, _ := p.AuthorizeURL(l)
		left, page := p.Visit(p.browser, target)
		actions := map[string]string{"/u/accept-invitation": "default", "/u/login": "default", "/u/consent": "accept"}
		for range 4 {
			if left != nil || actions[page.URL.Path] == "" || page.Status != http.StatusOK {
				break
			}
			form := page.Form()
			form.Set("username", servertest.Employee)
			form.Set("password", servertest.Password)
			form.Set("action", actions[page.URL.Path])
			left, page = p.Submit(p.browser, page, form)
		}
		return left != nil && left.Query().Get("code") != ""
	}
	return place{
		func(p *proving) string {
			serial++
			p.api(http.MethodPatch, "clients/"+servertest.SPA, map[string]any{"organization_usage": "allow", "initiate_login_uri": "https://app.test/login"}, "")
			p.api(http.MethodPatch, "clients/"+servertest.Mobile, map[string]any{"organization_usage": "allow"}, "")
			p.more["organization"] = organization(p, fmt.Sprint("org-", serial))
			return invite(p, p.more["organization"], servertest.Employee)
		},
		func(p *proving, ticket string) bool { return accepts(p, spa, ticket) },
		with(noJWT, map[string]way{
			expired: refused(after(2 * time.Hour)),
			otherAudience: refused(func(p *proving, _ string) string {
				serial++
				return invite(p, organization(p, fmt.Sprint("org-", serial)), servertest.Employee)
			}),
			otherClient: refused(func(p *proving, good string) string {
				if accepts(p, servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback}, good) {
					return good
				}
				return "none"
			}),
			otherUser: refused(func(p *proving, _ string) string { return invite(p, p.more["organization"], servertest.Manager) }),
			twice:     spent(used),
		}),
	}
}
