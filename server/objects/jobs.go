package objects

import (
	"maps"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ExportUsers stores a job that exports users to a file. Whoever has the job's link can download the
// file, which is only written then, so the job is stored as completed. The returned job is still
// pending, as Auth0 answers. Auth0: api/management/v2/jobs/post-users-exports.
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
	return job, DocumentStoreOf(ch.Tx, resource.Jobs, "").Put(done)
}

// ConnectionOfImport returns the connection into which users are to be imported. It returns an error
// if that is not a database connection.
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

// UsersImport makes a job that imports users into a connection; values are the fields of the request's
// form. Auth0: api/management/v2/jobs/post-users-imports.
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
