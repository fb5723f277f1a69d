package passwordless

import (
	"errors"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// challengeLifetime is how long the code of an auth_session can be used, and challengeDigits the length of
// the code. Auth0 documents neither.
const (
	challengeLifetime = 5 * time.Minute
	challengeDigits   = 6
)

// otpGrant is the grant type that redeems the code.
const otpGrant = "http://auth0.com/oauth/grant-type/passwordless/otp"

// invalidField returns the error for a request with an invalid field.
func invalidField(field, message string) error {
	return &apierr.Error{
		Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: message, Setting: "the parameter " + field,
		Extra: map[string]any{"validation_errors": []map[string]string{{"field": field, "message": message}}},
	}
}

var errNotForCodes = &apierr.Error{
	Status: http.StatusBadRequest, Code: "invalid_connection", Message: "The connection does not exist, is not enabled for the client, or has no one-time codes enabled.",
	Setting: "options.authentication_methods of the connection, its email_otp and phone_otp, and its enabled_clients",
}

// challenge sends a code for a login to a database connection, Auth0:
// authenticate/database-connections/auth-api-passwordless-db-connections. If there is no account and none may
// be made, nothing is sent, but the response is the same, so that it does not reveal which accounts exist.
//
//auth0:operation POST /otp/challenge
func (m *room) challenge(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	if err != nil {
		return apierr.AsInvalidClient(err)
	}
	if !slices.Contains(client.GrantTypes, otpGrant) {
		return apierr.GrantNotAllowed(otpGrant)
	}
	asked, err := askedFor(form)
	if err != nil {
		return err
	}
	session, code := keys.Random(24), emails.CodeOf(challengeDigits)
	key := storage.ChallengeKey(keys.Hash(session))
	mac := m.Issuer.Secrets.PasscodeMAC(key, code)
	var user storage.User
	var message emails.Draft
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		challenge := asked
		message = emails.Draft{}
		if err := account.CountCode(tx, signin.Address(r), m.Now()); err != nil {
			return err
		}
		if user, err = m.challenged(tx, client, &challenge, form.Get("allow_signup") == "true"); err != nil {
			return err
		}
		if user.UserID != "" || challenge.SignsUp {
			if message, err = m.codeMessage(tx, user, client.ClientID, challenge, code, form.Get("delivery_method")); err != nil {
				return err
			}
		}
		return tx.Passcodes.Put(storage.Passcode{
			Key: key, MAC: mac, UserID: user.UserID, Account: user.AccountID(), ClientID: client.ClientID, Challenge: &challenge, ExpiresAt: m.Now().Add(challengeLifetime),
		})
	})
	if err != nil {
		return m.limited(r, client, err)
	}
	if err := m.Emails.Send(r.Context(), message); err != nil {
		return err
	}
	if !message.IsZero() {
		m.Codes.Log.Record(r, tenantlog.Event{
			Type: tenantlog.CodeSent, Description: "Passwordless code/link sent", ClientID: client.ClientID, ClientName: client.Name,
			UserID: user.UserID, UserName: asked.Address, Connection: asked.Connection,
		})
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, map[string]string{"auth_session": session})
}

// limited returns the error for a client whose IP address has asked for too many codes, Auth0:
// troubleshoot/customer-support/operational-policies/rate-limit-policy.
func (m *room) limited(r *http.Request, client storage.Client, err error) error {
	if !errors.Is(err, storage.ErrTooMany) {
		return err
	}
	m.Codes.Log.Record(r, tenantlog.Event{
		Type: tenantlog.RateLimited, Description: "You passed the limit of allowed calls to " + r.URL.Path, ClientID: client.ClientID, ClientName: client.Name,
	})
	return account.TooManyCodes(m.Now()).With(err)
}

// askedFor reads the connection and the recipient of a code from the form.
func askedFor(form url.Values) (c storage.OTPChallenge, err error) {
	const either = "Either email or phone_number must be provided"
	address, number := strings.ToLower(strings.TrimSpace(form.Get("email"))), strings.TrimSpace(form.Get("phone_number"))
	c = storage.OTPChallenge{Connection: form.Get("connection"), Member: "email", Address: address}
	parsed, malformed := mail.ParseAddress(address)
	switch {
	case c.Connection == "":
		return c, invalidField("connection", "connection is required")
	case (address == "") == (number == ""):
		return c, invalidField("email", either)
	case number != "":
		c.Member, c.Address = "phone_number", number
		if _, fits := account.PasswordlessAddress(storage.Connection{Strategy: "sms"}, number); !fits {
			return c, invalidField("phone_number", "phone_number must be in E.164 format")
		}
	case malformed != nil || parsed.Address != address:
		return c, invalidField("email", "email must be a valid email address")
	}
	if way := form.Get("delivery_method"); way != "" && way != "text" && way != "voice" {
		return c, invalidField("delivery_method", "delivery_method must be text or voice")
	}
	return c, nil
}

// challenged finds the user whom a code is for; it returns the zero User if there is none. It sets c.SignsUp
// if the code is to create an account.
func (m *room) challenged(tx *storage.Tx, client storage.Client, c *storage.OTPChallenge, allowSignup bool) (user storage.User, err error) {
	conn, err := tx.Connections.Find("name", c.Connection)
	if storage.IsNotFound(err) || err == nil && (!conn.Serves(client) || conn.Closed() || !account.TakesCodes(conn, c.Member)) {
		return user, errNotForCodes
	}
	if err != nil {
		return user, err
	}
	user, err = tx.UserByLogin(conn.Name, c.Address)
	if err == nil && (c.Member == "email" && user.Email != c.Address || c.Member == "phone_number" && user.PhoneNumber != c.Address) {
		user = storage.User{} // the address is another user's username
	}
	if storage.IsNotFound(err) {
		err = nil
		others := slices.DeleteFunc(slices.Clone(account.SignupIdentifiers(conn)), func(member string) bool { return member == c.Member })
		c.SignsUp = allowSignup && account.SignupAllowed(conn) && len(others) == 0
	}
	return user, err
}

// codeMessage returns the message that carries a code.
func (m *room) codeMessage(tx *storage.Tx, user storage.User, clientID string, c storage.OTPChallenge, code, way string) (emails.Draft, error) {
	if c.Member == "phone_number" {
		channel := outbox.SMS
		if way == "voice" {
			channel = outbox.Voice
		}
		return m.Emails.DraftPhone(tx, outbox.Message{
			Kind: outbox.OTPVerify, Channel: channel, To: c.Address, Text: "Your verification code is: {{ code }}", Code: code,
			UserID: user.UserID, ClientID: clientID, Connection: c.Connection,
		})
	}
	user.Email = c.Address
	return m.Emails.DraftPasswordless(tx, storage.Connection{Name: c.Connection}, emails.Letter{Kind: outbox.PasswordlessEmail, User: user, Login: emails.Login{ClientID: clientID}, Code: code})
}
