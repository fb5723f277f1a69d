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

// ledger records what the Management API has acknowledged about roles, and about the metadata of a
// user that all clients write.
type ledger struct {
	mu       sync.Mutex
	roles    map[string]*entry // by name
	metadata map[string]*entry // by key
	writes   int
}

// entry is the last acknowledged and the last sent value of something in a storm. They are equal if the last
// request was answered.
type entry struct{ acknowledged, sent string }

// sharedPath is the path of the user whose metadata all clients write.
const sharedPath = "users/auth0|ann"

// absent is the value of something that does not exist.
const absent = ""

// send records a value before it is sent.
func (l *ledger) send(book map[string]*entry, name, value string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if book[name] == nil {
		book[name] = &entry{}
	}
	book[name].sent = value
}

// acknowledge records that the value sent last was written.
func (l *ledger) acknowledge(book map[string]*entry, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	book[name].acknowledged = book[name].sent
	l.writes++
}

// TestCrashOfManagement kills the server while 16 clients write resources of their own and one common resource:
// after a restart all acknowledged values are there, deleted objects are not, and nothing is partially written.
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

// manage returns work that creates, changes and deletes a role, and writes a key of the metadata that
// all clients write. It leaves every third role.
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

// write sends a value and records whether it was acknowledged.
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

// check compares the server's data after a restart with the ledger. A value whose request was cut off may have
// been written or not; the ledger then takes over what is there.
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
