package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

const (
	grantURI    = "http://auth0.com/oauth/grant-type/"
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	people      = "Username-Password-Authentication"
)

// app creates an application with every grant that the proofs below need, once for each name.
func (p *proving) app(name string) string {
	p.t.Helper()
	if p.more[name] != "" {
		return p.more[name]
	}
	p.more[name] = p.api(http.MethodPost, "clients", map[string]any{
		"name": name, "app_type": "native", "token_endpoint_auth_method": "none", "oidc_conformant": true, "callbacks": []string{"https://app.test/callback"},
		"web_origins": []string{"https://app.test"}, "cross_origin_authentication": true,
		"grant_types": []string{"authorization_code", "password", grantURI + "mfa-oob", grantURI + "passwordless/otp", deviceGrant},
	}, "client_id")
	p.api(http.MethodPatch, "tenants/settings", map[string]any{"default_directory": people}, "")
	p.api(http.MethodPatch, "connections/"+p.peopleID()+"/clients", []any{map[string]any{"client_id": p.more[name], "status": true}}, "")
	return p.more[name]
}

// exchanged reports whether the token endpoint answers a form with an access token.
func (p *proving) exchanged(form url.Values) bool {
	p.t.Helper()
	status, body := p.Token(p.browser, form)
	return status == http.StatusOK && body["access_token"] != nil
}

// pair splits a proof that consists of two parts.
func pair(proof string) (first, second string) {
	first, second, _ = strings.Cut(proof, " ")
	return first, second
}

// crossed returns the first part of one proof with the second part of another. If both parts happen to be the
// same code (once in a million), the second part is "none".
func crossed(one, other string) string {
	first, own := pair(one)
	_, second := pair(other)
	if own == second {
		second = "none"
	}
	return first + " " + second
}

// factorsAndTickets returns the places that take a proof besides a password or instead of one, and those that
// take the codes and tickets that applications hold meanwhile.
func factorsAndTickets() map[string]place {
	return map[string]place{
		"approved push": approvals(), "code of /otp/challenge": challenges(), "ticket of an enrollment": enrollments(),
		"login ticket": loginTickets(), "request_uri": references(), "device code": deviceCodes(),
	}
}

// approvals: oob_codes of push notifications that the user has approved on the phone.
func approvals() place {
	begin := func(p *proving, user string) (token, oob string) {
		form := url.Values{"grant_type": {"password"}, "client_id": {p.app("app")}, "username": {user}, "password": {servertest.Password}}
		_, body := p.Token(p.browser, form)
		token = textOf(body, "mfa_token")
		sent := url.Values{"client_id": {p.app("app")}, "mfa_token": {token}, "authenticator_types": {"oob"}, "oob_channels": {"auth0"}}
		status, made := p.Post(p.browser, "mfa/associate", sent)
		if status != http.StatusOK {
			if status, made = p.Post(p.browser, "mfa/challenge", url.Values{"client_id": {p.app("app")}, "mfa_token": {token}, "challenge_type": {"oob"}}); status != http.StatusOK {
				p.t.Fatalf("%d %v", status, made)
			}
		}
		return token, textOf(made, "oob_code")
	}
	answer := func(p *proving, userID string) {
		for _, q := range p.Questions(userID) {
			p.AnswerPush(q.ID, "allow")
		}
	}
	accepts := func(p *proving, app, proof string) bool {
		token, oob := pair(proof)
		return p.exchanged(url.Values{"grant_type": {grantURI + "mfa-oob"}, "client_id": {app}, "mfa_token": {token}, "oob_code": {oob}})
	}
	return place{
		func(p *proving) string {
			p.app("app")
			p.api(http.MethodPut, "guardian/factors/push-notification", map[string]any{"enabled": true}, "")
			p.api(http.MethodPut, "guardian/policies", []string{"all-applications"}, "")
			token, oob := begin(p, servertest.Employee)
			answer(p, employeeID)
			return token + " " + oob
		},
		func(p *proving, proof string) bool { return accepts(p, p.app("app"), proof) },
		with(noJWT, map[string]way{
			expired: refused(after(6 * time.Minute)),
			otherAudience: refused(func(p *proving, good string) string { // the question of another login of the user
				token, _ := begin(p, servertest.Employee)
				_, oob := pair(good)
				return token + " " + oob
			}),
			otherClient: refused(func(p *proving, good string) string {
				if accepts(p, p.app("another app"), good) {
					return good
				}
				return "none at all"
			}),
			otherUser: refused(func(p *proving, good string) string {
				token, _ := begin(p, servertest.Manager)
				_, oob := pair(good)
				return token + " " + oob
			}),
			twice: spent(used),
		}),
	}
}

