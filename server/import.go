package server

import (
	"fmt"

	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/storage"
)

// imported is what an import did.
type imported struct {
	management.Report
	Users  storage.Document   `json:"users,omitempty"`
	Errors []storage.Document `json:"errors,omitempty"`
}

// importConfiguration imports sections and users in one transaction.
func (s *services) importConfiguration(rq control.ImportRequest) (any, error) {
	var done imported
	users := func(tx *storage.Tx) error {
		if len(rq.Users) == 0 {
			return nil
		}
		conn, err := tx.Connections.Find("name", rq.Connection)
		if err != nil {
			return fmt.Errorf("users: there is no connection %q", rq.Connection)
		}
		if conn.Strategy != storage.DatabaseStrategy {
			return fmt.Errorf("users: the connection %q is no database connection", rq.Connection)
		}
		done.Users, done.Errors, err = s.jobs.ImportAtOnce(tx, jobs.Import{Connection: conn, Upsert: rq.Upsert, Users: rq.Users})
		return err
	}
	report, err := management.Import(s.management(), rq.Sections, rq.DryRun, users)
	done.Report = report
	return done, err
}
