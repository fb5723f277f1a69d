package storage_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// store is a DB together with the engine below it.
type store struct {
	*storage.DB
	engine keyspace.Engine
	t      *testing.T
}

func openEngine(t *testing.T) keyspace.Engine {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

func open(t *testing.T) store {
	t.Helper()
	engine := openEngine(t)
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	return store{db, engine, t}
}

func (s store) update(fn func(*storage.Tx) error) {
	s.t.Helper()
	if err := s.Update(context.Background(), fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s store) view(fn func(*storage.Tx) error) {
	s.t.Helper()
	if err := s.View(context.Background(), fn); err != nil {
		s.t.Fatal(err)
	}
}

// rows returns every key of the engine, with its value if values is set. The mark of the cached look-ups comes
// without its value, since it differs in any two states.
func (s store) rows(values bool) []string {
	s.t.Helper()
	return engineRows(s.t, s.engine, values)
}

func engineRows(t *testing.T, engine keyspace.Engine, values bool) []string {
	t.Helper()
	all := []string{}
	err := engine.View(t.Context(), func(kv keyspace.KV) error {
		return kv.Scan([]byte{0}, []byte{0xff}, func(key, value []byte) bool {
			row := string(key)
			if values && row != "settled" {
				row += " = " + string(value)
			}
			all = append(all, row)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func user(id, connection, email string) storage.Document {
	provider, local, _ := strings.Cut(id, "|")
	return storage.Document{
		"user_id": id, "email": email, "made_up": "kept",
		"identities": []any{storage.Document{"connection": connection, "provider": provider, "user_id": local}},
	}
}

func TestRecordsAreFoundByTheirIndexes(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.Users.Put(user("auth0|1", "db", "One@Example.com")),
			tx.Users.Put(user("auth0|2", "db", "two@example.com")),
			tx.Users.Put(user("auth0|3", "other", "one@example.com")),
		)
	})
	find := func(connection, email string) (id string) {
		s.view(func(tx *storage.Tx) error {
			u, err := tx.UserByLogin(connection, email)
			id = u.UserID
			return storage.Optional(err)
		})
		return id
	}
	byEmail := func(email string) (ids []string) {
		s.view(func(tx *storage.Tx) error {
			for u, err := range tx.Users.By("email", email) {
				if err != nil {
					return err
				}
				ids = append(ids, u.UserID)
			}
			return nil
		})
		return ids
	}
	check := func(when string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	check("by login, whatever the case", find("db", "ONE@example.com"), "auth0|1")
	check("by login of another connection", find("other", "one@example.com"), "auth0|3")
	check("by a part of the login", find("db", "one@example.co"), "")
	check("by login with a zero byte", find("db", "one@example.com\x00"), "")
	check("by e-mail address, in key order", byEmail("one@example.com"), []string{"auth0|1", "auth0|3"})

	s.update(func(tx *storage.Tx) error { return tx.Users.Put(user("auth0|1", "db", "new@example.com")) })
	check("by the old login", find("db", "one@example.com"), "")
	check("by the new login", find("db", "new@example.com"), "auth0|1")

	s.update(func(tx *storage.Tx) error { return tx.Users.Delete("auth0|1") })
	check("by the login of a removed user", find("db", "new@example.com"), "")
	s.update(func(tx *storage.Tx) error {
		return errors.Join(tx.Users.Delete("auth0|2"), tx.Users.Delete("auth0|3"), tx.Users.Delete("auth0|never"))
	})
	check("what is left when all users are gone", s.rows(false), []string{"format"})
}

func TestADocumentKeepsEveryMember(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error { return tx.Users.Put(user("auth0|1", "db", "one@example.com")) })
	s.view(func(tx *storage.Tx) error {
		d, err := tx.Users.Document("auth0|1")
		if d["made_up"] != "kept" {
			t.Errorf("a member that the server does not know is %v", d["made_up"])
		}
		return err
	})
	err := s.View(t.Context(), func(tx *storage.Tx) error { _, err := tx.Users.Document("auth0|2"); return err })
	if !storage.IsNotFound(err) {
		t.Errorf("the document of nobody: %v, want ErrNotFound", err)
	}
}

func TestAUniqueValueIsTakenOnce(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error { return tx.Users.Put(user("auth0|1", "db", "one@example.com")) })
	before := s.rows(true)
	for name, doc := range map[string]storage.Document{
		"another user with the login": user("auth0|2", "db", "ONE@example.com"),
		"a key of no characters":      user("", "db", "three@example.com"),
		"a key with a zero byte":      user("auth0|\x00", "db", "three@example.com"),
		"a value with a zero byte":    user("auth0|3", "db", "three\x00@example.com"),
	} {
		// Put only returns the error: a caller may go on with its transaction.
		s.update(func(tx *storage.Tx) error {
			err := tx.Users.Put(doc)
			if err == nil {
				t.Errorf("%s is stored", name)
			}
			if conflict := errors.Is(err, storage.ErrConflict); conflict != strings.Contains(name, "another") {
				t.Errorf("%s: %v", name, err)
			}
			return nil
		})
	}
	if diff := cmp.Diff(before, s.rows(true)); diff != "" {
		t.Errorf("what was refused has changed the store (-before +after):\n%s", diff)
	}
	s.update(func(tx *storage.Tx) error { return tx.Users.Put(user("auth0|1", "db", "one@example.com")) }) // itself
}

// TestReadsSeeTheLatestWrite tests the cache of decoded records.
func TestReadsSeeTheLatestWrite(t *testing.T) {
	s := open(t)
	for i := range 5 {
		name := fmt.Sprintf("name %d", i)
		s.update(func(tx *storage.Tx) error { return tx.Clients.Put(storage.Document{"client_id": "c", "name": name}) })
		for range 2 {
			s.view(func(tx *storage.Tx) error {
				c, err := tx.Clients.Get("c")
				if c.Name != name {
					t.Errorf("the client is called %q, want %q", c.Name, name)
				}
				return err
			})
		}
	}
}

// expiring writes one record of every kind that expires, all with the same expiry.
func expiring(s store, at time.Time) {
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.Sessions.Put(storage.Session{CookieHash: "h", ID: "s", UserID: "u", ExpiresAt: at.Add(time.Hour), IdleExpiresAt: at}),
			putTransaction(tx, storage.Transaction{StateHash: "h", ExpiresAt: at}),
			tx.Codes.Put(storage.Code{Hash: "h", ExpiresAt: at}),
			tx.RefreshTokens.Put(storage.RefreshToken{ID: "r", Issue: storage.Issue{UserID: "u", ClientID: "c", SessionID: "s"}, ExpiresAt: at}),
			tx.RefreshTokens.Put(storage.RefreshToken{ID: "idle", ExpiresAt: at.Add(time.Hour), IdleExpiresAt: at}),
			tx.RevokedGrants.Put(storage.RevokedGrant{GrantID: "g", ExpiresAt: at}),
			tx.UsedAssertions.Put(storage.UsedAssertion{ID: "a", ExpiresAt: at}),
		)
	})
}

