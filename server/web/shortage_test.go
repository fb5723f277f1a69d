package web_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/tenant0/tenant0/server/web"
)

// short is a listener whose Accept always fails with the same error.
type short struct {
	net.Listener
	err error
}

func (l short) Accept() (net.Conn, error) { return nil, l.err }

func TestAShortageIsLoggedOnceInAWhile(t *testing.T) {
	beneath := listen(t)
	defer beneath.Close()
	for err, want := range map[error]string{
		&net.OpError{Op: "accept", Err: syscall.EMFILE}: "ulimit -n",
		&net.OpError{Op: "accept", Err: syscall.ENFILE}: "fs.file-max",
		errors.New("another one"):                       "another one",
	} {
		var log bytes.Buffer
		l := web.LogShortage(short{beneath, err}, slog.New(slog.NewTextHandler(&log, nil)))
		for range 1000 {
			if _, got := l.Accept(); !errors.Is(got, err) {
				t.Fatalf("the error becomes %v", got)
			}
		}
		if told := log.String(); strings.Count(told, "\n") != 1 || !strings.Contains(told, want) || !strings.Contains(told, beneath.Addr().String()) {
			t.Errorf("of 1,000 failures the log says %q, want one line with the address and %q", told, want)
		}
	}
	var log bytes.Buffer
	l := web.LogShortage(short{beneath, net.ErrClosed}, slog.New(slog.NewTextHandler(&log, nil)))
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) || log.Len() > 0 {
		t.Errorf("the end of the listener: %v, and the log says %q", err, &log)
	}
}
