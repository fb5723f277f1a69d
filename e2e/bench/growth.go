package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Limits: of starts, as multiples of the time of "tenant0 version"; of memory, in bytes; and
// flat, of the growth of costs.
const (
	maxFirstStart    = 10.0
	maxStart         = 3.0
	maxStartManyUser = 6.0
	maxIdle          = 30 * mib
	maxGrowth        = 12 * mib
	usersInFile      = importedUsers
	flat             = 1.20
)

// starting measures the time from the start of the process to the first discovery document: with
// an empty folder, with the data of an earlier start, and with many users.
func (b *bench) starting() error {
	b.progress("starts")
	first, versions := make(sample, b.starts), make(sample, b.starts)
	for i := range first {
		folder := fmt.Sprintf("first-%d", i)
		var err error
		if versions[i], err = b.version(); err != nil {
			return err
		}
		if first[i], err = b.startOnce(folder, "timesheets"); err != nil {
			return err
		}
		if i > 0 { // the later starts use the first folder
			if err := os.RemoveAll(filepath.Join(b.work, folder)); err != nil {
				return err
			}
		}
	}
	b.table.start("first start to discovery", first, versions, maxFirstStart)
	if err := b.startAgain("later start to discovery", "first-0", "timesheets", maxStart); err != nil {
		return err
	}
	seed, err := b.writeTenant(usersInFile, 0, false)
	if err != nil {
		return err
	}
	took, err := b.startOnce("users", seed)
	if err != nil {
		return err
	}
	b.firstStart = took // importing compares itself with it
	return b.startAgain(fmt.Sprintf("the same with %s users", thousands(usersInFile)), "users", seed, maxStartManyUser)
}

// start adds the seconds of starts. They may be at most a multiple of the time of "tenant0
// version", which is measured just before each start.
func (t *table) start(measure string, took, versions sample, most float64) {
	t.compared(measure, took, milliseconds, versions, milliseconds(versions.median())+" tenant0 version", most)
}

// version returns the seconds that "tenant0 version" takes: the time to start the binary without
// doing anything.
func (b *bench) version() (float64, error) {
	began := time.Now()
	out, err := exec.CommandContext(b.ctx, b.binary, "version").CombinedOutput() //nolint:gosec // running what the user says is the purpose
	if err != nil {
		return 0, fmt.Errorf("version: %w\n%s", err, out)
	}
	return time.Since(began).Seconds(), nil
}

// startOnce starts a server, stops it, and returns the seconds until its first answer.
func (b *bench) startOnce(data, seed string) (float64, error) {
	p, took, err := b.start(data, seed)
	if err != nil {
		return 0, err
	}
	return took.Seconds(), p.stop()
}

// startAgain measures starts with existing data, each next to a run of "tenant0 version".
func (b *bench) startAgain(measure, data, seed string, most float64) (err error) {
	all, versions := make(sample, b.starts), make(sample, b.starts)
	for i := range all {
		if versions[i], err = b.version(); err != nil {
			return err
		}
		if all[i], err = b.startOnce(data, seed); err != nil {
			return err
		}
	}
	b.table.start(measure, all, versions, most)
	return nil
}

// rest is how long a server has had no requests before it counts as idle. Its log is stored after
// a short time, and in the second after that it returns memory to the system.
const rest = 5 * time.Second

