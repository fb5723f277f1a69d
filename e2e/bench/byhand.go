package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template" //nolint:depguard // a server of its own, which has nothing of ours
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// maxByHand is how many times as much CPU a login at the server may cost as one at the minimal
// server.
const maxByHand = 1.50

// byHand is the smallest server that can serve a login with a form: net/http, maps, a page of
// html/template and two signatures. It writes nothing to a disk, checks only the parameters that the
// login needs, and hashes a password once with SHA-256, as tenant0 does with a password that it has
// verified before.
type byHand struct {
	signer signer
	page   *template.Template

	mu       sync.Mutex
	waiting  map[string]url.Values // requests that wait for a login, by state
	codes    map[string]url.Values // requests for which a code was issued, by code
	sessions map[string]string     // users, by cookie
	refresh  map[string]string     // users, by refresh token
}

// serveByHand runs the minimal server until ctx ends.
func serveByHand(ctx context.Context, addr string) error {
	s, err := newSigner()
	if err != nil {
		return err
	}
	h := &byHand{
		signer: s, page: template.Must(template.New("login").Parse(pageByHand)),
		waiting: map[string]url.Values{}, codes: map[string]url.Values{}, sessions: map[string]string{}, refresh: map[string]string{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	mux.HandleFunc("GET /authorize", h.authorize)
	mux.HandleFunc("GET /u/login", h.show)
	mux.HandleFunc("POST /u/login", h.logIn)
	mux.HandleFunc("GET /authorize/resume", h.resume)
	mux.HandleFunc("POST /oauth/token", h.token)
	server := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: patience}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// pageByHand is a login form in a page of about the same size as tenant0's.
var pageByHand = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Log in</title><style>` + strings.Repeat("main{margin:0 auto} ", 400) +
	`</style></head><body><main><h1>Welcome</h1><p>Log in to {{.Client}} to continue.</p>
<form method="post"><input type="hidden" name="state" value="{{.State}}"><label for="username">Email</label>
<input id="username" name="username" value="{{.Hint}}"><label for="password">Password</label><input id="password" name="password" type="password">
<button type="submit" name="action" value="default">Continue</button></form></main></body></html>`

func refuse(w http.ResponseWriter, what string, status int) {
	w.WriteHeader(status)
	_, _ = w.Write([]byte(what))
}

// redirect redirects the browser. The caller has checked every parameter in the location.
func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusFound)
}

// random returns 32 random bytes in base64url.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// keep stores a value in a table under a new random key; take removes it and returns it.
func keep[T any](h *byHand, table map[string]T, value T) (key string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key = random()
	table[key] = value
	return key
}

func take[T any](h *byHand, table map[string]T, key string) (value T, there bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	value, there = table[key]
	delete(table, key)
	return value, there
}

func (h *byHand) authorize(w http.ResponseWriter, r *http.Request) {
	rq := r.URL.Query()
	if rq.Get("client_id") != appByHand.clientID || rq.Get("redirect_uri") != appByHand.callback || rq.Get("code_challenge_method") != "S256" {
		refuse(w, "invalid_request", http.StatusBadRequest)
		return
	}
	if cookie, err := r.Cookie("auth0"); err == nil {
		h.mu.Lock()
		user := h.sessions[cookie.Value]
		h.mu.Unlock()
		if user != "" {
			h.respond(w, rq, user)
			return
		}
	}
	redirect(w, "/u/login?state="+keep(h, h.waiting, rq))
}

func (h *byHand) show(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("state")
	h.mu.Lock()
	rq := h.waiting[state]
	h.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = h.page.Execute(w, map[string]string{"Client": rq.Get("client_id"), "State": state, "Hint": rq.Get("login_hint")})
}

// passwordByHand is the hash of the password that all users have.
var passwordByHand = sha256.Sum256([]byte(password))

func (h *byHand) logIn(w http.ResponseWriter, r *http.Request) {
	state := r.URL.Query().Get("state")
	if sha256.Sum256([]byte(r.PostFormValue("password"))) != passwordByHand {
		refuse(w, "wrong password", http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	rq, there := h.waiting[state]
	h.mu.Unlock()
	if !there {
		refuse(w, "no such login", http.StatusBadRequest)
		return
	}
	rq.Set("user", r.PostFormValue("username"))
	http.SetCookie(w, &http.Cookie{Name: "auth0", Value: keep(h, h.sessions, rq.Get("user")), HttpOnly: true, SameSite: http.SameSiteLaxMode}) //nolint:gosec // over http
	redirect(w, "/authorize/resume?state="+state)
}

func (h *byHand) resume(w http.ResponseWriter, r *http.Request) {
	rq, there := take(h, h.waiting, r.URL.Query().Get("state"))
	if !there {
		refuse(w, "no such login", http.StatusBadRequest)
		return
	}
	h.respond(w, rq, rq.Get("user"))
}

func (h *byHand) respond(w http.ResponseWriter, rq url.Values, user string) {
	rq.Set("user", user)
	redirect(w, rq.Get("redirect_uri")+"?code="+keep(h, h.codes, rq)+"&state="+rq.Get("state"))
}

func (h *byHand) token(w http.ResponseWriter, r *http.Request) {
	rq, there := take(h, h.codes, r.PostFormValue("code"))
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !there || rq.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(challenge[:]) || rq.Get("client_id") != r.PostFormValue("client_id") {
		refuse(w, "invalid_grant", http.StatusForbidden)
		return
	}
	now := time.Now().Unix()
	claims := map[string]any{"iss": "http://localhost:4400/", "sub": rq.Get("user"), "aud": rq.Get("audience"), "iat": now, "exp": now + 86400, "scope": rq.Get("scope"), "azp": rq.Get("client_id")}
	access, err := h.sign(claims)
	claims["aud"], claims["nonce"], claims["email"] = rq.Get("client_id"), rq.Get("nonce"), rq.Get("user")
	id, err2 := h.sign(claims)
	if err := errors.Join(err, err2); err != nil {
		refuse(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": access, "id_token": id, "refresh_token": keep(h, h.refresh, rq.Get("user")), "scope": rq.Get("scope"),
		"expires_in": 86400, "token_type": "Bearer",
	})
}

// sign returns a signed JSON Web Token with the claims, RFC 7519.
func (h *byHand) sign(claims any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + base64.RawURLEncoding.EncodeToString(body)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, h.signer.key, crypto.SHA256, digest[:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), err
}

// appByHand is the application that users log in to.
var appByHand = benchApp()

// startByHand starts the minimal server as a process of its own.
func (b *bench) startByHand() (*process, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(b.ctx, self, "-serve-by-hand", addr), addr: addr} //nolint:gosec // this program itself
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := p.answer(began); err != nil {
		return nil, errors.Join(fmt.Errorf("the login by hand: %w", err), p.stop())
	}
	return p, nil
}

// besideByHand compares the CPU time of a login with the form at tenant0 and at the minimal server,
// in alternating rounds.
func (b *bench) besideByHand() error {
	if err := b.knowSignature(); err != nil {
		return err
	}
	seed, err := b.writeTenant(clients, 0, true)
	if err != nil {
		return err
	}
	server, _, err := b.start("byhand", seed)
	if err != nil {
		return err
	}
	defer server.stop() //nolint:errcheck // nothing is left to measure
	hand, err := b.startByHand()
	if err != nil {
		return err
	}
	defer hand.stop() //nolint:errcheck // nothing is left to measure
	measure := func(p *process) (func() (round, error), error) {
		browsers, err := openBrowsers(p, appByHand, clients, email)
		return func() (round, error) {
			return watch(p, func() (float64, error) {
				return spin(clients, b.rate, func(worker int) error { return browsers[worker].logIn() })
			})
		}, err
	}
	by, err := measure(hand)
	if err != nil {
		return err
	}
	at, err := measure(server)
	if err != nil {
		return err
	}
	var rounds []round
	for n := 0; n < 2*b.rounds && !enough(rounds, b.rounds); n++ {
		b.progress("logins by hand and at the server, round %d", n+1)
		least, err := by()
		if err != nil {
			return err
		}
		r, err := at()
		if err != nil {
			return err
		}
		r.limit, r.foreign = least.cpu, max(r.foreign, least.foreign)
		rounds = append(rounds, r)
	}
	rounds = quietest(rounds, b.rounds)
	least := column(rounds, func(r round) float64 { return r.limit })
	b.table.compared("CPU of a login with the form, all in all", column(rounds, func(r round) float64 { return r.cpu }), microseconds,
		least, microseconds(least.median())+" by hand", maxByHand)
	b.table.count(rounds)
	return nil
}
