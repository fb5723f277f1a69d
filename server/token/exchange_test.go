package token_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	exchangeType = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessType   = "urn:ietf:params:oauth:token-type:access_token"
	service      = "service" // the client of the API plain
	second       = "second"  // the client of the API guarded
	third        = "third"   // the client of the API rfc9068
	customType   = "urn:example:legacy-token"
)

// exchanging adds applications that belong to APIs, an application that may use token exchange profiles, and others.
func exchanging(file object) {
	managed(file)
	grants := object{"grant_types": []string{exchangeType}}
	of := func(name, api string) object {
		c := confidential(name, "resource_server", grants)
		c["resource_server_identifier"] = api
		delete(c, "callbacks")
		return c
	}
	allowed := confidential("allowed", "regular_web", object{"grant_types": []string{}})
	allowed["token_exchange"] = object{"allow_any_profile_of_type": []string{"custom_authentication"}}
	bySwitch := of(second, guarded) // which stands in the place of the grant type
	bySwitch["grant_types"], bySwitch["token_exchange"] = []string{}, object{"allow_any_profile_of_type": []string{"on_behalf_of_token_exchange"}}
	file["clients"] = append(file["clients"].([]object), of(service, plain), of(third, rfc9068), bySwitch, allowed, confidential("other", "regular_web", grants))
}

func (tn tenant) swap(client string, subject any, more ...string) (int, object) {
	tn.t.Helper()
	form := url.Values{
		"grant_type": {exchangeType}, "client_id": {client}, "client_secret": {secret}, "subject_token": {subject.(string)},
		"subject_token_type": {accessType}, "requested_token_type": {accessType}, "audience": {guarded},
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
		if more[i+1] == "" {
			form.Del(more[i])
		}
	}
	return tn.Token(tn.browser, form)
}

// TestOnBehalfOf: an API exchanges a user's token for one for the next API. The new token has the scopes that the
// user has there, and its act claim names the API that acts, and those that acted before.
func TestOnBehalfOf(t *testing.T) {
	tn := start(t, withSeed(exchanging))
	subject := tn.tokens(fixed)["access_token"]
	status, body := tn.swap(service, subject)
	if status != http.StatusOK || body["issued_token_type"] != accessType || body["refresh_token"] != nil || body["id_token"] != nil {
		t.Fatalf("%d %v", status, body)
	}
	_, claims := tn.verified(body["access_token"], jose.RS256)
	for name, want := range map[string]any{"sub": userID, "aud": guarded, "azp": service, "scope": "read:it run:it", "act": object{"sub": service}} {
		if diff := cmp.Diff(want, claims[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	status, next := tn.swap(second, body["access_token"], "audience", plain, "scope", "openid read:it")
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, next)
	}
	_, claims = tn.verified(next["access_token"], jose.RS256)
	if diff := cmp.Diff(object{"sub": second, "act": object{"sub": service}}, claims["act"]); diff != "" || claims["scope"] != "read:it" || next["id_token"] != nil {
		t.Errorf("%v %s", claims, diff)
	}
	tn.logged("success_on_behalf_of_token_exchange", 2)
	// Back and forth, until the act claim names too many.
	token, audience, by := next["access_token"], guarded, service
	for range 3 {
		status, body = tn.swap(by, token, "audience", audience)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, body)
		}
		token, audience, by = body["access_token"], map[string]string{guarded: plain, plain: guarded}[audience], map[string]string{service: second, second: service}[by]
	}
	status, body = tn.swap(by, token, "audience", audience)
	if status != http.StatusBadRequest || body["error_description"] != "Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 5" {
		t.Errorf("%d %v", status, body)
	}
	tn.logged("failed_on_behalf_of_token_exchange", 1)
}

// logged checks how many events of a type the tenant's log has.
func (tn tenant) logged(kind string, want int) {
	tn.t.Helper()
	_, answer := tn.Manage(tn.browser, http.MethodGet, "logs?per_page=100", nil)
	n := 0
	for _, e := range answer.([]any) {
		if e.(object)["type"] == kind {
			n++
		}
	}
	if n != want {
		tn.t.Errorf("%d events %s in the log, want %d", n, kind, want)
	}
}

