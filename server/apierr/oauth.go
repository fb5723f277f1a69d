package apierr

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Answers of the token endpoint, RFC 6749 section 5.2, with Auth0's statuses
// and sentences.
var (
	Unauthorized         = &Error{Status: http.StatusUnauthorized, Code: "access_denied", Message: "Unauthorized", Setting: "client_id, client_secret and token_endpoint_auth_method of the application"}
	InvalidCode          = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid authorization code", Setting: "the parameter code, which is good once, for ten minutes and for one application"}
	WrongVerifier        = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Failed to verify code verifier", Setting: "the parameter code_verifier: it must be the one from which the code_challenge at /authorize was made"}
	InvalidRefreshToken  = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Unknown or invalid refresh token.", Setting: "the parameter refresh_token, and rotation_type, leeway and the lifetimes of refresh_token of the application"}
	RefreshUserGone      = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "The refresh_token was generated for a user who doesn't exist anymore.", Setting: "the user, who has been deleted"}
	RefreshUserBlocked   = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "user is blocked", Setting: "the user's property blocked"}
	NoAudience           = &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "Non-global clients are not allowed access to APIv1", Setting: "the parameter audience, or default_audience of the tenant"}
	PublicPush           = &Error{Status: http.StatusUnauthorized, Code: "invalid_client", Message: "Pushed authorization requests are for applications that authenticate", Setting: "token_endpoint_auth_method of the application"}
	PushDisabled         = &Error{Status: http.StatusNotFound, Code: "endpoint_disabled", Message: "Pushed authorization requests are disabled for the tenant", Setting: "pushed_authorization_requests_supported of the tenant"}
	TwoAuthentications   = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The client must not use more than one authentication method in a request", Setting: "client_secret, client_assertion and the header Authorization of the request"}
	UnknownAssertionType = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer", Setting: "the parameter client_assertion_type"}
	ScopeNotString       = &Error{Status: http.StatusBadRequest, Code: "invalid_scope", Message: "Scope must be an array or a string", Setting: "the parameter scope"}
	InternalError        = &Error{Status: http.StatusInternalServerError, Code: "server_error", Message: "Internal Server Error"}
	MalformedBody        = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The request body cannot be parsed", Setting: "the body of the request, and its header Content-Type"}
	ZeroInPath           = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Path validation error: 'The character U+0000 is not allowed'.", Setting: "the path of the request"}
	ZeroInQuery          = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Query validation error: 'The character U+0000 is not allowed'.", Setting: "the query of the request"}
	UnsupportedMediaType = &Error{Status: http.StatusUnsupportedMediaType, Code: "invalid_request", Message: "The request body must be application/json or application/x-www-form-urlencoded"}
	BodyTooLarge         = &Error{Status: http.StatusRequestEntityTooLarge, Code: "invalid_request", Message: "The request body is too large"}
	NotFound             = &Error{Status: http.StatusNotFound, Code: "not_found", Message: "Not Found"}
	MethodNotAllowed     = &Error{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Message: "Method Not Allowed"}
)

// StoreUnavailable is the answer to requests that need the database while it cannot be
// reached. Its code is from RFC 6749 section 4.1.2.1.
var StoreUnavailable = &Error{
	Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable", Message: "The server cannot reach its database. Try again.",
	Header: map[string]string{"Retry-After": "1"},
}

// InvalidGrant is the error code of RFC 6749 section 5.2 for an invalid or expired
// authorization code or refresh token.
const InvalidGrant = "invalid_grant"

// InvalidRequest is the error code of RFC 6749 section 5.2 for a malformed request.
const InvalidRequest = "invalid_request"

// ZeroInBody reports a string with the character U+0000 in a JSON body. path is where it was
// found, as ZeroByte returns it.
func ZeroInBody(path string) *Error {
	e := &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Payload validation error: 'The character U+0000 is not allowed'", Setting: "the body of the request"}
	if path != "" {
		e.Message += " on property " + path
	}
	e.Message += "."
	return e
}

// NamedError returns an error with a member "name", as Auth0's /dbconnections endpoints answer.
func NamedError(name, code, description string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Message: description, Extra: map[string]any{"name": name}}
}

// InvalidRequestMessage returns an invalid_request error with the message text. Auth0's database APIs answer with the
// message alone.
func InvalidRequestMessage(text string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Message: text, Bare: true}
}

// MissingParameter reports that a required parameter is missing.
func MissingParameter(name string) error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: missingParameter + name, Setting: "the parameter " + name}
}

const missingParameter = "Missing required parameter: "

// MissingParameterName returns the name of the missing parameter, if e was made by MissingParameter.
func (e *Error) MissingParameterName() (name string, is bool) {
	return strings.CutPrefix(e.Message, missingParameter)
}

// RepeatedParameter reports a parameter that was sent more than once. RFC 6749 section 3.1:
// "Request and response parameters MUST NOT be included more than once."
func RepeatedParameter(name string) error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Duplicate parameter: " + name, Setting: "the parameter " + name}
}

