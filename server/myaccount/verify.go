package myaccount

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// verifyRequest is the body of verify, Auth0: api/myaccount/authentication-methods/verify.
type verifyRequest struct {
	Session  string          `json:"auth_session"`
	Code     *string         `json:"otp_code"`
	Response json.RawMessage `json:"authn_response"`
	Password *string         `json:"new_password"`
}

// check returns an error unless the request has exactly the members that verify a method of this type.
func (rq verifyRequest) check(kind string) error {
	var faults []fault
	if rq.Session == "" {
		faults = append(faults, member("auth_session", "is required"))
	}
	wanted := map[string]string{totp: "otp_code", phone: "otp_code", email: "otp_code", webauthn.Passkey: "authn_response", password: "new_password"}[kind]
	for name, sent := range map[string]bool{"otp_code": rq.Code != nil, "authn_response": len(rq.Response) > 0, "new_password": rq.Password != nil} {
		switch {
		case sent && name != wanted:
			faults = append(faults, member(name, "is no member of a request for this type"))
		case !sent && name == wanted:
			faults = append(faults, member(name, "is required"))
		}
	}
	if faults = append(faults, size("new_password", rq.Password, 1, 256)...); len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

var (
	errSession = badRequest("The auth_session is not one of this authentication method, or not good any more.")
	errCode    = badRequest("The code is wrong, or not good any more.")
	errPending = badRequest("The app has not added itself yet.")
	errAnswer  = badRequest("The answer of the authenticator could not be verified.")
)

// proof is the request that verifies an enrollment, with the enrollment itself.
type proof struct {
	verifyRequest
	enrollment
	ceremony storage.Ceremony
}

// keep is the function that stores a verified method in the update that ends the enrollment. It returns the id of the
// method's document, "" for a password.
type keep func(*storage.Tx) (id string, err error)

// verify completes the enrollment of a method. Each enrollment can be completed only once.
//
//auth0:operation POST /me/v1/authentication-methods/{id}/verify
func (c *call) verify() error {
	var p proof
	if err := read(c.w, c.r, &p.verifyRequest); err != nil {
		return err
	}
	kind, _, _ := strings.Cut(c.id(), "|")
	doc, err := c.verified(kind, &p)
	if c.recordMethod(err, "verified"); err != nil {
		return err
	}
	c.locate(storage.Text(doc, "id"))
	return c.reply(http.StatusCreated, doc)
}

func (c *call) verified(kind string, p *proof) (doc storage.Document, err error) {
	if err := p.check(kind); err != nil {
		return nil, err
	}
	if err := c.load(kind, p); err != nil {
		return nil, err
	}
	keep, err := c.prove(kind, *p)
	if err != nil {
		return nil, err
	}
	err = c.update(func(tx *storage.Tx) error {
		if kind != webauthn.Passkey { // a passkey's ceremony ends when the key is stored
			if err := tx.EndCeremony(p.ceremony); err != nil {
				return err
			}
		}
		local, err := keep(tx)
		if err != nil {
			return err
		}
		if local == "" {
			doc, err = c.password(tx, passwordID(p.Account))
			return err
		}
		if doc, err = c.kept(tx).Document(local); err == nil {
			doc = shown(doc)
		}
		return err
	})
	return doc, refusal(err)
}

// load finds the enrollment of the request's auth_session. It must belong to the user, the application, and the
// method in the path.
func (c *call) load(kind string, p *proof) error {
	err := c.view(func(tx *storage.Tx) (err error) {
		p.ceremony, err = tx.FindCeremony(storage.SessionCeremony(keys.Hash(p.Session)), toEnroll(kind), c.now)
		return err
	})
	if storage.IsNotFound(err) || err == nil && (p.ceremony.UserID != c.owner.Subject || p.ceremony.ClientID != c.owner.ClientID) {
		return errSession
	}
	if err == nil && kind != webauthn.Passkey {
		err = json.Unmarshal(p.ceremony.Data, &p.enrollment)
	}
	if err != nil {
		return err
	}
	id := kind + "|new"
	if p.Method != "" {
		id = factors.ID(kind, p.Method)
	}
	if c.id() != id {
		return errSession
	}
	return nil
}

// refusal returns err as the application gets it if the proof was not accepted.
func refusal(err error) error {
	switch {
	case errors.Is(err, storage.ErrReused):
		return errSession.With(err)
	case errors.Is(err, factors.ErrUsed):
		return errCode.With(err)
	case errors.Is(err, webauthn.ErrInvalid), errors.Is(err, webauthn.ErrTooMany):
		return errAnswer.With(err)
	}
	return err
}

func (c *call) prove(kind string, p proof) (keep, error) {
	switch kind {
	case password:
		return c.provePassword(p.Account, *p.Password)
	case webauthn.Passkey:
		party, err := webauthn.PartyOf(c.Issuer.URL, "", "")
		if err != nil {
			return nil, err
		}
		made, err := webauthn.FinishRegistration(party, webauthn.Passkey, p.ceremony, p.Response)
		return func(tx *storage.Tx) (string, error) { return made.Save(tx, c.owner.Subject, c.now) }, refusal(err)
	case factors.RecoveryCode:
		return func(tx *storage.Tx) (string, error) {
			return p.Method, factors.KeepRecoveryCode(tx, c.owner.Subject, p.Method, p.RecoveryMAC, c.now)
		}, nil
	}
	return c.proveFactor(kind, p)
}

// proveFactor checks the code of an MFA factor, or that an app has enrolled. Wrong codes count towards the same limit
// as those of logins.
func (c *call) proveFactor(kind string, p proof) (keep, error) {
	var a factors.Authenticator
	err := c.view(func(tx *storage.Tx) error {
		all, err := factors.AuthenticatorsOf(tx, c.owner.Subject)
		if err != nil {
			return err
		}
		known := false
		if a, known = factors.OfMethod(all, p.Method); !known {
			return errSession // the method was deleted meanwhile, or its factor was switched off
		}
		return factors.MayGuess(tx, c.owner.Subject, c.now)
	})
	if err != nil {
		return nil, err
	}
	use := func(*storage.Tx) error { return nil }
	switch kind {
	case totp:
		_, mark, right := factors.CheckOTP([]factors.Authenticator{a}, *p.Code, c.now)
		if !right {
			return nil, c.wrong()
		}
		use = func(tx *storage.Tx) error { return factors.UseOTP(tx, mark, c.now) }
	case factors.Push:
		if !a.Active {
			return nil, errPending
		}
		return func(*storage.Tx) (string, error) { return p.Method, nil }, nil
	default:
		key := p.ceremony.Key
		sent, err := c.DB.TryPasscode(c.r.Context(), key, c.Issuer.Secrets.SamePasscode(key, *p.Code), c.now)
		switch {
		case errors.Is(err, storage.ErrWrongCode), errors.Is(err, storage.ErrTooMany):
			return nil, c.wrong()
		case errors.Is(err, storage.ErrExpired), storage.IsNotFound(err):
			return nil, errCode.With(err)
		case err != nil:
			return nil, err
		}
		use = func(tx *storage.Tx) error { return tx.UsePasscode(sent) }
	}
	return func(tx *storage.Tx) (string, error) {
		return p.Method, cmp.Or(use(tx), factors.RecordUse(tx, c.owner.Subject, a, c.now))
	}, nil
}

// wrong counts a wrong code, and returns the error for it.
func (c *call) wrong() error {
	return cmp.Or(factors.CountWrong(c.r.Context(), c.DB, c.owner.Subject, c.now), error(errCode))
}

// provePassword checks a new password of one of the user's accounts against the password policy of its connection. As with
// every change of a password, the user's sessions end when it is stored.
func (c *call) provePassword(accountID, wanted string) (keep, error) {
	var user storage.User
	var demands account.Demands
	err := c.view(func(tx *storage.Tx) (err error) {
		if user, _, err = c.database(tx, func(user storage.User) bool { return user.AccountID() == accountID }); err == nil {
			demands, err = account.DemandsOf(tx, user.ConnectionName(), user)
		}
		return err
	})
	if storage.IsNotFound(err) {
		return nil, errDisabled
	}
	if err == nil {
		err = c.SignIn.CheckNewPassword(c.r, user, c.owner.ClientID, user.ConnectionName(), wanted)
	}
	var hash string
	if err == nil {
		hash, err = demands.Hash(c.r.Context(), c.Passwords, wanted)
	}
	if _, weak := errors.AsType[*identity.PolicyError](err); weak || errors.Is(err, signin.SignupPasswordBreached) {
		return nil, invalid(member("new_password", signin.SignupReason(err)))
	}
	return func(tx *storage.Tx) (string, error) {
		doc, err := tx.Users.Document(user.UserID)
		if err != nil {
			return "", err
		}
		return "", cmp.Or(account.SetPassword(tx, doc, accountID, hash, c.now), tx.Users.Put(doc))
	}, err
}