// TestTheResourceThatATokenIsFor: the parameter resource is another name of audience if the tenant's settings say so,
// RFC 8707, Auth0: get-started/tenant-settings.
func TestTheResourceThatATokenIsFor(t *testing.T) {
	for _, profile := range []string{"audience", "compatibility"} {
		t.Run(profile, func(t *testing.T) {
			tn := start(t, withSeed(social(func(file object) {
				file["tenant"] = object{"resource_parameter_profile": profile}
				of := confidential(service, "resource_server", object{"grant_types": []string{exchangeType}, "resource_server_identifier": plain})
				delete(of, "callbacks")
				file["clients"] = append(file["clients"].([]object), of)
			})))
			subject := tn.tokens(fixed)["access_token"]
			audienceOf := func(status int, body object) any {
				t.Helper()
				if status != http.StatusOK {
					return body["error"]
				}
				token, _ := body["access_token"].(string)
				if strings.Count(token, ".") != 2 {
					return "none"
				}
				_, claims := tn.verified(token, jose.RS256)
				return claims["aud"]
			}
			want := object{"machine": "access_denied", "native": "none", "on behalf": "invalid_request"}
			if profile == "compatibility" {
				want = object{"machine": plain, "native": plain, "on behalf": guarded}
			}
			status, body := tn.machineToken("", "resource", plain)
			got := object{"machine": audienceOf(status, body)}
			status, body = tn.swap(service, subject, "audience", "", "resource", guarded)
			got["on behalf"] = audienceOf(status, body)
			status, body = tn.Token(tn.browser, with(tn.NativeLogin("facebook", "eve", app), "resource", plain, "scope", "read:it"))
			got["native"] = audienceOf(status, body)
			diff(t, "audiences", got, want)
			status, body = tn.machineToken(rfc9068, "resource", plain)
			if audience := audienceOf(status, body); audience != rfc9068 {
				t.Errorf("audience beside resource: %v", audience)
			}
		})
	}
}

