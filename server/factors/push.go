package factors

import (
	"cmp"
	"errors"
	"net/url"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// AppMethod is the type of a user's authentication method that is the app on a phone.
const AppMethod = "guardian"

const (
	appPrefix = "push"
	// appDevices is the path, relative to the issuer, of the server to which a real app would
	// connect.
	appDevices = "appliance-mfa"
)

// AppDocument returns the document of the app on a phone as a factor, for Enroll. secret is for the
// one-time passwords that the app shows too.
func AppDocument(secret string) storage.Document {
	return storage.Document{"type": AppMethod, secretMember: secret}
}

// shown returns an app as an authenticator for the one-time passwords that it shows.
func (a Authenticator) shown() Authenticator {
	id, _ := a.document["id"].(string)
	return Authenticator{ID: ID("totp", id), Type: OTP, Active: a.Active, document: a.document}
}

// AppURI returns the URI in the QR code with which the app is enrolled. id is the id of the
// storage.Push that waits for the app. Auth0:
// secure/multi-factor-authentication/authenticate-using-ropg-flow-with-mfa/enroll-and-challenge-push-authenticators.
func AppURI(issuer, tenant, account, id string) string {
	query := url.Values{"enrollment_tx_id": {id}, "base_url": {issuer + appDevices}}
	return "otpauth://totp/" + url.PathEscape(tenant) + ":" + url.PathEscape(account) + "?" + query.Encode()
}

// AppName returns the tenant's name for the app, Auth0: api/management/v2/prompts.
func AppName(tx *storage.Tx) (string, error) {
	app, err := pushApp(tx)
	return app("app_name"), err
}

// AppStores are the links to the app in the app stores of Apple and Google.
type AppStores struct{ Apple, Google string }

// AppStoresOf reads the tenant's links to the app.
func AppStoresOf(tx *storage.Tx) (AppStores, error) {
	app, err := pushApp(tx)
	return AppStores{app("apple_app_link"), app("google_app_link")}, err
}

// pushApp returns a function that reads a member of the tenant's settings about the app.
func pushApp(tx *storage.Tx) (func(member string) string, error) {
	kept, err := tx.Documents(resource.PushApp.Name, "").Document(storage.SettingsKey)
	doc := storage.Document{}
	resource.PushApp.Fill(doc, time.Time{}) // the defaults do not depend on the time
	return func(member string) string { return cmp.Or(storage.Text(kept, member), storage.Text(doc, member)) }, storage.Optional(err)
}

// NewPush returns a push notification to the app of a user. If the app is not active, it is an
// enrollment (Enrolls). key identifies the login that asks.
func NewPush(key string, userID, clientID string, a Authenticator, now time.Time) storage.Push {
	return storage.Push{
		Key: key, ID: keys.Random(24), UserID: userID, ClientID: clientID, Authenticator: a.ID, Enrolls: !a.Active,
		CreatedAt: now, ExpiresAt: now.Add(OOBLifetime),
	}
}

// StorePush stores a push notification, and returns its message. For an enrollment it returns the zero
// Draft, because the app gets that from the QR code.
func StorePush(tx *storage.Tx, w emails.Writer, p storage.Push, s Sent) (d emails.Draft, err error) {
	if err := tx.AskPush(p); err != nil || p.Enrolls {
		return d, err
	}
	return w.DraftPhone(tx, outbox.Message{
		Kind: outbox.PushVerify, Channel: outbox.Push, To: tenantlog.UserName(s.User), Text: "Are you logging in to {{ tenant.friendly_name }}?",
		Push: p.ID, UserID: p.UserID, ClientID: p.ClientID, Connection: s.Connection,
	})
}

// ErrDenyEnrollment reports an attempt to deny an enrollment.
var ErrDenyEnrollment = errors.New("an enrollment is not denied")

// AnswerPush stores the app's answer to the push notification with an id. For an enrollment it
// activates the app; phone is the name of the phone. The error is one of storage.AnswerPush,
// ErrDenyEnrollment, or ErrNotFirst if the user has another factor in the meantime.
func AnswerPush(tx *storage.Tx, id string, allow bool, phone string, now time.Time) (p storage.Push, err error) {
	answer := storage.PushDenied
	if allow {
		answer = storage.PushAllowed
	}
	p, err = tx.AnswerPush(id, answer, now)
	if err != nil || !p.Enrolls {
		return p, err
	}
	if !allow {
		return p, ErrDenyEnrollment
	}
	all, err := AuthenticatorsOf(tx, p.UserID)
	if err != nil {
		return p, err
	}
	a, ok := Find(all, p.Authenticator)
	if !ok {
		return p, storage.ErrNotFound
	}
	if err := RecordUse(tx, p.UserID, a, now); err != nil {
		return p, err
	}
	method, _ := a.document["id"].(string)
	doc, err := tx.Documents(resource.AuthenticationMethods.Name, p.UserID).Document(method)
	if err != nil {
		return p, err
	}
	doc["name"] = phone
	doc["authentication_methods"] = []any{
		map[string]any{"type": "push", "id": ID(appPrefix, method)}, map[string]any{"type": "totp", "id": ID("totp", method)},
	}
	return p, put(tx, p.UserID, doc)
}

// Question is a push notification that waits for the app's answer.
type Question struct {
	storage.Push
	// Code is the one-time password that the app shows at the moment, or "" for an enrollment.
	Code string
}

// Questions returns the push notifications that wait for an answer, in no particular order.
func Questions(tx *storage.Tx, now time.Time) (all []Question, err error) {
	var waiting []storage.Push
	for p, err := range tx.Pushes.All() {
		if err != nil {
			return nil, err
		}
		if p.Answer == "" && now.Before(p.ExpiresAt) {
			waiting = append(waiting, p)
		}
	}
	for _, p := range waiting {
		has, err := AuthenticatorsOf(tx, p.UserID)
		if err != nil {
			return nil, err
		}
		a, ok := Find(has, p.Authenticator)
		if !ok {
			continue // the factor was deleted in the meantime
		}
		q := Question{Push: p}
		if !p.Enrolls {
			if q.Code, err = totp.GenerateCodeCustom(a.Secret(), now, otpOptions); err != nil {
				return nil, err
			}
		}
		all = append(all, q)
	}
	return all, nil
}
