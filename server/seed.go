package server

import (
	"context"
	"fmt"
	"os"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/seed"
	"github.com/tenant0/tenant0/storage"
)

// seed gives an empty store the tenant that the configuration names, and notes
// what the tenant file says for the summary.
func (s *Server) seed() error {
	empty := false
	err := s.services.db.View(func(tx *storage.Tx) error {
		_, err := tx.Tenant.Get(storage.TenantKey)
		empty = storage.IsNotFound(err)
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	file, generated := &config.Tenant{}, map[string]string{}
	if empty || quickToRead(s.cfg.Seed) {
		keywords, err := config.Keywords(s.cfg.Keywords)
		if err != nil {
			return err
		}
		if file, err = config.LoadTenant(s.cfg.Seed, keywords); err != nil {
			return err
		}
	}
	if empty {
		if generated, err = s.plant(file); err != nil {
			return fmt.Errorf("seed %s: %w", s.cfg.Seed, err)
		}
	}
	return s.summarize(file, generated)
}

// quickSize is how large a tenant file, in bytes, is read at every start for the
// summary's sake.
const quickSize = 256 << 10

// quickToRead reports whether the seed is embedded or a small file.
func quickToRead(seed string) bool {
	info, err := os.Stat(seed)
	return err != nil || info.Size() <= quickSize
}

// plant stores the tenant file.
func (s *Server) plant(file *config.Tenant) (generated map[string]string, err error) {
	now := s.services.clock.Now()
	plan, err := seed.NewPlan(file, seed.Deps{
		Issuer: s.issuer, Secrets: s.services.issuer.Secrets, Passwords: s.services.passwords, Now: now,
		Furnish: func(tx *storage.Tx) error { return management.Furnish(tx, s.services.issuer.Secrets, now) },
		Further: func(tx *storage.Tx, sections storage.Document) error {
			report, err := management.ImportInto(context.Background(), tx, s.services.management(), sections)
			for _, skipped := range report.Skipped {
				file.Warnings = append(file.Warnings, fmt.Sprintf("%s %s: %s", skipped.Section, skipped.Name, skipped.Reason))
			}
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	file.Warnings = append(file.Warnings, KeptCode(file)...)
	return plan.Generated, plan.Store(s.services.db)
}

// KeptCode says of a tenant file which of its objects bring code that a server keeps and
// does not run.
func KeptCode(file *config.Tenant) (lines []string) {
	list := func(section string, items []storage.Document) {
		for _, kept := range management.KeptCode(section, items) {
			lines = append(lines, fmt.Sprintf("%s %s: %s", kept.Section, kept.Name, kept.Reason))
		}
	}
	list("databases", file.Databases)
	list("connections", file.Connections)
	for _, section := range []string{"actionModules", "actions", "hooks", "rules"} {
		items, err := entries(file.Further[section])
		if err == nil { // the import says what is wrong
			list(section, items)
		}
	}
	return lines
}

// reset makes the tenant what its seed made it, at the machine's time: a clock that
// one test has moved is not to be the next one's.
func (s *Server) reset() error {
	s.services.outbox.Clear()
	return s.services.events.Reset(func() error {
		if err := s.services.db.Update(func(tx *storage.Tx) error { return tx.RestoreSnapshot() }); err != nil {
			return err
		}
		s.services.clock.Reset()
		return nil
	})
}
