package tenant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/storage"
	inmemory "github.com/tenant0/tenant0/storage/memory"
)

// seed fills an empty store from the tenant file that the configuration names, and prepares
// the summary with what the file says.
func (t *Tenant) seed() error {
	empty := false
	err := t.db.View(context.Background(), func(tx *storage.Tx) error {
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
		t.Like = nil // let the garbage collector free the original
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
			return fmt.Errorf("seed %w", deploy.Located(t.file.Positions, t.Config.Seed, err))
		}
	}
	return t.summarize(t.file, t.generated)
}

// quickSize is the largest tenant file, in bytes, that is read at every start just for the
// summary.
const quickSize = 256 << 10

// quickToRead reports whether the seed is embedded or a small file.
func quickToRead(seed string) bool {
	info, err := os.Stat(seed)
	return err != nil || info.Size() <= quickSize
}

// plant stores what the tenant file describes. generated are the generated client secrets,
// by client_id.
func (t *Tenant) plant(file *tenantfile.Tenant) (generated map[string]string, err error) {
	seeded, err := t.deployment().Seed(context.Background(), file)
	if err != nil {
		return nil, err
	}
	file.Warnings = append(file.Warnings, deploy.CodeOf(file)...)
	file.Warnings = append(file.Warnings, deploy.Lines(file.Positions, seeded.Skipped)...)
	return seeded.Generated, nil
}

// TryFile seeds a temporary tenant in memory from a tenant file without its users, and
// discards it. It returns warnings about parts of the file that the tenant ignores.
func TryFile(file *tenantfile.Tenant) (warnings []string, err error) {
	db, err := storage.Open(inmemory.New())
	if err != nil {
		return nil, err
	}
	t := &Tenant{
		Options: Options{Name: Default, Issuer: "https://localhost/", Config: config.Config{PasswordCost: 4}, Log: slog.New(slog.DiscardHandler)},
		db:      db, clock: clock.New(),
	}
	if err := t.openServices(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	unpeopled := *file
	unpeopled.Users = nil
	seeded, err := t.deployment().Seed(context.Background(), &unpeopled)
	return deploy.Lines(file.Positions, seeded.Skipped), errors.Join(err, db.Close())
}
