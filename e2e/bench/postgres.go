package main

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// besideBolt is the share of the rate of a server with a data file that a server with PostgreSQL on the
// same machine must reach.
const besideBolt = 0.80

// growth is how many times the logins of one server three servers must reach, if each is limited to
// shareOfCore of a core, so that the database and the client have the rest of the cores.
const (
	growth      = 2.40
	shareOfCore = 0.20
)

// cluster is a group of servers for one tenant, and the browsers of users who log in there.
type cluster struct {
	name     string
	size     int
	cores    float64 // the share of a core that each server gets, 0 for no limit
	servers  []*process
	shares   []*share
	browsers []*browser
	rounds   []round
	besides  []round       // compared with the cluster before, whose rate is the limit
	proxy    *pgtest.Proxy // between the servers and the database, nil if there is none
}

// way returns the URL of the database, through the proxy if there is one.
func (c *cluster) way(database *pgtest.Server) string {
	if c.proxy == nil {
		return database.URL()
	}
	return strings.Replace(database.URL(), database.Addr(), c.proxy.Addr(), 1)
}

func (c *cluster) stop() (err error) {
	for _, p := range c.servers {
		err = errors.Join(err, p.stop())
	}
	for _, s := range c.shares {
		err = errors.Join(err, s.end())
	}
	return err
}

// limit limits a server to its share of a core.
func (c *cluster) limit(p *process) error {
	s, err := newShare(strconv.Itoa(p.pid()), c.cores)
	if err != nil {
		return err
	}
	c.shares = append(c.shares, s)
	return s.take(p)
}

// login logs a user in, at the server that the user's browser is connected to.
func (c *cluster) login(worker int) error { return c.browsers[worker].login() }

