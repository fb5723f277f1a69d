package storage_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/tenant0/tenant0/storage"
)

// TestSlowWorkFailsWithinTransactions calls Slow within transactions, where it must not be called, and
// outside, where it may.
func TestSlowWorkFailsWithinTransactions(t *testing.T) {
	db := open(t)
	work := func() { storage.Slow("work") }
	work() // outside
	err := db.Update(t.Context(), func(*storage.Tx) error {
		func() { work() }()
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "work is slow") {
		t.Errorf("within an update: %v", err)
	}
	func() {
		defer func() {
			if said, _ := recover().(string); !strings.Contains(said, "work is slow") {
				t.Errorf("within a view: %q", said)
			}
		}()
		_ = db.View(t.Context(), func(*storage.Tx) error { work(); return nil })
	}()
	var ended sync.WaitGroup
	err = db.Update(t.Context(), func(*storage.Tx) error {
		ended.Go(work) // of its own, and nobody waits for it
		return nil
	})
	ended.Wait()
	if err != nil {
		t.Error(err)
	}
}

// TestReadingEndsWithItsRequest cancels the context in the middle of every operation that reads many records.
func TestReadingEndsWithItsRequest(t *testing.T) {
	db := open(t)
	const many = 1000
	var ids []string
	db.update(func(tx *storage.Tx) error {
		for i := range many {
			id := fmt.Sprintf("auth0|%04d", i)
			ids = append(ids, id)
			if err := tx.Users.Put(storage.Document{"user_id": id, "email": id + "@example.com"}); err != nil {
				return err
			}
			if err := tx.Documents("things", "").Put(storage.Write{ID: id, Document: storage.Document{"id": id}}); err != nil {
				return err
			}
			event := fmt.Sprintf("900%050d", i)
			if err := tx.Logs.Append(event, "", storage.Document{"log_id": event}); err != nil {
				return err
			}
		}
		return nil
	})
	for name, read := range map[string]func(tx *storage.Tx, seen func(error) bool){
		"all":        func(tx *storage.Tx, seen func(error) bool) { each(tx.Users.All(), seen) },
		"rows":       func(tx *storage.Tx, seen func(error) bool) { each(tx.Users.Rows(), seen) },
		"documents":  func(tx *storage.Tx, seen func(error) bool) { each(tx.Documents("things", "").Rows(), seen) },
		"the log":    func(tx *storage.Tx, seen func(error) bool) { each(tx.Logs.Newest(""), seen) },
		"the log on": func(tx *storage.Tx, seen func(error) bool) { each(tx.Logs.After(""), seen) },
		"one by one": func(tx *storage.Tx, seen func(error) bool) {
			for _, id := range ids {
				if _, err := tx.Users.Document(id); !seen(err) {
					return
				}
			}
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		count, ended := 0, error(nil)
		_ = db.View(ctx, func(tx *storage.Tx) error {
			read(tx, func(err error) bool {
				if count++; count == 300 {
					cancel()
				}
				ended = errors.Join(ended, err)
				return err == nil
			})
			return nil
		})
		cancel()
		if !errors.Is(ended, context.Canceled) || count > 600 {
			t.Errorf("%s: %d are read, and it ends with %v", name, count, ended)
		}
	}
}

// TestUpdateEndsWithItsContext: an update whose caller cancels while it reads is undone.
func TestUpdateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := s.Update(ctx, func(tx *storage.Tx) error {
		if err := tx.Users.Put(storage.Document{"user_id": "auth0|1"}); err != nil {
			return err
		}
		cancel()
		_, err := tx.Users.Get("auth0|1")
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the update ends with %v, want %v", err, context.Canceled)
	}
	s.view(func(tx *storage.Tx) error {
		there, err := tx.Users.Has("auth0|1")
		if there {
			t.Error("what it had written is kept")
		}
		return err
	})
}

func each[T any](all iter.Seq2[T, error], seen func(error) bool) {
	for _, err := range all {
		if !seen(err) {
			return
		}
	}
}
