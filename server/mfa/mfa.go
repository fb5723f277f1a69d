// Package mfa serves the MFA API at /mfa: through it applications enroll additional factors for
// users, have codes sent, and list the authenticators of a user. The token endpoint checks the
// codes.
package mfa

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps holds the dependencies of the handlers.
type Deps struct {
	DB     *storage.DB
	Engine *oauth.Engine
	Issuer *tokens.Issuer
	Emails emails.Writer
	Log    *tenantlog.Log
	Now    func() time.Time
}

type room struct{ Deps }

// Mount adds the routes. Web pages of the tenant's applications may call them from other origins
// (CORS).
func Mount(open *web.Router, d Deps) {
	m := &room{d}
	open.Handle(http.MethodPost, "/mfa/challenge", m.challenge)
	open.Handle(http.MethodPost, "/mfa/associate", m.associate)
	open.Handle(http.MethodGet, "/mfa/authenticators", m.list)
	open.Handle(http.MethodDelete, "/mfa/authenticators/{id}", m.remove)
}

var (
	errEnrolled      = &apierr.Error{Status: http.StatusForbidden, Code: "access_denied", Message: "User is already enrolled.", Setting: "authentication methods of the user, and the parameter mfa_token"}
	errNotEnrolled   = &apierr.Error{Status: http.StatusForbidden, Code: "association_required", Message: "User does not have any authenticator. Enroll one at /mfa/associate.", Setting: "authentication methods of the user"}
	errUnsupported   = &apierr.Error{Status: http.StatusUnauthorized, Code: "unsupported_challenge_type", Message: "User does not have an authenticator of a requested challenge type", Setting: "the parameter challenge_type, and authentication methods of the user"}
	errNoFactor      = &apierr.Error{Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The authenticator type is not enabled for the tenant", Setting: "factors of guardian"}
	errAuthenticator = &apierr.Error{Status: http.StatusNotFound, Code: "invalid_request", Message: "The authenticator does not exist", Setting: "authentication methods of the user"}
	errNoToken       = &apierr.Error{Status: http.StatusUnauthorized, Code: "invalid_request", Message: "Missing or malformed authorization header", Setting: "the header Authorization"}
)

// mfaUser is the user that a request is about, with the user's authenticators. The user is known either
// from the pending login of an mfa_token or from an access token.
type mfaUser struct {
	login          storage.MFALogin // the zero value if the request has an access token
	scope          []string         // the scope of the access token
	user           storage.User
	authenticators []factors.Authenticator
}

// credential is the token in a request: either an mfa_token, or an access token for the MFA API
// that has been verified.
type credential struct {
	token, clientID string // of an mfa_token; with the clientID "" it may be any application's
	owner           tokens.Claims
}

// credential reads a token. An access token must have been issued to the application clientID,
// unless clientID is "".
func (m *room) credential(ctx context.Context, token, clientID string) (c credential, err error) {
	c = credential{token: token, clientID: clientID}
	if factors.IsToken(token) {
		return c, nil
	}
	c.owner, err = m.Issuer.Verify(ctx, token, factors.Audience(m.Issuer.URL), m.Now())
	switch {
	case errors.Is(err, tokens.ErrExpired):
		return c, apierr.MFATokenExpired.With(err)
	case err != nil:
		return c, apierr.MalformedMFAToken.With(err)
	case clientID != "" && c.owner.ClientID != clientID:
		return c, apierr.MFATokenForeign
	}
	return c, nil
}

// findUser finds the user that a credential belongs to.
func (m *room) findUser(tx *storage.Tx, c credential) (w mfaUser, err error) {
	if w.scope = c.owner.Scope; c.owner.Subject == "" {
		w.login, err = factors.Login(tx, c.token, c.clientID, m.Now())
	} else {
		w.login.Issue = storage.Issue{UserID: c.owner.Subject, ClientID: c.owner.ClientID}
	}
	if err != nil {
		return w, err
	}
	w.user, err = tx.Users.Get(w.login.Issue.UserID)
	if storage.IsNotFound(err) {
		return w, apierr.MalformedMFAToken.With(err)
	}
	if err != nil {
		return w, err
	}
	w.authenticators, err = factors.AuthenticatorsOf(tx, w.user.UserID)
	return w, err
}

// may returns an error if the token of the request does not allow what the scope stands for.
func (w mfaUser) may(scope string) error {
	if w.login.Hash != "" && scope != factors.ScopeRemove || slices.Contains(w.scope, scope) {
		return nil
	}
	return &apierr.Error{Status: http.StatusForbidden, Code: "insufficient_scope", Message: "Insufficient scope, expected: " + scope}
}

// bearer reads the token in the Authorization header, RFC 6750 section 2.1.
func (m *room) bearer(r *http.Request, clientID string) (credential, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return credential{}, errNoToken
	}
	return m.credential(r.Context(), token, clientID)
}

