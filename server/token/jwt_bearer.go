package token

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// jwtBearer issues an access token to another company's application, for a user whom an enterprise's identity provider
// has asserted, RFC 7523 section 2.1: Cross App Access. Auth0: api/authentication/cross-app-access, which follows
// draft-ietf-oauth-identity-assertion-authz-grant.
type jwtBearer struct{ people }

// Type implements oauth.Grant.
func (g *jwtBearer) Type() string { return "urn:ietf:params:oauth:grant-type:jwt-bearer" }

// Permits implements oauth.Permitting. The grant is enabled by a setting of its own, and third-party applications can
// use it only in strict mode.
func (g *jwtBearer) Permits(c storage.Client, _ url.Values) error {
	if c.IdentityAssertion.Active && (c.IsFirstParty || c.Strict()) {
		return nil
	}
	return apierr.GrantNotAllowed(g.Type()).WithSetting("identity_assertion_authorization_grant.active of the application; third-party applications must also be in strict mode")
}

// Limits of assertions: their size in bytes, the tolerated difference of clocks, and the age for public clients.
const (
	maxAssertion       = 16 << 10
	assertionSkew      = 10 * time.Second
	maxPublicAssertion = time.Minute
)

var (
	// errAssertion is the error for an assertion that is invalid here.
	errAssertion = &apierr.Error{
		Status: http.StatusBadRequest, Code: apierr.InvalidGrant, Message: "Assertion is invalid or has expired",
		Setting: "the parameter assertion: its aud must be the issuer, its client_id the application, and its sub a user of the connection that its iss belongs to",
	}
	// errAsserter is the error if the connection to the assertion's issuer is not enabled for Cross App Access.
	errAsserter = &apierr.Error{
		Status: http.StatusForbidden, Code: "access_denied", Message: "The connection is not enabled for Cross App Access by this client",
		Setting: "cross_app_access_resource_app.status of the connection and the applications that it is enabled for",
	}
	// errOtherAudience is the error for an audience that differs from the assertion's.
	errOtherAudience = apierr.InvalidParameter("audience", "it is not that of the assertion or of the tenant")
)

// asserted holds the claims of an assertion, and the connection to the provider that issued it.
type asserted struct {
	Iss      string `json:"iss"`
	Sub      string `json:"sub"`
	Aud      string `json:"aud"` // a single one, draft section 3
	ClientID string `json:"client_id"`
	JTI      string `json:"jti"`
	Iat      int64  `json:"iat"`
	Exp      int64  `json:"exp"`
	Nbf      int64  `json:"nbf"`
	Resource string `json:"resource"`
	Scope    string `json:"scope"`

	connection storage.Connection
}

// Validate implements oauth.Grant. An assertion can be used repeatedly until it expires.
func (g *jwtBearer) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	raw := rq.Form.Get("assertion")
	if raw == "" {
		return nil, apierr.MissingParameter("assertion")
	}
	a, err := g.asserted(ctx, rq, raw)
	if err != nil {
		return nil, err
	}
	grant := &tokens.Grant{Client: rq.Client, Issue: storage.Issue{ClientID: rq.Client.ClientID, Connection: a.connection.Name}}
	err = g.DB.View(ctx, func(tx *storage.Tx) error {
		user, err := tx.UserByIdentity(providers.Read(a.connection, a.Sub, nil).Identity)
		if storage.IsNotFound(err) {
			return errAssertion.With(errors.New("no user of the connection has the provider's id " + a.Sub))
		}
		if err != nil {
			return err
		}
		grant.Issue.UserID = user.UserID
		if grant.Issue.Audience, err = audienceOf(tx, rq, a); err != nil {
			return err
		}
		if grant.Issue.Organization, err = organizationOf(tx, rq.Client, user.UserID, a.connection.Name); err != nil {
			return err
		}
		grant.Issue.Requested = rq.Form.Get("scope")
		if a.Scope != "" {
			grant.Issue.Requested = a.Scope
		}
		return decideFor(tx, grant, strings.Fields(grant.Issue.Requested))
	})
	return grant, err
}

