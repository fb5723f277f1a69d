package web

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/tenant0/tenant0/server/clock"
)

// shortagePeriod is the shortest time between two lines in the log.
const shortagePeriod = time.Minute

// LogShortage returns a listener that logs why it cannot accept connections, at
// most once a minute. net/http retries without logging, many times a second.
func LogShortage(l net.Listener, log *slog.Logger) net.Listener {
	return &shortListener{Listener: l, log: log}
}

type shortListener struct {
	net.Listener
	log *slog.Logger

	mu    sync.Mutex
	since func() time.Duration // the time since the last line; nil before the first line
}

// Accept implements net.Listener.
func (l *shortListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		l.tell(err)
	}
	return conn, err
}

func (l *shortListener) tell(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since != nil && l.since() < shortagePeriod {
		return
	}
	l.since = clock.Stopwatch()
	advice := "new connections wait until it passes"
	switch {
	case errors.Is(err, syscall.EMFILE):
		advice = "the process has as many files and connections open as it may; new connections wait until some are closed. Raise its limit (ulimit -n)"
	case errors.Is(err, syscall.ENFILE):
		advice = "the machine has as many files open as it may; new connections wait until some are closed. Raise its limit (fs.file-max)"
	}
	l.log.Error("connections cannot be accepted", "address", l.Addr().String(), "err", err.Error(), "advice", advice)
}
