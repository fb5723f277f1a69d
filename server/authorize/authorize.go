// Package authorize serves /authorize: it checks the request, decides from stored state what comes next,
// and responds to the application. The pages for login and consent are in other packages, which send the
// browser back to /authorize/resume when they are done.
package authorize

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Engine  *oauth.Engine
	Issuer  *tokens.Issuer
	Cookies session.Cookies
	Pages   web.Pages
	Log     *tenantlog.Log
	Now     func() time.Time
	// SendCode sends the code that a page for a further factor asks for. It does nothing for other pages, and if a code
	// was sent.
	SendCode func(r *http.Request, page, state string) error
}

type room struct{ Deps }

// transactionLifetime is how long a user may take to log in.
const transactionLifetime = time.Hour

// doneLifetime is how long a finished transaction is kept and can be resumed, for the back button and for
// forms that are sent twice. It is short because a busy server keeps all transactions that finish in that
// time.
const doneLifetime = 10 * time.Second

// Mount adds the routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt.Handle(http.MethodPost, "/oauth/par", m.push)
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, "/authorize", m.get)
	rt.Handle(http.MethodPost, "/authorize", m.post)
	rt.Handle(http.MethodGet, "/authorize/resume", m.resume)
	rt.Handle(http.MethodGet, "/samlp/{client_id}", m.samlp)
	rt.Handle(http.MethodPost, "/samlp/{client_id}", m.samlpForm)
	rt.Handle(http.MethodGet, "/samlp/metadata/{client_id}", m.samlpMetadata)
	rt.Handle(http.MethodGet, "/wsfed", m.wsfed)
	rt.Handle(http.MethodGet, "/wsfed/{client_id}", m.wsfed)
	rt.Handle(http.MethodPost, "/wsfed/{client_id}", m.wsfedForm)
	rt.Handle(http.MethodGet, "/wsfed/FederationMetadata/2007-06/FederationMetadata.xml", m.wsfedMetadata)
	rt.Handle(http.MethodGet, "/wsfed/{client_id}/FederationMetadata/2007-06/FederationMetadata.xml", m.wsfedMetadata)
}

//auth0:operation GET /authorize
func (m *room) get(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	if params.Get("login_ticket") != "" {
		return m.redeem(w, r, params.Get("client_id"), params)
	}
	return m.begin(w, r, params)
}

// post takes the same parameters from a form, OIDC Core section 3.1.2.1. The origin is not checked, because
// a page of the application may send the form.
//
//auth0:operation POST /authorize
func (m *room) post(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Form(w, r)
	if err != nil {
		return err
	}
	return m.begin(w, r, params)
}

func (m *room) begin(w http.ResponseWriter, r *http.Request, params url.Values) error {
	if web.IsSubresource(r) {
		return apierr.Subresource
	}
	if rq, client, is, err := m.chosenOnPage(r, params); err != nil {
		return err
	} else if is {
		return m.start(w, r, checked(rq, client), nil)
	}
	what, err := m.take(r.Context(), params)
	if err == nil {
		what, err = m.open(r.Context(), what)
	}
	trace.Correlate(r.Context(), correlationID(what.params))
	if err != nil {
		return m.refuse(w, r, &decision{login: login{request: storage.AuthorizeRequest{ClientID: params.Get("client_id")}}}, err)
	}
	read := func(tx *storage.Tx) (storage.AuthorizeRequest, storage.Client, error) {
		rq, client, err := m.readIn(tx, r.Host, what)
		if err != nil {
			rq.ClientID = params.Get("client_id")
		}
		return rq, client, err
	}
	r, decided, err := m.transfer(w, r, read, what.params)
	if err != nil {
		return err
	}
	return m.start(w, r, decided, what.params)
}

// request is a function that reads and checks an authorization request and its application, in the same
// view of the store in which the request is decided on.
type request func(tx *storage.Tx) (storage.AuthorizeRequest, storage.Client, error)

// checked returns a request that was read and checked before.
func checked(rq storage.AuthorizeRequest, client storage.Client) request {
	return func(*storage.Tx) (storage.AuthorizeRequest, storage.Client, error) { return rq, client, nil }
}

// start answers a request at once if no page is needed, and otherwise stores a transaction and sends the
// browser to the first page of the login. sent are the parameters as they were received; with nil, those in
// the stored request are used.
func (m *room) start(w http.ResponseWriter, r *http.Request, read request, sent url.Values) error {
	return upToDate(func() error {
		now := m.Now()
		d, err := m.decide(r, read, now)
		if errors.Is(err, storage.ErrTooLong) {
			return apierr.TooLong(err)
		}
		if err != nil {
			return m.refuse(w, r, d, err)
		}
		if d.page == "" {
			return m.respond(w, r, d)
		}
		trace.Note(r.Context(), trace.Step{Component: "authorize", Decision: "before the request is answered, the user is sent to " + d.page})
		d.transaction.Form = d.form
		m.advise(r, d)
		state, err := m.Cookies.Start(w, r, m.DB, d.transaction)
		if err != nil {
			return err
		}
		return goOn(w, r, d, state, sent)
	})
}

