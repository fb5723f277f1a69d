package tenant_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/tenant"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/memory"
)

// hash is the hash of some password.
const hash = "$2a$04$m.2VHC6Ny3ThZqP7NdmvpOMxFtF6DUT7p0w7DURFkdusTyQlB6B6m"

// fileOf writes a tenant file with users who have no ids, and returns its path.
func fileOf(t *testing.T, users int) string {
	t.Helper()
	var all []any
	for i := range users {
		all = append(all, map[string]any{"email": fmt.Sprintf("user%d@example.test", i), "password_hash": hash})
	}
	raw, err := json.Marshal(map[string]any{"users": all})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tenant.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// start opens a tenant on a data file; the tenant file is used if that is empty.
func start(t *testing.T, data, file string) *tenant.Tenant {
	t.Helper()
	engine, err := bolt.Open(data, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := tenant.Open(db, tenant.Options{
		Name: tenant.Default, Issuer: "https://localhost/", Config: config.Config{Seed: file, PasswordCost: 4}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// users counts all users, and those who are found by their e-mail address and have
// the right password hash.
func users(t *testing.T, db *storage.DB) (all, found int) {
	t.Helper()
	err := db.View(t.Context(), func(tx *storage.Tx) error {
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
		t.Fatal(err)
	}
	return all, found
}

func TestTenantLargerThanOneTransaction(t *testing.T) {
	const want = 2345
	s := start(t, filepath.Join(t.TempDir(), "tenant0.db"), fileOf(t, want))
	defer s.Close()
	if all, found := users(t, s.DB()); all != want || found != want {
		t.Errorf("the store has %d users and finds %d, want %d", all, found, want)
	}
	err := s.DB().Update(t.Context(), func(tx *storage.Tx) error {
		if err := tx.Clear(); err != nil {
			return err
		}
		return tx.RestoreSnapshot("")
	})
	if err != nil {
		t.Fatal(err)
	}
	if all, found := users(t, s.DB()); all != want || found != want {
		t.Errorf("a reset brings %d users back and finds %d, want %d", all, found, want)
	}
}

// TestStartThatWasCutShort stores a tenant over the remains of a start that was
// killed: users of the same file, with generated ids, and no settings.
func TestStartThatWasCutShort(t *testing.T) {
	data := filepath.Join(t.TempDir(), "tenant0.db")
	s := start(t, data, fileOf(t, 30))
	if err := s.DB().Update(t.Context(), func(tx *storage.Tx) error { return tx.Tenant.Delete(storage.TenantKey) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, data, fileOf(t, 20))
	defer s.Close()
	if all, found := users(t, s.DB()); all != 20 || found != 20 {
		t.Errorf("the store has %d users and finds %d, want 20", all, found)
	}
}

// TestATrialSaysWhatAStartSays compares the trial of a file with a start with it.
func TestATrialSaysWhatAStartSays(t *testing.T) {
	for name, way := range map[string]struct {
		file     string
		starts   bool
		warnings int
	}{
		"good": {`{"clients":[{"name":"app","client_id":"app"}],"users":[{"email":"a@example.test","password_hash":"` + hash + `"}]}`, true, 0},
		"an attribute that nobody logs in with": {
			`{"databases":[{"name":"people","options":{"attributes":{"email":{"identifier":{"active":false}}}}}]}`, false, 0,
		},
		"a section of the import": {`{"rules":[{"name":"rule","script":7}]}`, false, 0},
		"a name that nothing has": {
			`{"clients":[{"name":"app","express_configuration":{"initiate_login_uri_template":"https://app.test/{organization_name}","user_attribute_profile_id":"uap_x","connection_profile_id":"cop_x","enable_client":true,"enable_organization":true,"okta_oin_client_id":"nobody","admin_login_domain":"app.test"}}]}`, true, 3,
		},
		"what the Management API refuses": {`{
			"tenant":{"support_email":"nobody"},
			"clients":[{"name":"app","callbacks":["no address"]},{"name":"waits for its keyword","callbacks":["##ORIGIN##"]}],
			"connections":[{"name":"chat","strategy":"discord"}]
		}`, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tenant.json")
			if err := os.WriteFile(path, []byte(way.file), 0o600); err != nil {
				t.Fatal(err)
			}
			read, err := tenantfile.Load(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			warnings, tried := tenant.TryFile(read)
			db, err := storage.Open(memory.New())
			if err != nil {
				t.Fatal(err)
			}
			started, err := tenant.Open(db, tenant.Options{
				Name: tenant.Default, Issuer: "https://localhost/", Config: config.Config{Seed: path, PasswordCost: 4}, Log: slog.New(slog.DiscardHandler),
			})
			if (err == nil) != way.starts || (tried == nil) != way.starts || err != nil && !strings.HasSuffix(err.Error(), tried.Error()) {
				t.Fatalf("the trial says %v, the start %v", tried, err)
			}
			if err != nil {
				return
			}
			defer started.Close()
			if len(warnings) != way.warnings {
				t.Errorf("the trial warns of %q", warnings)
			}
			for _, warning := range warnings {
				if !slices.Contains(started.Summary().FileWarnings, warning) {
					t.Errorf("the start does not say %q", warning)
				}
			}
			if name != "what the Management API refuses" {
				return
			}
			want := []string{
				`:2:4: tenant settings: stored as it is, though the Management API and tenant0 import refuse it: Payload validation error: 'Object didn't pass validation for format email-or-empty: nobody' on property support_email.`,
				`:3:15: clients app: stored as it is, though the Management API and tenant0 import refuse it: Payload validation error: 'Object didn't pass validation for format callback-url: no address' on property callbacks[0].`,
				`:4:19: connections chat: stored as it is, though the Management API and tenant0 import refuse it: Payload validation error: 'No enum match for: discord' on property strategy.`,
			}
			for i := range want {
				want[i] = path + want[i]
			}
			if !slices.Equal(warnings, want) {
				t.Errorf("the warnings are %q, want %q", warnings, want)
			}
		})
	}
}