// TestExchangesThatAreRefused tries tokens and clients for which there is no exchange.
func TestExchangesThatAreRefused(t *testing.T) {
	tn := start(t, withSeed(exchanging))
	good := tn.tokens(fixed)
	_, ofMachine := tn.machineToken(plain)
	_, ofSilentMachine := tn.machineToken(rfc9068) // which has no claim gty
	status, action := tn.Manage(tn.browser, http.MethodPost, "actions/actions", object{
		"name": "Who", "supported_triggers": []object{{"id": "custom-token-exchange", "version": "v1"}}, "code": "exports.onExecuteCustomTokenExchange = async () => {};",
	})
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, action)
	}
	if status, answer := tn.Manage(tn.browser, http.MethodPost, "token-exchange-profiles", object{
		"name": "Legacy", "subject_token_type": customType, "action_id": action.(object)["id"], "type": "custom_authentication",
	}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	for _, tt := range []struct {
		name, client string
		subject      any
		more         []string
		status       int
		want         string
	}{
		{"without a token", service, good["access_token"], []string{"subject_token", ""}, 400, "Missing required parameter: subject_token"},
		{"without its type", service, good["access_token"], []string{"subject_token_type", ""}, 400, "Missing required parameter: subject_token_type"},
		{"without an API", service, good["access_token"], []string{"audience", ""}, 400, "Missing required parameter: audience"},
		{"for an API that there is not", service, good["access_token"], []string{"audience", "urn:none"}, 403, "Service not enabled within domain: urn:none"},
		{"for another kind of token", service, good["access_token"], []string{"requested_token_type", "urn:ietf:params:oauth:token-type:id_token"}, 400, "requested_token_type"},
		{"by a client of no API", "other", good["access_token"], nil, 403, "clients of an API"},
		{"by the client of another API", second, good["access_token"], []string{"audience", plain}, 401, "subject_token is invalid"},
		{"of an ID token", service, good["id_token"], nil, 401, "subject_token is invalid"},
		{"of a machine", service, ofMachine["access_token"], nil, 401, "subject_token is invalid"},
		{"of a machine, as RFC 9068 has it", third, ofSilentMachine["access_token"], nil, 401, "subject_token is invalid"},
		{"of a token that nobody signed", service, good["access_token"].(string) + "x", nil, 401, "subject_token is invalid"},
		{"with a wrong secret", service, good["access_token"], []string{"client_secret", "wrong"}, 401, "Unauthorized"},
		{"by a client without the grant", web, good["access_token"], nil, 403, "not allowed for the client"},
		{"of a type that nobody has registered", "allowed", good["access_token"], []string{"subject_token_type", "urn:example:none"}, 400, "No token exchange profile"},
		{"by a profile, by an application that may not", "other", good["access_token"], []string{"subject_token_type", customType}, 403, "profiles of type custom_authentication"},
		{"by a profile, whose code does not run", "allowed", good["access_token"], []string{"subject_token_type", customType}, 501, "of the token exchange profile Legacy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := tn.swap(tt.client, tt.subject, tt.more...)
			if text, _ := body["error_description"].(string); status != tt.status || !strings.Contains(text, tt.want) {
				t.Errorf("%d %v", status, body)
			}
		})
	}
	t.Run("of a token that is over", func(t *testing.T) {
		tn.Advance(7001 * time.Second)
		if status, body := tn.swap(service, good["access_token"]); status != http.StatusUnauthorized {
			t.Errorf("%d %v", status, body)
		}
	})
	t.Run("by a client that does not authenticate", func(t *testing.T) {
		subject := tn.tokens(fixed)["access_token"]
		if status, answer := tn.Manage(tn.browser, http.MethodPatch, "clients/"+service, object{"token_endpoint_auth_method": "none"}); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		if status, body := tn.swap(service, subject, "client_secret", ""); status != http.StatusForbidden || body["error"] != "unauthorized_client" {
			t.Errorf("%d %v", status, body)
		}
		tn.Manage(tn.browser, http.MethodPatch, "clients/"+service, object{"token_endpoint_auth_method": "client_secret_post"})
	})
	t.Run("of a user who is blocked", func(t *testing.T) {
		subject := tn.tokens(fixed)["access_token"]
		tn.Manage(tn.browser, http.MethodPatch, "users/"+url.PathEscape(userID), object{"blocked": true})
		if status, body := tn.swap(service, subject); status != http.StatusUnauthorized || body["error_description"] != "user is blocked" {
			t.Errorf("%d %v", status, body)
		}
	})
}

// several lets the refresh tokens of the application fixed be exchanged for tokens of further APIs.
func several(file object) {
	client := file["clients"].([]object)[0]
	settings := maps.Clone(client["refresh_token"].(object))
	settings["policies"] = []object{
		{"audience": plain, "scope": []string{"run:it"}},
		{"audience": guarded, "scope": []string{"read:it", "write:it"}},
	}
	client["refresh_token"] = settings
}

// TestOneRefreshTokenForSeveralAPIs exchanges a refresh token for each API in the application's policies, with
// the scopes that the policies, the login and the user's permissions allow.
func TestOneRefreshTokenForSeveralAPIs(t *testing.T) {
	tn := start(t, withSeed(several))
	first := tn.tokens(fixed, "scope", "openid offline_access read:it")
	for _, tt := range []struct {
		name     string
		more     []string
		audience string
		scope    string
	}{
		{"the API of the login, with what its policy adds", nil, plain, "openid offline_access read:it run:it"},
		{"its own scope alone", []string{"scope", "read:it"}, plain, "read:it"},
		{"what neither has", []string{"scope", "write:it"}, plain, ""},
		{"another API", []string{"audience", guarded}, guarded, "openid offline_access read:it"},
		{"another API, by scope", []string{"audience", guarded, "scope", "read:it write:it run:it"}, guarded, "read:it"},
		{"an API that no policy names", []string{"audience", hs256, "scope", "read:it"}, plain, "read:it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := tn.refresh(fixed, first["refresh_token"], tt.more...)
			if status != http.StatusOK || body["scope"] != tt.scope {
				t.Fatalf("%d %v", status, body)
			}
			_, claims := tn.verified(body["access_token"], jose.RS256)
			if aud, list := claims["aud"].([]any); list && aud[0] != tt.audience || !list && claims["aud"] != tt.audience {
				t.Errorf("%v", claims["aud"])
			}
		})
	}
	// Without policies the parameter audience has no effect.
	other := tn.tokens(dated, "scope", "openid offline_access read:it")
	if _, body := tn.refresh(dated, other["refresh_token"], "audience", guarded); body["scope"] != "openid offline_access read:it" {
		t.Errorf("%v", body)
	}
}

