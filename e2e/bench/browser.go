package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/maphash"
	"net/url"
	"strings"
	"sync/atomic"
)

// browser is a user's browser, together with the application that the user logs
// in to.
type browser struct {
	*conn
	app     application
	email   string
	turn    *atomic.Int64 // shared by all browsers: chooses the next combination of scopes
	session string        // the name of the session's cookie
	jar     map[string]string
	cookies string // the cookies in jar as the value of a header
	seen    seen
}

// openBrowsers opens n browsers. user returns the e-mail address of the user of
// each.
func openBrowsers(p *process, app application, n int, user func(i int) string) ([]*browser, error) {
	var turn atomic.Int64
	all := make([]*browser, n)
	for i := range all {
		c, err := dial(p.addr)
		if err != nil {
			return nil, err
		}
		all[i] = &browser{conn: c, app: app, email: user(i), turn: &turn, session: "auth0", jar: map[string]string{}}
	}
	return all, nil
}

// logIn logs the user in with the form: it begins a new session, gets a code,
// and exchanges it.
func (b *browser) logIn() error {
	delete(b.jar, b.session)
	b.keep(nil)
	return b.login()
}

// login is one login at the application: GET /authorize, the pages that it leads
// to (none if there is a session), and the exchange of the code.
func (b *browser) login() error {
	n := b.turn.Add(1)
	verifier := fmt.Sprintf("%043d", n)
	challenge := sha256.Sum256([]byte(verifier))
	scope := b.app.standard + " " + b.app.scopes[int(n)%len(b.app.scopes)]
	r, err := b.visit("/authorize?response_type=code&client_id=" + b.app.clientID + "&redirect_uri=" + b.app.callback +
		"&audience=" + b.app.audience + "&scope=" + strings.ReplaceAll(scope, " ", "+") +
		"&code_challenge_method=S256&code_challenge=" + base64.RawURLEncoding.EncodeToString(challenge[:]) +
		"&state=s" + verifier[20:] + "&nonce=n" + verifier[20:])
	if err != nil {
		return err
	}
	for page := 0; !bytes.HasPrefix(r.location, []byte(b.app.callback)); page++ {
		if page == 6 || r.status != 302 {
			return fmt.Errorf("login of %s: status %d, location %q\n%s", b.email, r.status, r.location, r.body)
		}
		if r, err = b.follow(string(r.location), scope); err != nil {
			return err
		}
	}
	code, err := url.ParseQuery(string(r.location[len(b.app.callback)+1:]))
	if err != nil {
		return err
	}
	return b.exchange(code.Get("code"), verifier)
}

// follow does what the user does at a page of the server: it fills in a form, or
// just visits the page.
func (b *browser) follow(location, scope string) (response, error) {
	switch path, _, _ := strings.Cut(location, "?"); path {
	case "/u/login":
		return b.submit(location, "action=default&username="+b.email+"&password="+password)
	case "/u/login/identifier":
		return b.submit(location, "action=default&username="+b.email)
	case "/u/login/password":
		return b.submit(location, "action=default&password="+password)
	case "/u/consent":
		return b.submit(location, "action=accept&scope[]="+strings.ReplaceAll(scope, " ", "&scope[]="))
	}
	return b.visit(location)
}

// submit fills in the form of a page and posts it.
func (b *browser) submit(location, fields string) (response, error) {
	page, err := b.visit(location)
	if err != nil {
		return response{}, err
	}
	if !bytes.Contains(page.body, []byte("<form")) {
		return response{}, fmt.Errorf("no form at %s: status %d\n%s", location, page.status, page.body)
	}
	r, err := b.post(location, b.cookies, []byte(fields))
	b.keep(r.cookies)
	return r, err
}

func (b *browser) visit(target string) (response, error) {
	r, err := b.get(target, b.cookies)
	b.keep(r.cookies)
	return r, err
}

// keep puts cookies into the jar, except for their _compat twins, which have the
// same values.
func (b *browser) keep(cookies []string) {
	for _, pair := range cookies {
		if name, value, _ := strings.Cut(pair, "="); !strings.HasSuffix(name, "_compat") {
			b.jar[name] = value
		}
	}
	var all []string
	for name, value := range b.jar {
		all = append(all, name+"="+value)
	}
	b.cookies = strings.Join(all, "; ")
}

// exchange redeems a code and checks that the response contains all expected
// tokens.
func (b *browser) exchange(code, verifier string) error {
	r, err := b.post("/oauth/token", "", []byte("grant_type=authorization_code&client_id="+b.app.clientID+
		"&redirect_uri="+b.app.callback+"&code="+code+"&code_verifier="+verifier))
	if err != nil {
		return err
	}
	if r.status != 200 || !bytes.Contains(r.body, []byte(`"refresh_token":"`)) {
		return fmt.Errorf("exchange: status %d\n%s", r.status, r.body)
	}
	return b.seen.add(r.body, "access_token", "id_token")
}

// seen remembers tokens, so that a measurement of signatures can prove that each
// token was signed anew.
type seen struct{ hashes []uint64 }

var hashSeed = maphash.MakeSeed()

// add records tokens in a token response, by the names of its members.
func (s *seen) add(body []byte, names ...string) error {
	for _, name := range names {
		_, rest, ok := bytes.Cut(body, []byte(`"`+name+`":"`))
		token, _, closed := bytes.Cut(rest, []byte(`"`))
		if !ok || !closed || bytes.Count(token, []byte(".")) != 2 {
			return fmt.Errorf("no signed %s in %s", name, body)
		}
		s.hashes = append(s.hashes, maphash.Bytes(hashSeed, token))
	}
	return nil
}

// distinct returns the share of tokens that were issued only once, and forgets
// all tokens.
func distinct(all ...*seen) float64 {
	once, total := map[uint64]bool{}, 0
	for _, s := range all {
		total += len(s.hashes)
		for _, h := range s.hashes {
			once[h] = true
		}
		s.hashes = nil
	}
	return float64(len(once)) / float64(max(total, 1))
}
