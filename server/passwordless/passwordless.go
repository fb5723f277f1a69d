// Package passwordless serves passwordless logins. The API at /passwordless and /otp sends
// codes and links by e-mail and text message; the token endpoint redeems the codes, and this
// package the links. The package also serves the login pages that wait for a code or a link.
package passwordless

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps holds the dependencies of the handlers.
type Deps struct {
	DB     *storage.DB
	Engine *oauth.Engine
	Issuer *tokens.Issuer
	SignIn *signin.Service
	Pages  web.Pages
	Emails emails.Writer
	Codes  passcodes.Sender
	Now    func() time.Time
}

type room struct{ Deps }

// Mount adds the pages and the link to rt, and the API to open, whose routes web pages of the
// tenant's applications may call.
func Mount(rt, open *web.Router, d Deps) {
	m := &room{d}
	open.Handle(http.MethodPost, "/passwordless/start", m.start)
	open.Handle(http.MethodPost, "/passwordless/verify", m.verify)
	open.Handle(http.MethodPost, "/otp/challenge", m.challenge)
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, "/passwordless/verify_redirect", m.follow)
	for _, page := range []string{passcodes.EmailCodePage, passcodes.SMSCodePage, passcodes.EmailLinkPage} {
		rt.Handle(http.MethodGet, page, m.show(page))
		rt.Handle(http.MethodPost, page, web.SameSite(m.submit(page)))
	}
	rt.Handle(http.MethodGet, passcodes.FollowPath, m.followHere)
}

// bad is Auth0's error for an invalid parameter.
func bad(parameter, description string) *apierr.Error {
	return &apierr.Error{Status: http.StatusBadRequest, Code: "bad." + parameter, Message: description, Setting: "the parameter " + parameter}
}

// missing is Auth0's error for a required parameter that was not sent.
func missing(parameter string) *apierr.Error {
	return bad(parameter, "Missing required property: "+parameter)
}

// addressee is the recipient of a code: a connection, and an e-mail address or a phone number
// in it.
type addressee struct {
	connection storage.Connection
	identifier string
}

// addressee reads the recipient from a form. If client is an application, the connection must
// be enabled for it.
func (m *room) addressee(tx *storage.Tx, client storage.Client, form url.Values) (a addressee, err error) {
	a.connection, err = tx.Connections.Find("name", form.Get("connection"))
	strategy := a.connection.Strategy
	switch {
	case form.Get("connection") == "":
		return a, missing("connection")
	case storage.IsNotFound(err):
		return a, bad("connection", "Connection does not exist")
	case err != nil:
		return a, err
	case strategy != "email" && strategy != "sms":
		return a, bad("connection", "The connection does not support user creation through this API. It must either be a passwordless connection")
	case client.ClientID != "" && !a.connection.Serves(client):
		return a, bad("connection", "Connection is disabled").WithSetting(apierr.ConnectionDisabled.Setting)
	}
	member := account.PasswordlessIdentifier(a.connection)
	typed := form.Get(member)
	address, fits := account.PasswordlessAddress(a.connection, typed)
	switch {
	case typed == "":
		return a, missing(member)
	case strategy == "sms" && (!fits || strings.TrimSpace(typed) != address): // the API allows no spaces around a number
		return a, bad(member, `String does not match pattern: ^\+[0-9]{1,15}$`)
	case !fits:
		return a, bad(member, "error in email - email format validation failed: "+address)
	}
	a.identifier = address
	return a, nil
}

// start sends a code or a link, and creates an account if the recipient has none, Auth0:
// api/authentication/passwordless/get-code-or-link.
//
//auth0:operation POST /passwordless/start
func (m *room) start(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r, "authParams")
	if err != nil {
		return err
	}
	if !form.Has("client_id") && !form.Has("client_assertion") && r.Header.Get("Authorization") == "" {
		return missing("client_id")
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
		return bad("send", "error in send - No enum match for: "+form.Get("send"))
	}
	var user storage.User
	var message emails.Draft
	made := false
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if err := account.CountCode(tx, signin.Address(r), m.Now()); err != nil {
			return err
		}
		a, err := m.addressee(tx, client, form)
		if err != nil {
			return err
		}
		withLink := link && a.connection.Strategy == "email"
		if !withLink && !client.Allows(grantType) {
			return apierr.GrantNotAllowed(grantType)
		}
		p := passcodes.Passwordless{Connection: a.connection, Address: a.identifier, Login: emails.Login{ClientID: client.ClientID}}
		if withLink {
			p.Link = m.linkOf(p, params)
		}
		user, made, message, err = m.Codes.Start(tx, p)
		if errors.Is(err, passcodes.ErrSignupDisabled) {
			err = bad("connection", "Public signup is disabled").WithSetting("disable_signup among the options of the connection")
		}
		return err
	})
	if err != nil {
		return m.limited(r, client, err)
	}
	if err := m.Emails.Send(r.Context(), message); err != nil {
		return err
	}
	m.Codes.Record(r, client, user, made)
	return web.Reply(w, http.StatusOK, shown(user))
}

// grantType is the grant type that redeems a code.
const grantType = "http://auth0.com/oauth/grant-type/passwordless/otp"

// authParams reads the parameters for the authorization request that a link leads to.
func authParams(form url.Values) (url.Values, error) {
	params := url.Values{}
	raw := form.Get("authParams")
	if raw == "" {
		return params, nil
	}
	var given map[string]any
	if err := json.Unmarshal([]byte(raw), &given); err != nil {
		return nil, bad("authParams", "error in authParams - invalid type: string (expected object)")
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

// linkOf returns a function that makes the link. The link leads to an authorization request
// with params.
func (m *room) linkOf(p passcodes.Passwordless, params url.Values) func(storage.User, string) string {
	return func(user storage.User, code string) string {
		query := url.Values{}
		for name := range params {
			query.Set(name, params.Get(name))
		}
		for name, value := range map[string]string{
			"client_id": p.ClientID, "connection": p.Connection.Name, "email": user.Email, "verification_code": code,
		} {
			query.Set(name, value)
		}
		return m.Issuer.URL + "passwordless/verify_redirect?" + query.Encode()
	}
}

// shown returns the user as the application gets it in the response.
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
