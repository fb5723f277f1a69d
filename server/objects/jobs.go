package objects

import (
	"maps"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ExportUsers keeps a job that lets whoever has its link fetch a file of users, as is asked
// for. It is done at once, since the file is written when it is fetched; what it returns is
// the job as it was before. Auth0: api/management/v2/jobs/post-users-exports.
func ExportUsers(ch *Change, asked storage.Document) (storage.Document, error) {
	job := storage.Document{"type": "users_export", "status": "pending", "format": "json"}
	maps.Copy(job, asked)
	resource.Jobs.Fill(job, ch.Now)
	if id := storage.Text(job, "connection_id"); id != "" {
		conn, err := ch.Tx.Connections.Get(id)
		if storage.IsNotFound(err) {
			return nil, resource.NoSuchConnection
		}
		if err != nil {
			return nil, err
		}
		job["connection"] = conn.Name
	}
	done := maps.Clone(job)
	done["status"], done["secret"] = "completed", keys.Random(24)
	return job, PlainOf(ch.Tx, resource.Jobs, "").Put(done)
}

// ConnectionOfImport returns the connection whose users are to be imported, which is a database.
func ConnectionOfImport(tx *storage.Tx, id string) (storage.Connection, error) {
	conn, err := tx.Connections.Get(id)
	switch {
	case storage.IsNotFound(err):
		return conn, resource.NoSuchConnection
	case err == nil && conn.Strategy != storage.DatabaseStrategy:
		return conn, resource.InvalidBody("Connection must be a database connection.")
	}
	return conn, err
}

// UsersImport is a new job that imports users into a connection, as the values of its form ask. Auth0:
// api/management/v2/jobs/post-users-imports.
func UsersImport(conn storage.Connection, values map[string]string, now time.Time) storage.Document {
	job := storage.Document{
		"type": "users_import", "status": "pending", "connection_id": conn.ID, "connection": conn.Name,
		"upsert": values["upsert"] == "true", "send_completion_email": values["send_completion_email"] != "false",
	}
	if external := values["external_id"]; external != "" {
		job["external_id"] = external
	}
	resource.Jobs.Fill(job, now)
	return job
}
