package deploy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/deploy"
)

func TestItemsOfAnAnswer(t *testing.T) {
	one, two := object{"id": "1"}, object{"id": "2"}
	for _, tt := range []struct {
		name   string
		answer any
		want   []object
	}{
		{"nothing", nil, nil},
		{"a text", "text", nil},
		{"an empty list", list{}, nil},
		{"a list", list{one, two}, []object{one, two}},
		{"a list with what is no object", list{"1", one, nil, 2.0, list{two}}, []object{one}},
		{"an envelope", object{"total": 2.0, "clients": list{one, two}}, []object{one, two}},
		{"an envelope with an empty list", object{"total": 0.0, "clients": list{}}, nil},
		{"an envelope without a list", object{"total": 0.0}, nil},
	} {
		if diff := cmp.Diff(tt.want, deploy.ItemsOf(tt.answer)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestEmptyValues(t *testing.T) {
	for _, empty := range []any{nil, list{}, object{}, list(nil), object(nil)} {
		if !deploy.IsEmpty(empty) {
			t.Errorf("%#v is not empty", empty)
		}
	}
	for _, value := range []any{"", 0.0, false, list{nil}, object{"a": nil}} {
		if deploy.IsEmpty(value) {
			t.Errorf("%#v is empty", value)
		}
	}
}

func TestPlacesAreToldWithTheirValues(t *testing.T) {
	for _, tt := range []struct {
		place deploy.Place
		want  string
	}{
		{deploy.Place{Path: "/clients"}, "/clients"},
		{deploy.Place{Path: "/clients/{id}", Values: []string{"a"}}, "/clients/a"},
		{deploy.Place{Path: "/clients/{}", Values: []string{"a"}}, "/clients/a"},
		{deploy.Place{Path: "/organizations/{id}/members/{user}/roles", Values: []string{"org_1", "auth0|1"}}, "/organizations/org_1/members/auth0|1/roles"},
		{deploy.Place{Path: "/organizations/{id}/members/{user}", Values: []string{"org_1"}}, "/organizations/org_1/members/{user}"},
		{deploy.Place{Path: "/clients", Values: []string{"unused"}}, "/clients"},
	} {
		if got := tt.place.String(); got != tt.want {
			t.Errorf("%+v is %q, want %q", tt.place, got, tt.want)
		}
	}
}

func TestCodeOfATenantFile(t *testing.T) {
	const kept = "its code is stored, but tenant0 does not run it"
	scripted := object{"name": "scripted", "options": object{"customScripts": object{"login": "function login() {}"}}}
	file := &tenantfile.Tenant{
		Databases:   []object{{"name": "plain"}, scripted, {"name": "empty", "options": object{"customScripts": object{}}}},
		Connections: []object{{"name": "google", "strategy": "google-oauth2"}},
		Further: object{
			"rules": list{object{"name": "rule"}}, "actions": list{object{"name": "one"}, object{"name": "two"}}, "hooks": list{}, "organizations": list{object{"name": "org"}},
		},
	}
	file.ResourceServers = []object{
		{"name": "bound", "proof_of_possession": object{"mechanism": "dpop", "required": true}, "token_encryption": object{"format": "compact-nested-jwe"}},
		{"name": "free", "proof_of_possession": object{"mechanism": "dpop", "required": false}, "token_encryption": nil},
	}
	file.Clients = []object{{"name": "holder", "require_proof_of_possession": true}, {"name": "any", "require_proof_of_possession": false}}
	const bearer = ": that tokens are bound to a key is kept, and they are bearer's: tenant0 emulates neither DPoP nor mTLS"
	want := []string{
		"resourceServers bound" + bearer, "resourceServers bound: token_encryption is kept, and tokens are not encrypted by tenant0",
		"clients holder" + bearer,
		"databases scripted: " + kept, "actions one: " + kept, "actions two: " + kept, "rules rule: " + kept,
	}
	if diff := cmp.Diff(want, deploy.CodeOf(file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if none := deploy.CodeOf(&tenantfile.Tenant{}); none != nil {
		t.Errorf("an empty file has code: %q", none)
	}
}

// TestUsersThatATenantFileCannotHave are all reported at once, each with its first error.
func TestUsersThatATenantFileCannotHave(t *testing.T) {
	const password, bcrypt = "Long-Enough-2026!", "$2b$10$3b0Ep7MYlvFtMhr8lsTtB.gqNqUEC6jhlYTkoWgUe5nQGhFQXbfhu"
	databases := []object{
		{"name": "Username-Password-Authentication"},
		{"name": "names", "strategy": "auth0", "options": object{"requires_username": true, "validation": object{"username": object{"min": 3.0, "max": 5.0}}}},
	}
	for _, tt := range []struct {
		name  string
		user  object
		wrong string // in the error, "" for none
	}{
		{"a password", object{"email": "a@example.test", "password": password}, ""},
		{"a hash", object{"email": "a@example.test", "password_hash": bcrypt}, ""},
		{"neither", object{"email": "a@example.test"}, ""},
		{"two hashes", object{"email": "a@example.test", "password_hash": bcrypt, "custom_password_hash": object{"algorithm": "bcrypt"}}, "mutually exclusive"},
		{"a hash that is none", object{"email": "a@example.test", "password_hash": "secret"}, "password_hash"},
		{"a hash of an algorithm that is none", object{"email": "a@example.test", "custom_password_hash": object{"algorithm": "rot13", "hash": object{"value": "x"}}}, "custom_password_hash"},
		{"a password that is too long", object{"email": "a@example.test", "password": strings.Repeat("é", 37)}, "Password is too long"},
		{"the longest password, in bytes", object{"email": "a@example.test", "password": strings.Repeat("é", 36)}, ""},
		{"an id of the database", object{"email": "a@example.test", "user_id": "auth0|1", "password": password}, ""},
		{"an id of another provider", object{"email": "a@example.test", "user_id": "google-oauth2|1"}, "the user_id belongs to the provider google-oauth2"},
		{"an id without a provider", object{"email": "a@example.test", "user_id": "1"}, ""},
		{"a name that is too short", object{"email": "a@example.test", "connection": "names", "username": "ab"}, "Username should have between 3 and 5 characters."},
		{"the shortest name", object{"email": "a@example.test", "connection": "names", "username": "abc"}, ""},
		{"the longest name", object{"email": "a@example.test", "connection": "names", "username": "abcde"}, ""},
		{"a name that is too long", object{"email": "a@example.test", "connection": "names", "username": "abcdef"}, "Username should have between 3 and 5 characters."},
		{"null members", object{"email": "a@example.test", "password": password, "user_metadata": nil}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrong := deploy.CheckUsers(&tenantfile.Tenant{Databases: databases, Users: []object{tt.user}})
			switch {
			case tt.wrong == "" && len(wrong) > 0:
				t.Errorf("%v", wrong)
			case tt.wrong != "" && (len(wrong) != 1 || !strings.Contains(wrong[0].Error(), tt.wrong)):
				t.Errorf("%v, want one with %q in it", wrong, tt.wrong)
			}
		})
	}
	file := &tenantfile.Tenant{Databases: databases}
	for i := range 5 {
		user := object{"email": fmt.Sprintf("user%d@example.test", i), "password": password}
		if i%2 == 0 {
			user["password_hash"] = "secret"
		}
		file.Users = append(file.Users, user)
	}
	if wrong := deploy.CheckUsers(file); len(wrong) != 3 || !strings.Contains(wrong[1].Error(), `user "user2@example.test"`) {
		t.Errorf("of five users of whom three are wrong there are told %v", wrong)
	}
}
