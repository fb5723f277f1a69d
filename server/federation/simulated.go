package federation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// simulatedPath is the path of a simulated provider's page.
const simulatedPath = "/simulated/{connection}/authorize"

// simulatedURL returns the URL of the simulated provider's page for a provider login. It has the parameters that
// would be sent to a real provider, so that developers can see them.
func (m *room) simulatedURL(l providerLogin, state string) string {
	return "/simulated/" + url.PathEscape(l.connection.Name) + "/authorize?" + m.request(l, state).Encode()
}

// request returns the parameters of the authorization request to the provider, with the scopes and
// parameters from the connection and the application, Auth0:
// authenticate/identity-providers/pass-parameters-to-idps and adding-scopes-for-an-external-idp.
func (m *room) request(l providerLogin, state string) url.Values {
	options, rq := l.connection.Options, l.transaction.Request()
	params := url.Values{}
	passed := map[string]string{
		"login_hint": cmp.Or(l.transaction.Identifier, rq.LoginHint), "prompt": strings.Join(rq.Prompt, " "), "ui_locales": rq.UILocales,
		"screen_hint": rq.ScreenHint, "audience": rq.Audience, "client_id": rq.ClientID, "response_type": rq.ResponseType,
		"response_mode": rq.ResponseMode, "acr_values": strings.Join(rq.ACRValues, " "),
	}
	maps.Copy(passed, rq.Passed)
	upstream, _ := options["upstream_params"].(map[string]any)
	for name, value := range upstream {
		how, _ := value.(map[string]any)
		alias, _ := how["alias"].(string)
		text, _ := how["value"].(string)
		if text = cmp.Or(text, passed[alias]); text != "" {
			params.Set(name, text)
		}
	}
	if l.connecting != nil {
		askToConnect(params, l)
	}
	if hint := passed["login_hint"]; hint != "" && params.Get("login_hint") == "" {
		params.Set("login_hint", hint)
	}
	id, _ := options["client_id"].(string)
	for name, value := range map[string]string{
		"client_id": id, "redirect_uri": m.Issuer.URL + strings.TrimPrefix(callbackPath, "/"), "response_type": "code", "state": state,
		"scope": scopeOf(l),
	} {
		if params.Del(name); value != "" {
			params.Set(name, value)
		}
	}
	return params
}

// scopeOf returns the scope to request from the provider: the connection's scopes followed by those in
// the application's connection_scope. They are separated with commas if the connection's configured
// scope is or, for Facebook, if connection_scope is; otherwise with spaces.
func scopeOf(l providerLogin) string {
	all, separator := providers.Scopes(l.connection), " "
	asked := l.transaction.Request().ConnectionScope
	if providers.SeparatesByCommas(l.connection) || l.connection.Strategy == "facebook" && strings.Contains(asked, ",") {
		separator = ","
	}
	if all = append(all, providers.SplitScope(asked)...); l.connecting != nil {
		all = connectScopes(l)
	}
	var once []string
	for _, scope := range all {
		if !slices.Contains(once, scope) {
			once = append(once, scope)
		}
	}
	return strings.Join(once, separator)
}

// visit is the data of a request to a simulated provider's page.
type visit struct {
	providerLogin
	people []storage.Person
	// choice is the outcome to use without asking, or nil if the page is to ask.
	choice *storage.ProviderChoice
}

// visit reads the data of a request to the page.
func (m *room) visit(r *http.Request) (v visit, err error) {
	params, err := web.Query(r)
	if err != nil {
		return v, err
	}
	if v.providerLogin, err = m.find(r, params.Get("state")); err != nil {
		return v, err
	}
	if v.connection.Name != web.Param(r, "connection") {
		return v, apierr.ConnectionNotFound
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if v.people, err = providers.People(tx, v.connection); err != nil {
			return err
		}
		choice, err := tx.ProviderChoices.Get(v.connection.Name)
		if err == nil {
			v.choice = &choice
		}
		return storage.Optional(err)
	})
	if err != nil || v.choice != nil {
		return v, err
	}
	if p, found := providers.Find(v.people, params.Get("login_hint")); found && params.Get("prompt") != "select_account" {
		v.choice = &storage.ProviderChoice{Connection: v.connection.Name, Person: p.ID, Outcome: providers.Allow}
	}
	return v, nil
}