// resume continues a login after one of its pages is done.
//
//auth0:operation GET /authorize/resume
func (m *room) resume(w http.ResponseWriter, r *http.Request) error {
	return upToDate(func() error { return m.takeUp(w, r) })
}

func (m *room) takeUp(w http.ResponseWriter, r *http.Request) error {
	state := r.URL.Query().Get("state")
	now := m.Now()
	d := &decision{}
	known := false
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if d.tenant, err = tx.Tenant.Get(storage.TenantKey); storage.Optional(err) != nil {
			return err
		}
		t, err := m.Cookies.TransactionIn(tx, r, state, now)
		if err != nil {
			return err
		}
		client, err := findClient(tx, t.Asked.ClientID)
		if err != nil {
			return err
		}
		d.login, known = login{t, t.Request(), client}, true
		return m.load(tx, r, d, now)
	})
	if !known && err != nil {
		return err
	}
	if err == nil {
		err = m.conclude(r, d)
	} else {
		d.explain(r.Context())
	}
	if err != nil {
		return m.refuse(w, r, d, err)
	}
	if d.page == "" {
		return m.respond(w, r, d)
	}
	if err := m.comeTo(r, d); err != nil {
		return err
	}
	if err := m.SendCode(r, d.page, state); err != nil {
		return err
	}
	return goOn(w, r, d, state, nil)
}

// comeTo records in the transaction that it has reached a form of the tenant. The page of the form shows it
// only then, that is after all earlier steps of the login.
func (m *room) comeTo(r *http.Request, d *decision) error {
	if d.form == nil {
		return nil
	}
	return m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
		return session.ChangeTransaction(tx, d.transaction.StateHash, m.Now(), func(t *storage.Transaction) error {
			if t.Form == nil || t.Form.SessionID != d.form.SessionID || t.Form.FormID != d.form.FormID { // another tab may have begun the form already
				t.Form = d.form
			}
			return nil
		})
	})
}

// errOutdated reports that the data of a decision changed before the response was written, for example by
// another tab, a logout, or the deletion of the user.
var errOutdated = errors.New("the decision is out of date")

// attempts is how often a login is decided on if other requests keep changing its data.
const attempts = 5

// upToDate calls decideAndRespond, and calls it again, up to attempts times, if it returns errOutdated.
func upToDate(decideAndRespond func() error) (err error) {
	for range attempts {
		if err = decideAndRespond(); !errors.Is(err, errOutdated) {
			return err
		}
	}
	return err
}

// refuse sends an error to the application. It returns the error, to be shown on a page, if the redirect
// URI is not verified, or if the request is one of SAML or WS-Federation, whose errors Auth0 shows only to
// the user. The transaction is kept, so that a user who goes back can answer differently.
func (m *room) refuse(w http.ResponseWriter, r *http.Request, d *decision, err error) error {
	e, ok := errors.AsType[*apierr.Error](err)
	if ok {
		m.Log.Record(r, failed(d, e))
	}
	if d.request.RedirectURI == "" || !ok || d.request.Assertion != nil || d.client.ShowsErrors() && d.request.ResponseMode != webMessageMode {
		return err
	}
	if hidden(r, d.request, e) {
		trace.Note(r.Context(), trace.Step{
			Component: "authorize", Decision: "the browser sent no cookie of the tenant: in a frame of another site's page, browsers do not send third-party cookies",
			Setting: "the same scheme and host for the application and the tenant, or refresh tokens instead of frames",
		})
	}
	trace.Refuse(r.Context(), e.Status, trace.Step{Component: "authorize", Decision: e.Summary(), Setting: e.Remedy()})
	return m.send(w, r, d, url.Values{"error": {e.Code}, "error_description": {e.Message}})
}

// hidden reports whether a silent login may have failed because the browser did not send the tenant's
// cookies, as is usual in frames on pages of other sites. For clients that are not browsers and send no
// Sec-Fetch headers, response_mode=web_message counts as a request from a frame.
func hidden(r *http.Request, rq storage.AuthorizeRequest, e *apierr.Error) bool {
	frame := r.Header.Get("Sec-Fetch-Site") == "cross-site" && r.Header.Get("Sec-Fetch-Dest") == "iframe"
	return e.Code == apierr.LoginRequired.Code && (frame || r.Header.Get("Sec-Fetch-Dest") == "" && rq.ResponseMode == webMessageMode) && len(r.Cookies()) == 0
}