const expiringKinds = 7

// putTransaction starts a transaction, or changes the expiry of an existing one to that of t.
func putTransaction(tx *storage.Tx, t storage.Transaction) error {
	err := tx.StartTransaction(t)
	if storage.IsConflict(err) {
		return tx.ChangeTransaction(t.StateHash, time.Time{}, func(have *storage.Transaction) error {
			have.ExpiresAt = t.ExpiresAt
			return nil
		})
	}
	return err
}

func (s store) sweep(now time.Time, limit int) int {
	s.t.Helper()
	n, err := s.Sweep(context.Background(), now, limit)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestSweepRemovesWhatHasExpired(t *testing.T) {
	s := open(t)
	at := noon.Add(900 * time.Millisecond)
	expiring(s, at)
	if n := s.sweep(at.Add(-time.Millisecond), 100); n != 0 {
		t.Errorf("%d records were swept before their time", n)
	}
	if n := s.sweep(at.Add(time.Second), 3); n != 3 {
		t.Errorf("with a limit of 3, %d records were swept", n)
	}
	if n := s.sweep(at.Add(time.Second), 100); n != expiringKinds-3 {
		t.Errorf("%d further records were swept, want %d", n, expiringKinds-3)
	}
	if diff := cmp.Diff([]string{"format"}, s.rows(false)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

func TestSweepGoesByTheLatestExpiry(t *testing.T) {
	s := open(t)
	expiring(s, noon)
	expiring(s, noon.Add(time.Hour)) // used again
	s.update(func(tx *storage.Tx) error {
		return tx.RefreshTokens.Put(storage.RefreshToken{ID: "forever", CreatedAt: noon})
	})
	if n := s.sweep(noon.Add(time.Minute), 100); n != 0 {
		t.Errorf("%d records were swept by an expiry that was moved", n)
	}
	if n := s.sweep(noon.AddDate(10, 0, 0), 100); n != expiringKinds {
		t.Errorf("%d records were swept, want %d", n, expiringKinds)
	}
	s.view(func(tx *storage.Tx) error {
		_, err := tx.RefreshTokens.Get("forever")
		return err
	})
}

func TestRestoreGoesBackToTheSnapshot(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.Users.Put(user("auth0|1", "db", "one@example.com")),
			tx.Clients.Put(storage.Document{"client_id": "c", "name": "App"}),
			tx.SigningKeys.Put(storage.SigningKey{KeyID: "k1"}),
			tx.SaveSnapshot(""),
		)
	})
	seeded := s.rows(true)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.Users.Put(user("auth0|1", "db", "changed@example.com")),
			tx.Users.Put(user("auth0|2", "db", "two@example.com")),
			tx.Clients.Delete("c"),
		)
	})
	expiring(s, noon)
	s.update(func(tx *storage.Tx) error { return tx.RestoreSnapshot("") })
	if diff := cmp.Diff(seeded, s.rows(true)); diff != "" {
		t.Errorf("after the restore (-seed +store):\n%s", diff)
	}

	s.update(func(tx *storage.Tx) error {
		return errors.Join(tx.SigningKeys.Put(storage.SigningKey{KeyID: "k2"}), tx.RestoreSnapshot(""))
	})
	s.view(func(tx *storage.Tx) error {
		_, err := tx.SigningKeys.Get("k2") // a reset does not change who the tenant is
		return err
	})
	s.update(func(tx *storage.Tx) error {
		return errors.Join(tx.Clients.Delete("c"), tx.SaveSnapshot(""), tx.RestoreSnapshot(""))
	})
	s.view(func(tx *storage.Tx) error {
		if has, _ := tx.Clients.Has("c"); has {
			t.Error("a later snapshot does not replace the earlier one")
		}
		return nil
	})
}

