package token_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

// Applications and connections in the tests of the password grants.
const (
	trusted  = "trusted"  // regular_web, may use passwords, and name the person's address
	stranger = "stranger" // of somebody else, may use passwords
	phone    = "phone"    // native, may use passwords
	members  = "members"  // native, of organizations alone
	realm    = "http://auth0.com/oauth/grant-type/password-realm"
	partners = "partners" // a database that phone alone has
	retired  = "retired"  // a database that no application has
	google   = "google"   // no database
)

var passwordGrants = []string{"password", realm, "refresh_token", "authorization_code"}

// withPasswords starts the tenant of the tests with applications that may use the password grants.
func withPasswords(more ...func(object)) servertest.Option {
	return withSeed(func(file object) {
		app := func(c object) object {
			c["grant_types"] = passwordGrants
			return c
		}
		never := object{"rotation_type": "non-rotating", "expiration_type": "non-expiring"}
		file["tenant"] = object{"default_directory": connection}
		withManagement(file)
		file["clients"] = append(file["clients"].([]object),
			app(confidential(trusted, "regular_web", object{"is_token_endpoint_ip_header_trusted": true})),
			app(confidential(stranger, "regular_web", object{"is_first_party": false})),
			app(native(phone, never)),
			app(func() object {
				c := native(members, never)
				c["organization_usage"] = "require"
				return c
			}()),
		)
		databases := file["databases"].([]object)
		databases[0]["enabled_clients"] = append(databases[0]["enabled_clients"].([]string), trusted, stranger, phone, members)
		file["databases"] = append(databases,
			object{"name": partners, "strategy": "auth0", "enabled_clients": []string{phone}},
			object{"name": retired, "strategy": "auth0", "enabled_clients": []string{}},
		)
		file["connections"] = []object{{"name": google, "strategy": "google-oauth2", "enabled_clients": []string{phone}}}
		users := file["users"].([]object)
		users[1]["blocked"] = true
		file["users"] = append(users, object{"user_id": "auth0|partner", "email": email, "password": "the partner's own", "connection": partners})
		for _, change := range more {
			change(file)
		}
	})
}

// withManagement adds the application with which the tests call the Management API.
func withManagement(file object) {
	file["clients"] = append(file["clients"].([]object), object{
		"name": "management", "client_id": servertest.Management, "client_secret": servertest.ManagementSecret,
		"app_type": "non_interactive", "grant_types": []string{"client_credentials"},
	})
	file["clientGrants"] = append(file["clientGrants"].([]object), object{
		"client_id": servertest.Management, "audience": "${issuer}api/v2/", "allow_all_scopes": true, "scope": []string{},
	})
}

func byPassword(more ...string) url.Values {
	form := values("grant_type", "password", "client_id", phone, "username", email, "password", password)
	for i := 0; i < len(more); i += 2 {
		if form.Set(more[i], more[i+1]); more[i+1] == "" {
			form.Del(more[i])
		}
	}
	return form
}

func TestPasswords(t *testing.T) {
	tn := start(t, withPasswords())
	status, body := tn.Token(tn.browser, byPassword("audience", plain, "scope", "openid email read:it offline_access unknown"))
	diff(t, "status", status, 200)
	diff(t, "scope", body["scope"], "openid email read:it offline_access")
	_, access := tn.verified(body["access_token"], jose.RS256)
	for name, want := range (object{"sub": userID, "gty": "password", "azp": phone, "scope": "openid email read:it offline_access"}) {
		diff(t, name+" of the access token", access[name], want)
	}
	_, id := tn.verified(body["id_token"], jose.RS256)
	diff(t, "aud of the ID token", id["aud"], phone)
	diff(t, "sub of the ID token", id["sub"], userID)
	if id["sid"] != nil || id["nonce"] != nil {
		t.Errorf("the ID token knows a session or a nonce: %v", id)
	}
	status, refreshed := tn.refresh(phone, body["refresh_token"])
	diff(t, "status of a refresh", status, 200)
	diff(t, "scope of a refresh", refreshed["scope"], "openid email read:it offline_access")

	// Another database has another user with the same e-mail address.
	status, body = tn.Token(tn.browser, byPassword("grant_type", realm, "realm", partners, "password", "the partner's own", "scope", "openid"))
	diff(t, "status in another realm", status, 200)
	_, id = tn.verified(body["id_token"], jose.RS256)
	diff(t, "sub in another realm", id["sub"], "auth0|partner")
	diff(t, "a refresh token without offline_access", body["refresh_token"], nil)

	// A JSON body, HTTP Basic authentication, and spaces around the username.
	status, body = func() (int, object) {
		a := tn.send(http.MethodPost, "oauth/token", `{"grant_type":"password","username":" `+email+` ","password":"`+password+`","scope":["openid"]}`,
			"Content-Type", jsonType, "Authorization", basic(trusted, secret))
		return a.status, a.json(t)
	}()
	diff(t, "status by Basic and JSON", status, 200)
	diff(t, "scope by Basic and JSON", body["scope"], "openid")
}

