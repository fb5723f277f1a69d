package tenant

import (
	"context"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// emailProvider has those settings of the tenant's e-mail provider that are
// used.
type emailProvider struct {
	Name        string `json:"name"`
	Enabled     bool   `json:"enabled"`
	From        string `json:"default_from_address"`
	Credentials struct {
		Host     string `json:"smtp_host"`
		Port     int    `json:"smtp_port"`
		User     string `json:"smtp_user"`
		Password string `json:"smtp_pass"`
	} `json:"credentials"`
}

// smtpServer returns the mail server of the tenant's e-mail provider. ok is
// false unless the provider is enabled and of the kind "smtp": the other kinds
// are services that tenant0 does not call.
func (t *Tenant) smtpServer() (server outbox.SMTPServer, ok bool, err error) {
	var provider emailProvider
	err = t.db.View(context.Background(), func(tx *storage.Tx) error {
		return storage.Optional(tx.Documents(resource.EmailProvider.Name, "").Read(storage.SettingsKey, &provider))
	})
	c := provider.Credentials
	server = outbox.SMTPServer{From: provider.From, Host: c.Host, Port: c.Port, User: c.User, Password: c.Password}
	return server, err == nil && provider.Enabled && provider.Name == "smtp", err
}

// notSent records in the tenant's log that the mail server did not accept an
// e-mail.
func (t *Tenant) notSent(m outbox.Message) {
	t.events.Record(nil, tenantlog.Event{
		Type: tenantlog.NotificationFailed, Description: "To: " + m.To, ClientID: m.ClientID, UserID: m.UserID, Connection: m.Connection,
		Details: map[string]string{"email_type": m.Kind, "to": m.To, "error": m.Error},
	})
}

// emails returns what writes the tenant's e-mails.
func (t *Tenant) emails() emails.Writer {
	return emails.Writer{DB: t.db, Issuer: t.issuer.URL, Outbox: t.outbox, Failed: t.notRendered}
}

// notRendered records in the tenant's log that the template of an e-mail could
// not be rendered.
func (t *Tenant) notRendered(m outbox.Message, err error) {
	t.events.Record(nil, tenantlog.Event{
		Type:        tenantlog.NotificationFailed,
		Description: "The built-in text was sent instead of the template " + m.Kind + ": " + err.Error(),
		ClientID:    m.ClientID, UserID: m.UserID, Connection: m.Connection,
		Details: map[string]string{"email_type": m.Kind, "to": m.To, "error": err.Error()},
	})
}

// Remind sends the tenant's managers the summaries of breached passwords for
// days, weeks and months that are over.
func (t *Tenant) Remind() error {
	due := false
	err := t.db.View(context.Background(), func(tx *storage.Tx) (err error) {
		due, err = account.DigestsDue(tx, t.clock.Now())
		return err
	})
	if err != nil || !due {
		return err
	}
	var mails []emails.Draft
	err = t.db.Update(context.Background(), func(tx *storage.Tx) error {
		mails = nil
		digests, err := account.TakeDigests(tx, t.clock.Now())
		if err != nil {
			return err
		}
		for _, d := range digests {
			mail, err := t.emails().DraftForAdmins(tx, emails.Letter{Kind: outbox.BreachDigest, Count: d.Count, Frequency: d.Frequency})
			if err != nil {
				return err
			}
			mails = append(mails, mail)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.emails().Send(context.Background(), mails...)
}

// pageFailed records in the tenant's log that a page template or partial could
// not be rendered.
func (t *Tenant) pageFailed(description string) {
	t.events.Record(nil, tenantlog.Event{Type: tenantlog.LoginWarning, Description: description})
}
