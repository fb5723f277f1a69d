package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// login is one login of the user, with the three values that connect its steps.
type login struct {
	app *oauth2.Config
	// url is the URL of the authorization request, where the user logs in.
	url string
	// state is returned with the response, which proves that it answers this
	// request.
	state string
	// nonce is returned in the ID token, which proves that the token was issued
	// for this request.
	nonce string
	// verifier proves at the token endpoint that the code was issued to this
	// program, because only its hash was in the request (PKCE, RFC 7636).
	verifier string
}

func newLogin(app *oauth2.Config, audience string) *login {
	l := &login{app: app, state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier()}
	l.url = app.AuthCodeURL(l.state, oidc.Nonce(l.nonce), oauth2.S256ChallengeOption(l.verifier),
		oauth2.SetAuthURLParam("audience", audience))
	return l
}

// await sends the user to the login page and waits for the response, which the
// browser delivers to the callback URL.
func (l *login) await(ctx context.Context, browser bool) (url.Values, error) {
	callback, err := url.Parse(l.app.RedirectURL)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", callback.Host)
	if err != nil {
		return nil, fmt.Errorf("the callback URL: %w; choose another port with --port and register it", err)
	}
	responses := make(chan url.Values, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+callback.Path, func(w http.ResponseWriter, r *http.Request) {
		select {
		case responses <- r.URL.Query():
		default: // the page was reloaded; only the first response counts
		}
		fmt.Fprintln(w, "Done. You can close this page and go back to the Timesheets app.")
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)                   //nolint:errcheck // it ends with Shutdown
	defer func() { _ = server.Shutdown(ctx) }() // once the browser has its page

	fmt.Printf("Log in at\n\n  %s\n\n", l.url)
	if browser {
		openBrowser(ctx, l.url)
	}
	select {
	case response := <-responses:
		return response, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// openBrowser asks the desktop to show a page. Without a desktop, the user
// needs the printed URL.
func openBrowser(ctx context.Context, address string) {
	command := map[string][]string{
		"darwin":  {"open"},
		"windows": {"rundll32", "url.dll,FileProtocolHandler"},
	}[runtime.GOOS]
	if command == nil {
		command = []string{"xdg-open"}
	}
	_ = exec.CommandContext(ctx, command[0], append(command[1:], address)...).Start() //nolint:gosec // an address of the tenant
}

// redeem checks the response and redeems its code for tokens.
func (l *login) redeem(ctx context.Context, response url.Values) (*oauth2.Token, error) {
	if response.Get("state") != l.state {
		return nil, errors.New("the response is not to the request of this program")
	}
	if code := response.Get("error"); code != "" {
		return nil, fmt.Errorf("the tenant refuses: %s: %s", code, response.Get("error_description"))
	}
	token, err := l.app.Exchange(ctx, response.Get("code"), oauth2.VerifierOption(l.verifier))
	if err != nil {
		return nil, fmt.Errorf("code exchange: %w", err)
	}
	return token, nil
}

// user verifies the ID token and returns the e-mail address of the user who
// logged in.
func (l *login) user(ctx context.Context, token *oauth2.Token, verifier *oidc.IDTokenVerifier) (string, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("ID token: %w", err)
	}
	if id.Nonce != l.nonce {
		return "", errors.New("the ID token was issued for another request")
	}
	var claims struct {
		Email string `json:"email"`
	}
	err = id.Claims(&claims)
	return claims.Email, err
}