// withOnline allows refresh tokens for the API plain that end with the session (online access).
func withOnline(file object) {
	managed(file)
	file["resourceServers"].([]object)[0]["allow_online_access"] = true
}

// TestOnlineRefreshTokens end with the session that they came from, and extend its idle lifetime. Their
// revocation ends the session.
func TestOnlineRefreshTokens(t *testing.T) {
	tn := start(t, withSeed(withOnline))
	begin := func() (token string, claims object) {
		t.Helper()
		tn.browser = tn.Client()
		body := tn.tokens(rotating, "scope", "openid online_access read:it")
		token, _ = body["refresh_token"].(string)
		if !strings.HasPrefix(token, "ORT") {
			t.Fatalf("%v", body)
		}
		_, claims = tn.verified(body["id_token"], jose.RS256)
		return token, claims
	}
	loggedIn := func() bool {
		t.Helper()
		target, _ := tn.AuthorizeURL(servertest.Login{ClientID: rotating, RedirectURI: callback, Params: url.Values{"prompt": {"none"}, "scope": {"openid"}, "audience": {""}}})
		left, _ := tn.Visit(tn.browser, target)
		return left.Query().Get("error") == ""
	}

	token, _ := begin()
	for range 3 { // longer than the idle lifetime, and it does not rotate
		tn.Advance(50 * time.Hour)
		if status, body := tn.refresh(rotating, token); status != http.StatusOK || body["refresh_token"] != nil {
			t.Fatalf("%d %v", status, body)
		}
	}
	if !loggedIn() {
		t.Error("a refresh has not moved the session's idle end")
	}
	tn.Advance(100 * time.Hour) // past the absolute end
	tn.refused(t, values("grant_type", "refresh_token", "client_id", rotating, "refresh_token", token), http.StatusForbidden, errRefresh)

	token, _ = begin()
	tn.Visit(tn.browser, tn.URL+"v2/logout")
	tn.refused(t, values("grant_type", "refresh_token", "client_id", rotating, "refresh_token", token), http.StatusForbidden, errRefresh)

	token, claims := begin()
	if status, answer := tn.Manage(tn.browser, http.MethodDelete, "sessions/"+claims["sid"].(string), nil); status >= http.StatusBadRequest {
		t.Fatalf("%d %v", status, answer)
	}
	tn.refused(t, values("grant_type", "refresh_token", "client_id", rotating, "refresh_token", token), http.StatusForbidden, errRefresh)

	token, _ = begin()
	if answer := tn.send(http.MethodPost, "oauth/revoke", values("client_id", rotating, "token", token).Encode(), "Content-Type", formType); answer.status != http.StatusOK {
		t.Fatalf("%v", answer)
	}
	tn.refused(t, values("grant_type", "refresh_token", "client_id", rotating, "refresh_token", token), http.StatusForbidden, errRefresh)
	if loggedIn() {
		t.Error("the session is there without its refresh token")
	}

	// If the API does not allow it, neither the scope nor the refresh token is granted.
	tn.browser = tn.Client()
	body := tn.tokens(rotating, "audience", guarded, "scope", "openid online_access read:it")
	if body["refresh_token"] != nil || slices.Contains(strings.Fields(body["scope"].(string)), "online_access") {
		t.Errorf("%v", body)
	}
}
