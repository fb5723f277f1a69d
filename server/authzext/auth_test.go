package authzext_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

const (
	missing      = `{"statusCode":401,"error":"Unauthorized","message":"Missing authentication"}`
	badToken     = `{"statusCode":401,"error":"Unauthorized","message":"Invalid credentials","attributes":{"error":"Invalid credentials"}}`
	badKey       = `{"statusCode":401,"error":"Unauthorized","message":"Invalid API Key"}`
	insufficient = `{"statusCode":403,"error":"Forbidden","message":"Insufficient scope"}`
	policyPath   = "/users/auth0%7Cu1/policy/nat1"
	policyQuery  = `{"connectionName":"c"}`
)

func TestWhoMayCall(t *testing.T) {
	s := start(t)
	api := &storage.ResourceServer{Identifier: audience}
	user := s.mint(t, tokens.Grant{API: api, User: &storage.User{UserID: "auth0|u1"}, Issue: storage.Issue{Scope: strings.Fields(allScopes)}}, noon)
	refreshed := s.mint(t, tokens.Grant{API: api, Issue: storage.Issue{Scope: strings.Fields(allScopes)}, GTY: tokens.GTYRefreshToken}, noon)
	elsewhere := s.mint(t, tokens.Grant{API: &storage.ResourceServer{Identifier: "https://other.example.com"}, GTY: tokens.GTYClientCredentials}, noon)
	expired := s.mint(t, tokens.Grant{API: api, GTY: tokens.GTYClientCredentials}, noon.Add(-25*time.Hour))
	rfc9068 := s.mint(t, tokens.Grant{API: &storage.ResourceServer{Identifier: audience, TokenDialect: "rfc9068_profile"}, Issue: storage.Issue{Scope: []string{"read:groups"}}}, noon)
	tampered := s.token[:len(s.token)-10] + "AAAAAAAAAA"
	other := start(t)
	tests := []struct {
		name, authorization string
		status              int
		body, challenge     string
	}{
		{"nobody", "", 401, missing, `Token error="token is null"`},
		{"another scheme", "Basic " + s.token, 401, missing, `Token error="Invalid token format"`},
		{"a token that is no JWT", "Bearer abc", 401, missing, `Token error="Invalid token format"`},
		{"an opaque token", "Bearer a..b.c.d", 401, missing, `Token error="Invalid token format"`},
		{"a token that is none", "Bearer a.b.c", 401, badToken, `Token error="Invalid credentials"`},
		{"a user", "Bearer " + user, 401, badToken, `Token error="Invalid credentials"`},
		{"a token of another grant", "Bearer " + refreshed, 401, badToken, `Token error="Invalid credentials"`},
		{"a token for another API", "Bearer " + elsewhere, 401, badToken, `Token error="Invalid credentials"`},
		{"an expired token", "Bearer " + expired, 401, badToken, `Token error="Invalid credentials"`},
		{"a token that was changed", "Bearer " + tampered, 401, badToken, `Token error="Invalid credentials"`},
		{"a token of another tenant", "Bearer " + other.token, 401, badToken, `Token error="Invalid credentials"`},
		{"a machine without the scope", "Bearer " + s.machine(t, "create:groups", "read:roles"), 403, insufficient, ""},
		{"a machine with the scope", "Bearer " + s.machine(t, "read:groups"), 200, "", ""},
		{"a machine with a token of the RFC 9068 profile", "Bearer " + rfc9068, 200, "", ""},
		{"the scheme in lower case", "bearer " + s.token, 200, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.call(t, "GET", apiPath+"/groups", "", "Authorization", tt.authorization)
			if tt.status == 200 {
				got.body = ""
			}
			got.is(t, tt.status, tt.body)
			if challenge := got.header.Get("WWW-Authenticate"); challenge != tt.challenge {
				t.Errorf("WWW-Authenticate is %q, want %q", challenge, tt.challenge)
			}
		})
	}
}

