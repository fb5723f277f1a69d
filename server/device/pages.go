package device

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Limits on guessing user codes from one IP address: maxGuesses wrong codes at once, and one
// more every guessEvery.
const (
	maxGuesses = 10
	guessEvery = 6 * time.Minute
)

// Keys of the error messages about a code, Auth0:
// customize/login-pages/universal-login/customize-templates.
const (
	noCode      = "no-code"
	invalidCode = "invalid-expired-code"
	tooManyBad  = "too-many-failures"
)

// show serves the page that asks for the code or, if the URL contains a code, the page that
// asks the user to confirm it.
//
//auth0:operation GET /activate
func (m *room) show(w http.ResponseWriter, r *http.Request) error {
	typed := r.URL.Query().Get("user_code")
	if typed == "" {
		return m.ask(r.Context(), w, http.StatusOK, "")
	}
	d, client, err := m.waiting(r, typed)
	if err != nil {
		return m.askAgain(w, r, typed, err)
	}
	layout, err := m.Pages.Layout(r.Context(), web.About{ClientID: d.ClientID})
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.DeviceConfirmation{Layout: layout, ClientName: client.Name, Code: strings.ToUpper(typed)})
}

// submit takes the typed code, or the user's confirmation or cancellation of a code.
//
//auth0:operation POST /activate
func (m *room) submit(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(form.Get("code"))
	answered := r.URL.Query().Get("user_code")
	switch action := form.Get("action"); {
	case answered != "" && action == "confirm":
		return m.confirm(w, r, answered)
	case answered != "" && action == "cancel":
		return m.cancel(w, r, answered)
	case typed == "":
		return m.ask(r.Context(), w, http.StatusBadRequest, "", noCode)
	}
	if _, _, err := m.waiting(r, typed); err != nil {
		return m.askAgain(w, r, typed, err)
	}
	return web.Redirect(w, r, "/activate?user_code="+url.QueryEscape(strings.ToUpper(typed)))
}

// errUnknown reports a user code that no waiting device has.
var errUnknown = errors.New("no device waits with the code")

// waiting finds the waiting device with a user code, and its application. Wrong codes are
// counted by IP address. It returns errUnknown for a wrong code, and storage.ErrTooMany after
// too many of them.
func (m *room) waiting(r *http.Request, typed string) (d storage.Device, client storage.Client, err error) {
	now, wrong := m.Now(), false
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		wrong = false
		d, err = tx.Devices.Find("user_code", normal(typed))
		if storage.IsNotFound(err) || err == nil && (!now.Before(d.ExpiresAt) || d.Denied || d.Issue != nil) {
			wrong = true
			return tx.Guess("device\x01"+signin.Address(r), maxGuesses, guessEvery, now)
		}
		if err != nil {
			return err
		}
		client, err = tx.Clients.Get(d.ClientID)
		return err
	})
	if err == nil && wrong {
		err = errUnknown
	}
	return d, client, err
}

// askAgain shows the page that asks for the code again, with an error message about the wrong
// code.
func (m *room) askAgain(w http.ResponseWriter, r *http.Request, typed string, err error) error {
	key := invalidCode
	switch {
	case errors.Is(err, storage.ErrTooMany):
		key = tooManyBad
	case !errors.Is(err, errUnknown):
		return err
	}
	m.Log.Record(r, tenantlog.Event{Type: tenantlog.DeviceNotActivated, Description: "Invalid or expired user code"})
	return m.ask(r.Context(), w, http.StatusBadRequest, typed, key)
}

func (m *room) ask(ctx context.Context, w http.ResponseWriter, status int, typed string, errs ...string) error {
	layout, err := m.Pages.Layout(ctx, web.About{})
	if err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.DeviceActivation{Layout: layout, Code: typed, Errors: errs})
}

// loginLifetime is how long the login to allow a device may take.
const loginLifetime = time.Hour

// loginPath is the redirect URI of that login.
const loginPath = "/u/device-code-activation"

// confirm begins the login. Its authorization code cannot be redeemed at the token endpoint,
// because nobody has the verifier of its code challenge.
func (m *room) confirm(w http.ResponseWriter, r *http.Request, typed string) error {
	d, _, err := m.waiting(r, typed)
	if err != nil {
		return m.askAgain(w, r, typed, err)
	}
	now, mark := m.Now(), keys.Random(32)
	challenge := sha256.Sum256([]byte(keys.Random(32)))
	err = m.change(r.Context(), d.Hash, func(d *storage.Device) error {
		d.LoginHash = keys.Hash(mark)
		return nil
	})
	if err != nil {
		return m.askAgain(w, r, typed, err)
	}
	state, err := m.Cookies.Start(w, r, m.DB, storage.Transaction{
		CreatedAt: now, ExpiresAt: now.Add(loginLifetime),
		Asked: storage.AuthorizeRequest{
			ClientID: d.ClientID, ResponseType: "code", ResponseMode: "query", State: mark, Scope: d.Scope, Audience: d.Audience,
			RedirectURI: m.Issuer.URL + loginPath[1:], RedirectURISent: true,
			CodeChallenge: base64.RawURLEncoding.EncodeToString(challenge[:]), CodeChallengeMethod: "S256",
		},
	})
	if err != nil {
		return err
	}
	return web.Resume(w, r, state)
}

