package authorize

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/storage"
)

// asked are the parameters of an authorization request.
type asked struct {
	params url.Values
	pushed bool // whether the application has pushed them, RFC 9126
	// objectError says why the request object in the parameters was refused, nil if it was not.
	objectError error
}

// extension is the prefix of the names of an application's own parameters, Auth0:
// get-started/authentication-and-authorization-flow/authorization-code-flow.
const extension = "ext-"

// read checks the parameters of an authorization request that was sent to a host, in Auth0's
// order. If an error occurs before the redirect URI is verified, the returned request has no
// redirect URI and the error is to be shown on a page. Later errors are for the application.
func (m *room) read(ctx context.Context, host string, what asked) (rq storage.AuthorizeRequest, client storage.Client, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		rq, client, err = m.readIn(tx, host, what)
		return err
	})
	return rq, client, err
}

// readIn is read within a transaction of the store.
func (m *room) readIn(tx *storage.Tx, host string, what asked) (rq storage.AuthorizeRequest, client storage.Client, err error) {
	if client, err = findClient(tx, what.params.Get("client_id")); err != nil {
		return rq, client, err
	}
	params, err := withObject(what.params)
	if err != nil {
		return rq, client, err
	}
	uri, err := redirectURI(tx, client, host, params)
	if err != nil {
		return rq, client, err
	}
	rq = parse(params)
	rq.ClientID = client.ClientID
	rq.RedirectURI, rq.RedirectURISent = uri, params.Get("redirect_uri") != ""
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return rq, client, err
	}
	checks := []func() error{
		func() error { return checkForm(tenant, client, asked{params, what.pushed, what.objectError}, &rq) },
		func() error { return checkAudience(tx, tenant, m.Issuer.Userinfo(), params.Get("resource"), &rq) },
		func() error { return checkDetails(tx, client, params.Get("authorization_details"), &rq) },
		func() error { return checkOrganization(tx, client, params.Get("organization"), &rq) },
		func() error { return checkConnection(tx, client, rq) },
		func() error { return checkInvitation(tx, params.Get("invitation"), m.Now(), &rq) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return rq, client, err
		}
	}
	return rq, client, nil
}

func findClient(tx *storage.Tx, id string) (storage.Client, error) {
	if id == "" {
		return storage.Client{}, apierr.MissingParameter("client_id")
	}
	client, err := tx.ClientNamed(id)
	if storage.IsNotFound(err) {
		return client, apierr.UnknownClient(id)
	}
	return client, err
}

// redirectURI returns where the response goes. RFC 6749 section 3.1.2.3: "If
// multiple redirection URIs have been registered [...] the client MUST include a
// redirection URI with the authorization request". OIDC Core section 3.1.2.1 always
// demands it, which holds for applications that get the standard's answers.
func redirectURI(tx *storage.Tx, client storage.Client, host string, params url.Values) (string, error) {
	uri := params.Get("redirect_uri")
	sent := uri != ""
	if !sent && len(client.Callbacks) == 1 && !client.StandardAnswers {
		uri = client.Callbacks[0]
	}
	organization, err := organizationName(tx, params.Get("organization"))
	if err != nil {
		return "", err
	}
	allowed, err := registered.Of(tx, client, host).In(organization).Callback(uri)
	switch {
	case err != nil:
		return "", err
	case allowed:
		return uri, nil
	case !sent:
		return "", apierr.MissingParameter("redirect_uri")
	}
	return "", apierr.CallbackMismatch(uri)
}

// organizationName returns the name of the organization in a request, or "" if the organization is
// missing or unknown. An unknown one is reported later, once the redirect URI is verified.
func organizationName(tx *storage.Tx, value string) (string, error) {
	if value == "" {
		return "", nil
	}
	organization, err := authz.Organization(tx, value)
	if _, refused := errors.AsType[*apierr.Error](err); refused {
		return "", nil
	}
	return organization.Name, err
}

func parse(params url.Values) storage.AuthorizeRequest {
	var own map[string]string
	for name := range params {
		if strings.HasPrefix(name, extension) {
			if own == nil {
				own = map[string]string{}
			}
			own[name] = params.Get(name)
		}
	}
	return storage.AuthorizeRequest{
		ResponseType:        params.Get("response_type"),
		ResponseMode:        params.Get("response_mode"),
		Scope:               params.Get("scope"),
		Audience:            params.Get("audience"),
		State:               params.Get("state"),
		Nonce:               params.Get("nonce"),
		CodeChallenge:       params.Get("code_challenge"),
		CodeChallengeMethod: params.Get("code_challenge_method"),
		Prompt:              strings.Fields(params.Get("prompt")),
		LoginHint:           params.Get("login_hint"),
		ScreenHint:          params.Get("screen_hint"),
		Connection:          params.Get("connection"),
		UILocales:           params.Get("ui_locales"),
		ACRValues:           strings.Fields(params.Get("acr_values")),
		ConnectionScope:     params.Get("connection_scope"),
		Passed:              passed(params),
		CorrelationID:       correlationID(params),
		Extensions:          own,
	}
}

