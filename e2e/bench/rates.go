package main

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
)

// clients is the number of connections over which a load is sent.
const clients = 32

// Targets: shares of the signing rate that the token endpoint must reach.
const (
	distinctTarget = 0.80
	repeatedTarget = 12
	codeTarget     = 0.60 // of half the signing rate, because a login signs two tokens
)

// Limits of the server's cost in addition to signing, as multiples of the CPU time of a
// signature. Passwords that were verified before are not hashed again, so a login with the form
// hashes nothing here.
const (
	repeatedCost = 0.05
	sessionCost  = 0.30
	formCost     = 0.80
)

// load is one kind of request.
type load struct {
	name       string
	op         func(worker int) error
	target     float64 // share of the limit, 0 for no target
	signatures int     // new signatures for each operation; 0 if tokens may repeat
	cost       float64 // limit of the cost in addition to signatures, as a multiple of a signature; 0 for no limit
	seen       []*seen // the tokens that were received
	rounds     []round
}

// rates measures how many requests of each kind a running server answers in a second. Each round
// is between two measurements of the limit, because a shared machine changes its speed. If the
// machine is not quiet, up to twice as many rounds are made.
func (b *bench) rates() error {
	seed, err := b.writeTenant(clients, 0, true)
	if err != nil {
		return err
	}
	p, _, err := b.start("rates", seed)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // nothing is left to measure
	loads, err := b.loads(p)
	if err != nil {
		return err
	}
	limit := func() (round, error) {
		r, err := watch(p, func() (float64, error) { return b.signer.rate(b.limit) })
		b.table.limits = append(b.table.limits, r.rate)
		return r, err
	}
	before, err := limit()
	if err != nil {
		return err
	}
	for n := range 2 * b.rounds {
		b.progress("rates, round %d", n+1)
		for _, l := range loads {
			if enough(l.rounds, b.rounds) {
				continue
			}
			r, err := b.measure(p, l)
			if err != nil {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			after, err := limit()
			if err != nil {
				return err
			}
			r.limit = (before.rate + after.rate) / 2 / float64(max(l.signatures, 1))
			r.signature = (before.own + after.own) / 2 // in a round of the limit this process does nothing but sign
			r.foreign = max(r.foreign, before.foreign, after.foreign)
			l.rounds, before = append(l.rounds, r), after
		}
	}
	for _, l := range loads {
		rounds := quietest(l.rounds, b.rounds)
		b.table.rate(l.name, rounds, l.target)
		b.table.note("Server's CPU for each of %s: %s.", l.name, column(rounds, func(r round) float64 { return r.cpu }).show(microseconds))
	}
	for _, l := range loads {
		if l.cost > 0 {
			b.table.beside(l.name, quietest(l.rounds, b.rounds), float64(l.signatures), l.cost)
		}
	}
	return nil
}

// measure measures a load once.
func (b *bench) measure(p *process, l *load) (round, error) {
	r, err := watch(p, func() (float64, error) { return spin(clients, b.rate, l.op) })
	if share := distinct(l.seen...); err == nil && len(l.seen) > 0 && share < 1 {
		b.table.note("%s: only %.1f %% of the tokens of a round were distinct, the others were signed once for several.", l.name, 100*share)
	}
	return r, err
}

// loads prepares all loads. Each client has a connection, and each browser has a session.
func (b *bench) loads(p *process) ([]*load, error) {
	machine, err := openMachines(p)
	if err != nil {
		return nil, err
	}
	browsers, err := openBrowsers(p, benchApp(), clients, email)
	if err != nil {
		return nil, err
	}
	attempts := make([]*attempt, clients)
	for i, user := range browsers {
		if err := user.logIn(); err != nil {
			return nil, err
		}
		if attempts[i], err = openAttempt(p); err != nil {
			return nil, err
		}
	}
	loads := []*load{
		{
			name: "client credentials, distinct payloads", target: distinctTarget, signatures: 1,
			op: func(worker int) error { return machine[worker].distinct() },
		},
		{
			name: "client credentials, repeating payloads", target: repeatedTarget, cost: repeatedCost,
			op: func(worker int) error { return machine[worker].repeated() },
		},
		{
			name: "code + PKCE + ID token + refresh token", target: codeTarget, signatures: 2, cost: sessionCost,
			op: func(worker int) error { return browsers[worker].login() },
		},
		{
			name: "the same with the login form", signatures: 2, cost: formCost,
			op: func(worker int) error { return browsers[worker].logIn() },
		},
		{
			name: "password checks (wrong ones, hashed each time)",
			op:   func(worker int) error { return attempts[worker].wrong() },
		},
	}
	for i := range clients {
		loads[0].seen = append(loads[0].seen, &machine[i].seen)
		loads[2].seen = append(loads[2].seen, &browsers[i].seen)
	}
	loads[3].seen = loads[2].seen
	more, err := flowLoads(p)
	return append(loads, more...), err
}

// machine is a client of the client credentials grant.
type machine struct {
	*conn
	turn   *atomic.Int64
	scopes []string
	form   []byte
	seen   seen
}

func openMachines(p *process) ([]*machine, error) {
	var turn atomic.Int64
	app := benchApp()
	all := make([]*machine, clients)
	for i := range all {
		c, err := dial(p.addr)
		if err != nil {
			return nil, err
		}
		all[i] = &machine{conn: c, turn: &turn, scopes: app.scopes}
	}
	return all, nil
}

// distinct requests a token that no other request in the same second asks for: all clients take
// turns at all combinations of scopes.
func (m *machine) distinct() error {
	n := int(m.turn.Add(1))
	body, err := m.token(n/len(m.scopes)%machines, m.scopes[n%len(m.scopes)])
	if err != nil {
		return err
	}
	return m.seen.add(body, "access_token")
}

// repeated requests the same token each time.
func (m *machine) repeated() error {
	_, err := m.token(0, m.scopes[0])
	return err
}

func (m *machine) token(client int, scope string) ([]byte, error) {
	m.form = append(m.form[:0], "grant_type=client_credentials&client_secret="+machineKey+"&audience=https://api.example.test/bench&client_id="...)
	m.form = append(m.form, machineID(client)...)
	m.form = append(m.form, "&scope="...)
	m.form = append(m.form, bytes.ReplaceAll([]byte(scope), []byte(" "), []byte("+"))...)
	r, err := m.post("/oauth/token", "", m.form)
	if err != nil {
		return nil, err
	}
	if r.status != 200 {
		return nil, fmt.Errorf("client credentials: status %d\n%s", r.status, r.body)
	}
	return r.body, nil
}

// attempt is a browser that shows the login form.
type attempt struct {
	*browser
	location string
	tries    int
}

func openAttempt(p *process) (*attempt, error) {
	browsers, err := openBrowsers(p, benchApp(), 1, email)
	if err != nil {
		return nil, err
	}
	a := &attempt{browser: browsers[0]}
	r, err := a.visit("/authorize?response_type=code&client_id=" + a.app.clientID + "&redirect_uri=" + a.app.callback +
		"&scope=openid&code_challenge_method=S256&code_challenge=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
	if err != nil {
		return nil, err
	}
	a.location = string(r.location)
	return a, nil
}

// wrong tries a password for a user who does not exist, which the server hashes nevertheless.
// Wrong passwords for an existing user would soon block the account.
func (a *attempt) wrong() error {
	a.tries++
	r, err := a.post(a.location, a.cookies, []byte("action=default&username=nobody@example.com&password=wrong"+strconv.Itoa(a.tries)))
	if err == nil && r.status != 400 {
		err = fmt.Errorf("wrong password: status %d", r.status)
	}
	return err
}
