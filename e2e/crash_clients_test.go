package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"github.com/tenant0/tenant0/server/servertest"
)

// client is one of the clients in a storm.
type client struct {
	*http.Client
	*storm
	name    string
	machine string // access token for the extension's API
	family  *family
}

func (s *storm) newClient(name string) *client {
	c := &client{storm: s, name: name}
	c.Client = &http.Client{
		Transport: &http.Transport{}, Timeout: servertest.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if s.transport != nil {
		c.Transport = s.transport
	}
	c.forget()
	return c
}

// forget drops the client's cookies, so that the next login asks for the password.
func (c *client) forget() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Error(err)
	}
	c.Jar = jar
}

// errCutOff reports that the server was killed before it had answered.
var errCutOff = errors.New("no answer")

// fetch sends a request and returns the answer, or errCutOff if it is incomplete.
func (c *client) fetch(method, target, contentType, body string) (status int, location, answer string, err error) {
	rq, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		return 0, "", "", err
	}
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	if c.machine != "" {
		rq.Header.Set("Authorization", "Bearer "+c.machine)
	}
	resp, err := c.Do(rq)
	if err != nil {
		return 0, "", "", errCutOff
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", "", errCutOff
	}
	if resp.StatusCode >= 500 {
		return resp.StatusCode, "", string(raw), fmt.Errorf("%s %s: %d %s", method, target, resp.StatusCode, raw)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(raw), nil
}

// give reports whether the client should go on. A request that was cut off ends the client, any
// other error fails the test too.
func (c *client) give(err error) bool {
	switch {
	case errors.Is(err, errCutOff):
		c.mu.Lock()
		c.interrupts++
		c.mu.Unlock()
	case err != nil:
		c.t.Error(err)
	}
	return err == nil
}

const formType = "application/x-www-form-urlencoded"

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)

// code logs a user in and returns the authorization code.
func (c *client) code(user string) (string, error) {
	query := url.Values{
		"client_id": {"app"}, "redirect_uri": {"https://app.example.com/callback"}, "response_type": {"code"}, "audience": {"urn:api"},
		"scope": {"openid offline_access read:it"}, "code_challenge": {c.challenge}, "code_challenge_method": {"S256"},
	}
	next := "authorize?" + query.Encode()
	for range 8 {
		status, location, page, err := c.fetch(http.MethodGet, c.issuer+next, "", "")
		if err != nil {
			return "", err
		}
		if status == http.StatusOK {
			form := url.Values{"username": {user + "@example.com"}, "password": {"a password of " + user}, "action": {"default"}}
			for _, m := range hidden.FindAllStringSubmatch(page, -1) {
				form.Set(m[1], html.UnescapeString(m[2]))
			}
			if _, location, _, err = c.fetch(http.MethodPost, c.issuer+next, formType, form.Encode()); err != nil {
				return "", err
			}
		}
		if u, err := url.Parse(location); err == nil && u.Host == "app.example.com" && u.Query().Get("code") != "" {
			return u.Query().Get("code"), nil
		}
		if !strings.HasPrefix(location, "/") {
			return "", fmt.Errorf("a login leads from %s to %q: %d %s", next, location, status, page)
		}
		next = location[1:]
	}
	return "", errors.New("a login does not end")
}

// token sends a request to the token endpoint and returns the refresh token. A 403 is a valid answer
// too, with the token "".
func (c *client) token(form url.Values) (string, error) {
	status, _, body, err := c.fetch(http.MethodPost, c.issuer+"oauth/token", formType, form.Encode())
	if err != nil {
		return "", err
	}
	var reply struct {
		RefreshToken string `json:"refresh_token"`
		Error        string `json:"error"`
	}
	if err := json.Unmarshal([]byte(body), &reply); err != nil {
		return "", fmt.Errorf("half an answer: %w: %s", err, body)
	}
	if (status != http.StatusOK || reply.RefreshToken == "") && (status != http.StatusForbidden || reply.Error != "invalid_grant") {
		return "", fmt.Errorf("the token endpoint answers %d %s", status, body)
	}
	return reply.RefreshToken, nil
}

func (c *client) redeem(code string) (string, error) {
	return c.token(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {code}, "code_verifier": {c.verifier}, "redirect_uri": {"https://app.example.com/callback"},
	})
}

func (c *client) refresh(token string) (string, error) {
	return c.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {token}})
}

// logInAndRedeem logs in and redeems the code, or leaves it for later, and records which of the two.
func logInAndRedeem(c *client, n int) bool {
	if n%3 == 0 {
		c.forget()
	}
	code, err := c.code("ann")
	if err != nil {
		return c.give(err)
	}
	c.mu.Lock()
	c.logins++
	if n%4 == 3 {
		c.fresh = append(c.fresh, code)
		c.mu.Unlock()
		return true
	}
	c.mu.Unlock()
	token, err := c.redeem(code)
	c.mu.Lock()
	switch {
	case err != nil:
		c.unsure = append(c.unsure, code)
	case token == "":
		c.t.Error("a code just issued is refused")
	default:
		c.redeemed[code] = token
	}
	c.mu.Unlock()
	return c.give(err)
}

// keepRefreshing exchanges one refresh token for the next, over and over.
func keepRefreshing(c *client, _ int) bool {
	if c.family == nil {
		code, err := c.code("bob")
		if err != nil {
			return c.give(err)
		}
		token, err := c.redeem(code)
		if err != nil {
			return c.give(err)
		}
		c.family = &family{token: token}
		c.mu.Lock()
		c.families = append(c.families, c.family)
		c.mu.Unlock()
	}
	c.family.inFlight = true
	next, err := c.refresh(c.family.token)
	if err != nil {
		return c.give(err)
	}
	if next == "" {
		c.t.Error("the newest refresh token is refused")
		return false
	}
	c.mu.Lock()
	c.refreshes++
	c.mu.Unlock()
	c.family.token, c.family.inFlight = next, false
	return true
}

// writeGroups creates groups in the Authorization Extension.
func writeGroups(c *client, n int) bool {
	name := fmt.Sprint("group-", c.name, "-", n)
	c.mu.Lock()
	c.attempted[name] = true
	c.mu.Unlock()
	status, _, body, err := c.fetch(http.MethodPost, c.issuer+groupsPath, "application/json", `{"name":"`+name+`","description":"of the storm"}`)
	if err != nil {
		return c.give(err)
	}
	if status != http.StatusOK {
		c.t.Errorf("the extension answers %d %s", status, body)
		return false
	}
	c.mu.Lock()
	c.groups++
	c.acknowledged[name] = true
	c.mu.Unlock()
	return true
}