// mark makes the engine look as if a program of another format had written it.
func mark(t *testing.T, engine keyspace.Engine, format []byte) {
	t.Helper()
	err := engine.Update(t.Context(), func(kv keyspace.KV) error {
		return errors.Join(kv.Put([]byte("format"), format), kv.Put([]byte("t/old"), []byte("as it was")))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func formatMark(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func TestANewerFormatIsRefused(t *testing.T) {
	engine := openEngine(t)
	mark(t, engine, formatMark(99))
	if _, err := storage.Open(engine); !errors.Is(err, storage.ErrFormat) || !strings.Contains(err.Error(), "99") {
		t.Errorf("got %v, want ErrFormat with the format's number", err)
	}
}

func TestUsersOfFormat1AreIndexedForSearches(t *testing.T) {
	engine := openEngine(t)
	jane := []byte(`{"user_id":"auth0|1","name":"Jane","identities":[{"connection":"db","user_id":"1"}]}`)
	err := engine.Update(t.Context(), func(kv keyspace.KV) error {
		return errors.Join(kv.Put([]byte("format"), formatMark(1)), kv.Put([]byte("t/users\x00auth0|1"), jane))
	})
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		ids, ok, err := tx.UsersWith("name", "jane")
		if !ok || !slices.Equal(ids, []string{"auth0|1"}) {
			t.Errorf("the name leads to %q, %v", ids, ok)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOrganizationsOfFormat2AreFoundByText(t *testing.T) {
	engine := openEngine(t)
	row := func(kind, parent, document string) error {
		entry := `{"kind":"` + kind + `","parent":"` + parent + `","id":"x","order":"0000000000000001","document":` + document + `}`
		return engine.Update(t.Context(), func(kv keyspace.KV) error {
			return kv.Put([]byte("t/documents\x00"+kind+"\x01"+parent+"\x010000000000000001"), []byte(entry))
		})
	}
	err := errors.Join(
		engine.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte("format"), formatMark(2)) }),
		row("organizations", "", `{"id":"x","name":"acme","display_name":"Acme Ltd"}`),
		row("organization-discovery-domains", "x", `{"domain":"acme.test","status":"verified"}`),
		row("organization-invitations", "x", `{"ticket_id":"tick","expires_at":"2040-01-01T00:00:00Z"}`),
	)
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		byName, err := tx.OrganizationByName("ACME")
		shown, err2 := tx.OrganizationsShownAs("acme ltd")
		at, err3 := tx.OrganizationsAt("Acme.test")
		invitation, err4 := tx.Invitation("x", "tick", time.Now())
		if byName.Name != "acme" || len(shown) != 1 || len(at) != 1 || invitation.TicketID != "tick" {
			t.Errorf("found are %v, %v, %v and %v", byName, shown, at, invitation)
		}
		return errors.Join(err, err2, err3, err4)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestADamagedFormatMarkIsRefused(t *testing.T) {
	for name, raw := range map[string][]byte{"too short": []byte("1"), "zero": formatMark(0)} {
		engine := openEngine(t)
		mark(t, engine, raw)
		if _, err := storage.Open(engine); err == nil || errors.Is(err, storage.ErrFormat) {
			t.Errorf("a mark that is %s: %v", name, err)
		}
	}
}

func TestAnOlderFormatIsUpgraded(t *testing.T) {
	engine := openEngine(t)
	mark(t, engine, formatMark(2))
	var taken []int // each twice, as every update under test
	step := func(from int, err error) func(keyspace.KV) error {
		return func(kv keyspace.KV) error {
			taken = append(taken, from)
			return errors.Join(kv.Put(fmt.Appendf(nil, "t/from %d", from), []byte("upgraded")), err)
		}
	}
	errStep := errors.New("cannot")
	if _, err := storage.OpenWith(engine, []func(keyspace.KV) error{step(1, nil), step(2, nil), step(3, errStep)}); !errors.Is(err, errStep) {
		t.Errorf("an upgrade that fails gives %v", err)
	}
	want := []string{"format = " + string(formatMark(2)), "t/old = as it was"}
	if diff := cmp.Diff(want, engineRows(t, engine, true)); diff != "" {
		t.Errorf("an upgrade that failed has changed the store (-want +got):\n%s", diff)
	}
	taken = nil
	steps := []func(keyspace.KV) error{step(1, nil), step(2, nil), step(3, nil)}
	for range 2 { // the second opening finds it upgraded
		if _, err := storage.OpenWith(engine, steps); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int{2, 3, 2, 3}, taken); diff != "" {
		t.Errorf("steps taken, by the format they start from (-want +got):\n%s", diff)
	}
	want = []string{"format = " + string(formatMark(4)), "t/from 2 = upgraded", "t/from 3 = upgraded", "t/old = as it was"}
	if diff := cmp.Diff(want, engineRows(t, engine, true)); diff != "" {
		t.Errorf("after the upgrade (-want +got):\n%s", diff)
	}
	if _, err := storage.OpenWith(engine, nil); !errors.Is(err, storage.ErrFormat) {
		t.Errorf("the program of before opens it: %v", err)
	}
}

func TestADamagedRecordIsNamed(t *testing.T) {
	s := open(t)
	err := s.engine.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte("t/clients\x00c"), []byte(`{"name":`)) })
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(tx *storage.Tx) error { _, err := tx.Clients.Get("c"); return err })
	if err == nil || !strings.Contains(err.Error(), `clients "c": the data is damaged`) {
		t.Errorf("got %v, want that the record is damaged", err)
	}
}
