package token

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Values of requests that an application signs to get a user's token without the user, Auth0:
// secure/call-apis-on-users-behalf/token-vault/
// privileged-worker-token-exchange-with-token-vault.
const (
	jwtType              = "urn:ietf:params:oauth:token-type:jwt"
	vaultTokenType       = "http://auth0.com/oauth/token-type/token-vault-access-token" //nolint:gosec // a name
	typeOfRequest        = "token-vault-req+jwt"
	maxPrivilegedRequest = time.Minute
	maxAuditContext      = 256
)

// errPrivileged is the error for an invalid signed request. Auth0 does not document its message.
var errPrivileged = &apierr.Error{
	Status: http.StatusUnauthorized, Code: "invalid_token", Message: "The subject_token is invalid, expired or was used before",
	Setting: "the claims of the subject_token, the clock of the machine that signs it, and credentials of token_vault_privileged_access of the application",
}

// privilegedRequest holds the claims of such a request.
type privilegedRequest struct {
	Iss          string          `json:"iss"`
	Sub          string          `json:"sub"`
	Aud          json.RawMessage `json:"aud"`
	Iat          float64         `json:"iat"`
	Nbf          float64         `json:"nbf"`
	Exp          *float64        `json:"exp"`
	JTI          string          `json:"jti"`
	AuditContext string          `json:"audit_context"`
	Organization string          `json:"org_id"`
}

// privileged verifies a request that the application has signed, and puts its user into the grant. check does the rest
// of the verification, in a view of the store.
func (g *connectionToken) privileged(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant) (check func(*storage.Tx) error, err error) {
	access := rq.Client.PrivilegedAccess
	if err := mayAsk(rq, access); err != nil {
		return nil, err
	}
	raw := rq.Form.Get("subject_token")
	if len(raw) > maxAssertion {
		return nil, errPrivileged.WithReason("it is too long")
	}
	jws, err := keys.ParseSigned(raw, oauth.AssertionAlgorithms)
	if err != nil {
		return nil, errPrivileged.WithReason("it is not a signed JWT").With(err)
	}
	typ, _ := jws.Signatures[0].Header.ExtraHeaders[jose.HeaderType].(string)
	var claims privilegedRequest
	if typ != typeOfRequest {
		return nil, errPrivileged.WithReason("its typ is not " + typeOfRequest)
	}
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims); err != nil {
		return nil, errPrivileged.WithReason("its claims cannot be read").With(err)
	}
	if err := claims.check(rq, g.issuer.URL); err != nil {
		return nil, err
	}
	grant.Issue.UserID, grant.Issue.Organization = claims.Sub, claims.Organization
	rq.Admit = func(tx *storage.Tx) error { return claims.useUp(tx, rq) }
	rq.Details = map[string]string{"audit_context": claims.AuditContext}
	var credentials []storage.ClientCredential
	err = g.db.View(ctx, func(tx *storage.Tx) (err error) {
		credentials, err = objects.CredentialsOf(tx, rq.Client.ClientID, access.Credentials)
		return err
	})
	if err == nil && !verifies(credentials, jws, rq.Now) {
		err = errPrivileged.WithReason("no credential of token_vault_privileged_access verifies its signature")
	}
	return func(tx *storage.Tx) error { return authz.CheckMember(tx, claims.Organization, claims.Sub) }, err
}

// useUp records the request as used, so that only one of several requests with the same jti succeeds.
func (c privilegedRequest) useUp(tx *storage.Tx, rq *oauth.TokenRequest) error {
	used, err := tx.UsedAssertions.Has(c.id(rq))
	switch {
	case err != nil:
		return err
	case used:
		return errPrivileged.WithReason("its jti was used before")
	}
	return tx.UsedAssertions.Put(storage.UsedAssertion{ID: c.id(rq), ExpiresAt: rq.Now.Add(2 * maxPrivilegedRequest)})
}

