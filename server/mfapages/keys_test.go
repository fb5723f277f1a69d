package mfapages_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"github.com/tenant0/tenant0/server/servertest"
)

// device is an authenticator that keeps a user's key.
type device struct {
	tn     *tenant
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
	party  virtualwebauthn.RelyingParty
}

func (tn *tenant) device() *device {
	return &device{
		tn, virtualwebauthn.NewAuthenticator(), servertest.NewKey(),
		virtualwebauthn.RelyingParty{ID: "localhost", Origin: strings.TrimSuffix(tn.URL, "/")},
	}
}

var options = regexp.MustCompile(`data-options="([^"]*)"`)

func (d *device) options(page servertest.Page) string {
	d.tn.t.Helper()
	found := options.FindStringSubmatch(page.Body)
	if found == nil {
		d.tn.t.Fatalf("the page asks no authenticator: %s", page.Body)
	}
	return html.UnescapeString(found[1])
}

// make answers a page that asks for a new key.
func (d *device) make(page servertest.Page) string {
	d.tn.t.Helper()
	asked, err := virtualwebauthn.ParseAttestationOptions(d.options(page))
	if err != nil {
		d.tn.t.Fatal(err)
	}
	d.device.Options.UserHandle = []byte(asked.UserID)
	return virtualwebauthn.CreateAttestationResponse(d.party, d.device, d.key, *asked)
}

// use answers a page that asks for an existing key.
func (d *device) use(page servertest.Page) string {
	d.tn.t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(d.options(page))
	if err != nil {
		d.tn.t.Fatal(err)
	}
	d.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.party, d.device, d.key, *asked)
}

const keyFailed = "Something went wrong. Please try again or try using another method."

func TestSecurityKeys(t *testing.T) {
	tn := start(t, "webauthn-roaming")
	d, other := tn.device(), tn.device()
	b := tn.browser().logIn("ann").at("/u/mfa-webauthn-roaming-enrollment")
	var asked struct {
		RP                     map[string]string
		User                   map[string]string
		AuthenticatorSelection map[string]any
	}
	if err := json.Unmarshal([]byte(d.options(b.page)), &asked); err != nil {
		t.Fatal(err)
	}
	if asked.RP["id"] != "localhost" || asked.RP["name"] != "Example Co" || asked.User["name"] != "ann@example.com" ||
		asked.AuthenticatorSelection["authenticatorAttachment"] != "cross-platform" || asked.AuthenticatorSelection["userVerification"] != "preferred" {
		t.Errorf("the authenticator is asked %+v", asked)
	}
	old := d.make(b.page)
	b.send("response", "{}", "action", "default").refused("webauthn-failed", keyFailed)
	b.send("response", old, "action", "default").refused("webauthn-failed", keyFailed) // another challenge is asked by now
	d.party.Origin = "https://evil.example.com"
	b.send("response", d.make(b.page), "action", "default").refused("webauthn-failed", keyFailed)
	d.party.Origin = strings.TrimSuffix(tn.URL, "/")
	d.party.ID = "evil.example.com"
	b.send("response", d.make(b.page), "action", "default").refused("webauthn-failed", keyFailed)
	d.party.ID = "localhost"
	claims := b.send("response", d.make(b.page), "action", "default").done()
	diff(t, "amr", claims["amr"], any([]any{"mfa"}))
	diff(t, "methods", tn.methods("ann"), []string{"pwd", "mfa webauthn-roaming"})
	tn.logged("gd_webauthn_enrollment_failed", "gd_enrollment_complete")
	shown, _ := json.Marshal(tn.manage(http.MethodGet, "users/auth0%7Cann/authentication-methods", nil))
	if !strings.Contains(string(shown), `"type":"webauthn-roaming"`) || !strings.Contains(string(shown), `"key_id"`) || strings.Contains(string(shown), "webauthn_credential") {
		t.Errorf("the Management API shows %s", shown)
	}

	b = tn.browser().logIn("ann").at("/u/mfa-webauthn-roaming-challenge")
	stranger := other.use(b.page)
	first := d.use(b.page)

	b.send("response", stranger, "action", "default").refused("webauthn-failed", keyFailed)
	b.send("response", first, "action", "default").refused("webauthn-failed", keyFailed) // an old challenge
	again := d.use(b.page)
	b.send("response", again, "rememberBrowser", "true", "action", "default").done()
	tn.logged("gd_webauthn_challenge_failed")
	b.logIn("ann", "prompt", "login").done()
	b.ask("acr_values", multiFactor).at("/u/mfa-webauthn-roaming-challenge")
	b.send("response", again, "action", "default").refused("webauthn-failed", keyFailed) // replayed
	d.key.Counter = 0
	b.send("response", d.use(b.page), "action", "default").refused("webauthn-failed", keyFailed) // a copy of the key
	d.key.Counter = 10
	tn.later(11 * time.Minute)
	b.send("response", d.use(b.page), "action", "default").refused("webauthn-failed", keyFailed) // too late
	b.send("response", d.use(b.page), "action", "default").done()
}

