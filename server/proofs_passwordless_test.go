package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

const (
	codeAddress  = "bob@example.com"
	otherAddress = "carol@example.com"
	codePhone    = "+15550100"
	otherPhone   = "+15550101"
)

// codesAndMarks returns the places that take codes and links that people are sent, and what a browser or an application
// keeps between the steps of a login.
func codesAndMarks() map[string]place {
	return map[string]place{
		"passwordless code by e-mail":  sentCodes("email", codeAddress, otherAddress, outbox.PasswordlessEmail),
		"passwordless code by message": sentCodes("sms", codePhone, otherPhone, "otp_verify"),
		"passwordless link":            magicLinks(), "mfa_token": furtherLogins(), "recovery code": recoveries(),
		"user code": userCodes(), "cookie of a remembered browser": rememberedBrowsers(), "session transfer token": transfers(),
	}
}

// passwordless creates the passwordless connections for two applications, once for each tenant.
func (p *proving) passwordless() {
	p.t.Helper()
	if p.more["passwordless"] == "" {
		p.more["passwordless"] = "made"
		for _, strategy := range []string{"email", "sms"} {
			p.api(http.MethodPost, "connections", map[string]any{
				"name": strategy, "strategy": strategy, "enabled_clients": []string{p.app("app"), p.app("another app")}, "options": map[string]any{"brute_force_protection": false},
			}, "id")
		}
	}
}

// digit returns a code with the digit at a place changed.
func digit(code string, i int) string {
	return code[:i] + string('0'+(code[i]-'0'+1)%10) + code[i+1:]
}

// sentCodes: one-time codes that are sent to an address or a number.
func sentCodes(connection, to, other, kind string) place {
	member := map[string]string{"email": "email", "sms": "phone_number"}[connection]
	sent := func(p *proving, app, to string) string {
		p.ClearInbox()
		form := url.Values{"client_id": {app}, "connection": {connection}, member: {to}, "send": {"code"}}
		if status, body := p.Post(p.browser, "passwordless/start", form); status != http.StatusOK {
			p.t.Fatalf("%d %v", status, body)
		}
		return p.WaitForMessage(to, kind).Code
	}
	accepts := func(p *proving, app, code string) bool {
		return p.exchanged(url.Values{
			"grant_type": {grantURI + "passwordless/otp"}, "client_id": {app}, "realm": {connection}, "username": {to}, "otp": {code}, "scope": {"openid"},
		})
	}
	distinct := func(good, code string) string {
		if code == good { // once in a million
			return digit(good, 0)
		}
		return code
	}
	return place{
		func(p *proving) string {
			p.passwordless()
			return sent(p, p.app("app"), to)
		},
		func(p *proving, code string) bool { return accepts(p, p.app("app"), code) },
		with(noJWT, map[string]way{
			expired: refused(after(4 * time.Minute)),
			changed: refused(func(p *proving, good string) string {
				if wrong := digit(good, 0); accepts(p, p.app("app"), wrong) {
					return wrong
				}
				return digit(good, len(good)-1) // three wrong ones would end the code
			}),
			otherTenant: refused(func(p *proving, good string) string {
				return distinct(good, ofAnotherTenant(p, good))
			}),
			otherAudience: refused(func(p *proving, good string) string { // the code for a new password
				p.ClearInbox()
				return distinct(good, otherCode(p))
			}),
			otherClient: refused(func(p *proving, good string) string {
				if accepts(p, p.app("another app"), good) {
					return good
				}
				return digit(good, 1)
			}),
			otherUser: refused(func(p *proving, good string) string { return distinct(good, sent(p, p.app("app"), other)) }),
			twice:     spent(used),
		}),
	}
}

// otherCode returns the code that a database account is sent for /otp/challenge.
func otherCode(p *proving) string {
	one := challenges()
	_, code := pair(one.issue(p))
	return code
}

