package authz_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// ruleCase is one login that the extension's rule and its scope rule decide about,
// with the answers of the original extension.
type ruleCase struct {
	Name          string
	Store         caseStore
	Configuration json.RawMessage // flags; only permissionsInToken when absent
	Connection    *string
	Audience      string
	IDP           storage.Document `json:"idp"`
	RequiredRoles string           `json:"required_roles"`
	RuleFor       string           `json:"rule_for"` // the application with the scope rule
	Requested     string

	Policy     *authz.Policy
	Verbatim   *string        // the scope as the rule leaves it
	Scope      *string        // the scope as a set, where that differs
	Core       *string        // the scope where the rule does not apply
	Denied     string         // the sentence of a refusal
	Saved      map[string]any // app_metadata to store
	UserGroups []any          `json:"user_groups"` // what the rule leaves in user.groups

	unmapped bool // no claim is mapped
}

// caseStore is complete extension data, the name of such data, or groups that are added to named data.
type caseStore struct {
	name string
	storage.Extension
}

func (s *caseStore) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &s.name) == nil {
		return nil
	}
	var like struct{ Like string }
	if err := json.Unmarshal(raw, &like); err != nil {
		return err
	}
	s.name = like.Like
	return json.Unmarshal(raw, &s.Extension)
}

func loadCases(t *testing.T) []ruleCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Stores map[string]storage.Extension
		Cases  []ruleCase
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 60 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	for i, c := range file.Cases {
		if c.Store.name == "" {
			continue
		}
		store, ok := file.Stores[c.Store.name]
		if !ok {
			t.Fatalf("%s: no store %q", c.Name, c.Store.name)
		}
		store.Groups = c.Store.Groups
		file.Cases[i].Store.Extension = store
	}
	return file.Cases
}

// TestRuleCases compares the evaluator, the rule and the scope rule with the answers of the
// original: once with a claim mapped from the user and once without, when less of the user is read.
func TestRuleCases(t *testing.T) {
	tn := newTenant(t)
	for _, c := range loadCases(t) {
		t.Run(c.Name, func(t *testing.T) { c.check(t, tn) })
		c.unmapped = true
		t.Run(c.Name+", without claims", func(t *testing.T) { c.check(t, tn) })
	}
}

func (c *ruleCase) check(t *testing.T, tn *tenant) {
	t.Helper()
	tn.t = t
	c.arrange(tn)
	if c.Policy != nil {
		c.checkPolicy(t, tn)
	}
	switch {
	case c.Denied != "":
		_, err := tn.decide()
		if code, message := refusal(t, err); code != "unauthorized" || message != c.Denied {
			t.Fatalf("refused with %s: %s\nwant unauthorized: %s", code, message, c.Denied)
		}
	case c.Core != nil:
		checkScope(t, tn.granted(), *c.Core)
	default:
		c.checkGranted(t, tn)
	}
}

// checkGranted checks the scope that the rule returns, and then compares it as a set.
func (c *ruleCase) checkGranted(t *testing.T, tn *tenant) {
	t.Helper()
	d := tn.granted()
	checkScope(t, d, *c.Verbatim)
	if diff := cmp.Diff(c.Saved, d.AppMetadata); diff != "" {
		t.Errorf("app_metadata to store (-want +got)\n%s", diff)
	}
	if c.UserGroups != nil && !c.unmapped && !cmp.Equal(c.UserGroups, d.AccessClaims["https://exampleco.com/groups"]) {
		t.Errorf("user.groups is %v, want %v", d.AccessClaims["https://exampleco.com/groups"], c.UserGroups)
	}
	want := *c.Verbatim
	if c.Scope != nil {
		want = *c.Scope
	}
	c.Store.ScopePolicies[0].Verbatim = false
	tn.extension(c.Store.Extension)
	checkScope(t, tn.granted(), want)
}

func (c *ruleCase) arrange(tn *tenant) {
	flags := `{"permissionsInToken": true}`
	if c.Configuration != nil {
		flags = string(c.Configuration)
	}
	ruleFor := clientID
	if c.RuleFor != "" {
		ruleFor = c.RuleFor
	}
	c.Store.Configuration = []storage.ExtensionConfiguration{configuration(tn.t, flags)}
	c.Store.ScopePolicies = []storage.ScopePolicy{{ClientID: ruleFor, Mode: authz.ModeAppend, Verbatim: true}}
	c.Store.TokenClaims = nil
	if !c.unmapped {
		c.Store.TokenClaims = []storage.TokenClaims{{AccessToken: map[string]any{"https://exampleco.com/groups": "user.groups"}}}
	}
	tn.extension(c.Store.Extension).user(c.IDP)
	tn.in.Requested, tn.in.Connection, tn.in.Audience = c.Requested, database, audience
	if c.Connection != nil {
		tn.in.Connection = *c.Connection
	}
	if c.Audience != "" {
		tn.in.Audience = c.Audience
	}
	tn.in.Client.ClientMetadata = nil
	if c.RequiredRoles != "" {
		tn.in.Client.ClientMetadata = map[string]any{"required_roles": c.RequiredRoles}
	}
}

func (c *ruleCase) checkPolicy(t *testing.T, tn *tenant) {
	t.Helper()
	connection := tn.in.Connection
	if connection == "" {
		connection = tn.in.User.ConnectionName()
	}
	var groups []string
	switch v := c.IDP["groups"].(type) {
	case string:
		groups = strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == ' ' })
	case []any:
		for _, g := range v {
			groups = append(groups, g.(string))
		}
	}
	got := authz.Effective(c.Store.Extension, userID, clientID, connection, groups)
	if diff := cmp.Diff(*c.Policy, got); diff != "" {
		t.Errorf("policy (-want +got)\n%s", diff)
	}
}

func checkScope(t *testing.T, d authz.Decision, want string) {
	t.Helper()
	if got := strings.Join(d.Scope, " "); got != want {
		t.Errorf("scope is %q, want %q", got, want)
	}
}