// InvalidParameter reports a parameter whose value cannot be used.
func InvalidParameter(name, why string) error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: fmt.Sprintf("Invalid parameter %s: %s", name, why), Setting: "the parameter " + name}
}

// UnsupportedGrant reports a grant_type that this server does not support.
func UnsupportedGrant(grant string) error {
	return &Error{Status: http.StatusForbidden, Code: "unsupported_grant_type", Message: "Unsupported grant type: " + grant, Setting: "the parameter grant_type"}
}

// GrantNotAllowed reports a grant type that the application may not use.
func GrantNotAllowed(grant string) *Error {
	return &Error{
		Status: http.StatusForbidden, Code: "unauthorized_client",
		Message: fmt.Sprintf("Grant type '%s' not allowed for the client.", grant),
		Extra:   map[string]any{"error_uri": "https://auth0.com/docs/clients/client-grant-types"},
		Setting: "grant_types of the application",
	}
}

// InvalidAssertion reports a client assertion that does not authenticate the application.
func InvalidAssertion(why string) *Error {
	return &Error{Status: http.StatusUnauthorized, Code: "invalid_client", Message: "Client assertion is invalid: " + why, Setting: "the application's credentials, the claims of the assertion, and the clock of the machine that signed it"}
}

// AsInvalidClient returns err with the code invalid_client if it reports a failed client
// authentication, as /oauth/revoke answers.
func AsInvalidClient(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusUnauthorized {
		return err
	}
	c := *e
	c.Code = "invalid_client"
	return &c
}

// WrongRedirectURI reports a redirect_uri that differs from the one in the authorization
// request.
func WrongRedirectURI(sent, expected string) error {
	show := func(uri string) string {
		if uri == "" {
			return "null"
		}
		return uri
	}
	return &Error{
		Status: http.StatusForbidden, Code: "unauthorized_client",
		Message: fmt.Sprintf("The redirect URI is wrong. You sent %s, and we expected %s", show(sent), show(expected)),
		Setting: "the parameter redirect_uri, as it was at /authorize",
	}
}

// UnknownAPI reports an audience that is not an API of the tenant, in requests for tokens
// without a user.
func UnknownAPI(audience string) error {
	return &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "Service not enabled within domain: " + audience, Setting: "identifier of an API, or the parameter audience"}
}

// NoClientGrant reports that the application has no client grant for an API.
func NoClientGrant(clientID, audience string) error {
	return &Error{
		Status: http.StatusForbidden, Code: "access_denied",
		Message: fmt.Sprintf("Client %q is not authorized to access resource server %q. You need to create a \"client-grant\" associated to this API.", clientID, audience),
		Setting: "client grants of the application",
	}
}

// NoThirdPartyGrant reports that a third-party application in strict mode has no grant for an
// API that covers users' tokens, Auth0:
// get-started/applications/third-party-applications/troubleshooting.
func NoThirdPartyGrant(clientID, audience string) error {
	e, _ := errors.AsType[*Error](NoClientGrant(clientID, audience))
	answer := *e
	answer.Code = "unauthorized_client"
	answer.Setting = "a client grant for users of the application or default_for third_party_clients; APIs of the tenant's own are out of reach"
	return &answer
}

// NoOrganizationGrant reports an organization that the application's grant for an API
// is not assigned to, Auth0: manage-users/organizations/organizations-for-m2m-applications.
func NoOrganizationGrant(clientID, audience, organization string) error {
	return &Error{
		Status: http.StatusForbidden, Code: "access_denied",
		Message: fmt.Sprintf("Client %q is not authorized to access resource server %q for organization %q.", clientID, audience, organization),
		Setting: "client grants of the organization",
	}
}

// ScopesNotGranted reports scopes that are not part of the application's client grant.
func ScopesNotGranted(scopes []string) error {
	return &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "Client has not been granted scopes: " + strings.Join(scopes, ", "), Setting: "scope of the client grant"}
}

// OriginNotAllowed reports a web page of an origin that may not call the server. Auth0
// answers with plain text: get-started/applications/set-up-cors.
func OriginNotAllowed(origin string) error {
	return &Error{Status: http.StatusForbidden, Code: "origin_not_allowed", Message: fmt.Sprintf("Origin %s is not allowed.", origin), Setting: "web_origins, allowed_origins and callbacks of the application"}
}

// PayloadTooLarge is the answer of Auth0's JSON APIs to a body of more than most bytes. The
// message is known from auth0.js, a client of Auth0's.
func PayloadTooLarge(most int64) *Error {
	return &Error{
		Status: http.StatusRequestEntityTooLarge, Code: InvalidRequest, Message: fmt.Sprintf("Payload content length greater than maximum allowed: %d", most),
		Cause: BodyTooLarge,
	}
}
