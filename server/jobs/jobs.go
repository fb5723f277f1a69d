// Package jobs does what the Management API starts and does not wait for: it
// imports users, some hundred in one transaction, so that logins go on meanwhile.
// A job that the server's end interrupts has failed, and says so at the next start;
// the users that it had written stay, as those of a job of Auth0's do. Where several
// servers have the tenant, another one goes on with it. Jobs are kept as documents of
// their kind.
package jobs

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
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
	own   sync.Map      // the ids of the jobs that this server has
	slots chan struct{} // one for each import under way
	queue chan Import
	files files
}

// New returns a runner. Run does what is started.
func New(d Deps) *Runner {
	return &Runner{Deps: d, slots: make(chan struct{}, maxWaiting), queue: make(chan Import, maxWaiting)}
}

// Waiting returns how many jobs are under way or wait.
func (r *Runner) Waiting() int { return len(r.slots) }

// Import is an import of users into a connection.
type Import struct {
	JobID      string
	Connection storage.Connection
	Upsert     bool
	File       *File // nil for ImportAtOnce

	shared *parts // the users, where they are in the store
}

// work are the users of the import.
func (i Import) work() work {
	if i.shared != nil {
		return i.shared
	}
	return i.File
}

// Start writes the job and queues it, or returns ErrBusy. From then on the file is the
// job's.
func (r *Runner) Start(ctx context.Context, job storage.Document, i Import) error {
	select {
	case r.slots <- struct{}{}:
	default:
		return ErrBusy
	}
	i.JobID, _ = job[resource.Jobs.ID].(string)
	err := r.keep(ctx, job, &i)
	if err != nil {
		r.leave(i.JobID)
		<-r.slots
		return err
	}
	r.queue <- i
	return nil
}

// keep writes a new job, and its users where another server is to have them.
func (r *Runner) keep(ctx context.Context, job storage.Document, i *Import) error {
	if _, err := r.take(i.JobID); err != nil { // nobody else knows the id yet
		return err
	}
	err := r.DB.Update(ctx, func(tx *storage.Tx) error {
		if r.DB.Shared() {
			if _, unended, err := r.look(tx); err != nil || len(unended) >= maxWaiting {
				return cmp.Or(err, ErrBusy)
			}
		}
		return tx.Documents(resource.Jobs.Name, "").Put(storage.Write{ID: i.JobID, Document: job})
	})
	if err != nil || !r.DB.Shared() {
		return err
	}
	if i.shared, err = r.share(ctx, *i); err != nil {
		return errors.Join(err, r.finish(i.JobID, "failed", nil))
	}
	i.File.Remove()
	return nil
}

// lease is what the server holds that has a job, so that others do not take it for one that
// nobody will end.
func lease(jobID string) string { return "job " + jobID }

// take has the server do a job, unless another does.
func (r *Runner) take(jobID string) (held bool, err error) {
	held, err = r.DB.Hold(lease(jobID))
	if held {
		r.own.Store(jobID, true)
	}
	return held, err
}

func (r *Runner) leave(jobID string) {
	r.own.Delete(jobID)
	r.DB.Release(lease(jobID))
}

// lookEvery is how often jobs of servers that have ended are looked for.
const lookEvery = 10 * time.Second

// Run does the jobs until stop is closed. It begins with those that an earlier end
// of the server interrupted.
func (r *Runner) Run(stop <-chan struct{}) error {
	if err := errors.Join(r.endInterrupted(), r.removeFiles()); err != nil {
		return err
	}
	var others <-chan time.Time
	if r.DB.Shared() {
		ticker := clock.Ticker(lookEvery)
		defer ticker.Stop()
		others = ticker.C
	}
	for {
		select {
		case <-stop:
			r.files.clear()
			if r.DB.Shared() { // other servers go on with the jobs
				return r.removeFiles()
			}
			r.own.Clear()
			return errors.Join(r.endInterrupted(), r.removeFiles())
		case <-others:
			if err := r.endInterrupted(); err != nil {
				r.Log.Error("jobs of servers that have ended could not be looked for", "err", err.Error())
			}
		case i := <-r.queue:
			if err := r.do(i, stop); err != nil {
				return err
			}
		}
	}
}

// do imports users. An error is that of the store.
func (r *Runner) do(i Import, stop <-chan struct{}) error {
	err := r.importUsers(i, stop)
	switch {
	case errors.Is(err, errTaken), errors.Is(err, errInterrupted) && i.shared != nil: // another server goes on
	case errors.Is(err, storage.ErrUnavailable) && i.shared != nil:
		r.queue <- i // for when the store can be reached; it has its slot
		return err
	case err != nil:
		r.Log.Error("import of users stopped", "job", i.JobID, "err", err.Error())
		if err := r.finish(i.JobID, "failed", nil); err != nil {
			return err
		}
	}
	if i.shared == nil {
		i.File.Remove()
	}
	r.leave(i.JobID)
	<-r.slots
	return nil
}

// endInterrupted goes on with jobs that servers have left, marks those that nobody can end, and
// removes those that are old.
func (r *Runner) endInterrupted() error {
	abandoned, err := r.abandoned()
	if err != nil {
		return err
	}
	for id := range abandoned {
		somebodys, err := r.goOn(id)
		if err != nil {
			return err
		}
		if somebodys {
			delete(abandoned, id)
		}
	}
	return r.DB.Update(context.Background(), func(tx *storage.Tx) error {
		jobs := tx.Documents(resource.Jobs.Name, "")
		old, unended, err := r.look(tx)
		if err != nil {
			return err
		}
		interrupted := slices.DeleteFunc(unended, func(id string) bool { return !abandoned[id] })
		for _, id := range old {
			if err := errors.Join(jobs.Delete(id), tx.Documents(errorKind, id).DeleteAll(), forget(tx, id)); err != nil {
				return err
			}
		}
		for _, id := range interrupted {
			if err := errors.Join(forget(tx, id), change(tx, id, func(doc storage.Document) { doc["status"] = "failed" })); err != nil {
				return err
			}
		}
		return nil
	})
}

// look returns the jobs that are old, and those that are not at their end.
func (r *Runner) look(tx *storage.Tx) (old, unended []string, err error) {
	for doc, err := range tx.Documents(resource.Jobs.Name, "").All() {
		if err != nil {
			return nil, nil, err
		}
		id, _ := doc[resource.Jobs.ID].(string)
		made, _ := doc[resource.Jobs.Created].(string)
		switch {
		case made < resource.Time(r.Now().Add(-memory)):
			old = append(old, id)
		case doc["status"] == "pending" || doc["status"] == "processing":
			unended = append(unended, id)
		}
	}
	return old, unended, nil
}

// abandoned are the jobs that are not at their end and that no server has.
func (r *Runner) abandoned() (map[string]bool, error) {
	var unended []string
	err := r.DB.View(context.Background(), func(tx *storage.Tx) (err error) {
		_, unended, err = r.look(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, id := range unended {
		if _, own := r.own.Load(id); own {
			continue
		}
		free, err := r.DB.Abandoned(lease(id))
		if err != nil {
			return nil, err
		}
		if free {
			all[id] = true
		}
	}
	return all, nil
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
