package token

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// clientCredentials issues a token to a client for itself, RFC 6749 section
// 4.4: without a user, consent, an ID token or a refresh token.
type clientCredentials struct {
	db  *storage.DB
	log *tenantlog.Log
}

// Type implements oauth.Grant.
func (g *clientCredentials) Type() string { return "client_credentials" }

// Validate implements oauth.Grant.
func (g *clientCredentials) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	if rq.Client.Public() {
		// RFC 6749 section 4.4: "The client credentials grant type MUST only be
		// used by confidential clients."
		return nil, apierr.Unauthorized.WithReason("a client that does not authenticate cannot get tokens for itself")
	}
	var api *storage.ResourceServer
	var granted storage.ClientGrant
	issue := storage.Issue{ClientID: rq.Client.ClientID}
	err := g.db.View(ctx, func(tx *storage.Tx) error {
		var audience string
		var err error
		if audience, api, err = askedAPI(tx, rq.Form); err != nil {
			return err
		}
		granted, err = tx.ClientGrantFor(rq.Client, *api, "client")
		if storage.IsNotFound(err) || api.SubjectTypeAuthorization.Client.Policy == "deny_all" {
			return apierr.NoClientGrant(rq.Client.ClientID, audience)
		}
		if err != nil {
			return err
		}
		asked := cmp.Or(rq.Form.Get("organization"), rq.Client.OrganizationFor(g.Type()))
		if issue.Organization, err = machineOrganization(tx, rq.Client, asked, granted); err != nil {
			return err
		}
		if issue.OrganizationName, err = authz.ShownOrganization(tx, issue.Organization); err != nil {
			return err
		}
		if rq.Counted, err = counted(tx, rq.Client, issue.Organization, rq.Now); err != nil {
			return err
		}
		issue.AccessClaims, err = authz.MachineClaims(tx, rq.Client, api)
		return err
	})
	if err != nil {
		return nil, err
	}
	scope, err := machineScope(rq.Form.Get("scope"), granted, api)
	if err != nil {
		return nil, err
	}
	issue.Audience, issue.Scope = api.Identifier, scope
	if strings.HasSuffix(api.TokenDialect, "_authz") && api.EnforcePolicies {
		issue.Permissions = scope
	}
	return &tokens.Grant{Client: rq.Client, API: api, Issue: issue, GTY: tokens.GTYClientCredentials}, nil
}

// machineOrganization returns the id of the organization that a token is for,
// as far as the client grant allows it, Auth0: manage-users/organizations/
// organizations-for-m2m-applications/configure-your-application-for-m2m-access.
func machineOrganization(tx *storage.Tx, client storage.Client, asked string, granted storage.ClientGrant) (string, error) {
	switch {
	case asked == "" && granted.OrganizationUsage == "require":
		return "", apierr.OrganizationMissing
	case asked == "":
		return "", nil
	case granted.OrganizationUsage != "allow" && granted.OrganizationUsage != "require":
		return "", apierr.OrganizationDenied
	}
	organization, err := authz.Organization(tx, asked)
	if err != nil || granted.AllowAnyOrganization && !client.Strict() {
		return organization.ID, err
	}
	assigned, err := tx.HasClientGrant(organization.ID, granted.ID)
	if err == nil && !assigned {
		err = apierr.NoOrganizationGrant(client.ClientID, granted.Audience, organization.ID)
	}
	return organization.ID, err
}

// askedAPI returns the API that a request is for, and its identifier.
func askedAPI(tx *storage.Tx, form url.Values) (audience string, api *storage.ResourceServer, err error) {
	if audience, err = defaultAudience(tx, form); err != nil {
		return "", nil, err
	}
	if api, err = tx.API(audience); err == nil && api == nil {
		err = apierr.UnknownAPI(audience)
	}
	return audience, api, err
}

// defaultAudience returns the identifier of the API that a request is for: the
// one that it names, or the tenant's default.
func defaultAudience(tx *storage.Tx, form url.Values) (string, error) {
	if audience := form.Get("audience"); audience != "" {
		return audience, nil
	}
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return "", err
	}
	audience := cmp.Or(tenant.AudienceOf(form.Get("resource")), tenant.DefaultAudience)
	if audience == "" {
		return "", apierr.NoAudience
	}
	return audience, nil
}

// machineScope returns those of the client grant's scopes that the request asks
// for, or all of them if it asks for none. Unlike a request for a user's token
// it must not ask for others: OIDC scopes are refused too.
func machineScope(requested string, granted storage.ClientGrant, api *storage.ResourceServer) ([]string, error) {
	all := granted.Scope
	if granted.AllowAllScopes {
		all = nil
		for _, s := range api.Scopes {
			all = append(all, s.Value)
		}
	}
	if requested == "" {
		return all, nil
	}
	var scope, refused []string
	for s := range strings.FieldsSeq(requested) {
		switch {
		case !slices.Contains(all, s):
			refused = append(refused, s)
		case !slices.Contains(scope, s):
			scope = append(scope, s)
		}
	}
	if len(refused) > 0 {
		return nil, apierr.ScopesNotGranted(refused)
	}
	return scope, nil
}

// Commit implements oauth.Grant: it counts the token if there is a quota.
func (g *clientCredentials) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	return g.count(ctx, rq, grant.Issue.Organization, reply)
}
