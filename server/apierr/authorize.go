package apierr

import (
	"fmt"
	"net/http"
)

// Errors of /authorize that are sent to the application in a redirect, OIDC Core section
// 3.1.2.6. Their status is used only if there is no URI to redirect to.
var (
	LoginRequired       = &Error{Status: http.StatusBadRequest, Code: "login_required", Message: "Login required", Setting: "a session of the browser, the session lifetimes of the tenant, or the parameters prompt and max_age"}
	ConsentRequired     = &Error{Status: http.StatusBadRequest, Code: "consent_required", Message: "Consent required", Setting: "skip_consent_for_verifiable_first_party_clients of the API, and is_first_party of the application"}
	InteractionRequired = &Error{Status: http.StatusBadRequest, Code: "interaction_required", Message: "Interaction required", Setting: "the parameter prompt"}
	ConsentDeclined     = &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "User did not authorize the request", Setting: "the answer of the user; whether users are asked depends on is_first_party of the application and skip_consent_for_verifiable_first_party_clients of the API"}
	UserBlocked         = &Error{Status: http.StatusForbidden, Code: "unauthorized", Message: "user is blocked", Setting: "the user's property blocked"}
	NoConnections       = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "no connections enabled for the client", Setting: "enabled_clients of a connection"}
	ConnectionNotFound  = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "the connection was not found", Setting: "the parameter connection"}
	ConnectionDisabled  = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "the connection was disabled", Setting: "enabled_clients of the connection"}
	OrganizationDenied  = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "parameter organization is not allowed for this client", Setting: "organization_usage of the application"}
	OrganizationMissing = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "parameter organization is required for this client", Setting: "organization_usage of the application, or the parameter organization"}
	OrganizationByID    = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "authorization request parameter organization must be an organization id", Setting: "allow_organization_name_in_authentication_api of the tenant, or the parameter organization"}
	NoOrganization      = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "client requires organization membership, but user does not belong to any organization", Setting: "members of organizations, or organization_usage of the application"}
	InvitationUsed      = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "invitation not found or already used", Setting: "the invitation: whether it has expired, and for which application it is"}
	InvitationForeign   = &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "the invitation is for another e-mail address", Setting: "the invitee of the invitation"}
	PKCERequired        = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Missing required parameter: code_challenge", Setting: "token_endpoint_auth_method of the application, or the parameter code_challenge"}
	InvalidRequestURI   = &Error{Status: http.StatusBadRequest, Code: "invalid_request_uri", Message: "The request_uri is not known, expired or was used before", Setting: "the parameter request_uri, which is good once, for 30 seconds and for one application"}
	PARRequired         = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Pushed Authorization Request is required", Setting: "require_pushed_authorization_requests of the application"}
)

// Errors that the login pages show.
var (
	TransactionExpired = &Error{
		Status: http.StatusBadRequest, Code: "invalid_request", Lost: true, Setting: "the login: begin it again at the application, and complete it once and within an hour",
		Message: "You may have pressed the back button, refreshed during login, opened too many login dialogs, or there is some issue with cookies, since we couldn't find your session. Try logging in again from the application and if the problem persists please contact the administrator.",
	}
	TransactionForeign = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The login transaction belongs to another browser. Start again from the application.", Page: "foreign-transaction", Setting: "the cookies of the browser: a login must begin and end at the same host and in the same browser, and in a frame of another site browsers do not send third-party cookies"}
	LinkForeign        = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The link must be opened on the same device and browser from which you submitted your email address.", Page: "passwordless-no-session", Setting: "the browser that opens the link: it must be the one that requested it"}
	Subresource        = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "A login cannot begin in an image, a script or another part of a page. Open the address in a window or a frame.", Setting: "how the browser makes the request: by opening the URL in a window or a frame, not by fetch, an image or a script"}
	CrossSite          = &Error{Status: http.StatusForbidden, Code: "invalid_request", Message: "The form was sent from another site and was not accepted.", Setting: "the page that sends the form: it must be a page of the tenant"}
	InvalidAction      = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Invalid action", Setting: "the field action of the form"}
	NoThirdPartyLogout = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Logout is not supported for third-party applications in strict mode", Setting: "third_party_security_mode of the application"}
	HintMismatch       = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The id_token_hint, logout_hint and client_id do not belong together", Setting: "the parameters id_token_hint, logout_hint and client_id"}
	InvalidIDTokenHint = &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The id_token_hint is not an ID token of this tenant", Setting: "the parameter id_token_hint"}
)

