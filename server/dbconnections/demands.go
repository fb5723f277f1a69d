package dbconnections

import (
	"context"

	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// demandsOf returns a connection's requirements for new passwords, which the pages list
// while the user types. It returns nil if any password is allowed.
func demandsOf(conn storage.Connection) []templates.Demand {
	return shown(identity.PolicyOf(conn).Rules(""))
}

// shown converts the rules of a password policy for a page.
func shown(rules []identity.Rule) (all []templates.Demand) {
	for _, r := range rules {
		if r.Code == "nonEmpty" {
			continue
		}
		d := templates.Demand{Code: r.Code, Text: r.Sentence(), Met: r.Verified, Items: shown(r.Items)}
		if len(r.Format) > 0 {
			d.Least, _ = r.Format[0].(int)
		}
		all = append(all, d)
	}
	return all
}

// demandsFor returns the requirements for a new password of a user.
func (m *room) demandsFor(ctx context.Context, user storage.User) (all []templates.Demand, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		conn, err := tx.Connections.Find("name", user.ConnectionName())
		if err == nil {
			all = demandsOf(conn)
		}
		return storage.Optional(err)
	})
	return all, err
}
