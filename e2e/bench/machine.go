package main

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// signer measures the limit: how fast this machine signs with crypto/rsa, on
// all cores and with nothing else to do.
type signer struct{ key *rsa.PrivateKey }

func newSigner() (signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	return signer{key}, err
}

// rate signs for about d and returns the number of signatures per second.
func (s signer) rate(d time.Duration) (float64, error) {
	digest := sha256.Sum256([]byte("limit"))
	return spin(runtime.GOMAXPROCS(0), d, func(int) error {
		_, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, digest[:])
		return err
	})
}

// knowSignature measures the rate of signatures, unless it was measured before.
func (b *bench) knowSignature() error {
	if len(b.table.limits) > 0 {
		return nil
	}
	rate, err := b.signer.rate(b.limit)
	b.table.limits = append(b.table.limits, rate)
	return err
}

// spin runs op in n goroutines for about d and returns the number of successes
// per second. The first error ends it.
func spin(n int, d time.Duration, op func(worker int) error) (float64, error) {
	var done atomic.Int64
	var stop atomic.Bool
	failed := make(chan error, n)
	var wait sync.WaitGroup
	began := time.Now()
	timer := time.AfterFunc(d, func() { stop.Store(true) })
	defer timer.Stop()
	for worker := range n {
		wait.Go(func() {
			for !stop.Load() {
				if err := op(worker); err != nil {
					failed <- err
					stop.Store(true)
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(done.Load()) / time.Since(began).Seconds(), nil
	}
}

// cpu holds CPU times in seconds: of the machine, of this process, and of the
// server.
type cpu struct{ machine, us, server float64 }

// ticks is the unit of CPU times in /proc, per second: USER_HZ, which is 100 on
// every architecture that Go supports.
const ticks = 100

// cpuNow returns the CPU times of the machine, this process and a server until
// now.
func cpuNow(server *process) (c cpu, err error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return c, fmt.Errorf("%w; the bench needs Linux", err)
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	for i, field := range strings.Fields(string(line))[1:] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return c, err
		}
		if idle := i == 3 || i == 4; !idle && i < 8 { // the times of guests are already contained in the first fields
			c.machine += n / ticks
		}
	}
	if c.us, err = processCPU(os.Getpid()); err != nil {
		return c, err
	}
	c.server, err = processCPU(server.pid())
	return c, err
}

func processCPU(pid int) (float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The command's name, in parentheses, may contain any characters.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err := strconv.ParseFloat(fields[11], 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticks, err
}

// round is one measurement of a rate.
type round struct {
	rate  float64 // operations per second
	limit float64 // what the rate is compared with
	own   float64 // CPU of this process, seconds per operation
	// signature is the CPU time of a signature, in seconds, if the limit is a
	// rate of signatures.
	signature float64
	cpu       float64 // of the server, seconds per operation
	foreign   float64 // share of the cores that other programs took during the round
}

// quiet is the share of the cores that other programs may take in a round that
// is used, if there are enough such rounds.
const quiet = 0.05

// watch measures a rate, and the CPU times during the measurement.
func watch(server *process, rate func() (float64, error)) (r round, err error) {
	began := time.Now()
	before, err := cpuNow(server)
	if err != nil {
		return r, err
	}
	if r.rate, err = rate(); err != nil {
		return r, err
	}
	after, err := cpuNow(server)
	if err != nil {
		return r, err
	}
	took := time.Since(began).Seconds()
	used := after.server - before.server
	own := after.us - before.us
	others := after.machine - before.machine - used - own
	r.cpu, r.own = used/took/r.rate, own/took/r.rate
	r.foreign = max(0, others) / took / float64(runtime.NumCPU())
	return r, nil
}

// quietest returns the n rounds in which other programs took the least CPU
// time.
func quietest(all []round, n int) []round {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b round) int { return cmp.Compare(a.foreign, b.foreign) })
	return sorted[:min(n, len(sorted))]
}

// enough reports whether at least n rounds were quiet.
func enough(all []round, n int) bool {
	some := quietest(all, n)
	return len(some) == n && some[n-1].foreign <= quiet
}

// column returns one value of every round.
func column(all []round, value func(round) float64) sample {
	s := make(sample, len(all))
	for i, r := range all {
		s[i] = value(r)
	}
	return s
}
