package dbconnections

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// newPasswordTime is how long a user may take to choose a new password after entering the right
// code.
const newPasswordTime = 10 * time.Minute

// proving is a login transaction that waits for a verification code.
type proving struct {
	transaction storage.Transaction
	state       string
	proof       storage.Proof
}

// proving returns what a login waits for. If it does not wait for a code on this page,
// elsewhere is the page to go to instead.
func (m *room) proving(r *http.Request, page string) (p proving, elsewhere string, err error) {
	if p.transaction, p.state, err = m.transaction(r); err != nil {
		return p, "", err
	}
	if p.transaction.Proof == nil {
		return p, "/u/login", nil // it redirects to the first page of the tenant's login, or continues the login
	}
	p.proof = *p.transaction.Proof
	if its := passcodes.ProofPage(p.proof); its != page {
		return p, its, nil
	}
	return p, "", nil
}

// showProof shows the page that asks for the code that was sent.
//
//auth0:operation GET /u/email-identifier/challenge
//auth0:operation GET /u/phone-identifier/challenge
//auth0:operation GET /u/reset-password/code
func (m *room) showProof(page string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, elsewhere, err := m.proving(r, page)
		switch {
		case err != nil:
			return err
		case elsewhere != "":
			return web.Continue(w, r, elsewhere, p.state)
		}
		return m.proofPage(r.Context(), w, http.StatusOK, p)
	}
}

// submitProof checks the code and continues the login, or sends another code.
//
//auth0:operation POST /u/email-identifier/challenge
//auth0:operation POST /u/phone-identifier/challenge
//auth0:operation POST /u/reset-password/code
func (m *room) submitProof(page string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, err := web.Form(w, r)
		if err != nil {
			return err
		}
		p, elsewhere, err := m.proving(r, page)
		switch {
		case err != nil:
			return err
		case elsewhere != "":
			return web.Continue(w, r, elsewhere, p.state)
		case strings.HasPrefix(form.Get("action"), "resend"):
			if _, err := m.Codes.StartProof(r, p.transaction, p.proof); err != nil {
				return err
			}
			return m.proofPage(r.Context(), w, http.StatusOK, p)
		}
		code := strings.TrimSpace(form.Get("code"))
		if code == "" {
			return m.proofPage(r.Context(), w, http.StatusBadRequest, p, "no-code")
		}
		key, err := m.tryProof(w, r, p, code)
		if key != "" {
			return m.proofPage(r.Context(), w, http.StatusBadRequest, p, key)
		}
		return err
	}
}

// tryProof compares a code with the one that was sent, and continues. If the code is wrong, it
// returns the key of the error message.
func (m *room) tryProof(w http.ResponseWriter, r *http.Request, p proving, typed string) (key string, err error) {
	var user storage.User
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		user, err = tx.UserAs(p.proof.UserID, p.proof.Account)
		return storage.Optional(err)
	})
	if err != nil {
		return "", err
	}
	code, tried := m.Codes.TryProof(r.Context(), p.transaction, typed)
	if key := passcodes.PageKey(tried); key != "" {
		return key, nil
	}
	if tried != nil && !errors.Is(tried, storage.ErrWrongCode) {
		return "", tried
	}
	a := signin.Attempt{
		Method: signin.Password, ClientID: p.transaction.Request().ClientID, Connection: p.proof.Connection, Identifier: p.proof.Address,
		User: user, IP: signin.Address(r), Message: "Wrong email or verification code.",
	}
	switch err = m.SignIn.Evaluate(r, a, tried == nil); {
	case err != nil:
	case p.proof.Next != "":
		err = m.goOnToSignUp(w, r, p, code)
	case p.proof.Reset:
		err = m.goOnToNewPassword(w, r, p, code)
	default:
		err = m.letIn(w, r, p, a, code)
	}
	if key := signin.PageKey(err, "invalid-code"); key != "" {
		return key, nil
	}
	return "", err
}

// letIn begins the session of a user who has entered the right password before and the right
// code now.
func (m *room) letIn(w http.ResponseWriter, r *http.Request, p proving, a signin.Attempt, code storage.Passcode) error {
	a.Recheck = func(tx *storage.Tx) error {
		still, err := passcodes.StillHolds(tx, p.proof)
		if err == nil && !still {
			err = signin.ErrWrong
		}
		if err != nil {
			return err
		}
		return passcodes.Proved(tx, code, p.proof, m.Now())
	}
	var finish func(http.ResponseWriter)
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		if finish, err = m.SignIn.Begin(tx, r, p.transaction, a); err != nil {
			return err
		}
		return m.proved(tx, p)
	})
	if err != nil {
		return err
	}
	finish(w)
	return web.Resume(w, r, p.state)
}

// proved records in the transaction that the login does not wait for a code any more.
func (m *room) proved(tx *storage.Tx, p proving) error {
	return session.ChangeTransaction(tx, p.transaction.StateHash, m.Now(), func(t *storage.Transaction) error {
		t.Proof = nil
		return nil
	})
}

// goOnToSignUp continues a sign-up with the address or number that was verified.
func (m *room) goOnToSignUp(w http.ResponseWriter, r *http.Request, p proving, code storage.Passcode) error {
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if err := tx.UsePasscode(code); err != nil {
			return err
		}
		return session.ChangeTransaction(tx, p.transaction.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Proof, t.Proved = nil, p.proof.Address
			return nil
		})
	})
	if err != nil {
		return err
	}
	return web.Continue(w, r, p.proof.Next, p.state)
}

// goOnToNewPassword issues a password reset ticket after the right code, and continues on the
// page to which the link of a reset e-mail would have led.
func (m *room) goOnToNewPassword(w http.ResponseWriter, r *http.Request, p proving, code storage.Passcode) error {
	secret := keys.Random(32)
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if err := passcodes.Proved(tx, code, p.proof, m.Now()); err != nil {
			return err
		}
		ticket := storage.Ticket{
			Hash: keys.Hash(secret), Kind: storage.TicketResetPassword, UserID: p.proof.UserID, Account: p.proof.Account, Connection: p.proof.Connection,
			ClientID: p.transaction.Request().ClientID, ExpiresAt: m.Now().Add(newPasswordTime),
		}
		if p.proof.Member != "phone_number" {
			ticket.Email = p.proof.Address
		}
		if err := tx.IssueTicket(ticket); err != nil {
			return err
		}
		return m.proved(tx, p)
	})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/u/reset-verify?ticket="+secret)
}

func (m *room) proofPage(ctx context.Context, w http.ResponseWriter, status int, p proving, errs ...string) error {
	rq := p.transaction.Request()
	layout, err := m.Pages.Layout(ctx, web.AboutRequest(rq))
	if err != nil {
		return err
	}
	page := templates.Proof{Layout: layout, State: p.state, Address: p.proof.Address, Errors: errs}
	if page.ClientName, _, err = m.appName(ctx, rq.ClientID); err != nil {
		return err
	}
	switch {
	case p.proof.Member == "phone_number":
		page.Kind = templates.ProvePhone
	case p.proof.Reset:
		page.Kind = templates.ProveForReset
	}
	if p.proof.Reset {
		page.EditURL = resetRequest(p.proof.Connection) + "?state=" + url.QueryEscape(p.state)
	}
	if p.proof.Next != "" {
		page.EditURL = signupIdentifier + "?state=" + url.QueryEscape(p.state)
	}
	return m.Pages.Write(w, status, page)
}
