package login

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// showIdentifier shows the page that asks only for the identifier, Auth0:
// authenticate/login/auth0-universal-login/identifier-first.
//
//auth0:operation GET /u/login/identifier
func (m *room) showIdentifier(w http.ResponseWriter, r *http.Request) error {
	return m.open(w, r, identifierPage, func(shown about, t storage.Transaction, state string) error {
		typed := cmp.Or(t.TypedOn(identifierPage, "username"), t.Identifier, t.Request().LoginHint)
		return m.showIdentifierOf(r.Context(), w, http.StatusOK, shown, t, state, typed)
	})
}

// submitIdentifier continues with the password page, even for unknown users, so that the
// page does not disclose who has an account. An e-mail address with the domain of an
// enterprise connection continues there instead (home realm discovery).
//
//auth0:operation POST /u/login/identifier
func (m *room) submitIdentifier(w http.ResponseWriter, r *http.Request) error {
	form, t, state, err := m.submitted(w, r)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(cmp.Or(form.Get("username"), form.Get("email"), form.Get("phoneNumber"))) // as Lock's inputs are called
	if response := form.Get("passkey"); response != "" {
		t.Platform = form.Get("webauthn-platform-available") == "true"
		return m.byPasskey(w, r, t, state, typed, response)
	}
	if name := form.Get("connection"); name != "" {
		return m.switchTo(w, r, t, state, name, typed)
	}
	if form.Get("action") == telephone.PickAction {
		return m.picker().Begin(w, r, t, state, identifierPage, telephone.LoginList, form)
	}
	ways, home, err := m.realm(r.Context(), t, typed)
	typed = identifier(r.Context(), t, ways.Identifiers(), typed)
	switch key := identifierFault(ways, typed); {
	case err != nil:
		return err
	case home != "" && len(typed) <= maxIdentifier:
		return m.SignIn.ToProvider(w, r, t, state, home, typed)
	case key != "":
		return m.identifierPage(r.Context(), w, http.StatusBadRequest, t, state, typed, key)
	}
	if conn, fits := ways.PasswordlessFor(typed); fits && len(ways.Databases) == 0 {
		return m.sendCode(w, r, t, state, conn, typed)
	}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		return session.ChangeTransaction(tx, t.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Abilities = session.AbilitiesIn(form)
			t.Identifier, t.Picking, t.Platform = typed, nil, form.Get("webauthn-available") == "true" || form.Get("webauthn-platform-available") == "true"
			return nil
		})
	})
	if err != nil {
		return err
	}
	return web.Continue(w, r, passwordPage, state)
}

// realm returns how an identifier can log in: the ways of the login, or only the
// passwordless connection that the user has chosen. home is the name of the enterprise
// connection for the identifier's domain, or "".
func (m *room) realm(ctx context.Context, t storage.Transaction, typed string) (ways account.Ways, home string, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		if ways, err = account.WaysOf(tx, t.Request()); err != nil {
			return err
		}
		if chosen, is := chosen(ways, t); is {
			ways = chosen
			return nil
		}
		c, found, err := account.HomeRealm(tx, t.Request(), typed)
		if found && !c.Closed() {
			home = c.Name
		}
		return err
	})
	return ways, home, err
}

// maxIdentifier is the maximum length of an identifier, in bytes.
const maxIdentifier = 1000

// identifierFault returns the key of the error message about a missing or malformed
// identifier, or "".
func identifierFault(ways account.Ways, typed string) string {
	kinds := ways.Identifiers()
	if !ways.Own() {
		kinds = []string{"email"} // enterprise connections are found by the address's domain
	}
	only := func(kind string) bool { return slices.Equal(kinds, []string{kind}) }
	_, takesCode := ways.PasswordlessFor(typed)
	switch {
	case typed == "" && only("email"):
		return noUsername
	case typed == "" && only("phone_number"):
		return "no-phone"
	case typed == "":
		return "no-username"
	case only("email") && !resource.IsEmail(typed):
		return "invalid-email-format"
	case len(typed) > maxIdentifier:
		return "invalid-login-id"
	case len(ways.Databases) > 0 || takesCode:
		return ""
	case !ways.Own():
		return "no-hrd-connection"
	case only("phone_number"):
		return "invalid-phone-number"
	case only("email"):
		return "invalid-email-format"
	}
	return "invalid-email-phone"
}

