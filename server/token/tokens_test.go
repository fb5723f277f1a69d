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
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/keys"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestTheResponseToACode(t *testing.T) {
	tn := start(t)
	form := tn.logIn(fixed).Form()
	got := tn.send(http.MethodPost, "oauth/token", form.Encode(), "Content-Type", formType)
	diff(t, "status", got.status, http.StatusOK)
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff",
	} {
		diff(t, name, got.header.Get(name), want)
	}
	if id := got.header.Get("X-Auth0-Requestid"); len(id) != 20 {
		t.Errorf("the request has the id %q, want 20 hexadecimal digits", id)
	}
	body := got.json(t)
	for _, name := range []string{"access_token", "id_token", "refresh_token"} {
		if text, _ := body[name].(string); text == "" {
			t.Errorf("there is no %s", name)
		}
		delete(body, name)
	}
	diff(t, "the rest of the body", body, object{
		"token_type": "Bearer", "expires_in": 7000.0, "scope": "openid offline_access read:it write:it",
	})
}

func TestWhatBringsWhichToken(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name, client, audience, scope string
		want                          object // id_token, refresh_token, scope
	}{
		{"everything", fixed, plain, "openid offline_access", object{"id_token": true, "refresh_token": true, "scope": "openid offline_access"}},
		{"no openid", fixed, plain, "offline_access read:it", object{"refresh_token": true, "scope": "offline_access read:it"}},
		{"no offline_access", fixed, plain, "openid", object{"id_token": true, "scope": "openid"}},
		{"an API without offline access", fixed, online, "openid offline_access", object{"id_token": true, "scope": "openid"}},
		{"no API", fixed, "", "openid offline_access read:it", object{"id_token": true, "refresh_token": true, "scope": "openid offline_access"}},
		{"no scope", fixed, plain, "", object{"scope": ""}},
		{"scopes that are none, twice the same, much space", fixed, plain, "  read:it nothing:it  read:it ", object{"scope": "read:it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := tn.tokens(tt.client, "audience", tt.audience, "scope", tt.scope)
			got := object{"scope": body["scope"]}
			for _, name := range []string{"id_token", "refresh_token"} {
				if _, ok := body[name]; ok {
					got[name] = true
				}
			}
			diff(t, "tokens", got, tt.want)
		})
	}
}

func TestAccessTokensOfAPIs(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	iat := noon.Unix()
	userinfo := tn.URL + "userinfo"
	for _, tt := range []struct {
		name, audience, scope string
		alg                   jose.SignatureAlgorithm
		typ                   string
		want                  object // besides iss, sub, iat, exp
	}{
		{"RS256, with openid", plain, "openid read:it", jose.RS256, "JWT", object{
			"aud": []any{plain, userinfo}, "scope": "openid read:it", "azp": fixed,
		}},
		{"RS256, without openid", plain, "read:it", jose.RS256, "JWT", object{"aud": plain, "scope": "read:it", "azp": fixed}},
		{"no scope", plain, "", jose.RS256, "JWT", object{"aud": plain, "azp": fixed}},
		{"HS256 has no userinfo", hs256, "openid read:it", jose.HS256, "JWT", object{"aud": hs256, "scope": "openid read:it", "azp": fixed}},
		{"PS256", ps256, "openid", jose.PS256, "JWT", object{"aud": []any{ps256, userinfo}, "scope": "openid", "azp": fixed}},
		{"RS512", rs512, "read:it", jose.RS512, "JWT", object{"aud": rs512, "scope": "read:it", "azp": fixed}},
		{"the profile of RFC 9068", rfc9068, "openid read:it", jose.RS256, "at+jwt", object{
			"aud": []any{rfc9068, userinfo}, "scope": "openid read:it", "client_id": fixed, "jti": true,
		}},
		{"RBAC: all permissions, requested or not", guarded, "read:it write:it", jose.RS256, "JWT", object{
			"aud": guarded, "scope": "read:it", "azp": fixed, "permissions": []any{"read:it", "run:it"},
		}},
		{"RBAC in the profile of RFC 9068", guarded68, "read:it write:it run:it", jose.RS256, "at+jwt", object{
			"aud": guarded68, "scope": "read:it", "client_id": fixed, "jti": true, "permissions": []any{"read:it"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := tn.tokens(fixed, "audience", tt.audience, "scope", tt.scope)
			header, claims := tn.verified(body["access_token"], tt.alg)
			if kid, _ := header["kid"].(string); (kid == "") != (tt.alg == jose.HS256) {
				t.Errorf("the header is %v", header)
			}
			diff(t, "typ", header["typ"], any(tt.typ))
			want := object{"iss": tn.URL, "sub": userID, "iat": iat, "exp": iat + 7000}
			maps.Copy(want, tt.want)
			if jti, _ := claims["jti"].(string); len(jti) > 10 {
				claims["jti"] = true
			}
			diff(t, "claims", claims, want)
		})
	}
}

func TestIDTokens(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	iat := noon.Unix()
	first := tn.tokens(web, "nonce", "n1", "scope", "openid profile email")
	_, claims := tn.verified(first["id_token"], jose.RS256)
	sid, _ := claims["sid"].(string)
	if len(sid) != 32 {
		t.Errorf("sid is %q, want 32 characters", sid)
	}
	picture, _ := claims["picture"].(string)
	if !strings.HasPrefix(picture, "https://s.gravatar.com/avatar/") {
		t.Errorf("picture is %q", picture)
	}
	updated, _ := claims["updated_at"].(string)
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", updated); err != nil {
		t.Errorf("updated_at is %v, want a text with milliseconds", claims["updated_at"])
	}
	diff(t, "claims", claims, object{
		"iss": tn.URL, "sub": userID, "aud": web, "iat": iat, "exp": iat + 1234, "sid": sid, "nonce": "n1",
		"nickname": "ann", "name": email, "picture": picture, "updated_at": updated, "email": email, "email_verified": false,
	})

	tn.Freeze(noon.Add(time.Minute))
	_, claims = tn.verified(tn.tokens(psID, "scope", "openid", "max_age", "3600")["id_token"], jose.PS256)
	diff(t, "claims of a second application in the same session", claims, object{
		"iss": tn.URL, "sub": userID, "aud": psID, "iat": iat + 60, "exp": iat + 60 + 36000, "sid": sid, "auth_time": iat,
	})
	tn.Freeze(noon.Add(2 * time.Minute))
	_, claims = tn.verified(tn.tokens(fixed, "scope", "openid", "prompt", "login")["id_token"], jose.RS256)
	if claims["sid"] == sid || claims["auth_time"] != iat+120 {
		t.Errorf("after a new login sid is %v and auth_time %v", claims["sid"], claims["auth_time"])
	}
}