// onPostgres compares logins at a server with a data file, at one server with PostgreSQL, and at three,
// in alternating rounds. PostgreSQL runs on the same machine, and its commits wait for the disk.
func (b *bench) onPostgres() error {
	database, err := pgtest.New(true)
	if errors.Is(err, pgtest.ErrMissing) {
		b.table.note("Nothing is measured on PostgreSQL: %v.", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer database.Kill()
	seed, err := b.writeTenant(clients, 0, true)
	if err != nil {
		return err
	}
	file := &cluster{name: "with a file", size: 1}
	one := &cluster{name: "one server on PostgreSQL", size: 1}
	three := &cluster{name: "three servers on PostgreSQL", size: 3}
	if err := b.compare(database, seed, []*cluster{file, one, three}, besideBolt, 0); err != nil {
		return err
	}
	if err := b.grow(database, seed); err != nil {
		return err
	}
	return b.countRoundTrips(database, seed)
}

// grow compares one server with three, each limited to a small share of a core if the kernel supports
// that, so that the cores of this machine are not the limit.
func (b *bench) grow(database *pgtest.Server, seed string) error {
	probe, err := newShare("probe", shareOfCore)
	if err != nil {
		b.table.note("How logins grow with servers that have cores of their own is not measured: the kernel limits no process here (%v).", err)
		return nil
	}
	if err := probe.end(); err != nil {
		return err
	}
	small := func(name string, size int) *cluster { return &cluster{name: name, size: size, cores: shareOfCore} }
	return b.compare(database, seed, []*cluster{
		small("one server on PostgreSQL with a fifth of a core", 1), small("three servers on PostgreSQL with a fifth of a core each", 3),
	}, growth)
}

// compare measures logins at each cluster in alternating rounds. targets are the shares that each
// cluster, from the second on, must reach of the rate of the cluster before; 0 sets no target.
func (b *bench) compare(database *pgtest.Server, seed string, all []*cluster, targets ...float64) (err error) {
	defer func() {
		for _, c := range all {
			err = errors.Join(err, c.stop())
		}
	}()
	for _, c := range all {
		if err := b.join(c, seed, database, strings.Contains(c.name, "PostgreSQL")); err != nil {
			return err
		}
	}
	for n := range b.rounds {
		b.progress("logins on PostgreSQL, round %d", n+1)
		if err := b.besideEachOther(all); err != nil {
			return err
		}
	}
	for i, target := range targets {
		c := all[i+1]
		b.table.rate("code + PKCE + ID token + refresh token, "+c.name, c.rounds, 0)
		b.table.rate("the same beside "+all[i].name, c.besides, target)
	}
	return nil
}

// join starts the servers of a cluster and logs the users in. If shared is true, the servers use a
// schema of their own in the database.
func (b *bench) join(c *cluster, seed string, database *pgtest.Server, shared bool) error {
	schema := strings.ReplaceAll(c.name, " ", "_")
	if shared {
		if err := database.Run("create schema \"" + schema + "\""); err != nil {
			return err
		}
	}
	for i := range c.size {
		data := filepath.Join(b.work, fmt.Sprint(schema, i))
		flags := []string{"--data", data, "--seed", seed, "--control", "127.0.0.1:0"}
		if shared {
			flags = append(flags, "--store", c.way(database)+"&search_path="+url.QueryEscape(`"`+schema+`"`))
		}
		p, _, err := b.startWith(data, flags...)
		if err != nil {
			return err
		}
		c.servers = append(c.servers, p)
		if c.cores > 0 {
			if err := c.limit(p); err != nil {
				return err
			}
		}
	}
	for i := range clients {
		user, err := openBrowsers(c.servers[i%c.size], benchApp(), 1, func(int) string { return email(i) })
		if err != nil {
			return err
		}
		if len(c.browsers) > 0 {
			user[0].turn = c.browsers[0].turn // so that no two browsers request equal tokens
		}
		if err := user[0].logIn(); err != nil {
			return err
		}
		c.browsers = append(c.browsers, user[0])
	}
	return nil
}

// besideEachOther measures each cluster once, between two measurements of the limit. The CPU of the
// database would count as that of other programs, so their share is taken from the first cluster.
func (b *bench) besideEachOther(all []*cluster) error {
	for i, c := range all {
		before, err := b.signer.rate(b.limit)
		if err != nil {
			return err
		}
		r, err := watch(c.servers[0], func() (float64, error) { return spin(clients, b.rate, c.login) })
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		after, err := b.signer.rate(b.limit)
		if err != nil {
			return err
		}
		b.table.limits = append(b.table.limits, before, after)
		r.limit = (before + after) / 2 / 2 // halved, because a login signs two tokens
		if i > 0 {
			last := all[i-1].rounds
			r.foreign = last[len(last)-1].foreign
			beside := r
			beside.limit = last[len(last)-1].rate
			c.besides = append(c.besides, beside)
		}
		c.rounds = append(c.rounds, r)
	}
	return nil
}

// countRoundTrips counts the round trips and statements that consecutive logins cause at the database.
func (b *bench) countRoundTrips(database *pgtest.Server, seed string) error {
	proxy, err := pgtest.Between(database.Addr())
	if err != nil {
		return err
	}
	defer proxy.Close()
	c := &cluster{name: "counted", size: 1, proxy: proxy}
	err = b.join(c, seed, database, true)
	if err == nil {
		err = b.countLogins(c, proxy)
	}
	return errors.Join(err, c.stop())
}

func (b *bench) countLogins(c *cluster, proxy *pgtest.Proxy) error {
	const logins = 200
	trips, statements := proxy.Counts()
	for i := range logins {
		if err := c.login(i % len(c.browsers)); err != nil {
			return err
		}
	}
	tripsAfter, statementsAfter := proxy.Counts()
	b.table.note("A login on a session with its exchange, alone: %.1f round trips to PostgreSQL and %.1f statements, those of the background among them.",
		float64(tripsAfter-trips)/logins, float64(statementsAfter-statements)/logins)
	return nil
}