// UnsignedRequestObject reports a request object with the algorithm none, from an application
// whose signed request objects are accepted.
var UnsignedRequestObject = &Error{Status: http.StatusBadRequest, Code: "request_not_supported", Message: "Unsigned request objects are not supported", Setting: "the algorithm of the request object"}

// InvalidRequestObject reports a request object that cannot be accepted, OIDC Core section 3.1.2.6.
func InvalidRequestObject(why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request_object", Message: "The request object is invalid: " + why, Setting: "the request object, and the keys of the application"}
}

// InvalidObjectURI reports a request_uri from which no request object can be read, OIDC Core section 3.1.2.6.
func InvalidObjectURI(why string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request_uri", Message: "The request_uri is invalid: " + why, Setting: "tenant0_request_objects of the application, and the server's setting upstream"}
}

// UnknownClient reports a client_id that no application of the tenant has.
func UnknownClient(id string) error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "Unknown client: " + id, Setting: "the parameter client_id"}
}

// TooLong reports a request with more data than the server may store for it. Auth0 refuses
// long URLs with the same status.
func TooLong(cause error) error {
	return &Error{
		Status: http.StatusRequestURITooLong, Code: "invalid_request", Cause: cause,
		Message: "The request is too long. Send shorter parameters: state, nonce and scope are the ones that grow.",
	}
}

// CallbackMismatch reports a redirect_uri that the application did not register.
func CallbackMismatch(uri string) error {
	return &Error{
		Status: http.StatusForbidden, Code: "unauthorized_client",
		Message: fmt.Sprintf("Callback URL mismatch. %s is not in the list of allowed callback URLs", uri),
		Setting: "callbacks of the application", Text: "callback-mismatch",
	}
}

// UnknownOrganization reports an organization that the tenant does not have.
func UnknownOrganization(value string) error {
	return &Error{Status: http.StatusBadRequest, Code: "invalid_request", Message: "parameter organization is invalid: " + value, Setting: "the parameter organization"}
}

// NotAMember reports a user who is not in the organization to log in to, Auth0:
// manage-users/organizations/login-flows-for-organizations.
func NotAMember(user, organization string) error {
	return &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "user " + user + " is not part of the " + organization + " organization", Setting: "members of the organization, or assign_membership_on_login of its connection"}
}

// UnsupportedResponseType reports a response_type that does not exist or is not supported.
func UnsupportedResponseType(name string) error {
	return &Error{Status: http.StatusBadRequest, Code: "unsupported_response_type", Message: "Unsupported response type: " + name, Setting: "the parameter response_type"}
}

// UnknownService reports an audience that is not an API of the tenant, in requests for
// users' tokens.
func UnknownService(audience string) error {
	return &Error{Status: http.StatusBadRequest, Code: "access_denied", Message: "Service not found: " + audience, Setting: "identifier of an API, or the parameter audience"}
}

// NotEmulated reports a feature of Auth0 that this server does not have.
func NotEmulated(what string) *Error {
	return &Error{Status: http.StatusNotImplemented, Code: "not_emulated", Message: what + " is not emulated by tenant0"}
}

// LogoutURLMismatch reports a returnTo or post_logout_redirect_uri that was not
// registered.
func LogoutURLMismatch(parameter, uri string) error {
	return &Error{
		Status: http.StatusBadRequest, Code: "invalid_request",
		Message: fmt.Sprintf("The %q querystring parameter %q is not defined as a valid URL in \"Allowed Logout URLs\".", parameter, uri),
		Setting: "allowed_logout_urls of the application or of the tenant",
	}
}