func TestPasswordsWithoutScope(t *testing.T) {
	tn := start(t, withPasswords(func(file object) {
		apis := file["resourceServers"].([]object)
		apis[len(apis)-1]["subject_type_authorization"] = object{"user": object{"policy": "require_client_grant"}}
		file["clientGrants"] = append(file["clientGrants"].([]object),
			object{"client_id": phone, "audience": ungranted, "subject_type": "user", "scope": []string{"read:it"}})
	}))
	for audience, want := range map[string]string{
		"":        "openid profile email address phone",
		plain:     "openid profile email address phone read:it write:it run:it",
		guarded:   "openid profile email address phone read:it run:it", // what the user holds
		ungranted: "openid profile email address phone",
	} {
		status, body := tn.Token(tn.browser, byPassword("audience", audience))
		diff(t, "status for "+audience, status, 200)
		diff(t, "scope for "+audience, body["scope"], want)
		diff(t, "a refresh token for "+audience, body["refresh_token"], nil)
	}
	_, body := tn.Token(tn.browser, byPassword("audience", tn.URL+"userinfo"))
	if access, _ := body["access_token"].(string); strings.Count(access, ".") != 4 {
		t.Errorf("for userinfo alone: %v", body)
	}
}

func TestRefusedPasswords(t *testing.T) {
	tn := start(t, withPasswords())
	wrong := oauthError("invalid_grant", "Wrong email or password.")
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		want   object
	}{
		{"another password", byPassword("password", "wrong"), 403, wrong},
		{"a user who is none", byPassword("username", "nobody@example.com"), 403, wrong},
		{"another realm's password", byPassword("password", "the partner's own"), 403, wrong},
		{"a password of more bytes than bcrypt takes", byPassword("password", strings.Repeat("p", 100)), 403, wrong},
		{"no username", byPassword("username", ""), 400, errMissing("username")},
		{"no password", byPassword("password", ""), 400, errMissing("password")},
		{"no realm", byPassword("grant_type", realm), 400, errMissing("realm")},
		{"a realm that is none", byPassword("grant_type", realm, "realm", "x"), 400, oauthError("invalid_request", "the connection was not found")},
		{"a realm of others", byPassword("grant_type", realm, "realm", retired), 400, oauthError("invalid_request", "the connection was disabled")},
		{"a realm without passwords", byPassword("grant_type", realm, "realm", google), 400, oauthError("invalid_request", "specified strategy does not support requested operation")},
		{"a blocked user", byPassword("username", blocked), 401, oauthError("unauthorized", "user is blocked")},
		{"an API that is none", byPassword("audience", "urn:none"), 403, oauthError("access_denied", "Service not found: urn:none")},
		{"an organization", byPassword("organization", "org_1"), 400, oauthError("invalid_request", "parameter organization is not allowed for this client")},
		{"an application of organizations", byPassword("client_id", members), 400, oauthError("invalid_request", "parameter organization is required for this client")},
		{"an application of others", byPassword("client_id", stranger, "client_secret", secret), 403, errGrant("password")},
		{"an application without the grant", byPassword("client_id", fixed), 403, errGrant("password")},
		{"an application without its secret", byPassword("client_id", trusted), 401, errUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) { tn.refused(t, tt.form, tt.status, tt.want) })
	}
}

func TestPasswordsWithoutADefaultDirectory(t *testing.T) {
	tn := start(t, withPasswords(func(file object) { delete(file, "tenant") }))
	tn.refused(t, byPassword(), 500, oauthError("server_error", "Authorization server not configured with default connection."))
}

// TestGuessedPasswords: ten wrong passwords from an IP address block it for the account, as on the login page.
func TestGuessedPasswords(t *testing.T) {
	tn := start(t, withPasswords())
	tooMany := oauthError("too_many_attempts", "Your account has been blocked after multiple consecutive login attempts. We've sent you an email with instructions on how to unblock it.")
	tn.guess(t, 9, "")
	if status, body := tn.Token(tn.browser, byPassword()); status != 200 {
		t.Fatalf("the right one after nine wrong ones: %d %v", status, body)
	}
	tn.guess(t, 10, "")
	tn.refused(t, byPassword(), 429, tooMany)
	tn.refused(t, byPassword("password", "wrong"), 429, tooMany)
	if link := tn.WaitForMessage(email, "blocked_account").Link; !strings.Contains(link, "/u/unblock?ticket=") {
		t.Errorf("the e-mail has the link %q", link)
	}
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: phone, RedirectURI: callback, Params: values("audience", plain, "scope", "openid")})
	left, page := tn.Visit(tn.browser, target)
	if left != nil {
		t.Fatalf("no login page: %v", left)
	}
	form := page.Form()
	form.Set("username", email)
	form.Set("password", password)
	if _, after := tn.Submit(tn.browser, page, form); !strings.Contains(after.Body, "user-blocked") {
		t.Errorf("the login page takes the blocked account: %d", after.Status)
	}
	if status, _ := tn.Manage(tn.browser, http.MethodDelete, "user-blocks/"+userID, nil); status != 204 {
		t.Fatalf("unblocking: %d", status)
	}
	if status, body := tn.Token(tn.browser, byPassword()); status != 200 {
		t.Errorf("after unblocking: %d %v", status, body)
	}
}

