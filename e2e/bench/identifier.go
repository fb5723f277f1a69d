package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// maxIdentifierFirst is the limit for a login whose pages ask for the identifier first and then for the password:
// seconds of the server's CPU in addition to its signatures.
const maxIdentifierFirst = 0.003

// identifierFirst measures such logins: four pages, a code and its exchange.
func (b *bench) identifierFirst() error {
	seed, err := b.writeTenant(clients, 0, true)
	if err != nil {
		return err
	}
	if seed, err = b.askIdentifierFirst(seed); err != nil {
		return err
	}
	p, _, err := b.start("identifier", seed)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // nothing is left to measure
	browsers, err := openBrowsers(p, benchApp(), clients, email)
	if err != nil {
		return err
	}
	for _, user := range browsers { // so that the measured logins need not hash the password
		if err := user.logIn(); err != nil {
			return err
		}
	}
	l := &load{name: "identifier first", op: func(worker int) error { return browsers[worker].logIn() }}
	for n := 0; n < 2*b.rounds && !enough(l.rounds, b.rounds); n++ {
		b.progress("logins, identifier first, round %d", n+1)
		limit, err := watch(p, func() (float64, error) { return b.signer.rate(b.limit) })
		if err != nil {
			return err
		}
		r, err := b.measure(p, l)
		if err != nil {
			return err
		}
		r.signature, r.foreign = limit.own, max(r.foreign, limit.foreign)
		l.rounds = append(l.rounds, r)
	}
	rounds := quietest(l.rounds, b.rounds)
	costs := column(rounds, func(r round) float64 { return max(0, r.cpu-2*r.signature) })
	b.table.atMost("CPU beside signing: a login, the identifier first", costs, maxIdentifierFirst, microseconds)
	b.table.count(rounds)
	return nil
}

// askIdentifierFirst changes a tenant file so that its pages ask for the identifier first, and returns the name of the
// new file.
func (b *bench) askIdentifierFirst(seed string) (string, error) {
	text, err := os.ReadFile(seed)
	if err != nil {
		return "", err
	}
	var tenant object
	if err := json.Unmarshal(text, &tenant); err != nil {
		return "", err
	}
	tenant["prompts"] = object{"identifier_first": true, "universal_login_experience": "new"}
	if text, err = json.Marshal(tenant); err != nil {
		return "", err
	}
	name := filepath.Join(b.work, "identifier.json")
	return name, os.WriteFile(name, text, 0o600)
}
