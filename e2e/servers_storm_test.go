package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

var stormTime = flag.Duration("storm", 12*time.Second, "how long the storm over several servers lasts")

// fleet is a storm over several servers of one tenant on one PostgreSQL. Each server has its own connection to the
// database, which can be cut, and its own clock, which is wrong by a different time.
type fleet struct {
	*storm
	database *pgtest.Server
	ways     []*pgtest.Proxy
	servers  []*daemon
	next     atomic.Int64
	did      map[string]int // what was done to it
	hook     *listener      // a webhook that is told of changes
}

// TestStormOverServers: users log in and refresh tokens, and machines write, at three servers behind a load balancer,
// while servers and the database are killed, connections are cut and keys are rotated. All that was acknowledged is
// there and was delivered to a webhook, no code is redeemed twice, and no token is signed with a key that some server
// does not publish. `go test ./e2e -run Storm -storm 10m` takes longer.
func TestStormOverServers(t *testing.T) {
	f := newFleet(t)
	f.hook.subscribe(f.storm)
	f.raceForCodes(200, 8)
	l := &ledger{roles: map[string]*entry{}, metadata: map[string]*entry{}}
	const each = 12 * time.Second
	for left := *stormTime; left > 0; left -= each {
		f.round(l, min(left, each))
	}
	f.oneTime()
	events, twice := f.hook.counts()
	t.Logf("%d logins, %d refreshes, %d groups, %d writes, %d events of which %d came again, %d requests without an answer; %v",
		f.logins, f.refreshes, f.groups, l.writes, events, twice, f.interrupts, f.did)
	if f.logins < 10 || f.refreshes < 10 || f.groups < 10 || l.writes < 10 || f.did["cut"] == 0 || f.did["killed"] == 0 || f.did["crashed"] == 0 || f.did["rotated"] == 0 {
		t.Error("that was no storm")
	}
}

// round is a part of the storm, after which it checks everything that was acknowledged.
func (f *fleet) round(l *ledger, lasting time.Duration) {
	f.t.Helper()
	f.redeemed, f.fresh, f.unsure, f.families = map[string]string{}, nil, nil, nil
	extension, management := f.machineToken(extensionAudience), f.machineToken(f.issuer+"api/v2/")
	over := make(chan struct{})
	var clients sync.WaitGroup
	loose := func(token string, work func(c *client, n int) bool) {
		clients.Go(func() { f.keepOn(over, token, work) })
	}
	for range 2 {
		loose("", f.logIn)
		loose("", keepRefreshing)
		loose(extension, writeGroups)
		loose("", f.signed)
	}
	for i := range 4 {
		loose(management, l.manage(fmt.Sprint(i)))
	}
	f.disturb(lasting)
	close(over)
	clients.Wait()
	f.check()
	l.check(f.storm)
	f.hook.check(f.storm, l.metadata)
}

// logIn is logInAndRedeem, unless the user nearly has the maximum number of refresh tokens.
func (f *fleet) logIn(c *client, n int) bool {
	f.mu.Lock()
	many := len(f.redeemed)+len(f.fresh)+len(f.unsure) > 150
	f.mu.Unlock()
	if many {
		f.pause()
		return true
	}
	return logInAndRedeem(c, n)
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{database: pgtest.Start(t), storm: newStorm(t), did: map[string]int{}, hook: listen(t)}
	store := f.database.Empty(t)
	for i, ahead := range []string{"", "2s", "-2s"} {
		way := pgtest.NewProxy(t, f.database.Addr())
		d := &daemon{t: t, binary: f.binary, control: freeAddress(t)}
		listen := f.listen
		if i > 0 {
			d.binary, listen = filepath.Join(t.TempDir(), "tenant0"), freeAddress(t)
			build(t, d.binary, "./cmd/tenant0", "-X github.com/tenant0/tenant0/server/clock.ahead="+ahead)
		}
		d.flags = []string{"start", "--store", way.URL(t, store), "--data", t.TempDir(), "--seed", f.seed, "--listen", listen, "--issuer", f.issuer}
		d.start()
		t.Cleanup(d.kill)
		f.ways, f.servers = append(f.ways, way), append(f.servers, d)
	}
	f.transport = f
	return f
}

// errAway is the answer of a server whose database is not available.
var errAway = errors.New("503")

// RoundTrip sends a request to the next server that is up, as a load balancer does.
func (f *fleet) RoundTrip(rq *http.Request) (*http.Response, error) {
	once := http.Transport{DisableKeepAlives: true, DialContext: f.dial}
	resp, err := once.RoundTrip(rq)
	if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return nil, errAway
	}
	return resp, err
}

