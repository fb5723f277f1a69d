// Package jobs does what the Management API starts and does not wait for: it
// imports users, some hundred in one transaction, so that logins go on meanwhile.
// A job that the server's end interrupts has failed, and says so at the next start;
// the users that it had written stay, as those of a job of Auth0's do. Jobs are
// kept as documents of their kind.
package jobs

import (
	"errors"
	"log/slog"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// errorKind is the kind of the faults of a job's users, below the job.
const errorKind = "job-errors"

// maxWaiting is how many imports may wait or run, Auth0:
// manage-users/user-migration/bulk-user-imports.
const maxWaiting = 2

// memory is how long jobs are kept.
const memory = 24 * time.Hour

// ErrBusy reports that as many imports as may are under way.
var ErrBusy = errors.New("there are 2 active import users jobs")

// Deps is what a Runner works with.
type Deps struct {
	DB  *storage.DB
	Now func() time.Time
	Log *slog.Logger
	// Folder is where the users of an import wait for their job.
	Folder string
}

// Runner does jobs, one after the other.
type Runner struct {
	Deps
	slots chan struct{} // one for each import under way
	queue chan Import
}

// New returns a runner. Run does what is started.
func New(d Deps) *Runner {
	return &Runner{Deps: d, slots: make(chan struct{}, maxWaiting), queue: make(chan Import, maxWaiting)}
}

// Import is an import of users into a connection.
type Import struct {
	JobID      string
	Connection storage.Connection
	Upsert     bool
	File       *File // nil for ImportAtOnce
}

// Start writes the job and queues it, or returns ErrBusy. From then on the file is the
// job's.
func (r *Runner) Start(job storage.Document, i Import) error {
	select {
	case r.slots <- struct{}{}:
	default:
		return ErrBusy
	}
	i.JobID, _ = job[resource.Jobs.ID].(string)
	err := r.DB.Update(func(tx *storage.Tx) error {
		return tx.Documents(resource.Jobs.Name, "").Put(storage.Write{ID: i.JobID, Document: job})
	})
	if err != nil {
		<-r.slots
		return err
	}
	r.queue <- i
	return nil
}

// Run does the jobs until stop is closed. It begins with those that an earlier end
// of the server interrupted.
func (r *Runner) Run(stop <-chan struct{}) error {
	if err := errors.Join(r.failInterrupted(), r.removeFiles()); err != nil {
		return err
	}
	for {
		select {
		case <-stop:
			return errors.Join(r.failInterrupted(), r.removeFiles())
		case i := <-r.queue:
			if err := r.importUsers(i, stop); err != nil {
				r.Log.Error("import of users stopped", "job", i.JobID, "err", err.Error())
				if err := r.finish(i.JobID, "failed", nil); err != nil {
					return err
				}
			}
			i.File.Remove()
			<-r.slots
		}
	}
}

// failInterrupted marks jobs that nobody will end, and removes those that are old.
func (r *Runner) failInterrupted() error {
	return r.DB.Update(func(tx *storage.Tx) error {
		jobs := tx.Documents(resource.Jobs.Name, "")
		var interrupted, old []string
		for doc, err := range jobs.All() {
			if err != nil {
				return err
			}
			id, _ := doc[resource.Jobs.ID].(string)
			made, _ := doc[resource.Jobs.Created].(string)
			switch {
			case made < resource.Time(r.Now().Add(-memory)):
				old = append(old, id)
			case doc["status"] == "pending" || doc["status"] == "processing":
				interrupted = append(interrupted, id)
			}
		}
		for _, id := range old {
			if err := errors.Join(jobs.Delete(id), tx.Documents(errorKind, id).DeleteAll()); err != nil {
				return err
			}
		}
		for _, id := range interrupted {
			if err := change(tx, id, func(doc storage.Document) { doc["status"] = "failed" }); err != nil {
				return err
			}
		}
		return nil
	})
}

// change changes a job; one that a reset took along is left out.
func change(tx *storage.Tx, id string, with func(storage.Document)) error {
	jobs := tx.Documents(resource.Jobs.Name, "")
	doc, err := jobs.Document(id)
	if err != nil {
		return storage.Optional(err)
	}
	with(doc)
	return jobs.Put(storage.Write{ID: id, Document: doc})
}

// finish writes how a job ended.
func (r *Runner) finish(id, status string, summary storage.Document) error {
	return r.DB.Update(func(tx *storage.Tx) error {
		return change(tx, id, func(doc storage.Document) {
			doc["status"] = status
			delete(doc, "percentage_done")
			delete(doc, "time_left_seconds")
			if summary != nil {
				doc["summary"] = summary
			}
		})
	})
}

// Errors are the faults of the users of a job, as Auth0 lists them.
func Errors(tx *storage.Tx, id string) ([]storage.Document, error) {
	all := []storage.Document{}
	for doc, err := range tx.Documents(errorKind, id).All() {
		if err != nil {
			return nil, err
		}
		all = append(all, doc)
	}
	return all, nil
}
