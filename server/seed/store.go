package seed

import (
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/storage"
)

// write stores one record.
type write func(*storage.Tx) error

// batch is how many records one transaction stores. What an engine does for a
// record grows with those that the transaction holds already, so that a tenant
// of 100,000 users in one would take minutes.
const batch = 1000

// Store makes the plan what the store holds, and what a reset goes back to. The
// tenant's settings come last: a store without them counts as empty, and what a
// start that was cut short left there is removed by the next.
func (p *Plan) Store(db *storage.DB) error {
	for writes := range slices.Chunk(p.writes(), batch) {
		err := db.Update(func(tx *storage.Tx) error {
			for _, w := range writes {
				if w == nil {
					continue
				}
				if err := w(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) writes() []write {
	return slices.Concat(
		[]write{(*storage.Tx).Clear},
		writes(p.clients, func(tx *storage.Tx, d storage.Document) error { return tx.Clients.Put(d) }),
		writes(p.apis, func(tx *storage.Tx, d storage.Document) error { return tx.ResourceServers.Put(d) }),
		writes(p.connections, func(tx *storage.Tx, d storage.Document) error { return tx.Connections.Put(d) }),
		writes(p.grants, func(tx *storage.Tx, d storage.Document) error { return tx.ClientGrants.Put(d) }),
		writes(p.roles, func(tx *storage.Tx, d storage.Document) error { return tx.Roles.Put(d) }),
		writes(p.users, func(tx *storage.Tx, u user) error { return u.put(tx) }),
		writes(p.secrets, func(tx *storage.Tx, s storage.ClientSecret) error { return tx.ClientSecrets.Put(s) }),
		writes(p.rolePermissions, func(tx *storage.Tx, r storage.RolePermissions) error { return tx.RolePermissions.Put(r) }),
		writes([]storage.Extension{p.extension}, func(tx *storage.Tx, x storage.Extension) error { return tx.Extension.Put(x) }),
		[]write{p.deps.Furnish},
		[]write{p.finish},
	)
}

// finish stores what makes the tenant whole, and keeps it for resets.
func (p *Plan) finish(tx *storage.Tx) error {
	if err := tx.Tenant.Put(p.tenant); err != nil {
		return err
	}
	if len(p.further) > 0 {
		if err := p.deps.Further(tx, p.further); err != nil {
			return err
		}
	}
	for _, m := range p.members {
		if _, err := joinOrganizations(tx, m.user, m.organizations, p.roleIDs); err != nil {
			return fmt.Errorf("users: %q: %w", m.user, err)
		}
	}
	return tx.KeepSnapshot("")
}

func writes[T any](records []T, put func(*storage.Tx, T) error) []write {
	all := make([]write, len(records))
	for i, r := range records {
		all[i] = func(tx *storage.Tx) error { return put(tx, r) }
	}
	return all
}
