package token

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// accessTokenType identifies access tokens, RFC 8693 section 3.
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token" //nolint:gosec // a name

// maxActors is the largest number of actors in a chain of delegation, Auth0:
// api/authentication/on-behalf-of-token-exchange/get-token.
const maxActors = 5

// tokenExchange exchanges a token for another one, RFC 8693. The subject_token_type decides which of Auth0's kinds
// of exchange it is.
type tokenExchange struct{ people }

// Type implements oauth.Grant.
func (g *tokenExchange) Type() string { return "urn:ietf:params:oauth:grant-type:token-exchange" }

// Validate implements oauth.Grant.
func (g *tokenExchange) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	for _, name := range []string{"subject_token", "subject_token_type"} {
		if rq.Form.Get(name) == "" {
			return nil, apierr.MissingParameter(name)
		}
	}
	if _, asked := tokens.TransferDomain(rq.Form.Get("audience")); asked {
		return nil, apierr.NotEmulated("The audience " + rq.Form.Get("audience") + " of a token exchange (session delegation)")
	}
	kind := rq.Form.Get("subject_token_type")
	if network, native := providers.NativeByType(kind); native {
		return g.native(ctx, rq, network)
	}
	if kind == accessTokenType {
		return g.onBehalf(ctx, rq)
	}
	return nil, g.custom(ctx, rq, kind)
}

// Permits implements oauth.Permitting. Each kind of exchange is enabled by a setting of its own. A client that has
// the grant type may also use profiles and exchange tokens on behalf of users.
func (g *tokenExchange) Permits(c storage.Client, form url.Values) error {
	kind := form.Get("subject_token_type")
	network, native := providers.NativeByType(kind)
	switch {
	case native && c.NativeSocialLogin.Allows(network.Name):
		return nil
	case native:
		return nativeNotAllowed(g.Type(), network)
	case c.Allows(g.Type()):
		return nil
	case kind == accessTokenType && slices.Contains(c.TokenExchange.AllowAnyProfileOfType, onBehalfProfile):
		return nil
	case kind != accessTokenType && len(c.TokenExchange.AllowAnyProfileOfType) > 0:
		return nil
	}
	wanted := "custom_authentication"
	if kind == accessTokenType {
		wanted = onBehalfProfile
	}
	return apierr.GrantNotAllowed(g.Type()).WithSetting(wanted + " in token_exchange.allow_any_profile_of_type of the application")
}

// onBehalfProfile is the name, in the settings of a client, of the exchange of access tokens.
const onBehalfProfile = "on_behalf_of_token_exchange"

