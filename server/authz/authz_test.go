package authz_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

const (
	userID     = "auth0|u1"
	clientID   = "nat1"
	audience   = "https://api.exampleco.com/timesheets"
	database   = "Username-Password-Authentication"
	appRequest = "create:timesheets read:timesheets openid profile email offline_access"
)

// tenant is a store in a file with one application, one API and one user.
type tenant struct {
	t      *testing.T
	engine keyspace.Engine
	db     *storage.DB
	in     authz.Input
}

func newTenant(t *testing.T) *tenant {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	api := &storage.ResourceServer{ID: "api1", Identifier: audience, AllowOfflineAccess: true}
	for _, name := range []string{"read", "create", "delete", "approve"} {
		api.Scopes = append(api.Scopes, storage.Scope{Value: name + ":timesheets"})
	}
	return (&tenant{t, engine, db, authz.Input{
		Client:         storage.Client{ClientID: clientID, Name: "Timesheets Mobile"},
		API:            api,
		Audience:       audience,
		Connection:     database,
		OfflineAllowed: true,
	}}).user(nil)
}

// user stores the user again with additional members.
func (tn *tenant) user(members storage.Document) *tenant {
	tn.t.Helper()
	doc := storage.Document{
		"user_id": userID, "email": "employee@exampleco.com",
		"identities": []storage.Identity{{Connection: database, Provider: "auth0", UserID: "u1"}},
	}
	maps.Copy(doc, members)
	tn.update(func(tx *storage.Tx) error { return tx.Users.Put(doc) })
	err := tn.db.View(context.Background(), func(tx *storage.Tx) (err error) {
		tn.in.User, err = tx.Users.Get(userID)
		return err
	})
	if err != nil {
		tn.t.Fatal(err)
	}
	return tn
}

func (tn *tenant) extension(ext storage.Extension) *tenant {
	tn.t.Helper()
	tn.update(func(tx *storage.Tx) error { return tx.Extension.Put(ext) })
	return tn
}

func (tn *tenant) update(fn func(*storage.Tx) error) {
	tn.t.Helper()
	if err := tn.db.Update(context.Background(), fn); err != nil {
		tn.t.Fatal(err)
	}
}

func (tn *tenant) decide() (d authz.Decision, err error) {
	tn.t.Helper()
	err = tn.db.View(context.Background(), func(tx *storage.Tx) error {
		d, err = authz.Decide(tx, tn.in)
		return err
	})
	return d, err
}

// granted decides about the login and fails the test if it is refused.
func (tn *tenant) granted() authz.Decision {
	tn.t.Helper()
	d, err := tn.decide()
	if err != nil {
		tn.t.Fatal(err)
	}
	return d
}

// refusal returns the code and the message of an error.
func refusal(t *testing.T, err error) (code, message string) {
	t.Helper()
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok {
		t.Fatalf("got error %v, want a refusal", err)
	}
	return e.Code, e.Message
}

// scenario returns the extension data of the timesheets scenario in which the user has the role.
func scenario(t *testing.T, role string) storage.Extension {
	t.Helper()
	ext := storage.Extension{
		Permissions: []storage.ExtensionPermission{
			{ID: "pr", Name: "read:timesheets", ApplicationID: clientID},
			{ID: "pc", Name: "create:timesheets", ApplicationID: clientID},
			{ID: "pd", Name: "delete:timesheets", ApplicationID: clientID},
			{ID: "pa", Name: "approve:timesheets", ApplicationID: clientID},
		},
		Roles: []storage.ExtensionRole{
			{ID: "re", Name: "Employee", ApplicationID: clientID, Permissions: []string{"pd", "pc", "pr"}},
			{ID: "rm", Name: "Manager", ApplicationID: clientID, Permissions: []string{"pr", "pc", "pd", "pa"}},
		},
		Configuration: []storage.ExtensionConfiguration{configuration(t, `{"permissionsInToken": true}`)},
		ScopePolicies: []storage.ScopePolicy{{ClientID: clientID, Mode: authz.ModeAppend}},
	}
	for i, r := range ext.Roles {
		if r.Name == role {
			ext.Roles[i].Users = []string{userID}
		}
	}
	return ext
}

func configuration(t *testing.T, flags string) storage.ExtensionConfiguration {
	t.Helper()
	c := storage.ExtensionConfiguration{ID: "v1"}
	if err := json.Unmarshal([]byte(flags), &c); err != nil {
		t.Fatal(err)
	}
	return c
}
