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
	named := regexp.MustCompile(`(?m)^\tname: +"([a-z_]+)",(?:.*\n)(?:\t.*\n)*?\tindexedMembers: `)
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
			if storage.EntriesOf[m[1]] == nil {
				t.Errorf("EntriesOf lacks the kind %s", m[1])
			}
		}
	}
	if found != len(storage.EntriesOf) {
		t.Errorf("%d kinds have indexedMembers, want %d", found, len(storage.EntriesOf))
	}
	for name, entries := range storage.EntriesOf {
		written, deleted, err := entries(func(record any) { fillAll(reflect.ValueOf(record).Elem()) })
		if diff := cmp.Diff(written, deleted); diff != "" || err != nil || len(written) == 0 {
			t.Errorf("entries of %s (%v) (-written +deleted):\n%s", name, err, diff)
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
	reopened, err := storage.Open(s.engine) // which remembers no decoded records
	if err != nil {
		t.Fatal(err)
	}
	s.DB = reopened
	s.update(func(tx *storage.Tx) error { return tx.DeleteSessions("auth0|1", storage.SessionRevoked) })
	for _, row := range s.rows(false) {
		if strings.Contains(row, "sessions") {
			t.Errorf("%q is left", row)
		}
	}
}