// asserted verifies an assertion.
func (g *jwtBearer) asserted(ctx context.Context, rq *oauth.TokenRequest, raw string) (a asserted, err error) {
	if len(raw) > maxAssertion {
		return a, errAssertion
	}
	jws, err := keys.ParseSigned(raw, oauth.AssertionAlgorithms)
	if err != nil {
		return a, errAssertion.With(err)
	}
	typ, _ := jws.Signatures[0].Header.ExtraHeaders[jose.HeaderType].(string)
	if typ = strings.TrimPrefix(strings.ToLower(typ), "application/"); typ != keys.TypeIdentityAssertion {
		return a, errAssertion.With(errors.New("its typ is " + typ))
	}
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &a); err != nil {
		return a, errAssertion.With(err)
	}
	if a.connection, err = g.asserter(ctx, rq.Client, a.Iss); err != nil {
		return a, err
	}
	if err := g.Providers.CheckAssertion(ctx, a.connection, raw); err != nil {
		return a, err
	}
	return a, a.check(rq, g.Issuer.URL)
}

// check compares the claims of an assertion with the request.
func (a asserted) check(rq *oauth.TokenRequest, issuer string) error {
	now := rq.Now
	soon := now.Add(assertionSkew).Unix()
	switch {
	case a.Aud != issuer, a.ClientID != rq.Client.ClientID, a.Sub == "", a.JTI == "":
		return errAssertion.With(errors.New("it is not for this application, or has no sub"))
	case a.Exp <= now.Unix(), a.Iat == 0, a.Iat > soon, a.Nbf > soon:
		return errAssertion.With(errors.New("it has expired or is not valid yet"))
	case rq.Client.Public() && now.Sub(time.Unix(a.Iat, 0)) > maxPublicAssertion:
		return errAssertion.With(errors.New("the assertion of a public client is good for one minute"))
	}
	return nil
}

// asserter returns the connection to the provider with an issuer. The connection must be enabled for assertions and for
// the application.
func (g *jwtBearer) asserter(ctx context.Context, client storage.Client, issuer string) (c storage.Connection, err error) {
	refusal := errAssertion
	err = g.DB.View(ctx, func(tx *storage.Tx) error {
		c, refusal = storage.Connection{}, errAssertion
		for _, strategy := range []string{"okta", "oidc"} {
			for one, err := range tx.Connections.By("strategy", strategy) {
				switch {
				case err != nil:
					return err
				case !providers.IsIssuer(one, g.Issuer.URL, issuer):
					continue
				case one.AssertsIdentities() && one.Serves(client):
					c = one
					return nil
				}
				refusal = errAsserter
			}
		}
		return refusal
	})
	return c, err
}

// audienceOf returns the API that a token is for: the assertion's resource, or else the tenant's default. The request
// may name the same API, or any API if there is neither.
func audienceOf(tx *storage.Tx, rq *oauth.TokenRequest, a asserted) (string, error) {
	asked := rq.Form.Get("audience")
	if asked == "" {
		asked = rq.Form.Get("resource")
	}
	meant := a.Resource
	if meant == "" {
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		if err := storage.Optional(err); err != nil {
			return "", err
		}
		meant = tenant.DefaultAudience
	}
	switch {
	case meant == "" && asked == "":
		return "", apierr.MissingParameter("audience")
	case meant == "":
		return asked, nil
	case asked != "" && asked != meant:
		return "", errOtherAudience
	}
	return meant, nil
}

// organizationOf returns the organization with the connection that the user is a member of. It is "" if the application
// does not use organizations, or if there is not exactly one. Auth0: secure/call-apis-on-users-behalf/xaa.
func organizationOf(tx *storage.Tx, client storage.Client, userID, connection string) (string, error) {
	if client.OrganizationUsage != "allow" && client.OrganizationUsage != "require" {
		return "", nil
	}
	choices, err := authz.Organizations(tx, userID, connection)
	if err != nil {
		return "", err
	}
	choices = slices.DeleteFunc(choices, func(o storage.Organization) bool {
		return authz.CheckMember(tx, o.ID, userID) != nil || authz.CheckThirdParty(client, o, o.ID) != nil
	})
	switch {
	case len(choices) == 1:
		return choices[0].ID, nil
	case client.OrganizationUsage == "require":
		return "", apierr.AtTokenEndpoint(apierr.OrganizationMissing)
	}
	return "", nil
}

// Commit implements oauth.Grant: nothing is stored.
func (g *jwtBearer) Commit(context.Context, *oauth.TokenRequest, *tokens.Grant, *oauth.Reply) error {
	return nil
}
