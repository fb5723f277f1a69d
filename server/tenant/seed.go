package tenant

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/seed"
	"github.com/tenant0/tenant0/storage"
)

// seed gives an empty store the tenant that the configuration names, and notes
// what the tenant file says for the summary.
func (t *Tenant) seed() error {
	empty := false
	err := t.db.View(func(tx *storage.Tx) error {
		_, err := tx.Tenant.Get(storage.TenantKey)
		empty = storage.IsNotFound(err)
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	switch {
	case t.Like != nil:
		t.file, t.generated = t.Like.file, t.Like.generated
		t.Like = nil // it need not live as long
	case !empty && t.Config.Seed == "":
		t.file = &tenantfile.Tenant{}
	case empty || quickToRead(t.Config.Seed):
		keywords, err := config.Keywords(t.Config.Keywords)
		if err != nil {
			return err
		}
		if t.file, err = tenantfile.Load(t.Config.Seed, keywords); err != nil {
			return err
		}
	default:
		t.file = &tenantfile.Tenant{}
	}
	if empty {
		if t.generated, err = t.plant(t.file); err != nil {
			return fmt.Errorf("seed %s: %w", t.Config.Seed, err)
		}
	}
	return t.summarize(t.file, t.generated)
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
func (t *Tenant) plant(file *tenantfile.Tenant) (generated map[string]string, err error) {
	now := t.clock.Now()
	var warnings []string // but for those of the last transaction
	var effects deploy.Effects
	plan, err := seed.NewPlan(file, seed.Deps{
		Issuer: t.Issuer, Secrets: t.issuer.Secrets, Passwords: t.passwords, Now: now,
		Furnish: func(tx *storage.Tx) error { return deploy.Furnish(tx, t.issuer.Secrets, now) },
		Further: func(tx *storage.Tx, sections storage.Document) error {
			report, more, err := t.deployment().ImportInto(context.Background(), tx, sections)
			file.Warnings, effects = slices.Clip(warnings), more // this may be the second run
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
	warnings = file.Warnings
	if err := plan.Store(t.db); err != nil {
		return nil, err
	}
	if effects == nil {
		return plan.Generated, nil
	}
	return plan.Generated, effects.CarryOut()
}

// KeptCode says of a tenant file which of its objects bring code that a server keeps and
// does not run.
func KeptCode(file *tenantfile.Tenant) (lines []string) {
	list := func(section string, items []storage.Document) {
		for _, kept := range deploy.KeptCode(section, items) {
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