// change changes and stores a waiting device. It returns errUnknown if the device is not
// waiting any more.
func (m *room) change(ctx context.Context, hash string, change func(*storage.Device) error) error {
	return m.DB.Update(ctx, func(tx *storage.Tx) error {
		d, err := tx.Devices.Get(hash)
		if storage.IsNotFound(err) || err == nil && (d.Denied || d.Issue != nil || !m.Now().Before(d.ExpiresAt)) {
			return errUnknown
		}
		if err != nil {
			return err
		}
		if err := change(&d); err != nil {
			return err
		}
		return tx.Devices.Put(d)
	})
}

// cancel marks a device as denied by the user.
func (m *room) cancel(w http.ResponseWriter, r *http.Request, typed string) error {
	d, client, err := m.waiting(r, typed)
	if err == nil {
		err = m.deny(r.Context(), d)
	}
	if err != nil {
		return m.askAgain(w, r, typed, err)
	}
	m.Log.Record(r, tenantlog.Event{
		Type: tenantlog.DeviceCanceled, Description: apierr.DeviceDenied.Message, ClientID: client.ClientID, ClientName: client.Name,
	})
	return m.end(r.Context(), w, http.StatusOK, client, templates.DeviceDenied)
}

func (m *room) deny(ctx context.Context, d storage.Device) error {
	return m.change(ctx, d.Hash, func(d *storage.Device) error {
		d.Denied = true
		return nil
	})
}

func (m *room) end(ctx context.Context, w http.ResponseWriter, status int, client storage.Client, outcome templates.Outcome) error {
	layout, err := m.Pages.Layout(ctx, web.About{ClientID: client.ClientID})
	if err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.Result{Layout: layout, Outcome: outcome, ClientName: client.Name})
}

// loggedIn takes the response of the login: with a code the device is allowed, with an error
// it is denied.
//
//auth0:operation GET /u/device-code-activation
func (m *room) loggedIn(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	var d storage.Device
	var client storage.Client
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if params.Get("state") == "" {
			return storage.ErrNotFound
		}
		if d, err = tx.Devices.Find("login", keys.Hash(params.Get("state"))); err != nil {
			return err
		}
		client, err = tx.Clients.Get(d.ClientID)
		return err
	})
	switch {
	case storage.IsNotFound(err):
		return apierr.TransactionExpired.With(err)
	case err != nil:
		return err
	case d.Issue != nil: // the page was requested twice
		return m.end(r.Context(), w, http.StatusOK, client, templates.DeviceAllowed)
	case params.Get("code") == "":
		if err := m.deny(r.Context(), d); err != nil && !errors.Is(err, errUnknown) {
			return err
		}
		return m.end(r.Context(), w, http.StatusForbidden, client, templates.DeviceDenied)
	}
	err = m.allow(r.Context(), d, keys.Hash(params.Get("code")))
	if storage.IsNotFound(err) || errors.Is(err, errUnknown) {
		return apierr.TransactionExpired.With(err)
	}
	if err != nil {
		return err
	}
	return m.end(r.Context(), w, http.StatusOK, client, templates.DeviceAllowed)
}

// allow stores the content of the login's authorization code for the device to fetch, and
// deletes the code. If somebody else has begun a login with the same user code meanwhile, that login
// decides about the device.
func (m *room) allow(ctx context.Context, asked storage.Device, codeHash string) error {
	now := m.Now()
	return m.DB.Update(ctx, func(tx *storage.Tx) error {
		code, err := tx.Codes.Get(codeHash)
		if err != nil {
			return err
		}
		d, err := tx.Devices.Get(asked.Hash)
		switch {
		case err != nil:
			return err
		case d.LoginHash != asked.LoginHash, d.Denied, d.Issue != nil, !now.Before(d.ExpiresAt), !now.Before(code.ExpiresAt),
			code.Issue.ClientID != d.ClientID, code.RedirectURI != m.Issuer.URL+loginPath[1:]:
			return errUnknown
		}
		issue := code.Issue
		d.Issue, d.GrantID = &issue, code.GrantID
		if err := tx.Codes.Delete(codeHash); err != nil {
			return err
		}
		return tx.Devices.Put(d)
	})
}
