// Package session owns the browser's cookies: the single sign-on session, and the random mark
// that ties a login under way to the browser that began it. What a session allows is decided by
// other packages.
package session

import (
	"encoding/base64"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// Cookie names, Auth0: manage-users/cookies/authentication-api-cookies. On https each has a twin
// with the suffix _compat and no SameSite, for browsers that do not know SameSite=None.
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
	// Lifetimes of ephemeral sessions, whose cookie ends when the browser is closed.
	defaultIdleEphemeral = 24 * time.Hour
	defaultEphemeral     = 72 * time.Hour

	browserLifetime = 365 * 24 * time.Hour
	factorLifetime  = 90 * 24 * time.Hour // the longest time that a browser is remembered after a further factor
	formLifetime    = 10 * 24 * time.Hour
)

// Cookies reads and writes the browser's cookies.
type Cookies struct {
	// Secure says that the issuer's URL is https. Cookies are then Secure and SameSite=None,
	// because to an application on http://localhost the server is another site, whose cookies
	// browsers send with its requests only with SameSite=None.
	Secure bool
	// Tenant is added to the names of the cookies. It is "" for the first tenant of the process.
	// Browsers send a host's cookies to all of its ports, so tenants need different names.
	Tenant string
}

// name returns the tenant's name for a cookie.
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

// Begin starts a session of a user who has authenticated, with a new cookie and a new id, and
// ends the browser's former session, so that a session id which an attacker planted is worth
// nothing after the login. The caller sets in s the user and how they authenticated, and when if it
// was not just now; Begin fills in the rest. finish sets the cookie and must be called after the write. Only server/signin
// calls Begin.
func (c Cookies) Begin(tx *storage.Tx, r *http.Request, s storage.Session, now time.Time) (finish func(http.ResponseWriter), err error) {
	tenant, err := tx.Tenant.GetShared(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	s.Ephemeral = tenant.Ephemeral()
	idle, absolute := lifetimes(tenant, s)
	value := keys.Stamp(now) + keys.Random(randomBytes)
	s.CookieHash = keyOf(value)
	s.ID = s.CookieHash[:idLength]
	s.CreatedAt, s.LastUsedAt = now, now
	if s.AuthenticatedAt.IsZero() {
		s.AuthenticatedAt = now
	}
	s.ExpiresAt, s.IdleExpiresAt = now.Add(absolute), now.Add(idle)
	s.Device = UsedFrom(r)(s.Device)
	replaces := ""
	if old := c.read(r, ssoCookie); old != "" {
		replaces = keyOf(old)
	}
	return func(w http.ResponseWriter) { c.write(w, ssoCookie, value, lasting(absolute, s.Ephemeral)) }, tx.StartSession(s, replaces)
}

// A session's cookie is the time of its creation and random text. The key in the store begins
// with the same time, followed by a hash of the cookie, so that sessions of one time are stored
// side by side, which saves writes.
const (
	randomBytes = 32
	idLength    = 32 // characters of the key that make the session's id
)

// keyOf returns the store's key for a session cookie. Cookies of earlier versions do not begin
// with a time.
func keyOf(cookie string) string {
	if len(cookie) != keys.StampLength+base64.RawURLEncoding.EncodedLen(randomBytes) {
		return keys.Hash(cookie)
	}
	return cookie[:keys.StampLength] + keys.Hash(cookie)
}

// lasting returns how long a browser keeps a cookie; 0 means until the browser is closed.
func lasting(lifetime time.Duration, ephemeral bool) time.Duration {
	if ephemeral {
		return 0
	}
	return lifetime
}

// lifetimes returns the idle and the absolute lifetime of a session, from the tenant's settings.
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

// Address returns the IP address that a request comes from.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// maxUserAgent bounds the User-Agent that is kept, in bytes: a browser may send a very long one.
const maxUserAgent = 512

// UsedFrom returns a function that changes the device of a session or a refresh token, which says from where it was
// first and last used, for a use by a request. Auth0: api/management/v2/sessions/get-session.
func UsedFrom(r *http.Request) func(storage.Document) storage.Document {
	userAgent := r.UserAgent()
	userAgent = strings.ToValidUTF8(userAgent[:min(len(userAgent), maxUserAgent)], "")
	return func(device storage.Document) storage.Document {
		used := storage.Document{}
		for from, value := range map[string]string{"ip": Address(r), "user_agent": userAgent} {
			initial, known := device["initial_"+from]
			if value != "" {
				used["last_"+from] = value
			}
			switch {
			case known:
				used["initial_"+from] = initial
			case device == nil && value != "":
				used["initial_"+from] = value
			}
		}
		return used
	}
}

// UseCounts reports whether an application's use of a session must be stored: at the
// application's first use, and otherwise if the last stored use is a minute old, or a hundredth
// of a shorter idle lifetime. A session therefore ends at most that much too early.
func UseCounts(s storage.Session, clientID string, t storage.Tenant, now time.Time) bool {
	const share = 100 // of an idle lifetime that is short
	idle, _ := lifetimes(t, s)
	return !slices.Contains(s.Clients, clientID) || now.Sub(s.LastUsedAt) >= min(time.Minute, idle/share)
}

// Used returns a session after an application has used it, which renews its idle lifetime, Auth0:
// manage-users/sessions.
func Used(s storage.Session, r *http.Request, clientID string, t storage.Tenant, now time.Time) storage.Session {
	idle, _ := lifetimes(t, s)
	s.Device = UsedFrom(r)(s.Device)
	s.LastUsedAt, s.IdleExpiresAt = now, now.Add(idle)
	if !slices.Contains(s.Clients, clientID) {
		s.Clients = append(slices.Clone(s.Clients), clientID)
	}
	return s
}

// Repeated returns a request as its browser would send it again after an answer with a header.
func Repeated(r *http.Request, answer http.Header) *http.Request {
	next := r.Clone(r.Context())
	next.Header.Del("Cookie")
	set := (&http.Response{Header: answer}).Cookies()
	for _, cookie := range r.Cookies() {
		if !slices.ContainsFunc(set, func(c *http.Cookie) bool { return c.Name == cookie.Name }) {
			next.AddCookie(cookie)
		}
	}
	for _, cookie := range set {
		if cookie.MaxAge >= 0 {
			next.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value}) //nolint:gosec // it goes to no browser
		}
	}
	return next
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

