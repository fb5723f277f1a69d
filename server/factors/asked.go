package factors

import (
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// BrowserLogin is a login in a browser, whose user is already known.
type BrowserLogin struct {
	// Request is the authorization request, and StateHash the key of the login transaction, or "" if it is
	// not stored yet.
	Request   storage.AuthorizeRequest
	StateHash string
	Session   storage.Session
	// Browser identifies a remembered browser, which may skip multi-factor authentication, or is "".
	Browser string
}

// stepsUp reports whether the application requires multi-factor authentication with acr_values, Auth0:
// secure/multi-factor-authentication/step-up-authentication.
func (l BrowserLogin) stepsUp() bool { return slices.Contains(l.Request.ACRValues, tokens.MultiFactor) }

// FactorRequired reports whether a login has to continue with a further factor. If the application requires it, it is
// needed in every login, regardless of the session and of remembered browsers. If the tenant's policy
// requires it, it is needed once in a session, and not in a remembered browser. If the tenant has enabled no
// factors, none is needed.
func FactorRequired(tx *storage.Tx, l BrowserLogin, now time.Time) (bool, error) {
	ever, here := l.Session.Further(l.StateHash)
	if here {
		return false, nil
	}
	if l.stepsUp() {
		enabled, err := Enabled(tx)
		return len(enabled) > 0, err
	}
	required, err := Required(tx)
	if err != nil || !required || ever {
		return false, err
	}
	remembered := false
	if l.Browser != "" {
		remembered, err = tx.Remembers(browserHash(l.Browser, l.Session.UserID), l.Session.UserID, now)
	}
	return !remembered, err
}

// MayRemember reports whether the browser may be remembered after a login: not if the application requires a
// factor in every login.
func (l BrowserLogin) MayRemember() bool { return !l.stepsUp() }

// Options are the factors that a login on the pages can continue with.
type Options struct {
	// Challenges are the user's authenticators that can be used, the preferred one first.
	Challenges []Authenticator
	// Enrollments are the names of the factors that the user can enroll, the preferred one first. It is empty
	// if the user has a factor, so that somebody who only knows the password cannot enroll another one
	// instead.
	Enrollments []string
	// Channels are the channels for codes to a phone: SMS, Voice or both.
	Channels []string
	// Recovery says that the user needs a recovery code and has none.
	Recovery bool
	// Undetected says that it matters what the browser can do, and that no page has asked it yet.
	Undetected bool
	// CustomPage is the HTML of the tenant's own page, or "" if there is none or its widget supports none of the
	// user's factors.
	CustomPage string
}

// preference is the order in which a login asks for factors.
var preference = []string{Push, OTP, SMS, Voice, WebAuthnRoaming, WebAuthnPlatform, Email, RecoveryCode}

// Name returns the name of an authenticator's factor: its channel, or its type if it has none.
func (a Authenticator) Name() string { return name(a.Type, a.Channel) }

// IsPhone reports whether an authenticator is a phone number.
func (a Authenticator) IsPhone() bool { return a.Channel == SMS || a.Channel == Voice }

func name(kind, channel string) string {
	if channel == App {
		return Push
	}
	if channel != "" {
		return channel
	}
	return kind
}

// Method returns the type of an authenticator in the authentication methods of a session, Auth0:
// customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object.
func (a Authenticator) Method() string { return factorOf(a.Type, a.Channel) }

// OptionsOf returns the factors that a user's login can continue with, Auth0:
// secure/multi-factor-authentication/multi-factor-authentication-factors. A verified e-mail address is a
// factor without enrollment, and the last one to be offered. An unverified address is one only if there is
// nothing else. The device of the browser is a factor only if the browser can ask it, and enrolled only after another factor,
// Auth0: secure/multi-factor-authentication/fido-authentication-with-webauthn/configure-webauthn-device-biometrics-for-mfa.
func OptionsOf(tx *storage.Tx, user storage.User, browser *storage.Abilities) (o Options, err error) {
	all, err := AuthenticatorsOf(tx, user.UserID)
	if err != nil {
		return o, err
	}
	enabled, err := Enabled(tx)
	if err != nil {
		return o, err
	}
	recovery, err := objects.FactorEnabled(tx, RecoveryCode)
	if err != nil {
		return o, err
	}
	enrolled := slices.ContainsFunc(all, func(a Authenticator) bool { return a.Active && a.Type != RecoveryCode && a.Channel != Email })
	for _, a := range all {
		if a.Active && (a.Type != RecoveryCode || recovery && enrolled) {
			o.Challenges = append(o.Challenges, a)
		}
	}
	o.Channels = channelsIn(enabled)
	o.Recovery = recovery && !slices.ContainsFunc(all, func(a Authenticator) bool { return a.Type == RecoveryCode })
	if !enrolled {
		o.Enrollments = slices.DeleteFunc(slices.Clone(enabled), func(name string) bool { return name == Email })
		byPreference(o.Enrollments)
	}
	alone := len(o.Challenges) == 0 && len(o.Enrollments) == 0
	if user.Email != "" && slices.Contains(enabled, Email) && (user.EmailVerified || alone) {
		o.Challenges = append(o.Challenges, ownAddress(o.Challenges, user.Email)...)
	}
	slices.SortStableFunc(o.Challenges, func(a, b Authenticator) int {
		return slices.Index(preference, a.Name()) - slices.Index(preference, b.Name())
	})
	if o.CustomPage, err = ownPage(tx, o); err != nil {
		return o, err
	}
	o.Undetected = browser == nil && slices.Contains(enabled, WebAuthnPlatform) && o.CustomPage == ""
	return o.besidesBiometrics(browser), nil
}

// channelsIn returns the channels for codes to a phone among factors.
func channelsIn(enabled []string) (channels []string) {
	for _, name := range enabled {
		if name == SMS || name == Voice {
			channels = append(channels, name)
		}
	}
	return channels
}

// besidesBiometrics leaves out the device of the browser where it cannot be asked, or not be the first factor, unless there is
// nothing else.
func (o Options) besidesBiometrics(browser *storage.Abilities) Options {
	others := slices.DeleteFunc(slices.Clone(o.Enrollments), func(name string) bool { return name == WebAuthnPlatform })
	if len(others) > 0 {
		o.Enrollments = others
	}
	if browser == nil || browser.Platform {
		return o
	}
	left := slices.DeleteFunc(slices.Clone(o.Challenges), func(a Authenticator) bool { return a.Type == WebAuthnPlatform })
	if len(left) > 0 {
		o.Challenges = left
	}
	return o
}

// ownPage returns the tenant's own page, if its widget supports one of the options, otherwise "".
func ownPage(tx *storage.Tx, o Options) (string, error) {
	if len(o.WidgetMethods()) == 0 {
		return "", nil
	}
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	return tenant.OwnFactorPage(), storage.Optional(err)
}

func byPreference(names []string) {
	slices.SortStableFunc(names, func(a, b string) int { return slices.Index(preference, a) - slices.Index(preference, b) })
}

// TicketOptions returns the factors that can be enrolled with a ticket, Auth0:
// secure/multi-factor-authentication/multi-factor-authentication-developer-resources/create-custom-enrollment-tickets.
// There are none if the user has a factor already and the ticket does not allow another, or if the tenant has
// not enabled the factor that the ticket is for.
func TicketOptions(tx *storage.Tx, t storage.Ticket) (o Options, err error) {
	all, err := AuthenticatorsOf(tx, t.UserID)
	if err != nil || !t.Another && Active(all) {
		return o, err
	}
	enabled, err := Enabled(tx)
	if err != nil {
		return o, err
	}
	o.Channels = channelsIn(enabled)
	for _, name := range enabled {
		if name == Email {
			continue
		}
		if t.Factor == "" || t.Factor == factorOf(name, name) {
			o.Enrollments = append(o.Enrollments, name)
		}
	}
	byPreference(o.Enrollments)
	recovery, err := objects.FactorEnabled(tx, RecoveryCode)
	o.Recovery = recovery && !slices.ContainsFunc(all, func(a Authenticator) bool { return a.Type == RecoveryCode })
	return o, err
}

// ownAddress returns a user's e-mail address as an authenticator, unless it is one of the given
// authenticators already.
func ownAddress(all []Authenticator, address string) []Authenticator {
	if slices.ContainsFunc(all, func(a Authenticator) bool { return a.To == address }) {
		return nil
	}
	return []Authenticator{{ID: "email|verified", Type: OOB, Active: true, Channel: Email, To: address, Label: maskEmail(address)}}
}

// Paths of pages. The pages of a factor begin with pagePrefix and the factor's name.
const (
	pagePrefix = "/u/mfa-"
	// RecoveryPage shows a new recovery code, and ReplacedPage one that replaces a code that was used.
	RecoveryPage = pagePrefix + "recovery-code-enrollment"
	// DetectPage asks the browser what it can do.
	DetectPage   = pagePrefix + "detect-browser-capabilities"
	ReplacedPage = pagePrefix + "recovery-code-challenge-new-code"
)

// NewCodePage returns the page that shows a new recovery code.
func NewCodePage(f storage.FurtherFactor) string {
	if f.Replaces {
		return ReplacedPage
	}
	return RecoveryPage
}

// ChallengePage returns the page that asks for a factor.
func ChallengePage(name string) string {
	if name == Push {
		return pagePrefix + "push-challenge-push"
	}
	return pagePrefix + name + "-challenge"
}

// AppPage is the page with the QR code for the app, which follows the EnrollmentPage of Push.
const AppPage = pagePrefix + "push-enrollment-qr"

// EnrollmentPage returns the first page for the enrollment of a factor.
func EnrollmentPage(name string) string {
	switch name {
	case OTP:
		return pagePrefix + "otp-enrollment-qr"
	case Push:
		return pagePrefix + "push-welcome"
	}
	return pagePrefix + name + "-enrollment"
}

// VerifyPage returns the path of the page that asks for the code with which a new phone number is verified.
func VerifyPage(channel string) string { return EnrollmentPage(channel) + "-verify" }

// OwnPage is the path of the tenant's own page for multi-factor authentication.
const OwnPage = "/mf"

// widgetMethods are the names of factors in the widget of a tenant's own page, which supports no others,
// Auth0: secure/multi-factor-authentication/customize-mfa/customize-mfa-classic-login.
var widgetMethods = map[string]string{OTP: "otp", SMS: "sms", Push: "push"}

// WidgetMethods returns the factors that a tenant's own page can use or enroll, by the widget's names.
// Enrollment of the app on a phone is offered only if nothing else can be enrolled.
func (o Options) WidgetMethods() (all []string) {
	names := o.Enrollments
	if len(names) == 0 {
		for _, a := range o.Challenges {
			names = append(names, a.Name())
		}
	}
	for _, name := range names {
		if method := widgetMethods[name]; method != "" && !slices.Contains(all, method) {
			all = append(all, method)
		}
	}
	if len(o.Enrollments) > 0 && len(all) > 1 {
		all = slices.DeleteFunc(all, func(method string) bool { return method == widgetMethods[Push] })
	}
	return all
}

// Page returns the page on which a login continues: the tenant's own page, or else that of the preferred
// factor. It returns apierr.NoFurtherFactor if there are no options.
func (o Options) Page() (string, error) {
	if o.CustomPage != "" {
		return OwnPage, nil
	}
	return o.BuiltIn()
}

// BuiltIn is like Page, but ignores the tenant's own page.
func (o Options) BuiltIn() (string, error) {
	switch {
	case o.Undetected:
		return DetectPage, nil
	case len(o.Enrollments) > 0:
		return EnrollmentPage(o.Enrollable()[0]), nil
	case len(o.Challenges) > 0:
		return ChallengePage(o.NameOf(o.Challenges[0])), nil
	}
	return "", apierr.NoFurtherFactor
}

// NameOf returns the name of an authenticator's factor: Phone if the user chooses whether its code is sent or spoken.
func (o Options) NameOf(a Authenticator) string {
	if a.IsPhone() && len(o.Channels) > 1 {
		return Phone
	}
	return a.Name()
}

// Phone is the name of the factor if both SMS and Voice are enabled, and the user chooses one of them.
const Phone = "phone"

// Enrollable returns the factors that the user can enroll, with SMS and Voice combined to Phone if both are
// enabled.
func (o Options) Enrollable() []string {
	if !slices.Contains(o.Enrollments, SMS) || !slices.Contains(o.Enrollments, Voice) {
		return o.Enrollments
	}
	var all []string
	for _, name := range o.Enrollments {
		switch name {
		case SMS:
			all = append(all, Phone)
		case Voice:
		default:
			all = append(all, name)
		}
	}
	return all
}
