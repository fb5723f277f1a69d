package token

import (
	"context"
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// Errors for a code of /otp/challenge, Auth0: authenticate/database-connections/
// auth-api-passwordless-db-connections, which does not document their messages.
var (
	badAuthSession = &apierr.Error{Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The auth_session is invalid, expired or already used.", Setting: "the parameter auth_session, which is good once, for five minutes and for one application"}
	badChallenge   = &apierr.Error{Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Wrong or expired verification code.", Setting: "the parameter otp"}
)

// challenged takes the code that was sent for an auth_session. It logs in a user of a
// database, or creates an account there. If there is no account and none may be created, the
// answer is that to a wrong code.
func (g *passwordless) challenged(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	if rq.Form.Get("otp") == "" {
		return nil, apierr.MissingParameter("otp")
	}
	if err := refuseWithoutBrowser(rq, g.Type()); err != nil {
		return nil, err
	}
	key := storage.ChallengeKey(keys.Hash(rq.Form.Get("auth_session")))
	var user storage.User
	err := g.DB.View(ctx, func(tx *storage.Tx) error {
		p, err := tx.Passcodes.Get(key)
		if err != nil {
			return err
		}
		if p.ClientID != rq.Client.ClientID || p.Challenge == nil || !rq.Now.Before(p.ExpiresAt) {
			return storage.ErrNotFound
		}
		user, err = tx.UserAs(p.UserID, p.Account)
		return storage.Optional(err)
	})
	if storage.IsNotFound(err) {
		return nil, badAuthSession
	}
	if err != nil {
		return nil, err
	}
	rq.HTTP = requestOfUser(rq)
	code, tried := g.DB.TryPasscode(ctx, key, g.Issuer.Secrets.SamePasscode(key, rq.Form.Get("otp")), rq.Now)
	switch {
	case errors.Is(tried, storage.ErrExpired), storage.IsNotFound(tried):
		return nil, badAuthSession.With(tried)
	case errors.Is(tried, storage.ErrTooMany):
		return nil, badChallenge.With(tried)
	case tried != nil && !errors.Is(tried, storage.ErrWrongCode):
		return nil, tried
	case tried == nil && user.UserID == "":
		return g.signUp(ctx, rq, code)
	}
	grant, err := g.byChallenge(ctx, rq, user, code, tried == nil)
	return grant, blockedHere(err)
}

// blockedHere turns the error for a blocked account into the form that these endpoints use.
func blockedHere(err error) error {
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok || e.Code != apierr.PersonBlocked.Code && e.Code != apierr.TooManyAttempts.Code {
		return err
	}
	c := *e
	c.Status, c.Code = http.StatusForbidden, "access_denied"
	return &c
}

// byChallenge logs in a user who sent the right code, and counts a wrong code.
func (g *passwordless) byChallenge(ctx context.Context, rq *oauth.TokenRequest, user storage.User, code storage.Passcode, right bool) (*tokens.Grant, error) {
	c := *code.Challenge
	a := g.attempt(rq, c, user)
	a.Recheck = func(tx *storage.Tx) error {
		err := passcodes.Proved(tx, code, storage.Proof{Member: c.Member, Address: c.Address, UserID: user.UserID, Account: user.AccountID()}, rq.Now)
		if errors.Is(err, storage.ErrReused) {
			return signin.ErrWrong
		}
		return err
	}
	if err := g.SignIn.Evaluate(rq.HTTP, a, right); err != nil {
		return grantOfRefused(a), grantError(err, badChallenge)
	}
	return g.admit(ctx, rq, a, "", badChallenge)
}

func (g *passwordless) attempt(rq *oauth.TokenRequest, c storage.OTPChallenge, user storage.User) signin.Attempt {
	a := signin.Attempt{
		Method: signin.Email, ClientID: rq.Client.ClientID, Connection: c.Connection, Identifier: c.Address, User: user, IP: signin.Address(rq.HTTP),
		Message: badChallenge.Message,
	}
	if c.Member == "phone_number" {
		a.Method = signin.SMS
	}
	return a
}

// signUp creates an account for a person who sent the right code, and logs the person in.
func (g *passwordless) signUp(ctx context.Context, rq *oauth.TokenRequest, code storage.Passcode) (*tokens.Grant, error) {
	c := *code.Challenge
	if !c.SignsUp {
		return nil, badChallenge
	}
	err := g.DB.View(ctx, func(tx *storage.Tx) error { // a request that is refused for another reason must not create an account
		_, err := g.audience(tx, rq)
		return err
	})
	if err != nil {
		return nil, err
	}
	profile := storage.Document{c.Member: c.Address, map[string]string{"email": "email_verified", "phone_number": "phone_verified"}[c.Member]: true}
	user, err := g.SignIn.SignUp(rq.HTTP, signin.Applicant{ClientID: rq.Client.ClientID, Connection: c.Connection, Profile: profile},
		func(tx *storage.Tx, _ string) error { return tx.UsePasscode(code) })
	if _, refused := errors.AsType[*apierr.Error](err); refused || errors.Is(err, storage.ErrReused) {
		return nil, badChallenge.With(err)
	}
	if err != nil {
		return nil, err
	}
	return g.admit(ctx, rq, g.attempt(rq, c, user), "", badChallenge)
}
