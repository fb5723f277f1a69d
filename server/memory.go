package server

import (
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/tenant0/tenant0/server/clock"
)

// A moment in which the server allocates less than quietBytes is a quiet one, and after
// calm of them the burst before is over. What was allocated in it is worth returning
// from burstBytes on.
const (
	quietEvery = 250 * time.Millisecond
	quietBytes = 2 << 20
	burstBytes = 4 << 20
	calm       = 3
	// returns is how many quiet moments give memory back after a burst: what is pooled
	// for reuse outlives the first collection.
	returns = 3
)

// How far the heap may grow before garbage is collected, in per cent of what is
// in use: Go's own figure, and one that saves a busy server with a heap of a few
// megabytes most of that work.
// A start is in between: of a large tenant file much stays in use until it is stored.
const (
	quietGrowth = 100
	startGrowth = 200
	busyGrowth  = 400
)

// tendMemory lets the heap grow while the server is busy, and in the first quiet
// moments afterwards gives back to the machine what it grew by, and the pages of the
// program that it ran, until stop is closed. The runtime itself keeps most of it for minutes, on machines where a
// development server idles nearly always. forget is called before: what is remembered
// of the burst lies scattered over all of the heap that it took, and would keep that.
func tendMemory(stop <-chan struct{}, forget func()) {
	tick := clock.Ticker(quietEvery)
	defer tick.Stop()
	var returned, before uint64
	quiet, left := calm, 0
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		now, wasBusy := allocated(), quiet < calm
		if quiet++; now-before >= quietBytes {
			quiet = 0
		}
		before = now
		switch busy := quiet < calm; {
		case busy && !wasBusy:
			debug.SetGCPercent(busyGrowth)
		case !busy && wasBusy:
			debug.SetGCPercent(quietGrowth)
		}
		if quiet < calm {
			continue
		}
		if now-returned > burstBytes {
			returned, left = now, returns
			forget()
		}
		if left > 0 {
			debug.FreeOSMemory()
			left--
			if left == 0 {
				_ = releaseProgram() // it stays as large as it is
			}
		}
	}
}

// allocated is how many bytes of heap the process has asked for since its start.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
