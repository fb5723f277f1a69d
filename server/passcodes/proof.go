package passcodes

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// The pages that wait for a code which proves the possession of an e-mail address or a phone
// number.
const (
	EmailProofPage = "/u/email-identifier/challenge"
	PhoneProofPage = "/u/phone-identifier/challenge"
	ResetCodePage  = "/u/reset-password/code"
)

// proofDigits and proofLifetime are the length and the lifetime of those codes.
const (
	proofDigits   = 6
	proofLifetime = 5 * time.Minute
)

// ProofPage returns the page on which a login waits for a proof.
func ProofPage(p storage.Proof) string {
	switch {
	case p.Member == "phone_number":
		return PhoneProofPage
	case p.Reset:
		return ResetCodePage
	}
	return EmailProofPage
}

// ProofKey returns the key under which the code of a login is stored. The code is good for this
// login only.
func ProofKey(t storage.Transaction) string { return "proof\x01" + t.StateHash }

// StartProof sends the code that a login has to wait for, and returns the page that asks for it.
// If the address has no account, nothing is sent, and the page does not say so.
func (s Sender) StartProof(r *http.Request, t storage.Transaction, p storage.Proof) (page string, err error) {
	var user storage.User
	var message emails.Draft
	clientID := t.Request().ClientID
	err = s.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		user, message = storage.User{}, emails.Draft{}
		if p.UserID != "" || p.Next != "" {
			if user, err = ownerOf(tx, p); err != nil {
				return err
			}
			code, err := s.keep(tx, ProofKey(t), user, clientID, proofDigits, proofLifetime)
			if err != nil {
				return err
			}
			if message, err = s.proofDraft(tx, p, user, emails.Login{ClientID: clientID, Organization: t.Request().Organization}, code); err != nil {
				return err
			}
		} else if err := tx.Passcodes.Delete(ProofKey(t)); err != nil {
			return err
		}
		return session.ChangeTransaction(tx, t.StateHash, s.Now(), func(t *storage.Transaction) error {
			t.Proof = &p
			return nil
		})
	})
	if err != nil {
		return "", err
	}
	if err := s.Emails.Send(r.Context(), message); err != nil {
		return "", err
	}
	s.recordProof(r, p, user, clientID)
	return ProofPage(p), nil
}

// ownerOf returns the user whose address is to be proved. During a sign-up there is no account
// yet, so the user has only the address.
func ownerOf(tx *storage.Tx, p storage.Proof) (storage.User, error) {
	switch {
	case p.UserID != "":
		return tx.UserAs(p.UserID, p.Account)
	case p.Member == "phone_number":
		return storage.User{PhoneNumber: p.Address}, nil
	}
	return storage.User{Email: p.Address}, nil
}

func (s Sender) proofDraft(tx *storage.Tx, p storage.Proof, user storage.User, login emails.Login, code string) (emails.Draft, error) {
	l := emails.Letter{Kind: outbox.VerifyEmailByCode, User: user, Login: login, Connection: p.Connection, Code: code}
	switch {
	case p.Reset && p.Member != "phone_number":
		l.Kind = outbox.ResetEmailByCode
	case p.Member == "phone_number":
		conn, err := tx.Connections.Find("name", p.Connection)
		if err != nil {
			return emails.Draft{}, err
		}
		l.Kind = outbox.OTPVerify
		return s.Emails.DraftPasswordless(tx, conn, l)
	}
	return s.Emails.Draft(tx, l)
}

func (s Sender) recordProof(r *http.Request, p storage.Proof, user storage.User, clientID string) {
	if !p.Reset {
		return
	}
	e := tenantlog.Event{
		Type: tenantlog.PasswordRequest, Description: "Change Password Email Request", ClientID: clientID, Connection: p.Connection,
		UserID: user.UserID, UserName: p.Address,
	}
	if user.UserID == "" {
		e.Type = tenantlog.PasswordRequestFailed
	}
	s.Log.Record(r, e)
}

// TryProof checks a code against the one that a login waits for. It returns the errors of
// storage.TryPasscode, and storage.ErrWrongCode if no code was sent.
func (s Sender) TryProof(ctx context.Context, t storage.Transaction, code string) (storage.Passcode, error) {
	key := ProofKey(t)
	p, err := s.DB.TryPasscode(ctx, key, s.Secrets.SamePasscode(key, code), s.Now())
	if storage.IsNotFound(err) {
		return p, storage.ErrWrongCode
	}
	return p, err
}

// Proved uses up a code, and marks the address or number that it was sent to as verified if it is
// still the account's. It returns storage.ErrReused if the code can no longer be used.
func Proved(tx *storage.Tx, code storage.Passcode, p storage.Proof, now time.Time) error {
	if err := tx.UsePasscode(code); err != nil {
		return err
	}
	doc, err := tx.Users.Document(p.UserID)
	if err != nil {
		return err
	}
	verified := map[string]string{"email": "email_verified", "phone_number": "phone_verified"}[cmp.Or(p.Member, "email")]
	profile := identities.ProfileIn(doc, p.Account)
	if profile != nil && profile[cmp.Or(p.Member, "email")] != p.Address {
		return nil
	}
	return account.Verify(tx, doc, p.Account, verified, now)
}

// ToProve returns what a user who has entered the right password must prove in addition: that an
// unverified address or number is theirs. It returns nil if there is nothing to prove.
// passwordHash is the stored hash of that password.
func ToProve(conn storage.Connection, user storage.User, passwordHash string) *storage.Proof {
	p := storage.Proof{
		Member: account.Unverified(conn, user), Connection: conn.Name, UserID: user.UserID, Account: user.AccountID(),
		PasswordMark: keys.Hash(passwordHash),
	}
	switch p.Member {
	case "email":
		p.Address = user.Email
	case "phone_number":
		p.Address = user.PhoneNumber
	default:
		return nil
	}
	return &p
}

// StillHolds reports whether the user's password is still the one that this login was begun with.
func StillHolds(tx *storage.Tx, p storage.Proof) (bool, error) {
	stored, err := tx.Passwords.Get(cmp.Or(p.Account, p.UserID))
	return err == nil && keys.Hash(stored.Hash) == p.PasswordMark, storage.Optional(err)
}
