package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// ledger is what the Management API has acknowledged of roles, and of the metadata
// of a user that every client writes.
type ledger struct {
	mu       sync.Mutex
	roles    map[string]*entry // by name
	metadata map[string]*entry // by key
	writes   int
}

// entry is a value in a storm: the last that was acknowledged, and the last that was
// sent, which are the same where nothing was cut off.
type entry struct{ acknowledged, sent string }

// sharedPath is that of the user whose metadata every client writes.
const sharedPath = "users/auth0|ann"

// absent is the value of what is not there.
const absent = ""

// send notes a value before it is sent.
func (l *ledger) send(book map[string]*entry, name, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if book[name] == nil {
		book[name] = &entry{}
	}
	book[name].sent = value
}

// acknowledge notes that the last value sent was written.
func (l *ledger) acknowledge(book map[string]*entry, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	book[name].acknowledged = book[name].sent
	l.writes++
}

// TestCrashOfManagement kills the server in a storm of 16 clients that write
// resources of their own, and one resource together: what was acknowledged is there,
// what was deleted is not, and nothing is half written.
func TestCrashOfManagement(t *testing.T) {
	const rounds = 10
	s := newStorm(t)
	l := &ledger{roles: map[string]*entry{}, metadata: map[string]*entry{}}
	var works []func(*client, int) bool
	for i := range 16 {
		works = append(works, l.manage(strconv.Itoa(i)))
	}
	for range rounds {
		s.start()
		l.check(s)
		s.rage(s.issuer+"api/v2/", works...)
	}
	s.start()
	l.check(s)
	s.kill()
	s.inspect()
	t.Logf("%d rounds: %d writes, %d requests cut off", rounds, l.writes, s.interrupts)
	if l.writes < 20*rounds || s.interrupts < rounds {
		t.Error("that was no storm")
	}
}

// manage creates, changes and deletes a role, and writes a key of the metadata that
// all clients write. Every third role stays.
func (l *ledger) manage(key string) func(c *client, n int) bool {
	return func(c *client, n int) bool {
		name := fmt.Sprint("role-", c.name, "-", n)
		var role struct{ ID string }
		steps := []func() error{
			func() error { return l.write(c, l.roles, name, "created", http.MethodPost, "roles", &role) },
			func() error { return l.write(c, l.roles, name, "changed", http.MethodPatch, "roles/"+role.ID, nil) },
			func() error {
				return l.write(c, l.metadata, key, fmt.Sprint(c.name, n), http.MethodPatch, sharedPath, nil)
			},
			func() error { return l.write(c, l.roles, name, absent, http.MethodDelete, "roles/"+role.ID, nil) },
		}
		if n%3 == 0 {
			steps = steps[:3]
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return c.give(err)
			}
		}
		return true
	}
}

// write sends a value and notes what becomes of it.
func (l *ledger) write(c *client, book map[string]*entry, name, value, method, path string, answer any) error {
	body := map[string]any{"name": name, "description": value}
	if path == sharedPath {
		body = map[string]any{"user_metadata": map[string]string{name: value}}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	l.send(book, name, value)
	status, _, got, err := c.fetch(method, c.issuer+"api/v2/"+path, "application/json", string(raw))
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("%s %s: %d %s", method, path, status, got)
	}
	l.acknowledge(book, name)
	if answer == nil {
		return nil
	}
	return json.Unmarshal([]byte(got), answer)
}

// check compares what the server has after a restart with the ledger. What was cut
// off may have been written or not; from then on it is what it is.
func (l *ledger) check(s *storm) {
	s.t.Helper()
	c := s.newClient("check")
	defer c.CloseIdleConnections()
	c.machine = s.machineToken(s.issuer + "api/v2/")
	roles := map[string]string{}
	for page, more := 0, true; more; page++ {
		var list []struct{ Name, Description string }
		l.read(c, fmt.Sprint("roles?per_page=100&page=", page), &list)
		for _, role := range list {
			if _, twice := roles[role.Name]; twice {
				s.t.Errorf("the role %s is there twice", role.Name)
			}
			roles[role.Name] = role.Description
		}
		more = len(list) == 100
	}
	var user struct {
		Metadata map[string]string `json:"user_metadata"`
	}
	l.read(c, sharedPath, &user)
	compare(s, l.roles, roles)
	compare(s, l.metadata, user.Metadata)
}

func (l *ledger) read(c *client, path string, into any) {
	c.t.Helper()
	status, _, body, err := c.fetch(http.MethodGet, c.issuer+"api/v2/"+path, "", "")
	if err := errors.Join(err, json.Unmarshal([]byte(body), into)); err != nil || status != http.StatusOK {
		c.t.Fatalf("%s: %d %v\n%s", path, status, err, body)
	}
}

func compare(s *storm, book map[string]*entry, found map[string]string) {
	s.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(book)) {
		e := book[name]
		if got := found[name]; got != e.acknowledged && got != e.sent {
			s.t.Errorf("%s is %q; %q was acknowledged, and %q sent after that", name, got, e.acknowledged, e.sent)
		}
		e.acknowledged, e.sent = found[name], found[name]
	}
	for name := range found {
		if book[name] == nil {
			s.t.Errorf("%s is there, and nobody asked for it", name)
		}
	}
}
