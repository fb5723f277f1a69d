package factors

import (
	"time"

	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Sent describes a code that is sent to an authenticator.
type Sent struct {
	// Kind is outbox.OTPEnroll for an authenticator that is not active yet, otherwise outbox.OTPVerify.
	Kind, Code           string
	User                 storage.User
	ClientID, Connection string
}

// Codes are the settings for codes that are sent: the number of digits, and the lifetime in seconds.
type Codes struct {
	Digits  int `json:"otp_length"`
	Seconds int `json:"otp_expiration_time"`
}

// CodesOf reads the tenant's settings for codes to an authenticator, Auth0:
// api/management/v2/guardian/set-phone-factor-settings and set-email-factor-settings.
func CodesOf(tx *storage.Tx, a Authenticator) (c Codes, err error) {
	kind := resource.GuardianSettings("phone/settings")
	if a.Channel == Email {
		kind = resource.GuardianSettings("email/settings")
	}
	doc, err := objects.Settings(tx, kind, time.Time{}) // the defaults do not depend on the time
	if err != nil {
		return c, err
	}
	return c, storage.Decode(doc, &c)
}

// NewCode returns a new random code for an authenticator and its lifetime.
func NewCode(tx *storage.Tx, a Authenticator) (code string, lifetime time.Duration, err error) {
	c, err := CodesOf(tx, a)
	return emails.CodeOf(c.Digits), time.Duration(c.Seconds) * time.Second, err
}

// Message drafts the message with a code, using the tenant's template.
func Message(tx *storage.Tx, w emails.Writer, a Authenticator, s Sent) (emails.Draft, error) {
	if a.Channel == Email {
		user := s.User
		user.Email = a.To
		return w.Draft(tx, emails.Letter{Kind: outbox.MFAOOBCode, User: user, Login: emails.Login{ClientID: s.ClientID}, Connection: s.Connection, Code: s.Code})
	}
	templates := resource.GuardianSettings("phone/templates")
	doc, err := tx.Documents(templates.Name, "").Document(storage.SettingsKey)
	if storage.IsNotFound(err) {
		doc, err = storage.Document{}, nil
		templates.Fill(doc, time.Time{}) // the defaults do not depend on the time
	}
	if err != nil {
		return emails.Draft{}, err
	}
	text, _ := doc["verification_message"].(string)
	if s.Kind == outbox.OTPEnroll {
		text, _ = doc["enrollment_message"].(string)
	}
	channel := outbox.SMS
	if a.Channel == Voice {
		channel = outbox.Voice
	}
	return w.DraftPhone(tx, outbox.Message{
		Kind: s.Kind, Channel: channel, To: a.To, Text: text, Code: s.Code, UserID: s.User.UserID, ClientID: s.ClientID, Connection: s.Connection,
	})
}
