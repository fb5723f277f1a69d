package token

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Grant types that take a password.
const (
	passwordGrant = "password"
	realmGrant    = "http://auth0.com/oauth/grant-type/password-realm"
)

// gtyPassword is the claim gty of access tokens from both grant types.
const gtyPassword = "password"

// password takes a user's password, RFC 6749 section 4.3, of the tenant's default
// directory or, with a realm, of the connection with that name. Auth0:
// get-started/authentication-and-authorization-flow/resource-owner-password-flow.
type password struct {
	people
	grantType string
}

// Type implements oauth.Grant.
func (g *password) Type() string { return g.grantType }

// Validate implements oauth.Grant. Wrong passwords are counted as on the login page, and a
// blocked account refuses correct passwords too.
func (g *password) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	if err := refuseWithoutBrowser(rq, g.grantType); err != nil {
		return nil, err
	}
	required := []string{"username", "password"}
	if g.grantType == realmGrant {
		required = append(required, "realm")
	}
	for _, name := range required {
		if rq.Form.Get(name) == "" {
			return nil, apierr.MissingParameter(name)
		}
	}
	username := strings.TrimSpace(rq.Form.Get("username"))
	connection, err := g.connection(ctx, rq)
	if err != nil {
		return nil, err
	}
	rq.HTTP = requestOfUser(rq)
	user, hash, err := g.Passwords.LogIn(ctx, g.DB, connection.Name, username, rq.Form.Get("password"))
	if err != nil && !errors.Is(err, identity.ErrWrongCredentials) {
		return nil, err
	}
	a := signin.Attempt{
		Method: signin.Password, ClientID: rq.Client.ClientID, Connection: connection.Name, Identifier: username, User: user,
		IP: signin.Address(rq.HTTP), Recheck: signin.RecheckPassword(user, hash), Password: rq.Form.Get("password"),
	}
	if err := g.SignIn.Evaluate(rq.HTTP, a, err == nil); err != nil {
		return grantOfRefused(a), grantError(err, apierr.WrongCredentials)
	}
	return g.admit(ctx, rq, a, gtyPassword, apierr.WrongCredentials)
}

// grantError turns an error of package signin into the error that a grant answers with.
func grantError(err error, refusal *apierr.Error) error {
	switch {
	case errors.Is(err, signin.ErrBlocked):
		return apierr.TooManyAttempts.With(err)
	case errors.Is(err, signin.ErrWrong):
		return refusal.With(err)
	}
	return err
}

// grantOfRefused returns what the tenant's log shows about the user of a refused attempt.
func grantOfRefused(a signin.Attempt) *tokens.Grant {
	return &tokens.Grant{
		User:  &storage.User{Username: a.Identifier},
		Issue: storage.Issue{UserID: a.User.UserID, Connection: a.Connection},
	}
}

// connection returns the database connection whose password is sent.
func (g *password) connection(ctx context.Context, rq *oauth.TokenRequest) (c storage.Connection, err error) {
	err = g.DB.View(ctx, func(tx *storage.Tx) error {
		name := rq.Form.Get("realm")
		if g.grantType == passwordGrant {
			tenant, err := tx.Tenant.Get(storage.TenantKey)
			if storage.Optional(err) != nil {
				return err
			}
			if name = tenant.DefaultDirectory; name == "" {
				return apierr.NoDefaultDirectory
			}
		}
		c, err = connectionOf(tx, rq.Client, name, storage.DatabaseStrategy)
		return err
	})
	return c, err
}

// connectionOf returns the connection that a grant names, which must have one of the
// strategies.
func connectionOf(tx *storage.Tx, client storage.Client, name string, strategies ...string) (storage.Connection, error) {
	c, err := tx.Connections.Find("name", name)
	switch {
	case storage.IsNotFound(err):
		return c, apierr.ConnectionNotFound.With(err)
	case err != nil:
		return c, err
	case !slices.Contains(strategies, c.Strategy):
		return c, apierr.StrategyUnsupported
	case !c.Serves(client):
		return c, apierr.ConnectionDisabled
	}
	return c, nil
}
