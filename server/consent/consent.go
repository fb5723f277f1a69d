// Package consent serves the consent pages: they ask the user whether an application may have the access that
// it requests, store the answer and send the browser back to /authorize/resume.
package consent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Cookies session.Cookies
	Pages   web.Pages
	Now     func() time.Time
}

type room struct{ Deps }

// Mount adds the routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, "/u/consent", m.show)
	rt.Handle(http.MethodPost, "/u/consent", web.SameSite(m.submit))
	rt.Handle(http.MethodGet, "/u/customized-consent", m.showDetails)
	rt.Handle(http.MethodPost, "/u/customized-consent", web.SameSite(m.submitDetails))
}

// question is the question that the page asks: which user, for which application and scopes.
type question struct {
	state       string
	transaction storage.Transaction
	client      storage.Client
	api         *storage.ResourceServer
	user        storage.User
	scope       []string
}

var (
	// errNobodyToAsk reports that the session, its user or the application does not exist any more, or that another
	// user has logged in since the page was shown.
	errNobodyToAsk = errors.New("nobody to ask for consent")
	// errOtherScope reports an answer for other scopes than those that are requested now.
	errOtherScope = errors.New("the answer is for other scopes")
)

// load returns the question of a transaction to the user of the session. It returns errNobodyToAsk if there
// is no such session; the browser is then sent back to /authorize/resume.
func (m *room) load(r *http.Request) (q question, err error) {
	q.state = r.URL.Query().Get("state")
	if q.transaction, err = m.Cookies.Transaction(m.DB, r, q.state, m.Now()); err != nil {
		return q, err
	}
	return q, m.DB.View(r.Context(), func(tx *storage.Tx) error { return m.find(tx, r, &q) })
}

// find fills in the user, the application and the scopes of a question.
func (m *room) find(tx *storage.Tx, r *http.Request, q *question) error {
	rq := q.transaction.Request()
	s, err := m.Cookies.Find(tx, r, m.Now())
	if err == nil {
		q.user, err = tx.Users.Get(s.UserID)
	}
	if err == nil {
		q.client, err = tx.Clients.Get(rq.ClientID)
	}
	if storage.IsNotFound(err) {
		return errNobodyToAsk
	}
	if err != nil {
		return err
	}
	q.api, err = tx.API(rq.Audience)
	q.scope = authz.Requested(rq.Scope, q.client, q.api, rq.Asks("code"))
	return err
}

//auth0:operation GET /u/consent
func (m *room) show(w http.ResponseWriter, r *http.Request) error {
	q, err := m.load(r)
	if errors.Is(err, errNobodyToAsk) {
		return web.Resume(w, r, q.state)
	}
	if err != nil {
		return err
	}
	return m.page(r.Context(), w, http.StatusOK, q)
}

// showDetails asks for consent to one transaction, Auth0: get-started/apis/configure-rich-authorization-requests.
//
//auth0:operation GET /u/customized-consent
func (m *room) showDetails(w http.ResponseWriter, r *http.Request) error { return m.show(w, r) }

//auth0:operation POST /u/customized-consent
func (m *room) submitDetails(w http.ResponseWriter, r *http.Request) error { return m.submit(w, r) }

// submit stores the answer. It is valid for the user and the scopes that were shown: if another user has logged in
// with this browser since, or the form names other scopes than are requested now, the page asks again.
//
//auth0:operation POST /u/consent
func (m *room) submit(w http.ResponseWriter, r *http.Request) error {
	form, err := web.FormLists(w, r, maxForm)
	if err != nil {
		return err
	}
	q, err := m.load(r)
	if errors.Is(err, errNobodyToAsk) {
		return web.Resume(w, r, q.state)
	}
	if err != nil {
		return err
	}
	accepts := form.Get("action") == "accept"
	if !accepts && form.Get("action") != "decline" && form.Get("action") != "deny" {
		return m.page(r.Context(), w, http.StatusBadRequest, q, "invalid-action")
	}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if err := m.find(tx, r, &q); err != nil {
			return err
		}
		if form.Has("user") && form.Get("user") != q.user.UserID {
			return errNobodyToAsk
		}
		if !accepts {
			return m.decline(tx, q)
		}
		if !slices.Equal(slices.Sorted(slices.Values(form["scope[]"])), slices.Sorted(slices.Values(q.scope))) {
			return errOtherScope
		}
		return m.accept(tx, q)
	})
	switch {
	case errors.Is(err, errOtherScope):
		return m.page(r.Context(), w, http.StatusBadRequest, q, "invalid-scope")
	case err != nil && !errors.Is(err, errNobodyToAsk):
		return err
	}
	return web.Resume(w, r, q.state)
}

