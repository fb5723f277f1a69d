package server

import (
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/tenant0/tenant0/server/clock"
)

// An interval of quietEvery in which the server allocates less than quietBytes is a quiet one. After calm
// quiet intervals in a row, the burst of work before them counts as over. Memory is returned to the system
// only if the burst allocated more than burstBytes.
const (
	quietEvery = 250 * time.Millisecond
	quietBytes = 2 << 20
	burstBytes = 4 << 20
	calm       = 6 // 1.5 seconds: up to a second without a request may lie between two tests
	// returns is in how many quiet intervals after a burst memory is given back: objects in a sync.Pool
	// survive the first collection.
	returns = 3
)

// How far the heap may grow before garbage is collected, in per cent of the heap in use (see
// debug.SetGCPercent). quietGrowth is Go's default; the larger values save a busy server most of the work of
// collecting. A small heap may grow by busyRoom, but by no more than mostGrowth. A starting server uses a
// value in between, because much of a large tenant file stays in memory until it is stored.
const (
	quietGrowth = 100
	startGrowth = 200
	busyGrowth  = 400
	mostGrowth  = 1000
	busyRoom    = 64 << 20 // bytes
)

// growthWith returns how far the heap of a busy server may grow, in per cent, if used bytes of it are in use.
func growthWith(used uint64) int {
	return int(min(max(100*busyRoom/max(used, 1), busyGrowth), mostGrowth))
}

// tendMemory lets the heap grow while the server is busy. In the first quiet intervals afterwards it returns
// the additional memory, and the pages of the program's own code, to the operating system. It runs until stop
// is closed. Go's runtime alone would keep most of that memory for minutes, although a development server is
// idle nearly always. forget is called before memory is returned: caches filled during the burst lie
// scattered over the whole heap and would keep its pages in use.
func tendMemory(stop <-chan struct{}, forget func()) {
	tick := clock.Ticker(quietEvery)
	defer tick.Stop()
	var returned, before uint64
	quiet, left, growth := calm, 0, 0
	grow := func(to int) {
		if to != growth { // SetGCPercent stops the process for a moment
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
			const step = 50 // round, so that small changes of the heap do not call SetGCPercent
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
			_ = releaseProgram() // if it fails, the process only stays larger
			left--
			before = allocated() // do not count what returning memory has itself allocated
		}
	}
}

// allocated returns how many bytes of heap the process has allocated since its start.
func allocated() uint64 { return heap("/gc/heap/allocs:bytes") }

// heap returns the value of a metric by its name in runtime/metrics.
func heap(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
