package seed_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/seed"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
)

// hash is of no password that matters.
const hash = "$2a$04$m.2VHC6Ny3ThZqP7NdmvpOMxFtF6DUT7p0w7DURFkdusTyQlB6B6m"

func tenantOf(users int) *tenantfile.Tenant {
	file := &tenantfile.Tenant{}
	for i := range users {
		file.Users = append(file.Users, storage.Document{
			"email": fmt.Sprintf("user%d@example.test", i), "password_hash": hash,
		})
	}
	return file
}

func open(tb testing.TB) *storage.DB {
	tb.Helper()
	engine, err := bolt.Open(filepath.Join(tb.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		tb.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// plan works out a file as a new start does, with ids of its own.
func plan(tb testing.TB, db *storage.DB, file *tenantfile.Tenant) *seed.Plan {
	tb.Helper()
	secrets, err := keys.OpenSecrets(db)
	if err != nil {
		tb.Fatal(err)
	}
	passwords, err := identity.NewPasswords(4)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := seed.NewPlan(file, seed.Deps{Issuer: "https://localhost/", Secrets: secrets, Passwords: passwords, Now: time.Unix(1_700_000_000, 0)})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// users counts the users and those of them that their e-mail address and their
// password lead to.
func users(tb testing.TB, db *storage.DB) (all, found int) {
	tb.Helper()
	err := db.View(func(tx *storage.Tx) error {
		for u, err := range tx.Users.All() {
			if err != nil {
				return err
			}
			all++
			same, err := tx.UserByLogin(tenantfile.DefaultConnection, u.Email)
			if err != nil {
				return err
			}
			stored, err := tx.Passwords.Get(same.UserID)
			if err != nil {
				return err
			}
			if same.UserID == u.UserID && stored.Hash == hash {
				found++
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all, found
}

func TestTenantLargerThanOneTransaction(t *testing.T) {
	db := open(t)
	const want = 1234
	if err := plan(t, db, tenantOf(want)).Store(db); err != nil {
		t.Fatal(err)
	}
	if all, found := users(t, db); all != want || found != want {
		t.Errorf("the store has %d users and finds %d, want %d", all, found, want)
	}
	err := db.Update(func(tx *storage.Tx) error {
		if err := tx.Clear(); err != nil {
			return err
		}
		return tx.RestoreSnapshot("")
	})
	if err != nil {
		t.Fatal(err)
	}
	if all, found := users(t, db); all != want || found != want {
		t.Errorf("a reset brings %d users back and finds %d, want %d", all, found, want)
	}
}

// TestStartThatWasCutShort stores a tenant over what a start that was killed
// left: users of the same file, whose ids were made up, and no settings.
func TestStartThatWasCutShort(t *testing.T) {
	db := open(t)
	if err := plan(t, db, tenantOf(30)).Store(db); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *storage.Tx) error { return tx.Tenant.Delete(storage.TenantKey) }); err != nil {
		t.Fatal(err)
	}
	if err := plan(t, db, tenantOf(20)).Store(db); err != nil {
		t.Fatal(err)
	}
	if all, found := users(t, db); all != 20 || found != 20 {
		t.Errorf("the store has %d users and finds %d, want 20", all, found)
	}
}

// BenchmarkStore is the cost of a user in a tenant file, as files grow.
func BenchmarkStore(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("%d users", n), func(b *testing.B) {
			file := tenantOf(n)
			for b.Loop() {
				db := open(b)
				if err := plan(b, db, file).Store(db); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/user")
		})
	}
}
