package storage_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
)

// openBench opens a store with fsync that contains an application, its client grant for an
// API, and users.
func openBench(b *testing.B, users int) *storage.DB {
	b.Helper()
	engine, err := bolt.Open(filepath.Join(b.TempDir(), "tenant0.db"), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	err = db.Update(b.Context(), func(tx *storage.Tx) error {
		for i := range users {
			if err := tx.Users.Put(storage.Document{"user_id": userID(i), "email": strconv.Itoa(i) + "@example.test"}); err != nil {
				return err
			}
		}
		if err := tx.Clients.Put(storage.Document{"client_id": "c", "name": "C", "callbacks": []any{"http://localhost/callback"}}); err != nil {
			return err
		}
		return tx.ClientGrants.Put(storage.Document{"id": "g", "client_id": "c", "audience": "a", "scope": []any{"read:a"}})
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func userID(i int) string { return fmt.Sprintf("auth0|%024d", i) }

// BenchmarkView measures the reads of a token request with client credentials.
func BenchmarkView(b *testing.B) {
	db := openBench(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		err := db.View(b.Context(), func(tx *storage.Tx) error {
			if _, err := tx.Clients.Get("c"); err != nil {
				return err
			}
			_, err := tx.ClientGrantFor(storage.Client{ClientID: "c", IsFirstParty: true}, storage.ResourceServer{Identifier: "a"}, "client")
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLogin measures the writes of a login: a code and the refresh token that it is exchanged
// for. It does so with one and with many logins at once (which share commits), and with few and with
// many users.
func BenchmarkLogin(b *testing.B) {
	for _, users := range []int{100, 10_000} {
		for _, clients := range []int{1, 32} {
			b.Run(fmt.Sprintf("%d users/%d at once", users, clients), func(b *testing.B) {
				db := openBench(b, users)
				var next atomic.Int64
				b.SetParallelism(clients)
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						n := int(next.Add(1))
						if err := login(db, fmt.Sprintf("%032d", n), userID(n*(users/100)%users)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}

func login(db *storage.DB, id, user string) error {
	issue := storage.Issue{ClientID: "c", UserID: user, Audience: "a", Requested: "openid offline_access", Scope: []string{"openid", "offline_access"}}
	code := storage.Code{Hash: "code " + id, GrantID: id, Issue: issue, ExpiresAt: noon.Add(time.Minute)}
	if err := db.Update(context.Background(), func(tx *storage.Tx) error { return tx.Codes.Put(code) }); err != nil {
		return err
	}
	return db.RedeemCode(context.Background(), code, noon, &storage.RefreshToken{ID: id, Issue: issue, CreatedAt: noon, LastExchangedAt: noon, Tokens: []storage.Token{{Hash: id}}})
}

// BenchmarkFormLogin measures the writes of a login on the pages: the login in progress, the session of a
// user who has many, a code, and the refresh token of a user who has many.
func BenchmarkFormLogin(b *testing.B) {
	engine, err := bolt.Open(filepath.Join(b.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	db, err := storage.OpenVolatile(engine, func(store string) (keyspace.Engine, error) {
		return memory.OpenJournal(filepath.Join(b.TempDir(), "logins"), store)
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	err = db.Update(b.Context(), func(tx *storage.Tx) error {
		return tx.Users.Put(storage.Document{"user_id": userID(1), "email": "one@example.test", "name": "One"})
	})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	step := func() {
		n++
		if err := formLogin(b.Context(), db, fmt.Sprintf("%032d", n), userID(1)); err != nil {
			b.Fatal(err)
		}
	}
	for range 300 { // past the bounds of sessions and of refresh tokens
		step()
	}
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

func formLogin(ctx context.Context, db *storage.DB, id, user string) error {
	issue := storage.Issue{ClientID: "c", UserID: user, Audience: "a", SessionID: id, Requested: "openid offline_access", Scope: []string{"openid", "offline_access"}}
	code := storage.Code{Hash: "code " + id, GrantID: id, Issue: issue, ExpiresAt: noon.Add(time.Minute)}
	under := storage.Transaction{StateHash: id, BrowserHash: id, Asked: storage.AuthorizeRequest{ClientID: "c"}, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	if err := db.UpdateVolatile(ctx, func(tx *storage.Tx) error { return tx.StartTransaction(under) }); err != nil {
		return err
	}
	err := db.Update(ctx, func(tx *storage.Tx) error {
		if err := tx.RecordLogin(user, noon, "127.0.0.1"); err != nil {
			return err
		}
		err := tx.ChangeTransaction(id, noon, func(t *storage.Transaction) error {
			t.UserID = user
			return nil
		})
		if err != nil {
			return err
		}
		return tx.StartSession(storage.Session{
			CookieHash: id, ID: id, UserID: user, BeganIn: id, ExpiresAt: noon.Add(time.Hour), IdleExpiresAt: noon.Add(time.Hour), LastUsedAt: noon,
		}, "")
	})
	if err != nil {
		return err
	}
	err = db.UpdateVolatile(ctx, func(tx *storage.Tx) error {
		err := tx.ChangeTransaction(id, noon, func(t *storage.Transaction) error {
			t.FinishedAt, t.ExpiresAt = noon, noon.Add(time.Minute)
			return nil
		})
		if err != nil {
			return err
		}
		return tx.IssueCode(code)
	})
	if err != nil {
		return err
	}
	return db.RedeemCode(ctx, code, noon, &storage.RefreshToken{ID: id, Issue: issue, CreatedAt: noon, LastExchangedAt: noon, Tokens: []storage.Token{{Hash: id}}})
}

// BenchmarkForget measures what the deletion of a user, an organization and an application costs in a tenant with
// many refresh tokens of others.
func BenchmarkForget(b *testing.B) {
	const others = 20_000
	db := openBench(b, 0)
	err := db.Update(b.Context(), func(tx *storage.Tx) error {
		for i := range others {
			issue := storage.Issue{ClientID: "c", UserID: userID(i), Audience: "a", Requested: "openid offline_access", Scope: []string{"openid", "offline_access"}, Organization: "org_other"}
			token := storage.RefreshToken{ID: fmt.Sprintf("%032d", i), Issue: issue, CreatedAt: noon, LastExchangedAt: noon, Tokens: []storage.Token{{Hash: userID(i)}}}
			if err := tx.StartRefreshToken(token); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, forget := range map[string]func(*storage.Tx) error{
		"a user":          func(tx *storage.Tx) error { return tx.ForgetUsers([]string{"auth0|none"}, noon) },
		"an organization": func(tx *storage.Tx) error { return tx.ForgetOrganization("org_none", noon) },
		"an application":  func(tx *storage.Tx) error { return tx.ForgetClient("none", noon) },
		"all by decoding": func(tx *storage.Tx) error {
			_, err := tx.RefreshTokensWhere(func(storage.RefreshToken) bool { return false }, make([]string, 9)...)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := db.Try(b.Context(), forget); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
