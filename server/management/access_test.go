package management_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// userToken logs a user in to the single-page application and returns the access token for the Management
// API and the ID token.
func (c *client) userToken(username, scope string) (access, id string) {
	c.t.Helper()
	browser := c.tenant.Client()
	result := c.tenant.Login(browser, servertest.Login{
		ClientID: servertest.SPA, RedirectURI: "http://localhost:3000/callback", Username: username, Params: url.Values{"audience": {c.tenant.URL + "api/v2/"}, "scope": {"openid " + scope}},
	})
	body := c.tenant.Exchange(browser, result)
	access, _ = body["access_token"].(string)
	id, _ = body["id_token"].(string)
	return access, id
}

func subjectOf(t *testing.T, token string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Sub string `json:"sub"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Sub
}

// TestUserTokens: a user's token gives access to the user's own account and to nothing else.
func TestUserTokens(t *testing.T) {
	c := newClient(t)
	const scopes = "read:current_user update:current_user_metadata update:current_user_identities read:users update:users read:clients"
	access, id := c.userToken(servertest.Employee, scopes)
	_, othersID := c.userToken(servertest.Manager, scopes)
	self, other := "/users/"+subjectOf(t, id), "/users/"+subjectOf(t, othersID)
	user := *c
	user.token = access
	metadata := object{"user_metadata": object{"color": "blue"}}
	for _, tt := range []struct {
		name, method, path string
		body               any
		status             int
	}{
		{"the own profile", http.MethodGet, self, nil, 200},
		{"another's profile", http.MethodGet, other, nil, 403},
		{"all profiles, for all that the token says", http.MethodGet, "/users", nil, 403},
		{"applications", http.MethodGet, "/clients", nil, 403},
		{"the own metadata", http.MethodPatch, self, metadata, 200},
		{"another's metadata", http.MethodPatch, other, metadata, 403},
		{"the own application metadata", http.MethodPatch, self, object{"app_metadata": object{"admin": true}}, 403},
		{"more than the own metadata", http.MethodPatch, self, object{"user_metadata": object{}, "blocked": false}, 403},
		{"an account without a proof", http.MethodPost, self + "/identities", object{"provider": "auth0", "user_id": strings.TrimPrefix(other, "/users/auth0|")}, 403},
		{"an account with its ID token", http.MethodPost, self + "/identities", object{"link_with": othersID}, 201},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asUser := user
			asUser.t = t
			status, answer := asUser.do(tt.method, tt.path, tt.body)
			if status != tt.status {
				t.Errorf("got %d %v, want %d", status, answer, tt.status)
			}
			if body, _ := answer.(object); tt.status == 403 && body["errorCode"] != "insufficient_scope" {
				t.Errorf("refused with %v", body)
			}
		})
	}
}

// TestScopesOfTheOwnAccount: each current_user scope allows the operations that Auth0 lists for it, and no others.
func TestScopesOfTheOwnAccount(t *testing.T) {
	c := newClient(t)
	metadata := object{"user_metadata": object{"color": "blue"}}
	for _, tt := range []struct {
		scope                               string
		read, enrollments, metadata, device int
	}{
		{"read:current_user", 200, 200, 403, 403},
		{"create:current_user_metadata", 403, 403, 200, 403},
		{"update:current_user_metadata", 403, 403, 200, 403},
		{"create:current_user_device_credentials", 403, 403, 403, 201},
		{"read:users update:users create:users", 403, 403, 403, 403},
	} {
		t.Run(tt.scope, func(t *testing.T) {
			user := *c
			user.t = t
			access, id := user.userToken(servertest.Employee, tt.scope)
			user.token = access
			self := "/users/" + subjectOf(t, id)
			read, _ := user.do(http.MethodGet, self, nil)
			enrollments, _ := user.do(http.MethodGet, self+"/enrollments", nil)
			changed, _ := user.do(http.MethodPatch, self, metadata)
			device, _ := user.do(http.MethodPost, "/device-credentials", object{"type": "public_key", "device_name": "d", "device_id": "1", "value": "k"})
			got := []int{read, enrollments, changed, device}
			if want := []int{tt.read, tt.enrollments, tt.metadata, tt.device}; !slices.Equal(got, want) {
				t.Errorf("read, enrollments, metadata and devices get %v, want %v", got, want)
			}
		})
	}
}

// TestClientScopes: only scopes that include credentials show the client secret.
func TestClientScopes(t *testing.T) {
	c := newClient(t)
	for _, tt := range []struct {
		scope        string
		secret, many bool
	}{
		{"read:clients", false, true}, {"read:client_keys", true, true}, {"read:client_credentials", true, false}, {"read:client_summary", false, false},
	} {
		t.Run(tt.scope, func(t *testing.T) {
			reader := *c
			reader.t, reader.token = t, c.machineToken(tt.scope)
			shown := reader.must(200, http.MethodGet, "/clients/"+servertest.Cron, nil)
			_, secret := shown["client_secret"]
			_, many := shown["grant_types"]
			if secret != tt.secret || many != tt.many || shown["name"] == nil {
				t.Errorf("shown are %v", shown)
			}
		})
	}
}

// TestScopesOfRoleMembers: assigning users to roles has scopes of its own besides those of users and of roles, Auth0:
// api/management/v2/users/assign-roles-to-a-user and roles/assign-users-to-a-role.
func TestScopesOfRoleMembers(t *testing.T) {
	c := newClient(t)
	user := c.employee()
	role := c.must(200, http.MethodPost, "/roles", object{"name": "Member"})["id"].(string)
	ofUser, ofRole := "/users/"+url.PathEscape(user)+"/roles", "/roles/"+role+"/users"
	for _, tt := range []struct {
		method, path string
		body         any
		status       int
		scopes       []string
	}{
		{http.MethodPost, ofUser, object{"roles": []string{role}}, 204, []string{"create:role_members", "update:users"}},
		{http.MethodPost, ofRole, object{"users": []string{user}}, 200, []string{"create:role_members", "update:roles"}},
		{http.MethodGet, ofUser, nil, 200, []string{"read:role_members"}},
		{http.MethodGet, ofRole, nil, 200, []string{"read:role_members", "read:roles", "read:users"}},
		{http.MethodDelete, ofUser, object{"roles": []string{role}}, 204, []string{"delete:role_members", "update:users"}},
	} {
		for _, scope := range tt.scopes {
			member := *c
			member.token = c.machineToken(scope)
			member.must(tt.status, tt.method, tt.path, tt.body)
		}
		stranger := *c
		stranger.token = c.machineToken("read:clients update:clients create:roles")
		stranger.must(403, tt.method, tt.path, tt.body)
	}
}