// magicLinks: links that log a browser in. The proof is the link's code, and the rest of the link is in proving.more.
func magicLinks() place {
	follow := func(p *proving, change func(url.Values)) bool {
		query, err := url.ParseQuery(p.more["link"])
		if err != nil {
			p.t.Fatal(err)
		}
		change(query)
		left, _ := p.Visit(p.Client(), p.URL+"passwordless/verify_redirect?"+query.Encode())
		return left != nil && left.Query().Get("code") != ""
	}
	sent := func(p *proving, to string) (code, query string) {
		p.ClearInbox()
		started := map[string]any{"client_id": p.app("app"), "connection": "email", "email": to, "send": "link", "authParams": map[string]any{
			"redirect_uri": "https://app.test/callback", "scope": "openid", "response_type": "code",
			"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
		}}
		if status, body := p.send(http.MethodPost, p.URL+"passwordless/start", started); status != http.StatusOK {
			p.t.Fatalf("%d %v", status, body)
		}
		_, query, _ = strings.Cut(p.WaitForMessage(to, outbox.PasswordlessEmail).Link, "?")
		query, _, _ = strings.Cut(query, "#")
		values, err := url.ParseQuery(query)
		if err != nil {
			p.t.Fatal(err)
		}
		return values.Get("verification_code"), query
	}
	return place{
		func(p *proving) (code string) {
			p.passwordless()
			code, p.more["link"] = sent(p, codeAddress)
			return code
		},
		func(p *proving, code string) bool {
			return follow(p, func(query url.Values) { query.Set("verification_code", code) })
		},
		with(noJWT, map[string]way{
			expired: refused(after(31 * time.Minute)),
			changed: refused(func(_ *proving, good string) string { return digit(good, 0) }),
			otherAudience: refused(func(p *proving, good string) string {
				if code := otherCode(p); code != good {
					return code
				}
				return digit(good, 0)
			}),
			otherClient: refused(func(p *proving, good string) string {
				if follow(p, func(query url.Values) { query.Set("client_id", p.app("another app")) }) {
					return good
				}
				return digit(good, 0)
			}),
			otherUser: refused(func(p *proving, good string) string {
				if code, _ := sent(p, otherAddress); code != good {
					return code
				}
				return digit(good, 0)
			}),
			twice: spent(used),
		}),
	}
}

// furtherApp returns an application whose users need a one-time password besides their own.
func (p *proving) furtherApp(name string) string {
	p.t.Helper()
	id := p.app(name)
	p.api(http.MethodPatch, "clients/"+id, map[string]any{
		"grant_types": []string{"authorization_code", "password", grantURI + "mfa-otp", grantURI + "mfa-recovery-code", grantURI + "mfa-oob"},
	}, "")
	p.api(http.MethodPut, "guardian/factors/otp", map[string]any{"enabled": true}, "")
	p.api(http.MethodPut, "guardian/factors/recovery-code", map[string]any{"enabled": true}, "")
	p.api(http.MethodPut, "guardian/policies", []string{"all-applications"}, "")
	return id
}

// half begins a login with a password, and returns its mfa_token.
func (p *proving) half(app, user string) string {
	p.t.Helper()
	_, body := p.Token(p.browser, url.Values{"grant_type": {"password"}, "client_id": {app}, "username": {user}, "password": {servertest.Password}})
	token := textOf(body, "mfa_token")
	if token == "" {
		p.t.Fatalf("no mfa_token: %v", body)
	}
	return token
}

