package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// If several servers share the tenant, the users of an import are kept in the store, a batch in
// each document, so that another server can continue if the one that received the file stops. The
// transaction that writes the users of a batch removes its document, so each user is written once.
const (
	working  = "jobs"      // the task of the workers, see storage.Worker
	partKind = "job-users" // documents that belong to the job
	// progressKind is the kind of the document, with the job's id, that says which server does a
	// job. Once all batches are stored, it also has the total number of users and the progress.
	progressKind = "job-progress"
)

// work are the users of an import that have not been written yet.
type work interface {
	// batches reads the users in batches.
	batches() iter.Seq2[[]any, error]
	// written is called in the transaction that writes a batch, with the progress so far.
	written(tx *storage.Tx, p progress) error
	// begun returns the progress that was made before, and the total number of users.
	begun() (p progress, total int, err error)
}

func (*File) written(*storage.Tx, progress) error { return nil }

func (f *File) begun() (progress, int, error) { return progress{}, f.users, nil }

// errTaken reports that another server has taken over a job, because this one has lost its lease.
var errTaken = errors.New("another server does the job")

// claims says which server does which job. For a job that an older version of the program started,
// there is none. It implements storage.Claims.
type claims struct{ tx *storage.Tx }

func (c claims) All() iter.Seq2[storage.Claim, error] {
	return func(yield func(storage.Claim, error) bool) {
		for doc, err := range c.tx.Documents(resource.Jobs.Name, "").All() {
			if err == nil && !unended(doc) {
				continue
			}
			claim := storage.Claim{Key: storage.Text(doc, resource.Jobs.ID)}
			if err == nil {
				claim.Worker, err = c.worker(claim.Key)
			}
			if !yield(claim, err) {
				return
			}
		}
	}
}

func (c claims) worker(jobID string) (string, error) {
	doc, err := c.tx.Documents(progressKind, "").Document(jobID)
	return storage.Text(doc, "worker"), storage.Optional(err)
}

func (c claims) Worker(jobID string) (string, error) {
	doc, err := c.tx.Documents(resource.Jobs.Name, "").Document(jobID)
	if err == nil && !unended(doc) {
		err = storage.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return c.worker(jobID)
}

// Give assigns a job to a worker and returns its import. The import has no users if not all of
// them are in the store.
func (c claims) Give(jobID, worker string) (Import, error) {
	kept := c.tx.Documents(progressKind, "")
	doc, err := kept.Document(jobID)
	if err := storage.Optional(err); err != nil {
		return Import{}, err
	}
	if doc == nil {
		doc = storage.Document{}
	}
	doc["worker"] = worker
	if err := kept.Put(storage.Write{ID: jobID, Document: doc}); err != nil {
		return Import{}, err
	}
	i := Import{JobID: jobID}
	if _, complete := doc["total"]; !complete {
		return i, nil
	}
	job, err := c.tx.Documents(resource.Jobs.Name, "").Document(jobID)
	if err != nil {
		return i, err
	}
	i.Connection, err = c.tx.Connections.Get(storage.Text(job, "connection_id"))
	if err == nil {
		i.Upsert, i.shared = job["upsert"] == true, &parts{jobID: jobID, worker: worker}
	}
	return i, storage.Optional(err)
}

// parts are the users of an import in the store. They implement work.
type parts struct {
	db     *storage.DB
	jobID  string
	worker string // the name of the worker that does the job
	total  int
	part   string // the id of the document of the current batch
}

func (p *parts) batches() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for {
			users, err := p.next()
			if err != nil {
				yield(nil, err)
				return
			}
			if users == nil || !yield(users, nil) {
				return
			}
		}
	}
}

