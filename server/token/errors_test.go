package token_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func oauthError(code, description string) object {
	return object{"error": code, "error_description": description}
}

var (
	errUnauthorized = oauthError("access_denied", "Unauthorized")
	errCode         = oauthError("invalid_grant", "Invalid authorization code")
	errVerifier     = oauthError("invalid_grant", "Failed to verify code verifier")
	errRefresh      = oauthError("invalid_grant", "Unknown or invalid refresh token.")
	errTwice        = oauthError("invalid_request", "The client must not use more than one authentication method in a request")
)

func errMissing(name string) object {
	return oauthError("invalid_request", "Missing required parameter: "+name)
}

func errGrant(name string) object {
	return object{
		"error": "unauthorized_client", "error_description": "Grant type '" + name + "' not allowed for the client.",
		"error_uri": "https://auth0.com/docs/clients/client-grant-types",
	}
}

func values(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// refused posts a form to the token endpoint and checks the status, the headers and the whole body of the refusal.
func (tn tenant) refused(t *testing.T, form url.Values, status int, want object) {
	t.Helper()
	got := tn.send(http.MethodPost, "oauth/token", form.Encode(), "Content-Type", formType)
	diff(t, "status", got.status, status)
	diff(t, "body", got.json(t), want)
	if got.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		t.Errorf("headers %v", got.header)
	}
}

func TestRefusals(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		want   object
	}{
		{"no parameters", values(), 400, errMissing("grant_type")},
		{"no client", values("grant_type", "authorization_code"), 400, errMissing("client_id")},
		{"a grant type that is none", values("grant_type", "magic", "client_id", fixed), 403, oauthError("unsupported_grant_type", "Unsupported grant type: magic")},
		{
			"a grant type that is not emulated", values("grant_type", "urn:openid:params:grant-type:ciba", "client_id", fixed), 501,
			oauthError("not_emulated", "The grant type urn:openid:params:grant-type:ciba is not emulated by tenant0"),
		},
		{
			"a legacy grant type", values("grant_type", "http://auth0.com/oauth/legacy/grant-type/ro", "client_id", fixed), 501,
			oauthError("not_emulated", "The grant type http://auth0.com/oauth/legacy/grant-type/ro is not emulated by tenant0"),
		},
		{"the grant type of a response", values("grant_type", "implicit", "client_id", fixed), 403, oauthError("unsupported_grant_type", "Unsupported grant type: implicit")},
		{
			"two grant types", values("grant_type", "client_credentials refresh_token", "client_id", machine, "client_secret", secret), 403,
			oauthError("unsupported_grant_type", "Unsupported grant type: client_credentials refresh_token"),
		},
		{"a client that is none", values("grant_type", "client_credentials", "client_id", "nobody", "client_secret", secret), 401, errUnauthorized},
		{"a client with a zero byte", values("grant_type", "client_credentials", "client_id", "a\x00b"), 400, oauthError("invalid_request", `Invalid parameter "client_id": not UTF-8 text`)},

		{"code: none", values("grant_type", "authorization_code", "client_id", fixed), 400, errMissing("code")},
		{"code: not one of ours", values("grant_type", "authorization_code", "client_id", fixed, "code", "x"), 403, errCode},
		{"code: of the right length", values("grant_type", "authorization_code", "client_id", fixed, "code", strings.Repeat("A", 43)), 403, errCode},
		{"code: grant not allowed", values("grant_type", "authorization_code", "client_id", noGrants, "code", "x"), 403, errGrant("authorization_code")},

		{"refresh: none", values("grant_type", "refresh_token", "client_id", fixed), 400, errMissing("refresh_token")},
		{"refresh: not one of ours", values("grant_type", "refresh_token", "client_id", fixed, "refresh_token", "x"), 403, errRefresh},
		{"refresh: of the right form", values("grant_type", "refresh_token", "client_id", fixed, "refresh_token", "v1.M"+strings.Repeat("A", 64)), 403, errRefresh},
		{"refresh: grant not allowed", values("grant_type", "refresh_token", "client_id", noGrants, "refresh_token", "x"), 403, errGrant("refresh_token")},

		{
			"machine: no audience", values("grant_type", "client_credentials", "client_id", machine, "client_secret", secret), 403,
			oauthError("access_denied", "Non-global clients are not allowed access to APIv1"),
		},
		{
			"machine: an API that is none", values("grant_type", "client_credentials", "client_id", machine, "client_secret", secret, "audience", "urn:none"), 403,
			oauthError("access_denied", "Service not enabled within domain: urn:none"),
		},
		{
			"machine: no client grant", values("grant_type", "client_credentials", "client_id", machine, "client_secret", secret, "audience", ungranted), 403,
			oauthError("access_denied", `Client "machine" is not authorized to access resource server "`+ungranted+`". You need to create a "client-grant" associated to this API.`),
		},
		{
			"machine: an API closed to machines", values("grant_type", "client_credentials", "client_id", machine, "client_secret", secret, "audience", closed), 403,
			oauthError("access_denied", `Client "machine" is not authorized to access resource server "`+closed+`". You need to create a "client-grant" associated to this API.`),
		},
		{
			"machine: scopes not granted", values("grant_type", "client_credentials", "client_id", machine, "client_secret", secret, "audience", plain, "scope", "read:it write:it openid"), 403,
			oauthError("access_denied", "Client has not been granted scopes: write:it, openid"),
		},
		{"machine: a client without authentication", values("grant_type", "client_credentials", "client_id", fixed, "audience", plain), 403, errGrant("client_credentials")},
	} {
		t.Run(tt.name, func(t *testing.T) { tn.refused(t, tt.form, tt.status, tt.want) })
	}
}

