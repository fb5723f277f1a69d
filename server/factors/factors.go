// Package factors knows the further factors by which users authenticate: which of them the
// tenant has switched on, which a user has, and whether a login needs one. It checks one-time
// passwords and recovery codes, and words the messages that carry codes. It sends nothing and lets
// nobody in.
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
	// WebAuthnRoaming and WebAuthnPlatform are keys that a device beside the browser keeps, or the
	// browser's own device.
	WebAuthnRoaming  = "webauthn-roaming"
	WebAuthnPlatform = "webauthn-platform"
)

// Channels of out-of-band authenticators. Push is the name of the factor whose channel is App: the
// app on the user's phone.
const (
	SMS   = "sms"
	Voice = "voice"
	Email = "email"
	App   = "auth0"
	Push  = "push-notification"
)

// Required reports whether the tenant's policies ask every login for a further factor: a
// policy without a factor that can be used asks for none. The policy confidence-score trusts
// every login here.
func Required(tx *storage.Tx) (bool, error) {
	policies, err := objects.Policies(tx)
	if err != nil || !slices.Contains(policies, any("all-applications")) {
		return false, err
	}
	enabled, err := Enabled(tx)
	return len(enabled) > 0, err
}

// Enabled lists what the tenant has switched on and a user can enroll, by their names.
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

// phoneChannels are the ways in which a phone gets its codes, text messages where the tenant
// says nothing.
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

// Authenticator is one further factor of a user.
type Authenticator struct {
	ID      string `json:"id"`
	Type    string `json:"authenticator_type"`
	Active  bool   `json:"active"`
	Channel string `json:"oob_channel,omitempty"`
	Label   string `json:"name,omitempty"`

	// To is the address or the number that codes go to.
	To       string `json:"-"`
	document storage.Document
}

// Of lists the authenticators of a user that can be used, in the order in which they were
// enrolled. What the tenant has switched off is not among them; a phone that prefers a way which the tenant does not
// have any more is reached by the one that it has.
func Of(tx *storage.Tx, userID string) (all []Authenticator, err error) {
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

// reached is a phone as the tenant reaches it, which may be otherwise than it prefers, and any other authenticator.
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

// read makes an authenticator of a document of the Management API.
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

// ID is the id of an authenticator by its factor and the id of the authentication method.
func ID(factor, method string) string { return factor + "|dev_" + method }

// IsPhoneNumber reports whether a text is a number in international form.
var IsPhoneNumber = regexp.MustCompile(`^\+[0-9]{1,15}$`).MatchString

// PhoneDocument is the factor of a number that codes go to by a channel, for Enroll.
func PhoneDocument(number, channel string) storage.Document {
	return storage.Document{"type": "phone", "phone_number": number, "preferred_authentication_method": channel}
}

// maskPhone shows the end of a number alone, as Auth0 does.
func maskPhone(number string) string {
	const shown = 4
	hidden := max(len(number)-shown, 0)
	return strings.Repeat("X", hidden) + number[hidden:]
}

// maskEmail shows the beginnings of an address alone.
func maskEmail(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	const shown = 4
	return local[:min(len(local), shown)] + "****@" + domain[:min(len(domain), shown)] + "****"
}

// Active reports whether one of the authenticators proves something: a recovery code alone
// does not.
func Active(all []Authenticator) bool {
	return slices.ContainsFunc(all, func(a Authenticator) bool { return a.Active && a.Type != RecoveryCode })
}

// Find returns the authenticator with an id; ok is false for none.
func Find(all []Authenticator, id string) (a Authenticator, ok bool) {
	i := slices.IndexFunc(all, func(a Authenticator) bool { return a.ID == id })
	if i < 0 {
		return a, false
	}
	return all[i], true
}

// MethodID is the id of an authenticator among the authentication methods of its user.
func (a Authenticator) MethodID() string { return storage.Text(a.document, "id") }

// OfMethod returns the authenticator that is an authentication method with an id; ok is false for none.
func OfMethod(all []Authenticator, id string) (a Authenticator, ok bool) {
	i := slices.IndexFunc(all, func(a Authenticator) bool { return a.MethodID() == id })
	if i < 0 {
		return a, false
	}
	return all[i], true
}

// put writes a factor as the Management API does, so that it is found there as well.
func put(tx *storage.Tx, userID string, doc storage.Document) error {
	kept, err := objects.AuthenticationMethods.Open(tx, userID)
	if err != nil {
		return err
	}
	return kept.Put(doc)
}

// Enroll adds a factor that is not active yet, in the place of one of its type that never
// became active. The answer is the authenticator.
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

// ErrNotFirst reports an authenticator that was added as the first one, and is not used before
// there is another: whoever knows the password alone is not to add one to those that there are.
var ErrNotFirst = errors.New("the user has another authenticator by now")

// firstMember marks the document of a factor that may become active as the first one alone.
const firstMember = "enrolled_as_first"

// First makes the document of a factor, for Enroll, that of one which may become active as the
// first one alone.
func First(doc storage.Document) storage.Document {
	doc[firstMember] = true
	return doc
}

// Used notes that an authenticator was used, which makes it active. A user's own address is none
// that is kept. It returns ErrNotFirst.
func Used(tx *storage.Tx, userID string, a Authenticator, now time.Time) error {
	if a.document == nil {
		return nil
	}
	id, _ := a.document["id"].(string)
	doc, err := tx.Documents(resource.AuthenticationMethods.Name, userID).Document(id)
	if err != nil {
		return err
	}
	if doc["confirmed"] != true {
		all, err := Of(tx, userID)
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

// Remove takes an authenticator away.
func Remove(tx *storage.Tx, userID string, a Authenticator) error {
	id, _ := a.document["id"].(string)
	return tx.Documents(resource.AuthenticationMethods.Name, userID).Delete(id)
}
