package token

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// askFurther interrupts a login after its first factor until a further factor is proved,
// Auth0: secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa. The
// proof of the first factor is used up.
func (p *people) askFurther(ctx context.Context, rq *oauth.TokenRequest, a signin.Attempt, grant *tokens.Grant) error {
	token := factors.NewToken()
	var requirements map[string]any
	err := p.DB.Update(ctx, func(tx *storage.Tx) (err error) {
		if a.Recheck != nil {
			if err := a.Recheck(tx); err != nil {
				return err
			}
		}
		if requirements, err = factors.Requirements(tx, a.User.UserID); err != nil {
			return err
		}
		issue := grant.Issue
		issue.AccessClaims, issue.IDClaims, issue.Permissions = nil, nil, nil // decided anew
		return tx.StartMFALogin(storage.MFALogin{Hash: keys.Hash(token), Issue: issue, GTY: grant.GTY, ExpiresAt: rq.Now.Add(factors.LoginLifetime)})
	})
	if err != nil {
		return err
	}
	return apierr.MFARequired(token, requirements)
}

// waiting is a login that waits for a further factor, and the user's further factors.
type waiting struct {
	storage.MFALogin
	user           storage.User
	authenticators []factors.Authenticator
}

// waiting returns the login that the request's mfa_token belongs to.
func (p *people) waiting(ctx context.Context, rq *oauth.TokenRequest, required ...string) (l waiting, err error) {
	for _, name := range append([]string{"mfa_token"}, required...) {
		if rq.Form.Get(name) == "" {
			return l, apierr.MissingParameter(name)
		}
	}
	err = p.DB.View(ctx, func(tx *storage.Tx) error {
		if l.MFALogin, err = factors.Login(tx, rq.Form.Get("mfa_token"), rq.Client.ClientID, rq.Now); err != nil {
			return err
		}
		if l.user, err = tx.Users.Get(l.Issue.UserID); storage.IsNotFound(err) {
			return apierr.MalformedMFAToken.With(err)
		} else if err != nil {
			return err
		}
		if l.authenticators, err = factors.AuthenticatorsOf(tx, l.Issue.UserID); err != nil {
			return err
		}
		return factors.MayGuess(tx, l.Issue.UserID, rq.Now)
	})
	return l, err
}

// finish logs in a person who has proved the further factor. holds is called in the update
// that does so; it uses up the proof.
func (p *people) finish(ctx context.Context, rq *oauth.TokenRequest, l waiting, a factors.Authenticator, refusal *apierr.Error, holds func(*storage.Tx) error) (*tokens.Grant, error) {
	rq.HTTP = requestOfUser(rq)
	attempt := signin.Attempt{
		Method: signin.MFA, ClientID: rq.Client.ClientID, Connection: l.Issue.Connection, User: l.user, IP: signin.Address(rq.HTTP),
		Recheck: func(tx *storage.Tx) error {
			err := tx.FinishMFALogin(l.Hash)
			if errors.Is(err, storage.ErrReused) {
				return apierr.MalformedMFAToken.With(err)
			}
			if err != nil {
				return err
			}
			if err := holds(tx); err != nil {
				return err
			}
			err = factors.RecordUse(tx, l.user.UserID, a, rq.Now)
			if errors.Is(err, factors.ErrNotFirst) {
				return signin.ErrWrong
			}
			return err
		},
	}
	return p.settle(ctx, rq, attempt, l.Issue, l.GTY, refusal)
}

// refused counts a wrong code and returns refusal.
func (p *people) refused(ctx context.Context, rq *oauth.TokenRequest, l waiting, refusal *apierr.Error) (*tokens.Grant, error) {
	known := &tokens.Grant{User: &l.user, Issue: storage.Issue{UserID: l.user.UserID, Connection: l.Issue.Connection}}
	if err := factors.CountWrong(ctx, p.DB, l.user.UserID, rq.Now); err != nil {
		return known, err
	}
	return known, refusal
}

// mfaOTP takes a one-time password of an authenticator app, Auth0:
// api/authentication/multi-factor-authentication/
// verify-with-one-time-password-otp.
type mfaOTP struct{ people }

// Type implements oauth.Grant.
func (g *mfaOTP) Type() string { return "http://auth0.com/oauth/grant-type/mfa-otp" }

// Validate implements oauth.Grant.
func (g *mfaOTP) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	l, err := g.waiting(ctx, rq, "otp")
	if err != nil {
		return nil, err
	}
	a, mark, ok := factors.CheckOTP(l.authenticators, rq.Form.Get("otp"), rq.Now)
	if !ok {
		return g.refused(ctx, rq, l, apierr.WrongOTP)
	}
	return g.finish(ctx, rq, l, a, apierr.WrongOTP, func(tx *storage.Tx) error {
		err := factors.UseOTP(tx, mark, rq.Now)
		if errors.Is(err, factors.ErrUsed) {
			return signin.ErrWrong
		}
		return err
	})
}

// mfaOOB takes a code that was sent out of band, Auth0:
// api/authentication/multi-factor-authentication/
// verify-with-out-of-band-oob.
type mfaOOB struct{ people }

// Type implements oauth.Grant.
func (g *mfaOOB) Type() string { return "http://auth0.com/oauth/grant-type/mfa-oob" }