// oneTime returns the one-time password of a secret at a time.
func oneTime(p *proving, secret string, at time.Time) string {
	p.t.Helper()
	code, err := totp.GenerateCodeCustom(secret, at, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// enrolled enrols a user who has no further factor, by a login, and returns the secret of the one-time passwords.
func (p *proving) enrolled(app, user string) (secret string) {
	p.t.Helper()
	token := p.half(app, user)
	status, body := p.Post(p.browser, "mfa/associate", url.Values{"client_id": {app}, "mfa_token": {token}, "authenticator_types": {"otp"}})
	if status != http.StatusOK {
		p.t.Fatalf("%d %v", status, body)
	}
	secret = textOf(body, "secret")
	p.Freeze(noon.Add(-time.Hour)) // each one-time password is good once, and this one is of another time
	token = p.half(app, user)
	if !p.exchanged(url.Values{"grant_type": {grantURI + "mfa-otp"}, "client_id": {app}, "mfa_token": {token}, "otp": {oneTime(p, secret, noon.Add(-time.Hour))}}) {
		p.t.Fatal("the one-time password of an enrollment is refused")
	}
	p.Freeze(noon)
	return secret
}

// furtherLogins: mfa_tokens of logins that wait for a further factor. The one-time password that goes with it is the
// employee's, or of a user who was just made.
func furtherLogins() place {
	serial := 0
	person := func(p *proving) string {
		serial++
		email := fmt.Sprintf("further-%d@example.com", serial)
		p.api(http.MethodPost, "users", map[string]any{"connection": people, "email": email, "password": servertest.Password}, "")
		return email
	}
	finish := func(p *proving, app, token string) bool {
		return p.exchanged(url.Values{"grant_type": {grantURI + "mfa-otp"}, "client_id": {app}, "mfa_token": {token}, "otp": {oneTime(p, p.more["secret"], noon)}})
	}
	return place{
		func(p *proving) string {
			app := p.furtherApp("app")
			p.furtherApp("another app")
			p.more["user"] = person(p)
			p.more["secret"] = p.enrolled(app, p.more["user"])
			return p.half(app, p.more["user"])
		},
		func(p *proving, token string) bool { return finish(p, p.app("app"), token) },
		with(noJWT, map[string]way{
			expired: refused(after(11 * time.Minute)),
			otherAudience: refused(func(p *proving, _ string) (wrong string) { // an access token
				_, body := p.Token(p.browser, p.ManagementForm())
				return textOf(body, "access_token")
			}),
			otherClient: refused(func(p *proving, good string) string {
				if finish(p, p.app("another app"), good) {
					return good
				}
				return p.half(p.app("another app"), p.more["user"])
			}),
			otherUser: refused(func(p *proving, _ string) string { // whose one-time passwords are others
				other := person(p)
				p.enrolled(p.app("app"), other)
				return p.half(p.app("app"), other)
			}),
			twice: spent(func(p *proving, good string) string {
				used(p, good)
				return after(31*time.Second)(p, good)
			}),
		}),
	}
}

// recoveries: recovery codes, each with the mfa_token of a login of its own.
func recoveries() place {
	further := furtherLogins()
	recover := func(p *proving, app, user, code string) bool {
		token := p.half(app, user)
		return p.exchanged(url.Values{"grant_type": {grantURI + "mfa-recovery-code"}, "client_id": {app}, "mfa_token": {token}, "recovery_code": {code}})
	}
	fresh := func(p *proving) (user, code string) {
		further.issue(p)
		user = p.more["user"]
		return user, p.api(http.MethodPost, "users/"+url.PathEscape(p.userID(user))+"/recovery-code-regeneration", map[string]any{}, "recovery_code")
	}
	return place{
		func(p *proving) (code string) {
			p.more["user"], code = fresh(p)
			return code
		},
		func(p *proving, code string) bool { return recover(p, p.app("app"), p.more["user"], code) },
		with(noJWT, map[string]way{
			expired: spent(func(p *proving, good string) string {
				p.api(http.MethodPost, "users/"+url.PathEscape(p.userID(p.more["user"]))+"/recovery-code-regeneration", map[string]any{}, "recovery_code") // which is how a code ends
				return good
			}),
			otherAudience: refused(func(p *proving, _ string) string { return oneTime(p, p.more["secret"], noon) }),
			otherClient:   never("it is the user's, for all applications"),
			otherUser: refused(func(p *proving, _ string) string {
				own, secret := p.more["user"], p.more["secret"]
				_, code := fresh(p)
				p.more["user"], p.more["secret"] = own, secret
				return code
			}),
			twice: spent(used),
		}),
	}
}

// userID returns the id of the user with an address.
func (p *proving) userID(email string) string {
	p.t.Helper()
	_, list := p.send(http.MethodGet, p.URL+"api/v2/users-by-email?fields=user_id&email="+url.QueryEscape(email), nil, "Authorization", "Bearer "+p.token(p.URL+"api/v2/"))
	_, id, _ := strings.Cut(list, `"user_id":"`)
	id, _, _ = strings.Cut(id, `"`)
	return id
}

// userCodes: what a person types to let a device in.
func userCodes() place {
	return place{
		func(p *proving) string {
			status, body := p.Post(p.browser, "oauth/device/code", url.Values{"client_id": {p.app("app")}, "scope": {"openid"}})
			if status != http.StatusOK {
				p.t.Fatalf("%d %v", status, body)
			}
			return textOf(body, "user_code")
		},
		func(p *proving, code string) bool {
			_, page := p.Visit(p.browser, p.URL+"activate?user_code="+url.QueryEscape(code))
			if page.Status != http.StatusOK {
				return false
			}
			form := url.Values{"action": {"confirm"}}
			for range 4 {
				_, page = p.Submit(p.browser, page, form)
				if page.URL == nil || page.Status != http.StatusOK || page.URL.Path == "/u/device-code-activation" {
					break
				}
				form = page.Form()
				for name, value := range map[string]string{"username": servertest.Employee, "password": servertest.Password, "action": "default"} {
					form.Set(name, value)
				}
				if page.URL.Path == "/u/consent" {
					form.Set("action", "accept")
				}
			}
			return page.URL != nil && page.URL.Path == "/u/device-code-activation" && page.Status == http.StatusOK
		},
		with(noJWT, map[string]way{
			expired: spent(after(16 * time.Minute)),
			changed: refused(func(_ *proving, good string) string { // only letters: people may leave out the dash, or type another sign
				letter := "B"
				if good[0] == 'B' {
					letter = "C"
				}
				return letter + good[1:]
			}),
			otherAudience: refused(func(p *proving, _ string) string {
				_, body := p.Post(p.browser, "oauth/device/code", url.Values{"client_id": {p.app("app")}, "scope": {"openid"}})
				return textOf(body, "device_code")
			}),
			otherClient: never("the page names the application that the code is of"),
			otherUser:   never("the person is the one who lets the device in"),
			twice:       spent(used),
		}),
	}
}
