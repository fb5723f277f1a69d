package main

import (
	"fmt"
	"net/http"
)

// manyApplications is the number of applications in a tenant with many users; a tenant
// with few users has only those that are measured. flatList is the largest allowed ratio
// between the costs of a page or a CORS check in the two tenants.
const (
	manyApplications = 5_000
	flatList         = 1.50
)

func applicationOrigin(i int) string { return fmt.Sprintf("https://app%d.example.test", i) }

// lists compares requests whose answers have the same size in both tenants: pages with
// totals, and CORS checks.
func (b *bench) lists(few, many *tenantOf) error {
	for _, m := range []struct{ measure, little, method, target, header string }{
		{
			fmt.Sprintf("a page of 50 of %s users", thousands(many.users)), fmt.Sprintf("of %d", few.users),
			http.MethodGet, "/api/v2/users?per_page=50&include_totals=true", "",
		},
		{
			fmt.Sprintf("a page of 5 of %s applications", thousands(manyApplications)), "of 5",
			http.MethodGet, "/api/v2/clients?per_page=5&include_totals=true&fields=client_id,name", "",
		},
		{
			fmt.Sprintf("a CORS check among %s applications", thousands(manyApplications)), "among 5",
			http.MethodOptions, "/oauth/token", "Origin: http://localhost:8484\r\nAccess-Control-Request-Method: POST\r\n",
		},
	} {
		measure := func(t *tenantOf) (func() (round, error), error) {
			ask, err := t.asker(m.method, m.target, m.header)
			return func() (round, error) {
				return watch(t.process, func() (float64, error) { return spin(clients, b.rate, ask) })
			}, err
		}
		of, err := measure(few)
		if err != nil {
			return err
		}
		at, err := measure(many)
		if err != nil {
			return err
		}
		rounds, err := b.alternate(m.measure, of, at)
		if err != nil {
			return err
		}
		b.table.flat(m.measure, m.little, rounds, flatList)
	}
	return nil
}

// asker opens connections and returns a function that sends a request on one of them. The
// request must succeed.
func (t *tenantOf) asker(method, target, header string) (func(worker int) error, error) {
	m, err := openManager(t.process)
	if err != nil {
		return nil, err
	}
	header += "Authorization: Bearer " + m.token + "\r\n"
	conns := make([]*conn, clients)
	for i := range conns {
		if conns[i], err = dial(t.process.addr); err != nil {
			return nil, err
		}
	}
	return func(worker int) error {
		c := conns[worker]
		c.head(method+" ", target, "")
		c.out = append(append(c.out, header...), "\r\n"...)
		r, err := c.send()
		if err == nil && r.status > 299 {
			err = fmt.Errorf("%s %s: %d %s", method, target, r.status, r.body)
		}
		return err
	}, nil
}

// alternate measures two things in alternating rounds. The limit in each round is the
// rate of the first.
func (b *bench) alternate(what string, first, second func() (round, error)) ([]round, error) {
	var rounds []round
	for n := 0; n < 2*b.rounds && !enough(rounds, b.rounds); n++ {
		b.progress("%s, round %d", what, n+1)
		of, err := first()
		if err != nil {
			return nil, err
		}
		r, err := second()
		if err != nil {
			return nil, err
		}
		r.limit, r.foreign = of.rate, max(r.foreign, of.foreign)
		rounds = append(rounds, r)
	}
	return quietest(rounds, b.rounds), nil
}