func TestRefusedCodes(t *testing.T) {
	tn := start(t)
	fresh := func(client string, params ...string) url.Values {
		t.Helper()
		form := tn.logIn(client, params...).Form()
		if client == web {
			form.Set("client_secret", secret)
		}
		return form
	}
	wrongURI := func(sent, expected string) object {
		return oauthError("unauthorized_client", "The redirect URI is wrong. You sent "+sent+", and we expected "+expected)
	}
	plainChallenge := []string{"code_challenge_method", "plain", "code_challenge", strings.Repeat("v", 43)}
	for _, tt := range []struct {
		name   string
		form   url.Values
		change url.Values // "" removes
		status int
		want   object
	}{
		{"another client's", fresh(fixed), values("client_id", rotating), 403, errCode},
		{"another redirect_uri", fresh(fixed), values("redirect_uri", otherCallback), 403, wrongURI(otherCallback, callback)},
		{"no redirect_uri", fresh(fixed), values("redirect_uri", ""), 403, wrongURI("null", callback)},
		{"a redirect_uri where none was sent", fresh(web, "redirect_uri", ""), nil, 403, wrongURI(callback, "null")},
		{"another verifier", fresh(fixed), values("code_verifier", strings.Repeat("x", 43)), 403, errVerifier},
		{"no verifier", fresh(fixed), values("code_verifier", ""), 403, errVerifier},
		{"the challenge as verifier", fresh(fixed, "code_challenge", strings.Repeat("c", 43)), values("code_verifier", strings.Repeat("c", 43)), 403, errVerifier},
		{"another plain verifier", fresh(fixed, plainChallenge...), values("code_verifier", strings.Repeat("w", 43)), 403, errVerifier},
		{"a verifier that can be guessed", fresh(fixed, "code_challenge", oauth2.S256ChallengeFromVerifier("short")), values("code_verifier", "short"), 403, errVerifier},
		{"a verifier that is too long", fresh(fixed, "code_challenge", oauth2.S256ChallengeFromVerifier(strings.Repeat("v", 129))), values("code_verifier", strings.Repeat("v", 129)), 403, errVerifier},
		{"no verifier, of a client with a secret", fresh(web), values("code_verifier", ""), 403, errVerifier},
		{"a verifier without challenge", fresh(web, "code_challenge", "", "code_challenge_method", ""), nil, 403, errVerifier},
		{"a client with a secret, without it", fresh(web), values("client_secret", ""), 401, errUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := url.Values{}
			for _, from := range []url.Values{tt.form, tt.change} {
				for name := range from {
					changed.Set(name, from.Get(name))
				}
			}
			for name := range changed {
				if changed.Get(name) == "" {
					changed.Del(name)
				}
			}
			for range 2 { // refused, and refused again: nothing is made easier
				tn.refused(t, changed, tt.status, tt.want)
			}
			if tt.change == nil {
				return
			}
			if tt.form.Get("client_id") == fixed && slices.ContainsFunc([]string{"challenge as verifier", "guessed", "too long"}, func(part string) bool { return strings.Contains(tt.name, part) }) {
				return // no verifier is right for this challenge
			}
			good := tt.form
			if strings.Contains(tt.name, "plain") {
				good.Set("code_verifier", strings.Repeat("v", 43))
			}
			if status, body := tn.Token(tn.browser, good); status != http.StatusOK {
				t.Errorf("after the refusal the right request gets %d %v", status, body)
			}
		})
	}
}