// showProvider shows the page that asks who logs in, unless that is already decided: at the control
// listener, or by a login_hint that names a person.
//
//auth0:operation GET /simulated/{connection}/authorize
func (m *room) showProvider(w http.ResponseWriter, r *http.Request) error {
	v, err := m.visit(r)
	if err != nil {
		return err
	}
	if v.choice != nil {
		return m.carryOut(w, r, v, *v.choice)
	}
	return m.providerPage(w, r, http.StatusOK, v, draftOf(v, r.URL.Query().Get("edit")), "")
}

// draftOf returns the values of the form: those of an existing person or, for a new one, the e-mail
// address that was typed at the login.
func draftOf(v visit, id string) templates.Person {
	if p, found := providers.Find(v.people, id); found {
		return shown(p)
	}
	hint := cmp.Or(v.transaction.Identifier, v.transaction.Request().LoginHint)
	if !strings.Contains(hint, "@") {
		hint = ""
	}
	return templates.Person{Email: hint, EmailVerified: true}
}

// carryOut answers with an outcome that was chosen in advance. A choice for one login is deleted.
func (m *room) carryOut(w http.ResponseWriter, r *http.Request, v visit, choice storage.ProviderChoice) error {
	if choice.Once {
		err := m.DB.Update(r.Context(), func(tx *storage.Tx) error { return tx.ProviderChoices.Delete(choice.Connection) })
		if err != nil {
			return err
		}
	}
	person, found := providers.Find(v.people, choice.Person)
	if choice.Person == "" && len(v.people) > 0 {
		person, found = v.people[0], true
	}
	if !found && (choice.Outcome == providers.Allow || choice.Outcome == providers.WithoutEmail) {
		return m.answerError(w, r, "server_error", "The simulated identity provider knows nobody called "+choice.Person)
	}
	return m.answer(w, r, v, choice.Outcome, person)
}

// submitProvider takes the form of the page.
//
//auth0:operation POST /simulated/{connection}/authorize
func (m *room) submitProvider(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	v, err := m.visit(r)
	if err != nil {
		return err
	}
	outcome := providers.Allow
	if form.Get("without_email") != "" {
		outcome = providers.WithoutEmail
	}
	switch action := form.Get("action"); {
	case action == providers.Deny, action == providers.Fail:
		return m.answer(w, r, v, action, storage.Person{})
	case form.Get("person") != "":
		p, found := providers.Find(v.people, form.Get("person"))
		if !found {
			return apierr.InvalidAction
		}
		return m.answer(w, r, v, outcome, p)
	case action == "save":
		p, problem := typed(v.connection, form)
		if problem != "" {
			draft := shown(p)
			draft.More = form.Get("more")
			return m.providerPage(w, r, http.StatusBadRequest, v, draft, problem)
		}
		err := m.DB.Update(r.Context(), func(tx *storage.Tx) error { return tx.People.Put(p) })
		if err != nil {
			return err
		}
		return m.answer(w, r, v, outcome, p)
	}
	return apierr.InvalidAction
}

// answer redirects the browser back with the provider's response.
func (m *room) answer(w http.ResponseWriter, r *http.Request, v visit, outcome string, p storage.Person) error {
	switch outcome {
	case providers.Deny:
		return m.answerError(w, r, accessDenied, denial(v.connection.Strategy))
	case providers.Fail:
		return m.answerError(w, r, "server_error", "The simulated identity provider has failed, as it was told to.")
	}
	said := maps.Clone(p.Profile)
	if said == nil {
		said = map[string]any{}
	}
	if outcome == providers.WithoutEmail {
		delete(said, "email")
		delete(said, "email_verified")
	}
	said["user_id"] = p.ID
	code := keys.Random(24)
	err := m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
		return m.take(tx, v.providerLogin, func(t *storage.Transaction) { t.Upstream.CodeHash, t.Upstream.Person = keys.Hash(code), said })
	})
	if err != nil {
		return err
	}
	return back(w, r, url.Values{"code": {code}})
}

// denials are the error descriptions of real providers after the user denies access, for those that do
// not send access_denied.
var denials = map[string]string{
	"facebook": "Permissions error", "github": "The user has denied your application access.",
	"linkedin": "The user cancelled the authorization", "windowslive": "The user has denied access to the scope requested by the client application.",
}

