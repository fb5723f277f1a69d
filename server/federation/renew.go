package federation

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/storage"
)

// simulatedToken is the prefix of tokens of simulated providers.
const simulatedToken = "simulated-"

// simulatedTokens returns the tokens that a simulated provider issues for a scope. They include a
// refresh token if the provider login has requested one: with the scope offline_access, or with access_type=offline
// as for Google and others.
func simulatedTokens(scope string, asked url.Values) storage.IdentityTokens {
	given := storage.IdentityTokens{AccessToken: simulatedToken + keys.Random(32), ExpiresIn: simulatedLifetime, Scope: scope}
	offline := asked.Get("access_type") == "offline"
	for _, one := range providers.SplitScope(scope) {
		offline = offline || one == providers.OfflineAccess
	}
	if offline {
		given.RefreshToken = simulatedToken + "refresh-" + keys.Random(32)
	}
	return given
}

// Renew uses a refresh token at the provider of a connection, and returns the new tokens, RFC 6749
// section 6. It returns an error if the provider refuses or cannot be reached.
func (m *room) Renew(ctx context.Context, c storage.Connection, old storage.IdentityTokens) (storage.IdentityTokens, error) {
	if !m.reaches(c) {
		if !strings.HasPrefix(old.RefreshToken, simulatedToken) {
			return storage.IdentityTokens{}, passedOn("invalid_grant", "The refresh token is not one of the simulated provider's.")
		}
		return storage.IdentityTokens{
			AccessToken: simulatedToken + keys.Random(32), RefreshToken: old.RefreshToken, ExpiresIn: simulatedLifetime, Scope: old.Scope,
		}, nil
	}
	return m.renew(ctx, c, old)
}

func (m *room) renew(ctx context.Context, c storage.Connection, old storage.IdentityTokens) (given storage.IdentityTokens, err error) {
	storage.Slow("asking an identity provider")
	ctx = oidc.ClientContext(ctx, m.Outside.HTTP)
	endpoint := text(c, "tokenURL")
	if c.Strategy != "oauth2" {
		p, err := m.provider(ctx, c)
		if err != nil {
			return given, err
		}
		endpoint = p.Endpoint().TokenURL
	}
	if endpoint == "" {
		return given, &apierr.Error{Status: http.StatusBadGateway, Code: "server_error", Message: "The identity provider has no token endpoint."}
	}
	config, options, err := m.client(ctx, c, endpoint)
	if err != nil {
		return given, err
	}
	config.RedirectURL = ""
	options = append(options, oauth2.SetAuthURLParam("grant_type", "refresh_token"), oauth2.SetAuthURLParam("refresh_token", old.RefreshToken))
	token, err := config.Exchange(ctx, "", options...)
	if err != nil {
		return given, err
	}
	given = tokensOf(token, "")
	given.RefreshToken, given.Scope = cmp.Or(given.RefreshToken, old.RefreshToken), cmp.Or(given.Scope, old.Scope)
	return given, nil
}
