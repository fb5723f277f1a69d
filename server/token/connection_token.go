package token

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Token type identifiers, RFC 8693 section 3 and Auth0:
// api/authentication/token-vault-token-exchange/get-token.
const (
	refreshTokenType    = "urn:ietf:params:oauth:token-type:refresh_token"                      //nolint:gosec // a name
	connectionTokenType = "http://auth0.com/oauth/token-type/federated-connection-access-token" //nolint:gosec // a name
)

// connectionToken exchanges a user's token for an access token of an identity provider where the user has an
// account: Auth0's Token Vault.
type connectionToken struct {
	db        *storage.DB
	issuer    *tokens.Issuer
	providers Providers
}

// Type implements oauth.Grant.
func (g *connectionToken) Type() string {
	return "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token"
}

// Errors of Token Vault.
var (
	errVaultClient = &apierr.Error{
		Status: http.StatusForbidden, Code: "unauthorized_client", Message: "Token Vault is for confidential first-party clients that are OIDC conformant",
		Setting: "is_first_party, oidc_conformant and the authentication of the application",
	}
	errVaultOff = &apierr.Error{
		Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Token Vault is not enabled for the provided connection",
		Setting: "connected_accounts.active of the connection",
	}
	errVaultRotation = &apierr.Error{
		Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Token Vault does not support refresh token rotation",
		Setting: "refresh_token.rotation_type of the application",
	}
	errVaultEmpty = &apierr.Error{
		Status: http.StatusUnauthorized, Code: "federated_connection_refresh_token_not_found", Message: "Federated connection Refresh Token not found.",
		Setting: "a login of the user with the connection, with a scope for which the provider issues a refresh token",
	}
	errVaultRefused = &apierr.Error{
		Status: http.StatusUnauthorized, Code: "federated_connection_refresh_token_flow_failed", Message: "Refresh Token flow for the Federated Connection failed",
		Setting: "the provider of the connection",
	}
)

// Validate implements oauth.Grant.
func (g *connectionToken) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	for _, name := range []string{"subject_token", "subject_token_type", "requested_token_type", "connection"} {
		if rq.Form.Get(name) == "" {
			return nil, apierr.MissingParameter(name)
		}
	}
	switch {
	case rq.Client.Public() || !rq.Client.IsFirstParty || !rq.Client.OIDCConformant:
		return nil, errVaultClient
	case rq.Form.Get("requested_token_type") != requestedType(rq):
		return nil, apierr.InvalidParameter("requested_token_type", "must be "+requestedType(rq))
	}
	grant := &tokens.Grant{Client: rq.Client, Issue: storage.Issue{ClientID: rq.Client.ClientID}}
	check, err := g.subject(ctx, rq, grant)
	if err != nil {
		return nil, err
	}
	var connection storage.Connection
	var held vaulted
	err = g.db.View(ctx, func(tx *storage.Tx) (err error) {
		if err := check(tx); err != nil {
			return err
		}
		connection, held, err = vault(tx, rq, grant)
		return err
	})
	if err != nil {
		return grant, err
	}
	grant.Issue.Connection = connection.Name
	if err := g.give(ctx, rq, connection, &held.IdentityTokens); err != nil {
		return grant, err
	}
	if isPrivileged(rq) {
		if err := narrow(rq, held.IdentityTokens); err != nil {
			return grant, err
		}
	}
	grant.ProviderToken, grant.Issue.Scope = &tokens.Access{Token: held.AccessToken, ExpiresIn: left(held.IdentityTokens, rq.Now)}, providers.SplitScope(held.Scope)
	held.UsedAt = rq.Now
	once := rq.Admit
	rq.Admit = func(tx *storage.Tx) error {
		if once != nil {
			if err := once(tx); err != nil {
				return err
			}
		}
		return held.keep(tx, grant.Issue.UserID)
	}
	return grant, nil
}

// isPrivileged reports whether the subject_token is a request that the application signed itself, and not a
// token of the user.
func isPrivileged(rq *oauth.TokenRequest) bool { return rq.Form.Get("subject_token_type") == jwtType }

// requestedType returns the only allowed requested_token_type.
func requestedType(rq *oauth.TokenRequest) string {
	if isPrivileged(rq) {
		return vaultTokenType
	}
	return connectionTokenType
}

// subject verifies the subject_token and puts its user into the grant. check does the rest of the
// verification, in a view of the store.
func (g *connectionToken) subject(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant) (check func(*storage.Tx) error, err error) {
	text := rq.Form.Get("subject_token")
	switch rq.Form.Get("subject_token_type") {
	case refreshTokenType:
		if rq.Client.RefreshToken.RotationType == "rotating" {
			return nil, errVaultRotation
		}
		id, ok := keys.FamilyOfRefreshToken(text)
		if !ok {
			return nil, apierr.InvalidRefreshToken
		}
		return func(tx *storage.Tx) error { return checkSubject(tx, id, keys.Hash(text), rq, grant) }, nil
	case accessTokenType:
		if rq.Client.ResourceServerIdentifier == "" {
			return nil, &apierr.Error{
				Status: http.StatusForbidden, Code: "unauthorized_client", Message: "Access token exchange with Token Vault is for clients of an API",
				Setting: "app_type resource_server and resource_server_identifier of the application",
			}
		}
		claims, err := g.issuer.Verify(ctx, text, rq.Client.ResourceServerIdentifier, rq.Now)
		if err != nil || claims.GTY == tokens.GTYClientCredentials || strings.HasSuffix(claims.Subject, "@clients") {
			return nil, invalidSubject(err)
		}
		grant.Issue.UserID, grant.Issue.Organization = claims.Subject, claims.Organization
		return func(*storage.Tx) error { return nil }, nil
	case jwtType:
		return g.privileged(ctx, rq, grant)
	default:
		return nil, apierr.InvalidParameter("subject_token_type", "must be "+refreshTokenType+", "+accessTokenType+" or "+jwtType)
	}
}

