package mfapages

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Auth0's keys of the messages on the pages that wait for the app on a phone, Auth0:
// customize/login-pages/universal-login/customize-text-elements.
const (
	pushPending    = "challenge-transaction-pending"
	pushRejected   = "transaction-rejected"
	tooManyPush    = "too-many-push"
	scanPending    = "enrollment-transaction-pending"
	pushIsOver     = gone
	answerByScript = "application/json"
)

// phone returns the app to ask: the one that this login has already asked, or else the first.
func (v visit) phone() (a factors.Authenticator, ok bool) {
	apps := slices.DeleteFunc(slices.Clone(v.options.Challenges), func(a factors.Authenticator) bool { return a.Channel != factors.App })
	if a, ok = factors.Find(apps, v.further.Challenged); ok || len(apps) == 0 {
		return a, ok
	}
	return apps[0], true
}

// question returns the open question to the app of an authenticator. ok is false if no question is
// open or it has expired.
func (m *room) question(r *http.Request, v visit, authenticator string) (p storage.Push, ok bool, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		p, err = tx.FindPush(storage.FurtherKey(v.t.StateHash), m.Now())
		return err
	})
	return p, err == nil && p.UserID == v.user.UserID && p.Authenticator == authenticator, storage.Optional(err)
}

// isPoll reports whether the request comes from the page's script, which polls whether the app has
// answered.
func isPoll(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), answerByScript) }

// completed answers the page's script with whether the app has answered, be it yes or no.
func completed(w http.ResponseWriter, answered bool) error {
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, map[string]bool{"completed": answered})
}

// showPush waits for the app on the user's phone. The first visit of the page sends the app a push
// notification.
//
//auth0:operation GET /u/mfa-push-challenge-push
//auth0:operation GET /u/mfa-push-challenge
func (m *room) showPush(w http.ResponseWriter, r *http.Request, v visit) error {
	a, ok := v.phone()
	if !ok {
		return v.start(w, r)
	}
	p, asked, err := m.question(r, v, a.ID)
	switch {
	case err != nil:
		return err
	case isPoll(r):
		return completed(w, asked && p.Answer != "")
	case asked:
		return m.pushPage(w, r, v, a)
	}
	m.Log.Record(r, v.event(tenantlog.FactorStarted, "Guardian - Second factor started ("+a.Name()+")"))
	return m.askAgain(w, r, v, a)
}

func (m *room) pushPage(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator, errs ...string) error {
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, statusOf(errs), templates.MFAPush{
		Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs, Phone: a.Label, Remember: v.mayRemember(), Ticked: v.remembering.Checked, Others: v.hasOtherFactors(),
	})
}

// askAgain asks the app a new question, which replaces an earlier one, and shows the page that
// waits for the answer.
func (m *room) askAgain(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator) error {
	_, key, err := m.ask(r, &v, a)
	if err != nil {
		return err
	}
	if key != "" {
		return m.pushPage(w, r, v, a, key)
	}
	m.Log.Record(r, about(v.event(tenantlog.FactorPushSent, "Guardian - Push notification sent"), a))
	return m.pushPage(w, r, v, a)
}

// ask asks an app whether the login may go on, or to enroll itself. refusal is the key of the error
// message, "" for none.
func (m *room) ask(r *http.Request, v *visit, a factors.Authenticator) (p storage.Push, refusal string, err error) {
	p = factors.NewPush(storage.FurtherKey(v.t.StateHash), v.user.UserID, v.client.ClientID, a, m.Now())
	var notification emails.Draft
	err = m.update(r, v, func(tx *storage.Tx) (err error) {
		if err := factors.CountSent(tx, v.user.UserID, m.Now()); err != nil {
			return err
		}
		notification, err = factors.StorePush(tx, m.Emails, p, factors.Sent{User: v.user, ClientID: v.client.ClientID, Connection: v.login.Session.Connection})
		if err != nil {
			return err
		}
		return m.note(tx, *v, func(f *storage.FurtherFactor) {
			if f.Challenged = a.ID; !a.Active {
				f.Enrolling, f.Challenged = a.ID, ""
			}
		})
	})
	if errors.Is(err, storage.ErrTooMany) {
		return p, tooManyPush, nil
	}
	if err == nil {
		err = m.Emails.Send(r.Context(), notification)
	}
	return p, "", err
}

// submitPush goes on if the app has answered.
//
//auth0:operation POST /u/mfa-push-challenge-push
//auth0:operation POST /u/mfa-push-challenge
func (m *room) submitPush(w http.ResponseWriter, r *http.Request, v visit) error {
	a, ok := v.phone()
	switch action := v.action(); {
	case action == "pick-authenticator":
		return v.redirectToOptions(w, r)
	case !ok:
		return v.start(w, r)
	case action == "enter-otp-code":
		return web.Continue(w, r, factors.ChallengePage(factors.OTP), v.state)
	case strings.HasPrefix(action, "resend"):
		return m.askAgain(w, r, v, a)
	}
	p, asked, err := m.question(r, v, a.ID)
	switch {
	case err != nil:
		return err
	case !asked:
		return m.pushPage(w, r, v, a, pushIsOver)
	case p.Answer == "":
		return m.pushPage(w, r, v, a, pushPending)
	case p.Answer != storage.PushAllowed:
		m.Log.Record(r, about(v.event(tenantlog.FactorRejected, "Guardian - Second factor rejected ("+a.Name()+")"), a))
		return m.pushPage(w, r, v, a, pushRejected)
	}
	err = m.finish(w, r, v, proof{
		find: func(tx *storage.Tx) (factors.Authenticator, error) { return appOf(tx, v, p) },
		use:  func(tx *storage.Tx) error { return wrongIfReused(tx.UsePush(p)) }, notified: true,
	})
	if errors.Is(err, signin.ErrWrong) || errors.Is(err, errGone) {
		return m.pushPage(w, r, v, a, pushIsOver)
	}
	return err
}

