package apierr

import (
	"errors"
	"net/http"
)

// Answers of the token endpoint and its like to people who authenticate there, Auth0:
// get-started/authentication-and-authorization-flow/resource-owner-password-flow and
// secure/attack-protection.
var (
	WrongCredentials   = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Wrong email or password."}
	PersonBlocked      = &Error{Status: http.StatusUnauthorized, Code: "unauthorized", Message: "user is blocked"}
	NoDefaultDirectory = &Error{Status: http.StatusInternalServerError, Code: "server_error", Message: "Authorization server not configured with default connection."}
	StrategyUnfit      = &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Message: "specified strategy does not support requested operation"}
	TooManyAttempts    = &Error{
		Status: http.StatusTooManyRequests, Code: "too_many_attempts",
		Message: "Your account has been blocked after multiple consecutive login attempts. We've sent you an email with instructions on how to unblock it.",
	}
)

// AtTokenEndpoint is err as the token endpoint answers it, which refuses access with 403
// where a redirect has no status.
func AtTokenEndpoint(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	c := *e
	c.Status = http.StatusForbidden
	return &c
}

// Answers to devices that wait for a person, Auth0: get-started/
// authentication-and-authorization-flow/device-authorization-flow.
var (
	InvalidDeviceCode = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid or expired device code."}
	DeviceCodeExpired = &Error{Status: http.StatusForbidden, Code: "expired_token", Message: "The device_code is expired."}
	DevicePending     = &Error{Status: http.StatusForbidden, Code: "authorization_pending", Message: "User has yet to authorize device code."}
	SlowDown          = &Error{Status: http.StatusTooManyRequests, Code: "slow_down", Message: "You are polling faster than the specified interval of 5 seconds."}
	DeviceDenied      = &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "User cancelled the confirmation prompt."}
)

// Waits reports whether err says that the client is to ask again: nothing has failed.
func Waits(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Code == DevicePending.Code || e.Code == SlowDown.Code)
}

// Answers to logins that need a further factor, Auth0: api/authentication/
// multi-factor-authentication.
var (
	MalformedMFAToken = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Malformed mfa_token"}
	MFATokenExpired   = &Error{Status: http.StatusUnauthorized, Code: "expired_token", Message: "mfa_token is expired"}
	MFATokenForeign   = &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Message: "mfa_token not issued to this client"}
	OOBCodeForeign    = &Error{Status: http.StatusBadRequest, Code: InvalidRequest, Message: "The oob_code doesn't match the mfa_token"}
	WrongOTP          = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid otp_code."}
	WrongOOBCode      = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid oob_code."}
	WrongBindingCode  = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid binding_code."}
	MFARejected       = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "MFA Authorization rejected."}
	MFAPending        = &Error{Status: http.StatusBadRequest, Code: "authorization_pending", Message: "Authorization pending: please repeat the request in a few seconds."}
	MFASlowDown       = &Error{Status: http.StatusBadRequest, Code: "slow_down", Message: "You are polling faster than allowed. Please repeat the request in a few seconds."}
	MFADenied         = &Error{Status: http.StatusBadRequest, Code: "access_denied", Message: "MFA Authorization rejected."}
	// FurtherFactorRequired is for logins that may show no page, and NoFurtherFactor for users who have
	// none and cannot add one.
	FurtherFactorRequired = &Error{Status: http.StatusBadRequest, Code: "login_required", Message: "Multifactor authentication required"}
	NoFurtherFactor       = &Error{Status: http.StatusForbidden, Code: "access_denied", Message: "The user has no factor that the tenant has enabled, and can enroll none."}
	PasskeyRefused        = &Error{Status: http.StatusForbidden, Code: InvalidGrant, Message: "Invalid passkey."}
	TooManyCodes          = &Error{Status: http.StatusTooManyRequests, Code: "too_many_attempts", Message: "Too many failed codes. Wait for some minutes before retrying."}
)

// MFARequired has a login go on with a further factor: with one of those of the requirements.
func MFARequired(token string, requirements map[string]any) error {
	return &Error{
		Status: http.StatusForbidden, Code: "mfa_required", Message: "Multifactor authentication required",
		Extra: map[string]any{"mfa_token": token, "mfa_requirements": requirements},
	}
}
