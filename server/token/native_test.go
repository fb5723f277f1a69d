package token_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The applications in the tests of native social login.
const (
	app      = "app"
	otherApp = "otherapp" // the same, of another app
	without  = "without"  // takes the tokens of no network
)

// social adds applications whose users log in by the SDKs of Apple, Facebook and Google, with connections to these. No
// application lists the grant type, as none does at Auth0.
func social(more ...func(object)) func(object) {
	return func(file object) {
		managed(file)
		on := object{"enabled": true}
		of := func(name string, login object) object {
			c := native(name, object{"rotation_type": "non-rotating", "expiration_type": "non-expiring"})
			if login != nil {
				c["native_social_login"] = login
			}
			return c
		}
		all := object{"apple": on, "facebook": on, "google": on}
		file["clients"] = append(file["clients"].([]object), of(app, all), of(otherApp, all), of(without, nil))
		clients := []string{app, otherApp, without}
		file["connections"] = []object{
			{"name": "apple", "strategy": "apple", "enabled_clients": clients},
			{"name": "facebook", "strategy": "facebook", "enabled_clients": clients},
			{"name": "google-oauth2", "strategy": "google-oauth2", "enabled_clients": clients, "options": object{"client_id": "web.apps.googleusercontent.com"}},
		}
		file["simulatedProviders"] = []object{}
		for _, name := range []string{"apple", "facebook", "google-oauth2"} {
			file["simulatedProviders"] = append(file["simulatedProviders"].([]object), object{"connection": name, "people": []object{{
				"id": "eve", "profile": object{"email": "Eve@example.com", "email_verified": true, "name": "Eve Adams", "given_name": "Eve", "family_name": "Adams"},
			}}})
		}
		for _, change := range more {
			change(file)
		}
	}
}

// with returns a copy of a form with parameters changed in pairs; the value "" leaves a parameter out.
func with(form url.Values, more ...string) url.Values {
	form = maps.Clone(form)
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
		if more[i+1] == "" {
			form.Del(more[i])
		}
	}
	return form
}

// user reads a user of the tenant by the Management API.
func (tn tenant) user(id string) object {
	tn.t.Helper()
	_, user := tn.Manage(tn.browser, http.MethodGet, "users/"+url.PathEscape(id), nil)
	return user.(object)
}

// TestNativeSocialLogin logs users in with the tokens and codes that the networks' SDKs provide. Their accounts are as after a
// login on the network's page, except that Auth0 trusts each network only for what it has verified.
func TestNativeSocialLogin(t *testing.T) {
	tn := start(t, withSeed(social()))
	for connection, want := range map[string]object{
		"apple":         {"user_id": "apple|eve", "email": "eve@example.com", "email_verified": true, "name": "Eve Adams"},
		"facebook":      {"user_id": "facebook|eve", "email": "eve@example.com", "email_verified": false, "name": "Eve Adams"},
		"google-oauth2": {"user_id": "google-oauth2|eve", "email": "eve@example.com", "email_verified": true, "name": "Eve Adams"},
	} {
		t.Run(connection, func(t *testing.T) {
			form := with(tn.NativeLogin(connection, "eve", app), "audience", plain, "scope", "openid profile email offline_access read:it")
			status, body := tn.Token(tn.browser, form)
			if status != http.StatusOK || body["refresh_token"] == nil || body["scope"] != "openid profile email offline_access read:it" || body["issued_token_type"] != nil {
				t.Fatalf("%d %v", status, body)
			}
			_, claims := tn.verified(body["id_token"], jose.RS256)
			if claims["sub"] != want["user_id"] || claims["name"] != want["name"] || claims["sid"] != nil {
				t.Errorf("the ID token has %v", claims)
			}
			_, access := tn.verified(body["access_token"], jose.RS256)
			if access["gty"] != nil || access["azp"] != app {
				t.Errorf("the access token has %v", access)
			}
			user := tn.user(want["user_id"].(string))
			for name, value := range want {
				if user[name] != value {
					t.Errorf("%s of the user is %v, want %v", name, user[name], value)
				}
			}
			if identity := user["identities"].([]any)[0].(object); identity["isSocial"] != true || identity["connection"] != connection || user["logins_count"] != 1.0 {
				t.Errorf("the user is %v", user)
			}
			if status, body := tn.refresh(app, body["refresh_token"]); status != http.StatusOK {
				t.Errorf("the refresh token: %d %v", status, body)
			}
		})
	}
	t.Run("log", func(t *testing.T) {
		_, answer := tn.Manage(tn.browser, http.MethodGet, "logs?per_page=100", nil)
		named := 0
		for _, e := range answer.([]any) {
			if e := e.(object); e["type"] == "sens" && e["client_id"] == app && strings.HasSuffix(e["user_id"].(string), "|eve") {
				named++
			}
		}
		if named != 3 {
			t.Errorf("%d events sens of 3 logins: %v", named, answer)
		}
	})
}

