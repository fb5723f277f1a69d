// Package factors handles the factors of multi-factor authentication: which of them the tenant has enabled,
// which a user has, and whether a login needs one. It checks one-time passwords and recovery codes, and
// drafts the messages with codes. It does not send messages or begin sessions.
package factors

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Types of authenticators, Auth0: api/authentication/multi-factor-authentication.
const (
	OTP          = "otp"
	OOB          = "oob"
	RecoveryCode = "recovery-code"
	// WebAuthnRoaming are WebAuthn credentials on a separate device, such as a security key, and
	// WebAuthnPlatform those on the browser's own device.
	WebAuthnRoaming  = "webauthn-roaming"
	WebAuthnPlatform = "webauthn-platform"
)

// Channels of out-of-band authenticators. App is the channel of push notifications to the app on the user's
// phone; Push is the name of that factor.
const (
	SMS   = "sms"
	Voice = "voice"
	Email = "email"
	App   = "auth0"
	Push  = "push-notification"
)

// Required reports whether the tenant's MFA policies require a further factor in every login. It is false if
// no factor is enabled. The policy confidence-score has no effect here: every login is trusted.
func Required(tx *storage.Tx) (bool, error) {
	policies, err := objects.Policies(tx)
	if err != nil || !slices.Contains(policies, any("all-applications")) {
		return false, err
	}
	enabled, err := Enabled(tx)
	return len(enabled) > 0, err
}

// Enabled returns the names of the factors that the tenant has enabled and users can enroll.
func Enabled(tx *storage.Tx) (names []string, err error) {
	on := func(name string) bool {
		enabled := false
		if err == nil {
			enabled, err = objects.FactorEnabled(tx, name)
		}
		return enabled
	}
	if on("otp") {
		names = append(names, OTP)
	}
	if on(Push) {
		names = append(names, Push)
	}
	if on("sms") {
		channels, e := phoneChannels(tx)
		if e != nil {
			return nil, e
		}
		names = append(names, channels...)
	}
	if on("email") {
		names = append(names, Email)
	}
	for _, name := range []string{WebAuthnRoaming, WebAuthnPlatform} {
		if on(name) {
			names = append(names, name)
		}
	}
	return names, err
}

// phoneChannels returns the tenant's channels for codes to phones; text messages are the default.
func phoneChannels(tx *storage.Tx) ([]string, error) {
	stored, err := tx.Documents(resource.GuardianSettings("phone/message-types").Name, "").Document(storage.SettingsKey)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	list, _ := stored["message_types"].([]any)
	var channels []string
	for _, name := range []string{SMS, Voice} {
		if slices.Contains(list, any(name)) {
			channels = append(channels, name)
		}
	}
	if len(channels) == 0 {
		channels = []string{SMS}
	}
	return channels, nil
}

// Authenticator is a factor of a user, in the API's terms.
type Authenticator struct {
	ID      string `json:"id"`
	Type    string `json:"authenticator_type"`
	Active  bool   `json:"active"`
	Channel string `json:"oob_channel,omitempty"`
	Label   string `json:"name,omitempty"`

	// To is the e-mail address or phone number that codes are sent to.
	To       string `json:"-"`
	document storage.Document
}

// AuthenticatorsOf lists the usable authenticators of a user, in the order of enrollment. Factors that the tenant has
// disabled are left out. If the tenant has disabled the channel that a phone prefers, the phone is listed
// with the other channel.
func AuthenticatorsOf(tx *storage.Tx, userID string) (all []Authenticator, err error) {
	enabled, err := Enabled(tx)
	if err != nil {
		return nil, err
	}
	for doc, err := range tx.Documents(resource.AuthenticationMethods.Name, userID).All() {
		if err != nil {
			return nil, err
		}
		a, ok := read(doc)
		a = a.reached(enabled)
		switch {
		case !ok:
		case a.Type == RecoveryCode, slices.Contains(enabled, a.Name()):
			all = append(all, a)
			if a.Channel == App && a.Active {
				all = append(all, a.shown())
			}
		}
	}
	return all, nil
}

// reached returns a phone authenticator with a channel that the tenant has enabled, even if it prefers
// another one. Other authenticators are returned unchanged.
func (a Authenticator) reached(enabled []string) Authenticator {
	phone := []string{SMS, Voice}
	if !slices.Contains(phone, a.Channel) || slices.Contains(enabled, a.Channel) {
		return a
	}
	for _, channel := range phone {
		if _, method, ok := strings.Cut(a.ID, "|dev_"); ok && slices.Contains(enabled, channel) {
			a.Channel, a.ID = channel, ID(channel, method)
		}
	}
	return a
}

// read converts an authentication method of the Management API to an authenticator. ok is false if it cannot
// be used.
func read(doc storage.Document) (a Authenticator, ok bool) {
	text := func(name string) string { s, _ := doc[name].(string); return s }
	a = Authenticator{Active: doc["confirmed"] == true, document: doc}
	prefix := ""
	switch text("type") {
	case AppMethod:
		prefix, a.Type, a.Channel, a.Label = appPrefix, OOB, App, text("name")
		ok = text(secretMember) != ""
	case "totp":
		prefix, a.Type = "totp", OTP
		ok = text(secretMember) != ""
	case RecoveryCode:
		prefix, a.Type = RecoveryCode, RecoveryCode
		ok = text(recoveryMember) != ""
	case WebAuthnRoaming, WebAuthnPlatform:
		prefix, a.Type, a.Label = text("type"), text("type"), text("name")
		ok = text(resource.WebAuthnCredential) != ""
	case "phone":
		a.Channel = cmp.Or(text("preferred_authentication_method"), SMS)
		prefix, a.Type, a.To, a.Label = a.Channel, OOB, text("phone_number"), maskPhone(text("phone_number"))
		ok = a.To != ""
	case "email":
		prefix, a.Type, a.Channel, a.To, a.Label = Email, OOB, Email, text("email"), maskEmail(text("email"))
		ok = a.To != ""
	}
	a.ID = ID(prefix, text("id"))
	return a, ok
}

