package dbconnections

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Answers of sign-up, Auth0: api/authentication/signup/create-a-new-user.
var (
	signupDisabled  = named("BadRequestError", "unauthorized", "Public signup is disabled")
	signupRefused   = named("BadRequestError", "invalid_signup", "Invalid sign up")
	signupLeaked    = named("BadRequestError", "password_leaked", "Password has been leaked")
	signupThrottled = &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_requests", Message: "Too many signups from the same IP", Extra: map[string]any{"name": "TooManyRequestsError"},
		Setting: "attack-protection/suspicious-ip-throttling",
	}
	userExists = named("BadRequestError", "user_exists", "The user already exists.")
)

// applicant is who signs up.
type applicant struct {
	clientID, connection, password string
	profile                        storage.Document // members of the user to be
}

// profileMembers are what an applicant says of themselves.
var profileMembers = []string{"email", "username", "phone_number", "given_name", "family_name", "name", "nickname", "picture"}

// signup makes an account. It begins no session.
//
//auth0:operation POST /dbconnections/signup
func (m *room) signup(w http.ResponseWriter, r *http.Request) error {
	body, err := m.readObject(w, r)
	if err != nil {
		return err
	}
	a := applicant{clientID: storage.Text(body, "client_id"), connection: storage.Text(body, "connection"), password: storage.Text(body, "password"), profile: storage.Document{}}
	for _, name := range profileMembers {
		if s := storage.Text(body, name); s != "" {
			a.profile[name] = s
		}
	}
	if metadata, ok := body["user_metadata"].(storage.Document); ok {
		a.profile["user_metadata"] = metadata
	}
	if a.connection == "" {
		return sentence("connection is required")
	}
	if err := resource.Signup.Check(body, resource.Create); err != nil {
		return sentence(tenantlog.Reason(err))
	}
	doc, err := m.create(r, a)
	if err != nil {
		return signupError(err)
	}
	_, local, _ := strings.Cut(storage.Text(doc, "user_id"), "|")
	answer := storage.Document{"_id": local, "email_verified": false}
	for _, name := range append(profileMembers, "user_metadata") {
		if value, sent := a.profile[name]; sent {
			answer[name] = value
		}
	}
	return web.Reply(w, http.StatusOK, answer)
}

// signupError is the answer of the API to a password that the policy refuses.
func signupError(err error) error {
	refused, ok := errors.AsType[*identity.PolicyError](err)
	if !ok {
		return err
	}
	e := named(refused.Name, refused.Code, refused.Message)
	if len(refused.Rules) > 0 {
		e.Extra["message"], e.Extra["policy"] = refused.Message, refused.Text()
		e.Extra["description"] = map[string]any{"rules": refused.Rules, "verified": false}
	}
	return e.With(err)
}

// watch refuses sign-ups from an address that makes too many, and passwords that others know. A
// sign-up counts whatever becomes of it.
func (m *room) watch(r *http.Request, a applicant) error {
	throttled, counts, leaked := false, false, false
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if throttled, counts, err = account.Throttled(tx, account.BeforeSignup, signin.Address(r), m.Now()); err != nil || throttled {
			return err
		}
		leaked, err = account.Leaked(tx, account.BeforeSignup, a.password)
		return err
	})
	switch {
	case err != nil:
		return err
	case throttled:
		m.Log.Record(r, tenantlog.Event{Type: tenantlog.AddressBlocked, Description: "Blocked IP Address: too many sign-ups", ClientID: a.clientID, Connection: a.connection})
		return signupThrottled
	case leaked:
		m.Log.Record(r, tenantlog.Event{Type: tenantlog.SignupPasswordLeaked, Description: "Breached password on signup", ClientID: a.clientID, Connection: a.connection})
		return signupLeaked
	case !counts:
		return nil
	}
	return m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		_, err := account.CountTry(tx, account.BeforeSignup, signin.Address(r), m.Now())
		return err
	})
}

// create makes the account, and sends the e-mails that go with it.
func (m *room) create(r *http.Request, a applicant) (doc storage.Document, err error) {
	defer func() { m.recordSignup(r, a, doc, err) }()
	if err := m.watch(r, a); err != nil {
		return nil, err
	}
	var demands account.Demands
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if err := admit(tx, a); err != nil {
			return err
		}
		demands, err = account.DemandsOf(tx, a.connection, a.user())
		return err
	})
	if err != nil {
		return nil, err
	}
	hash, err := demands.Hash(r.Context(), m.Passwords, a.password)
	if err != nil {
		return nil, err
	}
	var mails []emails.Draft
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		conn, err := connection(tx, a.connection)
		if err != nil {
			return err
		}
		doc = maps.Clone(a.profile)
		err = account.Add(tx, conn, doc, hash, m.Now())
		if errors.Is(err, error(resource.Users.Taken)) || storage.IsConflict(err) {
			return taken(tx, a)
		}
		if err != nil {
			return err
		}
		mails, err = m.Emails.Welcome(tx, storage.Text(doc, "user_id"), a.clientID, m.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	return doc, m.Emails.Send(mails...)
}

