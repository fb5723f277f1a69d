package signin

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// Errors of a sign-up, Auth0: api/authentication/signup/create-a-new-user.
var (
	SignupDisabled         = apierr.NamedError("BadRequestError", "unauthorized", "Public signup is disabled").WithSetting("disable_signup among the options of the connection")
	SignupRefused          = apierr.NamedError("BadRequestError", "invalid_signup", "Invalid sign up").WithSetting("identifiers of the connection, or an account that exists already; with flags.enable_public_signup_user_exists_error of the tenant, the error says so")
	SignupPasswordBreached = apierr.NamedError("BadRequestError", "password_leaked", "Password has been leaked").WithSetting("attack-protection/breached-password-detection")
	SignupThrottled        = &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_requests", Message: "Too many signups from the same IP", Extra: map[string]any{"name": "TooManyRequestsError"},
		Setting: "attack-protection/suspicious-ip-throttling",
	}
	userExists = apierr.NamedError("BadRequestError", "user_exists", "The user already exists.").WithSetting(accounts)
)

// Applicant is a person who signs up.
type Applicant struct {
	// ClientID is the application, "" for none; Connection is the name of the database connection.
	ClientID, Connection string
	// Organization is the id of the organization that the applicant logs in to, "" for none.
	Organization string
	// Password is "" for an account without one.
	Password string
	// Profile has the members of the new user.
	Profile storage.Document
}

// ProfileMembers are the members of a profile that a sign-up may set.
var ProfileMembers = []string{"email", "username", "phone_number", "given_name", "family_name", "name", "nickname", "picture"}

// CheckSignup refuses sign-ups from an IP address that makes too many, and passwords known from data
// breaches. Each sign-up is counted, whether it succeeds or not.
func (d *Service) CheckSignup(r *http.Request, a Applicant) error {
	throttled, counts, robots := false, false, account.Unasked{}
	err := d.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if robots, err = account.UnaskedAt(tx, account.BotsAtPasswords); err != nil {
			return err
		}
		throttled, counts, err = account.Throttled(tx, account.BeforeSignup, Address(r), d.Now())
		return err
	})
	robots.Note(r.Context())
	switch {
	case err != nil:
		return err
	case throttled:
		d.Log.Record(r, a.throttled())
		return SignupThrottled
	}
	if err := d.checkBreached(r, account.BeforeSignup, storage.User{}, a.ClientID, a.Connection, a.Password); err != nil {
		return err
	}
	if !counts {
		return nil
	}
	var last account.ThrottlingActions
	var alert emails.Draft
	err = d.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		alert = emails.Draft{}
		if last, err = account.CountAttempt(tx, account.BeforeSignup, Address(r), d.Now()); err != nil || !last.NotifyAdmins {
			return err
		}
		alert, err = d.Emails.DraftForAdmins(tx, emails.Letter{Kind: outbox.AddressAlert, Login: emails.Login{ClientID: a.ClientID}, Connection: a.Connection, Code: Address(r)})
		return err
	})
	if err != nil || !last.Log {
		return err
	}
	d.Log.Record(r, a.throttled())
	return d.Emails.Send(r.Context(), alert)
}

// throttled is the log event of an IP address with too many sign-ups.
func (a Applicant) throttled() tenantlog.Event {
	return tenantlog.Event{Type: tenantlog.AddressBlocked, Description: "Blocked IP Address: too many sign-ups", ClientID: a.ClientID, Connection: a.Connection}
}

// CheckNewPassword refuses a new password that is known from a data breach, if the tenant's settings say
// so.
func (d *Service) CheckNewPassword(r *http.Request, user storage.User, clientID, connection, password string) error {
	return d.checkBreached(r, account.BeforeChange, user, clientID, connection, password)
}

// watched are the log events of breached passwords that somebody chooses, by stage.
var watched = map[string]tenantlog.Event{
	account.BeforeSignup: {Type: tenantlog.SignupPasswordLeaked, Description: "Breached password on signup"},
	account.BeforeChange: {Type: tenantlog.ResetPasswordLeaked, Description: "Breached password on reset"},
}

// checkBreached checks a newly chosen password for data breaches, and informs those whom the settings name.
func (d *Service) checkBreached(r *http.Request, stage string, user storage.User, clientID, connection, password string) error {
	var leak account.BreachedPassword
	var mails []emails.Draft
	err := d.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if leak, err = account.CheckBreached(tx, stage, password); err != nil {
			return err
		}
		mails, err = d.draftBreachEmails(tx, leak, user, clientID, connection)
		return err
	})
	if err != nil || !leak.Detected {
		return err
	}
	event := watched[stage]
	event.ClientID, event.Connection, event.UserID = clientID, connection, user.UserID
	d.Log.Record(r, event)
	if err := d.notify(r, leak, mails); err != nil {
		return err
	}
	if leak.Block {
		return SignupPasswordBreached
	}
	return nil
}

// accounts names, as the setting of an error, what keeps an identifier from being used again.
const accounts = "the user who has the identifier"

