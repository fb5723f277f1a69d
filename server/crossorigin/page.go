package crossorigin

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// page serves the page of the classic login, Auth0: customize/login-pages/classic-login. If the user
// has already logged in to this transaction, in another tab or before pressing the back button, the
// login goes on without the page.
//
//auth0:operation GET /login
func (m *room) page(w http.ResponseWriter, r *http.Request) error {
	state := session.StateOf(r)
	t, err := m.Cookies.Transaction(m.DB, r, state, m.Now())
	if err != nil {
		return err
	}
	var own string
	var screens account.Screens
	var done bool
	var last *lastLogin
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		s, err := m.Cookies.Find(tx, r, m.Now())
		if storage.Optional(err) != nil {
			return err
		}
		done = t.Began(s)
		if screens, err = account.ScreensFor(tx, t.Request()); err != nil {
			return err
		}
		if own, _, err = tx.ClassicLogin(t.Asked.ClientID); err != nil {
			return err
		}
		last, err = lastLoginOf(tx, r, t.Request(), s)
		return err
	})
	switch {
	case err != nil:
		return err
	case done:
		return web.Resume(w, r, state)
	case screens.Login != account.ClassicPage:
		return web.Continue(w, r, screens.Login, state)
	case own == "" && last != nil:
		return m.offerLast(w, r, t, state, last)
	case own == "":
		return m.builtIn(w, r, t, state, t.Request().LoginHint, nil)
	}
	told, err := m.told(w, r, t, state)
	if err != nil {
		return err
	}
	config, err := json.Marshal(told.config)
	if err != nil {
		return err
	}
	return m.Pages.WriteOwn(w, http.StatusOK, templates.WithConfig(own, config))
}

// builtIn answers with the built-in page. wrong is the error of the attempt before, or nil.
func (m *room) builtIn(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, username string, wrong *apierr.Error) error {
	told, err := m.told(w, r, t, state)
	if err != nil {
		return err
	}
	page := templates.ClassicLogin{
		Layout: told.layout, ClientName: told.client.Name, Username: username, Identifiers: account.LoginIdentifiers(told.ways.Databases),
		Providers: told.providers(), Domains: told.domains, ResetSent: wrong == nil && r.URL.Query().Has(account.ResetSentParam),
	}
	if page.Config, err = json.Marshal(told.config); err != nil {
		return err
	}
	fields := told.params
	if len(told.ways.Databases) > 0 {
		fields["connection"] = told.ways.Databases[0].Name
		page.ForgotPasswordURL = "/u/login/password-reset-start/" + url.PathEscape(fields["connection"]) + "?state=" + url.QueryEscape(state)
	}
	if told.ways.AllowsSignup() {
		page.SignupURL = told.screens.Signup + "?state=" + url.QueryEscape(state)
	}
	fields["client_id"], fields["tenant"], fields["redirect_uri"] = t.Asked.ClientID, m.tenantName(), t.Asked.RedirectURI
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		page.Hidden = append(page.Hidden, templates.Field{Name: name, Value: fields[name]})
	}
	status := http.StatusOK
	if wrong != nil {
		status, page.Errors, page.Sentence = wrong.Status, wrongKeys[wrong.Code], ""
		if page.Errors == nil {
			page.Sentence = wrong.Message
		}
		if page.Name() != "email" && wrong.Code == invalidPassword {
			page.Errors = []string{"wrong-credentials"}
		}
	}
	return m.Pages.Write(w, status, page)
}

// wrongKeys maps error codes to the keys of the built-in page's texts. For other errors the page
// shows the error's message.
var wrongKeys = map[string][]string{
	invalidPassword: {"wrong-email-credentials"},
	errGuess.Code:   {"user-blocked"},
	errLeaked.Code:  {"password-breached"},
}

// told is the data with which a classic login page is rendered.
type told struct {
	layout  templates.Layout
	tenant  storage.Tenant
	client  storage.Client
	ways    account.Ways
	screens account.Screens
	buttons []storage.Connection
	// domains are those of the enterprise connections that the application may use.
	domains []string
	// params are the parameters that the page sends back, and config is the value of @@config@@ in
	// the page.
	params map[string]string
	config map[string]any
}

// told collects the data of a login page, and sets the cookie that protects its form.
func (m *room) told(w http.ResponseWriter, r *http.Request, t storage.Transaction, state string) (a told, err error) {
	rq := t.Request()
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if a.layout, err = web.LayoutIn(r.Context(), tx, web.AboutRequest(rq)); err != nil {
			return err
		}
		if a.tenant, err = tx.Tenant.Get(storage.TenantKey); storage.Optional(err) != nil {
			return err
		}
		if a.client, err = tx.Clients.Get(rq.ClientID); storage.IsNotFound(err) {
			return apierr.UnknownClient(rq.ClientID)
		} else if err != nil {
			return err
		}
		if a.ways, err = account.WaysOf(tx, rq); err != nil {
			return err
		}
		if a.screens, err = a.ways.Screens(tx, rq); err != nil {
			return err
		}
		if a.buttons, err = account.Buttons(tx, rq, a.ways); err != nil {
			return err
		}
		a.domains, err = account.EnterpriseDomains(tx, rq)
		return err
	})
	if err != nil {
		return a, err
	}
	a.params = pageParams(r.URL.Query(), rq, state)
	a.params["_csrf"] = m.Cookies.MarkForm(w)
	a.config = m.config(a, rq)
	return a, nil
}

