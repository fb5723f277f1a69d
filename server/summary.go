package server

import (
	"cmp"
	"fmt"
	"net"
	"path/filepath"
	"slices"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// Summary is what a person needs to know to use the tenant.
type Summary struct {
	Issuer, Addr, ControlURL, CAPath, Data string

	Applications []Application
	APIs         []API
	Users        []SummaryUser
	// Warnings are what a person should know, FileWarnings those of them that say what the
	// tenant file holds and the tenant does without.
	Warnings, FileWarnings []string
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

// summarize notes what the tenant file and the store have to say to a person.
// generated holds the secrets that were just made up, by client id.
func (s *Server) summarize(file *config.Tenant, generated map[string]string) error {
	s.summary = Summary{
		Issuer: s.issuer, Addr: s.Addr(), ControlURL: s.ControlURL(), CAPath: s.CAPath(), Data: s.data,
		Warnings: slices.Clone(file.Warnings), FileWarnings: file.Warnings,
	}
	for _, name := range []string{config.CAKeyFile, config.DataFile} { // the data file holds the keys that sign tokens
		if warning := config.NotPrivate(filepath.Join(s.data, name)); warning != "" {
			s.summary.Warnings = append(s.summary.Warnings, warning)
		}
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
	var usesFixed bool
	err := s.services.db.View(func(tx *storage.Tx) error {
		var err error
		if usesFixed, err = s.summarizeApplications(tx, file, generated); err != nil {
			return err
		}
		if err := s.summarizeAPIs(tx); err != nil {
			return err
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

// summarizeApplications lists the applications in the file's order, others after
// them, and reports whether one has a secret that the file fixes.
func (s *Server) summarizeApplications(tx *storage.Tx, file *config.Tenant, generated map[string]string) (usesFixed bool, err error) {
	order, fixed := map[string]int{}, map[string]string{}
	for i, c := range file.Clients {
		text := func(key string) string { t, _ := c[key].(string); return t }
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
		if secret := fixed[c.ClientID]; secret != "" && s.services.issuer.Secrets.CheckClientSecret(stored, secret) {
			a.ClientSecret, usesFixed = secret, true
		}
		s.summary.Applications = append(s.summary.Applications, a)
	}
	slices.SortStableFunc(s.summary.Applications, func(a, b Application) int { return cmp.Compare(order[a.Name], order[b.Name]) })
	return usesFixed, nil
}

// summarizeAPIs lists the APIs that are not built in.
func (s *Server) summarizeAPIs(tx *storage.Tx) error {
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
	return nil
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
