package factors

import (
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// BrowserLogin is a login of a browser whose user is known.
type BrowserLogin struct {
	// Request is what the application asks for, and StateHash the key of the login under way,
	// "" where nothing is kept yet.
	Request   storage.AuthorizeRequest
	StateHash string
	Session   storage.Session
	// Browser is the mark of a browser that may skip the further factor, "" for none.
	Browser string
}

// stepsUp reports whether the application asks for a further factor, Auth0: secure/
// multi-factor-authentication/step-up-authentication.
func (l BrowserLogin) stepsUp() bool { return slices.Contains(l.Request.ACRValues, tokens.MultiFactor) }

// Asked reports whether a login has to go on with a further factor. Where the application asks
// for one, that is in every login: neither a session nor a remembered browser will do. Where the
// tenant's policy does, once a session, and not at a browser that is remembered. A tenant
// without factors asks for none.
func Asked(tx *storage.Tx, l BrowserLogin, now time.Time) (bool, error) {
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

// MayRemember reports whether a browser can be remembered for a login: one that steps up is asked
// every time.
func (l BrowserLogin) MayRemember() bool { return !l.stepsUp() }

// Options are what a login at the pages can go on with.
type Options struct {
	// Challenges are the authenticators of the user that can be asked for, the preferred one first.
	Challenges []Authenticator
	// Enrollments are the names of the factors that the user can add, the preferred one first;
	// none where the user has a factor: whoever knows the password is not to go around it.
	Enrollments []string
	// Channels are the ways in which a phone gets its codes.
	Channels []string
	// Recovery says that the user is to have a recovery code and has none.
	Recovery bool
	// Own is the tenant's own page, "" where it has none or where its widget knows none of the user's factors.
	Own string
}

// preference is the order in which a login asks for factors.
var preference = []string{Push, OTP, SMS, Voice, WebAuthnRoaming, WebAuthnPlatform, Email, RecoveryCode}

// Name is the name of an authenticator's factor: its channel, or its type.
func (a Authenticator) Name() string { return name(a.Type, a.Channel) }

func name(kind, channel string) string {
	if channel == App {
		return Push
	}
	if channel != "" {
		return channel
	}
	return kind
}

// Method is the type of an authenticator in the methods of a session, Auth0: customize/actions/
// explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object.
func (a Authenticator) Method() string { return factorOf(a.Type, a.Channel) }

// OptionsOf finds what a user's login can go on with, Auth0: secure/multi-factor-authentication/
// multi-factor-authentication-factors. A verified address is a factor without being enrolled,
// and the last one to be offered; so is any address where there is nothing else.
func OptionsOf(tx *storage.Tx, user storage.User) (o Options, err error) {
	all, err := Of(tx, user.UserID)
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
	for _, name := range enabled {
		if name == SMS || name == Voice {
			o.Channels = append(o.Channels, name)
		}
	}
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
	o.Own, err = ownPage(tx, o)
	return o, err
}

// ownPage is the tenant's own page where that can go on with something.
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

// TicketOptions are what an enrollment by a ticket can go on with, Auth0: secure/
// multi-factor-authentication/multi-factor-authentication-developer-resources/
// create-custom-enrollment-tickets. There are none where the user has a factor and the ticket is
// not for another, and where the tenant does not have what it is for.
func TicketOptions(tx *storage.Tx, t storage.Ticket) (o Options, err error) {
	all, err := Of(tx, t.UserID)
	if err != nil || !t.Another && Active(all) {
		return o, err
	}
	enabled, err := Enabled(tx)
	if err != nil {
		return o, err
	}
	for _, name := range enabled {
		if name == Email {
			continue
		}
		if name == SMS || name == Voice {
			o.Channels = append(o.Channels, name)
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

// ownAddress is a user's address as an authenticator, unless it is among those that there are.
func ownAddress(all []Authenticator, address string) []Authenticator {
	if slices.ContainsFunc(all, func(a Authenticator) bool { return a.To == address }) {
		return nil
	}
	return []Authenticator{{ID: "email|verified", Type: OOB, Active: true, Channel: Email, To: address, Label: maskEmail(address)}}
}

// The pages of further factors are below pagePrefix, named by the factor.
const (
	pagePrefix = "/u/mfa-"
	// RecoveryPage shows a new recovery code, and ReplacedPage one that replaces a code that was used.
	RecoveryPage = pagePrefix + "recovery-code-enrollment"
	ReplacedPage = pagePrefix + "recovery-code-challenge-new-code"
)

// NewCodePage is the page that shows a new recovery code.
func NewCodePage(f storage.FurtherFactor) string {
	if f.Replaces {
		return ReplacedPage
	}
	return RecoveryPage
}

// ChallengePage is the page that asks for a factor, and EnrollmentPage the one that adds it.
func ChallengePage(name string) string {
	if name == Push {
		return pagePrefix + "push-challenge-push"
	}
	return pagePrefix + name + "-challenge"
}

// AppPage is the page of the QR code that the app reads, which comes after its EnrollmentPage.
const AppPage = pagePrefix + "push-enrollment-qr"

// EnrollmentPage is as ChallengePage.
func EnrollmentPage(name string) string {
	switch name {
	case OTP:
		return pagePrefix + "otp-enrollment-qr"
	case Push:
		return pagePrefix + "push-welcome"
	}
	return pagePrefix + name + "-enrollment"
}

// OwnPage is where the tenant's own page for further factors is.
const OwnPage = "/mf"

// widgetMethods are the names that the widget of a tenant's own page has for factors. It knows no others,
// Auth0: secure/multi-factor-authentication/customize-mfa/customize-mfa-classic-login.
var widgetMethods = map[string]string{OTP: "otp", SMS: "sms", Push: "push"}

// WidgetMethods are what a tenant's own page can go on with, by the widget's names: what can be asked for, or
// added. The app on a phone is added there where there is nothing else to add.
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

// Page is the page that a login goes on at: the tenant's own, or else the preferred factor's. It returns
// apierr.NoFurtherFactor where there is none.
func (o Options) Page() (string, error) {
	if o.Own != "" {
		return OwnPage, nil
	}
	return o.BuiltIn()
}

// BuiltIn is Page without the tenant's own.
func (o Options) BuiltIn() (string, error) {
	switch {
	case len(o.Enrollments) > 0:
		return EnrollmentPage(o.Enrollable()[0]), nil
	case len(o.Challenges) > 0:
		return ChallengePage(o.Challenges[0].Name()), nil
	}
	return "", apierr.NoFurtherFactor
}

// Phone is the name of a phone that can be reached in either way, of which the user chooses one.
const Phone = "phone"

// Enrollable are the factors that the user can add, in which a phone is one.
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