func TestACodeLivesTenMinutes(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	early, late := tn.logIn(fixed), tn.logIn(fixed)
	tn.Freeze(noon.Add(10*time.Minute - time.Second))
	tn.exchange(early)
	tn.Freeze(noon.Add(10 * time.Minute))
	tn.refused(t, late.Form(), 403, errCode)
}

func TestAReusedCodeRevokesWhatItBrought(t *testing.T) {
	tn := start(t)
	brief := tn.logIn(fixed, "audience", "", "scope", "openid") // without a refresh token
	shortly := "Bearer " + tn.exchange(brief)["access_token"].(string)
	foreignBrief := brief.Form()
	foreignBrief.Set("client_id", rotating)
	tn.refused(t, foreignBrief, 403, errCode)
	if got := tn.send(http.MethodGet, "userinfo", "", "Authorization", shortly); got.status != 200 {
		t.Errorf("another client's reuse ends the access token: %d %s", got.status, got.body)
	}

	first := tn.logIn(fixed, "audience", "")
	tokens := tn.exchange(first)
	access := "Bearer " + tokens["access_token"].(string)
	if got := tn.send(http.MethodGet, "userinfo", "", "Authorization", access); got.status != 200 {
		t.Fatalf("userinfo: %d %s", got.status, got.body)
	}
	if status, body := tn.refresh(fixed, tokens["refresh_token"]); status != 200 {
		t.Fatalf("refresh: %d %v", status, body)
	}
	foreign := first.Form()
	foreign.Set("client_id", rotating)
	tn.refused(t, foreign, 403, errCode)
	if status, body := tn.refresh(fixed, tokens["refresh_token"]); status != 200 {
		t.Fatalf("another client's reuse ends the tokens: %d %v", status, body)
	}
	tn.refused(t, first.Form(), 403, errCode)
	status, body := tn.refresh(fixed, tokens["refresh_token"])
	diff(t, "status of a refresh after reuse", status, 403)
	diff(t, "refresh after reuse", body, errRefresh)
	if got := tn.send(http.MethodGet, "userinfo", "", "Authorization", access); got.status != 401 || got.body != "Unauthorized" {
		t.Errorf("userinfo after reuse: %d %s", got.status, got.body)
	}
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func TestClientAuthentication(t *testing.T) {
	odd := "a+secret with/odd%&characters"
	tn := start(t, withSeed(func(file object) {
		file["clients"] = append(file["clients"].([]object),
			confidential("odd", "non_interactive", object{"client_secret": odd}),
			confidential("basic", "non_interactive", object{"token_endpoint_auth_method": "client_secret_basic"}))
		grants := file["clientGrants"].([]object)
		for _, id := range []string{"odd", "basic"} {
			grants = append(grants, object{"client_id": id, "audience": plain, "scope": []string{"read:it"}})
		}
		file["clientGrants"] = grants
	}))
	ok := object(nil)
	for _, tt := range []struct {
		name          string
		authorization string
		form          url.Values
		status        int
		want          object
	}{
		{"post", "", values("client_id", machine, "client_secret", secret), 200, ok},
		{"basic", basic(machine, secret), values(), 200, ok},
		{"basic, with the client_id in the body as well", basic(machine, secret), values("client_id", machine), 200, ok},
		{"post, of a client registered for basic", "", values("client_id", "basic", "client_secret", secret), 200, ok},
		{"basic, of a client registered for post", basic(machine, secret), values(), 200, ok},
		{"basic, percent-encoded as RFC 6749 asks", basic(url.QueryEscape("odd"), url.QueryEscape(odd)), values(), 200, ok},
		{"basic, as it is", basic("odd", odd), values(), 200, ok},
		{"basic in lower case", strings.Replace(basic(machine, secret), "Basic", "basic", 1), values(), 200, ok},
		{"wrong secret by post", "", values("client_id", machine, "client_secret", secret+"x"), 401, errUnauthorized},
		{"wrong secret by basic", basic(machine, secret[1:]), values(), 401, errUnauthorized},
		{"no secret", "", values("client_id", machine), 401, errUnauthorized},
		{"an empty secret by basic", basic(machine, ""), values(), 401, errUnauthorized},
		{"another client's secret", "", values("client_id", "odd", "client_secret", secret), 401, errUnauthorized},
		{"basic and post", basic(machine, secret), values("client_secret", secret), 400, errTwice},
		{"basic of another client than the body's", basic(machine, secret), values("client_id", web), 401, errUnauthorized},
		{"a bearer token is no client", "Bearer " + secret, values(), 400, errMissing("client_id")},
		{"basic that is no base64", "Basic !", values(), 400, errMissing("client_id")},
		{"a secret of a client with keys", "", values("client_id", keyed, "client_secret", secret), 401, errUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.form.Set("grant_type", "client_credentials")
			tt.form.Set("audience", plain)
			headers := []string{"Content-Type", formType}
			if tt.authorization != "" {
				headers = append(headers, "Authorization", tt.authorization)
			}
			got := tn.send(http.MethodPost, "oauth/token", tt.form.Encode(), headers...)
			diff(t, "status", got.status, tt.status)
			if tt.want != nil {
				diff(t, "body", got.json(t), tt.want)
			}
		})
	}
	t.Run("a public client's secret does not matter", func(t *testing.T) {
		form := tn.logIn(fixed).Form()
		form.Set("client_secret", "whatever")
		if status, body := tn.Token(tn.browser, form); status != 200 {
			t.Errorf("%d %v", status, body)
		}
	})
}

