// Command client is the Timesheets app of ExampleCo as a program on the user's
// own machine: a native application, which can keep no secret. It logs the user
// in through the browser with the authorization code flow and PKCE, calls the
// Timesheets API, and refreshes its token. RFC 8252 describes how such
// applications work.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// settings are read from environment variables with the names that tenant0
// prints, or from flags.
type settings struct {
	Issuer   string `env:"AUTH0_ISSUER_BASE_URL" required:"" placeholder:"URL" help:"The tenant, such as https://localhost:4400."`
	ClientID string `env:"AUTH0_CLIENT_ID" default:"TimesheetsMobileNativeApp0000001" help:"Client ID of the application."`
	Audience string `env:"AUTH0_AUDIENCE" default:"https://api.exampleco.com/timesheets" help:"Identifier of the API."`
	API      string `env:"API_URL" default:"http://localhost:8080" placeholder:"URL" help:"Where the API is."`
	Port     int    `env:"CALLBACK_PORT" default:"8484" help:"Port of http://localhost:PORT/callback, which must be a callback URL of the application."`
	Browser  bool   `default:"true" negatable:"" help:"Open the login page in the browser; --no-browser only prints its address."`
}

// scopes are the scopes that the app requests. It does not request
// approve:timesheets: a manager gets that scope from the tenant, and the app
// sees it in the response.
var scopes = []string{"create:timesheets", "read:timesheets", oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess}

func main() {
	var s settings
	k := kong.Parse(&s, kong.Name("client"), kong.Description("The Timesheets app of ExampleCo, as a native application."))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	k.FatalIfErrorf(run(ctx, s))
}

func run(ctx context.Context, s settings) error {
	// Discovery: the tenant publishes where its endpoints and keys are.
	provider, err := oidc.NewProvider(ctx, strings.TrimSuffix(s.Issuer, "/")+"/")
	if err != nil {
		return fmt.Errorf("the tenant %s does not answer as one: %w", s.Issuer, err)
	}
	app := &oauth2.Config{
		ClientID:    s.ClientID,
		Endpoint:    provider.Endpoint(),
		RedirectURL: fmt.Sprintf("http://localhost:%d/callback", s.Port),
		Scopes:      scopes,
	}
	app.Endpoint.AuthStyle = oauth2.AuthStyleInParams // a native application has no secret

	l := newLogin(app, s.Audience)
	response, err := l.await(ctx, s.Browser)
	if err != nil {
		return err
	}
	token, err := l.redeem(ctx, response)
	if err != nil {
		return err
	}
	user, err := l.user(ctx, token, provider.Verifier(&oidc.Config{ClientID: s.ClientID}))
	if err != nil {
		return err
	}
	fmt.Printf("Logged in as %s.\n\n", user)
	show("requested", strings.Join(scopes, " "))
	show("granted", granted(token))
	api := timesheets{url: strings.TrimSuffix(s.API, "/"), http: app.Client(ctx, token)}
	if err := api.tour(ctx); err != nil {
		return err
	}

	// x/oauth2 refreshes an expired token by itself. Leaving out the access
	// token makes it refresh now.
	token, err = app.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	show("refreshed", granted(token))
	api.http = app.Client(ctx, token)
	return api.call(ctx, http.MethodGet, "/timesheets", nil, nil)
}

// granted returns the scope that the tenant granted, which may lack scopes that
// were requested and contain others.
func granted(token *oauth2.Token) string {
	scope, _ := token.Extra("scope").(string)
	return scope
}

// show prints one line about what happens.
func show(label, value string) { fmt.Printf("  %-18s %s\n", label, value) }
