package authorize_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	loginPage   = "/u/login"
	consentPage = "/u/consent"
	code        = "code"
	login       = "login_required: Login required"
	consent     = "consent_required: Consent required"
)

// TestPromptsAndSessions combines prompt, max_age and connection with the age of a session of
// the connection db that began at noon.
func TestPromptsAndSessions(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	tn.logIn(ann)
	known, stranger := tn.browser, tn.Client()
	for _, tt := range []struct {
		name    string
		age     time.Duration // of the session; below 0 is none
		params  []string
		outcome string
	}{
		{"no session", -1, nil, loginPage},
		{"no session, silent", -1, []string{"prompt", "none"}, login},
		{"no session, consent", -1, []string{"prompt", "consent"}, loginPage},
		{"session", 0, nil, code},
		{"session, silent", 0, []string{"prompt", "none"}, code},
		{"session, login", 0, []string{"prompt", "login"}, loginPage},
		{"session, select_account", 0, []string{"prompt", "select_account"}, loginPage},
		{"session, consent", 0, []string{"prompt", "consent"}, consentPage},
		{"session, login and consent", 0, []string{"prompt", "login consent"}, loginPage},
		{"session, sign-up asked for", 0, []string{"screen_hint", "signup"}, code},
		{"young enough", time.Minute, []string{"max_age", "60"}, code},
		{"too old", 61 * time.Second, []string{"max_age", "60"}, loginPage},
		{"too old, silent", 61 * time.Second, []string{"max_age", "60", "prompt", "none"}, login},
		{"max_age 0 at the same instant", 0, []string{"max_age", "0"}, loginPage},
		{"max_age of three thousand years", time.Minute, []string{"max_age", "99999999999"}, code},
		{"the session's connection", 0, []string{"connection", "db"}, code},
		{"another connection", 0, []string{"connection", "db2"}, loginPage},
		{"another connection, silent", 0, []string{"connection", "db2", "prompt", "none"}, login},
		{"consent is skipped", 0, []string{"audience", "urn:open", "scope", "openid read:it"}, code},
		{"consent is needed", 0, []string{"audience", "urn:asking", "scope", "openid read:it"}, consentPage},
		{"consent is needed, silent", 0, []string{"audience", "urn:asking", "scope", "openid read:it", "prompt", "none"}, consent},
		{"a third party asks always", 0, []string{"client_id", "third", "redirect_uri", "https://third.example.com/callback"}, consentPage},
		{"a second application logs in without a form", 0, []string{"client_id", "second", "redirect_uri", "https://second.example.com/callback"}, code},
		{"a second application, silent", 0, []string{"client_id", "second", "redirect_uri", "https://second.example.com/callback", "prompt", "none"}, code},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn.t, tn.browser = t, known
			if tt.age < 0 {
				tn.browser = stranger
			}
			tn.Freeze(noon.Add(max(tt.age, 0)))
			diff(t, "outcome", tn.outcome(tt.params...), tt.outcome)
		})
	}
}

// TestLifetimesOfSessions: sessions end after 2 hours without use, and after 10 hours in any case.
func TestLifetimesOfSessions(t *testing.T) {
	tn := start(t)
	at := func(after time.Duration) { tn.Freeze(noon.Add(after)) }
	silent := func() string { return tn.outcome("prompt", "none") }
	at(0)
	tn.logIn(ann)
	at(2*time.Hour - time.Second)
	diff(t, "just before it has been idle for too long", silent(), code)
	at(4*time.Hour - 2*time.Second)
	diff(t, "after use had moved the idle lifetime", silent(), code)
	at(6 * time.Hour)
	diff(t, "after it was idle for too long", silent(), login)

	at(0)
	tn.logIn(ann)
	for hours := range 9 {
		at(time.Duration(hours+1) * time.Hour)
		diff(t, "in use every hour", silent(), code)
	}
	at(10*time.Hour - time.Second)
	diff(t, "just before its absolute end", silent(), code)
	at(10 * time.Hour)
	diff(t, "at its absolute end", silent(), login)
	diff(t, "and with a form", tn.outcome(), loginPage)
}