// maxForm is the limit of the form in bytes. It leaves room for all scopes of a request of web.MaxForm bytes,
// each with the name of its form field.
const maxForm = 16 * web.MaxForm

// accept adds the scopes to the user's grant. As in Auth0, there is one grant for each user, application and
// API, and it contains all scopes that the user has ever agreed to.
func (m *room) accept(tx *storage.Tx, q question) error {
	err := m.answer(tx, q, storage.ConsentAnswer{Scope: q.scope})
	if err != nil {
		return err
	}
	rq := q.transaction.Request()
	grant, err := tx.GrantFor(q.user.UserID, q.client, rq.Audience, rq.Organization)
	if err := storage.Optional(err); err != nil {
		return err
	}
	scope := slices.Clone(grant.Scope)
	for _, s := range q.scope {
		if !slices.Contains(scope, s) {
			scope = append(scope, s)
		}
	}
	doc := storage.Document{
		"id": cmp.Or(grant.ID, "cgr_"+keys.Random(12)), "clientID": rq.ClientID, "user_id": q.user.UserID,
		"audience": rq.Audience, "scope": scope,
	}
	if organization := q.client.ConsentIn(rq.Organization); organization != "" {
		doc["organization_id"] = organization
	}
	return tx.Grants.Put(doc)
}

func (m *room) decline(tx *storage.Tx, q question) error {
	return m.answer(tx, q, storage.ConsentAnswer{Declined: true})
}

// answer stores the user's answer in the transaction.
func (m *room) answer(tx *storage.Tx, q question, answer storage.ConsentAnswer) error {
	answer.UserID = q.user.UserID
	return session.ChangeTransaction(tx, q.transaction.StateHash, m.Now(), func(t *storage.Transaction) error {
		t.Consent = &answer
		return nil
	})
}

func (m *room) page(ctx context.Context, w http.ResponseWriter, status int, q question, errs ...string) error {
	about := web.AboutRequest(q.transaction.Request())
	about.UserID = q.user.UserID
	details, err := detailsOf(q.transaction.Request())
	if err != nil {
		return err
	}
	layout, err := m.Pages.Layout(ctx, about)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.Consent{
		Layout: layout, ClientName: q.client.Name, ClientLogoURL: q.client.LogoURI,
		UserName: cmp.Or(q.user.Name, q.user.Email, q.user.UserID), UserID: q.user.UserID, State: q.state,
		Audience: q.transaction.Request().Audience, Resources: resources(q), Errors: errs,
		Details: details, Transactional: details != nil || q.api != nil && q.api.ConsentPolicy == storage.ConsentAlways,
	})
}

// detailsOf returns the decoded authorization_details of a request, or nil if it has none.
func detailsOf(rq storage.AuthorizeRequest) (all []map[string]any, err error) {
	if rq.Details == "" {
		return nil, nil
	}
	return all, json.Unmarshal([]byte(rq.Details), &all)
}

// standardDescriptions are the descriptions of the standard scopes that the page shows.
var standardDescriptions = map[string]string{
	"openid":         "Confirm who you are",
	"profile":        "Your profile: name, nickname and picture",
	"email":          "Your e-mail address",
	"phone":          "Your phone number",
	"address":        "Your postal address",
	"offline_access": "Keep access while you are away",
}

// resources returns the requested scopes as the page shows them: first those about the user's profile, then
// those of the API under its name.
func resources(q question) []templates.Resource {
	var own, apis templates.Resource
	for _, s := range q.scope {
		if description, ok := standardDescriptions[s]; ok || q.api == nil || !q.api.Defines(s) {
			own.Scopes = append(own.Scopes, templates.Scope{Name: s, Description: description})
			continue
		}
		i := slices.IndexFunc(q.api.Scopes, func(defined storage.Scope) bool { return defined.Value == s })
		apis.Scopes = append(apis.Scopes, templates.Scope{Name: s, Description: strings.TrimSpace(q.api.Scopes[i].Description)})
	}
	var shown []templates.Resource
	if len(own.Scopes) > 0 {
		shown = append(shown, own)
	}
	if len(apis.Scopes) > 0 {
		apis.Name = cmp.Or(q.api.Name, q.api.Identifier)
		shown = append(shown, apis)
	}
	return shown
}