// Validate implements oauth.Grant.
func (g *mfaOOB) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	l, err := g.waiting(ctx, rq, "oob_code")
	if err != nil {
		return nil, err
	}
	key := storage.OOBKey(keys.Hash(rq.Form.Get("oob_code")))
	var sent storage.Passcode
	var asked storage.Push
	err = g.DB.View(ctx, func(tx *storage.Tx) (err error) {
		if asked, err = tx.FindPush(key, rq.Now); storage.IsNotFound(err) {
			sent, err = tx.Passcodes.Get(key)
		}
		return err
	})
	switch {
	case storage.IsNotFound(err):
		return nil, apierr.WrongOOBCode.With(err)
	case err != nil:
		return nil, err
	case asked.Key != "":
		return g.byApp(ctx, rq, l, asked)
	}
	return g.byCode(ctx, rq, l, sent)
}

// byCode verifies the code that was sent to a person.
func (g *mfaOOB) byCode(ctx context.Context, rq *oauth.TokenRequest, l waiting, sent storage.Passcode) (*tokens.Grant, error) {
	key, binding := sent.Key, rq.Form.Get("binding_code")
	switch {
	case sent.Login != "" && sent.Login != l.Hash, sent.UserID != l.user.UserID:
		return nil, apierr.OOBCodeForeign
	case binding == "":
		return nil, apierr.MissingParameter("binding_code")
	}
	_, err := g.DB.TryPasscode(ctx, key, g.Issuer.Secrets.SamePasscode(key, binding), rq.Now)
	switch {
	case errors.Is(err, storage.ErrWrongCode), errors.Is(err, storage.ErrTooMany):
		return g.refused(ctx, rq, l, apierr.WrongBindingCode)
	case errors.Is(err, storage.ErrExpired), storage.IsNotFound(err):
		return nil, apierr.WrongOOBCode.With(err)
	case err != nil:
		return nil, err
	}
	a, ok := factors.Find(l.authenticators, sent.Authenticator)
	if !ok {
		return nil, apierr.WrongOOBCode // the factor was deleted meanwhile
	}
	return g.finish(ctx, rq, l, a, apierr.WrongBindingCode, func(tx *storage.Tx) error {
		err := tx.UsePasscode(sent)
		if errors.Is(err, storage.ErrReused) {
			return signin.ErrWrong
		}
		return err
	})
}

// byApp checks whether the user has answered a push notification, Auth0: secure/
// multi-factor-authentication/authenticate-using-ropg-flow-with-mfa/
// enroll-and-challenge-push-authenticators.
func (g *mfaOOB) byApp(ctx context.Context, rq *oauth.TokenRequest, l waiting, asked storage.Push) (*tokens.Grant, error) {
	if asked.Login != "" && asked.Login != l.Hash || asked.UserID != l.user.UserID {
		return nil, apierr.OOBCodeForeign
	}
	p, err := g.DB.PollPush(ctx, asked.Key, rq.Now)
	switch {
	case storage.IsNotFound(err):
		return nil, apierr.WrongOOBCode.With(err)
	case errors.Is(err, storage.ErrTooEarly):
		return nil, apierr.MFASlowDown.With(err)
	case err != nil:
		return nil, err
	case p.Answer == "":
		return nil, apierr.MFAPending
	case p.Answer != storage.PushAllowed:
		return nil, apierr.MFADenied
	}
	a, ok := factors.Find(l.authenticators, p.Authenticator)
	if !ok {
		return nil, apierr.WrongOOBCode // the factor was deleted meanwhile
	}
	return g.finish(ctx, rq, l, a, apierr.WrongOOBCode, func(tx *storage.Tx) error {
		err := tx.UsePush(p)
		if errors.Is(err, storage.ErrReused) {
			return signin.ErrWrong
		}
		return err
	})
}

// mfaRecoveryCode takes a user's recovery code and replaces it by a new one, Auth0:
// api/authentication/multi-factor-authentication/verify-with-recovery-code.
type mfaRecoveryCode struct{ people }

// Type implements oauth.Grant.
func (g *mfaRecoveryCode) Type() string {
	return "http://auth0.com/oauth/grant-type/mfa-recovery-code"
}

// Validate implements oauth.Grant.
func (g *mfaRecoveryCode) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	l, err := g.waiting(ctx, rq, "recovery_code")
	if err != nil {
		return nil, err
	}
	check := func(all []factors.Authenticator) (factors.Authenticator, bool) {
		return factors.CheckRecoveryCode(all, g.Issuer.Secrets, l.user.UserID, rq.Form.Get("recovery_code"))
	}
	a, ok := check(l.authenticators)
	if !ok {
		return g.refused(ctx, rq, l, apierr.MFARejected)
	}
	return g.finish(ctx, rq, l, a, apierr.MFARejected, func(tx *storage.Tx) error {
		all, err := factors.AuthenticatorsOf(tx, l.user.UserID)
		if err != nil {
			return err
		}
		if _, still := check(all); !still {
			return signin.ErrWrong
		}
		return nil
	})
}

// Commit implements oauth.Grant.
func (g *mfaRecoveryCode) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	code, admit := factors.NewRecoveryCode(), rq.Admit
	rq.Admit = func(tx *storage.Tx) error {
		if err := admit(tx); err != nil {
			return err
		}
		return factors.SetRecoveryCode(tx, g.Issuer.Secrets, grant.Issue.UserID, code, rq.Now)
	}
	if err := g.people.Commit(ctx, rq, grant, reply); err != nil {
		return err
	}
	reply.RecoveryCode = code
	return nil
}