// TestUsesWithinAMinuteAreOne: the idle lifetime is extended at most once a minute, but an
// application that uses the session for the first time is recorded at once.
func TestUsesWithinAMinuteAreOne(t *testing.T) {
	const idle = 2 * time.Hour
	tn := start(t)
	for after, want := range map[time.Duration]string{59 * time.Second: login, 60 * time.Second: code} {
		tn.browser = tn.Client() // without the session of the round before, which was used later than noon
		tn.Freeze(noon)
		tn.logIn(ann)
		tn.Freeze(noon.Add(after))
		diff(t, "a use", tn.outcome("prompt", "none"), code)
		tn.Freeze(noon.Add(idle))
		diff(t, fmt.Sprintf("%v after the login, and then at its idle end", after), tn.outcome("prompt", "none"), want)
	}
	tn.browser = tn.Client()
	tn.Freeze(noon)
	tn.logIn(ann)
	tn.Freeze(noon.Add(time.Second))
	diff(t, "a use by another application", tn.outcome("client_id", "second", "redirect_uri", "https://second.example.com/callback", "prompt", "none"), code)
	tn.Freeze(noon.Add(idle))
	diff(t, "at the idle end after the login", tn.outcome("prompt", "none"), code)
}

func TestABlockedUserGoesBackWithAnError(t *testing.T) {
	tn := start(t)
	r := tn.logIn("bob@example.com")
	diff(t, "error", r.Get("error")+": "+r.Get("error_description"), "unauthorized: user is blocked")
	diff(t, "and with the session", tn.outcome("prompt", "none"), "unauthorized: user is blocked")
}

func TestTheConnectionOfARequestIsTheOnlyOne(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		connection, user string
		in               bool
	}{{"db", "ann", true}, {"db2", "cat", true}, {"db", "cat", false}, {"db2", "ann", false}, {"", "ann", true}, {"", "cat", true}} {
		tn.browser = tn.Client()
		_, page := tn.Visit(tn.browser, tn.target("connection", tt.connection))
		form := page.Form()
		form.Set("username", tt.user+"@example.com")
		form.Set("password", "a password of "+tt.user)
		left, page := tn.Submit(tn.browser, page, form)
		if in := left != nil && left.Query().Get("code") != ""; in != tt.in {
			t.Errorf("%s with connection %q: %v %d", tt.user, tt.connection, left, page.Status)
		}
	}
	// The session belongs to cat, a user of the connection db2.
	for connection, in := range map[string]bool{"": true, "db2": true, "db": false} {
		left, _ := tn.Visit(tn.browser, tn.target("connection", connection, "prompt", "none"))
		if left == nil || (left.Query().Get("code") != "") != in || !in && left.Query().Get("error") != "login_required" {
			t.Errorf("a session with connection %q: %v", connection, left)
		}
	}
}

// TestCookies checks the attributes of every cookie that a login sets.
func TestCookies(t *testing.T) {
	for _, secure := range []bool{true, false} {
		tn := start(t)
		if !secure {
			tn = startPlain(t)
		}
		set := map[string]*http.Cookie{}
		tn.browser.Transport = &recorder{tn.browser.Transport, set}
		tn.logIn(ann)
		wanted := []string{"auth0", "did"}
		if secure {
			wanted = append(wanted, "auth0_compat", "did_compat")
		}
		diff(t, "number of cookies", len(set), len(wanted))
		for _, name := range wanted {
			c := set[name]
			if c == nil {
				t.Errorf("https %v: no cookie %s", secure, name)
				continue
			}
			sameSite := http.SameSiteLaxMode
			if secure {
				sameSite = http.SameSiteNoneMode
			}
			if strings.HasSuffix(name, "_compat") {
				sameSite = 0
				diff(t, "value of the twin", c.Value, set[strings.TrimSuffix(name, "_compat")].Value)
			}
			lifetime := 365 * 24 * 3600
			if strings.HasPrefix(name, "auth0") {
				lifetime = 10 * 3600
			}
			if !c.HttpOnly || c.Secure != secure || c.SameSite != sameSite || c.Path != "/" || c.Domain != "" || c.MaxAge != lifetime || len(c.Value) < 40 {
				t.Errorf("https %v: %s", secure, c.Raw)
			}
		}
	}
}

// recorder keeps the cookies that responses set.
type recorder struct {
	http.RoundTripper
	set map[string]*http.Cookie
}

func (r *recorder) RoundTrip(rq *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(rq)
	if err == nil {
		for _, c := range resp.Cookies() {
			r.set[c.Name] = c
		}
	}
	return resp, err
}

// TestTheTwinIsEnough for browsers that drop cookies with SameSite=None: the _compat cookies alone keep the session.
func TestTheTwinIsEnough(t *testing.T) {
	tn := start(t)
	tn.logIn(ann)
	u, err := url.Parse(tn.URL)
	if err != nil {
		t.Fatal(err)
	}
	twins := tn.Client()
	for _, c := range tn.browser.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "_compat") {
			twins.Jar.SetCookies(u, []*http.Cookie{c})
		}
	}
	tn.browser = twins
	diff(t, "with the twins alone", tn.outcome("prompt", "none"), code)
}