// vaulted holds a user's tokens at a provider: those of a connected account, or of an identity that the user
// logs in with.
type vaulted struct {
	storage.IdentityTokens
	connected objects.ConnectedAccount // without an id for an identity that the user logs in with
}

// checkSubject puts the user of a refresh token into the grant. The token must belong to the application and
// to the family id; neither the token nor the session that it is bound to may have ended.
func checkSubject(tx *storage.Tx, id, hash string, rq *oauth.TokenRequest, grant *tokens.Grant) error {
	t, err := tx.RefreshTokens.Get(id)
	if err == nil && (t.Issue.ClientID != rq.Client.ClientID || t.Expired(rq.Now) || !t.Has(hash)) {
		err = storage.ErrNotFound
	}
	if err == nil && t.Online {
		_, err = sessionOf(tx, t.Issue, rq.Now)
	}
	if storage.IsNotFound(err) {
		return apierr.InvalidRefreshToken.With(err)
	}
	grant.Issue.UserID, grant.Issue.Organization = t.Issue.UserID, t.Issue.Organization
	return err
}

// vault returns the stored tokens of the grant's user at the provider of the request's connection. If the
// user has several accounts there, login_hint selects one. Connected accounts take precedence over
// identities that the user logs in with.
func vault(tx *storage.Tx, rq *oauth.TokenRequest, grant *tokens.Grant) (c storage.Connection, held vaulted, err error) {
	user, err := tx.Users.Get(grant.Issue.UserID)
	switch {
	case storage.IsNotFound(err):
		return c, held, apierr.RefreshUserGone
	case err != nil:
		return c, held, err
	case user.Blocked:
		return c, held, apierr.RefreshUserBlocked
	}
	grant.User = &user
	c, err = tx.Connections.Find("name", rq.Form.Get("connection"))
	switch {
	case storage.IsNotFound(err):
		return c, held, apierr.ConnectionNotFound
	case err != nil:
		return c, held, err
	case !c.Serves(rq.Client):
		return c, held, apierr.ConnectionDisabled
	case !c.InTokenVault():
		return c, held, errVaultOff
	case c.ConnectedAccounts.CrossAppAccess:
		return c, held, apierr.NotEmulated("Cross App Access of an application that asks for tokens of another company's, as the connection " + c.Name + " says,")
	}
	held, err = tokensAt(tx, c, user, grant.Issue.Organization, rq.Form.Get("login_hint"))
	return c, held, err
}

// tokensAt returns the tokens of a user at the provider of a connection. hint is the account's id at the
// provider, "" for any account.
func tokensAt(tx *storage.Tx, c storage.Connection, user storage.User, organization, hint string) (held vaulted, err error) {
	meant := func(id string) bool { return hint == "" || hint == id || hint == strings.TrimPrefix(id, c.Name+"|") }
	accounts, err := objects.ConnectedAccountsOf(tx, user.UserID)
	if err != nil {
		return held, err
	}
	for _, a := range accounts {
		if a.ConnectionID == c.ID && a.ServesIn(organization) && meant(a.Tokens.UserID) {
			return vaulted{a.Tokens, a}, nil
		}
	}
	for _, identity := range user.Identities {
		if identity.Connection != c.Name || !meant(identity.UserID) {
			continue
		}
		held.IdentityTokens, err = tx.TokensOf(identity)
		if !storage.IsNotFound(err) {
			return held, err
		}
	}
	return held, errVaultEmpty
}

// give renews an access token at the provider, if it has expired.
func (g *connectionToken) give(ctx context.Context, rq *oauth.TokenRequest, c storage.Connection, held *storage.IdentityTokens) error {
	if end := held.ExpiresAt(); held.AccessToken != "" && (end.IsZero() || rq.Now.Before(end)) {
		return nil
	}
	if held.RefreshToken == "" {
		return errVaultEmpty
	}
	given, err := g.providers.Renew(ctx, c, *held)
	if err != nil {
		return errVaultRefused.With(err)
	}
	given.Provider, given.UserID, given.GivenAt = held.Provider, held.UserID, rq.Now
	given.IDToken = cmp.Or(given.IDToken, held.IDToken)
	*held = given
	return nil
}

// keep stores the tokens after their use. It does not replace newer tokens that a login has stored
// meanwhile, and does not restore tokens that were deleted meanwhile.
func (held vaulted) keep(tx *storage.Tx, userID string) error {
	if held.connected.ID != "" {
		return held.connected.KeepTokens(tx, userID, held.IdentityTokens)
	}
	now, err := tx.TokensOf(storage.Identity{Provider: held.Provider, UserID: held.UserID})
	if err != nil || now.GivenAt.After(held.GivenAt) {
		return storage.Optional(err)
	}
	return tx.IdentityTokens.Put(held.IdentityTokens)
}

// left returns for how many more seconds an access token is valid, 0 if the provider did not say.
func left(held storage.IdentityTokens, now time.Time) int {
	end := held.ExpiresAt()
	if end.IsZero() {
		return 0
	}
	return max(1, int(end.Sub(now)/time.Second))
}

// Commit implements oauth.Grant.
func (g *connectionToken) Commit(ctx context.Context, rq *oauth.TokenRequest, _ *tokens.Grant, reply *oauth.Reply) error {
	reply.IssuedTokenType = requestedType(rq)
	return g.db.Update(ctx, rq.Admit)
}
