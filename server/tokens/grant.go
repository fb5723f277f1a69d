package tokens

import (
	"context"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// Grant is all that the tokens of one exchange say.
type Grant struct {
	Client storage.Client
	User   *storage.User           // nil for a machine
	API    *storage.ResourceServer // nil without an audience
	Issue  storage.Issue
	ID     string // the grant's id, for opaque tokens
	GTY    string
	// FrontChannel says that the access token goes through the browser, where it lives
	// shorter.
	FrontChannel bool
	// TokenType is how the access token is to be presented, "" for Bearer. Confirmation is the
	// key that it is bound to, the claim cnf of RFC 7800, nil for none.
	TokenType    string
	Confirmation map[string]any
	// Given is the access token of another server's that the client gets in the place of one of the
	// tenant's, nil for none.
	Given *Access
	// Actor is who acts for the user, the claim act of RFC 8693, nil for nobody.
	Actor map[string]any
	// Session is the one that the grant's refresh token ends with, nil for none.
	Session *storage.Session
	// SealedSecret is the application's secret, where it has ID tokens signed with it.
	SealedSecret []byte
	// Authorization is what the Authorization Extension puts into the user's app_metadata
	// with the exchange, nil for nothing new.
	Authorization any
	// Lost are the scopes that were asked for and are not granted, with the reasons.
	Lost []authz.Lost
}

// Load finds the user, the API and the application's secret of what the grant's Issue says.
// A user who is gone is storage.ErrNotFound.
func (g *Grant) Load(tx *storage.Tx) error {
	user, err := tx.Users.Get(g.Issue.UserID)
	if err != nil {
		return err
	}
	g.User = &user
	if err := g.LoadSecret(tx); err != nil {
		return err
	}
	if g.API == nil { // it is no API of every tenant
		g.API, err = authz.API(tx, g.Issue.Audience)
	}
	return err
}

// LoadSecret reads the application's secret if it has ID tokens signed with it.
func (g *Grant) LoadSecret(tx *storage.Tx) error {
	if g.Client.JWTConfiguration.Alg != keys.HS256 || g.Client.Public() {
		return nil
	}
	secret, err := tx.ClientSecrets.Get(g.Client.ClientID)
	g.SealedSecret = secret.Sealed
	return storage.Optional(err)
}

// Asked is the question what a user may do.
type Asked struct {
	// Scope is the scope parameter.
	Scope string
	// Online says that no refresh token can come of it, whatever is asked.
	Online bool
	// Ephemeral says that the session ends with the browser.
	Ephemeral bool
	// Refresh keeps the scope within that of the grant's Issue, which a refresh token holds.
	Refresh bool
}

// Decide returns what the grant's user may do with its application and its API.
func (g *Grant) Decide(tx *storage.Tx, asked Asked) (authz.Decision, error) {
	in := authz.Input{
		Client: g.Client, User: *g.User, API: g.API, Audience: g.Issue.Audience, Requested: asked.Scope,
		Connection: g.Issue.Connection, Organization: g.Issue.Organization,
		OfflineAllowed: !asked.Online && authz.OfflineAllowed(g.Client, g.API),
	}
	in.OnlineAllowed = !asked.Online && g.Issue.SessionID != "" && authz.OnlineAllowed(g.Client, g.API, asked.Ephemeral)
	if asked.Refresh {
		in.Refresh, in.Granted, in.OfflineAllowed, in.OnlineAllowed = true, g.Issue.Scope, true, true
	}
	return authz.Decide(tx, in)
}

// Apply has the tokens say what was decided.
func (g *Grant) Apply(d authz.Decision) {
	g.Issue.Scope, g.Issue.Permissions = d.Scope, d.Permissions
	g.Issue.AccessClaims, g.Issue.IDClaims = d.AccessClaims, d.IDClaims
	g.Authorization, g.Lost = d.AppMetadata["authorization"], d.Lost
}

// Trace notes in the trace of a request which scopes were lost.
func (g *Grant) Trace(ctx context.Context) {
	for _, l := range g.Lost {
		trace.Note(ctx, trace.Step{Room: "authz", Said: "the scope " + l.Scope + " is not granted: " + l.Why, Setting: l.Setting})
	}
}