// ID returns the id of an authenticator, made from its factor and the id of the authentication method.
func ID(factor, method string) string { return factor + "|dev_" + method }

// IsPhoneNumber reports whether a text is a phone number in international format.
var IsPhoneNumber = regexp.MustCompile(`^\+[0-9]{1,15}$`).MatchString

// PhoneDocument returns the document of a factor that sends codes to a phone number through a channel, for
// Enroll.
func PhoneDocument(number, channel string) storage.Document {
	return storage.Document{"type": "phone", "phone_number": number, "preferred_authentication_method": channel}
}

// maskPhone hides all but the last four characters of a phone number, as Auth0 does.
func maskPhone(number string) string {
	const shown = 4
	hidden := max(len(number)-shown, 0)
	return strings.Repeat("X", hidden) + number[hidden:]
}

// maskEmail hides all but the first characters of the local part and the domain of an e-mail address.
func maskEmail(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	const shown = 4
	return local[:min(len(local), shown)] + "****@" + domain[:min(len(domain), shown)] + "****"
}

// Active reports whether one of the authenticators is confirmed. A recovery code alone does not count.
func Active(all []Authenticator) bool {
	return slices.ContainsFunc(all, func(a Authenticator) bool { return a.Active && a.Type != RecoveryCode })
}

// Find returns the authenticator with an id; ok is false if there is none.
func Find(all []Authenticator, id string) (a Authenticator, ok bool) {
	i := slices.IndexFunc(all, func(a Authenticator) bool { return a.ID == id })
	if i < 0 {
		return a, false
	}
	return all[i], true
}

// MethodID returns the id of the user's authentication method that the authenticator stands for.
func (a Authenticator) MethodID() string { return storage.Text(a.document, "id") }

// OfMethod returns the authenticator of the authentication method with an id; ok is false if there is none.
func OfMethod(all []Authenticator, id string) (a Authenticator, ok bool) {
	i := slices.IndexFunc(all, func(a Authenticator) bool { return a.MethodID() == id })
	if i < 0 {
		return a, false
	}
	return all[i], true
}

// put stores a factor as the Management API does, so that the Management API returns it too.
func put(tx *storage.Tx, userID string, doc storage.Document) error {
	kept, err := objects.AuthenticationMethods.Open(tx, userID)
	if err != nil {
		return err
	}
	return kept.Put(doc)
}

// Enroll adds a factor that is not active yet; a recovery code is active at once. It replaces factors of the
// same type that never became active, and returns the authenticator.
func Enroll(tx *storage.Tx, userID string, doc storage.Document, now time.Time) (a Authenticator, err error) {
	var left []string
	for old, err := range tx.Documents(resource.AuthenticationMethods.Name, userID).All() {
		if err != nil {
			return a, err
		}
		if old["type"] == doc["type"] && old["confirmed"] != true {
			id, _ := old["id"].(string)
			left = append(left, id)
		}
	}
	for _, id := range left {
		if err := tx.Documents(resource.AuthenticationMethods.Name, userID).Delete(id); err != nil {
			return a, err
		}
	}
	doc["id"] = cmp.Or(storage.Text(doc, "id"), resource.AuthenticationMethods.NewID())
	doc["confirmed"], doc["created_at"] = doc["type"] == RecoveryCode, resource.Time(now)
	a, _ = read(doc)
	return a, put(tx, userID, doc)
}

// ErrNotFirst reports that an authenticator cannot become active: it was enrolled as the user's first, and
// another one has become active in the meantime. Somebody who only knows the password must not add an
// authenticator to existing ones.
var ErrNotFirst = errors.New("the user has another authenticator by now")

// firstMember marks the document of a factor that may become active only as the user's first.
const firstMember = "enrolled_as_first"

// MarkFirst marks the document of a factor, for Enroll, as one that may become active only as the user's first.
// It returns the same document.
func MarkFirst(doc storage.Document) storage.Document {
	doc[firstMember] = true
	return doc
}

// RecordUse records that an authenticator was used, which makes it active. For the user's own e-mail address,
// which is not stored as a factor, it does nothing. It may return ErrNotFirst.
func RecordUse(tx *storage.Tx, userID string, a Authenticator, now time.Time) error {
	if a.document == nil {
		return nil
	}
	id, _ := a.document["id"].(string)
	doc, err := tx.Documents(resource.AuthenticationMethods.Name, userID).Document(id)
	if err != nil {
		return err
	}
	if doc["confirmed"] != true {
		all, err := AuthenticatorsOf(tx, userID)
		if err != nil {
			return err
		}
		if doc[firstMember] == true && Active(all) {
			return ErrNotFirst
		}
		delete(doc, firstMember)
		doc["confirmed"], doc["enrolled_at"] = true, resource.Time(now)
	}
	doc["last_auth_at"] = resource.Time(now)
	return put(tx, userID, doc)
}

// Remove deletes an authenticator of a user.
func Remove(tx *storage.Tx, userID string, a Authenticator) error {
	id, _ := a.document["id"].(string)
	return tx.Documents(resource.AuthenticationMethods.Name, userID).Delete(id)
}