// pageParams returns the parameters that the page gets: those of the authorization request, with the
// transaction's state in place of the application's, and those in the page's own URL that the stored
// request does not have.
func pageParams(query url.Values, rq storage.AuthorizeRequest, state string) map[string]string {
	params, protocol := map[string]string{}, "oauth2"
	if rq.Assertion != nil {
		protocol = "samlp"
	}
	for name := range query {
		switch name {
		case "client", "client_id", "redirect_uri", "connection", "username", "email", "password", "submit", "otp", "credential_type", "login_ticket", account.ResetSentParam, otherAccountParam:
			// names of the form fields of the page itself
		default:
			params[name] = query.Get(name)
		}
	}
	for name, value := range map[string]string{
		"protocol": protocol, "_intstate": "deprecated", "state": state, "response_type": rq.ResponseType, "response_mode": rq.ResponseMode,
		"scope": rq.Scope, "audience": rq.Audience, "nonce": rq.Nonce, "code_challenge": rq.CodeChallenge,
		"code_challenge_method": rq.CodeChallengeMethod, "prompt": strings.Join(rq.Prompt, " "), "login_hint": rq.LoginHint,
		"screen_hint": rq.ScreenHint, "ui_locales": rq.UILocales, "acr_values": strings.Join(rq.ACRValues, " "), "organization": rq.Organization,
	} {
		if params[name] = value; value == "" {
			delete(params, name)
		}
	}
	maps.Copy(params, rq.Extensions)
	return params
}

// config returns the value of @@config@@ in a tenant's own page, with Auth0's member names.
func (m *room) config(a told, rq storage.AuthorizeRequest) map[string]any {
	issuer := strings.TrimSuffix(m.Issuer.URL, "/")
	_, host, _ := strings.Cut(issuer, "://")
	colors := map[string]string{}
	for name, value := range map[string]string{"primary": a.layout.PrimaryColor, "page_background": a.layout.PageBackground} {
		if value != "" {
			colors[name] = value
		}
	}
	internal := maps.Clone(a.params)
	if rq.RedirectURISent {
		a.params["redirect_uri"] = rq.RedirectURI
	}
	config := map[string]any{
		"icon": a.layout.LogoURL, "assetsUrl": "", "auth0Domain": host, "auth0Tenant": m.tenantName(),
		"clientConfigurationBaseUrl": m.Issuer.URL, "callbackOnLocationHash": rq.FrontChannel(), "callbackURL": rq.RedirectURI,
		"cdn": m.Issuer.URL, "clientID": rq.ClientID, "extraParams": a.params, "internalOptions": internal,
		"dict":               map[string]any{"signin": map[string]any{"title": cmp.Or(a.tenant.FriendlyName, m.tenantName())}},
		"isThirdPartyClient": !a.client.IsFirstParty, "colors": colors,
		"authorizationServer": map[string]string{"url": issuer, "issuer": m.Issuer.URL},
	}
	if rq.Connection != "" {
		config["connection"] = rq.Connection
	}
	if len(rq.Prompt) > 0 {
		config["prompt"] = a.params["prompt"]
	}
	return config
}

// providers returns the buttons for other identity providers, with the same parameters that auth0.js sends.
func (a told) providers() (all []templates.ProviderButton) {
	for i, p := range web.Providers(a.buttons) {
		query := a.request(p.Connection)
		b := templates.ProviderButton{Provider: p, Strategy: a.buttons[i].Strategy}
		for _, name := range slices.Sorted(maps.Keys(query)) {
			b.Fields = append(b.Fields, templates.Field{Name: name, Value: query.Get(name)})
		}
		all = append(all, b)
	}
	return all
}

// request returns the parameters of the authorization request that goes on with a connection, as auth0.js makes them.
func (a told) request(connection string) url.Values {
	query := url.Values{"client_id": {a.client.ClientID}, "connection": {connection}}
	for name, value := range a.params {
		query.Set(name, value)
	}
	return query
}

// goElsewhere leads a user whose e-mail address is in a domain of an enterprise connection to that connection.
func (m *room) goElsewhere(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, address string) (gone bool, err error) {
	var home storage.Connection
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		home, gone, err = account.HomeRealm(tx, t.Request(), address)
		return err
	})
	if err != nil || !gone {
		return false, err
	}
	told, err := m.told(w, r, t, state)
	if err != nil {
		return false, err
	}
	query := told.request(home.Name)
	query.Set("login_hint", address)
	return true, web.Redirect(w, r, "/authorize?"+query.Encode())
}

// asset serves a file of the assets folder.
//
//auth0:operation GET /assets/{name}
func (m *room) asset(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "name")
	if m.Pages.CopyOf(name) == "" {
		return apierr.NotFound
	}
	file, err := m.Pages.Assets.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache")
	return web.ReplyBytes(w, http.StatusOK, cmp.Or(mime.TypeByExtension(path.Ext(name)), "application/octet-stream"), content)
}
