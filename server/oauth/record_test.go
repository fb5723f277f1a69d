package oauth_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/token"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
)

// BenchmarkClientCredentials measures a token response with a cached signature, with
// and without the tenant's log: this shows the cost of the log for the fastest
// request.
func BenchmarkClientCredentials(b *testing.B) {
	for _, logged := range []bool{false, true} {
		name := "without the log"
		if logged {
			name = "with the log"
		}
		b.Run(name, func(b *testing.B) { benchmarkClientCredentials(b, logged) })
	}
}

func benchmarkClientCredentials(b *testing.B, logged bool) {
	b.Helper()
	now := time.Now()
	clock := func() time.Time { return now }
	db, issuer := openTenant(b, now)
	d := oauth.Deps{DB: db, Issuer: issuer, Now: clock}
	if logged {
		l, err := tenantlog.New(tenantlog.Deps{DB: db, Now: clock, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		stop := make(chan struct{})
		var running sync.WaitGroup
		running.Go(func() { _ = l.Run(stop) })
		b.Cleanup(func() { close(stop); running.Wait() })
		d.Log = l
	}
	engine := oauth.New(d, token.Grants(token.Deps{DB: db, Issuer: issuer})...)
	form := url.Values{"grant_type": {"client_credentials"}, "audience": {"https://api"}, "client_id": {"app"}, "client_secret": {"secret"}}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(""))
			r.Header.Set("User-Agent", "Go-http-client/2.0")
			r.PostForm, r.Form = form, form
			if _, err := engine.Token(b.Context(), r, form); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// openTenant opens a store with an application that may request tokens for an API.
func openTenant(b *testing.B, now time.Time) (*storage.DB, *tokens.Issuer) {
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
	secrets, err := keys.OpenSecrets(db)
	if err != nil {
		b.Fatal(err)
	}
	ring, err := keys.Open(db, "localhost", now)
	if err != nil {
		b.Fatal(err)
	}
	err = db.Update(b.Context(), func(tx *storage.Tx) error {
		if err := tx.Clients.Put(storage.Document{"client_id": "app", "name": "App", "grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "client_secret_post"}); err != nil {
			return err
		}
		if err := tx.ClientSecrets.Put(secrets.NewClientSecret("app", "secret")); err != nil {
			return err
		}
		if err := tx.ResourceServers.Put(storage.Document{"id": "api", "identifier": "https://api", "scopes": []any{storage.Document{"value": "read:it"}}}); err != nil {
			return err
		}
		return tx.ClientGrants.Put(storage.Document{"id": "cgr_1", "client_id": "app", "audience": "https://api", "scope": []string{"read:it"}})
	})
	if err != nil {
		b.Fatal(err)
	}
	return db, &tokens.Issuer{URL: "https://localhost/", DB: db, Ring: ring, Secrets: secrets}
}
