package token

import (
	"context"
	"errors"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// passwordless takes a code that a person was sent by e-mail or text message, Auth0:
// api/authentication/passwordless/authenticate-user.
type passwordless struct{ people }

// Type implements oauth.Grant.
func (g *passwordless) Type() string { return "http://auth0.com/oauth/grant-type/passwordless/otp" }

// Validate implements oauth.Grant. A wrong code is counted twice: for the code, which is
// invalid after three, and for the account, like wrong passwords.
func (g *passwordless) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	if rq.Form.Get("auth_session") != "" {
		return g.challenged(ctx, rq)
	}
	if err := refuseWithoutBrowser(rq, g.Type()); err != nil {
		return nil, err
	}
	for _, name := range []string{"username", "otp", "realm"} {
		if rq.Form.Get(name) == "" {
			return nil, apierr.MissingParameter(name)
		}
	}
	conn, user, err := g.addressee(ctx, rq)
	if err != nil {
		return nil, err
	}
	rq.HTTP = requestOfUser(rq)
	code, tried := account.TryPasscode(ctx, g.DB, g.Issuer.Secrets, user, rq.Client.ClientID, rq.Form.Get("otp"), rq.Now)
	a := signin.Attempt{
		Method: signin.Email, ClientID: rq.Client.ClientID, Connection: conn.Name, Identifier: rq.Form.Get("username"), User: user,
		IP: signin.Address(rq.HTTP), Message: account.PasscodeSentence(conn.Strategy, tried),
		Recheck: func(tx *storage.Tx) error {
			err := account.UsePasscode(tx, code, rq.Now)
			if errors.Is(err, storage.ErrReused) {
				return signin.ErrWrong
			}
			return err
		},
	}
	if conn.Strategy == "sms" {
		a.Method = signin.SMS
	}
	switch {
	case errors.Is(tried, storage.ErrExpired), errors.Is(tried, storage.ErrTooMany):
		return grantOfRefused(a), wrongPasscode(conn, tried)
	case tried != nil && !errors.Is(tried, storage.ErrWrongCode):
		return nil, tried
	}
	if err := g.SignIn.Evaluate(rq.HTTP, a, tried == nil); err != nil {
		return grantOfRefused(a), grantError(err, wrongPasscode(conn, tried))
	}
	return g.admit(ctx, rq, a, "", wrongPasscode(conn, storage.ErrWrongCode))
}

func wrongPasscode(conn storage.Connection, err error) *apierr.Error {
	e := *apierr.WrongCredentials
	e.Message, e.Setting = account.PasscodeSentence(conn.Strategy, err), account.PasscodeSetting
	return &e
}

// addressee returns the connection and the user that the code was sent to. The user may
// not exist yet.
func (g *passwordless) addressee(ctx context.Context, rq *oauth.TokenRequest) (conn storage.Connection, user storage.User, err error) {
	err = g.DB.View(ctx, func(tx *storage.Tx) error {
		conn, err = connectionOf(tx, rq.Client, rq.Form.Get("realm"), "email", "sms")
		if err != nil {
			return err
		}
		user, err = tx.UserByLogin(conn.Name, strings.TrimSpace(rq.Form.Get("username")))
		return storage.Optional(err)
	})
	return conn, user, err
}