// Forget deletes the session cookie from the browser.
func (c Cookies) Forget(w http.ResponseWriter) { c.write(w, ssoCookie, "", -time.Second) }

// Browser returns the mark of the request's browser, or "" if it has none.
func (c Cookies) Browser(r *http.Request) string { return c.read(r, browserCookie) }

// Remembered returns the mark of a browser that was remembered after a further factor, or "". For
// which user and for how long the mark is valid is in the store.
func (c Cookies) Remembered(r *http.Request) string { return c.read(r, factorCookie) }

// Remember sets the mark of a remembered browser; if ephemeral, the cookie ends when the browser
// is closed.
func (c Cookies) Remember(w http.ResponseWriter, mark string, ephemeral bool) {
	c.write(w, factorCookie, mark, lasting(factorLifetime, ephemeral))
}

// MarkForm sets the _csrf cookie of the classic login page and returns its value, which the form
// sends too. It exists for clients that expect it; what protects the form is the check that the
// login under way belongs to this browser, and the check of the Origin header.
func (c Cookies) MarkForm(w http.ResponseWriter) string {
	mark := keys.Random(27)
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the issuer's scheme
		Name: c.name(formCookie), Value: mark, Path: "/usernamepassword/login", HttpOnly: true, Secure: c.Secure,
		MaxAge: int(formLifetime.Seconds()), SameSite: http.SameSiteLaxMode,
	})
	return mark
}

// read returns the value of a cookie or of its twin. Session ids are read from cookies only,
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

// write sets a cookie and its twin. A lifetime of 0 means until the browser is closed.
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