func TestCORS(t *testing.T) {
	tn := start(t)
	form := values("grant_type", "client_credentials", "client_id", machine, "client_secret", secret, "audience", plain).Encode()
	allowed := strings.TrimSuffix(callback, "/callback")
	for _, path := range []string{"oauth/token", "oauth/revoke", "userinfo"} {
		got := tn.send(http.MethodOptions, path, "", "Origin", allowed, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "auth0-client,content-type")
		if got.status != 204 || got.header.Get("Access-Control-Allow-Origin") != allowed ||
			!strings.Contains(strings.ToLower(got.header.Get("Access-Control-Allow-Headers")), "auth0-client") ||
			!strings.Contains(got.header.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(got.header.Get("Vary"), "Origin") {
			t.Errorf("preflight of %s: %d %v", path, got.status, got.header)
		}
	}
	got := tn.send(http.MethodPost, "oauth/token", form, "Content-Type", formType, "Origin", allowed)
	if got.status != 200 || got.header.Get("Access-Control-Allow-Origin") != allowed || got.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("from an allowed origin: %d %v", got.status, got.header)
	}
	got = tn.send(http.MethodPost, "oauth/token", "", "Content-Type", formType, "Origin", allowed)
	if got.status != 400 || got.header.Get("Access-Control-Allow-Origin") != allowed {
		t.Errorf("an error for an allowed origin: %d %v", got.status, got.header)
	}
	for _, origin := range []string{"https://evil.example", "https://app.example.com.evil.example", "https://app.example.com:444", "http://app.example.com", "null"} {
		for _, method := range []string{http.MethodPost, http.MethodOptions} {
			got := tn.send(method, "oauth/token", form, "Content-Type", formType, "Origin", origin)
			if got.status != 403 || got.body != "Origin "+origin+" is not allowed." || got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s from %s: %d %s %v", method, origin, got.status, got.body, got.header)
			}
		}
	}
}

// TestNoTokenIsBoundToAKey: a client that requests a token bound to a key (DPoP) gets one whose token_type is
// Bearer, RFC 9449 section 5.
func TestNoTokenIsBoundToAKey(t *testing.T) {
	tn := start(t)
	form := values("grant_type", "client_credentials", "client_id", machine, "client_secret", secret, "audience", plain).Encode()
	got := tn.send(http.MethodPost, "oauth/token", form, "Content-Type", formType, "DPoP", "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.x")
	if answer := got.json(t); got.status != http.StatusOK || answer["token_type"] != "Bearer" {
		t.Errorf("%d %v", got.status, answer)
	}
}
