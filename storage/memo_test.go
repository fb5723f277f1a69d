package storage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// TestWhatWasReadIsReadAnewOnceItHasChanged, even if more records are read than the store remembers, by
// keys, by indexes and in lists.
func TestWhatWasReadIsReadAnewOnceItHasChanged(t *testing.T) {
	const many = 600
	s := open(t)
	put := func(connection string) {
		t.Helper()
		s.update(func(tx *storage.Tx) error {
			for i := range many {
				err := tx.Sessions.Put(storage.Session{
					CookieHash: fmt.Sprint("c", i), ID: fmt.Sprint("s", i), UserID: "u", Connection: connection,
					ExpiresAt: noon.Add(time.Hour), IdleExpiresAt: noon.Add(time.Hour),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	check := func(connection string) {
		t.Helper()
		for range 2 { // the second time some are remembered
			s.view(func(tx *storage.Tx) error {
				for i := range many {
					got, err := tx.Sessions.Get(fmt.Sprint("c", i))
					if err != nil || got.Connection != connection || got.ID != fmt.Sprint("s", i) {
						return fmt.Errorf("session %d is %+v, %w", i, got, err)
					}
				}
				found, err := tx.Sessions.Find("id", "s7")
				if err != nil || found.Connection != connection {
					return fmt.Errorf("by its id it is %+v, %w", found, err)
				}
				n := 0
				for got, err := range tx.Sessions.All() {
					if err != nil || got.Connection != connection {
						return fmt.Errorf("in the list there is %+v, %w", got, err)
					}
					n++
				}
				if n != many {
					return fmt.Errorf("the list has %d", n)
				}
				return nil
			})
		}
	}
	for _, connection := range []string{"first", "second"} {
		put(connection)
		check(connection)
	}
}
