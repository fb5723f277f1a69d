// Package organization serves the pages that ask for the organization of a login: before the
// login by a name or an e-mail address, and after the login from the list of organizations
// that the user is a member of. It stores the answer in the transaction and sends the browser
// back to /authorize/resume, which decides whether the answer is accepted.
package organization

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps holds the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Cookies session.Cookies
	Pages   web.Pages
	Now     func() time.Time
}

type room struct{ Deps }

// earlyPicker is the page on which the user chooses an organization before the login.
const earlyPicker = "/u/pre-organization-picker"

// Mount adds the routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(d.Pages.Shape)
	serve := func(path, when string, show, submit answer) {
		rt.Handle(http.MethodGet, path, m.asked(when, show))
		rt.Handle(http.MethodPost, path, web.SameSite(m.asked(when, submit)))
	}
	serve("/u/organization", storage.BeforeLogin, m.show, m.submit)
	serve(earlyPicker, storage.BeforeLogin, m.showChoices(m.discovered), m.choose(m.discovered))
	rt.Handle(http.MethodGet, "/u/accept-invitation", m.invitation(m.showInvitation))
	rt.Handle(http.MethodPost, "/u/accept-invitation", web.SameSite(m.invitation(m.acceptInvitation)))
	serve("/u/organization-picker", storage.AfterLogin, m.showChoices(m.joined), m.choose(m.joined))
}

// answer serves a request about a question that the login may ask.
type answer func(http.ResponseWriter, *http.Request, question) error

// question is the login that asks for an organization, and the submitted form.
type question struct {
	state       string
	transaction storage.Transaction
	client      storage.Client
	form        url.Values
}

// personal reports whether the user may log in without an organization.
func (q question) personal() bool { return q.client.OrganizationUsage == "allow" }

// wantsNone reports whether the form says to go on without an organization and the
// application allows that.
func (q question) wantsNone() bool {
	return q.personal() && q.form.Get("organizationSkipped") == "true"
}

// named returns whether an organization may be named by an e-mail address, and whether by its
// name, Auth0:
// manage-users/organizations/configure-organizations/define-organization-behavior.
func (q question) named() (byEmail, byName bool) {
	methods := q.client.OrganizationDiscoveryMethods
	byEmail = len(methods) == 0 || slices.Contains(methods, "email")
	return byEmail, len(methods) == 0 || slices.Contains(methods, "organization_name")
}

// asked returns a handler for the question that is asked before or after the login, as when
// says. An answered question can be answered again, for users who press the back button. If
// the application does not ask its users, or its request has named the organization, the
// handler sends the browser back to /authorize/resume.
func (m *room) asked(when string, serve answer) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := m.load(w, r)
		if err != nil {
			return err
		}
		if q.transaction.Asked.Organization != "" || !q.client.AsksOrganization(when) {
			return web.Resume(w, r, q.state)
		}
		return serve(w, r, q)
	}
}

// load finds the transaction and its application, and reads the form of a POST request.
func (m *room) load(w http.ResponseWriter, r *http.Request) (q question, err error) {
	q.state = r.URL.Query().Get("state")
	if r.Method == http.MethodPost {
		if q.form, err = web.Form(w, r); err != nil {
			return q, err
		}
	}
	if q.transaction, err = m.Cookies.Transaction(m.DB, r, q.state, m.Now()); err != nil {
		return q, err
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		q.client, err = tx.Clients.Get(q.transaction.Request().ClientID)
		if storage.IsNotFound(err) {
			return apierr.UnknownClient(q.transaction.Request().ClientID)
		}
		return err
	})
	return q, err
}

// show serves the page that asks for an organization's name or an e-mail address.
//
//auth0:operation GET /u/organization
func (m *room) show(w http.ResponseWriter, r *http.Request, q question) error {
	return m.selection(r.Context(), w, http.StatusOK, q, "")
}

