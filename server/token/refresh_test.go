package token_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestTheResponseToARefresh(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	first := tn.tokens(fixed, "nonce", "n1", "max_age", "3600", "scope", "openid email offline_access read:it write:it")
	_, before := tn.verified(first["id_token"], jose.RS256)
	tn.Freeze(noon.Add(time.Hour))

	status, body := tn.refresh(fixed, first["refresh_token"])
	diff(t, "status", status, http.StatusOK)
	_, access := tn.verified(body["access_token"], jose.RS256)
	_, id := tn.verified(body["id_token"], jose.RS256)
	delete(body, "access_token")
	delete(body, "id_token")
	diff(t, "the rest of the body", body, object{
		"token_type": "Bearer", "expires_in": 7000.0, "scope": "openid email offline_access read:it write:it",
	})
	iat := noon.Add(time.Hour).Unix()
	diff(t, "access token", access, object{
		"iss": tn.URL, "sub": userID, "aud": []any{plain, tn.URL + "userinfo"}, "iat": iat, "exp": iat + 7000, "azp": fixed,
		"scope": "openid email offline_access read:it write:it", "gty": "refresh_token",
	})
	diff(t, "ID token: no nonce, the login's auth_time and sid", id, object{
		"iss": tn.URL, "sub": userID, "aud": fixed, "iat": iat, "exp": iat + 36000, "sid": before["sid"], "auth_time": noon.Unix(),
		"email": email, "email_verified": false,
	})
}

func TestARefreshMayAskForLess(t *testing.T) {
	tn := start(t)
	token := tn.tokens(fixed, "scope", "openid offline_access read:it")["refresh_token"]
	for _, tt := range []struct{ name, scope, want string }{
		{"less", "read:it", "read:it"},
		{"more is dropped", "read:it write:it", "read:it"},
		{"what is no scope is dropped", "openid nothing:it", "openid"},
		{"nothing but what was not granted", "write:it", ""},
		{"nothing: all, in spite of what came before", "", "openid offline_access read:it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			more := []string{"scope", tt.scope}
			if tt.scope == "" {
				more = nil
			}
			status, body := tn.refresh(fixed, token, more...)
			diff(t, "status", status, http.StatusOK)
			diff(t, "scope", body["scope"], any(tt.want))
			if _, has := body["id_token"]; has != (tt.want != "" && tt.want[0] == 'o') {
				t.Errorf("an ID token comes: %v", has)
			}
		})
	}
	status, body := tn.refresh(fixed, token, "audience", ungranted)
	if _, claims := tn.verified(body["access_token"], jose.RS256); status != 200 || claims["aud"] == ungranted {
		t.Errorf("another audience gets %d %v", status, claims)
	}
}

func TestRotation(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	ok := func(client string, token any) any {
		t.Helper()
		status, body := tn.refresh(client, token)
		if status != http.StatusOK {
			t.Fatalf("refresh: %d %v", status, body)
		}
		next := body["refresh_token"]
		if next == nil || next == token {
			t.Fatalf("the next token is %v", next)
		}
		return next
	}
	gone := func(when, client string, token any) {
		t.Helper()
		status, body := tn.refresh(client, token)
		diff(t, when+", status", status, 403)
		diff(t, when, body, errRefresh)
	}

	first := tn.tokens(rotating)["refresh_token"]
	second := ok(rotating, first)
	third := ok(rotating, second)
	gone("the last token again, at the same instant", rotating, second)
	gone("the newest, when one was reused", rotating, third)

	first = tn.tokens(overlap)["refresh_token"]
	second = ok(overlap, first)
	tn.Freeze(noon.Add(overlapSeconds * time.Second))
	sibling := ok(overlap, first)
	ok(overlap, second)
	third = ok(overlap, sibling)
	gone("the last but one within the overlap", overlap, first)
	gone("the newest after that", overlap, third)

	first = tn.tokens(overlap)["refresh_token"]
	second = ok(overlap, first)
	tn.Freeze(noon.Add((2*overlapSeconds + 1) * time.Second))
	gone("the last after the overlap", overlap, first)
	gone("the newest after that", overlap, second)
}

