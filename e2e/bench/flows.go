package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
)

// Limits of what the flows of a confidential application may cost in addition to signing tokens, as
// multiples of the CPU time of a signature.
const (
	pushedCost   = 0.60
	refreshCost  = 0.30
	passwordCost = 0.30
	deviceCost   = 1.30 // it shows two pages
)

// serverID is the client_id of the confidential application, serverKey its client secret.
const (
	serverID  = "BenchServer000000000000000000001"
	serverKey = "bench-server-secret-for-development-only"
)

// flows is the browser of a user together with the server of the application that the user logs in to.
type flows struct {
	*browser
	refreshToken string
}

// openFlows opens the browsers, and gives each a session and a refresh token.
func openFlows(p *process) ([]*flows, error) {
	app := benchApp()
	app.clientID = serverID
	browsers, err := openBrowsers(p, app, clients, email)
	if err != nil {
		return nil, err
	}
	all := make([]*flows, len(browsers))
	for i, user := range browsers {
		all[i] = &flows{browser: user}
		if err := all[i].pushed(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// next returns the next combination of scopes, encoded for a form.
func (f *flows) next() (n int64, scope string) {
	n = f.turn.Add(1)
	return n, strings.ReplaceAll(f.app.scopes[int(n)%len(f.app.scopes)], " ", "+")
}

// token sends an authenticated request to the token endpoint.
func (f *flows) token(form string, into any) error {
	r, err := f.post("/oauth/token", "", []byte(form+"&client_id="+serverID+"&client_secret="+serverKey))
	if err != nil {
		return err
	}
	if r.status != 200 {
		return fmt.Errorf("token of %.40s: status %d\n%s", form, r.status, r.body)
	}
	if into != nil {
		if err := json.Unmarshal(r.body, into); err != nil {
			return err
		}
	}
	names := []string{"access_token"}
	if bytes.Contains(r.body, []byte(`"id_token":`)) {
		names = append(names, "id_token")
	}
	return f.seen.add(r.body, names...)
}

// pushed is a login with a pushed authorization request, RFC 9126.
func (f *flows) pushed() error {
	n, scope := f.next()
	verifier := fmt.Sprintf("%043d", n)
	challenge := sha256.Sum256([]byte(verifier))
	// Without offline_access: a user has a limited number of refresh tokens, and the stored one would be
	// deleted.
	scope = strings.Join(strings.Fields(strings.ReplaceAll(f.app.standard, "offline_access", "")), "+") + "+" + scope
	r, err := f.post("/oauth/par", "", []byte("client_id="+serverID+"&client_secret="+serverKey+"&response_type=code&redirect_uri="+f.app.callback+
		"&audience="+f.app.audience+"&scope="+scope+"&code_challenge_method=S256&code_challenge="+base64.RawURLEncoding.EncodeToString(challenge[:])+
		"&state=s"+verifier[20:]+"&nonce=n"+verifier[20:]))
	if err != nil {
		return err
	}
	var ahead struct {
		RequestURI string `json:"request_uri"`
	}
	if err := json.Unmarshal(r.body, &ahead); err != nil || r.status != 201 {
		return fmt.Errorf("pushed request: status %d\n%s", r.status, r.body)
	}
	if r, err = f.visit("/authorize?client_id=" + serverID + "&request_uri=" + url.QueryEscape(ahead.RequestURI)); err != nil {
		return err
	}
	for page := 0; !bytes.HasPrefix(r.location, []byte(f.app.callback)); page++ {
		if page == 6 || r.status != 302 {
			return fmt.Errorf("pushed login of %s: status %d, location %q\n%s", f.email, r.status, r.location, r.body)
		}
		if r, err = f.follow(string(r.location), strings.ReplaceAll(scope, "+", " ")); err != nil {
			return err
		}
	}
	code, err := url.ParseQuery(string(r.location[len(f.app.callback)+1:]))
	if err != nil {
		return err
	}
	var got struct {
		RefreshToken string `json:"refresh_token"`
	}
	err = f.token("grant_type=authorization_code&redirect_uri="+f.app.callback+"&code="+code.Get("code")+"&code_verifier="+verifier, &got)
	if err == nil && f.refreshToken == "" {
		// The first refresh token has all scopes, so that each refresh can ask for any of them.
		err = f.token("grant_type=http://auth0.com/oauth/grant-type/password-realm&realm="+connection+"&username="+f.email+"&password="+password+
			"&audience="+f.app.audience+"&scope=offline_access+"+strings.Join(apiScopes(), "+"), &got)
		f.refreshToken = got.RefreshToken
	}
	return err
}

// refresh exchanges the refresh token for an access token with some of its scopes.
func (f *flows) refresh() error {
	_, scope := f.next()
	return f.token("grant_type=refresh_token&refresh_token="+f.refreshToken+"&scope="+scope, nil)
}

// withPassword requests a token with the user's password, which the server has verified before.
func (f *flows) withPassword() error {
	_, scope := f.next()
	return f.token("grant_type=http://auth0.com/oauth/grant-type/password-realm&realm="+connection+"&username="+f.email+"&password="+password+
		"&audience="+f.app.audience+"&scope="+scope, nil)
}

// device is a login at a device, RFC 8628: the request for a code, the page in the browser, where the user
// has a session, and one poll by the device.
func (f *flows) device() error {
	_, scope := f.next()
	// Without openid: ID tokens for devices have no nonce, so those of the same session and second would
	// be equal.
	r, err := f.post("/oauth/device/code", "", []byte("client_id="+serverID+"&client_secret="+serverKey+"&audience="+f.app.audience+"&scope="+scope))
	if err != nil {
		return err
	}
	var device struct {
		DeviceCode string `json:"device_code"`
		UserCode   string `json:"user_code"`
	}
	if err := json.Unmarshal(r.body, &device); err != nil || r.status != 200 {
		return fmt.Errorf("device code: status %d\n%s", r.status, r.body)
	}
	if r, err = f.submit("/activate?user_code="+device.UserCode, "action=confirm"); err != nil {
		return err
	}
	for page := 0; r.status == 302; page++ {
		if page == 6 {
			return fmt.Errorf("the device of %s: location %q", f.email, r.location)
		}
		if r, err = f.follow(string(r.location), strings.ReplaceAll(scope, "+", " ")); err != nil {
			return err
		}
	}
	return f.token("grant_type="+deviceGrant+"&device_code="+device.DeviceCode, nil)
}

// deviceGrant is the grant type of the device flow.
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// flowLoads returns the loads for these flows.
func flowLoads(p *process) ([]*load, error) {
	all, err := openFlows(p)
	if err != nil {
		return nil, err
	}
	var turn atomic.Int64 // a fresh turn: by now the refresh tokens have all scopes
	var watched []*seen
	for _, f := range all {
		f.turn = &turn
		watched = append(watched, &f.seen)
	}
	return []*load{
		{name: "PAR + code + PKCE + ID token", signatures: 2, cost: pushedCost, seen: watched, op: func(worker int) error { return all[worker].pushed() }},
		{name: "refresh token", signatures: 1, cost: refreshCost, seen: watched, op: func(worker int) error { return all[worker].refresh() }},
		{name: "device code", signatures: 1, cost: deviceCost, seen: watched, op: func(worker int) error { return all[worker].device() }},
		{name: "password", signatures: 1, cost: passwordCost, seen: watched, op: func(worker int) error { return all[worker].withPassword() }},
	}, nil
}
