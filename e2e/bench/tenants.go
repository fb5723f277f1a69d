package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Limits for tenants in memory: the time to create one, as a multiple of a signature, and
// the bytes of all of them.
const (
	manyTenants   = 200
	maxTenant     = 5
	maxAllTenants = 100 * mib
)

// tenants measures what tenants of a server without a data folder cost: creating them from
// a seed and as copies, their memory, and a login at one of them compared with the first
// tenant.
func (b *bench) tenants() error {
	b.progress("%d tenants", manyTenants)
	if err := b.knowSignature(); err != nil {
		return err
	}
	control, err := freeAddress()
	if err != nil {
		return err
	}
	p, err := b.startInMemory(control)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // nothing is left to measure
	first := &tenantOf{process: p}
	// The first tenant of a seed creates what the others are copied from.
	if _, _, err := b.makeTenant(control, object{"name": "first"}); err != nil {
		return err
	}
	time.Sleep(rest)
	before, err := p.resident()
	if err != nil {
		return err
	}
	seeds, clones := make(sample, 0, manyTenants), make(sample, 0, manyTenants)
	last := &tenantOf{}
	for i := range manyTenants / 2 {
		for name, body := range map[string]object{"seed": {"seed": "timesheets"}, "clone": {"from": "default"}} {
			body["name"] = fmt.Sprint(name, i)
			addr, took, err := b.makeTenant(control, body)
			if err != nil {
				return err
			}
			if name == "seed" {
				seeds = append(seeds, took)
				last.process = &process{cmd: p.cmd, addr: addr}
			} else {
				clones = append(clones, took)
			}
		}
	}
	time.Sleep(rest)
	after, err := p.resident()
	if err != nil {
		return err
	}
	b.table.inSignatures("a tenant of a seed, made in memory", seeds, maxTenant)
	b.table.inSignatures("a copy of a tenant in memory", clones, maxTenant)
	b.table.atMost(fmt.Sprintf("memory of %d tenants", manyTenants), sample{after - before}, maxAllTenants, mebibytes)
	return b.loginsAt(first, last, fmt.Sprint("seed", manyTenants/2-1))
}

// makeTenant creates a tenant and returns the address of its listener, and the seconds
// until the request was answered.
func (b *bench) makeTenant(control string, body object) (addr string, took float64, err error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", 0, err
	}
	rq, err := http.NewRequestWithContext(b.ctx, http.MethodPost, "http://"+control+"/tenants", bytes.NewReader(raw))
	if err != nil {
		return "", 0, err
	}
	began := time.Now()
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	took = time.Since(began).Seconds()
	if err != nil || resp.StatusCode != http.StatusCreated {
		return "", 0, fmt.Errorf("tenant %s: %s %s, %w", raw, resp.Status, answer, err)
	}
	var made struct {
		Issuer string `json:"issuer"`
	}
	if err := json.Unmarshal(answer, &made); err != nil {
		return "", 0, err
	}
	u, err := url.Parse(made.Issuer)
	if err != nil {
		return "", 0, err
	}
	return "127.0.0.1:" + u.Port(), took, nil
}

// loginsAt compares the cost of a login at the first tenant and at another one, in
// alternating rounds.
func (b *bench) loginsAt(first, other *tenantOf, name string) error {
	users := func(i int) string {
		return []string{"employee", "manager", "contractor"}[i%3] + "@exampleco.com"
	}
	for _, t := range []*tenantOf{first, other} {
		var err error
		if t.browsers, err = openBrowsers(t.process, timesheets, clients, users); err != nil {
			return err
		}
	}
	for _, browser := range other.browsers {
		browser.session = "auth0_" + name
	}
	measure := func(t *tenantOf) (round, error) {
		return watch(t.process, func() (float64, error) {
			return spin(clients, b.rate, func(worker int) error { return t.browsers[worker].logIn() })
		})
	}
	rounds, err := b.alternate("logins at the first and at another tenant",
		func() (round, error) { return measure(first) }, func() (round, error) { return measure(other) })
	if err != nil {
		return err
	}
	b.table.flat(fmt.Sprintf("a login with the form at one of %d tenants", manyTenants), "at the first", rounds, flat)
	return nil
}
