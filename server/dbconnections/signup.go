package dbconnections

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// signup creates a user, without beginning a session.
//
//auth0:operation POST /dbconnections/signup
func (m *room) signup(w http.ResponseWriter, r *http.Request) error {
	body, err := m.readObject(w, r)
	if err != nil {
		return err
	}
	a := signin.Applicant{ClientID: storage.Text(body, "client_id"), Connection: storage.Text(body, "connection"), Password: storage.Text(body, "password"), Profile: storage.Document{}}
	for _, name := range signin.ProfileMembers {
		if s := storage.Text(body, name); s != "" {
			a.Profile[name] = s
		}
	}
	if metadata, ok := body["user_metadata"].(storage.Document); ok {
		a.Profile["user_metadata"] = metadata
	}
	if a.Connection == "" {
		return apierr.InvalidRequestMessage("connection is required").WithSetting("the parameter connection")
	}
	if err := resource.Signup.Check(body, resource.Create); err != nil {
		return apierr.InvalidRequestMessage(tenantlog.Reason(err)).WithSetting("the body of the request")
	}
	doc, err := m.create(r, a)
	if err != nil {
		return signupError(err)
	}
	_, local, _ := strings.Cut(storage.Text(doc, "user_id"), "|")
	answer := storage.Document{"_id": local, "email_verified": false}
	for _, name := range append(slices.Clone(signin.ProfileMembers), "user_metadata") {
		if value, sent := a.Profile[name]; sent {
			answer[name] = value
		}
	}
	return web.Reply(w, http.StatusOK, answer)
}

// signupError returns the answer of the API to an error about a password that the policy
// does not allow; other errors are returned unchanged.
func signupError(err error) error {
	refused, ok := errors.AsType[*identity.PolicyError](err)
	if !ok {
		return err
	}
	e := apierr.NamedError(refused.Name, refused.Code, refused.Message).WithSetting("the password policy among the options of the connection")
	if len(refused.Rules) > 0 {
		e.Extra["message"], e.Extra["policy"] = refused.Message, refused.Text()
		e.Extra["description"] = map[string]any{"rules": refused.Rules, "verified": false}
	}
	return e.With(err)
}

// create creates the user, sends the e-mails for new users, and logs success or failure.
func (m *room) create(r *http.Request, a signin.Applicant) (doc storage.Document, err error) {
	defer func() { m.SignIn.RecordSignup(r, a, doc, err) }()
	if err := m.SignIn.CheckSignup(r, a); err != nil {
		return nil, err
	}
	var demands account.Demands
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if _, err := signin.Admit(tx, a); err != nil {
			return err
		}
		demands, err = account.DemandsOf(tx, a.Connection, a.User())
		return err
	})
	if err != nil {
		return nil, err
	}
	hash, err := demands.Hash(r.Context(), m.Passwords, a.Password)
	if err != nil {
		return nil, err
	}
	var mails []emails.Draft
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		doc, mails, err = m.SignIn.CreateAccount(tx, a, hash)
		return err
	})
	if err != nil {
		return nil, err
	}
	return doc, m.Emails.Send(r.Context(), mails...)
}

// explain returns the key of the page's message about an error and, if the password
// policy is the reason, the requirements for the password. ok is false for errors that
// the pages have no message for.
func explain(err error) (key string, demands []templates.Demand, ok bool) {
	if refused, isPolicy := errors.AsType[*identity.PolicyError](err); isPolicy {
		return refused.Key, shown(refused.Rules), true
	}
	e, isAnswer := errors.AsType[*apierr.Error](err)
	switch {
	case !isAnswer:
		return "", nil, false
	case e.Code == signin.SignupPasswordBreached.Code:
		return "password-breached", nil, true
	case e.Code == signin.SignupThrottled.Code:
		return "ip-signup-blocked", nil, true
	case e.Code == "user_exists":
		return "email-in-use", nil, true
	case e.Code == "username_exists":
		return "username-taken", nil, true
	case e.Code == signin.SignupDisabled.Code:
		return "signup-disabled", nil, true
	case e.Code == signin.SignupRefused.Code:
		return "custom-script-error-code", nil, true
	}
	return "", nil, false
}