// next reads the first remaining batch, or returns nil.
func (p *parts) next() (users []any, err error) {
	err = p.db.View(context.Background(), func(tx *storage.Tx) error {
		users = nil
		for row, err := range tx.Documents(partKind, p.jobID).Rows() {
			if err != nil {
				return err
			}
			var part struct {
				ID    string `json:"id"`
				Users []any  `json:"users"`
			}
			if err := json.Unmarshal(row.JSON, &part); err != nil {
				return fmt.Errorf("users of the job %s: %w: %w", p.jobID, keyspace.ErrDamaged, err)
			}
			p.part, users = part.ID, part.Users
			return nil
		}
		return nil
	})
	return users, err
}

func (p *parts) begun() (done progress, total int, err error) {
	err = p.db.View(context.Background(), func(tx *storage.Tx) error {
		kept, err := tx.Documents(progressKind, "").Document(p.jobID)
		number := func(name string) int { n, _ := kept[name].(float64); return int(n) }
		done, p.total = progress{number("inserted"), number("updated"), number("failed")}, number("total")
		return err
	})
	return done, p.total, err
}

func (p *parts) written(tx *storage.Tx, done progress) error {
	worker, err := claims{tx}.worker(p.jobID)
	if err == nil && worker != p.worker {
		err = errTaken
	}
	if err != nil {
		return err
	}
	kept := tx.Documents(partKind, p.jobID)
	if _, err = kept.Document(p.part); storage.IsNotFound(err) {
		err = errTaken
	}
	if err := errors.Join(err, kept.Delete(p.part)); err != nil {
		return err
	}
	return p.putProgress(tx, done, p.total)
}

func (p *parts) putProgress(tx *storage.Tx, done progress, total int) error {
	doc := done.summary(total)
	doc["worker"] = p.worker
	return tx.Documents(progressKind, "").Put(storage.Write{ID: p.jobID, Document: doc})
}

// share stores the users of a job in the store.
func (r *Runner) share(ctx context.Context, i Import) (*parts, error) {
	n := 0
	for users, err := range i.File.batches() {
		if err != nil {
			return nil, err
		}
		n++
		id := fmt.Sprintf("%06d", n)
		err = r.DB.Update(ctx, func(tx *storage.Tx) error {
			return tx.Documents(partKind, i.JobID).Put(storage.Write{ID: id, Document: storage.Document{"id": id, "users": users}})
		})
		if err != nil {
			return nil, err
		}
	}
	p := &parts{db: r.DB, jobID: i.JobID, worker: i.worker.Name}
	return p, r.DB.Update(ctx, func(tx *storage.Tx) error { return p.putProgress(tx, progress{}, i.File.users) })
}

// forget removes the users and the progress of a job from the store.
func forget(tx *storage.Tx, jobID string) error {
	if err := tx.Documents(progressKind, "").Delete(jobID); err != nil {
		return err
	}
	return tx.Documents(partKind, jobID).DeleteAll()
}

// takeOver queues the jobs of servers that have stopped, as far as there are free slots, and marks
// jobs as failed that cannot be continued.
func (r *Runner) takeOver() error {
	for {
		select {
		case r.slots <- struct{}{}:
		default:
			return nil
		}
		more, err := r.takeOne()
		if err != nil || !more {
			return err
		}
	}
}

// takeOne queues a job of a server that has stopped, or marks it as failed, and reports whether
// there was one. The caller must have taken a slot, which takeOne releases unless it queues a job.
func (r *Runner) takeOne() (found bool, err error) {
	i := Import{worker: r.DB.Worker(working)}
	taken, err := storage.TakeOver(context.Background(), i.worker, 1, func(tx *storage.Tx) storage.Claims[Import] { return claims{tx} })
	if len(taken) > 0 && taken[0].shared != nil {
		taken[0].worker, taken[0].shared.db = i.worker, r.DB
		r.queue <- taken[0]
		return true, nil
	}
	if len(taken) > 0 {
		err = r.finish(taken[0].JobID, "failed", nil)
	}
	i.worker.Release()
	<-r.slots
	return len(taken) > 0, err
}
