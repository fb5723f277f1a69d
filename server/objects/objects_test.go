package objects_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// epoch is the time of the changes in these tests.
var epoch = time.Unix(1_700_000_000, 0)

func open(t *testing.T) *storage.DB {
	t.Helper()
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestChanges creates, changes, replaces and deletes an object of a simple kind in
// transactions, without a server.
func TestChanges(t *testing.T) {
	db := open(t)
	run := func(now time.Time, fn func(objects.Collection) error) error {
		return db.Update(t.Context(), func(tx *storage.Tx) error {
			o, err := objects.NetworkACLs.In(&objects.Change{Tx: tx, Now: now, GivenID: "acl_1"}, "")
			if err != nil {
				return err
			}
			return fn(o)
		})
	}
	acl := func(description string) storage.Document {
		return storage.Document{
			"description": description, "active": true, "priority": 1.0,
			"rule": storage.Document{"action": storage.Document{"block": true}, "scope": "management", "match": storage.Document{"ipv4_cidrs": []any{"10.0.0.0/8"}}},
		}
	}
	var kept storage.Document
	for _, step := range []struct {
		name string
		do   func(objects.Collection) error
		err  error
	}{
		{"create", func(o objects.Collection) (err error) { kept, err = o.Create(acl("first")); return err }, nil},
		{"change", func(o objects.Collection) (err error) {
			kept, err = o.Update("acl_1", storage.Document{"active": false})
			return err
		}, nil},
		{"change none", func(o objects.Collection) error {
			_, err := o.Update("acl_2", storage.Document{"active": false})
			return err
		}, resource.NetworkACLs.Missing},
		{"replace", func(o objects.Collection) (err error) { kept, err = o.Replace("acl_1", acl("second")); return err }, nil},
		{"delete", func(o objects.Collection) error { _, err := o.Delete("acl_1"); return err }, nil},
		{"delete again", func(o objects.Collection) error { _, err := o.Delete("acl_1"); return err }, resource.NetworkACLs.Missing},
	} {
		now := epoch
		if step.name != "create" {
			now = epoch.Add(time.Hour)
		}
		if err := run(now, step.do); !errors.Is(err, step.err) {
			t.Fatalf("%s: %v, want %v", step.name, err, step.err)
		}
		if step.name == "change" && (kept["active"] != false || kept["description"] != "first" || kept["created_at"] == kept["updated_at"]) {
			t.Errorf("after the change the object is %v", kept)
		}
	}
	if kept["id"] != "acl_1" || kept["description"] != "second" || kept["created_at"] != resource.Time(epoch) {
		t.Errorf("the object that replaced the first is %v", kept)
	}
}

// TestOwnersAndWhatGoesWithThem deletes an organization: objects that belong or refer to it are
// deleted too, and those of another organization are kept.
func TestOwnersAndWhatGoesWithThem(t *testing.T) {
	db := open(t)
	domain := func(name string) storage.Document { return storage.Document{"domain": name} }
	create := func(ch *objects.Change, kind *objects.Kind, parent string, sent storage.Document) error {
		o, err := kind.In(ch, parent)
		if err != nil {
			return err
		}
		_, err = o.Create(sent)
		return err
	}
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		at := func(id string) *objects.Change { return &objects.Change{Tx: tx, Now: epoch, GivenID: id} }
		if err := create(at("ord_0"), objects.DiscoveryDomains, "org_1", domain("early.test")); !errors.Is(err, resource.Organizations.Missing) {
			t.Errorf("a domain of an organization that is not there: %v", err)
		}
		return errors.Join(
			tx.Users.Put(storage.Document{"user_id": "auth0|1"}), tx.Roles.Put(storage.Document{"id": "rol_1", "name": "One"}),
			create(at("org_1"), objects.Organizations, "", storage.Document{"name": "one"}),
			create(at("org_2"), objects.Organizations, "", storage.Document{"name": "two"}),
			create(at("ord_1"), objects.DiscoveryDomains, "org_1", domain("One.test")),
			create(at("ord_2"), objects.DiscoveryDomains, "org_2", domain("two.test")),
			objects.AddMembers(tx, "org_1", []string{"auth0|1"}), objects.AddMembers(tx, "org_2", []string{"auth0|1"}),
			objects.ChangeMemberRoles(tx, "org_1", "auth0|1", []string{"rol_1"}, true),
			objects.ChangeMemberRoles(tx, "org_2", "auth0|1", []string{"rol_1"}, true),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		o, err := objects.Organizations.In(&objects.Change{Tx: tx, Now: epoch}, "")
		if err != nil {
			return err
		}
		_, err = o.Delete("org_1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		for organization, want := range map[string]bool{"org_1": false, "org_2": true} {
			domains, err1 := tx.Documents(resource.DiscoveryDomains.Name, organization).List().Count()
			member, err2 := tx.IsMember(organization, "auth0|1")
			roles, err3 := tx.MemberRoles(organization, "auth0|1")
			if err := errors.Join(err1, err2, err3); err != nil {
				return err
			}
			if (domains == 1) != want || member != want || (len(roles) == 1) != want {
				t.Errorf("%s has %d domains, member %v, roles %v", organization, domains, member, roles)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