// custom refuses an exchange by a profile, because tenant0 does not run the tenant's code that would decide who the
// user is. Faults in the request that Auth0 finds before it runs the code are answered as Auth0 does.
func (g *tokenExchange) custom(ctx context.Context, rq *oauth.TokenRequest, kind string) error {
	var profile storage.Document
	err := g.DB.View(ctx, func(tx *storage.Tx) error {
		for entry, err := range tx.Documents(resource.TokenExchangeProfiles.Name, "").All() {
			if err != nil {
				return err
			}
			if storage.Text(entry, "subject_token_type") == kind {
				profile = entry
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case profile == nil:
		return &apierr.Error{
			Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "No token exchange profile has the subject_token_type " + kind,
			Setting: "subject_token_type of a token exchange profile",
		}
	case !slices.Contains(rq.Client.TokenExchange.AllowAnyProfileOfType, storage.Text(profile, "type")):
		return &apierr.Error{
			Status: http.StatusForbidden, Code: "unauthorized_client", Message: "The client may not exchange tokens by profiles of type " + storage.Text(profile, "type"),
			Setting: "token_exchange.allow_any_profile_of_type of the application",
		}
	}
	return apierr.NotEmulated(fmt.Sprintf("The action %s of the token exchange profile %s, which says who the user is,", storage.Text(profile, "action_id"), storage.Text(profile, "name")))
}

// onBehalf exchanges a user's access token, with which an API was called, for a token of that user for another API.
// The claim act of the token names the API's client, and the actors before it.
func (g *tokenExchange) onBehalf(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	var audience string
	err := g.DB.View(ctx, func(tx *storage.Tx) error {
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		audience = cmp.Or(rq.Form.Get("audience"), tenant.AudienceOf(rq.Form.Get("resource")))
		return storage.Optional(err)
	})
	switch {
	case err != nil:
		return nil, err
	case rq.Client.Public() || rq.Client.ResourceServerIdentifier == "":
		return nil, &apierr.Error{
			Status: http.StatusForbidden, Code: "unauthorized_client", Message: "On-behalf-of token exchange is for clients of an API",
			Setting: "app_type resource_server and resource_server_identifier of the application",
		}
	case audience == "":
		return nil, apierr.MissingParameter("audience")
	case rq.Form.Get("requested_token_type") != "" && rq.Form.Get("requested_token_type") != accessTokenType:
		return nil, apierr.InvalidParameter("requested_token_type", "must be "+accessTokenType)
	}
	claims, err := g.Issuer.Verify(ctx, rq.Form.Get("subject_token"), rq.Client.ResourceServerIdentifier, rq.Now)
	if err != nil || claims.GTY == tokens.GTYClientCredentials || strings.HasSuffix(claims.Subject, "@clients") {
		return nil, invalidSubject(err)
	}
	actor := map[string]any{"sub": rq.Client.ClientID}
	if claims.Actor != nil {
		actor["act"] = claims.Actor
	}
	if depth(actor) > maxActors {
		return nil, &apierr.Error{
			Status: http.StatusBadRequest, Code: apierr.InvalidRequest,
			Message: fmt.Sprintf("Delegation chain (`act` claim) depth exceeds the maximum allowed limit of %d", maxActors), Setting: "act of the subject_token",
		}
	}
	grant := &tokens.Grant{
		Client: rq.Client, Actor: actor,
		Issue: storage.Issue{ClientID: rq.Client.ClientID, UserID: claims.Subject, Audience: audience, Organization: claims.Organization, Requested: rq.Form.Get("scope")},
	}
	err = g.DB.View(ctx, func(tx *storage.Tx) error { return g.decide(tx, grant) })
	return grant, err
}

// decide determines the scopes at the other API: those asked for that the user has, or all that the user has.
func (g *tokenExchange) decide(tx *storage.Tx, grant *tokens.Grant) error {
	api, err := tx.API(grant.Issue.Audience)
	if err != nil {
		return err
	}
	wanted := strings.Fields(grant.Issue.Requested)
	if len(wanted) == 0 && api != nil {
		for _, scope := range api.Scopes {
			wanted = append(wanted, scope.Value)
		}
	}
	err = decideFor(tx, grant, wanted)
	if storage.IsNotFound(err) {
		return invalidSubject(err)
	}
	return err
}

// decideFor determines which of the wanted scopes the user of a grant has at its API. OIDC scopes are removed,
// because there is neither an ID token nor a refresh token. A user who was deleted is storage.ErrNotFound.
func decideFor(tx *storage.Tx, grant *tokens.Grant, wanted []string) error {
	api, err := tx.API(grant.Issue.Audience)
	if err != nil {
		return err
	}
	if api == nil {
		return apierr.UnknownAPI(grant.Issue.Audience)
	}
	if err := grant.Load(tx); err != nil {
		return err
	}
	if grant.User.Blocked {
		return apierr.PersonBlocked
	}
	if err := authz.CheckMember(tx, grant.Issue.Organization, grant.User.UserID); err != nil {
		return err
	}
	if grant.Issue.OrganizationName, err = authz.ShownOrganization(tx, grant.Issue.Organization); err != nil {
		return err
	}
	wanted = slices.DeleteFunc(wanted, func(s string) bool { return slices.Contains(authz.StandardScopes(), s) })
	decision, err := grant.Decide(tx, tokens.DecisionInput{Scope: strings.Join(wanted, " "), Online: true})
	if err != nil {
		return err
	}
	grant.Apply(decision)
	return nil
}

// depth returns the number of actors in a chain.
func depth(actor map[string]any) int {
	n := 0
	for ; actor != nil; n++ {
		actor, _ = actor["act"].(map[string]any)
	}
	return n
}

func invalidSubject(cause error) error {
	return (&apierr.Error{
		Status: http.StatusUnauthorized, Code: "invalid_token", Message: "The subject_token is invalid or expired, or is no user's for the API of the client",
		Setting: "resource_server_identifier of the application, which must be the audience of the subject_token",
	}).With(cause)
}

// Commit implements oauth.Grant: for a native social login it records the login; the other exchanges store nothing.
func (g *tokenExchange) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	if rq.Admit != nil {
		return g.people.Commit(ctx, rq, grant, reply)
	}
	reply.IssuedTokenType = accessTokenType
	return nil
}