// TestTheSameAccountNativelyAndByThePage is one account. What the app has told about the user stays after logins
// that do not repeat it.
func TestTheSameAccountNativelyAndByThePage(t *testing.T) {
	tn := start(t, withSeed(social()))
	login := func(form url.Values) object {
		t.Helper()
		status, body := tn.Token(tn.browser, form)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, body)
		}
		return body
	}
	login(tn.NativeLogin("facebook", "eve", app))
	login(with(tn.NativeLogin("facebook", "eve", app), "user_profile", ""))
	user := tn.user("facebook|eve")
	if user["logins_count"] != 2.0 || user["name"] != "Eve Adams" || user["nickname"] != "eve" || user["email"] != "eve@example.com" {
		t.Errorf("after a login without a profile the user is %v", user)
	}
	forged := with(tn.NativeLogin("facebook", "eve", app), "user_profile", `{"name": "Eva", "email_verified": true, "email": "victim@example.com", "user_id": "facebook|ada", "app_metadata": {"admin": true}, "identities": [], "blocked": true}`)
	login(forged)
	user = tn.user("facebook|eve")
	if user["name"] != "Eva" || user["email_verified"] != false || user["app_metadata"] != nil || user["blocked"] != nil {
		t.Errorf("an app may tell of a person what it likes: %v", user)
	}
	// In a JSON body the profile is an object.
	body := object{}
	for name, values := range tn.NativeLogin("apple", "eve", app) {
		body[name] = values[0]
	}
	body["user_profile"] = object{"name": object{"firstName": "Eva", "lastName": "Braun"}}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if a := tn.send(http.MethodPost, "oauth/token", string(raw), "Content-Type", jsonType); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if user = tn.user("apple|eve"); user["given_name"] != "Eva" || user["name"] != "Eva Braun" {
		t.Errorf("the app's names: %v", user)
	}
}

// TestScopesOfNativeLogins: as for other grants of trusted applications, a request without scope gets all scopes.
func TestScopesOfNativeLogins(t *testing.T) {
	tn := start(t, withSeed(social()))
	for scope, want := range map[string]string{
		"":                "openid profile email address phone read:it write:it run:it",
		"openid":          "openid profile email address phone",
		"openid run:it x": "openid run:it",
	} {
		status, body := tn.Token(tn.browser, with(tn.NativeLogin("google-oauth2", "eve", app), "audience", plain, "scope", scope))
		if status != http.StatusOK || body["scope"] != want {
			t.Errorf("scope %q: %d %v, want %q", scope, status, body, want)
		}
	}
}

// TestWhatProvesNothingNatively tries tokens that no network has issued, or not to this app.
func TestWhatProvesNothingNatively(t *testing.T) {
	tn := start(t, withSeed(social(func(file object) {
		file["connections"] = append(file["connections"].([]object), object{
			"name": "second", "strategy": "google-oauth2", "enabled_clients": []string{app}, "options": object{"client_id": "web.apps.googleusercontent.com"},
		})
		file["simulatedProviders"] = append(file["simulatedProviders"].([]object), object{"connection": "second", "people": []object{{"id": "eve", "profile": object{"email": "eve@example.com"}}}})
	})))
	other := start(t, withSeed(social()))
	code := tn.NativeLogin("apple", "eve", app)
	info := tn.NativeLogin("facebook", "eve", app)
	id := tn.NativeLogin("google-oauth2", "eve", app)
	second := tn.NativeLogin("second", "eve", app)
	badCode, badToken := oauthError("invalid_grant", "Invalid authorization code"), oauthError("invalid_grant", "Invalid subject_token")
	denied := func(kind string) object {
		return oauthError("unauthorized_client", "Grant type "+exchangeType+" with subject_token_type "+kind+" not allowed for the client.")
	}
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		want   object
	}{
		{"a code that is none", with(code, "subject_token", "c123.0.abc.def"), 403, badCode},
		{"a code of another app", with(code, "client_id", otherApp), 403, badCode},
		{"a code of another tenant", other.NativeLogin("apple", "eve", app), 403, badCode},
		{"a code as another network's", with(code, "subject_token_type", info.Get("subject_token_type")), 403, badToken},
		{"a token as a code", with(info, "subject_token_type", code.Get("subject_token_type")), 403, badCode},
		{"a token of another tenant", other.NativeLogin("facebook", "eve", app), 403, badToken},
		{"an ID token of another tenant", other.NativeLogin("google-oauth2", "eve", app), 403, badToken},
		{"an ID token with a changed signature", with(id, "subject_token", withAnotherSignature(id.Get("subject_token"))), 403, badToken},
		{"an ID token of the tenant's own", with(id, "subject_token", tn.tokens(fixed)["id_token"].(string)), 403, badToken},
		{"of a connection that is not the application's", with(second, "client_id", otherApp), 403, badToken},
		{"by an application that takes none", with(code, "client_id", without), 403, denied(code.Get("subject_token_type"))},
		{"of Google, by an application that takes none", with(id, "client_id", without), 403, denied(id.Get("subject_token_type"))},
		{"without a token", with(code, "subject_token", ""), 400, errMissing("subject_token")},
		{"with a profile that is none", with(code, "user_profile", "[1]"), 400, oauthError("invalid_request", "Invalid parameter user_profile: must be a JSON object")},
		{"for an organization", with(code, "organization", "org_x"), 400, oauthError("invalid_request", "parameter organization is not allowed for this client")},
		{"for an API that there is not", with(code, "audience", "urn:none"), 403, oauthError("access_denied", "Service not found: urn:none")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := tn.Token(tn.browser, tt.form)
			if status != tt.status || body["error"] != tt.want["error"] || body["error_description"] != tt.want["error_description"] {
				t.Errorf("%d %v, want %d %v", status, body, tt.status, tt.want)
			}
		})
	}
	t.Run("they are good still, the code once", func(t *testing.T) {
		for name, form := range map[string]url.Values{"code": code, "token": info, "ID token": id} {
			for i, want := range []int{200, map[string]int{"code": 403, "token": 200, "ID token": 200}[name]} {
				if status, body := tn.Token(tn.browser, form); status != want {
					t.Errorf("%s, use %d: %d %v", name, i+1, status, body)
				}
			}
		}
	})
	t.Run("not after their time", func(t *testing.T) {
		late := tn.NativeLogin("apple", "eve", app)
		for _, tt := range []struct {
			form url.Values
			life time.Duration
		}{{late, 5 * time.Minute}, {id, time.Hour}, {info, 60 * 24 * time.Hour}} {
			tn.Advance(tt.life)
			if status, body := tn.Token(tn.browser, tt.form); status != 403 || body["error"] != "invalid_grant" {
				t.Errorf("after %s: %d %v", tt.life, status, body)
			}
		}
	})
}

