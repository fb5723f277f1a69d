package objects_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// TestChanges makes, changes, replaces and removes an object of a plain kind within
// transactions, without a server.
func TestChanges(t *testing.T) {
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Unix(1_700_000_000, 0)
	var told []string // what the hooks were told by the last run of a transaction
	run := func(fn func(objects.Collection) error) error {
		return db.Update(func(tx *storage.Tx) error {
			told = nil
			note := func(what string) func(doc, old storage.Document) error {
				return func(_, old storage.Document) error {
					if told = append(told, what); old != nil {
						told = append(told, what+" of an old one")
					}
					return nil
				}
			}
			return fn(objects.Collection{
				Kind: resource.NetworkACLs, Store: objects.PlainOf(tx, resource.NetworkACLs, ""), Before: note("before"), After: note("after"),
				Deleted: func(storage.Document) error { told = append(told, "deleted"); return nil },
			})
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
		told []string
	}{
		{"create", func(o objects.Collection) error { kept = acl("first"); return o.Create(kept, "acl_1", now) }, nil, []string{"before", "after"}},
		{"change", func(o objects.Collection) (err error) {
			kept, err = o.Change("acl_1", storage.Document{"active": false}, now.Add(time.Hour))
			return err
		}, nil, []string{"before", "before of an old one", "after", "after of an old one"}},
		{"change none", func(o objects.Collection) error {
			_, err := o.Change("acl_2", storage.Document{"active": false}, now)
			return err
		}, resource.NetworkACLs.Missing, nil},
		{"replace", func(o objects.Collection) (err error) {
			kept, err = o.Replace("acl_1", acl("second"), now)
			return err
		}, nil, []string{"before", "before of an old one", "after", "after of an old one"}},
		{"delete", func(o objects.Collection) error { _, err := o.Delete("acl_1"); return err }, nil, []string{"deleted"}},
		{"delete again", func(o objects.Collection) error { _, err := o.Delete("acl_1"); return err }, resource.NetworkACLs.Missing, nil},
	} {
		if err := run(step.do); !errors.Is(err, step.err) {
			t.Fatalf("%s: %v, want %v", step.name, err, step.err)
		}
		if !reflect.DeepEqual(told, step.told) {
			t.Errorf("%s tells the hooks %q, want %q", step.name, told, step.told)
		}
		if step.name == "change" && (kept["active"] != false || kept["description"] != "first" || kept["created_at"] == kept["updated_at"]) {
			t.Errorf("after the change the object is %v", kept)
		}
	}
	if kept["id"] != "acl_1" || kept["description"] != "second" || kept["created_at"] != resource.Time(now) {
		t.Errorf("the object that replaced the first is %v", kept)
	}
}