// Admit checks that an applicant may sign up, and returns the database connection.
func Admit(tx *storage.Tx, a Applicant) (conn storage.Connection, err error) {
	conn, err = Database(tx, a.Connection)
	if err != nil {
		return conn, err
	}
	if a.ClientID != "" {
		client, err := tx.Clients.Get(a.ClientID)
		if storage.IsNotFound(err) {
			return conn, apierr.InvalidRequestMessage("Unknown client: " + a.ClientID).WithSetting("the parameter client_id")
		}
		if err != nil {
			return conn, err
		}
		if !conn.Serves(client) {
			return conn, apierr.ConnectionDisabled
		}
	}
	if !account.SignupAllowed(conn) {
		return conn, SignupDisabled
	}
	required := account.SignupIdentifiers(conn)
	if slices.Contains(required, "username") && storage.Text(a.Profile, "username") == "" {
		return conn, apierr.InvalidRequestMessage("missing username for " + conn.Name + " connection with requires_username enabled").WithSetting("requires_username among the options of the connection, and its attributes")
	}
	if err := account.CheckUsername(conn, storage.Text(a.Profile, "username"), true); err != nil {
		return conn, apierr.NamedError("BadRequestError", SignupRefused.Code, err.Error()).WithSetting("validation.username among the options of the connection").With(err)
	}
	if slices.Contains(required, "phone_number") && storage.Text(a.Profile, "phone_number") == "" {
		return conn, SignupRefused
	}
	address := storage.Text(a.Profile, "email")
	if address != "" || slices.Contains(required, "email") {
		if !resource.IsEmail(address) {
			return conn, SignupRefused
		}
	}
	return conn, nil
}

// User returns the members that a password policy compares the password with.
func (a Applicant) User() storage.User {
	return storage.User{
		Email: storage.Text(a.Profile, "email"), Username: storage.Text(a.Profile, "username"), Name: storage.Text(a.Profile, "name"), Nickname: storage.Text(a.Profile, "nickname"),
		GivenName: storage.Text(a.Profile, "given_name"), FamilyName: storage.Text(a.Profile, "family_name"),
	}
}

// Database returns the database connection with a name.
func Database(tx *storage.Tx, name string) (storage.Connection, error) {
	c, err := tx.Connections.Find("name", name)
	if storage.IsNotFound(err) || err == nil && c.Strategy != storage.DatabaseStrategy {
		return c, apierr.ConnectionNotFound
	}
	return c, err
}

// CreateAccount creates the account of an applicant with the hash of its password, and returns the e-mails to
// be sent. A user_id in the profile becomes the part of the id after the provider.
func (d *Service) CreateAccount(tx *storage.Tx, a Applicant, hash string) (doc storage.Document, mails []emails.Draft, err error) {
	conn, err := Database(tx, a.Connection)
	if err != nil {
		return nil, nil, err
	}
	doc = maps.Clone(a.Profile)
	err = account.Add(tx, conn, doc, hash, d.Now())
	if errors.Is(err, error(resource.Users.Taken)) || storage.IsConflict(err) {
		err = taken(tx, a)
	}
	if err != nil {
		return nil, nil, err
	}
	mails, err = d.Emails.Welcome(tx, storage.Text(doc, "user_id"), emails.Login{ClientID: a.ClientID, Organization: a.Organization}, d.Now())
	return doc, mails, err
}

// taken returns the error for an identifier that has an account. Only if the tenant allows it does
// the error say so.
func taken(tx *storage.Tx, a Applicant) error {
	tenant, err := tx.Tenant.Document(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return err
	}
	if flags, _ := tenant["flags"].(storage.Document); flags["enable_public_signup_user_exists_error"] != true {
		return SignupRefused
	}
	username := storage.Text(a.Profile, "username")
	_, err = tx.UserByLogin(a.Connection, username)
	if username != "" && err == nil {
		return apierr.NamedError("BadRequestError", "username_exists", "The user already exists (username: "+username+").").WithSetting(accounts)
	}
	return userExists
}

// CheckNotRegistered returns an error if the applicant already has an account, otherwise nil.
func CheckNotRegistered(tx *storage.Tx, a Applicant) error {
	for _, member := range []string{"email", "username", "phone_number"} {
		name := storage.Text(a.Profile, member)
		if name == "" {
			continue
		}
		_, err := tx.UserByLogin(a.Connection, name)
		if err == nil {
			err = taken(tx, a)
		}
		if !storage.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// RecordSignup records the result of a sign-up in the tenant's log.
func (d *Service) RecordSignup(r *http.Request, a Applicant, doc storage.Document, err error) {
	e := tenantlog.Event{
		Type: tenantlog.Signup, ClientID: a.ClientID, Connection: a.Connection, UserID: storage.Text(doc, "user_id"),
		UserName: cmp.Or(storage.Text(a.Profile, "email"), storage.Text(a.Profile, "username"), storage.Text(a.Profile, "phone_number")),
	}
	if err != nil {
		e.Type, e.Description = tenantlog.FailedSignup, SignupReason(err)
	}
	d.Log.Record(r, e)
}

// SignupReason returns the reason for a refused sign-up, for the log.
func SignupReason(err error) string {
	if refused, ok := errors.AsType[*identity.PolicyError](err); ok {
		return refused.Message
	}
	return tenantlog.Reason(err)
}

// SignUp creates the account of an applicant who proves something other than a password. prove is
// called in the update that creates the account; it checks the proof and stores it for the user with
// the id. The error is one of those of sign-ups, or that of prove.
func (d *Service) SignUp(r *http.Request, a Applicant, prove func(tx *storage.Tx, userID string) error) (user storage.User, err error) {
	var doc storage.Document
	defer func() { d.RecordSignup(r, a, doc, err) }()
	if err := d.CheckSignup(r, a); err != nil {
		return user, err
	}
	var mails []emails.Draft
	err = d.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		if _, err := Admit(tx, a); err != nil {
			return err
		}
		if doc, mails, err = d.CreateAccount(tx, a, ""); err != nil {
			return err
		}
		id := storage.Text(doc, "user_id")
		if err := prove(tx, id); err != nil {
			return err
		}
		user, err = tx.Users.Get(id)
		return err
	})
	if err != nil {
		doc = nil
		return user, err
	}
	return user, d.Emails.Send(r.Context(), mails...)
}