// mayAsk refuses an application that has no privileged access from this IP address, or to this connection or scope.
func mayAsk(rq *oauth.TokenRequest, access storage.PrivilegedAccess) error {
	refusal := &apierr.Error{Status: http.StatusForbidden, Code: "unauthorized_client"}
	allowed := access.Scopes(rq.Form.Get("connection"))
	switch {
	case len(access.Credentials) == 0:
		refusal.Message = "The application has no privileged access to Token Vault"
		return refusal.WithSetting("token_vault_privileged_access.credentials of the application")
	case !within(access.IPAllowlist, signin.Address(rq.HTTP)):
		refusal.Message = "The address of the request is not allowed for privileged access to Token Vault"
		return refusal.WithSetting("token_vault_privileged_access.ip_allowlist of the application")
	case len(allowed) == 0:
		refusal.Message = "The connection is not granted for privileged access to Token Vault"
		return refusal.WithSetting("token_vault_privileged_access.grants of the application")
	}
	for scope := range strings.FieldsSeq(rq.Form.Get("scope")) {
		if !slices.Contains(allowed, scope) {
			refusal.Message = "The scope is not granted for privileged access to Token Vault"
			return refusal.WithSetting("token_vault_privileged_access.grants of the application")
		}
	}
	return nil
}

// within reports whether an IP address is in a list of addresses and networks.
func within(list []string, address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(list, func(entry string) bool {
		if network, err := netip.ParsePrefix(entry); err == nil {
			return network.Contains(ip.Unmap())
		}
		one, err := netip.ParseAddr(entry)
		return err == nil && one.Unmap() == ip.Unmap()
	})
}

// check compares the claims with the request.
func (c privilegedRequest) check(rq *oauth.TokenRequest, issuer string) error {
	now, soon := float64(rq.Now.Unix()), float64(rq.Now.Add(assertionSkew).Unix())
	context := utf8.RuneCountInString(c.AuditContext)
	switch {
	case c.Iss != rq.Client.ClientID:
		return errPrivileged.WithReason("its iss is not the client_id")
	case !isFor(c.Aud, issuer):
		return errPrivileged.WithReason("its aud is not " + issuer)
	case c.Sub == "" || c.JTI == "":
		return errPrivileged.WithReason("it needs the claims sub and jti")
	case context == 0 || context > maxAuditContext:
		return errPrivileged.WithReason("it needs an audit_context of 1 to 256 characters")
	case c.Iat == 0 || now-c.Iat > maxPrivilegedRequest.Seconds() || c.Exp != nil && *c.Exp <= now:
		return errPrivileged.WithReason("it has expired: it is good for one minute after its iat")
	case c.Iat > soon || c.Nbf > soon:
		return errPrivileged.WithReason("it is not valid yet")
	}
	return nil
}

// id is the key that marks a request as used.
func (c privilegedRequest) id(rq *oauth.TokenRequest) string {
	return rq.Client.ClientID + "\x01privileged\x01" + keys.Hash(c.JTI)
}

// isFor reports whether an aud claim, a string or a list, contains the issuer.
func isFor(raw json.RawMessage, issuer string) bool {
	var one string
	var several []string
	return json.Unmarshal(raw, &one) == nil && one == issuer || json.Unmarshal(raw, &several) == nil && slices.Contains(several, issuer)
}

// verifies reports whether a credential that has not expired verifies the signature.
func verifies(credentials []storage.ClientCredential, jws *jose.JSONWebSignature, now time.Time) bool {
	return slices.ContainsFunc(credentials, func(c storage.ClientCredential) bool {
		end, err := time.Parse(time.RFC3339, c.ExpiresAt)
		if err == nil && now.After(end) || c.Alg != "" && c.Alg != jws.Signatures[0].Header.Algorithm {
			return false
		}
		key, _, err := keys.ReadPublic(c.PEM)
		if err == nil {
			_, err = jws.Verify(key)
		}
		return err == nil
	})
}

// narrow refuses a provider's token with more scopes than were asked for or granted, because no provider here can issue
// a token with fewer scopes.
func narrow(rq *oauth.TokenRequest, held storage.IdentityTokens) error {
	may := rq.Client.PrivilegedAccess.Scopes(rq.Form.Get("connection"))
	if asked := strings.Fields(rq.Form.Get("scope")); len(asked) > 0 {
		may = asked
	}
	for _, scope := range providers.SplitScope(held.Scope) {
		if !slices.Contains(may, scope) {
			return &apierr.Error{
				Status: http.StatusBadRequest, Code: "invalid_scope", Message: "The provider's token has more scopes than are asked for or granted, and cannot be narrowed",
				Setting: "the parameter scope, token_vault_privileged_access.grants of the application, and the scopes that the user has agreed to at the provider",
			}
		}
	}
	return nil
}
