// Package session owns the browser's cookies: the single sign-on session and the
// mark that binds a login under way to the browser that began it. What a session
// allows is decided elsewhere.
package session

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// Cookie names, Auth0: manage-users/cookies/authentication-api-cookies. Each has
// a twin without SameSite for browsers that do not know SameSite=None.
const (
	ssoCookie     = "auth0"
	browserCookie = "did"
	factorCookie  = "auth0-mf"
	formCookie    = "_csrf"
	compatSuffix  = "_compat"
)

// Default lifetimes, Auth0: manage-users/sessions/session-lifetime-limits.
const (
	defaultIdle     = 72 * time.Hour
	defaultAbsolute = 168 * time.Hour
	// Those of sessions whose cookie ends with the browser.
	defaultIdleEphemeral = 24 * time.Hour
	defaultEphemeral     = 72 * time.Hour

	browserLifetime = 365 * 24 * time.Hour
	factorLifetime  = 90 * 24 * time.Hour // the longest that a tenant remembers a browser
	formLifetime    = 10 * 24 * time.Hour
)

// Cookies reads and writes the browser's cookies.
type Cookies struct {
	// Secure says that the issuer is https, so that cookies may and must be
	// Secure; an application on http://localhost is then cross-site to the
	// server, and only SameSite=None cookies come along.
	Secure bool
	// Tenant is the name of a tenant that is not the first of its process, or "": browsers
	// send cookies to every port of a host, and each tenant is to have its own.
	Tenant string
}

// name is the name of one of the tenant's cookies.
func (c Cookies) name(cookie string) string {
	if c.Tenant == "" {
		return cookie
	}
	return cookie + "_" + c.Tenant
}

// Find returns the live session of the request's browser, or an error that wraps
// storage.ErrNotFound.
func (c Cookies) Find(tx *storage.Tx, r *http.Request, now time.Time) (storage.Session, error) {
	value := c.read(r, ssoCookie)
	if value == "" {
		return storage.Session{}, storage.ErrNotFound
	}
	s, err := tx.Sessions.Get(keyOf(value))
	if err == nil && !s.Live(now) {
		return storage.Session{}, storage.ErrNotFound
	}
	return s, err
}