// TestAForgedRefreshTokenEndsNothing: the id of a family is not a secret, and naming it in a forged token does
// not count as reuse.
func TestAForgedRefreshTokenEndsNothing(t *testing.T) {
	tn := start(t)
	for _, client := range []string{rotating, fixed} {
		first, _ := tn.tokens(client)["refresh_token"].(string)
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(first, "v1.M"))
		if err != nil {
			t.Fatal(err)
		}
		for i := 16; i < len(raw); i++ { // the family's id comes first
			forged := slices.Clone(raw)
			forged[i] ^= 1
			status, body := tn.refresh(client, "v1.M"+base64.RawURLEncoding.EncodeToString(forged))
			diff(t, "status of a forged token", status, 403)
			diff(t, "a forged token", body, errRefresh)
		}
		// The same bytes, written otherwise.
		for _, forged := range []string{first + "\n", first[:20] + "\r\n" + first[20:], "ORT" + strings.TrimPrefix(first, "v1.M")} {
			status, _ := tn.refresh(client, forged)
			diff(t, "status of a token that is written otherwise", status, 403)
		}
		if status, body := tn.refresh(client, first); status != 200 {
			t.Errorf("%s: after forged tokens the real one gets %d %v", client, status, body)
		}
	}
	if strings.Contains(tn.Log(), "already used") {
		t.Error("the log speaks of a token that was used before")
	}
}

// TestATokenThatWasReplacedLongAgoEndsItsFamily, although the store no longer has that token.
func TestATokenThatWasReplacedLongAgoEndsItsFamily(t *testing.T) {
	tn := start(t)
	first := tn.tokens(rotating)["refresh_token"]
	newest := first
	for range 60 {
		status, body := tn.refresh(rotating, newest)
		if status != http.StatusOK {
			t.Fatalf("refresh: %d %v", status, body)
		}
		newest = body["refresh_token"]
	}
	for _, token := range []any{first, newest} {
		status, body := tn.refresh(rotating, token)
		diff(t, "status", status, 403)
		diff(t, "answer", body, errRefresh)
	}
}

func TestARefreshTokenIsOneClients(t *testing.T) {
	tn := start(t)
	token := tn.tokens(rotating)["refresh_token"]
	status, body := tn.refresh(overlap, token)
	diff(t, "status of another client's", status, 403)
	diff(t, "another client's", body, errRefresh)
	if status, body := tn.refresh(rotating, token); status != 200 {
		t.Errorf("after that its own client gets %d %v", status, body)
	}
	confidential := tn.tokens(web)["refresh_token"]
	status, body = tn.refresh(web, confidential)
	diff(t, "status without the client's secret", status, 401)
	diff(t, "without the client's secret", body, errUnauthorized)
	if status, body := tn.refresh(web, confidential, "client_secret", secret); status != 200 {
		t.Errorf("with it: %d %v", status, body)
	}
}

func TestLifetimesOfRefreshTokens(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	for _, tt := range []struct {
		name    string
		client  string
		seconds []int // after the login, at which it is used
		status  []int
	}{
		{"dated: the idle lifetime ends it", dated, []int{3999, 7998, 7998 + 4000}, []int{200, 200, 403}},
		{"dated: use does not move the absolute lifetime", dated, []int{3900, 7800, 9999, 10000}, []int{200, 200, 200, 403}},
		{"fixed: lives for ever", fixed, []int{400_000_000}, []int{200}},
		{"undated: lifetimes that do not apply do not end it", undated, []int{9999, 400_000_000}, []int{200, 200}},
		{"rotating: neither does rotation", rotating, []int{1_200_000, 2_400_000, 2_592_000}, []int{200, 200, 403}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn.Freeze(noon)
			tn.browser = tn.Client()
			token := tn.tokens(tt.client)["refresh_token"]
			for i, seconds := range tt.seconds {
				tn.Freeze(noon.Add(time.Duration(seconds) * time.Second))
				status, body := tn.refresh(tt.client, token)
				if status != tt.status[i] {
					t.Fatalf("after %d seconds: %d %v, want %d", seconds, status, body, tt.status[i])
				}
				if next := body["refresh_token"]; next != nil {
					token = next
				}
			}
		})
	}
}