// list returns the authenticators of a user, Auth0:
// api/authentication/multi-factor-authentication/list-authenticators.
//
//auth0:operation GET /mfa/authenticators
func (m *room) list(w http.ResponseWriter, r *http.Request) error {
	brought, err := m.bearer(r, "")
	if err != nil {
		return err
	}
	var found mfaUser
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if found, err = m.findUser(tx, brought); err != nil {
			return err
		}
		return found.may(factors.ScopeRead)
	})
	if err != nil {
		return err
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, append([]factors.Authenticator{}, found.authenticators...))
}

// remove deletes an authenticator, Auth0:
// api/authentication/multi-factor-authentication/delete-an-authenticator. An mfa_token is not
// enough for this: somebody who knows only the password must not be able to remove the factors that
// protect the account.
//
//auth0:operation DELETE /mfa/authenticators/{id}
func (m *room) remove(w http.ResponseWriter, r *http.Request) error {
	brought, err := m.bearer(r, "")
	if err != nil {
		return err
	}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		found, err := m.findUser(tx, brought)
		if err != nil {
			return err
		}
		if err := found.may(factors.ScopeRemove); err != nil {
			return err
		}
		a, ok := factors.Find(found.authenticators, web.Param(r, "id"))
		if !ok {
			return errAuthenticator
		}
		return factors.Remove(tx, found.user.UserID, a)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// challenge sends a code to an authenticator of the user, or says that a one-time password is asked
// for, Auth0: api/authentication/multi-factor-authentication/request-mfa-challenge.
//
//auth0:operation POST /mfa/challenge
func (m *room) challenge(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	if err != nil {
		return err
	}
	if form.Get("mfa_token") == "" {
		return apierr.MissingParameter("mfa_token")
	}
	if !factors.IsToken(form.Get("mfa_token")) {
		return apierr.MalformedMFAToken
	}
	var found mfaUser
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		found, err = m.findUser(tx, credential{token: form.Get("mfa_token"), clientID: client.ClientID})
		return err
	})
	if err != nil {
		return err
	}
	a, err := choose(found.authenticators, form)
	if err != nil {
		return err
	}
	if a.Type == factors.OTP {
		return web.Reply(w, http.StatusOK, map[string]string{"challenge_type": factors.OTP})
	}
	sent, err := m.send(r.Context(), found, a, outbox.OTPVerify)
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, struct {
		Type    string `json:"challenge_type"`
		Code    string `json:"oob_code"`
		Binding string `json:"binding_method,omitempty"`
	}{factors.OOB, sent.code, sent.binding})
}

// choose returns the authenticator to challenge: the one that the form names, or else the first one
// of a type that the application supports.
func choose(all []factors.Authenticator, form url.Values) (a factors.Authenticator, err error) {
	if !factors.Active(all) {
		return a, errNotEnrolled
	}
	types := strings.Fields(cmp.Or(form.Get("challenge_type"), "otp oob"))
	id := form.Get("authenticator_id")
	for _, a := range all {
		if a.Active && slices.Contains(types, a.Type) && (id == "" || a.ID == id) {
			return a, nil
		}
	}
	return a, errUnsupported
}

// sent is the part of the response that describes a message sent to an authenticator.
type sent struct {
	// code is the oob_code. binding is the binding_method, which says how the user proves to have
	// received the message; it is "" for an app, which answers by itself.
	code, binding string
	// push is the id of the question that an app is asked, "" if the authenticator is no app.
	push string
}

// send sends a code to an authenticator. If the authenticator is an app, the app is asked instead: by
// a push notification, or by the QR code with which the app enrolls.
func (m *room) send(ctx context.Context, found mfaUser, a factors.Authenticator, kind string) (s sent, err error) {
	s.code = factors.NewToken()
	key, issue := storage.OOBKey(keys.Hash(s.code)), found.login.Issue
	message := factors.Sent{Kind: kind, User: found.user, ClientID: issue.ClientID, Connection: issue.Connection}
	var write func(tx *storage.Tx) (emails.Draft, error)
	if a.Channel == factors.App {
		p := factors.NewPush(key, found.user.UserID, issue.ClientID, a, m.Now())
		p.Login, s.push = found.login.Hash, p.ID
		write = func(tx *storage.Tx) (emails.Draft, error) { return factors.StorePush(tx, m.Emails, p, message) }
	} else {
		s.binding = "prompt"
		write = func(tx *storage.Tx) (emails.Draft, error) {
			code, lifetime, err := factors.NewCode(tx, a)
			if err != nil {
				return emails.Draft{}, err
			}
			err = tx.Passcodes.Put(storage.Passcode{
				Key: key, MAC: m.Issuer.Secrets.PasscodeMAC(key, code), UserID: found.user.UserID, ClientID: issue.ClientID,
				Login: found.login.Hash, Authenticator: a.ID, ExpiresAt: m.Now().Add(lifetime),
			})
			if err != nil {
				return emails.Draft{}, err
			}
			message.Code = code
			return factors.Message(tx, m.Emails, a, message)
		}
	}
	var draft emails.Draft
	err = m.DB.Update(ctx, func(tx *storage.Tx) error {
		if err := factors.MaySend(tx, found.user.UserID, m.Now()); err != nil {
			return err
		}
		draft, err = write(tx)
		return err
	})
	if err != nil {
		return s, err
	}
	return s, m.Emails.Send(ctx, draft)
}
