// Package jobs runs the jobs that the Management API starts: it imports users in the
// background, some hundred in one transaction, so that logins can go on. If the server stops
// during a job, the job is marked as failed at the next start; users that were already
// written are kept, as with Auth0. If several servers share the tenant, another server
// continues the job. Jobs are stored as documents.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// errorKind is the kind of documents with the errors of a job's users, which belong to the
// job.
const errorKind = "job-errors"

// maxWaiting is how many imports may wait or run at one time, Auth0:
// manage-users/user-migration/bulk-user-imports.
const maxWaiting = 2

// memory is how long jobs are kept after their creation.
const memory = 24 * time.Hour

// ErrBusy reports that there are already maxWaiting imports.
var ErrBusy = errors.New("there are 2 active import users jobs")

// Deps are the dependencies of a Runner.
type Deps struct {
	DB  *storage.DB
	Now func() time.Time
	Log *slog.Logger
	// Folder is the folder for the files of imports that wait for their job.
	Folder string
}

// Runner runs jobs, one after the other.
type Runner struct {
	Deps
	slots chan struct{} // one for each waiting or running import
	queue chan Import
}

// New returns a Runner. Jobs are done while Run runs.
func New(d Deps) *Runner {
	return &Runner{Deps: d, slots: make(chan struct{}, maxWaiting), queue: make(chan Import, maxWaiting)}
}

// Waiting returns the number of waiting and running jobs.
func (r *Runner) Waiting() int { return len(r.slots) }

// Import is an import of users into a connection.
type Import struct {
	JobID      string
	Connection storage.Connection
	Upsert     bool
	File       *File // nil for ImportAtOnce

	worker storage.Worker // the worker that does the job
	shared *parts         // the users, if they are in the store instead of a file
}

// work returns the users of the import.
func (i Import) work() work {
	if i.shared != nil {
		return i.shared
	}
	return i.File
}

// Start stores a job and queues it, or returns ErrBusy. If it succeeds, the job owns the
// file.
func (r *Runner) Start(ctx context.Context, job storage.Document, i Import) error {
	select {
	case r.slots <- struct{}{}:
	default:
		return ErrBusy
	}
	i.JobID, i.worker = storage.Text(job, resource.Jobs.ID), i.File.worker
	if err := r.keep(ctx, job, &i); err != nil {
		<-r.slots
		return err
	}
	r.queue <- i
	return nil
}

// keep stores a new job, and its users too if several servers share the tenant.
func (r *Runner) keep(ctx context.Context, job storage.Document, i *Import) error {
	err := r.DB.Update(ctx, func(tx *storage.Tx) error {
		waiting := 0
		for _, err := range (claims{tx}).All() {
			if waiting++; err != nil || waiting >= maxWaiting && r.DB.Shared() {
				return cmp.Or(err, ErrBusy)
			}
		}
		if err := tx.Documents(resource.Jobs.Name, "").Put(storage.Write{ID: i.JobID, Document: job}); err != nil {
			return err
		}
		_, err := claims{tx}.Give(i.JobID, i.worker.Name)
		return err
	})
	if err != nil || !r.DB.Shared() {
		return err
	}
	if i.shared, err = r.share(ctx, *i); err != nil {
		return errors.Join(err, r.finish(i.JobID, "failed", nil))
	}
	i.File.delete()
	return nil
}

// lookEvery is how often a server looks for jobs of servers that have stopped.
const lookEvery = 10 * time.Second

// Run runs jobs until stop is closed. It begins with jobs that were interrupted when a server
// stopped.
func (r *Runner) Run(stop <-chan struct{}) error {
	if err := errors.Join(r.takeOver(), r.removeOld(), r.removeFiles()); err != nil {
		return err
	}
	others, end := clock.Ticks(lookEvery, r.DB.Shared())
	defer end()
	for {
		select {
		case <-stop:
			return r.leave()
		case <-others:
			if err := errors.Join(r.takeOver(), r.removeOld()); err != nil {
				r.Log.Error("jobs of servers that have ended could not be looked for", "err", err.Error())
			}
		case i := <-r.queue:
			if err := r.do(i, stop); err != nil {
				return err
			}
		}
	}
}

// do runs an import. The error is one of the store.
func (r *Runner) do(i Import, stop <-chan struct{}) error {
	err := r.importUsers(i, stop)
	switch {
	case errors.Is(err, errTaken), errors.Is(err, errInterrupted) && i.shared != nil: // another server continues
	case errors.Is(err, keyspace.ErrUnavailable) && i.shared != nil:
		r.queue <- i // retried when the store can be reached again; the job keeps its slot
		return err
	case err != nil:
		r.Log.Error("import of users stopped", "job", i.JobID, "err", err.Error())
		if err := r.finish(i.JobID, "failed", nil); err != nil {
			return err
		}
	}
	r.end(i)
	return nil
}

// end releases the file, the worker and the slot of a job that ends on this server.
func (r *Runner) end(i Import) {
	if i.shared == nil {
		i.File.delete()
	}
	i.worker.Release()
	<-r.slots
}

// leave ends the waiting jobs. Other servers continue those whose users are in the store; the
// others fail.
func (r *Runner) leave() (err error) {
	for {
		select {
		case i := <-r.queue:
			if i.shared == nil {
				err = errors.Join(err, r.finish(i.JobID, "failed", nil))
			}
			r.end(i)
		default:
			return err
		}
	}
}

// removeOld removes jobs that are older than memory.
func (r *Runner) removeOld() error {
	return r.DB.Update(context.Background(), func(tx *storage.Tx) error {
		jobs := tx.Documents(resource.Jobs.Name, "")
		var old []string
		for doc, err := range jobs.All() {
			if err != nil {
				return err
			}
			if storage.Text(doc, resource.Jobs.Created) < resource.Time(r.Now().Add(-memory)) {
				old = append(old, storage.Text(doc, resource.Jobs.ID))
			}
		}
		for _, id := range old {
			if err := errors.Join(jobs.Delete(id), tx.Documents(errorKind, id).DeleteAll(), forget(tx, id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// unended reports whether a job is pending or processing.
func unended(job storage.Document) bool {
	return job["status"] == "pending" || job["status"] == "processing"
}

// change changes a stored job. If a reset has removed the job, it does nothing.
func change(tx *storage.Tx, id string, with func(storage.Document)) error {
	jobs := tx.Documents(resource.Jobs.Name, "")
	doc, err := jobs.Document(id)
	if err != nil {
		return storage.Optional(err)
	}
	with(doc)
	return jobs.Put(storage.Write{ID: id, Document: doc})
}

// finish stores the final status of a job.
func (r *Runner) finish(id, status string, summary storage.Document) error {
	return r.DB.Update(context.Background(), func(tx *storage.Tx) error {
		if err := forget(tx, id); err != nil {
			return err
		}
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

// Errors returns the errors of a job's users in Auth0's format.
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
