// Package pgtest starts a PostgreSQL server for tests, with the programs of Debian's package
// postgresql, on a free port of the loopback interface and in a temporary folder. The server ends
// with the test process, however that ends. The package does not know what tests store there.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Server is a running PostgreSQL.
type Server struct {
	folder, programs string
	port             int
	as               *syscall.SysProcAttr // with the user that the server runs as
	sync             string               // "on" if commits wait for the disk

	mu      sync.Mutex
	keeper  *exec.Cmd      // the shell that ends the server
	alive   io.WriteCloser // the shell's input, whose end it waits for
	schemas atomic.Int64
}

// shared is the common server of the tests in this process.
var shared = sync.OnceValues(func() (*Server, error) { return New(false) })

// Shared returns the common server of this test process, which the first call starts. If
// PostgreSQL is not installed, it skips the test.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	return orSkip(tb)(shared())
}

// Start starts a server for one test, which can be killed and started again.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s := orSkip(tb)(New(false))
	tb.Cleanup(s.Kill)
	return s
}

// ErrMissing reports that PostgreSQL is not installed.
var ErrMissing = errors.New("there is no PostgreSQL under /usr/lib/postgresql: make test installs it, as \"apt-get install postgresql\" does")

func orSkip(tb testing.TB) func(*Server, error) *Server {
	tb.Helper()
	return func(s *Server, err error) *Server {
		tb.Helper()
		if errors.Is(err, ErrMissing) {
			tb.Skip(err)
		}
		if err != nil {
			tb.Fatalf("start a PostgreSQL: %v", err)
		}
		return s
	}
}

// programs returns the folder of the newest installed version.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", ErrMissing
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return len(a)*100 - len(b)*100 + strings.Compare(a, b) })), nil
}

// unprivileged returns a user for the server, which refuses to run as root.
func unprivileged() (attr *syscall.SysProcAttr, uid, gid int, err error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, os.Getuid(), os.Getgid(), nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil {
			return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, uid, gid, nil //nolint:gosec // of the system
		}
	}
	return nil, 0, 0, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
}

// New starts a server; durable says whether its commits wait for the disk. It ends with the
// process, or by Kill.
func New(durable bool) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	as, uid, gid, err := unprivileged()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "tenant0-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, programs: bin, as: as, sync: "off"}
	if durable {
		s.sync = "on"
	}
	if err := os.Chown(folder, uid, gid); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	initdb := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), //nolint:gosec // a program of the system
		"--pgdata", filepath.Join(folder, "data"), "--username", "tenant0", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir, initdb.Env = as, folder, []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(folder))
	}
	if s.port, err = freePort(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func freePort() (int, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port, nil
}

// script runs the server until the script's input ends or contains a command, because the test
// process has ended or wants the server to stop. Then it removes the folder, unless told to keep
// it.
const script = `"$1/postgres" -D "$2/data" -k "$2" -h 127.0.0.1 -p "$3" -c fsync="$4" -c full_page_writes="$4" -c max_connections=400 \
	-c shared_buffers=64MB -c log_min_messages=fatal -c log_statement=none > "$2/log" 2>&1 < /dev/null &
server=$!
read how
case "$how" in
kill) kill -QUIT $server; wait $server ;;
stop) kill -INT $server; wait $server ;;
*) kill -QUIT $server; wait $server; rm -rf "$2" ;;
esac`

// start starts the server with its existing data, and waits until it answers.
func (s *Server) start() error {
	s.keeper = exec.CommandContext(context.Background(), "/bin/sh", "-c", script, "sh", s.programs, s.folder, strconv.Itoa(s.port), s.sync) //nolint:gosec // the programs of the system
	attr := *s.as
	attr.Setpgid = true // Ctrl-C must end only the tests
	s.keeper.SysProcAttr, s.keeper.Dir, s.keeper.Env = &attr, s.folder, []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	alive, err := s.keeper.StdinPipe()
	if err != nil {
		return err
	}
	s.alive = alive
	if err := s.keeper.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		conn, err := pgconn.Connect(ctx, s.URL())
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			said, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return fmt.Errorf("it does not answer: %w: %s", err, said)
		}
		pause, stop := context.WithTimeout(ctx, 20*time.Millisecond)
		<-pause.Done()
		stop()
	}
}

// URL returns the URL of the server's default database.
func (s *Server) URL() string {
	return "postgres://tenant0@" + s.Addr() + "/postgres?sslmode=disable"
}

// Addr returns the server's address.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// end tells the shell how to end the server, and waits.
func (s *Server) end(how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keeper == nil {
		return
	}
	_, _ = io.WriteString(s.alive, how)
	_ = s.alive.Close()
	_ = s.keeper.Wait()
	s.keeper = nil
}

// Kill ends the server and removes its data.
func (s *Server) Kill() {
	s.end("")
	_ = os.RemoveAll(s.folder)
}

// Crash ends the server abruptly, as if its machine crashed.
func (s *Server) Crash() { s.end("kill\n") }

// Stop ends the server regularly.
func (s *Server) Stop() { s.end("stop\n") }

// Again starts a server that has crashed or was stopped, with its existing data.
func (s *Server) Again(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(); err != nil {
		tb.Fatal(err)
	}
}

// Empty returns the URL of a new empty schema, which is dropped after the test.
func (s *Server) Empty(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test%d", s.schemas.Add(1))
	s.Exec(tb, "create schema "+name)
	tb.Cleanup(func() {
		s.mu.Lock()
		running := s.keeper != nil
		s.mu.Unlock()
		if running {
			s.Exec(tb, "drop schema "+name+" cascade")
		}
	})
	return s.URL() + "&search_path=" + name
}

// Exec runs statements in the server's default database, and returns the first column of their
// results.
func (s *Server) Exec(tb testing.TB, sql string) (first []string) {
	tb.Helper()
	first, err := s.exec(sql)
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return first
}

// Run runs statements in the server's default database.
func (s *Server) Run(sql string) error {
	_, err := s.exec(sql)
	return err
}

func (s *Server) exec(sql string) (first []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(ctx, s.URL())
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, result := range results {
		for _, row := range result.Rows {
			first = append(first, string(row[0]))
		}
	}
	return first, nil
}
