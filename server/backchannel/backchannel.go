// Package backchannel notifies applications that a session has ended: it signs logout tokens
// and posts them, OpenID Connect Back-Channel Logout. Package storage decides which
// applications are notified, when the session ends.
package backchannel

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of Logouts.
type Deps struct {
	DB     *storage.DB
	Issuer *tokens.Issuer
	Log    *tenantlog.Log
	// Do sends a request; it refuses addresses that the tenant's requests may not reach.
	Do     func(*http.Request) (*http.Response, error)
	Now    func() time.Time
	Server *slog.Logger
}

// Logouts sends logout tokens to applications. It is safe for concurrent use.
type Logouts struct {
	Deps
	worker storage.Worker
	wake   chan struct{}
}

const (
	// attempts is how often delivery to an application is tried. pause is the wait after the
	// first failure; it doubles with each further one.
	attempts = 3
	pause    = time.Second
	// patience is the timeout of one attempt, Auth0:
	// authenticate/login/logout/back-channel-logout.
	patience = 5 * time.Second
	// tokenLifetime is how long a logout token is valid, in seconds, OpenID Connect
	// Back-Channel Logout section 2.4: at most two minutes.
	tokenLifetime = 120
	// atOnce is how many applications are notified in parallel.
	atOnce = 8
	// lookEvery is how often a server looks for logouts that other servers have left when they
	// ended.
	lookEvery = 2 * time.Second
)

// New returns Logouts, which are sent while Run runs.
func New(d Deps) *Logouts {
	return &Logouts{Deps: d, worker: d.DB.Worker("logouts"), wake: make(chan struct{}, 1)}
}

// Wake makes Run send the waiting logouts now. It does not block.
func (l *Logouts) Wake() {
	select {
	case l.wake <- struct{}{}:
	default: // Run has been woken already
	}
}

// take returns the waiting logouts that this server has to send, and claims them for it.
func (l *Logouts) take(ctx context.Context) ([]storage.Logout, error) {
	return storage.TakeOver(ctx, l.worker, math.MaxInt, (*storage.Tx).LogoutClaims)
}

// Run sends logouts until stop is closed. Logouts that are not sent by then are sent by
// another server of the tenant, or after the next start.
func (l *Logouts) Run(stop <-chan struct{}) error {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	places := make(chan struct{}, atOnce)
	l.Wake() // for logouts that were left when the server ended
	others, end := clock.Ticks(lookEvery, l.DB.Shared())
	defer end()
	for {
		select {
		case <-stop:
			return nil
		case <-l.wake:
		case <-others:
		}
		waiting, err := l.take(ctx)
		if err != nil {
			l.Server.Error("back-channel logouts cannot be read", "err", err.Error())
		}
		for _, one := range waiting {
			select {
			case <-stop:
				return nil
			case places <- struct{}{}:
			}
			running.Go(func() {
				defer func() { <-places }()
				l.tell(ctx, one)
			})
		}
	}
}

// tell notifies one application, and writes success or failure to the tenant's log.
func (l *Logouts) tell(ctx context.Context, one storage.Logout) {
	e := tenantlog.Event{
		Type: tenantlog.BackchannelLogout, Description: "OIDC back-channel logout succeeded", ClientID: one.ClientID, UserID: one.UserID,
		Details: map[string]any{"session_id": one.SessionID},
	}
	err := l.try(ctx, one)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		e.Type, e.Description = tenantlog.BackchannelLogoutFailed, "OIDC back-channel logout failed: "+err.Error()
	}
	l.Log.Record(nil, e)
	if err := l.DB.FinishLogout(ctx, one); err != nil {
		l.Server.Error("a back-channel logout may be sent again", "client_id", one.ClientID, "err", err.Error())
	}
}

// try notifies an application, with repeated attempts after failures. If the application
// answers 400, it is not tried again.
func (l *Logouts) try(ctx context.Context, one storage.Logout) (err error) {
	wait := pause
	for n := range attempts {
		if n > 0 {
			clock.Wait(ctx, wait)
			wait *= 2
		}
		var final bool
		if final, err = l.post(ctx, one); err == nil || final || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// post makes one attempt; final says that another attempt would be useless.
func (l *Logouts) post(ctx context.Context, one storage.Logout) (final bool, err error) {
	token, err := l.token(ctx, one)
	if err != nil {
		return true, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	form := url.Values{"logout_token": {token}}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, one.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return true, err
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := l.Do(rq)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNoContent {
		return resp.StatusCode == http.StatusBadRequest, fmt.Errorf("the application answers %s", resp.Status)
	}
	return false, nil
}

// claims are the claims of a logout token, OpenID Connect Back-Channel Logout section 2.4.
type claims struct {
	Iss     string              `json:"iss"`
	Sub     string              `json:"sub"`
	Aud     string              `json:"aud"`
	Iat     int64               `json:"iat"`
	Exp     int64               `json:"exp"`
	JTI     string              `json:"jti"`
	SID     string              `json:"sid"`
	TraceID string              `json:"trace_id"`
	Events  map[string]struct{} `json:"events"`
}

// event is the name of the event in a logout token.
const event = "http://schemas.openid.net/event/backchannel-logout"

// token returns a signed logout token. It uses the algorithm of the application's ID tokens if
// that is an RSA algorithm, otherwise RS256.
func (l *Logouts) token(ctx context.Context, one storage.Logout) (string, error) {
	alg := keys.RS256
	err := l.DB.View(ctx, func(tx *storage.Tx) error {
		client, err := tx.Clients.Get(one.ClientID)
		if asked := client.JWTConfiguration.Alg; asked == keys.PS256 || asked == keys.RS512 {
			alg = asked
		}
		return storage.Optional(err)
	})
	if err != nil {
		return "", err
	}
	now := l.Now().Unix()
	payload, err := json.Marshal(claims{
		Iss: l.Issuer.URL, Sub: one.UserID, Aud: one.ClientID, Iat: now, Exp: now + tokenLifetime, JTI: uuid(), SID: one.SessionID,
		TraceID: keys.Random(12), Events: map[string]struct{}{event: {}},
	})
	if err != nil {
		return "", err
	}
	return l.Issuer.Ring.Sign(alg, keys.TypeLogoutToken, payload)
}

// uuid returns a random UUID, RFC 9562 section 5.4.
func uuid() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails: crypto/rand
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	text := hex.EncodeToString(id)
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}
