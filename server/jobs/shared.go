package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// The users of an import are in the store where several servers have the tenant, a part in each
// document, so that another server goes on when the one that took the file ends. The transaction
// that writes a part removes its document: each user is written once.
const (
	partKind     = "job-users"    // below the job
	progressKind = "job-progress" // by the id of the job, once all parts are there
)

// work are the users of an import that are not written yet.
type work interface {
	// batches reads the users a part at a time.
	batches() iter.Seq2[[]any, error]
	// written is told in the transaction that writes a part what has become of all users so far.
	written(tx *storage.Tx, p progress) error
	// begun is what has become of users before, of how many in all.
	begun() (p progress, total int, err error)
}

func (*File) written(*storage.Tx, progress) error { return nil }

func (f *File) begun() (progress, int, error) { return progress{}, f.users, nil }

// errTaken reports that another server writes the users of a job: this one has lost its lease.
var errTaken = errors.New("another server does the job")

// parts are the users of an import in the store. It implements work.
type parts struct {
	db    *storage.DB
	jobID string
	total int
	part  string // the id of the document of the part that is being written
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

// next reads the first part that is there, or returns nil.
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
				return fmt.Errorf("users of the job %s: %w: %w", p.jobID, storage.ErrDamaged, err)
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
	kept := tx.Documents(partKind, p.jobID)
	_, err := kept.Document(p.part)
	if storage.IsNotFound(err) {
		return errTaken
	}
	if err := errors.Join(err, kept.Delete(p.part)); err != nil {
		return err
	}
	return putProgress(tx, p.jobID, done, p.total)
}

func putProgress(tx *storage.Tx, jobID string, p progress, total int) error {
	return tx.Documents(progressKind, "").Put(storage.Write{ID: jobID, Document: p.summary(total)})
}

// share puts the users of a job into the store.
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
	err := r.DB.Update(ctx, func(tx *storage.Tx) error { return putProgress(tx, i.JobID, progress{}, i.File.users) })
	return &parts{db: r.DB, jobID: i.JobID}, err
}

// forget removes what the store has of a job's users.
func forget(tx *storage.Tx, jobID string) error {
	if err := tx.Documents(progressKind, "").Delete(jobID); err != nil {
		return err
	}
	return tx.Documents(partKind, jobID).DeleteAll()
}

// left is the import of a job that a server has left unended, or found is false where the store
// does not have all that it needs.
func (r *Runner) left(jobID string) (i Import, found bool, err error) {
	err = r.DB.View(context.Background(), func(tx *storage.Tx) error {
		job, err := tx.Documents(resource.Jobs.Name, "").Document(jobID)
		if err != nil {
			return storage.Optional(err)
		}
		if _, err := tx.Documents(progressKind, "").Document(jobID); err != nil {
			return storage.Optional(err)
		}
		conn, err := tx.Connections.Get(storage.Text(job, "connection_id"))
		if err != nil {
			return storage.Optional(err)
		}
		i = Import{JobID: jobID, Connection: conn, Upsert: job["upsert"] == true, shared: &parts{db: r.DB, jobID: jobID}}
		found = true
		return nil
	})
	return i, found, err
}

// goOn queues a job that another server has left, if this one may do it. It reports whether the job
// is somebody's.
func (r *Runner) goOn(jobID string) (bool, error) {
	select {
	case r.slots <- struct{}{}:
	default:
		_, found, err := r.left(jobID)
		return found, err // another server takes it, or this one later
	}
	queued := false
	defer func() {
		if !queued {
			<-r.slots
		}
	}()
	if held, err := r.take(jobID); err != nil || !held {
		return true, err
	}
	i, found, err := r.left(jobID) // as it is now that nobody else can have it
	if err != nil || !found {
		r.leave(jobID)
		return false, err
	}
	r.queue <- i
	queued = true
	return true, nil
}
