package dbconnections

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// The pages of a sign-up: a single page, or one page for the identifiers and then one for the password.
const (
	combinedSignup   = "/u/signup"
	signupIdentifier = "/u/signup/identifier"
	signupPassword   = "/u/signup/password" //nolint:gosec // an address
)

// signingUp is the state of a sign-up on one of the pages.
type signingUp struct {
	transaction storage.Transaction
	state       string
	// conn is the connection at which the account is created; open says that there is a connection that
	// allows sign-ups.
	conn    storage.Connection
	open    bool
	screens account.Screens
	page    templates.Signup
}

// signingUp reads the state of a sign-up. The account is created at the first connection of the login that
// allows sign-ups.
func (m *room) signingUp(ctx context.Context, t storage.Transaction, state string) (s signingUp, err error) {
	s.transaction, s.state = t, state
	err = m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		ways, err := account.WaysOf(tx, t.Request())
		if err != nil {
			return err
		}
		if s.screens, err = ways.Screens(tx, t.Request()); err != nil {
			return err
		}
		buttons, err := account.Buttons(tx, t.Request(), ways)
		if err != nil {
			return err
		}
		s.page.Providers = web.Providers(buttons)
		if s.conn, s.open = ways.SignupConnection(); !s.open && ways.Own() {
			s.conn = append(ways.Databases, ways.Passwordless...)[0] // creating the account then fails with the error that sign-up is disabled
		}
		return nil
	})
	return s, err
}

// openSignup serves a page of the sign-up. If no connection allows sign-ups, it redirects to the login page.
// If the page does not belong to the tenant's kind of sign-up (one page, or identifier first), it redirects
// to the first page of the right kind.
func (m *room) openSignup(page string, show func(http.ResponseWriter, *http.Request, signingUp) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		t, state, err := m.transaction(r)
		if err != nil {
			return err
		}
		s, err := m.signingUp(r.Context(), t, state)
		switch {
		case err != nil:
			return err
		case !s.open:
			return web.Continue(w, r, s.screens.Login, state)
		case (page == combinedSignup) == s.screens.IdentifierFirst():
			return web.Continue(w, r, s.screens.Signup, state)
		}
		return show(w, r, s)
	}
}

// showSignup shows the page that asks for identifiers and password.
//
//auth0:operation GET /u/signup
func (m *room) showSignup(w http.ResponseWriter, r *http.Request, s signingUp) error {
	s.takeTyped(combinedSignup)
	s.page.Email = cmp.Or(s.page.Email, s.transaction.Request().LoginHint)
	return m.signupPage(r.Context(), w, http.StatusOK, s)
}

// showSignupIdentifier shows the page that asks only for the identifiers, Auth0:
// authenticate/login/auth0-universal-login/identifier-first.
//
//auth0:operation GET /u/signup/identifier
func (m *room) showSignupIdentifier(w http.ResponseWriter, r *http.Request, s signingUp) error {
	s.takeTyped(signupIdentifier)
	s.takeApplicant()
	s.page.Email = cmp.Or(s.page.Email, s.transaction.Request().LoginHint)
	return m.signupIdentifierPage(r.Context(), w, http.StatusOK, s)
}

// showSignupPassword shows the page that asks for the password, after the page for the identifiers.
//
//auth0:operation GET /u/signup/password
func (m *room) showSignupPassword(w http.ResponseWriter, r *http.Request, s signingUp) error {
	if s.transaction.Applicant == nil || s.conn.Strategy != storage.DatabaseStrategy {
		return web.Continue(w, r, signupIdentifier, s.state)
	}
	s.takeApplicant()
	return m.signupPasswordPage(r.Context(), w, http.StatusOK, s)
}

// takeTyped fills in what was typed on a page before its user chose the country of the number on another.
func (s *signingUp) takeTyped(page string) {
	typed := func(name string) string { return s.transaction.TypedOn(page, name) }
	s.page.Email, s.page.Username, s.page.Phone = typed("email"), typed("username"), typed("phone")
}

// takeApplicant fills in the identifiers that were typed on the page before.
func (s *signingUp) takeApplicant() {
	who := s.transaction.Applicant
	s.page.Email, s.page.Username, s.page.Phone = cmp.Or(s.page.Email, who["email"]), cmp.Or(s.page.Username, who["username"]), cmp.Or(s.page.Phone, who["phone_number"])
}

// profile returns the typed identifiers as members of the new user.
func (s *signingUp) profile() storage.Document {
	profile := storage.Document{}
	for member, value := range map[string]string{"email": s.page.Email, "username": s.page.Username, "phone_number": s.page.Phone} {
		if value != "" {
			profile[member] = value
		}
	}
	return profile
}

// submitted reads the form of a page of the sign-up.
func (m *room) submitted(w http.ResponseWriter, r *http.Request) (s signingUp, form url.Values, err error) {
	form, t, state, err := m.form(w, r)
	if err != nil {
		return s, form, err
	}
	s, err = m.signingUp(r.Context(), t, state)
	s.page.Email, s.page.Username = strings.TrimSpace(form.Get("email")), strings.TrimSpace(form.Get("username"))
	s.page.Phone = telephone.Complete(strings.TrimSpace(cmp.Or(form.Get("phone"), form.Get("phone_number"))), telephone.Of(r.Context(), t))
	return s, form, err
}

