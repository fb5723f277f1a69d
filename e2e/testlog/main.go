// Command testlog runs the command in its arguments, a "go test -json", and prints
// what go test prints without -v: a line for each package, and the output of
// failed tests. In addition, it prints which tests are still running whenever no
// test has ended for a while, and at the end which tests were skipped, and why.
// Its exit code is that of the command.
//
//	go run ./e2e/testlog go test -json ./...
//	go run ./e2e/testlog -keep FILE go test -json ./...   # also stores the command's output
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	every := flag.Duration("every", 30*time.Second, "how long nothing may end before it is said what is waited for")
	keep := flag.String("keep", "", "a file for what the command prints")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: testlog [-every 30s] [-keep FILE] go test -json ...")
		os.Exit(2)
	}
	code, err := run(os.Stdout, *every, *keep, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
	}
	os.Exit(code)
}

// run runs the command and returns its exit code.
func run(out io.Writer, every time.Duration, keep string, command []string) (int, error) {
	// An interrupt also reaches the command, which ends by itself and reports it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // that is what it is for
	cmd.Cancel = func() error { return nil }
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	printed := io.Reader(stdout)
	if keep != "" {
		file, err := os.Create(keep)
		if err != nil {
			return 1, err
		}
		defer func() { _ = file.Close() }()
		printed = io.TeeReader(stdout, file)
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	followed := follow(out, printed, every)
	err = errors.Join(followed, cmd.Wait())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exit.ExitCode(), followed
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

// follow processes the lines that the command prints, until its output ends.
func follow(out io.Writer, stdout io.Reader, every time.Duration) error {
	lines := make(chan string)
	var failure error
	go func() {
		defer close(lines)
		failure = read(stdout, lines)
	}()
	l := newLog(out)
	quiet := time.NewTicker(every)
	defer quiet.Stop()
	for {
		select {
		case line, more := <-lines:
			if !more {
				l.end()
				return failure
			}
			if l.line(line) {
				quiet.Reset(every)
			}
		case now := <-quiet.C:
			l.waiting(now)
		}
	}
}

// read sends the lines, which may have any length, to a channel.
func read(from io.Reader, lines chan<- string) error {
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadString('\n')
		if line != "" {
			lines <- line
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// event is a line of go test -json, see "go doc test2json" and "go help buildjson".
type event struct {
	Time                                      time.Time
	Action, Package, Test, Output, ImportPath string
}

// test names a test; with Test "" it stands for the whole package.
type test struct{ Package, Test string }

func (t test) String() string { return strings.TrimSpace(t.Package + " " + t.Test) }

// testLog is the state of all tests so far.
type testLog struct {
	out io.Writer
	// said is the output of each test that has not ended.
	said map[test][]string
	// since is when each running test began or continued.
	since   map[test]time.Time
	failed  []test
	skipped []string
}

func newLog(out io.Writer) *testLog {
	return &testLog{out: out, said: map[test][]string{}, since: map[test]time.Time{}}
}

// line processes a line of output and reports whether a test or a package ended.
func (l *testLog) line(line string) bool {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
		fmt.Fprint(l.out, line) // output of the go command itself
		return false
	}
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(l.out, e.Output)
	case "start", "run", "cont":
		l.since[t] = e.Time
	case "pause":
		delete(l.since, t)
	case "output":
		l.said[t] = append(l.said[t], e.Output)
	case "pass", "fail", "skip":
		delete(l.since, t)
		if t.Test == "" {
			l.endPackage(t, e.Action)
		} else {
			l.endTest(t, e.Action)
		}
		delete(l.said, t)
		return true
	}
	return false
}

// endTest prints the output of a failed test, and records why a test was skipped.
func (l *testLog) endTest(t test, action string) {
	said := own(l.said[t])
	switch action {
	case "fail":
		l.failed = append(l.failed, t)
		fmt.Fprint(l.out, said)
	case "skip":
		_, reason, _ := strings.Cut(said, "\n") // after "--- SKIP"
		if before, _, _ := strings.Cut(said, "--- SKIP"); strings.TrimSpace(before) != "" {
			reason = before
		}
		l.skipped = append(l.skipped, fmt.Sprintf("%s: %s", t, strings.TrimSpace(reason)))
	}
}

// endPackage prints the package's line, and, if the package failed, the output of
// tests that have not ended, because of a panic or the time limit.
func (l *testLog) endPackage(t test, action string) {
	if action == "fail" {
		for _, left := range l.tests(l.said, t.Package) {
			if left.Test != "" {
				l.failed = append(l.failed, left)
				delete(l.since, left)
				fmt.Fprintf(l.out, "%s has not ended:\n%s", left, own(l.said[left]))
				delete(l.said, left)
			}
		}
	}
	for _, line := range l.said[t] {
		if action == "fail" || strings.HasPrefix(line, "ok ") {
			fmt.Fprint(l.out, line)
		}
	}
}

// tests returns the tests of a package in m, or of all packages if pkg is "".
func (l *testLog) tests(m map[test][]string, pkg string) []test {
	var all []test
	for t := range m {
		if pkg == "" || t.Package == pkg {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b test) int { return cmp.Compare(a.String(), b.String()) })
	return all
}

// own returns the output of a test, without the lines that report its start and
// its pauses.
func own(lines []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.HasPrefix(strings.TrimSpace(line), "=== ")
	}), "")
}

// waiting prints the running tests, the longest-running first. A test is not
// listed together with its own subtests.
func (l *testLog) waiting(now time.Time) {
	var running []test
	for t := range l.since {
		if !l.waitsForAnother(t) {
			running = append(running, t)
		}
	}
	if len(running) == 0 {
		fmt.Fprintln(l.out, "waiting for the compiler")
		return
	}
	slices.SortFunc(running, func(a, b test) int {
		return cmp.Or(l.since[a].Compare(l.since[b]), cmp.Compare(a.String(), b.String()))
	})
	var told []string
	for _, t := range running {
		told = append(told, fmt.Sprintf("%s (%v)", t, max(0, now.Sub(l.since[t])).Round(time.Second)))
	}
	fmt.Fprintln(l.out, "waiting for", strings.Join(told, ", "))
}

// waitsForAnother reports whether another test of the package, or a subtest of the
// test, is running.
func (l *testLog) waitsForAnother(t test) bool {
	inside := func(other test) bool {
		if other == t || other.Package != t.Package {
			return false
		}
		return t.Test == "" || strings.HasPrefix(other.Test, t.Test+"/")
	}
	for other := range l.since {
		if inside(other) {
			return true
		}
	}
	return false
}

// end prints the skipped and the failed tests.
func (l *testLog) end() {
	for _, s := range l.skipped {
		fmt.Fprintln(l.out, "skipped", s)
	}
	for _, t := range l.failed {
		fmt.Fprintln(l.out, "failed", t)
	}
}