func TestIDTokensSignedWithTheSecretOfTheApplication(t *testing.T) {
	tn := start(t)
	response := tn.tokens(hsID, "scope", "openid offline_access")
	claims := func(token any, key string) (object, error) {
		raw, _ := token.(string)
		jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.HS256})
		if err != nil {
			t.Fatalf("%v: %v", token, err)
		}
		payload, err := jws.Verify([]byte(key))
		if err != nil {
			return nil, err
		}
		var claims object
		return claims, json.Unmarshal(payload, &claims)
	}
	got, err := claims(response["id_token"], secret)
	if err != nil || got["aud"] != hsID || got["sub"] != userID {
		t.Errorf("the ID token has %v, %v", got, err)
	}
	if _, err := claims(response["id_token"], secret+"!"); err == nil {
		t.Error("another secret verifies it")
	}
	_, refreshed := tn.refresh(hsID, response["refresh_token"], "client_secret", secret)
	if got, err := claims(refreshed["id_token"], secret); err != nil || got["sub"] != userID {
		t.Errorf("after a refresh the ID token has %v, %v", got, err)
	}
	logout := tn.send(http.MethodGet, "oidc/logout?id_token_hint="+response["id_token"].(string), "")
	forged := keys.SignHS256([]byte("another secret of that application"), keys.TypeJWT, []byte(`{"iss":"`+tn.URL+`","aud":"`+hsID+`","sub":"x"}`))
	refused := tn.send(http.MethodGet, "oidc/logout?id_token_hint="+forged, "")
	if logout.status >= 400 || refused.status != http.StatusBadRequest {
		t.Errorf("as a hint it gets %d, and a forged one %d", logout.status, refused.status)
	}
}

func TestATokenWithoutAudienceIsOpaque(t *testing.T) {
	tn := start(t)
	token, _ := tn.tokens(fixed, "audience", "", "scope", "openid email")["access_token"].(string)
	parts := strings.Split(token, ".")
	if len(parts) != 5 || parts[1] != "" {
		t.Fatalf("the token has %d parts: %s", len(parts), token)
	}
	diff(t, "header", decode(t, parts[0]), object{"alg": "dir", "enc": "A256GCM", "iss": tn.URL})
	got := tn.send(http.MethodGet, "userinfo", "", "Authorization", "Bearer "+token)
	diff(t, "userinfo", got.body, `{"sub":"`+userID+`","email":"`+email+`","email_verified":false}`)

	named := tn.tokens(fixed, "audience", tn.URL+"userinfo", "scope", "openid")["access_token"].(string)
	if strings.Count(named, ".") != 4 {
		t.Errorf("the token for userinfo by its name is %s", named)
	}
}

