package tenant

import (
	"cmp"
	"context"
	"slices"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// Summary is what a person needs to know to use the tenant.
type Summary struct {
	Issuer       string
	Applications []Application
	APIs         []API
	Users        []SummaryUser
	// Warnings is what a person should know. FileWarnings are those of them about parts of
	// the tenant file that the tenant ignores.
	Warnings, FileWarnings []string
	// FixedSecrets says that an application's secret is written in the tenant file, so
	// that everybody who has the file knows it.
	FixedSecrets bool
}

// Application is an application of the tenant.
type Application struct {
	Name, Type, ClientID string
	// ClientSecret is "" unless the tenant file contains it or it was generated at this
	// start.
	ClientSecret string
	Callbacks    []string
}

// API is an API of the tenant, other than the built-in ones.
type API struct {
	Name, Identifier string
	Scopes           []string
}

// SummaryUser is a user of the tenant file.
type SummaryUser struct{ Email, Password, Connection string }

// summarize prepares the summary from the tenant file and the store. generated holds the
// client secrets that were generated, by client_id.
func (t *Tenant) summarize(file *tenantfile.Tenant, generated map[string]string) error {
	t.summary = Summary{Issuer: t.Issuer, Warnings: slices.Clone(file.Warnings), FileWarnings: file.Warnings}
	for _, u := range file.Users {
		text := func(key string) string { text, _ := u[key].(string); return text }
		t.summary.Users = append(t.summary.Users, SummaryUser{
			Email: text("email"), Password: text("password"), Connection: text("connection"),
		})
	}
	// Try reads without filling the caches, which these records do not need.
	return t.db.Try(context.Background(), func(tx *storage.Tx) error {
		var err error
		if t.summary.FixedSecrets, err = t.summarizeApplications(tx, file, generated); err != nil {
			return err
		}
		if err := t.summarizeAPIs(tx); err != nil {
			return err
		}
		lint, err := authz.Lint(tx)
		t.summary.Warnings = append(t.summary.Warnings, lint...)
		return err
	})
}

// summarizeApplications lists the applications, those of the file first and in its order,
// and reports whether one has the secret that is written in the file.
func (t *Tenant) summarizeApplications(tx *storage.Tx, file *tenantfile.Tenant, generated map[string]string) (usesFixed bool, err error) {
	order, fixed := map[string]int{}, map[string]string{}
	for i, c := range file.Clients {
		text := func(key string) string { text, _ := c[key].(string); return text }
		order[text("name")] = i - len(file.Clients)
		fixed[text("client_id")] = text("client_secret")
	}
	for c, err := range tx.Clients.All() {
		if err != nil {
			return false, err
		}
		if c.Global {
			continue
		}
		a := Application{Name: c.Name, Type: c.AppType, ClientID: c.ClientID, Callbacks: c.Callbacks, ClientSecret: generated[c.ClientID]}
		stored, err := tx.ClientSecrets.Get(c.ClientID)
		if err := storage.Optional(err); err != nil {
			return false, err
		}
		if secret := fixed[c.ClientID]; secret != "" && t.issuer.Secrets.CheckClientSecret(stored, secret) {
			a.ClientSecret, usesFixed = secret, true
		}
		t.summary.Applications = append(t.summary.Applications, a)
	}
	slices.SortStableFunc(t.summary.Applications, func(a, b Application) int { return cmp.Compare(order[a.Name], order[b.Name]) })
	return usesFixed, nil
}

// summarizeAPIs lists the APIs that are not built in.
func (t *Tenant) summarizeAPIs(tx *storage.Tx) error {
	for rs, err := range tx.ResourceServers.All() {
		if err != nil {
			return err
		}
		if rs.IsSystem || rs.Identifier == authz.ExtensionAudience {
			continue
		}
		api := API{Name: rs.Name, Identifier: rs.Identifier}
		for _, scope := range rs.Scopes {
			api.Scopes = append(api.Scopes, scope.Value)
		}
		t.summary.APIs = append(t.summary.APIs, api)
	}
	return nil
}