// passed returns the parameters that are only passed on to another identity provider, Auth0:
// authenticate/identity-providers/pass-parameters-to-idps.
func passed(params url.Values) map[string]string {
	var all map[string]string
	for _, name := range []string{"display", "id_token_hint"} {
		if value := params.Get(name); value != "" {
			if all == nil {
				all = map[string]string{}
			}
			all[name] = value
		}
	}
	return all
}

// correlation matches the values that correlation_id may have, Auth0: authenticate/login/configure-correlation-id.
var correlation = regexp.MustCompile(`^[-\w.*~@+/:]{1,64}$`)

// correlationID returns the name that an application gives to the login, "" if it gives none or one that
// is not allowed.
func correlationID(params url.Values) string {
	id := params.Get("correlation_id")
	if !correlation.MatchString(id) {
		return ""
	}
	return strings.Clone(id) // a copy does not keep the whole request in memory
}

// checkForm makes the checks that need only the parameters and the settings of the tenant and the
// application.
func checkForm(tenant storage.Tenant, client storage.Client, what asked, rq *storage.AuthorizeRequest) error {
	params := what.params
	checks := []func() error{
		func() error { return checkResponseMode(rq) },
		func() error { return checkStrict(client, params, rq) },
		func() error { return refuseObject(what) },
		func() error { return checkResponseType(client, params, rq) },
		func() error { return checkApplication(tenant, client, what) },
		func() error { return checkPKCE(client, rq) },
		func() error { return checkPrompt(params, rq) },
		func() error { return checkACR(tenant, params.Get("acr_values")) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkResponseType refuses a type that Auth0 does not have, then one that the
// application may not use, Auth0: get-started/applications/application-grant-types.
func checkResponseType(client storage.Client, params url.Values, rq *storage.AuthorizeRequest) error {
	types := slices.Sorted(strings.FieldsSeq(rq.ResponseType))
	switch strings.Join(types, " ") {
	case "":
		return apierr.MissingParameter("response_type")
	case "code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token":
	default:
		return apierr.UnsupportedResponseType(rq.ResponseType)
	}
	switch {
	case rq.Asks("code") && !client.Allows("authorization_code"):
		return apierr.GrantNotAllowed("authorization_code")
	case rq.FrontChannel() && !client.Allows("implicit"):
		return apierr.GrantNotAllowed("implicit")
	case rq.FrontChannel() && params.Get("response_mode") == "query":
		return apierr.InvalidParameter("response_mode", "tokens are not sent in a query")
	case rq.Asks("id_token") && rq.Nonce == "": // OIDC Core sections 3.2.2.1 and 3.3.2.11
		return apierr.MissingParameter("nonce")
	}
	return nil
}

// checkResponseMode determines the response mode, which is used for errors too. Tokens are never
// returned in a query: OAuth 2.0 Multiple Response Type Encoding Practices section 5.
func checkResponseMode(rq *storage.AuthorizeRequest) error {
	asked := rq.ResponseMode
	rq.ResponseMode = "query"
	if rq.FrontChannel() {
		rq.ResponseMode = "fragment"
	}
	switch asked {
	case "", "query":
	case "fragment":
		rq.ResponseMode = asked
	case "form_post", "web_message":
		if scheme, _, _ := strings.Cut(strings.ToLower(rq.RedirectURI), ":"); scheme != "http" && scheme != "https" {
			return apierr.InvalidParameter("response_mode", asked+" needs an http or https redirect_uri")
		}
		rq.ResponseMode = asked
	default:
		return apierr.InvalidParameter("response_mode", asked+" is not supported")
	}
	return nil
}

// checkApplication checks a request by the application's settings for pushed requests and
// organizations.
func checkApplication(tenant storage.Tenant, client storage.Client, what asked) error {
	params := what.params
	required := client.RequirePushedAuthorizationRequests || tenant.Flags.RequirePushedAuthorizationRequests
	switch {
	case required && !what.pushed:
		return apierr.PARRequired
	case params.Get("organization") != "" && (client.OrganizationUsage == "" || client.OrganizationUsage == "deny"):
		return apierr.OrganizationDenied
	case params.Get("invitation") != "" && params.Get("organization") == "":
		return apierr.MissingParameter("organization")
	case params.Get("organization") == "" && client.OrganizationUsage == "require" && !asksFirst(client):
		return apierr.OrganizationMissing
	}
	return nil
}

// asksFirst reports whether users of an application are asked for their organization.
func asksFirst(client storage.Client) bool {
	return client.AsksOrganization(storage.BeforeLogin) || client.AsksOrganization(storage.AfterLogin)
}

// challenge matches a code_challenge by the grammar of RFC 7636 sections 4.1 and 4.2.
var challenge = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// checkPKCE checks the code challenge. An application that does not authenticate must send one:
// RFC 9700 section 2.1.1, "public clients MUST use PKCE"; so must a third-party application in
// strict mode.
func checkPKCE(client storage.Client, rq *storage.AuthorizeRequest) error {
	switch {
	case rq.CodeChallenge == "" && rq.CodeChallengeMethod != "":
		return apierr.MissingParameter("code_challenge")
	case rq.CodeChallenge == "" && rq.Asks("code") && (client.Public() || client.Strict()):
		return apierr.PKCERequired
	case rq.CodeChallenge == "":
		return nil
	}
	rq.CodeChallengeMethod = cmp.Or(rq.CodeChallengeMethod, "plain") // RFC 7636 section 4.3
	if rq.CodeChallengeMethod != "S256" && rq.CodeChallengeMethod != "plain" {
		return apierr.InvalidParameter("code_challenge_method", "must be S256 or plain")
	}
	if !challenge.MatchString(rq.CodeChallenge) {
		return apierr.InvalidParameter("code_challenge", "must be 43 to 128 unreserved characters")
	}
	return nil
}

// checkPrompt checks prompt and max_age, OIDC Core section 3.1.2.1.
func checkPrompt(params url.Values, rq *storage.AuthorizeRequest) error {
	for _, p := range rq.Prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, p) {
			return apierr.InvalidParameter("prompt", p+" is not supported")
		}
	}
	if slices.Contains(rq.Prompt, "none") && len(rq.Prompt) > 1 {
		return apierr.InvalidParameter("prompt", "none must stand alone")
	}
	if text := params.Get("max_age"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 0 {
			return apierr.InvalidParameter("max_age", "must be a number of seconds")
		}
		rq.MaxAge = &seconds
	}
	scope := strings.Fields(rq.Scope)
	if slices.Contains(scope, "online_access") && slices.Contains(scope, "offline_access") {
		return &apierr.Error{
			Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Cannot request both online_access and offline_access scopes",
			Setting: "the parameter scope",
		}
	}
	return nil
}

// checkACR refuses acr_values that the tenant does not list in acr_values_supported, if it lists
// any, Auth0: get-started/tenant-settings.
func checkACR(tenant storage.Tenant, values string) error {
	for value := range strings.FieldsSeq(values) {
		if len(tenant.ACRValuesSupported) > 0 && !slices.Contains(tenant.ACRValuesSupported, value) {
			return apierr.InvalidParameter("acr_values", value+" is not supported")
		}
	}
	return nil
}

// checkAudience fills in the tenant's default audience and looks for the API. The tenant's
// /userinfo URL is not an API: every access token without an API is for it. If the tenant is
// configured so, the parameter resource of RFC 8707 is used when there is no audience, Auth0:
// get-started/tenant-settings.
func checkAudience(tx *storage.Tx, tenant storage.Tenant, userinfo, resource string, rq *storage.AuthorizeRequest) error {
	rq.Audience = cmp.Or(rq.Audience, tenant.AudienceOf(resource), tenant.DefaultAudience)
	if rq.Audience == userinfo {
		rq.Audience = ""
	}
	api, err := tx.API(rq.Audience)
	if err == nil && api == nil && rq.Audience != "" {
		return apierr.UnknownService(rq.Audience)
	}
	return err
}

// checkOrganization sets the organization to log in to, and checks that the application may use
// it.
func checkOrganization(tx *storage.Tx, client storage.Client, value string, rq *storage.AuthorizeRequest) error {
	if value == "" {
		return nil
	}
	organization, err := authz.Organization(tx, value)
	if rq.Organization = organization.ID; err == nil {
		err = authz.CheckThirdParty(client, organization, value)
	}
	return err
}

// checkInvitation finds the invitation of a ticket, and sets the request's connection, login_hint
// and screen_hint for the invited person: the sign-up page if there is no account yet.
func checkInvitation(tx *storage.Tx, ticket string, now time.Time, rq *storage.AuthorizeRequest) error {
	if ticket == "" {
		return nil
	}
	invitation, err := tx.Invitation(rq.Organization, ticket, now)
	if storage.IsNotFound(err) || err == nil && invitation.ClientID != rq.ClientID {
		return apierr.InvitationUsed
	}
	if err != nil {
		return err
	}
	rq.Invitation, rq.LoginHint, rq.ScreenHint = ticket, invitation.Invitee.Email, "signup"
	if invitation.ConnectionID != "" {
		c, err := tx.Connections.Get(invitation.ConnectionID)
		if err != nil {
			return err
		}
		rq.Connection = c.Name
	}
	ways, err := account.WaysOf(tx, *rq)
	for _, c := range append(ways.Databases, ways.Passwordless...) {
		_, err := tx.UserByLogin(c.Name, rq.LoginHint)
		if err == nil {
			rq.ScreenHint = ""
		} else if err := storage.Optional(err); err != nil {
			return err
		}
	}
	return err
}

// checkConnection checks that the requested connection is enabled, and that there is a way to log
// in.
func checkConnection(tx *storage.Tx, client storage.Client, rq storage.AuthorizeRequest) error {
	if rq.Connection != "" {
		c, err := tx.Connections.Find("name", rq.Connection)
		switch {
		case storage.IsNotFound(err):
			return apierr.ConnectionNotFound
		case err != nil:
			return err
		case !c.Serves(client), c.Closed():
			return apierr.ConnectionDisabled
		}
	}
	_, err := account.WaysOf(tx, rq)
	return err
}
