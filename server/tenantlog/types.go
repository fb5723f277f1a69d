package tenantlog

import (
	"errors"

	"github.com/tenant0/tenant0/server/apierr"
)

// Types of events, Auth0: deploy-monitor/logs/log-event-type-codes.
const (
	Login                 = "s"
	FailedLogin           = "f"
	WrongPassword         = "fp"
	UnknownUser           = "fu"
	SilentAuth            = "ssa"
	FailedSilentAuth      = "fsa"
	FailedPush            = "fpar"
	Logout                = "slo"
	FailedLogout          = "flo"
	Signup                = "ss"
	FailedSignup          = "fs"
	RefreshTokenRevoked   = "srrt"
	RefreshTokenReused    = "ferrt"
	APIOperation          = "sapi"
	FailedAPIOperation    = "fapi"
	NotificationFailed    = "fn"
	PasswordChanged       = "scp"
	PasswordChangeFailed  = "fcp"
	PasswordRequest       = "scpr"
	PasswordRequestFailed = "fcpr"
	EmailVerified         = "sv"
	EmailVerifyFailed     = "fv"
	VerificationSent      = "svr"
	VerificationFailed    = "fvr"
	UserDeleted           = "sdu"
	UsersImported         = "sui"
	UsersImportFailed     = "fui"
	UserUnblocked         = "ublkdu"
	AccountBlocked        = "limit_wc"
	AddressBlocked        = "limit_mu"
	LoginsLimited         = "limit_sul"
	QuotaWarning          = "token_quota_consumption_warning"
	RateLimited           = "api_limit"
	PasswordLeaked        = "pwd_leak"
	ResetPasswordLeaked   = "reset_pwd_leak"  //nolint:gosec // a name
	SignupPasswordLeaked  = "signup_pwd_leak" //nolint:gosec // a name
	LoginWarning          = "w"
	DeprecationNotice     = "depnote"
	CrossOriginLogin      = "scoa"
	CodeSent              = "cls"

	FormSubmitted = "forms_submission_succeeded"
	FlowCompleted = "flows_execution_completed"
	FlowFailed    = "flows_execution_failed"

	FactorStarted       = "gd_start_auth"
	FactorSucceeded     = "gd_auth_succeed"
	FactorFailed        = "gd_auth_failed"
	FactorRejected      = "gd_auth_rejected"
	FactorLimited       = "gd_otp_rate_limit_exceed"
	EnrollmentStarted   = "gd_start_enroll"
	EnrollmentCompleted = "gd_enrollment_complete"
	KeyChallengeFailed  = "gd_webauthn_challenge_failed"
	KeyEnrollmentFailed = "gd_webauthn_enrollment_failed"
	RecoverySucceeded   = "gd_recovery_succeed"
	RecoveryFailed      = "gd_recovery_failed"
	RecoveryLimited     = "gd_recovery_rate_limit_exceed"
	FactorSMSSent       = "gd_send_sms"
	FactorVoiceSent     = "gd_send_voice"
	FactorEmailSent     = "gd_send_email"
	FactorPushSent      = "gd_send_pn"

	UniversalLogout         = "universal_logout_succeeded"
	UniversalLogoutFailed   = "universal_logout_failed"
	BackchannelLogout       = "oidc_backchannel_logout_succeeded"
	BackchannelLogoutFailed = "oidc_backchannel_logout_failed"

	AccountConnected       = "connected_accounts_connection_succeeded"
	AccountNotConnected    = "connected_accounts_connection_failed"
	AccountDisconnected    = "connected_accounts_delete_succeeded"
	AccountNotDisconnected = "connected_accounts_delete_failed"
	MethodChanged          = "my_account_authentication_method_succeeded"
	MethodNotChanged       = "my_account_authentication_method_failed"

	DeviceRefused      = "fdeaz"
	DeviceNotActivated = "fdeac"
	DeviceCanceled     = "fdecc"
)

// exchange is the result of a grant in the log: the types of the events, and the
// description of success.
type exchange struct{ succeeded, failed, description string }

var exchanges = map[string]exchange{
	"authorization_code": {"seacft", "feacft", "Authorization Code for Access Token"},
	"client_credentials": {"seccft", "feccft", "Client Credentials for Access Token"},
	"refresh_token":      {"sertft", "fertft", "Refresh Token for Access Token"},
	"password":           {"sepft", "fepft", "Password for Access Token"},
	"http://auth0.com/oauth/grant-type/password-realm":    {"sepft", "fepft", "Password for Access Token"},
	"http://auth0.com/oauth/grant-type/mfa-otp":           {"seotpft", "feotpft", "Password and OTP Challenge for Access Token"},
	"http://auth0.com/oauth/grant-type/mfa-oob":           {"seoobft", "feoobft", "Password and OOB Challenge for Access Token"},
	"http://auth0.com/oauth/grant-type/mfa-recovery-code": {"sercft", "fercft", "Password and MFA Recovery code for Access Token"},
	"http://auth0.com/oauth/grant-type/passwordless/otp":  {Login, "fepotpft", "Passwordless OTP for Access Token"},
	"urn:ietf:params:oauth:grant-type:device_code":        {"sede", "fede", "Device Code for Access Token"},
	"urn:ietf:params:oauth:grant-type:jwt-bearer":         {"idjag_exchange_succeeded", "idjag_exchange_failed", "Identity Assertion Authorization Grant JWT for Access Token"},
	TokenExchange: {"secte", "fecte", "Custom Token Exchange"},

	"urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token": {"seta", "feta", "Refresh Token for Token for 3rd party API"},
}

// TokenExchange is the grant type of token exchange, RFC 8693, which has several
// uses.
const TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange" //nolint:gosec // a name

// ofSubject maps subject token types of TokenExchange to events. Custom Token
// Exchange profiles have other types.
var ofSubject = map[string]exchange{
	"http://auth0.com/oauth/token-type/apple-authz-code":                   nativeSocial,
	"http://auth0.com/oauth/token-type/facebook-info-session-access-token": nativeSocial,
	"http://auth0.com/oauth/token-type/google-id-token":                    nativeSocial,

	"urn:ietf:params:oauth:token-type:access_token": {"success_on_behalf_of_token_exchange", "failed_on_behalf_of_token_exchange", "On-Behalf-Of Token Exchange"},
}

var nativeSocial = exchange{"sens", "fens", "Native Social Login"}

// Exchange sets the type and the description of an event by the result of a token
// request; err is nil if tokens were issued. subject is the subject_token_type, ""
// if there is none.
func (e Event) Exchange(grantType, subject string, err error) Event {
	x := exchanges[grantType]
	if one, known := ofSubject[subject]; known && grantType == TokenExchange {
		x = one
	}
	if err == nil {
		e.Type, e.Description = x.succeeded, x.description
		return e
	}
	e.Type, e.Description = x.failed, Reason(err)
	return e
}

// Reason returns the message of an error that a client may see. For any other
// error it is that of an internal error, because the error's own text belongs in
// the server's log.
func Reason(err error) string {
	if e, ok := errors.AsType[*apierr.Error](err); ok {
		return e.Message
	}
	return apierr.InternalError.Message
}
