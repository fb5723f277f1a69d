package storage_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
)

// TestNothingLeadsToWhatIsDeleted, even if a later process deletes it, which has never decoded the record.
func TestNothingLeadsToWhatIsDeleted(t *testing.T) {
	s := open(t)
	empty := s.rows(false)
	// Each record has the members that its indexes and its expiry need, and braces and quotes in its other members.
	const odd = `a "b", \ {"c":[` + "\x01"
	later, latest := noon.Add(time.Hour), noon.Add(2*time.Hour)
	login := storage.AuthorizeRequest{ClientID: "app", State: odd, ACRValues: []string{odd}}
	issue := storage.Issue{ClientID: "app", UserID: "auth0|1", SessionID: "session", Requested: odd, IDClaims: map[string]any{odd: odd}}
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.StartSession(storage.Session{CookieHash: "short", ID: "s", UserID: "auth0|1", LastUsedAt: noon, ExpiresAt: latest, IdleExpiresAt: later, Clients: []string{odd}}, ""),
			tx.StartSession(storage.Session{CookieHash: "old", ID: "other", UserID: "auth0|1", LastUsedAt: noon, ExpiresAt: later, IdleExpiresAt: latest}, ""),
			tx.StartTransaction(storage.Transaction{StateHash: "waits", Asked: login, BrowserHash: "b", CreatedAt: noon, ExpiresAt: later}),
			tx.StartTransaction(storage.Transaction{
				StateHash: "done", Asked: login, BrowserHash: "b", CreatedAt: noon, ExpiresAt: later, FinishedAt: noon, Identifier: odd,
				Upstream: &storage.UpstreamLogin{StateHash: "upstream"},
			}),
			tx.IssueCode(storage.Code{Hash: "code", Issue: issue, RedirectURI: odd, ExpiresAt: later}),
			tx.StartRefreshToken(storage.RefreshToken{ID: "idle", Issue: issue, ExpiresAt: latest, IdleExpiresAt: later, Metadata: storage.Document{odd: odd}}),
			tx.StartRefreshToken(storage.RefreshToken{ID: "ending", Issue: issue, ExpiresAt: later, IdleExpiresAt: latest}),
			tx.StartRefreshToken(storage.RefreshToken{ID: "lasting", Issue: storage.Issue{UserID: "auth0|1", ClientID: "app"}}),
		)
	})
	again, err := storage.Open(s.engine)
	if err != nil {
		t.Fatal(err)
	}
	s.DB = again
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.Sessions.Delete("short"), tx.Sessions.Delete("old"), tx.Transactions.Delete("waits"), tx.Transactions.Delete("done"),
			tx.Codes.Delete("code"), tx.RefreshTokens.Delete("idle"), tx.RefreshTokens.Delete("ending"), tx.RefreshTokens.Delete("lasting"),
		)
	})
	if diff := cmp.Diff(empty, s.rows(false)); diff != "" {
		t.Errorf("what is left of what was deleted:\n%s", diff)
	}
}

// TestALoginOfAUserWithOddMembers is recorded beside these members, whatever their names and values are.
func TestALoginOfAUserWithOddMembers(t *testing.T) {
	for name, members := range map[string]string{
		"plain":             `"a": 1, "zz": null`,
		"nested":            `"a": {"last_ip": "x", "b": [1, "}", {"c": "]"}]}, "z": []`,
		"escaped values":    `"a": "\\", "b": "\"", "m": "\\\",\"last_ip\":\"", "z": "é\u0000"`,
		"escaped names":     `"a\"b": 1, "l<b>": 2, "z\\": 3`,
		"counted before":    `"last_ip": "192.0.2.1", "last_login": "then", "logins_count": 4`,
		"counted otherwise": `"last_ip": null, "logins_count": {"of": ["many"]}`,
		"neighbours":        `"last_": 1, "last_ip_": 2, "last_logi": 3, "logins_count0": 4`,
		"other case":        `"Last_IP": "192.0.2.1"`,
	} {
		t.Run(name, func(t *testing.T) {
			want := storage.Document{}
			if err := json.Unmarshal([]byte(`{"user_id": "auth0|1", "identities": [], `+members+`}`), &want); err != nil {
				t.Fatal(err)
			}
			s := open(t)
			s.update(func(tx *storage.Tx) error { return tx.Users.Put(want) })
			s.update(func(tx *storage.Tx) error { return tx.RecordLogin("auth0|1", noon, "192.0.2.7") })
			count, _ := want["logins_count"].(float64)
			want["last_ip"], want["last_login"], want["logins_count"] = "192.0.2.7", "2026-11-25T12:00:00.000Z", count+1
			s.view(func(tx *storage.Tx) error {
				got, err := tx.Users.Document("auth0|1")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				some, err2 := tx.Users.DocumentOf("auth0|1", "z", "last_ip", "absent")
				brief := storage.Document{"last_ip": "192.0.2.7"}
				if z, there := want["z"]; there {
					brief["z"] = z
				}
				if diff := cmp.Diff(brief, some); diff != "" {
					t.Errorf("some members (-want +got):\n%s", diff)
				}
				return errors.Join(err, err2)
			})
		})
	}
}