func denial(strategy string) string { return cmp.Or(denials[strategy], accessDenied) }

func (m *room) answerError(w http.ResponseWriter, r *http.Request, code, description string) error {
	return back(w, r, url.Values{"error": {code}, "error_description": {description}})
}

// back redirects the browser to the callback with the state of the request.
func back(w http.ResponseWriter, r *http.Request, params url.Values) error {
	params.Set("state", r.URL.Query().Get("state"))
	return web.Redirect(w, r, callbackPath+"?"+params.Encode())
}

// Limits for a person that is entered on the page, in bytes.
const (
	maxPersonID = 255
	maxProfile  = 16 << 10
)

// typed reads a person from the page's form. problem says what is wrong with the input, or is "".
func typed(c storage.Connection, form url.Values) (p storage.Person, problem string) {
	text := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	p = storage.Person{Connection: c.Name, Profile: map[string]any{}}
	if more := text("more"); more != "" {
		if err := json.Unmarshal([]byte(more), &p.Profile); err != nil || p.Profile == nil {
			return p, "Further members must be a JSON object, such as {\"department\": \"Sales\"}."
		}
		if apierr.TooDeep(p.Profile) {
			return p, fmt.Sprintf("Further members may have at most %d lists and objects inside each other.", apierr.MaxNesting)
		}
	}
	for _, name := range members {
		if value := text(name); value != "" {
			p.Profile[name] = value
		}
	}
	if p.ID = text("id"); p.ID == "" {
		p.ID = providers.NewID(c, providers.Seed(p.Profile))
	}
	if text("email") != "" {
		p.Profile["email_verified"] = form.Get("email_verified") != ""
	}
	if groups := strings.FieldsFunc(form.Get("groups"), func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }); len(groups) > 0 {
		list := []any{}
		for _, group := range groups {
			if group = strings.TrimSpace(group); group != "" {
				list = append(list, group)
			}
		}
		p.Profile["groups"] = list
	}
	raw, err := json.Marshal(p.Profile)
	if err != nil || len(raw) > maxProfile || len(p.ID) > maxPersonID {
		return p, "That is more than a person may have."
	}
	return p, ""
}

// members are the members of a profile that have their own inputs in the form.
var members = []string{"email", "given_name", "family_name", "name", "nickname", "picture"}

// shown converts a person for the page.
func shown(p storage.Person) templates.Person {
	text := func(name string) string {
		value, _ := p.Profile[name].(string)
		return value
	}
	s := templates.Person{
		ID: p.ID, Email: text("email"), GivenName: text("given_name"), FamilyName: text("family_name"), Name: text("name"),
		Nickname: text("nickname"), PictureURL: text("picture"), EmailVerified: p.Profile["email_verified"] == true,
	}
	groups, _ := p.Profile["groups"].([]any)
	for _, group := range groups {
		if name, ok := group.(string); ok {
			s.Groups = append(s.Groups, name)
		}
	}
	more := maps.Clone(p.Profile)
	maps.DeleteFunc(more, func(name string, _ any) bool {
		return slices.Contains(members, name) || name == "groups" || name == "email_verified"
	})
	if len(more) > 0 {
		raw, _ := json.MarshalIndent(more, "", "  ") // cannot fail: the value was decoded from JSON
		s.More = string(raw)
	}
	return s
}

func (m *room) providerPage(w http.ResponseWriter, r *http.Request, status int, v visit, draft templates.Person, problem string) error {
	layout, err := m.Pages.Layout(r.Context(), web.AboutRequest(v.transaction.Request()))
	if err != nil {
		return err
	}
	layout.Customization = templates.Customization{} // the page stands for the provider, so the tenant's branding does not apply
	page := templates.SimulatedProvider{
		Layout: layout, Connection: v.connection.Name, Strategy: v.connection.Strategy, Draft: draft, Problem: problem,
		Scope: r.URL.Query().Get("scope"),
	}
	for _, one := range web.Providers([]storage.Connection{v.connection}) {
		page.Provider = one.Name
	}
	for _, p := range v.people {
		one := shown(p)
		query := r.URL.Query()
		query.Set("edit", p.ID)
		one.EditURL = r.URL.Path + "?" + query.Encode()
		page.People = append(page.People, one)
	}
	return m.Pages.Write(w, status, page)
}