// submitSignup creates the account and logs the user in.
//
//auth0:operation POST /u/signup
func (m *room) submitSignup(w http.ResponseWriter, r *http.Request) error {
	s, form, err := m.submitted(w, r)
	if err != nil {
		return err
	}
	if provider := form.Get("connection"); provider != "" {
		return m.SignIn.ToProvider(w, r, s.transaction, s.state, provider, "")
	}
	if form.Get("action") == telephone.PickAction {
		return m.pickCountry(w, r, s.transaction, s.state, combinedSignup, form)
	}
	s.page.Errors = missing(s.profile(), s.conn)
	if form.Get("password") == "" {
		s.page.Errors = append(s.page.Errors, "no-password")
	}
	if len(s.page.Errors) > 0 {
		return m.signupPage(r.Context(), w, http.StatusBadRequest, s)
	}
	return m.signUp(w, r, s, form.Get("password"), m.signupPage)
}

// submitSignupIdentifier continues with the password, a passkey or a code. An existing account is reported
// only after that.
//
//auth0:operation POST /u/signup/identifier
func (m *room) submitSignupIdentifier(w http.ResponseWriter, r *http.Request) error {
	s, form, err := m.submitted(w, r)
	if err != nil {
		return err
	}
	if provider := form.Get("connection"); provider != "" {
		return m.SignIn.ToProvider(w, r, s.transaction, s.state, provider, "")
	}
	if form.Get("action") == telephone.PickAction {
		return m.pickCountry(w, r, s.transaction, s.state, signupIdentifier, form)
	}
	if s.page.Errors = s.faults(); len(s.page.Errors) > 0 {
		return m.signupIdentifierPage(r.Context(), w, http.StatusBadRequest, s)
	}
	if s.conn.Strategy != storage.DatabaseStrategy {
		return m.signUpByCode(w, r, s)
	}
	applicant := map[string]string{}
	for member := range s.profile() {
		applicant[member] = storage.Text(s.profile(), member)
	}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		return session.ChangeTransaction(tx, s.transaction.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Applicant, t.Picking = applicant, nil
			return nil
		})
	})
	if err != nil {
		return err
	}
	next := signupPassword
	// Auth0: authenticate/database-connections/passkeys: invited users choose a password.
	if form.Get("webauthn-available") == "true" && !s.transaction.Invited && webauthn.SignsUp(s.conn) {
		next = "/u/passkey-enrollment"
	}
	if proof := s.applicantToProve(next); proof != nil {
		if next, err = m.Codes.StartProof(r, s.transaction, *proof); err != nil {
			return err
		}
	}
	return web.Continue(w, r, next, s.state)
}

// applicantToProve returns what a new user has to verify before the page next, or nil.
func (s *signingUp) applicantToProve(next string) *storage.Proof {
	p := storage.Proof{Next: next, Connection: s.conn.Name}
	user := storage.User{Email: s.page.Email, PhoneNumber: s.page.Phone}
	p.Member = account.Unverified(s.conn, user)
	switch p.Address = user.Email; p.Member {
	case "":
		return nil
	case "phone_number":
		p.Address = user.PhoneNumber
	}
	if p.Address == s.transaction.Proved {
		return nil
	}
	return &p
}

// signUpByCode sends a code to the new user's address or number. Entering it creates the account.
func (m *room) signUpByCode(w http.ResponseWriter, r *http.Request, s signingUp) error {
	address, fits := account.PasswordlessAddress(s.conn, cmp.Or(s.page.Email, s.page.Phone))
	if !fits {
		s.page.Errors = []string{map[string]string{"email": "invalid-email-format", "sms": "invalid-phone-number"}[s.conn.Strategy]}
		return m.signupIdentifierPage(r.Context(), w, http.StatusBadRequest, s)
	}
	page, err := m.Codes.StartLogin(r, s.transaction, s.state, s.conn, address)
	if err != nil {
		return err
	}
	return web.Continue(w, r, page, s.state)
}

// submitSignupPassword creates the account and logs the user in.
//
//auth0:operation POST /u/signup/password
func (m *room) submitSignupPassword(w http.ResponseWriter, r *http.Request) error {
	s, form, err := m.submitted(w, r)
	if err != nil {
		return err
	}
	s.takeApplicant()
	switch {
	case len(missing(s.profile(), s.conn)) > 0 || s.conn.Strategy != storage.DatabaseStrategy:
		return web.Continue(w, r, signupIdentifier, s.state)
	case form.Get("password") == "":
		s.page.Errors = []string{"no-password"}
		return m.signupPasswordPage(r.Context(), w, http.StatusBadRequest, s)
	}
	return m.signUp(w, r, s, form.Get("password"), m.signupPasswordPage)
}

