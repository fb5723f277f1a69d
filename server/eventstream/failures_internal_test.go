package eventstream

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// TestAStreamWithTooManyFailuresStaysDisabled until some are redelivered.
func TestAStreamWithTooManyFailuresStaysDisabled(t *testing.T) {
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	do := func(fn func(*storage.Tx) error) {
		t.Helper()
		if err := db.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	d := Delivery{ID: "evt_1", StreamID: "est_1", Status: Pending, EventType: "user.created"}
	do(func(tx *storage.Tx) error {
		if err := tx.Documents(resource.EventStreams.Name, "").Put(storage.Write{ID: "est_1", Document: storage.Document{"id": "est_1", "status": enabled}}); err != nil {
			return err
		}
		if err := (failures{all: mostFailed - 1}).put(tx, "est_1"); err != nil {
			return err
		}
		return d.put(tx)
	})
	enable := func() (may bool) {
		do(func(tx *storage.Tx) (err error) { may, err = Enable(tx, "est_1"); return err })
		return may
	}
	if !enable() {
		t.Error("a stream with few failures cannot be enabled")
	}
	do(func(tx *storage.Tx) error {
		disabled, err := settle(tx, d, []Attempt{{Status: Failed}})
		if s, _ := readStream(tx, "est_1"); !disabled || s.Status != "disabled" {
			t.Errorf("after %d failures the stream is %s", mostFailed, s.Status)
		}
		return err
	})
	if enable() {
		t.Error("a stream with too many failures can be enabled")
	}
	do(func(tx *storage.Tx) error { return Redeliver(tx, "est_1", []Delivery{d}) })
	if !enable() {
		t.Error("a stream with one failure less cannot be enabled")
	}
}
