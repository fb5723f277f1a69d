package tenantlog

import (
	"context"

	"github.com/tenant0/tenant0/storage"
)

// After returns up to take events that follow the event with the id from, the oldest
// first, for Auth0's retrieval by checkpoint. It must not be called within a
// transaction.
func (l *Log) After(ctx context.Context, from string, take int) ([]storage.Document, error) {
	if err := l.Flush(); err != nil {
		return nil, err
	}
	found := []storage.Document{}
	err := l.DB.View(ctx, func(tx *storage.Tx) error {
		for d, err := range tx.Logs.After(from) {
			if err != nil || len(found) == take {
				return err
			}
			found = append(found, d)
		}
		return nil
	})
	return found, err
}

// Newest calls fn with the events of a user ("" for all events), the newest first,
// until fn returns false or an error, or until ctx ends. fn may change the documents.
// Newest must not be called within a transaction.
func (l *Log) Newest(ctx context.Context, userID string, fn func(storage.Document) (more bool, err error)) error {
	if err := l.Flush(); err != nil {
		return err
	}
	oldest := storage.LogIDAt(l.Now().Add(-l.Retention))
	return l.DB.View(ctx, func(tx *storage.Tx) error {
		for d, err := range tx.Logs.Newest(userID) {
			if err != nil {
				return err
			}
			if id, _ := d["log_id"].(string); id < oldest {
				return nil // all that follow are older
			}
			if more, err := fn(d); err != nil || !more {
				return err
			}
		}
		return nil
	})
}

// Get returns the event with an id, or an error that wraps storage.ErrNotFound. It
// must not be called within a transaction.
func (l *Log) Get(ctx context.Context, logID string) (d storage.Document, err error) {
	if err := l.Flush(); err != nil {
		return nil, err
	}
	err = l.DB.View(ctx, func(tx *storage.Tx) error {
		d, err = tx.Logs.Document(logID)
		return err
	})
	return d, err
}
