package resource_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func document(t *testing.T, text string) storage.Document {
	t.Helper()
	var doc storage.Document
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc
}

// sample has a member of every type.
var sample = &resource.Kind{
	Name: "samples", ID: "id", NewID: func() string { return "smp_1" },
	Fields: resource.Fields{
		"id":    {Type: resource.String, Access: resource.ReadOnly},
		"name":  {Type: resource.String, Required: true, Min: 1, Max: 5, Pattern: resource.Like("^[^<>]*$")},
		"kind":  {Type: resource.String, Access: resource.CreateOnly, Enum: []string{"a", "b"}},
		"token": {Type: resource.String, Access: resource.UpdateOnly},
		"email": {Type: resource.String, Format: "email", Doc: "Where it writes to"},
		"on":    {Type: resource.Bool, Default: true},
		"count": {Type: resource.Integer, Min: 2, Max: 4},
		"rate":  {Type: resource.Number},
		"tags":  {Type: resource.Array, Min: 1, Max: 2, Unique: true, Item: &resource.Field{Type: resource.String}},
		"page": {Type: resource.Object, Doc: "Page", Fields: resource.Fields{
			"url":  {Type: resource.String, Required: true},
			"rows": {Type: resource.Array, Item: &resource.Field{Type: resource.Object, Fields: resource.Fields{"at": {Type: resource.Integer}}}},
		}},
		"meta": {Type: resource.Object, Max: 1},
		"gone": {Type: resource.String, Nullable: true},
	},
	Merged: []string{"meta"}, Deep: []string{"page"}, Created: "created_at", Updated: "updated_at",
}

