package e2e_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

const stormSeed = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"],
     refresh_token: {rotation_type: rotating, expiration_type: expiring, leeway: 0, token_lifetime: 2592000, idle_token_lifetime: 1296000}}
  - {name: machine, client_id: machine, client_secret: a secret of sixteen, app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: api, identifier: "urn:api", skip_consent_for_verifiable_first_party_clients: true, allow_offline_access: true, scopes: [{value: "read:it"}]}
clientGrants:
  - {client_id: machine, audience: "urn:auth0-authz-api", allow_all_scopes: true, scope: []}
  - {client_id: machine, audience: "${issuer}api/v2/", allow_all_scopes: true, scope: []}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob}
`

const (
	groupsPath        = "extensions/authorization/api/groups"
	extensionAudience = "urn:auth0-authz-api"
)

// storm is a server that is killed again and again, with records of what it has acknowledged.
type storm struct {
	daemon
	seed, data, listen                    string
	issuer, verifier, challenge, keySet   string
	transport                             http.RoundTripper // of the clients, nil for one each
	mu                                    sync.Mutex
	redeemed                              map[string]string // code to refresh token
	fresh                                 []string          // codes that nobody has sent
	unsure                                []string          // codes sent without an answer
	families                              []*family
	acknowledged, attempted               map[string]bool // names of groups, of all rounds
	logins, refreshes, groups, interrupts int             // of all rounds, for the log
}

// daemon is a server in its own process.
type daemon struct {
	t               *testing.T
	binary, control string
	flags           []string
	environment     []string // besides the test's own
	process         *exec.Cmd
	ended           chan error
	said            *bytes.Buffer
}

// family is a refresh token in use.
type family struct {
	token    string // the newest that was acknowledged
	inFlight bool   // an exchange of it was not answered
}

// TestCrash kills the server, with fsync on, at random moments while clients log in, refresh tokens and write to the
// Authorization Extension, and starts it again: all that was acknowledged is there, nothing is partially written, and no
// code can be used twice.
func TestCrash(t *testing.T) {
	const rounds = 20
	s := newStorm(t)
	for range rounds {
		s.start()
		s.check()
		s.rage(extensionAudience, logInAndRedeem, logInAndRedeem, keepRefreshing, keepRefreshing, writeGroups, writeGroups)
	}
	s.start()
	s.check()
	s.kill()
	s.inspect()
	t.Logf("%d rounds: %d logins, %d refreshes, %d groups, %d requests cut off", rounds, s.logins, s.refreshes, s.groups, s.interrupts)
	if s.logins < rounds || s.refreshes < rounds || s.groups < rounds || s.interrupts < rounds {
		t.Error("that was no storm")
	}
}

func newStorm(t *testing.T) *storm {
	t.Helper()
	dir := t.TempDir()
	s := &storm{
		daemon: daemon{t: t, binary: filepath.Join(dir, "tenant0"), control: freeAddress(t)},
		seed:   filepath.Join(dir, "tenant.yaml"), data: filepath.Join(dir, "data"),
		listen: freeAddress(t), verifier: strings.Repeat("v", 43), acknowledged: map[string]bool{}, attempted: map[string]bool{},
	}
	build(t, s.binary, "./cmd/tenant0")
	if err := os.WriteFile(s.seed, []byte(stormSeed), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(s.listen, ":")
	s.issuer = "http://localhost:" + port + "/"
	sum := sha256.Sum256([]byte(s.verifier))
	s.challenge = base64.RawURLEncoding.EncodeToString(sum[:])
	s.flags = []string{"start", "--data", s.data, "--seed", s.seed, "--listen", s.listen, "--issuer", s.issuer}
	t.Cleanup(s.kill)
	return s
}

// start starts the server and waits until it answers.
func (s *daemon) start() {
	s.t.Helper()
	s.said = &bytes.Buffer{}
	s.process = exec.Command(s.binary, append(s.flags, "--control", s.control, "--password-cost", "4", "--log-level", "error")...)
	s.process.Env = append(os.Environ(), s.environment...)
	s.process.Stdout, s.process.Stderr = s.said, s.said
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	s.ended = ended
	process := s.process
	go func() { ended <- process.Wait() }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	patience := time.After(servertest.Patience)
	for {
		resp, err := client.Get("http://" + s.control + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			s.t.Fatalf("the server ended at its start: %v\n%s", err, s.said)
		case <-patience:
			s.t.Fatalf("the server is not ready: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// kill ends the server as kill -9 does. It may be called again.
func (s *daemon) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill() // it may have ended
	<-s.ended
	s.process = nil
}

// rage starts one client for each work and kills the server after a while. A client repeats its work, with increasing
// n, until the work returns false.
func (s *storm) rage(audience string, works ...func(c *client, n int) bool) {
	s.t.Helper()
	s.redeemed, s.fresh, s.unsure, s.families = map[string]string{}, nil, nil, nil
	token := s.machineToken(audience)
	over := make(chan struct{})
	var clients sync.WaitGroup
	for i, work := range works {
		clients.Go(func() {
			c := s.newClient(fmt.Sprint(i, "-", rand.Uint64()))
			defer c.CloseIdleConnections()
			c.machine = token
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				default:
				}
				if !work(c, n) {
					return
				}
			}
		})
	}
	<-time.After(time.Duration(50+rand.IntN(200)) * time.Millisecond)
	s.kill()
	close(over)
	clients.Wait()
}

func (s *storm) machineToken(audience string) string {
	s.t.Helper()
	c := s.newClient("machine")
	defer c.CloseIdleConnections()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"machine"}, "client_secret": {"a secret of sixteen"}, "audience": {audience}}
	_, _, body, err := c.fetch(http.MethodPost, s.issuer+"oauth/token", formType, form.Encode())
	var reply struct {
		AccessToken string `json:"access_token"`
	}
	if err := errors.Join(err, json.Unmarshal([]byte(body), &reply)); err != nil || reply.AccessToken == "" {
		s.t.Fatalf("a machine gets no token: %v\n%s", err, body)
	}
	return reply.AccessToken
}

// check looks after a restart for everything that the server acknowledged before it was killed.
func (s *storm) check() {
	s.t.Helper()
	c := s.newClient("check")
	defer c.CloseIdleConnections()
	must := func(what, token string, err error, works bool) {
		s.t.Helper()
		if err != nil || (token != "") != works {
			s.t.Errorf("%s: works %v, want %v; %v", what, token != "", works, err)
		}
	}
	for code, token := range s.redeemed {
		next, err := c.refresh(token)
		must("a refresh token that was acknowledged", next, err, true)
		again, err := c.redeem(code)
		must("the code that it came from", again, err, false)
		next, err = c.refresh(next)
		must("its family after that", next, err, false)
	}
	for _, code := range s.fresh {
		token, err := c.redeem(code)
		must("a code that was acknowledged and not used", token, err, true)
		token, err = c.redeem(code)
		must("that code once more", token, err, false)
	}
	for _, code := range s.unsure {
		_, err := c.redeem(code)
		must("a code whose exchange was cut off", "", err, false) // either way
		token, err := c.redeem(code)
		must("that code once more", token, err, false)
	}
	for _, f := range s.families {
		next, err := c.refresh(f.token)
		must("the newest refresh token of a family", next, err, next != "" || !f.inFlight)
	}
	s.checkGroups()
	_, _, keySet, err := c.fetch(http.MethodGet, s.issuer+".well-known/jwks.json", "", "")
	if err != nil {
		s.t.Error(err)
	}
	if first, _, ok := strings.Cut(keySet, `"n":`); !ok || (s.keySet != "" && s.keySet != first) {
		s.t.Errorf("the key set was %s and is %s", s.keySet, first)
	} else {
		s.keySet = first
	}
}

func (s *storm) checkGroups() {
	s.t.Helper()
	c := s.newClient("check groups")
	defer c.CloseIdleConnections()
	c.machine = s.machineToken(extensionAudience)
	_, _, body, err := c.fetch(http.MethodGet, s.issuer+groupsPath, "", "")
	var list struct {
		Groups []struct{ Name, Description string }
		Total  int
	}
	if err := errors.Join(err, json.Unmarshal([]byte(body), &list)); err != nil {
		s.t.Fatalf("the groups: %v\n%s", err, body)
	}
	found := map[string]bool{}
	for _, g := range list.Groups {
		if found[g.Name] || !s.attempted[g.Name] || g.Description != "of the storm" {
			s.t.Errorf("there is a group %+v: twice %v, asked for %v", g, found[g.Name], s.attempted[g.Name])
		}
		found[g.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(s.acknowledged)) {
		if !found[name] {
			s.t.Errorf("the group %s was acknowledged and is not there", name)
		}
	}
}

// inspect reads the data file itself: every index and expiry entry leads to a record, every record
// is complete, and every list has as many records as it claims.
func (s *storm) inspect() {
	s.t.Helper()
	engine, err := bolt.Open(filepath.Join(s.data, "tenant0.db"), bolt.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer engine.Close()
	rows := 0
	said, entries := map[string]int{}, map[string]int{} // how long each list is
	err = engine.View(context.Background(), func(kv keyspace.KV) error {
		return kv.Scan([]byte{0}, []byte{0xff}, func(key, value []byte) bool {
			kind, rest, _ := bytes.Cut(key, []byte("/"))
			var row []byte
			switch string(kind) {
			case "t", "s":
				rows++
				if len(value) > 0 && !json.Valid(value) {
					s.t.Errorf("the record %q is damaged", key)
				}
				if place, isDocument := bytes.CutPrefix(rest, []byte("documents\x00")); isDocument { // kind, parent, order
					entries["documents\x00"+string(place[:bytes.LastIndexByte(place, 1)])]++
				}
				return true
			case "i":
				var list string
				if row, list = indexed(rest, value); row == nil {
					said[list], err = strconv.Atoi(string(value))
					return err == nil
				}
				entries[list]++
			case "e": // eight bytes of time, table, key
				row = rest[8:]
			default:
				return true
			}
			if found, err := kv.Get(append([]byte("t/"), row...)); err != nil || found == nil {
				s.t.Errorf("the entry %q leads to nothing: %v", key, err)
			}
			return true
		})
	})
	for list, n := range said {
		have := entries[list]
		if have == 0 { // a list that has no order of its own
			have = entries[ofIndex+list]
		}
		if have != n {
			s.t.Errorf("the list %q says that it has %d records, and has %d", list, n, have)
		}
	}
	if err != nil || rows < 100 || len(said) < 10 {
		s.t.Errorf("%d records and %d lists are found: %v", rows, len(said), err)
	}
}

// ofIndex marks the entries of an index, which a list with its own order repeats.
const ofIndex = "index "

// indexed parses an index entry into the row of the record that it leads to, and the list that it is
// part of. An entry that holds the length of a list has no record.
func indexed(rest, value []byte) (row []byte, list string) {
	table, rest, _ := bytes.Cut(rest, []byte{0})
	name, rest, _ := bytes.Cut(rest, []byte{0})
	of := func(list []byte) string { return string(table) + "\x00" + string(list) }
	lead := func(key []byte) []byte { return bytes.Join([][]byte{table, key}, []byte{0}) }
	switch string(name) {
	case "count":
		return nil, of(rest)
	case "order": // place -> key
		return lead(value), of(nil)
	case "listed": // list, a zero byte, and the eight bytes of the place -> key
		return lead(value), of(rest[:len(rest)-9])
	case "place": // key -> place
		return lead(rest), ""
	}
	end := bytes.LastIndexByte(rest, 0) // value, key
	return lead(rest[end+1:]), ofIndex + of(bytes.Join([][]byte{name, rest[:end]}, []byte{0}))
}
