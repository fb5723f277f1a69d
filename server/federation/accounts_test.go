package federation_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestAnOrganizationIsJoined by users who log in with a connection whose setting says so.
func TestAnOrganizationIsJoined(t *testing.T) {
	tn := start(t)
	org := organization(tn)
	tn.Choose("google-oauth2", "allow", "ada@example.com")
	tn.Choose("shown", "allow", "ada@example.com")
	if claims := tn.claims(login("client_id", "org", "organization", org, "connection", "google-oauth2")); claims["org_id"] != org {
		t.Errorf("the claims are %v", claims)
	}
	_, members := tn.Manage(tn.browser, http.MethodGet, "organizations/"+org+"/members", nil)
	if len(members.([]any)) != 1 {
		t.Errorf("the members are %v", members)
	}
	tn.browser = tn.Client()
	left, _ := tn.come("client_id", "org", "organization", org, "connection", "shown")
	if left == nil || left.Query().Get("error") != "access_denied" || !strings.Contains(left.Query().Get("error_description"), "is not part of the "+org+" organization") {
		t.Errorf("who is no member is led to %v", left)
	}
}

// TestALinkedAccount logs in the user to whom it was linked, and does not change that user's own profile.
func TestALinkedAccount(t *testing.T) {
	tn := start(t)
	tn.Person("google-oauth2", "1081", object{"email": "ann.google@example.com", "name": "Ann of Google"})
	tn.Choose("google-oauth2", "allow", "1081")
	tn.claims(login("connection", "google-oauth2"))
	if status, answer := tn.Manage(tn.browser, http.MethodPost, "users/auth0%7Cann/identities", object{"provider": "google-oauth2", "user_id": "1081"}); status != http.StatusCreated {
		t.Fatalf("linking: %d %v", status, answer)
	}
	if claims := tn.claims(login("connection", "google-oauth2", "prompt", "login")); claims["sub"] != "auth0|ann" || claims["email"] != "ann@example.com" {
		t.Errorf("logged in is %v", claims)
	}
	identities := tn.user("auth0|ann")["identities"].([]any)
	if data, _ := identities[1].(object)["profileData"].(object); data["name"] != "Ann of Google" {
		t.Errorf("the identities are %v", identities)
	}
}

// TestTokensOfProviders are shown only to tokens with the scope for them, and never in a list.
func TestTokensOfProviders(t *testing.T) {
	tn := start(t)
	tn.Choose("google-oauth2", "allow", "ada@example.com")
	id := tn.claims(login("connection", "google-oauth2"))["sub"].(string)
	read := func(scope, path string) object {
		form := tn.ManagementForm()
		form.Set("scope", scope)
		_, answer := tn.Token(tn.browser, form)
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tn.URL+"api/v2/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+answer["access_token"].(string))
		resp, err := tn.browser.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s with %s: %d %s", path, scope, resp.StatusCode, raw)
		}
		if raw[0] == '[' {
			var list []json.RawMessage
			if err := json.Unmarshal(raw, &list); err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(list, func(one json.RawMessage) bool { return strings.Contains(string(one), "google-oauth2|") })
			raw = list[at]
		}
		var user object
		if err := json.Unmarshal(raw, &user); err != nil {
			t.Fatal(err)
		}
		return user["identities"].([]any)[0].(object)
	}
	one := "users/" + url.PathEscape(id)
	for _, scope := range []string{"read:user_idp_tokens", "read:users read:user_idp_tokens"} {
		identity := read(scope, one)
		if token, _ := identity["access_token"].(string); !strings.HasPrefix(token, "simulated-") || identity["expires_in"] != 3599.0 || identity["isSocial"] != true {
			t.Errorf("with %s the identity is %v", scope, identity)
		}
	}
	for _, path := range []string{one, "users", "users-by-email?email=ada@example.com"} {
		if identity := read("read:users", path); identity["access_token"] != nil {
			t.Errorf("%s shows %v", path, identity)
		}
	}
	if identity := read("read:users read:user_idp_tokens", "users"); identity["access_token"] != nil {
		t.Errorf("a list shows %v", identity)
	}
	before := read("read:user_idp_tokens", one)["access_token"]
	tn.claims(login("connection", "google-oauth2", "prompt", "login"))
	if after := read("read:user_idp_tokens", one)["access_token"]; after == before {
		t.Error("a login brings no new token")
	}
}
