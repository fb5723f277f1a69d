// Package passwordless serves /passwordless: it sends people codes and links by e-mail and
// text message, and lets the browser in that follows a link. The codes are taken at the token
// endpoint.
package passwordless

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps is what the room works with.
type Deps struct {
	DB     *storage.DB
	Engine *oauth.Engine
	Issuer *tokens.Issuer
	Door   *signin.Door
	Pages  web.Pages
	Emails emails.Writer
	Log    *tenantlog.Log
	Now    func() time.Time
}

type room struct{ Deps }

// Mount adds the room's routes: the link to one router, and the API, which pages of the
// tenant's applications may call, to the other.
func Mount(rt, open *web.Router, d Deps) {
	m := &room{d}
	open.Handle(http.MethodPost, "/passwordless/start", m.start)
	open.Handle(http.MethodPost, "/passwordless/verify", m.verify)
	rt.With(d.Pages.Shape).Handle(http.MethodGet, "/passwordless/verify_redirect", m.follow)
}

// bad is Auth0's answer to a parameter that cannot be used.
func bad(parameter, description string) error {
	return &apierr.Error{Status: http.StatusBadRequest, Code: "bad." + parameter, Message: description}
}

// addressee is whom a request is about: a connection, and an address or a number there.
type addressee struct {
	connection storage.Connection
	identifier string
}

// member is the name of the identifier, in requests and in users.
func (a addressee) member() string {
	if a.connection.Strategy == "sms" {
		return "phone_number"
	}
	return "email"
}

// phoneNumber is how Auth0 wants phone numbers.
const phoneNumber = `^\+[0-9]{1,15}$`

var isPhoneNumber = regexp.MustCompile(phoneNumber).MatchString

// addressee reads whom a form is about. The connection must be one of the application's,
// where there is one.
func (m *room) addressee(tx *storage.Tx, clientID string, form url.Values) (a addressee, err error) {
	a.connection, err = tx.Connections.Find("name", form.Get("connection"))
	strategy := a.connection.Strategy
	switch {
	case storage.IsNotFound(err), err == nil && strategy != "email" && strategy != "sms":
		return a, bad("connection", "Connection does not exist")
	case err != nil:
		return a, err
	case clientID != "" && !a.connection.Enabled(clientID):
		return a, bad("connection", "Connection is disabled")
	}
	a.identifier = strings.TrimSpace(form.Get(a.member()))
	if strategy == "sms" {
		if !isPhoneNumber(a.identifier) {
			return a, bad("phone_number", `String does not match pattern: ^\\+[0-9]{1,15}$`)
		}
		return a, nil
	}
	a.identifier = strings.ToLower(a.identifier)
	if parsed, err := mail.ParseAddress(a.identifier); err != nil || parsed.Address != a.identifier {
		return a, bad("email", "error in email - email format validation failed: "+a.identifier)
	}
	return a, nil
}

// start sends a person a code or a link, and makes an account for those who have none, Auth0:
// api/authentication/passwordless/get-code-or-link.
//
//auth0:operation POST /passwordless/start
func (m *room) start(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r, "authParams")
	if err != nil {
		return err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	if err != nil {
		return err
	}
	params, err := authParams(form)
	if err != nil {
		return err
	}
	link := false
	switch form.Get("send") {
	case "", "link":
		link = true
	case "code":
	default:
		return bad("request", "send must be link or code")
	}
	var user storage.User
	var message emails.Draft
	made := false
	err = m.DB.Update(func(tx *storage.Tx) error {
		a, err := m.addressee(tx, client.ClientID, form)
		if err != nil {
			return err
		}
		withLink := link && a.connection.Strategy == "email"
		if !withLink && !client.Allows(grantType) {
			return apierr.GrantNotAllowed(grantType)
		}
		if user, made, err = m.account(tx, a); err != nil {
			return err
		}
		message, err = m.draft(tx, a, user, client, params, withLink)
		return err
	})
	if err != nil {
		return err
	}
	if err := m.Emails.Send(message); err != nil {
		return err
	}
	m.recordStart(r, client, user, made)
	return web.Reply(w, http.StatusOK, shown(user))
}