// admit sees that the applicant may have an account.
func admit(tx *storage.Tx, a applicant) error {
	conn, err := connection(tx, a.connection)
	if err != nil {
		return err
	}
	if a.clientID != "" {
		client, err := tx.Clients.Get(a.clientID)
		if storage.IsNotFound(err) {
			return sentence("Unknown client: " + a.clientID)
		}
		if err != nil {
			return err
		}
		if !conn.Serves(client) {
			return sentence("the connection was disabled")
		}
	}
	if !account.SignupAllowed(conn) {
		return signupDisabled
	}
	required := account.SignupIdentifiers(conn)
	if slices.Contains(required, "username") && storage.Text(a.profile, "username") == "" {
		return sentence("missing username for " + conn.Name + " connection with requires_username enabled")
	}
	if err := account.CheckUsername(conn, storage.Text(a.profile, "username"), true); err != nil {
		return named("BadRequestError", signupRefused.Code, err.Error()).With(err)
	}
	if slices.Contains(required, "phone_number") && storage.Text(a.profile, "phone_number") == "" {
		return signupRefused
	}
	address := storage.Text(a.profile, "email")
	if address != "" || slices.Contains(required, "email") {
		if !resource.IsEmail(address) {
			return signupRefused
		}
	}
	return nil
}

// user is what the password is held against.
func (a applicant) user() storage.User {
	return storage.User{
		Email: storage.Text(a.profile, "email"), Username: storage.Text(a.profile, "username"), Name: storage.Text(a.profile, "name"), Nickname: storage.Text(a.profile, "nickname"),
		GivenName: storage.Text(a.profile, "given_name"), FamilyName: storage.Text(a.profile, "family_name"),
	}
}

// taken is the answer to an address that has an account: a stranger is told so only
// where the tenant says that they may.
func taken(tx *storage.Tx, a applicant) error {
	tenant, err := tx.Tenant.Document(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return err
	}
	if flags, _ := tenant["flags"].(storage.Document); flags["enable_public_signup_user_exists_error"] != true {
		return signupRefused
	}
	username := storage.Text(a.profile, "username")
	_, err = tx.UserByLogin(a.connection, username)
	if username != "" && err == nil {
		return named("BadRequestError", "username_exists", "The user already exists (username: "+username+").")
	}
	return userExists
}

func (m *room) recordSignup(r *http.Request, a applicant, doc storage.Document, err error) {
	e := tenantlog.Event{
		Type: tenantlog.Signup, ClientID: a.clientID, Connection: a.connection, UserID: storage.Text(doc, "user_id"),
		UserName: cmp.Or(storage.Text(a.profile, "email"), storage.Text(a.profile, "username"), storage.Text(a.profile, "phone_number")),
	}
	if err != nil {
		e.Type, e.Description = tenantlog.FailedSignup, reason(err)
	}
	m.Log.Record(r, e)
}

func reason(err error) string {
	if refused, ok := errors.AsType[*identity.PolicyError](err); ok {
		return refused.Message
	}
	return tenantlog.Reason(err)
}

// explain is the key of an error on the pages, and what the password has to be
// where that is why; ok is false for what a person cannot mend.
func explain(err error) (key string, demands []templates.Demand, ok bool) {
	if refused, isPolicy := errors.AsType[*identity.PolicyError](err); isPolicy {
		return refused.Key, shown(refused.Rules), true
	}
	e, isAnswer := errors.AsType[*apierr.Error](err)
	switch {
	case !isAnswer:
		return "", nil, false
	case e.Code == signupLeaked.Code:
		return "password-breached", nil, true
	case e.Code == signupThrottled.Code:
		return "ip-signup-blocked", nil, true
	case e.Code == "user_exists":
		return "email-in-use", nil, true
	case e.Code == "username_exists":
		return "username-taken", nil, true
	case e.Code == signupDisabled.Code:
		return "signup-disabled", nil, true
	case e.Code == signupRefused.Code:
		return "custom-script-error-code", nil, true
	}
	return "", nil, false
}
