package server

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// fullDisk is a storage engine whose writes all fail once full is set.
type fullDisk struct {
	keyspace.Engine
	full  atomic.Bool
	tries atomic.Int32
	tried chan struct{} // one for each try that failed, as far as there is room
}

func (e *fullDisk) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return e.Engine.Update(ctx, func(kv keyspace.KV) error {
		if err := fn(kv); err != nil || !e.full.Load() {
			return err
		}
		e.tries.Add(1)
		select {
		case e.tried <- struct{}{}:
		default:
		}
		return syscall.ENOSPC
	})
}

// lines is a log that can be read while it is being written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// TestSweeperOnAFullDisk has more expired records than one sweep removes, on a full disk: the sweeper
// pauses between its attempts, logs each failure, and stops at once when it is told to.
func TestSweeperOnAFullDisk(t *testing.T) {
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	disk := &fullDisk{Engine: engine, tried: make(chan struct{}, 1)}
	db, err := storage.Open(disk)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		for i := range sweepLimit + 1 {
			if err := tx.RevokedGrants.Put(storage.RevokedGrant{GrantID: strings.Repeat("g", i+1), ExpiresAt: now}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	disk.full.Store(true)
	var log lines
	const every = 10 * time.Millisecond
	stores := func() []sweepable { return []sweepable{aged{db, now.Add(time.Hour)}} }
	s := sweeper{stores, slog.New(slog.NewTextHandler(&log, nil)), every}
	stop, ended := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() { s.run(stop); close(ended) }()
	for range 4 {
		<-disk.tried
	}
	// The fourth attempt comes after pauses of 1, 2, 4 and 8 periods.
	if took := time.Since(began); took < 15*every {
		t.Errorf("4 tries were made in %v: the sweeper does not pause", took)
	}
	close(stop)
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the sweeper outlives its stop")
	}
	if told, tries := log.count("expired records could not be removed"), int(disk.tries.Load()); told != tries {
		t.Errorf("%d of %d failures are in the log", told, tries)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.sweep(stop); err != nil {
		t.Errorf("a sweep of a store that was closed, as that of a deleted tenant is: %v", err)
	}
}

// aged is a store with a clock that shows a fixed time.
type aged struct {
	db  *storage.DB
	now time.Time
}

func (a aged) DB() *storage.DB { return a.db }
func (a aged) Now() time.Time  { return a.now }
func (a aged) Swept()          {}
func (a aged) Remind() error   { return nil }
