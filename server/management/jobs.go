package management

import (
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func jobOperations() []operation {
	return []operation{
		{http.MethodPost, "/jobs/users-imports", []string{"create:users"}, importUsers},
		{http.MethodPost, "/jobs/users-exports", []string{"read:users"}, exportUsers},
		{http.MethodGet, "/jobs/{id}", []string{"create:users", "read:users"}, getJob},
		{http.MethodGet, "/jobs/{id}/errors", []string{"create:users", "read:users"}, jobErrors},
	}
}

// importUsers starts a job that imports users from a file.
//
//auth0:operation POST /api/v2/jobs/users-imports
func importUsers(c *call) error {
	form, err := c.from.usersForm()
	if err != nil {
		return err
	}
	queued := false
	defer func() {
		if !queued && form.users != nil {
			form.users.Remove()
		}
	}()
	id := form.values["connection_id"]
	switch {
	case form.users == nil:
		return resource.InvalidBody("Must provide 'users' file as multipart part.")
	case id == "":
		return resource.InvalidBody("Must provide 'connection_id' as multipart part.")
	}
	c.sent = storage.Document{"connection_id": id}
	var conn storage.Connection
	err = c.view(func(tx *storage.Tx) (err error) {
		conn, err = objects.ConnectionOfImport(tx, id)
		return err
	})
	if err != nil {
		return err
	}
	job := objects.UsersImport(conn, form.values, c.now)
	err = c.Jobs.Start(c.ctx, job, jobs.Import{Connection: conn, Upsert: job["upsert"] == true, File: form.users})
	if errors.Is(err, jobs.ErrBusy) {
		return &apierr.Error{
			Status:  http.StatusTooManyRequests,
			Message: "There are 2 active import users jobs, please wait until some of them are finished and try again", Cause: err,
		}
	}
	if err != nil {
		return err
	}
	queued = true
	return c.reply(http.StatusAccepted, job)
}

//auth0:operation GET /api/v2/jobs/{id}
func getJob(c *call) error {
	var job storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		job, err = tx.Documents(resource.Jobs.Name, "").Document(c.param("id"))
		return err
	})
	if err != nil {
		return orMissing(err, resource.Jobs)
	}
	if secret, ok := job["secret"].(string); ok {
		delete(job, "secret")
		job["location"] = c.Issuer.URL + exportPath + c.param("id") + "/" + secret
	}
	return c.reply(http.StatusOK, job)
}

// jobErrors lists the errors of the users that could not be imported. It answers with 204
// if there are none.
//
//auth0:operation GET /api/v2/jobs/{id}/errors
func jobErrors(c *call) error {
	var faults []storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		if _, err := tx.Documents(resource.Jobs.Name, "").Document(c.param("id")); err != nil {
			return orMissing(err, resource.Jobs)
		}
		faults, err = jobs.Errors(tx, c.param("id"))
		return err
	})
	if err != nil {
		return err
	}
	if len(faults) == 0 {
		return c.empty(http.StatusNoContent)
	}
	return c.reply(http.StatusOK, faults)
}

// exportUsers makes a link to a file of users. The job is completed at once, since the
// file is only written when it is downloaded.
//
//auth0:operation POST /api/v2/jobs/users-exports
func exportUsers(c *call) error {
	if err := c.readAs(resource.UsersExport, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return objects.ExportUsers(ch, c.body)
	})
}