func (m *room) selection(ctx context.Context, w http.ResponseWriter, status int, q question, typed string, errs ...string) error {
	layout, err := m.Pages.Layout(ctx, web.AboutRequest(q.transaction.Request()))
	if err != nil {
		return err
	}
	page := templates.OrganizationSelection{
		Layout: layout, ClientName: q.client.Name, State: q.state,
		Typed: typed, Personal: q.personal(), Errors: errs,
	}
	if page.ByEmail, page.ByName = q.named(); page.ByEmail {
		page.Typed = cmp.Or(typed, q.transaction.Request().LoginHint)
	}
	return m.Pages.Write(w, status, page)
}

// submit continues with the organization that the user named, or shows the picker if several
// match.
//
//auth0:operation POST /u/organization
func (m *room) submit(w http.ResponseWriter, r *http.Request, q question) error {
	if q.wantsNone() {
		return m.goOnWithout(w, r, q)
	}
	typed := strings.TrimSpace(q.form.Get("organizationName"))
	found, hint, err := m.discover(r.Context(), q, typed)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return m.selection(r.Context(), w, http.StatusBadRequest, q, typed, "invalid-organization")
	case len(found) == 1:
		return m.goOn(w, r, q, storage.OrganizationAnswer{Chosen: true, ID: found[0].ID, Hint: hint})
	}
	var ids []string
	for _, o := range found {
		ids = append(ids, o.ID)
	}
	if err := m.answer(r.Context(), q, storage.OrganizationAnswer{Offered: ids, Hint: hint}); err != nil {
		return err
	}
	return web.Continue(w, r, earlyPicker, q.state)
}

// discover finds the organizations that match the typed text and have a connection for the
// application. If the text is an e-mail address, hint is that address, with which the login
// page is filled in; otherwise hint is the login_hint of the request.
func (m *room) discover(ctx context.Context, q question, typed string) (found []storage.Organization, hint string, err error) {
	byEmail, byName := q.named()
	hint = q.transaction.Request().LoginHint
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		var all []storage.Organization
		if _, domain, is := strings.Cut(typed, "@"); is && byEmail {
			hint = typed
			all, err = tx.OrganizationsAt(domain)
		} else if byName && typed != "" {
			all, err = organizationsNamed(tx, typed)
		}
		for _, o := range all {
			rq := q.transaction.Request()
			rq.Organization = o.ID
			_, err := account.WaysOf(tx, rq)
			if err == nil {
				found = append(found, o)
			} else if _, closed := errors.AsType[*apierr.Error](err); !closed {
				return err
			}
		}
		return err
	})
	return found, hint, err
}

// organizationsNamed returns the organization with the name or, if there is none, the organizations with
// this display name.
func organizationsNamed(tx *storage.Tx, name string) ([]storage.Organization, error) {
	o, err := tx.OrganizationByName(name)
	if storage.IsNotFound(err) {
		return tx.OrganizationsShownAs(name)
	}
	return []storage.Organization{o}, err
}

// choice is a picker's list of organizations, and the account that the picker shows.
type choice struct {
	who           string
	organizations []storage.Organization
}

// discovered returns the choice before the login: the organizations that the typed e-mail
// address or display name led to.
func (m *room) discovered(tx *storage.Tx, _ *http.Request, q question) (c choice, err error) {
	c.who = q.transaction.Request().LoginHint
	if q.transaction.Organization == nil {
		return c, nil
	}
	for _, id := range q.transaction.Organization.Offered {
		o, err := tx.Organization(id)
		if storage.Optional(err) != nil {
			return c, err
		}
		if err == nil {
			c.organizations = append(c.organizations, o)
		}
	}
	return c, nil
}

// joined returns the choice after the login: the organizations that the user is a member of.
func (m *room) joined(tx *storage.Tx, r *http.Request, _ question) (c choice, err error) {
	s, err := m.Cookies.Find(tx, r, m.Now())
	if err != nil {
		return c, storage.Optional(err)
	}
	user, err := tx.Users.Get(s.UserID)
	if err != nil {
		return c, storage.Optional(err)
	}
	c.who = cmp.Or(user.Email, user.Name, user.UserID)
	c.organizations, err = authz.Organizations(tx, user.UserID, s.Connection)
	return c, err
}

// chooser finds the organizations that the user may choose from.
type chooser func(*storage.Tx, *http.Request, question) (choice, error)