func TestMachineTokens(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	claims := func(audience string, alg jose.SignatureAlgorithm, more ...string) object {
		t.Helper()
		status, body := tn.machineToken(audience, more...)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %v", audience, status, body)
		}
		if body["id_token"] != nil || body["refresh_token"] != nil {
			t.Errorf("a machine gets %v", body)
		}
		_, got := tn.verified(body["access_token"], alg)
		if scope, _ := got["scope"].(string); scope != body["scope"] {
			t.Errorf("the response says scope %v, the token %v", body["scope"], got["scope"])
		}
		for _, name := range []string{"iss", "iat", "exp"} {
			delete(got, name)
		}
		return got
	}
	sub := machine + "@clients"
	diff(t, "all of the grant's scopes", claims(plain, jose.RS256), object{
		"sub": sub, "aud": plain, "azp": machine, "gty": "client-credentials", "scope": "read:it run:it",
	})
	diff(t, "the scopes requested", claims(plain, jose.RS256, "scope", "run:it"+" run:it"), object{
		"sub": sub, "aud": plain, "azp": machine, "gty": "client-credentials", "scope": "run:it",
	})
	diff(t, "a grant without scopes", claims(hs256, jose.HS256), object{"sub": sub, "aud": hs256, "azp": machine, "gty": "client-credentials"})
	diff(t, "a grant of all scopes", claims(ps256, jose.PS256), object{
		"sub": sub, "aud": ps256, "azp": machine, "gty": "client-credentials", "scope": "read:it write:it run:it",
	})
	diff(t, "permissions", claims(guarded, jose.RS256), object{
		"sub": sub, "aud": guarded, "azp": machine, "gty": "client-credentials", "scope": "run:it", "permissions": []any{"run:it"},
	})
	got := claims(rfc9068, jose.RS256)
	delete(got, "jti")
	diff(t, "the profile of RFC 9068", got, object{"sub": sub, "aud": rfc9068, "client_id": machine, "scope": "read:it"})
}

// TestTheTokenRepeatsWithinASecond: equal claims are signed once a second, unless the token has a jti.
func TestTheTokenRepeatsWithinASecond(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	token := func(audience string) any { _, body := tn.machineToken(audience); return body["access_token"] }
	diff(t, "the second token of a second", token(plain), token(plain))
	if token(rfc9068) == token(rfc9068) {
		t.Error("tokens with a jti repeat")
	}
	before := token(plain)
	tn.Freeze(noon.Add(time.Second))
	if before == token(plain) {
		t.Error("the token is that of the second before")
	}
}

func TestTheDefaultAudience(t *testing.T) {
	tn := start(t, withSeed(func(file object) { file["tenant"] = object{"default_audience": plain} }))
	_, claims := tn.verified(tn.tokens(fixed, "audience", "")["access_token"], jose.RS256)
	diff(t, "aud for a user", claims["aud"], any([]any{plain, tn.URL + "userinfo"}))
	status, body := tn.machineToken("")
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	_, claims = tn.verified(body["access_token"], jose.RS256)
	diff(t, "aud for a machine", claims["aud"], any(plain))
}

// TestJSONBodies sends as JSON what clients usually send as a form.
func TestJSONBodies(t *testing.T) {
	tn := start(t)
	got := tn.send(http.MethodPost, "oauth/token", `{"grant_type":"client_credentials","client_id":"`+machine+`","client_secret":"`+secret+
		`","audience":"`+plain+`","scope":["read:it","run:it"],"ignored":null,"max":1}`, "Content-Type", "application/json; charset=utf-8")
	diff(t, "status", got.status, http.StatusOK)
	diff(t, "scope", got.json(t)["scope"], any("read:it run:it"))

	form := tn.logIn(fixed).Form()
	body := `{`
	for name := range form {
		body += `"` + name + `":"` + form.Get(name) + `",`
	}
	got = tn.send(http.MethodPost, "oauth/token", strings.TrimSuffix(body, ",")+`}`, "Content-Type", jsonType)
	diff(t, "status of a code in JSON", got.status, http.StatusOK)
}

// TestTheQueryIsNoBody: parameters in the URL, which end up in logs, are ignored.
func TestTheQueryIsNoBody(t *testing.T) {
	tn := start(t)
	query := url.Values{"grant_type": {"client_credentials"}, "client_id": {machine}, "client_secret": {secret}, "audience": {plain}}
	got := tn.send(http.MethodPost, "oauth/token?"+query.Encode(), "", "Content-Type", formType)
	diff(t, "body", got.json(t), object{"error": "invalid_request", "error_description": "Missing required parameter: grant_type"})
}
