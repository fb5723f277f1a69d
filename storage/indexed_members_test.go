package storage_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
)

// TestTheMembersOfIndexesAreDecoded: an entry that is computed from a member that a deletion does not decode would stay
// behind and lead to a record that is not there any more.
func TestTheMembersOfIndexesAreDecoded(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^\tName: +"([a-z_]+)",(?:.*\n)(?:\t.*\n)*?\tIndexedMembers: `)
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range named.FindAllStringSubmatch(string(source), -1) {
			found++
			if storage.PartlyDecoded[m[1]].Put == nil {
				t.Errorf("PartlyDecoded lacks the kind %s", m[1])
			}
		}
	}
	if found != len(storage.PartlyDecoded) {
		t.Errorf("%d kinds have IndexedMembers, want %d", found, len(storage.PartlyDecoded))
	}
	for name, kind := range storage.PartlyDecoded {
		s := open(t)
		before := s.rows(false)
		var key string
		s.update(func(tx *storage.Tx) (err error) {
			key, err = kind.Put(tx, func(record any) { fillAll(reflect.ValueOf(record).Elem()) })
			return err
		})
		written := len(s.rows(false)) - len(before)
		if written < 3 { // the record, an index entry, its expiry
			t.Errorf("a record of %s has %d rows", name, written)
		}
		s.reopen() // which forgets the decoded record
		s.update(func(tx *storage.Tx) error { return kind.Delete(tx, key) })
		if diff := cmp.Diff(before, s.rows(false)); diff != "" {
			t.Errorf("a deleted record of %s leaves rows (-before +after):\n%s", name, diff)
		}
	}
}

// TestASessionThatHasEndedLeavesNoEntry: the end of a refresh token looks for the sessions that it began.
func TestASessionThatHasEndedLeavesNoEntry(t *testing.T) {
	s := open(t)
	token := storage.RefreshToken{ID: "parent", Issue: storage.Issue{UserID: "auth0|1", ClientID: "app"}}
	s.update(func(tx *storage.Tx) error { return tx.StartRefreshToken(token) })
	s.update(func(tx *storage.Tx) error {
		return tx.StartSession(storage.Session{CookieHash: "cookie", ID: "id", UserID: "auth0|1", Parent: token.ID, ExpiresAt: noon}, "")
	})
	s.reopen() // which forgets the decoded record
	s.update(func(tx *storage.Tx) error { return tx.DeleteSessions("auth0|1", storage.SessionRevoked) })
	for _, row := range s.rows(false) {
		if strings.Contains(row, "sessions") {
			t.Errorf("%q is left", row)
		}
	}
}

// reopen opens the store again, which then has no decoded records in memory.
func (s *store) reopen() {
	s.t.Helper()
	db, err := storage.Open(s.engine)
	if err != nil {
		s.t.Fatal(err)
	}
	s.DB = db
}