// Begin starts a session of a user who has authenticated, with a cookie and an id of its
// own, and ends the one that the browser had: a session id that somebody else planted is
// worth nothing after the login. s says whose it is and how it began; the rest is filled
// in. finish must be called after the write. Only server/signin calls it.
func (c Cookies) Begin(tx *storage.Tx, r *http.Request, s storage.Session, now time.Time) (finish func(http.ResponseWriter), err error) {
	tenant, err := tx.Tenant.Look(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	s.Ephemeral = tenant.Ephemeral()
	idle, absolute := lifetimes(tenant, s)
	value := keys.Stamp(now) + keys.Random(randomBytes)
	s.CookieHash = keyOf(value)
	s.ID = s.CookieHash[:idLength]
	s.AuthenticatedAt, s.CreatedAt, s.LastUsedAt = now, now, now
	s.ExpiresAt, s.IdleExpiresAt = now.Add(absolute), now.Add(idle)
	replaces := ""
	if old := c.read(r, ssoCookie); old != "" {
		replaces = keyOf(old)
	}
	return func(w http.ResponseWriter) { c.write(w, ssoCookie, value, lasting(absolute, s.Ephemeral)) }, tx.StartSession(s, replaces)
}

// A session's cookie is the time at which it began, and chance. So is its key, with a hash in the
// place of what is by chance: sessions that begin together are kept together, which spares writes.
const (
	randomBytes = 32
	idLength    = 32 // of the session's id, the beginning of the key
)

// keyOf is the key of the session that a cookie names. Those of earlier versions have no time.
func keyOf(cookie string) string {
	if len(cookie) != keys.StampLength+base64.RawURLEncoding.EncodedLen(randomBytes) {
		return keys.Hash(cookie)
	}
	return cookie[:keys.StampLength] + keys.Hash(cookie)
}

// lasting is how long a browser keeps a cookie, 0 for as long as it runs.
func lasting(lifetime time.Duration, ephemeral bool) time.Duration {
	if ephemeral {
		return 0
	}
	return lifetime
}

// lifetimes returns the idle and the absolute lifetime of a session of the tenant's.
func lifetimes(t storage.Tenant, s storage.Session) (idle, absolute time.Duration) {
	hours := func(n float64, otherwise time.Duration) time.Duration {
		if n <= 0 {
			return otherwise
		}
		return clock.Span(n, time.Hour)
	}
	if s.Ephemeral {
		return hours(t.IdleEphemeralLifetime, defaultIdleEphemeral), hours(t.EphemeralLifetime, defaultEphemeral)
	}
	return hours(t.IdleSessionLifetime, defaultIdle), hours(t.SessionLifetime, defaultAbsolute)
}

// UseCounts reports whether a session that an application uses has to be kept anew: an
// application that uses it first is noted, and so is the time, but not at every use within
// the same minute. A session ends at most that much early.
func UseCounts(s storage.Session, clientID string, t storage.Tenant, now time.Time) bool {
	const share = 100 // of an idle lifetime that is short
	idle, _ := lifetimes(t, s)
	return !slices.Contains(s.Clients, clientID) || now.Sub(s.LastUsedAt) >= min(time.Minute, idle/share)
}

// Used is a session after an application has used it, which moves its idle lifetime: Auth0:
// manage-users/sessions.
func Used(s storage.Session, clientID string, t storage.Tenant, now time.Time) storage.Session {
	idle, _ := lifetimes(t, s)
	s.LastUsedAt, s.IdleExpiresAt = now, now.Add(idle)
	if !slices.Contains(s.Clients, clientID) {
		s.Clients = append(slices.Clone(s.Clients), clientID)
	}
	return s
}

// End ends the session of the request's browser and returns it, or an error that
// wraps storage.ErrNotFound.
func (c Cookies) End(tx *storage.Tx, r *http.Request, now time.Time) (storage.Session, error) {
	s, err := c.Find(tx, r, now)
	if err != nil {
		return s, err
	}
	return s, tx.EndSession(s, storage.LoggedOut)
}

// Forget takes the session cookies away from the browser.
func (c Cookies) Forget(w http.ResponseWriter) { c.write(w, ssoCookie, "", -time.Second) }

// Browser returns the mark of the request's browser, or "".
func (c Cookies) Browser(r *http.Request) string { return c.read(r, browserCookie) }

// Remembered returns the mark of a browser that may skip the further factor, or "". What it is
// worth, and to whom, the store knows.
func (c Cookies) Remembered(r *http.Request) string { return c.read(r, factorCookie) }

// Remember gives the browser a mark to be remembered by, which ends with the browser where sessions do.
func (c Cookies) Remember(w http.ResponseWriter, mark string, ephemeral bool) {
	c.write(w, factorCookie, mark, lasting(factorLifetime, ephemeral))
}

// MarkForm gives the browser the cookie of the classic login's form, and returns its value, which the
// form sends as well. It is for clients that look for it: what guards the form is the login under way,
// which is the browser's, and the origin.
func (c Cookies) MarkForm(w http.ResponseWriter) string {
	mark := keys.Random(27)
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the issuer's scheme
		Name: c.name(formCookie), Value: mark, Path: "/usernamepassword/login", HttpOnly: true, Secure: c.Secure,
		MaxAge: int(formLifetime.Seconds()), SameSite: http.SameSiteLaxMode,
	})
	return mark
}

// read returns the value of a cookie or of its twin. Ids come from cookies only,
// never from a URL.
func (c Cookies) read(r *http.Request, name string) string {
	name = c.name(name)
	for _, n := range []string{name, name + compatSuffix} {
		if cookie, err := r.Cookie(n); err == nil && cookie.Value != "" {
			return cookie.Value
		}
	}
	return ""
}

// write gives the browser a cookie with its twin, for a time or, where that is 0, for as long as the browser runs.
func (c Cookies) write(w http.ResponseWriter, name, value string, lifetime time.Duration) {
	name = c.name(name)
	cookie := http.Cookie{ //nolint:gosec // Secure follows the issuer's scheme
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: c.Secure,
		MaxAge: int(lifetime.Seconds()), SameSite: http.SameSiteLaxMode,
	}
	if !c.Secure {
		http.SetCookie(w, &cookie)
		return
	}
	cookie.SameSite = http.SameSiteNoneMode
	http.SetCookie(w, &cookie)
	cookie.Name, cookie.SameSite = name+compatSuffix, 0
	http.SetCookie(w, &cookie)
}