// guess sends wrong passwords, with a header that names the user's IP address unless from is "".
func (tn tenant) guess(t *testing.T, times int, from string, more ...string) {
	t.Helper()
	for range times {
		headers := []string{"Content-Type", formType}
		if from != "" {
			headers = append(headers, "auth0-forwarded-for", from)
		}
		if a := tn.send(http.MethodPost, "oauth/token", byPassword(append(more, "password", "wrong")...).Encode(), headers...); a.status != 403 {
			t.Fatalf("a wrong password: %d %s", a.status, a.body)
		}
	}
}

// TestWhoseAddressCounts tests the header auth0-forwarded-for, in which servers send the user's IP address.
func TestWhoseAddressCounts(t *testing.T) {
	for _, tt := range []struct {
		name      string
		client    []string
		elsewhere int // the status of the right password from another address
	}{
		{"a server that is trusted", []string{"client_id", trusted, "client_secret", secret}, 200},
		{"a server that is not trusted", []string{"client_id", "untrusted", "client_secret", secret}, 429},
		{"an application that anybody may claim to be", []string{"client_id", phone}, 429},
		{"one that is trusted all the same", []string{"client_id", "claimed"}, 429},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn := start(t, withPasswords(func(file object) {
				claimed := native("claimed", nil)
				delete(claimed, "refresh_token")
				claimed["is_token_endpoint_ip_header_trusted"] = true
				for _, client := range []object{claimed, confidential("untrusted", "regular_web", nil)} {
					client["grant_types"] = passwordGrants
					file["clients"] = append(file["clients"].([]object), client)
				}
				database := file["databases"].([]object)[0]
				database["enabled_clients"] = append(database["enabled_clients"].([]string), "claimed", "untrusted")
			}))
			tn.guess(t, 10, "203.0.113.7", tt.client...)
			for _, from := range []struct { // a login from the second ends what is counted for the first
				address string
				want    int
			}{{"203.0.113.7", 429}, {"203.0.113.8, 10.0.0.1", tt.elsewhere}} {
				a := tn.send(http.MethodPost, "oauth/token", byPassword(tt.client...).Encode(), "Content-Type", formType, "auth0-forwarded-for", from.address)
				diff(t, "status from "+from.address, a.status, from.want)
			}
		})
	}
}

func TestPasswordsInTheLog(t *testing.T) {
	tn := start(t, withPasswords())
	tn.Token(tn.browser, byPassword("audience", plain, "scope", "openid"))
	tn.Token(tn.browser, byPassword("password", "wrong"))
	tn.Token(tn.browser, byPassword("username", "nobody@example.com"))
	_, answer := tn.Manage(tn.browser, http.MethodGet, "logs?sort=date:1&per_page=100", nil)
	var got []string
	for _, item := range answer.([]any) {
		e := item.(object)
		if text := e["type"].(string); slices.Contains([]string{"sepft", "fepft", "fp", "fu", "s", "f"}, text) {
			got = append(got, strings.Join([]string{text, e["description"].(string), e["user_name"].(string)}, "|"))
		}
	}
	diff(t, "events", got, []string{
		"sepft|Password for Access Token|" + email,
		"fp|Wrong email or password.|" + email,
		"fepft|Wrong email or password.|" + email,
		"fu|Wrong email or password.|nobody@example.com",
		"fepft|Wrong email or password.|nobody@example.com",
	})
	_, user := tn.Manage(tn.browser, http.MethodGet, "users/"+userID, nil)
	diff(t, "logins of the user", user.(object)["logins_count"], 1.0)
}

// TestAPasswordIsGoodUntilItIsChanged, and so are the refresh tokens that it led to.
func TestAPasswordIsGoodUntilItIsChanged(t *testing.T) {
	tn := start(t, withPasswords())
	_, body := tn.Token(tn.browser, byPassword("audience", plain, "scope", "openid offline_access"))
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "users/"+userID, object{"password": "another Battery 2", "connection": connection}); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	tn.refused(t, byPassword(), 403, oauthError("invalid_grant", "Wrong email or password."))
	if status, _ := tn.refresh(phone, body["refresh_token"]); status != 403 {
		t.Errorf("the refresh token of the old password: %d", status)
	}
}