// TestCheck: the messages are those of Auth0's own validator, z-schema.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		op         resource.Operation
		want       string
	}{
		{"all is well", `{"name":"x","kind":"a","email":"a@b.c","count":3,"rate":1,"tags":["a"],"page":{"url":"u"},"meta":{"a":1},"gone":null}`, resource.Create, ""},
		{"a change needs nothing", `{}`, resource.Update, ""},
		{"a null removes in a change", `{"kind":null,"email":null,"on":null}`, resource.Update, "'Additional properties not allowed: kind'"},
		{"a null removes what need not be there", `{"email":null,"on":null}`, resource.Update, ""},
		{"a null does not remove what has to be there", `{"name":null}`, resource.Update, "'Expected type string but found type null' on property name"},
		{"a null in a new one", `{"name":"x","on":null}`, resource.Create, "'Expected type boolean but found type null' on property on"},
		{"a member is missing", `{}`, resource.Create, "'Missing required property: name'"},
		{"a replacement needs what a new one does", `{}`, resource.Replace, "'Missing required property: name'"},
		{"unknown members, all of them, before anything else", `{"zoo":1,"ape":1}`, resource.Create, "'Additional properties not allowed: ape,zoo'"},
		{"a read-only member", `{"name":"x","id":"smp_2"}`, resource.Create, "'Additional properties not allowed: id'"},
		{"a member of new ones in a change", `{"kind":"a"}`, resource.Update, "'Additional properties not allowed: kind'"},
		{"a member of changes in a new one", `{"name":"x","token":"t"}`, resource.Create, "'Additional properties not allowed: token'"},
		{"an unknown member of an object", `{"name":"x","page":{"url":"u","u":1}}`, resource.Create, "'Additional properties not allowed: u' on property page (Page)"},
		{"a member is missing in an object, in a change too", `{"page":{}}`, resource.Update, "'Missing required property: url' on property page (Page)"},
		{"a wrong type", `{"name":1}`, resource.Create, "'Expected type string but found type integer' on property name"},
		{"a wrong type deep inside", `{"name":"x","page":{"url":"u","rows":[{"at":1},{"at":"1"}]}}`, resource.Create, "'Expected type integer but found type string' on property page.rows[1].at"},
		{"a fraction", `{"name":"x","count":2.5}`, resource.Create, "'Expected type integer but found type number' on property count"},
		{"no member of the enum", `{"name":"x","kind":"c"}`, resource.Create, "'No enum match for: c' on property kind"},
		{"too short", `{"name":""}`, resource.Create, "'String is too short (0 chars), minimum 1' on property name"},
		{"too long, by characters", `{"name":"äöüäöü"}`, resource.Create, "'String is too long (6 chars), maximum 5' on property name"},
		{"another pattern", `{"name":"<b>"}`, resource.Create, "'String does not match pattern ^[^<>]*$: <b>' on property name"},
		{"another format", `{"name":"x","email":"nobody"}`, resource.Create, "'Object didn't pass validation for format email: nobody' on property email (Where it writes to)"},
		{"too small", `{"name":"x","count":1}`, resource.Create, "'Value 1 is less than minimum 2' on property count"},
		{"too large", `{"name":"x","count":5000000}`, resource.Create, "'Value 5000000 is greater than maximum 4' on property count"},
		{"too few items", `{"name":"x","tags":[]}`, resource.Create, "'Array is too short (0), minimum 1' on property tags"},
		{"too many items", `{"name":"x","tags":["a","b","c"]}`, resource.Create, "'Array is too long (3), maximum 2' on property tags"},
		{"a repeated item", `{"name":"x","tags":["a","a"]}`, resource.Create, "'Array items are not unique (indexes 0 and 1)' on property tags"},
		{"too many members", `{"name":"x","meta":{"a":1,"b":1}}`, resource.Create, "'Too many properties defined (2), maximum 1' on property meta"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sample.Check(document(t, tt.body), tt.op)
			if tt.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var e *apierr.Error
			want := "Payload validation error: " + tt.want + "."
			if !errors.As(err, &e) || e.Status != 400 || e.Message != want || e.Extra["errorCode"] != "invalid_body" {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestFillAndMerge(t *testing.T) {
	doc := document(t, `{"name":"x","meta":{"a":1,"b":2},"page":{"url":"u","rows":[]},"gone":null,"tags":["a"]}`)
	sample.Fill(doc, now)
	const stamp = "2026-11-25T12:00:00.000Z"
	want := storage.Document{
		"id": "smp_1", "name": "x", "on": true, "meta": storage.Document{"a": 1.0, "b": 2.0}, "tags": []any{"a"},
		"page": storage.Document{"url": "u", "rows": []any{}}, "created_at": stamp, "updated_at": stamp,
	}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Errorf("a new document (-want +got):\n%s", diff)
	}
	sample.Merge(doc, document(t, `{"meta":{"a":null,"c":3},"page":{"url":"v"},"on":null,"tags":["b"]}`), now.Add(time.Second))
	want["meta"] = storage.Document{"b": 2.0, "c": 3.0}
	want["page"] = storage.Document{"url": "v", "rows": []any{}}
	want["tags"] = []any{"b"}
	want["updated_at"] = "2026-11-25T12:00:01.000Z"
	delete(want, "on")
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Errorf("after a change (-want +got):\n%s", diff)
	}
	sample.Merge(doc, document(t, `{"meta":{}}`), now)
	if diff := cmp.Diff(storage.Document{}, doc["meta"]); diff != "" {
		t.Errorf("metadata that is emptied: %s", diff)
	}
}

// TestDefaultsAreCopied: documents share no defaults, so a change of one does not affect another.
func TestDefaultsAreCopied(t *testing.T) {
	one, two := storage.Document{"name": "a", "strategy": "auth0"}, storage.Document{"name": "b", "strategy": "auth0"}
	for _, doc := range []storage.Document{one, two} {
		resource.Connections.Fill(doc, now)
	}
	one["options"].(storage.Document)["mfa"].(storage.Document)["active"] = "changed"
	if got := two["options"].(storage.Document)["mfa"].(storage.Document)["active"]; got != true {
		t.Errorf("a change of one connection made the other's mfa.active %v", got)
	}
}

func TestClientDefaults(t *testing.T) {
	all := []any{"authorization_code", "implicit", "refresh_token", "client_credentials"}
	for _, tt := range []struct {
		name, body string
		grants     []any
		lifetime   int
		jwt        storage.Document
	}{
		{"no type", `{}`, all, 2592000, storage.Document{"lifetime_in_seconds": 36000, "secret_encoded": false}},
		{"no type, with a secret in the body", `{"token_endpoint_auth_method":"client_secret_post"}`, all, 31557600, storage.Document{"lifetime_in_seconds": 36000, "secret_encoded": false}},
		{"a machine", `{"app_type":"non_interactive"}`, all, 31557600, storage.Document{"lifetime_in_seconds": 36000, "secret_encoded": false}},
		{"a page", `{"app_type":"spa","jwt_configuration":{"alg":"RS256"}}`, all[:3], 2592000, storage.Document{"alg": "RS256", "secret_encoded": false}},
		{"an API", `{"app_type":"resource_server"}`, []any{}, 2592000, storage.Document{"alg": "RS256", "secret_encoded": false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := document(t, tt.body)
			resource.Clients.Fill(doc, now)
			refresh, _ := doc["refresh_token"].(storage.Document)
			if diff := cmp.Diff(tt.grants, doc["grant_types"]); diff != "" || refresh["token_lifetime"] != tt.lifetime {
				t.Errorf("grants %v, refresh token lifetime %v; want %v and %d", doc["grant_types"], refresh["token_lifetime"], tt.grants, tt.lifetime)
			}
			if diff := cmp.Diff(tt.jwt, doc["jwt_configuration"]); diff != "" {
				t.Errorf("jwt_configuration (-want +got):\n%s", diff)
			}
		})
	}
}

func TestManagementScopes(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range resource.ManagementScopes() {
		if seen[s.Value] || s.Description == "" {
			t.Errorf("scope %q comes twice or has no description", s.Value)
		}
		seen[s.Value] = true
	}
	for _, want := range []string{"read:clients", "create:client_grants", "update:tenant_settings", "delete:users", "read:user_idp_tokens"} {
		if !seen[want] {
			t.Errorf("no scope %s", want)
		}
	}
}

// TestItemsOfLongListsAreCompared: comparing every item with every other would not finish
// within the test's time.
func TestItemsOfLongListsAreCompared(t *testing.T) {
	kind := &resource.Kind{Fields: resource.Fields{"list": {Type: resource.Array, Unique: true}}}
	items := make([]any, 500_000)
	for i := range items {
		items[i] = float64(i)
	}
	if err := kind.Check(storage.Document{"list": items}, resource.Create); err != nil {
		t.Error(err)
	}
	items[len(items)-1] = 7.0
	err := kind.Check(storage.Document{"list": items}, resource.Create)
	if err == nil || !strings.Contains(err.Error(), "(indexes 7 and 499999)") {
		t.Errorf("a list that holds 7 twice: %v", err)
	}
}