// TestARefreshLooksAtTheUserAgain deletes and blocks users in the store while the server is stopped, so that
// nothing has ended their refresh tokens.
func TestARefreshLooksAtTheUserAgain(t *testing.T) {
	tn := start(t)
	gone := tn.tokens(rotating)["refresh_token"]
	tn.browser = tn.Client()
	form := tn.logInAs(blocked, fixed).Form()
	_, body := tn.Token(tn.browser, form)
	token := body["refresh_token"]
	restarted := tn.restart(changeUsers)

	status, body := restarted.refresh(rotating, gone)
	diff(t, "status when the user is gone", status, 403)
	diff(t, "when the user is gone", body, oauthError("invalid_grant", "The refresh_token was generated for a user who doesn't exist anymore."))
	status, body = restarted.refresh(fixed, token)
	diff(t, "status when the user is blocked", status, 403)
	diff(t, "when the user is blocked", body, oauthError("invalid_grant", "user is blocked"))
}

// withAnotherSignature returns a JWT whose signature begins with another character.
func withAnotherSignature(jwt string) string {
	at := strings.LastIndexByte(jwt, '.') + 1
	return withAnotherEnd(jwt[:at+1]) + jwt[at+1:]
}

// withAnotherEnd returns a token whose last character is another one.
func withAnotherEnd(token string) string {
	end := "A"
	if strings.HasSuffix(token, end) {
		end = "B"
	}
	return token[:len(token)-1] + end
}

// TestADeletedUserIsToldToTheApplicationOfTheTokenAlone: the holder of the refresh token learns that
// its user was deleted. Another application, and one that changes a byte of the token, learns no more
// than about a token that was never issued.
func TestADeletedUserIsToldToTheApplicationOfTheTokenAlone(t *testing.T) {
	tn := start(t, withSeed(managed))
	token := tn.tokens(fixed)["refresh_token"].(string)
	if status, answer := tn.Manage(tn.browser, http.MethodDelete, "users/"+url.PathEscape(userID), nil); status != http.StatusNoContent {
		t.Fatalf("delete the user: %d %v", status, answer)
	}
	gone := oauthError("invalid_grant", "The refresh_token was generated for a user who doesn't exist anymore.")
	unknown := oauthError("invalid_grant", "Unknown or invalid refresh token.")
	for _, tt := range []struct {
		name, client, token string
		want                object
	}{
		{"its application", fixed, token, gone},
		{"another application", rotating, token, unknown},
		{"a changed token", fixed, withAnotherEnd(token), unknown},
	} {
		status, body := tn.refresh(tt.client, tt.token)
		diff(t, tt.name+": status", status, http.StatusForbidden)
		diff(t, tt.name, body, tt.want)
	}
}

// TestAnAPIThatIsGone: its refresh token must not lead to a token for something else.
func TestAnAPIThatIsGone(t *testing.T) {
	tn := start(t)
	token := tn.tokens(fixed)["refresh_token"]
	status, body := tn.restart(removeAPI).refresh(fixed, token)
	diff(t, "status", status, 403)
	diff(t, "body", body, oauthError("access_denied", "Service not enabled within domain: "+plain))
}

func TestTwoHundredRefreshTokensPerUserAndApplication(t *testing.T) {
	tn := start(t)
	var all []any
	for range 201 {
		all = append(all, tn.tokens(fixed)["refresh_token"])
	}
	other := tn.tokens(web)["refresh_token"]
	for i, want := range map[int]int{0: 403, 1: 200, 100: 200, 200: 200} {
		if status, body := tn.refresh(fixed, all[i]); status != want {
			t.Errorf("token %d of 201: %d %v, want %d", i+1, status, body, want)
		}
	}
	if status, body := tn.refresh(web, other, "client_secret", secret); status != 200 {
		t.Errorf("the token of another application: %d %v", status, body)
	}
}