// grantType is the grant by which a code is redeemed.
const grantType = "http://auth0.com/oauth/grant-type/passwordless/otp"

// authParams are the parameters of the authorization request that a link leads to.
func authParams(form url.Values) (url.Values, error) {
	params := url.Values{}
	raw := form.Get("authParams")
	if raw == "" {
		return params, nil
	}
	var given map[string]any
	if err := json.Unmarshal([]byte(raw), &given); err != nil {
		return nil, bad("authParams", "authParams must be an object")
	}
	for name, value := range given {
		text, ok := value.(string)
		if !ok {
			return nil, bad("authParams", "authParams."+name+" must be a string")
		}
		params.Set(name, text)
	}
	return params, nil
}

// account is the user whom a code is for, made where there is none.
func (m *room) account(tx *storage.Tx, a addressee) (user storage.User, made bool, err error) {
	user, err = tx.UserByLogin(a.connection.Name, a.identifier)
	if !storage.IsNotFound(err) {
		return user, false, err
	}
	if a.connection.Options["disable_signup"] == true {
		return user, false, bad("connection", "Public signup is disabled")
	}
	doc := storage.Document{a.member(): a.identifier}
	if a.connection.Strategy == "sms" {
		doc["phone_verified"] = false
	}
	if err := account.Add(tx, a.connection, doc, "", m.Now()); err != nil {
		return user, false, err
	}
	user, err = tx.UserByLogin(a.connection.Name, a.identifier)
	return user, true, err
}

// draft makes the code and the message that carries it.
func (m *room) draft(tx *storage.Tx, a addressee, user storage.User, client storage.Client, params url.Values, withLink bool) (emails.Draft, error) {
	digits, lifetime := account.PasscodeOf(a.connection)
	code := emails.CodeOf(digits)
	key := storage.PasswordlessKey(user.UserID)
	err := tx.Passcodes.Put(storage.Passcode{
		Key: key, MAC: m.Issuer.Secrets.PasscodeMAC(key, code), UserID: user.UserID, ClientID: client.ClientID, ExpiresAt: m.Now().Add(lifetime),
	})
	if err != nil {
		return emails.Draft{}, err
	}
	l := emails.Letter{Kind: outbox.PasswordlessEmail, User: user, ClientID: client.ClientID, Code: code}
	if a.connection.Strategy == "sms" {
		l.Kind = outbox.OTPVerify
	}
	if withLink {
		query := url.Values{}
		for name := range params {
			query.Set(name, params.Get(name))
		}
		for name, value := range map[string]string{
			"client_id": client.ClientID, "connection": a.connection.Name, "email": user.Email, "verification_code": code,
		} {
			query.Set(name, value)
		}
		l.Link = m.Issuer.URL + "passwordless/verify_redirect?" + query.Encode()
	}
	return m.Emails.DraftPasswordless(tx, a.connection, l)
}

// shown is what the application is told of the user.
func shown(user storage.User) any {
	_, local, _ := strings.Cut(user.UserID, "|")
	if user.Email != "" {
		return struct {
			ID       string `json:"_id"`
			Email    string `json:"email"`
			Verified bool   `json:"email_verified"`
		}{local, user.Email, user.EmailVerified}
	}
	return struct {
		ID       string  `json:"_id"`
		Phone    string  `json:"phone_number"`
		Verified bool    `json:"phone_verified"`
		Language *string `json:"request_language"`
	}{local, user.PhoneNumber, user.PhoneVerified, nil}
}

func (m *room) recordStart(r *http.Request, client storage.Client, user storage.User, made bool) {
	e := tenantlog.Event{
		Type: tenantlog.CodeSent, Description: "Passwordless code/link sent", ClientID: client.ClientID, ClientName: client.Name,
		UserID: user.UserID, UserName: tenantlog.UserName(user), Connection: user.ConnectionName(),
	}
	if made {
		signup := e
		signup.Type, signup.Description = tenantlog.Signup, "Successful signup"
		m.Log.Record(r, signup)
	}
	m.Log.Record(r, e)
}