// signUp creates the account and continues the login, or shows the page again with an error message.
func (m *room) signUp(w http.ResponseWriter, r *http.Request, s signingUp, password string, show func(context.Context, http.ResponseWriter, int, signingUp) error) error {
	rq := s.transaction.Request()
	a := signin.Applicant{ClientID: rq.ClientID, Organization: rq.Organization, Connection: s.conn.Name, Password: password, Profile: s.profile()}
	s.transaction.MarkProved(a.Profile)
	doc, err := m.create(r, a)
	if err != nil {
		key, demands, ok := explain(err)
		if !ok {
			return err
		}
		s.page.Errors, s.page.Demands = []string{key}, demands
		return show(r.Context(), w, http.StatusBadRequest, s)
	}
	page, err := m.askForProof(r, s, storage.Text(doc, "user_id"))
	if err != nil {
		return err
	}
	if page != "" {
		return web.Continue(w, r, page, s.state)
	}
	var finish func(http.ResponseWriter)
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		user, err := tx.Users.Get(storage.Text(doc, "user_id"))
		if err != nil {
			return err
		}
		finish, err = m.SignIn.Begin(tx, r, s.transaction, signin.Attempt{
			Method: signin.Password, ClientID: a.ClientID, Connection: s.conn.Name, User: user, IP: signin.Address(r),
		})
		return err
	})
	if err != nil {
		return err
	}
	finish(w)
	return web.Resume(w, r, s.state)
}

// askForProof sends a code to a new user if the connection demands verification by code, and returns the
// page that asks for the code. Otherwise it returns "".
func (m *room) askForProof(r *http.Request, s signingUp, userID string) (page string, err error) {
	var proof *storage.Proof
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		user, err := tx.Users.Get(userID)
		if err != nil {
			return err
		}
		stored, err := tx.Passwords.Get(userID)
		proof = passcodes.ToProve(s.conn, user, stored.Hash)
		return err
	})
	if err != nil || proof == nil {
		return "", err
	}
	return m.Codes.StartProof(r, s.transaction, *proof)
}

// missing returns the keys of the error messages about identifiers that are required and missing.
func missing(profile storage.Document, conn storage.Connection) (keys []string) {
	required := account.SignupIdentifiers(conn)
	for _, member := range required {
		if profile[member] == nil {
			keys = append(keys, map[string]string{"email": "no-email", "username": "no-username", "phone_number": "no-phone"}[member])
		}
	}
	if len(required) == 0 && len(profile) == 0 {
		keys = append(keys, "no-identifier")
	}
	return keys
}

// maxIdentifier is the maximum length of a phone number that is stored, in bytes.
const maxIdentifier = 1000

// faults returns the keys of the error messages about missing or malformed identifiers.
func (s *signingUp) faults() []string {
	keys := missing(s.profile(), s.conn)
	if s.page.Email != "" && !resource.IsEmail(s.page.Email) {
		keys = append(keys, "invalid-email-format")
	}
	if s.page.Username != "" && account.CheckUsername(s.conn, s.page.Username, true) != nil {
		keys = append(keys, "invalid-username")
	}
	if len(s.page.Phone) > maxIdentifier {
		keys = append(keys, "invalid-phone-number")
	}
	return keys
}

func (m *room) signupPage(ctx context.Context, w http.ResponseWriter, status int, s signingUp) error {
	if err := m.completeSignup(ctx, &s); err != nil {
		return err
	}
	if s.screens.Login == account.ClassicPage {
		return m.Pages.Write(w, status, templates.ClassicSignup(s.page))
	}
	return m.Pages.Write(w, status, s.page)
}

func (m *room) signupIdentifierPage(ctx context.Context, w http.ResponseWriter, status int, s signingUp) error {
	if err := m.completeSignup(ctx, &s); err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.SignupIdentifier(s.page))
}

func (m *room) signupPasswordPage(ctx context.Context, w http.ResponseWriter, status int, s signingUp) error {
	if err := m.completeSignup(ctx, &s); err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.SignupPassword{Signup: s.page, EditURL: signupIdentifier + "?state=" + url.QueryEscape(s.state)})
}

// completeSignup fills in everything that a page shows except the typed values and errors.
func (m *room) completeSignup(ctx context.Context, s *signingUp) (err error) {
	rq := s.transaction.Request()
	if s.page.Layout, err = m.Pages.Layout(ctx, web.AboutRequest(rq)); err != nil {
		return err
	}
	if s.page.ClientName, _, err = m.appName(ctx, rq.ClientID); err != nil {
		return err
	}
	s.page.State, s.page.Identifiers, s.page.Optional = s.state, account.SignupIdentifiers(s.conn), account.SignupOptional(s.conn)
	if kinds := slices.Concat(s.page.Identifiers, s.page.Optional); slices.Contains(kinds, "phone_number") {
		s.page.Country = telephone.Shown(ctx, s.transaction, s.page.Language)
	}
	s.page.UsernameLeast, s.page.UsernameMost = account.UsernameLengths(s.conn)
	if s.page.Demands == nil {
		s.page.Demands = demandsOf(s.conn)
	}
	s.page.LoginURL = s.screens.Login + "?state=" + url.QueryEscape(s.state)
	return nil
}