// appOf returns the app that has answered a question, and errGone if the user no longer has it.
func appOf(tx *storage.Tx, v visit, p storage.Push) (a factors.Authenticator, err error) {
	all, err := factors.AuthenticatorsOf(tx, v.user.UserID)
	if err != nil {
		return a, err
	}
	a, ok := factors.Find(all, p.Authenticator)
	if !ok || !a.Active {
		return a, errGone
	}
	return a, nil
}

// wrongIfReused replaces storage.ErrReused by signin.ErrWrong, which the pages handle.
func wrongIfReused(err error) error {
	if errors.Is(err, storage.ErrReused) {
		return signin.ErrWrong
	}
	return err
}

// showWelcome asks the user to install the app.
//
//auth0:operation GET /u/mfa-push-welcome
func (m *room) showWelcome(w http.ResponseWriter, r *http.Request, v visit) error {
	if !v.mayEnroll(factors.Push) {
		return v.start(w, r)
	}
	var stores factors.AppStores
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		stores, err = factors.AppStoresOf(tx)
		return err
	})
	if err != nil {
		return err
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.MFAPushWelcome{
		Layout: layout, ClientName: v.client.Name, State: v.state, Apple: stores.Apple, Google: stores.Google, Others: v.hasOtherFactors(),
	})
}

// submitWelcome goes on to the page with the QR code.
//
//auth0:operation POST /u/mfa-push-welcome
func (m *room) submitWelcome(w http.ResponseWriter, r *http.Request, v visit) error {
	switch {
	case v.action() == "pick-authenticator":
		return v.redirectToOptions(w, r)
	case !v.mayEnroll(factors.Push):
		return v.start(w, r)
	}
	return web.Continue(w, r, factors.AppPage, v.state)
}

// showApp shows the QR code by which an app enrolls, and makes it at the first visit of the page.
//
//auth0:operation GET /u/mfa-push-enrollment-qr
func (m *room) showApp(w http.ResponseWriter, r *http.Request, v visit) error {
	p, asked, err := m.question(r, v, v.further.Enrolling)
	added := asked && p.Answer == storage.PushAllowed
	switch {
	case err != nil:
		return err
	case isPoll(r):
		return completed(w, added)
	case !added && !v.mayEnroll(factors.Push):
		return v.start(w, r)
	case asked:
		return m.appPage(w, r, v, p)
	}
	return m.newApp(w, r, v)
}

// newApp shows a new QR code.
func (m *room) newApp(w http.ResponseWriter, r *http.Request, v visit, errs ...string) error {
	doc := factors.AppDocument(factors.NewOTPSecret())
	if !v.another {
		doc = factors.MarkFirst(doc)
	}
	a, err := m.enroll(r, &v, doc)
	if err != nil {
		return err
	}
	p, key, err := m.ask(r, &v, a)
	if err != nil {
		return err
	}
	if key != "" {
		errs = append(errs, key)
	}
	return m.appPage(w, r, v, p, errs...)
}

func (m *room) appPage(w http.ResponseWriter, r *http.Request, v visit, p storage.Push, errs ...string) error {
	tenant, err := m.tenantName(r)
	if err != nil {
		return err
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	picture, err := factors.QRCode(factors.AppURI(m.Issuer, tenant, tenantlog.UserName(v.user), p.ID))
	if err != nil {
		return err
	}
	return m.Pages.Write(w, statusOf(errs), templates.MFAPush{
		Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs, Enroll: true, Picture: picture, Others: v.hasOtherFactors(),
	})
}

// submitApp goes on if an app has enrolled.
//
//auth0:operation POST /u/mfa-push-enrollment-qr
func (m *room) submitApp(w http.ResponseWriter, r *http.Request, v visit) error {
	p, asked, err := m.question(r, v, v.further.Enrolling)
	added := asked && p.Answer == storage.PushAllowed
	switch {
	case err != nil:
		return err
	case !added && v.action() == "pick-authenticator":
		return v.redirectToOptions(w, r)
	case !added && !v.mayEnroll(factors.Push):
		return v.start(w, r)
	case !asked:
		return m.newApp(w, r, v, pushIsOver)
	case !added:
		return m.appPage(w, r, v, p, scanPending)
	}
	err = m.finish(w, r, v, proof{
		find: func(tx *storage.Tx) (factors.Authenticator, error) {
			a, err := appOf(tx, v, p)
			a.Active = false // the app is new to this login, so the enrollment is recorded
			return a, err
		},
		use: func(tx *storage.Tx) error { return wrongIfReused(tx.UsePush(p)) },
	})
	if errors.Is(err, signin.ErrWrong) || errors.Is(err, errGone) {
		return v.start(w, r)
	}
	return err
}
