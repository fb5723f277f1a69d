// Command api is the Timesheets API of ExampleCo: the part of an application that
// relies only on access tokens. It knows the tenant by its issuer URL, gets the
// keys from there, and decides about every request by the token's scopes.
// Timesheets are kept in memory, because storing them is not the point of the
// example.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/coreos/go-oidc/v3/oidc"
)

// settings are read from environment variables with the names that tenant0 prints,
// or from flags.
type settings struct {
	Issuer   string `env:"AUTH0_ISSUER_BASE_URL" required:"" placeholder:"URL" help:"The tenant, such as https://localhost:4400."`
	Audience string `env:"AUTH0_AUDIENCE" default:"https://api.exampleco.com/timesheets" help:"Identifier of this API."`
	Listen   string `env:"LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to serve on; port 0 takes a free one."`
}

func main() {
	var s settings
	k := kong.Parse(&s, kong.Name("api"), kong.Description("The Timesheets API of ExampleCo."))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	k.FatalIfErrorf(run(ctx, s))
}

// run serves the API until the context ends.
func run(ctx context.Context, s settings) error {
	// Discovery: the tenant publishes where its keys are. The issuer of a tenant
	// ends with a slash, in the document and in every token.
	provider, err := oidc.NewProvider(ctx, strings.TrimSuffix(s.Issuer, "/")+"/")
	if err != nil {
		return fmt.Errorf("the tenant %s does not answer as one: %w", s.Issuer, err)
	}
	// The verifier checks signature, issuer, audience and expiry. It fetches the
	// keys again when it sees an unknown key id, so that key rotation just works.
	a := &api{tokens: provider.Verifier(&oidc.Config{
		ClientID:             s.Audience,
		SupportedSigningAlgs: []string{oidc.RS256},
	})}

	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --listen", err)
	}
	fmt.Printf("The Timesheets API is at http://%s and takes tokens of %s.\n", listener.Addr(), s.Issuer)

	server := &http.Server{Handler: a.routes(), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