// TestWhatEndsNativeLogins: changes of the connection, the person at the provider or the user, and a second factor.
func TestWhatEndsNativeLogins(t *testing.T) {
	tn := start(t, withSeed(social()))
	form := tn.NativeLogin("google-oauth2", "eve", app)
	refused := func(what string, status int, code, description string) object {
		t.Helper()
		got, body := tn.Token(tn.browser, form)
		if got != status || body["error"] != code || body["error_description"] != description {
			t.Errorf("%s: %d %v, want %d %s %s", what, got, body, status, code, description)
		}
		return body
	}
	manage := func(method, path string, body any) any {
		t.Helper()
		status, answer := tn.Manage(tn.browser, method, path, body)
		if status/100 != 2 {
			t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		return answer
	}
	connection := "connections/" + manage(http.MethodGet, "connections?name=google-oauth2", nil).([]any)[0].(object)["id"].(string)
	if status, body := tn.Token(tn.browser, form); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	eve := "users/" + url.PathEscape("google-oauth2|eve")
	manage(http.MethodPatch, eve, object{"blocked": true})
	refused("a blocked user", 401, "unauthorized", "user is blocked")
	manage(http.MethodPatch, eve, object{"blocked": false})

	manage(http.MethodPut, "guardian/factors/otp", object{"enabled": true})
	manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	if body := refused("a further factor", 403, "mfa_required", "Multifactor authentication required"); body["mfa_token"] == nil {
		t.Errorf("without a token for it: %v", body)
	}
	manage(http.MethodPut, "guardian/policies", []string{})

	manage(http.MethodPatch, connection, object{"options": object{"client_id": "another.apps.googleusercontent.com"}})
	refused("a token for another client of the provider's", 403, "invalid_grant", "Invalid subject_token")
	manage(http.MethodPatch, connection, object{"options": object{"client_id": "web.apps.googleusercontent.com", "disable_signup": true}})
	manage(http.MethodDelete, eve, nil)
	refused("a new account where there are none", 403, "access_denied", "Public signup is disabled")
	manage(http.MethodPatch, connection, object{"enabled_clients": []string{otherApp}})
	refused("a connection for others", 400, "invalid_request", "the connection was disabled")
	manage(http.MethodDelete, connection, nil)
	refused("a connection that is gone", 400, "invalid_request", "the connection was not found")

	form = tn.NativeLogin("facebook", "eve", app)
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, tn.ControlURL()+"/providers/facebook/people/eve", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	refused("a person whom the provider does not know any more", 403, "invalid_grant", "Invalid subject_token")
	tn.logged("fens", 7)
}

// TestGuessedSubjectTokens: an IP address that guesses tokens is throttled like one that guesses passwords.
func TestGuessedSubjectTokens(t *testing.T) {
	tn := start(t, withSeed(social()))
	status, answer := tn.Manage(tn.browser, http.MethodPatch, "attack-protection/suspicious-ip-throttling", object{
		"enabled": true, "shields": []string{"block"}, "stage": object{"pre-login": object{"max_attempts": 3, "rate": 864000}},
	})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	form := tn.NativeLogin("apple", "eve", app)
	for range 3 {
		if status, body := tn.Token(tn.browser, with(form, "subject_token", "guess")); status != 403 {
			t.Fatalf("%d %v", status, body)
		}
	}
	if status, body := tn.Token(tn.browser, form); status != http.StatusTooManyRequests || body["error"] != "too_many_attempts" {
		t.Errorf("the right token after guesses: %d %v", status, body)
	}
}
