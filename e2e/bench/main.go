// Command bench compares the server with the limits of the machine that it runs on, and
// prints a table of ratios: which share of the rate at which this machine signs with RSA
// the token endpoint reaches, how fast a server starts, how much memory it takes, and
// how the cost of a login grows with the number of users. The server is the built binary
// in its own process; the bench is the client, over loopback. No build depends on its
// results: a missed target is marked as MISS, and the exit status is 0.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// plan says how much a run measures.
type plan struct {
	binary    string
	starts    int           // starts of each kind
	rounds    int           // rounds of each rate that are used, see quietest
	limit     time.Duration // duration of a measurement of the limit
	rate      time.Duration // duration of a measurement of a rate
	logins    int           // number before memory is measured again
	manyUsers int           // users in the large tenant
}

func full(binary string) plan {
	return plan{
		binary: binary, starts: 11, rounds: 5, limit: time.Second, rate: 2 * time.Second, logins: 100_000, manyUsers: 100_000,
	}
}

func short(binary string) plan {
	return plan{
		binary: binary, starts: 5, rounds: 3, limit: 500 * time.Millisecond, rate: time.Second, logins: 10_000, manyUsers: 10_000,
	}
}

func main() {
	binary := flag.String("binary", "bin/tenant0", "the server to measure")
	only := flag.String("only", "", "measure no more than these, separated by commas: "+strings.Join(measureNames(), ", "))
	byHand := flag.String("serve-by-hand", "", "serve the login that is written by hand at an address, and measure nothing")
	quick := flag.Bool("short", false, "a run of a minute: fewer rounds, logins and users")
	flag.Parse()
	p := full(*binary)
	if *quick {
		p = short(*binary)
	}
	debug.SetGCPercent(800) // so that the client's garbage collection takes little CPU from the server
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	measure := func() error { return p.run(ctx, *only) }
	if *byHand != "" {
		measure = func() error { return serveByHand(ctx, *byHand) }
	}
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measures are the parts of a run, in their order: rates measures the time of a
// signature, with which others are compared.
var measures = []struct {
	name string
	run  func(*bench) error
}{
	{"size", (*bench).size},
	{"starts", (*bench).starting},
	{"rates", (*bench).rates},
	{"identifier", (*bench).identifierFirst},
	{"byhand", (*bench).besideByHand},
	{"postgres", (*bench).onPostgres},
	{"memory", (*bench).memory},
	{"growth", (*bench).growth},
	{"tenants", (*bench).tenants},
}

func measureNames() (names []string) {
	for _, m := range measures {
		names = append(names, m.name)
	}
	return names
}

// run makes the measurements that only names, or all if only is "", and prints the
// table. The end of ctx ends the servers and the run.
func (p plan) run(ctx context.Context, only string) error {
	work, err := os.MkdirTemp("", "tenant0-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{plan: p, ctx: ctx, work: work, began: time.Now()}
	if b.signer, err = newSigner(); err != nil {
		return err
	}
	for _, m := range measures {
		if only != "" && !slices.Contains(strings.Split(only, ","), m.name) {
			continue
		}
		if err := m.run(b); err != nil {
			return err
		}
	}
	if err := b.knowSignature(); err != nil { // the table begins with the rate of signatures
		return err
	}
	b.progress("done")
	return b.table.print(os.Stdout, p)
}

// bench is one run.
type bench struct {
	plan
	ctx    context.Context // ends the servers
	work   string          // folder for all files of the run
	began  time.Time
	signer signer
	table  table
	// firstStart is how many seconds the first start with importedUsers users took.
	firstStart float64
}

// progress prints to stderr what is being measured.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%4.0fs %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// mib is 2^20 bytes, the unit for memory; sizes of files are in decimal MB.
const mib = 1 << 20

const maxBinary = 32e6 // bytes

// size measures the binary that make build makes, which is stripped of symbols.
func (b *bench) size() error {
	info, err := os.Stat(b.binary)
	if err != nil {
		return fmt.Errorf("%w; make build makes it", err)
	}
	b.table.atMost("binary, stripped", sample{float64(info.Size())}, maxBinary, megabytes)
	return nil
}