// challenges: one-time codes that database connections accept instead of passwords.
func challenges() place {
	challenge := func(p *proving, app, address string) string {
		p.ClearInbox()
		status, body := p.Post(p.browser, "otp/challenge", url.Values{"client_id": {app}, "connection": {people}, "email": {address}})
		if status != http.StatusOK {
			p.t.Fatalf("%d %v", status, body)
		}
		return textOf(body, "auth_session") + " " + p.WaitForMessage(address, "passwordless_email").Code
	}
	accepts := func(p *proving, app, proof string) bool {
		session, code := pair(proof)
		return p.exchanged(url.Values{"grant_type": {grantURI + "passwordless/otp"}, "client_id": {app}, "auth_session": {session}, "otp": {code}, "scope": {"openid"}})
	}
	return place{
		func(p *proving) string {
			p.app("app")
			p.api(http.MethodPatch, "connections/"+p.peopleID(), map[string]any{"options": map[string]any{
				"brute_force_protection": false, "authentication_methods": map[string]any{"password": map[string]any{"enabled": true}, "email_otp": map[string]any{"enabled": true}},
			}}, "")
			return challenge(p, p.app("app"), servertest.Employee)
		},
		func(p *proving, proof string) bool { return accepts(p, p.app("app"), proof) },
		with(noJWT, map[string]way{
			expired: refused(after(6 * time.Minute)),
			otherAudience: refused(func(p *proving, good string) string {
				return crossed(good, challenge(p, p.app("app"), servertest.Employee))
			}),
			otherClient: refused(func(p *proving, good string) string {
				if accepts(p, p.app("another app"), good) {
					return good
				}
				return "none at all"
			}),
			otherUser: refused(func(p *proving, good string) string {
				return crossed(good, challenge(p, p.app("app"), servertest.Manager))
			}),
			twice: spent(used),
		}),
	}
}

// enrollments: tickets for the enrollment of a factor.
func enrollments() place {
	ticket := func(p *proving, path, member string) string {
		body := map[string]any{"user_id": employeeID}
		if member == "ticket" {
			body["result_url"] = "https://app.test/done"
		}
		_, secret, _ := strings.Cut(p.api(http.MethodPost, path, body, member), "ticket=")
		return strings.TrimSuffix(secret, "#")
	}
	return place{
		func(p *proving) string {
			p.api(http.MethodPut, "guardian/factors/otp", map[string]any{"enabled": true}, "")
			return ticket(p, "guardian/enrollments/ticket", "ticket_url")
		},
		func(p *proving, secret string) bool {
			_, page := p.Visit(p.Client(), p.URL+"guardian/enroll?ticket="+url.QueryEscape(secret))
			return page.URL != nil && strings.HasPrefix(page.URL.Path, "/u/mfa-otp-enrollment")
		},
		with(noJWT, map[string]way{
			expired:       refused(after(6 * 24 * time.Hour)),
			otherAudience: refused(func(p *proving, _ string) string { return ticket(p, "tickets/email-verification", "ticket") }),
			otherClient:   never("whoever has the link may follow it"), otherUser: never("it names its user, and nobody is logged in"),
			twice: accepted("it can be followed until the factor is enrolled, see TestATicketIsGoodOnce", used),
		}),
	}
}