// choices returns what find finds, sorted by the organizations' shown names.
func (m *room) choices(r *http.Request, q question, find chooser) (c choice, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		c, err = find(tx, r, q)
		return err
	})
	slices.SortFunc(c.organizations, func(a, b storage.Organization) int { return strings.Compare(a.ShownName(), b.ShownName()) })
	return c, err
}

// showChoices shows the picker. If there is nothing to choose from, for example after a
// logout in another tab, it sends the browser back to /authorize/resume.
//
//auth0:operation GET /u/organization-picker
//auth0:operation GET /u/pre-organization-picker
func (m *room) showChoices(find chooser) answer {
	return func(w http.ResponseWriter, r *http.Request, q question) error {
		c, err := m.choices(r, q, find)
		if err != nil {
			return err
		}
		if len(c.organizations) == 0 {
			return web.Resume(w, r, q.state)
		}
		layout, err := m.Pages.Layout(r.Context(), web.AboutRequest(q.transaction.Request()))
		if err != nil {
			return err
		}
		page := templates.OrganizationPicker{
			Layout: layout, ClientName: q.client.Name, State: q.state, Account: c.who, Personal: q.personal(),
		}
		for _, o := range c.organizations {
			page.Organizations = append(page.Organizations, templates.Choice{ID: o.ID, Name: o.ShownName(), LogoURL: o.Branding.LogoURL})
		}
		return m.Pages.Write(w, http.StatusOK, page)
	}
}

// choose continues with the organization that the user chose.
//
//auth0:operation POST /u/organization-picker
//auth0:operation POST /u/pre-organization-picker
func (m *room) choose(find chooser) answer {
	return func(w http.ResponseWriter, r *http.Request, q question) error {
		if q.wantsNone() {
			return m.goOnWithout(w, r, q)
		}
		chosen := q.form.Get("organization")
		err := m.change(r.Context(), q, func(tx *storage.Tx, t *storage.Transaction) error {
			q.transaction = *t
			c, err := find(tx, r, q)
			switch {
			case err != nil:
				return err
			case len(c.organizations) == 0:
				return errNothingToChoose
			case !slices.ContainsFunc(c.organizations, func(o storage.Organization) bool { return o.ID == chosen }):
				return apierr.InvalidAction
			}
			t.Organization = after(t.Organization, storage.OrganizationAnswer{Chosen: true, ID: chosen})
			return nil
		})
		if err != nil && !errors.Is(err, errNothingToChoose) {
			return err
		}
		return web.Resume(w, r, q.state)
	}
}

// errNothingToChoose reports that none of the offered organizations is left.
var errNothingToChoose = errors.New("no organization to choose")

// goOnWithout continues the login without an organization.
func (m *room) goOnWithout(w http.ResponseWriter, r *http.Request, q question) error {
	return m.goOn(w, r, q, storage.OrganizationAnswer{Chosen: true})
}

// goOn stores the answer and sends the browser back to /authorize/resume.
func (m *room) goOn(w http.ResponseWriter, r *http.Request, q question, answer storage.OrganizationAnswer) error {
	if err := m.answer(r.Context(), q, answer); err != nil {
		return err
	}
	return web.Resume(w, r, q.state)
}

// answer stores the answer in the transaction.
func (m *room) answer(ctx context.Context, q question, answer storage.OrganizationAnswer) error {
	return m.change(ctx, q, func(_ *storage.Tx, t *storage.Transaction) error {
		t.Organization = after(t.Organization, answer)
		return nil
	})
}

// after returns answer, completed with the hint and the offered organizations of the answer
// before it.
func after(before *storage.OrganizationAnswer, answer storage.OrganizationAnswer) *storage.OrganizationAnswer {
	if before != nil {
		answer.Hint = cmp.Or(answer.Hint, before.Hint)
		if len(answer.Offered) == 0 {
			answer.Offered = before.Offered
		}
	}
	return &answer
}

// change applies a change to the current state of the question's transaction.
func (m *room) change(ctx context.Context, q question, change func(*storage.Tx, *storage.Transaction) error) error {
	return m.DB.Update(ctx, func(tx *storage.Tx) error {
		return session.ChangeTransaction(tx, q.transaction.StateHash, m.Now(), func(t *storage.Transaction) error { return change(tx, t) })
	})
}
