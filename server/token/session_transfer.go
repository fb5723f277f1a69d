package token

import (
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Session transfer tokens, Auth0: authenticate/single-sign-on/native-to-web/configure-implement-native-to-web.
const (
	transferTokenType = "urn:auth0:params:oauth:token-type:session_transfer_token" //nolint:gosec // a name
)

var (
	errTransferDisabled = &apierr.Error{
		Status: http.StatusForbidden, Code: "unauthorized_client", Message: "The client is not allowed to create session transfer tokens",
		Setting: "session_transfer.can_create_session_transfer_token of the application",
	}
	errTransferNested = &apierr.Error{
		Status: http.StatusForbidden, Code: apierr.InvalidGrant, Message: "A session that began with a session transfer token cannot create another one",
		Setting: "the parameter refresh_token, which must not come from such a session",
	}
)

// transfer prepares the session transfer token that a request asks for in exchange for its refresh token. Other
// requests are none of its business.
func (g *refreshToken) transfer(tx *storage.Tx, grant *tokens.Grant, rq *oauth.TokenRequest) error {
	domain, asked := tokens.TransferDomain(rq.Form.Get("audience"))
	if !asked {
		return nil
	}
	t := storage.SessionTransfer{
		Parent: grant.ID, ClientID: rq.Client.ClientID, UserID: grant.Issue.UserID, Connection: grant.Issue.Connection,
		Organization: grant.Issue.Organization, AuthenticatedAt: grant.Issue.AuthTime, IP: signin.Address(requestOfUser(rq)),
		ExpiresAt: rq.Now.Add(tokens.TransferLifetime),
	}
	ours, err := g.ownDomain(tx, domain, rq.HTTP.Host)
	switch {
	case err != nil:
		return err
	case !ours:
		return apierr.AtTokenEndpoint(apierr.UnknownService(rq.Form.Get("audience")))
	case !rq.Client.SessionTransfer.CreatesTokens:
		return errTransferDisabled
	case grant.Issue.Parent != "":
		return errTransferNested
	}
	s, err := tx.SessionByID(grant.Issue.SessionID)
	if err == nil {
		t.Methods = s.Methods
	}
	grant.Transfer, grant.TokenType = &t, "N_A"
	return storage.Optional(err)
}

// ownDomain reports whether a domain is the tenant's: that of the issuer or of the request, with or without the port,
// or a custom domain.
func (g *refreshToken) ownDomain(tx *storage.Tx, domain, host string) (bool, error) {
	for _, own := range []string{g.issuer.URL, "//" + host} {
		if u, err := url.Parse(own); err == nil && (domain == u.Host || domain == u.Hostname()) {
			return true, nil
		}
	}
	_, err := tx.CustomDomain(domain)
	return err == nil, storage.Optional(err)
}

// issueTransfer completes the reply with a session transfer token, and returns what stores the token.
func issueTransfer(t storage.SessionTransfer, reply *oauth.Reply) func(*storage.Tx) error {
	t.Hash = keys.Hash(reply.AccessToken)
	reply.IssuedTokenType, reply.Scope = transferTokenType, nil
	return func(tx *storage.Tx) error { return tx.SessionTransfers.Put(t) }
}