// memory measures the resident memory of a server with the embedded tenant, before and after many
// logins. One login in ten uses the form.
func (b *bench) memory() error {
	p, _, err := b.start("memory", "timesheets")
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // nothing is left to measure
	time.Sleep(rest)
	idle, err := p.resident()
	if err != nil {
		return err
	}
	b.table.atMost("resident memory, idle", sample{idle}, maxIdle, mebibytes)
	ownIdle, err := p.memoryOf("RssAnon:")
	if err != nil {
		return err
	}
	b.table.note("Of the idle server's memory %s are its own.", mebibytes(ownIdle))
	b.progress("%s logins", thousands(b.logins))
	users := []string{"employee", "manager", "contractor"}
	browsers, err := openBrowsers(p, timesheets, clients, func(i int) string { return users[i%len(users)] + "@exampleco.com" })
	if err != nil {
		return err
	}
	began := time.Now()
	var logins atomic.Int64
	for logins.Load() < int64(b.logins) {
		_, err = spin(clients, b.rate, func(worker int) error {
			n := logins.Add(1)
			switch {
			case n > int64(b.logins):
				return nil
			case n%10 == 0 || browsers[worker].jar["auth0"] == "":
				return browsers[worker].logIn()
			}
			return browsers[worker].login()
		})
		if err != nil {
			return err
		}
	}
	took := time.Since(began)
	time.Sleep(rest)
	after, err := p.resident()
	if err != nil {
		return err
	}
	b.table.atMost(fmt.Sprintf("more of it after %s logins", thousands(b.logins)), sample{after - idle}, maxGrowth, mebibytes)
	own, err := p.memoryOf("RssAnon:")
	if err != nil {
		return err
	}
	mapped, err := p.memoryOf("RssFile:")
	if err != nil {
		return err
	}
	b.table.note("Of the memory after them %s are the process's own, and %s pages of files: the program and the data.", mebibytes(own), mebibytes(mapped))
	file, err := p.file()
	if err != nil {
		return err
	}
	b.table.note("The data file has %s after these logins, which took %.0f s.", megabytes(file), took.Seconds())
	return nil
}

// tenantOf is a server with many users, some of whom log in.
type tenantOf struct {
	users        int
	applications int // in addition to those that are measured
	process      *process
	browsers     []*browser
	turn         atomic.Int64
}

// population is how many users of a tenant take turns at logging in. They are spread over all
// users, and the server has verified their passwords before, so that only the size of the store
// differs between the tenants.
const population = 100

// growth compares the cost of a login with few and with many users, in alternating rounds.
func (b *bench) growth() error {
	if err := b.knowSignature(); err != nil {
		return err
	}
	few := &tenantOf{users: population}
	many := &tenantOf{users: b.manyUsers, applications: manyApplications - machines - 1}
	for _, t := range []*tenantOf{few, many} {
		b.progress("a tenant with %s users", thousands(t.users))
		if err := b.startTenant(t); err != nil {
			return err
		}
		defer t.process.stop() //nolint:errcheck // nothing is left to measure
	}
	for _, t := range []*tenantOf{few, many} {
		if err := t.connect(); err != nil {
			return err
		}
	}
	rounds, err := b.alternate("logins of few and of many users",
		func() (round, error) { return few.measure(b.rate) }, func() (round, error) { return many.measure(b.rate) })
	if err != nil {
		return err
	}
	name := fmt.Sprintf("a login with the form among %s users", thousands(many.users))
	b.table.flat(name, fmt.Sprintf("among %d", few.users), rounds, flat)
	if err := b.lists(few, many); err != nil {
		return err
	}
	if err := b.searching(many); err != nil {
		return err
	}
	return b.importing(few)
}

func (t *tenantOf) measure(d time.Duration) (round, error) {
	return watch(t.process, func() (float64, error) { return spin(clients, d, t.logIn) })
}

// startTenant starts a server whose users were stored in an earlier start.
func (b *bench) startTenant(t *tenantOf) error {
	seed, err := b.writeTenant(t.users, t.applications, false)
	if err != nil {
		return err
	}
	data := fmt.Sprintf("users-%d", t.users)
	if _, err := b.startOnce(data, seed); err != nil {
		return err
	}
	t.process, _, err = b.start(data, seed)
	return err
}

// connect opens the browsers and logs in each user of the population once.
func (t *tenantOf) connect() (err error) {
	if t.browsers, err = openBrowsers(t.process, benchApp(), clients, email); err != nil {
		return err
	}
	for i := range population {
		if err := t.logIn(i % clients); err != nil {
			return err
		}
	}
	return nil
}

// logIn logs in the next user of the population with the form.
func (t *tenantOf) logIn(worker int) error {
	turn := int(t.turn.Add(1)) % population
	t.browsers[worker].email = email(turn * (t.users / population))
	return t.browsers[worker].logIn()
}
