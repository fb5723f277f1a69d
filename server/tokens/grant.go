package tokens

import (
	"context"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// Grant holds everything that determines the tokens of one token response.
type Grant struct {
	Client storage.Client
	User   *storage.User           // nil for a machine
	API    *storage.ResourceServer // nil without an audience
	Issue  storage.Issue
	ID     string // the grant's id, which opaque tokens carry
	GTY    string
	// FrontChannel says that the access token is sent through the browser, which shortens its
	// lifetime.
	FrontChannel bool
	// TokenType is the token_type of the access token, "" for Bearer. Confirmation is the key that
	// the token is bound to, the claim cnf of RFC 7800, nil for an unbound token.
	TokenType    string
	Confirmation map[string]any
	// ProviderToken is another server's access token, which the client gets instead of one of the tenant's;
	// nil if there is none.
	ProviderToken *Access
	// Transfer is the session transfer token that the client gets instead of an access token, nil for none.
	Transfer *storage.SessionTransfer
	// Actor is the party that acts for the user, the claim act of RFC 8693, nil if there is none.
	Actor map[string]any
	// Session is the session with which the grant's refresh token ends, nil if it is not bound to a
	// session.
	Session *storage.Session
	// SealedSecret is the encrypted client secret, if the application's ID tokens are signed with
	// it.
	SealedSecret []byte
	// Authorization is what the Authorization Extension writes into the user's app_metadata during
	// the login, nil for no change.
	Authorization any
	// DeniedScopes are the requested scopes that are not granted, with the reasons.
	DeniedScopes []authz.DeniedScope
}

// TransferLifetime is how long a session transfer token can be used, Auth0:
// authenticate/single-sign-on/native-to-web/configure-implement-native-to-web.
const TransferLifetime = time.Minute

// TransferDomain returns the domain for which an audience asks for a session transfer token; asked says whether it
// does.
func TransferDomain(audience string) (domain string, asked bool) {
	rest, isURN := strings.CutPrefix(audience, "urn:")
	domain, asked = strings.CutSuffix(rest, ":session_transfer")
	return domain, isURN && asked
}

// Load reads the user, the API and the client secret that the grant's Issue refers to. It returns
// storage.ErrNotFound if the user was deleted.
func (g *Grant) Load(tx *storage.Tx) error {
	user, err := tx.Users.Get(g.Issue.UserID)
	if err != nil {
		return err
	}
	g.User = &user
	if err := g.LoadSecret(tx); err != nil {
		return err
	}
	if g.API == nil { // not yet set, as it is for the APIs that are built in
		g.API, err = authz.API(tx, g.Issue.Audience)
	}
	return err
}

// LoadSecret reads the client secret if the application's ID tokens are signed with it.
func (g *Grant) LoadSecret(tx *storage.Tx) error {
	if g.Client.JWTConfiguration.Alg != keys.HS256 || g.Client.Public() {
		return nil
	}
	secret, err := tx.ClientSecrets.Get(g.Client.ClientID)
	g.SealedSecret = secret.Sealed
	return storage.Optional(err)
}

// DecisionInput says what is asked for in a decision about a user's rights.
type DecisionInput struct {
	// Scope is the scope parameter.
	Scope string
	// Online says that no refresh token can be issued, even if it is asked for.
	Online bool
	// Ephemeral says that the session ends when the browser is closed.
	Ephemeral bool
	// Refresh limits the scope to that of the refresh token, which is in the grant's Issue.
	Refresh bool
}

// Decide returns what the grant's user is allowed to do with the application and the API.
func (g *Grant) Decide(tx *storage.Tx, asked DecisionInput) (authz.Decision, error) {
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

// Apply puts a decision into the grant, and so into its tokens.
func (g *Grant) Apply(d authz.Decision) {
	g.Issue.Scope, g.Issue.Permissions = d.Scope, d.Permissions
	g.Issue.AccessClaims, g.Issue.IDClaims = d.AccessClaims, d.IDClaims
	g.Authorization, g.DeniedScopes = d.AppMetadata["authorization"], d.DeniedScopes
}

// noteNeglected records in the trace of a request that the API wants its access tokens bound to a key or encrypted, which
// they are not.
func (g *Grant) noteNeglected(ctx context.Context) {
	note := func(said, setting string) {
		trace.Note(ctx, trace.Step{Component: "tokens", Decision: said, Setting: setting + " of the API " + g.API.Identifier})
	}
	if g.API.ProofOfPossession.Required {
		note("the token is a bearer's, though the API wants it bound to a key: neither DPoP nor mTLS is emulated", "proof_of_possession")
	}
	if g.API.TokenEncryption != nil {
		note("the token is not encrypted, though the API wants it to be: that is not emulated", "token_encryption")
	}
}

// Trace records in the trace of a request which scopes were not granted.
func (g *Grant) Trace(ctx context.Context) {
	for _, l := range g.DeniedScopes {
		trace.Note(ctx, trace.Step{Component: "authz", Decision: "the scope " + l.Scope + " is not granted: " + l.Reason, Setting: l.Setting})
	}
}
