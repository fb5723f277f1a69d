package server

import (
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/tenant0/tenant0/server/clock"
)

// A second in which the server allocates less than quietBytes is a quiet one.
// What was allocated before it is worth returning from burstBytes on.
const (
	quietEvery = time.Second
	quietBytes = 8 << 20
	burstBytes = 32 << 20
)

// returnMemory gives back to the machine, in the first quiet second after a
// burst of work, the memory that the burst took, until stop is closed. The
// runtime itself keeps most of it for minutes, on machines where a development
// server idles nearly always.
func returnMemory(stop <-chan struct{}) {
	tick := clock.Ticker(quietEvery)
	defer tick.Stop()
	var returned, before uint64
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		now := allocated()
		if now-before < quietBytes && now-returned > burstBytes {
			debug.FreeOSMemory()
			returned = now
		}
		before = now
	}
}

// allocated is how many bytes of heap the process has asked for since its start.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
