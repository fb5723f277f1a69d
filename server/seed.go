package server

import (
	"fmt"
	"net"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/seed"
	"github.com/tenant0/tenant0/storage"
)

// Summary is what a person needs to know to use the tenant.
type Summary struct {
	Issuer, Addr, ControlURL, CAPath, Data string

	Applications []Application
	APIs         []API
	Users        []SummaryUser
	Warnings     []string
}

// Application is an application of the tenant.
type Application struct {
	Name, Type, ClientID string
	// ClientSecret is known when the tenant file fixes it or when it was just
	// made up.
	ClientSecret string
	Callbacks    []string
}

// API is an API of the tenant that is not built in.
type API struct {
	Name, Identifier string
	Scopes           []string
}

// SummaryUser is a user of the tenant file.
type SummaryUser struct{ Email, Password, Connection string }

// Summary returns what the start has to say.
func (s *Server) Summary() Summary { return s.summary }

// seed gives an empty store the tenant that the configuration names, and notes
// what the tenant file says for the summary.
func (s *Server) seed() error {
	file, err := config.LoadTenant(s.cfg.Seed)
	if err != nil {
		return err
	}
	empty := false
	err = s.services.db.View(func(tx *storage.Tx) error {
		_, err := tx.Tenant.Get(storage.TenantKey)
		empty = storage.IsNotFound(err)
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	generated := map[string]string{}
	if empty {
		if generated, err = s.plant(file); err != nil {
			return fmt.Errorf("seed %s: %w", s.cfg.Seed, err)
		}
	}
	return s.summarize(file, generated)
}

// plant stores the tenant file and keeps the result for resets.
func (s *Server) plant(file *config.Tenant) (generated map[string]string, err error) {
	plan, err := seed.NewPlan(file, seed.Deps{
		Issuer: s.issuer, Secrets: s.services.issuer.Secrets, Passwords: s.services.passwords, Now: s.services.clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	return plan.Generated, s.services.db.Update(func(tx *storage.Tx) error {
		if err := plan.Apply(tx); err != nil {
			return err
		}
		return tx.KeepSnapshot()
	})
}

// reset makes the tenant what its seed made it.
func (s *Server) reset() error {
	return s.services.db.Update(func(tx *storage.Tx) error { return tx.RestoreSnapshot() })
}

// fixed returns the secrets that the tenant file fixes, by client id.
func fixed(file *config.Tenant) map[string]string {
	secrets := map[string]string{}
	for _, c := range file.Clients {
		id, _ := c["client_id"].(string)
		secrets[id], _ = c["client_secret"].(string)
	}
	return secrets
}

func (s *Server) summarize(file *config.Tenant, generated map[string]string) error {
	s.summary = Summary{
		Issuer: s.issuer, Addr: s.Addr(), ControlURL: s.ControlURL(), CAPath: s.CAPath(), Data: s.data,
		Warnings: file.Warnings,
	}
	if notice := s.ca.Notice(); notice != "" {
		s.summary.Warnings = append(s.summary.Warnings, notice)
	}
	for _, u := range file.Users {
		text := func(key string) string { t, _ := u[key].(string); return t }
		s.summary.Users = append(s.summary.Users, SummaryUser{
			Email: text("email"), Password: text("password"), Connection: text("connection"),
		})
	}
	known := fixed(file)
	usesFixed := false
	err := s.services.db.View(func(tx *storage.Tx) error {
		for c, err := range tx.Clients.All() {
			if err != nil {
				return err
			}
			a := Application{Name: c.Name, Type: c.AppType, ClientID: c.ClientID, Callbacks: c.Callbacks, ClientSecret: generated[c.ClientID]}
			stored, err := tx.ClientSecrets.Get(c.ClientID)
			if err := storage.Optional(err); err != nil {
				return err
			}
			if known[c.ClientID] != "" && s.services.issuer.Secrets.CheckClientSecret(stored, known[c.ClientID]) {
				a.ClientSecret, usesFixed = known[c.ClientID], true
			}
			s.summary.Applications = append(s.summary.Applications, a)
		}
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
			s.summary.APIs = append(s.summary.APIs, api)
		}
		lint, err := authz.Lint(tx)
		s.summary.Warnings = append(s.summary.Warnings, lint...)
		return err
	})
	if usesFixed && !loopback(s.Addr()) {
		s.summary.Warnings = append(s.summary.Warnings, fmt.Sprintf(
			"the tenant file's fixed client secrets are known to everyone, and the server listens on %s, which others can reach; "+
				"listen on 127.0.0.1, or leave client_secret out of the file to have secrets made up", s.Addr()))
	}
	return err
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
