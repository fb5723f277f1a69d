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
	calm       = 6 // a second in which nobody asks anything may lie between two tests
	// returns is how many quiet moments give memory back after a burst: what is pooled
	// for reuse outlives the first collection.
	returns = 3
)

// How far the heap may grow before garbage is collected, in per cent of what is
// in use: Go's own figure, and those that save a busy server most of that work. A heap of
// a few megabytes may grow by busyRoom, up to mostGrowth.
// A start is in between: of a large tenant file much stays in use until it is stored.
const (
	quietGrowth = 100
	startGrowth = 200
	busyGrowth  = 400
	mostGrowth  = 1000
	busyRoom    = 64 << 20 // bytes
)

// growthWith is how far the heap of a busy server may grow with so many bytes in use.
func growthWith(used uint64) int {
	return int(min(max(100*busyRoom/max(used, 1), busyGrowth), mostGrowth))
}

// tendMemory lets the heap grow while the server is busy, and in the first quiet
// moments afterwards gives back to the machine what it grew by, and the pages of the
// program that it ran, until stop is closed. The runtime itself keeps most of it for minutes, on machines where a
// development server idles nearly always. forget is called before: what is remembered
// of the burst lies scattered over all of the heap that it took, and would keep that.
func tendMemory(stop <-chan struct{}, forget func()) {
	tick := clock.Ticker(quietEvery)
	defer tick.Stop()
	var returned, before uint64
	quiet, left, growth := calm, 0, 0
	grow := func(to int) {
		if to != growth { // it stops the process for a moment
			debug.SetGCPercent(to)
			growth = to
		}
	}
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
		case busy:
			const step = 50 // a little more or less in use changes nothing
			grow(growthWith(heap("/gc/heap/live:bytes")) / step * step)
		case wasBusy:
			grow(quietGrowth)
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
			_ = releaseProgram() // without it, it stays as large as it is
			left--
			before = allocated() // what giving back has taken is no burst
		}
	}
}

// allocated is how many bytes of heap the process has asked for since its start.
func allocated() uint64 { return heap("/gc/heap/allocs:bytes") }

// heap is a measure of the runtime's, as runtime/metrics names it.
func heap(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