func TestRevocation(t *testing.T) {
	tn := start(t)
	revoke := func(form url.Values, contentType string, body string) answer {
		if contentType == "" {
			contentType, body = formType, form.Encode()
		}
		return tn.send(http.MethodPost, "oauth/revoke", body, "Content-Type", contentType)
	}
	text := func(token any) string { return token.(string) }
	live := func(client string, token any, want int, more ...string) {
		t.Helper()
		if status, body := tn.refresh(client, token, more...); status != want {
			t.Errorf("a refresh after that: %d %v, want %d", status, body, want)
		}
	}
	first := tn.tokens(fixed)["refresh_token"]
	for _, form := range []url.Values{
		values("client_id", rotating, "token", text(first)),
		values("client_id", fixed, "token", "x"),
		values("client_id", fixed, "token", withAnotherEnd(text(first))),
		values("client_id", fixed, "token", text(tn.tokens(fixed)["access_token"])),
	} {
		if got := revoke(form, "", ""); got.status != 200 || got.body != "" {
			t.Errorf("revoking %v: %d %q", form, got.status, got.body)
		}
		live(fixed, first, 200)
	}
	if got := revoke(values("client_id", fixed, "token", text(first), "token_type_hint", "refresh_token"), "", ""); got.status != 200 || got.body != "" {
		t.Errorf("revoking: %d %q", got.status, got.body)
	}
	live(fixed, first, 403)
	if got := revoke(values("client_id", fixed, "token", text(first)), "", ""); got.status != 200 {
		t.Errorf("revoking again: %d %q", got.status, got.body)
	}

	rotated := tn.tokens(rotating)["refresh_token"]
	_, body := tn.refresh(rotating, rotated)
	if got := revoke(nil, jsonType, `{"client_id":"`+rotating+`","token":"`+text(rotated)+`"}`); got.status != 200 {
		t.Errorf("revoking by an old token of the family, in JSON: %d %q", got.status, got.body)
	}
	live(rotating, body["refresh_token"], 403)

	kept := tn.tokens(web)["refresh_token"]
	for _, tt := range []struct {
		name   string
		form   url.Values
		status int
		want   object
	}{
		{"no token", values("client_id", fixed), 400, errMissing("token")},
		{"no client", values("token", "x"), 400, errMissing("client_id")},
		{"a wrong secret", values("client_id", web, "client_secret", "x", "token", text(kept)), 401, oauthError("invalid_client", "Unauthorized")},
		{"a client that is none", values("client_id", "nobody", "token", text(kept)), 401, oauthError("invalid_client", "Unauthorized")},
	} {
		got := revoke(tt.form, "", "")
		diff(t, tt.name+", status", got.status, tt.status)
		diff(t, tt.name, got.json(t), tt.want)
	}
	live(web, kept, 200, "client_secret", secret)
}

// TestRevocationMayTakeConsentBack tests the tenant flag revoke_refresh_token_grant.
func TestRevocationMayTakeConsentBack(t *testing.T) {
	for _, flag := range []bool{false, true} {
		tn := start(t, withSeed(func(file object) {
			file["tenant"] = object{"flags": object{"revoke_refresh_token_grant": flag}}
			file["resourceServers"].([]object)[0]["skip_consent_for_verifiable_first_party_clients"] = false
		}))
		first := tn.logIn(fixed)
		diff(t, "pages of the first login", first.Pages, []string{"/u/login", "/u/consent"})
		token := tn.exchange(first)["refresh_token"].(string)
		if got := tn.send(http.MethodPost, "oauth/revoke", values("client_id", fixed, "token", token).Encode(), "Content-Type", formType); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		var want []string
		if flag {
			want = []string{"/u/consent"}
		}
		diff(t, "pages of the login after the revocation", tn.logIn(fixed).Pages, want)
	}
}
