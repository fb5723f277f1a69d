package storage_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/storage"
)

// TestSlowWorkFailsWithinTransactions calls Slow where it must not be called, and where it
// may.
func TestSlowWorkFailsWithinTransactions(t *testing.T) {
	db := open(t)
	work := func() { storage.Slow("work") }
	work() // outside
	err := db.Update(func(*storage.Tx) error {
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
		_ = db.View(func(*storage.Tx) error { work(); return nil })
	}()
	ended := make(chan struct{})
	err = db.Update(func(*storage.Tx) error {
		go func() { work(); close(ended) }() // of its own, and nobody waits for it
		return nil
	})
	<-ended
	if err != nil {
		t.Error(err)
	}
}