func (f *fleet) dial(ctx context.Context, network, _ string) (conn net.Conn, err error) {
	var dialer net.Dialer
	for range f.servers {
		if conn, err = dialer.DialContext(ctx, network, f.address(int(f.next.Add(1)))); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// address returns the address at which server n listens.
func (f *fleet) address(n int) string {
	flags := f.servers[n%len(f.servers)].flags
	return flags[len(flags)-3]
}

// keepOn runs clients one after the other, each until one of its requests gets no answer.
func (f *fleet) keepOn(over <-chan struct{}, token string, work func(c *client, n int) bool) {
	for {
		c := f.newClient(fmt.Sprint(rand.Uint64()))
		c.machine = token
		for n, more := 0, true; more; n++ {
			select {
			case <-over:
				return
			default:
				more = work(c, n)
			}
		}
	}
}

// signed requests a token, and checks that the next server publishes the key with which it is signed.
func (f *fleet) signed(c *client, _ int) bool {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"machine"}, "client_secret": {"a secret of sixteen"}, "audience": {extensionAudience}}
	_, _, body, err := c.fetch(http.MethodPost, c.issuer+"oauth/token", formType, form.Encode())
	if err != nil {
		return c.give(err)
	}
	_, _, keySet, err := c.fetch(http.MethodGet, c.issuer+".well-known/jwks.json", "", "")
	if err != nil {
		return c.give(err)
	}
	var header struct{ Kid string }
	if err := part(body, 0, &header); err != nil || header.Kid == "" || !strings.Contains(keySet, `"`+header.Kid+`"`) {
		c.t.Errorf("a token is signed with %q, %v, and a server publishes %s", header.Kid, err, keySet)
	}
	return true
}

// part decodes part n of the access token in a token response.
func part(body string, n int, into any) error {
	var reply struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		return err
	}
	parts := strings.Split(reply.AccessToken, ".")
	if len(parts) != 3 {
		return fmt.Errorf("no token in %s", body)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// disturb kills servers and the database and cuts connections in turn, and leaves all of them running.
func (f *fleet) disturb(lasting time.Duration) {
	f.t.Helper()
	cut := func() {
		for _, way := range f.ways {
			way.Cut()
		}
		f.did["cut"]++
	}
	deadline := time.Now().Add(lasting)
	for n := 0; time.Now().Before(deadline) || n < 5; n++ {
		victim := f.servers[rand.IntN(len(f.servers))]
		switch n % 5 {
		case 0:
			cut()
		case 1:
			victim.kill()
			f.pause()
			victim.start()
			f.did["killed"]++
		case 2:
			f.rotate(victim)
		case 3:
			for range 5 { // some fall into a commit
				cut()
				f.pause()
			}
		case 4:
			f.database.Crash()
			f.pause()
			f.database.Again(f.t)
			f.did["crashed"]++
		}
		f.pause()
	}
	for _, d := range f.servers {
		f.ready(d)
	}
}

func (f *fleet) pause() { <-time.After(time.Duration(50+rand.IntN(250)) * time.Millisecond) }

// rotate makes the next key the tenant's signing key. A server that has lost its connections may answer
// that it cannot.
func (f *fleet) rotate(d *daemon) {
	f.t.Helper()
	resp, err := http.Post("http://"+d.control+"/keys/rotate", "", nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		f.did["rotated"]++
		f.mu.Lock()
		f.keySet = "" // another from now on
		f.mu.Unlock()
	case http.StatusServiceUnavailable:
		f.did["not rotated"]++
	default:
		f.t.Errorf("rotate: %s", resp.Status)
	}
}

// ready waits until a server can use its database.
func (f *fleet) ready(d *daemon) {
	f.t.Helper()
	for deadline := time.Now().Add(servertest.Patience); ; {
		resp, err := http.Get("http://" + d.control + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("a server is not ready after the storm: %v\n%s", err, d.said)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// raceForCodes has racers redeem the same code at all servers: each time exactly one succeeds.
func (f *fleet) raceForCodes(codes, racers int) {
	f.t.Helper()
	browser := f.newClient("browser")
	for n := range codes {
		code, err := browser.code("ann")
		if err != nil {
			f.t.Fatal(err)
		}
		var successes atomic.Int64
		var wait sync.WaitGroup
		for range racers {
			wait.Go(func() {
				token, err := f.newClient("racer").redeem(code)
				if err != nil {
					f.t.Error(err)
				}
				if token != "" {
					successes.Add(1)
				}
			})
		}
		wait.Wait()
		if successes.Load() != 1 {
			f.t.Fatalf("code %d is redeemed %d times", n, successes.Load())
		}
	}
}

// oneTime checks that all servers use the same time, although the clocks of their machines differ.
func (f *fleet) oneTime() {
	f.t.Helper()
	var first, last float64
	for n := range f.servers {
		c := f.newClient("time")
		address := f.address(n)
		c.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, network, address)
		}}
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"machine"}, "client_secret": {"a secret of sixteen"}, "audience": {extensionAudience}}
		_, _, body, err := c.fetch(http.MethodPost, f.issuer+"oauth/token", formType, form.Encode())
		var claims struct{ Iat float64 }
		if err := errors.Join(err, part(body, 1, &claims)); err != nil {
			f.t.Fatal(err)
		}
		if n == 0 {
			first, last = claims.Iat, claims.Iat
		}
		first, last = min(first, claims.Iat), max(last, claims.Iat)
	}
	if last-first > 1 {
		f.t.Errorf("the servers say times that are %.0f seconds apart", last-first)
	}
}