// loginTickets: tickets that a page of an application gets for a password (cross-origin authentication).
func loginTickets() place {
	ticket := func(p *proving, app, user string) string {
		form := url.Values{"client_id": {app}, "credential_type": {grantURI + "password-realm"}, "realm": {people}, "username": {user}, "password": {servertest.Password}}
		status, body := p.Post(p.browser, "co/authenticate", form)
		if status != http.StatusOK {
			p.t.Fatalf("%d %v", status, body)
		}
		return textOf(body, "login_ticket")
	}
	follow := func(p *proving, app, ticket string) bool {
		query := url.Values{
			"client_id": {app}, "response_type": {"code"}, "redirect_uri": {"https://app.test/callback"}, "scope": {"openid"}, "login_ticket": {ticket}, "realm": {people},
			"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
		}
		left, _ := p.Visit(p.Client(), p.URL+"authorize?"+query.Encode())
		return left != nil && left.Query().Get("code") != ""
	}
	return place{
		func(p *proving) string { return ticket(p, p.app("app"), servertest.Employee) },
		func(p *proving, one string) bool { return follow(p, p.app("app"), one) },
		with(noJWT, map[string]way{
			expired:       refused(after(2 * time.Minute)),
			otherAudience: never("it is for a session of its browser, of whatever login"),
			otherClient:   refused(func(p *proving, _ string) string { return ticket(p, p.app("another app"), servertest.Employee) }),
			otherUser:     never("it is its user's, and no user comes with it"),
			twice:         spent(used),
		}),
	}
}

// references: request_uris of pushed authorization requests, RFC 9126.
func references() place {
	push := func(p *proving, client, secret string) string {
		form := url.Values{"client_id": {client}, "client_secret": {secret}, "response_type": {"code"}, "redirect_uri": {servertest.WebCallback}, "prompt": {"none"}, "state": {"s"}}
		status, body := p.Post(p.browser, "oauth/par", form)
		if status != http.StatusCreated {
			p.t.Fatalf("%d %v", status, body)
		}
		return textOf(body, "request_uri")
	}
	return place{
		func(p *proving) string { return push(p, servertest.Web, servertest.WebSecret) },
		func(p *proving, reference string) bool {
			left, _ := p.Visit(p.Client(), p.URL+"authorize?"+url.Values{"client_id": {servertest.Web}, "request_uri": {reference}}.Encode())
			return left != nil && left.Query().Get("error") == "login_required" // it was read: nobody is logged in
		},
		with(noJWT, map[string]way{
			expired:       spent(after(time.Minute)),
			otherAudience: never("it is for /authorize alone"),
			otherClient: refused(func(p *proving, good string) string {
				left, _ := p.Visit(p.Client(), p.URL+"authorize?"+url.Values{"client_id": {servertest.SPA}, "request_uri": {good}}.Encode())
				if left != nil && left.Query().Get("error") == "login_required" {
					return good
				}
				return "urn:ietf:params:oauth:request_uri:none"
			}),
			otherUser: never("it is an application's, and no user's"),
			twice:     spent(used),
		}),
	}
}

// deviceCodes: device codes that a user has approved.
func deviceCodes() place {
	poll := func(p *proving, app, code string) bool {
		return p.exchanged(url.Values{"grant_type": {deviceGrant}, "client_id": {app}, "device_code": {code}})
	}
	return place{
		func(p *proving) string {
			status, body := p.Post(p.browser, "oauth/device/code", url.Values{"client_id": {p.app("app")}, "scope": {"openid"}})
			if status != http.StatusOK {
				p.t.Fatalf("%d %v", status, body)
			}
			_, page := p.Visit(p.browser, textOf(body, "verification_uri_complete"))
			form := url.Values{"action": {"confirm"}}
			for range 4 {
				_, page = p.Submit(p.browser, page, form)
				if page.URL == nil || page.URL.Path == "/u/device-code-activation" {
					break
				}
				form = page.Form()
				maps.Copy(form, url.Values{"username": {servertest.Employee}, "password": {servertest.Password}, "action": {"default"}})
				if page.URL.Path == "/u/consent" {
					form.Set("action", "accept")
				}
			}
			return textOf(body, "device_code")
		},
		func(p *proving, code string) bool { return poll(p, p.app("app"), code) },
		with(noJWT, map[string]way{
			expired:       spent(after(16 * time.Minute)),
			otherAudience: never("it is for the token endpoint alone"),
			otherClient: refused(func(p *proving, good string) string {
				if poll(p, p.app("another app"), good) {
					return good
				}
				return "none"
			}),
			otherUser: never("the person is the one who has let the device in"),
			twice: spent(func(p *proving, good string) string {
				used(p, good)
				return after(storage.DeviceInterval+time.Second)(p, good) // sooner it would be refused for its haste
			}),
		}),
	}
}