// TestWhoseKey: a key works only for its user, its kind of factor and the login in which it was asked for.
func TestWhoseKey(t *testing.T) {
	tn := start(t, "webauthn-roaming", "webauthn-platform")
	anns, bobs := tn.device(), tn.device()
	b := tn.browser().logIn("ann").detected(false).at("/u/mfa-webauthn-roaming-enrollment")
	b.send("response", anns.make(b.page), "action", "default").done()
	tn.enable("webauthn-roaming", false) // the device of the browser comes first only where it is the only factor
	b = tn.browser().logIn("bob").detected(true).at("/u/mfa-webauthn-platform-enrollment")
	// A key that ann has cannot be bob's too.
	copied := *anns
	b.send("response", copied.make(b.page), "action", "default").refused("webauthn-failed", keyFailed)
	b.send("response", bobs.make(b.page), "action", "default").done()
	diff(t, "methods", tn.methods("bob"), []string{"pwd", "mfa webauthn-platform"})
	tn.enable("webauthn-roaming", true)

	b = tn.browser().logIn("bob").detected(true).at("/u/mfa-webauthn-platform-challenge")
	b.send("response", anns.use(b.page), "action", "default").refused("webauthn-failed", keyFailed)
	// Bob cannot answer ann's challenge in the same browser, and it does not count in another login.
	tab := b.page
	b.logIn("ann", "prompt", "login").detected(false).at("/u/mfa-webauthn-roaming-challenge")
	asked, verifier := b.page, b.verifier
	b.page = tab
	b.send("response", bobs.use(tab), "action", "default").at("/u/mfa-webauthn-roaming-challenge")
	one := anns.use(asked)
	b.page = asked
	b.ask("acr_values", multiFactor).detected(false).at("/u/mfa-webauthn-roaming-challenge")
	b.send("response", one, "action", "default").refused("webauthn-failed", keyFailed)
	b.page, b.verifier = asked, verifier
	b.send("response", one, "action", "default").done()
	// Without JavaScript the form has no response; as there is no other factor, the page stays.
	b.ask("acr_values", multiFactor).detected(false).at("/u/mfa-webauthn-roaming-challenge").send("action", "default").refused("webauthn-failed", keyFailed)
	for range 9 {
		b.send("response", "x", "action", "default")
	}
	b.send("response", anns.use(b.page), "action", "default").refused("too-many-webauthn-challenge-attempts-error", "Too many failed authentication attempts. Please try again later.")
	// When a user's factors are deleted, the key may be registered again.
	tn.manage(http.MethodDelete, "users/auth0%7Cann/authentication-methods", nil)
	tn.later(time.Hour)
	b = tn.browser().logIn("ann").detected(false).at("/u/mfa-webauthn-roaming-enrollment")
	b.send("response", anns.make(b.page), "action", "default").done()
}

func TestSettingsOfKeys(t *testing.T) {
	tn := start(t, "webauthn-roaming")
	tn.manage(http.MethodPut, "guardian/factors/webauthn-roaming/settings", object{"userVerification": "required", "overrideRelyingParty": true, "relyingPartyIdentifier": "example.com"})
	d := tn.device()
	b := tn.browser().logIn("ann").at("/u/mfa-webauthn-roaming-enrollment")
	if o := d.options(b.page); !strings.Contains(o, `"userVerification":"required"`) || !strings.Contains(o, `"id":"example.com"`) {
		t.Errorf("the authenticator is asked %s", o)
	}
	d.party.ID, d.device.Options.UserNotVerified = "example.com", true
	b.send("response", d.make(b.page), "action", "default").refused("webauthn-failed", keyFailed)
	d.device.Options.UserNotVerified = false
	b.send("response", d.make(b.page), "action", "default").done()
	// The API lists the key, but cannot challenge it.
	form := url.Values{"grant_type": {"password"}, "client_id": {"app"}, "username": {"ann@example.com"}, "password": {"a password of ann"}}
	status, body := tn.Token(b.client, form)
	diff(t, "status", status, 403)
	diff(t, "requirements", body["mfa_requirements"], any(object{"challenge": []any{object{"type": "webauthn-roaming"}}}))
}
