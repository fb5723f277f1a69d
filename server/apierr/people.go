package apierr

import (
	"errors"
	"net/http"
)

// Errors of the token endpoint and similar endpoints about users who authenticate there, Auth0:
// get-started/authentication-and-authorization-flow/resource-owner-password-flow and
// secure/attack-protection.
var (
	WrongCredentials    = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Wrong email or password.", Setting: "username and password of the request, and the connection: the parameter realm, or default_directory of the tenant"}
	PersonBlocked       = &Error{Status: http.StatusUnauthorized, Code: "unauthorized", Message: "user is blocked", Setting: "the user's property blocked"}
	NoDefaultDirectory  = &Error{Status: http.StatusInternalServerError, Code: "server_error", Message: "Authorization server not configured with default connection.", Setting: "default_directory of the tenant"}
	StrategyUnsupported = &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Message: "specified strategy does not support requested operation", Setting: "the parameter realm, or default_directory of the tenant"}
	TooManyAttempts     = &Error{
		Status: http.StatusTooManyRequests, Code: "too_many_attempts",
		Message: "Your account has been blocked after multiple consecutive login attempts. We've sent you an email with instructions on how to unblock it.",
		Setting: "brute-force protection of the tenant, and the blocks of the user",
	}
)

// AtTokenEndpoint returns an error of /authorize as the token endpoint answers it: with status 403.
func AtTokenEndpoint(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	c := *e
	c.Status = http.StatusForbidden
	return &c
}

// Errors for devices that wait until a user authorizes them, Auth0:
// get-started/authentication-and-authorization-flow/device-authorization-flow.
var (
	InvalidDeviceCode = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid or expired device code.", Setting: "the parameter device_code, which is good once and for one application"}
	DeviceCodeExpired = &Error{Status: http.StatusForbidden, Code: "expired_token", Message: "The device_code is expired.", Setting: "the parameter device_code, which is good for 15 minutes"}
	DevicePending     = &Error{Status: http.StatusForbidden, Code: "authorization_pending", Message: "User has yet to authorize device code.", Setting: "the answer of the person at /activate"}
	SlowDown          = &Error{Status: http.StatusTooManyRequests, Code: "slow_down", Message: "You are polling faster than the specified interval of 5 seconds.", Setting: "how often the device asks"}
	DeviceDenied      = &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "User cancelled the confirmation prompt.", Setting: "the answer of the person at /activate"}
)

// IsPending reports whether err only tells the client to ask again later, because the user has not answered
// yet.
func IsPending(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Code == DevicePending.Code || e.Code == SlowDown.Code)
}

// Errors of logins that need multi-factor authentication, Auth0:
// api/authentication/multi-factor-authentication.
var (
	MalformedMFAToken = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Malformed mfa_token", Setting: "the parameter mfa_token, which is good once"}
	MFATokenExpired   = &Error{Status: http.StatusUnauthorized, Code: "expired_token", Message: "mfa_token is expired", Setting: "the parameter mfa_token, which is good for ten minutes"}
	MFATokenForeign   = &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Message: "mfa_token not issued to this client", Setting: "the parameters mfa_token and client_id"}
	OOBCodeForeign    = &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Message: "The oob_code doesn't match the mfa_token", Setting: "the parameters oob_code and mfa_token"}
	WrongOTP          = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid otp_code.", Setting: "the parameter otp, and the clocks of the server and of the app that makes it"}
	WrongOOBCode      = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid oob_code.", Setting: "the parameter oob_code, which is good once and for five minutes"}
	WrongBindingCode  = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid binding_code.", Setting: "the parameter binding_code"}
	MFARejected       = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "MFA Authorization rejected.", Setting: "the parameter recovery_code"}
	MFAPending        = &Error{Status: http.StatusBadRequest, Code: "authorization_pending", Message: "Authorization pending: please repeat the request in a few seconds.", Setting: "the answer of the app, which you give with /push of the control listener"}
	MFASlowDown       = &Error{Status: http.StatusBadRequest, Code: "slow_down", Message: "You are polling faster than allowed. Please repeat the request in a few seconds.", Setting: "how often the client asks"}
	MFADenied         = &Error{Status: http.StatusBadRequest, Code: "access_denied", Message: "MFA Authorization rejected.", Setting: "the answer of the app, which you give with /push of the control listener"}
	// FurtherFactorRequired is for logins that may not show a page (prompt=none). NoFurtherFactor is
	// for users who have no factor and cannot enroll one.
	FurtherFactorRequired = &Error{Status: http.StatusBadRequest, Code: "login_required", Message: "Multifactor authentication required", Setting: "policies and factors of guardian, or the parameters prompt and acr_values"}
	NoFurtherFactor       = &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "The user has no factor that the tenant has enabled, and can enroll none.", Setting: "factors of guardian, and authentication methods of the user"}
	PasskeyRefused        = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid passkey.", Setting: "the parameters auth_session and authn_response, and authentication_methods of the connection"}
	TooManyCodes          = &Error{Status: http.StatusTooManyRequests, Code: "too_many_attempts", Message: "Too many failed codes. Wait for some minutes before retrying.", Setting: "waiting: after ten wrong codes, one further attempt is allowed every six minutes"}
)

// MFARequired is the answer that a login needs a further factor. token is the mfa_token with which the
// client goes on, and requirements are the mfa_requirements: the factors to choose from.
func MFARequired(token string, requirements map[string]any) error {
	return &Error{
		Status: http.StatusForbidden, Code: "mfa_required", Message: "Multifactor authentication required",
		Extra:   map[string]any{"mfa_token": token, "mfa_requirements": requirements},
		Setting: "policies and factors of guardian, or the parameter acr_values",
	}
}