func (m *room) identifierPage(ctx context.Context, w http.ResponseWriter, status int, t storage.Transaction, state, typed string, errs ...string) error {
	shown, err := m.about(ctx, t, state)
	if err != nil {
		return err
	}
	return m.showIdentifierOf(ctx, w, status, shown, t, state, typed, errs...)
}

func (m *room) showIdentifierOf(ctx context.Context, w http.ResponseWriter, status int, shown about, t storage.Transaction, state, typed string, errs ...string) error {
	ways, others := shown.ways, shown.ways.Passwordless
	switch chosen, is := chosen(ways, t); {
	case is:
		ways, others = chosen, ways.Databases[:min(1, len(ways.Databases))]
	case len(ways.Databases) == 0:
		others = nil // the page asks for their identifiers already
	}
	passkey, err := m.askPasskey(ctx, t, ways.Databases)
	if err != nil {
		return err
	}
	autofill, button := webauthn.PasskeyPrompts(ways.Databases)
	forgotten := ""
	if passkey != "" { // who has lost it does not get as far as the page for the password
		forgotten = shown.forgotten(typed)
	}
	page := templates.LoginIdentifier{
		Passkey: passkey, Autofill: autofill, PasskeyButton: button, Country: shown.countryFor(ways.Identifiers()), ForgotPasswordURL: forgotten,
		Layout: shown.layout, ClientName: shown.client.Name, State: state, Username: typed, Errors: errs,
		Identifiers: ways.Identifiers(), SignupURL: shown.signupURL, Ways: buttons(others),
		Providers: shown.providers, Alone: !shown.ways.Own() && !shown.ways.HasDirectories(),
	}
	if shown.classic && len(shown.providers) == 0 {
		return m.Pages.Write(w, status, templates.ClassicPasswordless(page))
	}
	return m.Pages.Write(w, status, page)
}

// showPassword shows the page that asks for the password, after the page for the
// identifier.
//
//auth0:operation GET /u/login/password
func (m *room) showPassword(w http.ResponseWriter, r *http.Request) error {
	return m.open(w, r, passwordPage, func(shown about, t storage.Transaction, state string) error {
		if t.Identifier == "" || len(shown.ways.Databases) == 0 {
			return web.Continue(w, r, identifierPage, state)
		}
		return m.passwordPage(w, http.StatusOK, shown, state, t.Identifier)
	})
}

// submitPassword checks the password.
//
//auth0:operation POST /u/login/password
func (m *room) submitPassword(w http.ResponseWriter, r *http.Request) error {
	form, t, state, err := m.submitted(w, r)
	if err != nil {
		return err
	}
	username := cmp.Or(strings.TrimSpace(form.Get("username")), t.Identifier)
	if name := form.Get("connection"); name != "" {
		return m.switchTo(w, r, t, state, name, username)
	}
	if username == "" {
		return web.Continue(w, r, identifierPage, state)
	}
	refuse := func(errs ...string) error {
		shown, err := m.about(r.Context(), t, state)
		if err != nil {
			return err
		}
		return m.passwordPage(w, http.StatusBadRequest, shown, state, username, errs...)
	}
	if form.Get("password") == "" {
		return refuse(noPassword)
	}
	return m.authenticate(w, r, t, state, username, form.Get("password"), refuse)
}

func (m *room) passwordPage(w http.ResponseWriter, status int, shown about, state, username string, errs ...string) error {
	return m.Pages.Write(w, status, templates.LoginPassword{
		Layout: shown.layout, ClientName: shown.client.Name, State: state, Username: username, Errors: errs,
		SignupURL: shown.signupURL, ForgotPasswordURL: shown.forgotten(username), EditURL: identifierPage + shown.query,
		Ways: buttons(shown.ways.Passwordless),
	})
}