// TestEveryOperationNeedsItsScope sends requests with every scope except the one that the
// operation needs; the scope is checked before anything else of the request.
func TestEveryOperationNeedsItsScope(t *testing.T) {
	s := start(t)
	operations := s.router.Operations()
	verbs := map[string]string{"GET": "read", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
	for _, op := range operations {
		method, template, _ := strings.Cut(op, " ")
		path, inAPI := strings.CutPrefix(template, apiPath)
		if !inAPI || path == "/" || strings.Contains(path, "/policy/") {
			continue
		}
		// The last collection in the path names what is read or changed. Exceptions: the lists
		// of a group or a user, which need the scope for changing the group or role.
		parts := strings.Split(strings.Trim(path, "/"), "/")
		scope := verbs[method] + ":" + parts[0]
		switch {
		case parts[0] == "groups" && len(parts) > 2 && method == "DELETE":
			scope = "update:groups"
		case parts[0] == "users" && len(parts) > 2:
			scope = map[bool]string{true: "read:", false: "update:"}[method == "GET"] + parts[2]
		case len(parts) > 1 && parts[1] == "resource-server":
			scope = verbs[method] + ":resource-server"
		case parts[0] == "configuration" && method == "POST":
			scope = "update:configuration"
		}
		t.Run(op, func(t *testing.T) {
			all := strings.Fields(allScopes)
			others := slices.DeleteFunc(slices.Clone(all), func(other string) bool { return other == scope })
			if len(others) != len(all)-1 {
				t.Fatalf("%s is no scope", scope)
			}
			with := s.call(t, method, template, "", "Authorization", "Bearer "+s.machine(t, scope))
			if with.status == 401 || with.status == 403 {
				t.Errorf("with %s answers %d", scope, with.status)
			}
			s.call(t, method, template, "", "Authorization", "Bearer "+s.machine(t, others...)).is(t, 403, insufficient)
			s.call(t, method, template, "", "Authorization", "", "X-Api-Key", "any").is(t, 401, missing)
		})
	}
}

func TestAPIKey(t *testing.T) {
	s := start(t)
	ask := func(headers ...string) answer {
		return s.call(t, "POST", apiPath+policyPath, policyQuery, append([]string{"Authorization", ""}, headers...)...)
	}
	const policy = `{"groups":["Staff","Board"],"roles":["Employee","Manager"],"permissions":["read:timesheets","approve:timesheets"]}`
	rotate := func() string {
		t.Helper()
		got := s.api(t, "PATCH", "/configuration/rotate-apikey", "")
		got.is(t, 200, `{"hash":"ANY"}`)
		hash := strings.Split(got.body, `"`)[3]
		if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
			t.Fatalf("%q is not 64 hexadecimal digits", hash)
		}
		return hash
	}

	ask().is(t, 401, badKey)
	ask("X-Api-Key", "").is(t, 401, badKey)
	first := rotate()
	ask("X-Api-Key", first).is(t, 200, policy)
	ask("X-Api-Key", strings.ToUpper(first)).is(t, 401, badKey)
	ask("X-Api-Key", first, "Authorization", "Basic x").is(t, 200, policy)
	ask("X-Api-Key", first, "Authorization", "Bearer a.b.c").is(t, 401, badToken)
	ask("Authorization", "Bearer "+s.machine(t)).is(t, 200, policy)

	second := rotate()
	ask("X-Api-Key", first).is(t, 401, badKey)
	ask("X-Api-Key", second).is(t, 200, policy)
	if got := ask(); got.header.Get("WWW-Authenticate") != "" {
		t.Errorf("a wrong key is answered with the challenge %q", got.header.Get("WWW-Authenticate"))
	}

	type configuration struct{ APIKey string }
	if key := get[configuration](t, s, "/configuration").APIKey; len(key) != 64 || key == second {
		t.Errorf("the stored key is %q", key)
	}
	s.api(t, "POST", "/configuration/import", `{}`).is(t, 204, "")
	ask("X-Api-Key", second).is(t, 200, `{"groups":[],"roles":[],"permissions":[]}`)
}

func TestHeaders(t *testing.T) {
	s := start(t)
	const page = "https://app.example.com"
	caller := storage.Document{"client_id": "m2m", "name": "Cron", "app_type": "non_interactive", "allowed_origins": []any{page}}
	if err := s.db.Update(t.Context(), func(tx *storage.Tx) error { return tx.Clients.Put(caller) }); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]answer{
		"success": s.call(t, "GET", apiPath+"/groups", "", "Origin", page),
		"refusal": s.call(t, "GET", apiPath+"/groups", "", "Origin", page, "Authorization", ""),
		"unknown": s.call(t, "GET", apiPath+"/nothing", "", "Origin", page),
		"meta":    s.call(t, "GET", "/extensions/authorization/meta", "", "Origin", page, "Authorization", ""),
	} {
		for header, want := range map[string]string{
			"Cache-Control": "no-cache", "Vary": "Origin", "Access-Control-Allow-Origin": page,
			"Access-Control-Expose-Headers": "WWW-Authenticate,Server-Authorization", "Content-Type": "application/json; charset=utf-8",
		} {
			if got.header.Get(header) != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got.header.Get(header), want)
			}
		}
	}
	t.Run("a preflight is let pass", func(t *testing.T) {
		got := s.call(t, "OPTIONS", apiPath+"/groups", "", "Origin", page, "Authorization", "", "Access-Control-Request-Method", "POST")
		if got.status != 204 || !strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("answers %d %v", got.status, got.header)
		}
	})
	t.Run("meta names the extension", func(t *testing.T) {
		s.call(t, "GET", "/extensions/authorization/meta", "", "Authorization", "").
			is(t, 200, `{"title":"ANY","name":"auth0-authz","version":"ANY","type":"application"}`)
	})
}
