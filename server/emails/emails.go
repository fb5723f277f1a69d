// Package emails writes the tenant's e-mails: what its e-mail templates say
// where it has them, Auth0: customize/email/email-templates, and words of our own
// where not. It makes the tickets that the links in them carry. It sends nothing:
// that is the outbox's.
package emails

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// DefaultLifetime is how long a link is good where nothing else is said.
const DefaultLifetime = 5 * 24 * time.Hour

// Writer writes e-mails of the tenant with an issuer.
type Writer struct{ Issuer string }

// Letter is one e-mail to write.
type Letter struct {
	// Kind is the e-mail template, one of outbox's kinds.
	Kind       string
	User       storage.User
	ClientID   string
	Connection string
	// Link is the address that the e-mail asks to follow, and Code its code.
	Link, Code string
}

// template is the tenant's e-mail template of a kind.
type template struct {
	Body            string  `json:"body"`
	From            string  `json:"from"`
	Subject         string  `json:"subject"`
	Syntax          string  `json:"syntax"`
	ResultURL       string  `json:"resultUrl"`
	LifetimeSeconds float64 `json:"urlLifetimeInSeconds"`
	IncludeEmail    bool    `json:"includeEmailInRedirect"`
	Enabled         *bool   `json:"enabled"`
}

// lifetime is how long the links of the template's e-mails are good.
func (t template) lifetime() time.Duration {
	if t.LifetimeSeconds <= 0 {
		return DefaultLifetime
	}
	return time.Duration(t.LifetimeSeconds * float64(time.Second))
}

func readTemplate(tx *storage.Tx, kind string) (t template, found bool, err error) {
	doc, err := tx.Documents(resource.EmailTemplates.Name, "").Document(kind)
	if storage.IsNotFound(err) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return t, false, err
	}
	return t, true, json.Unmarshal(raw, &t)
}

//go:embed letters
var letters embed.FS

// subjects are the subjects of our own letters. A kind that is not here is not
// sent unless the tenant has a template for it.
var subjects = map[string]string{
	outbox.VerifyEmail:    "Verify your email",
	outbox.ResetEmail:     "Reset your password",
	outbox.BlockedAccount: "Your account has been blocked",
}

// builtIn is our own template of a kind.
func builtIn(kind string) (template, bool) {
	subject, ok := subjects[kind]
	if !ok {
		return template{}, false
	}
	body, _ := letters.ReadFile("letters/" + kind + ".liquid") // a test reads them all
	return template{Subject: subject, Body: string(body), Syntax: "liquid"}, true
}

// ErrDisabled reports an e-mail that the tenant does not send.
var ErrDisabled = errors.New("the e-mail template is disabled")

// Write writes the e-mail, or returns ErrDisabled. A template of the tenant that
// cannot be rendered is written as it is, so that its author sees it.
func (w Writer) Write(tx *storage.Tx, l Letter) (outbox.Message, error) {
	t, err := w.template(tx, l.Kind)
	if err != nil {
		return outbox.Message{}, err
	}
	values, err := w.values(tx, l)
	if err != nil {
		return outbox.Message{}, err
	}
	m := outbox.Message{
		Kind: l.Kind, To: l.User.Email, From: t.render(t.From, values), Subject: t.render(t.Subject, values), HTML: t.render(t.Body, values),
		Link: l.Link, Code: l.Code, UserID: l.User.UserID, ClientID: l.ClientID, Connection: l.Connection,
	}
	m.Text = strings.TrimSpace(m.Subject + "\n\n" + cmp.Or(l.Link, l.Code))
	return m, nil
}

// Fill writes a message to a phone: what its text says in Liquid is filled in. Auth0:
// customize/phone-messages/phone-templates.
func (w Writer) Fill(tx *storage.Tx, m outbox.Message) (outbox.Message, error) {
	values, err := w.values(tx, Letter{Kind: m.Kind, Link: m.Link, Code: m.Code, ClientID: m.ClientID})
	if err != nil {
		return m, err
	}
	values["tenant"] = map[string]any{"friendly_name": values["friendly_name"], "name": values["tenant"]}
	m.Text = template{}.render(m.Text, values)
	return m, nil
}

func (w Writer) template(tx *storage.Tx, kind string) (template, error) {
	own, hasOwn := builtIn(kind)
	t, found, err := readTemplate(tx, kind)
	switch {
	case err != nil:
		return t, err
	case found && t.Enabled != nil && !*t.Enabled, !found && !hasOwn:
		return t, ErrDisabled
	case !found:
		return own, nil
	}
	t.Subject, t.Body = cmp.Or(t.Subject, own.Subject), cmp.Or(t.Body, own.Body)
	return t, nil
}

// render fills values into a text of the template. Those written in Handlebars,
// which Auth0 has given up, are left as they are.
func (t template) render(text string, values map[string]any) string {
	if t.Syntax != "" && t.Syntax != "liquid" {
		return text
	}
	return templates.Liquid(text, values)
}

// values are what templates may say, Auth0:
// customize/email/email-templates/use-liquid-syntax-in-email-templates.
func (w Writer) values(tx *storage.Tx, l Letter) (map[string]any, error) {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	client, err := tx.Clients.Get(l.ClientID)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	user := map[string]any{}
	if l.User.UserID != "" {
		if user, err = tx.Users.Document(l.User.UserID); storage.Optional(err) != nil {
			return nil, err
		}
	}
	host := ""
	if u, err := url.Parse(w.Issuer); err == nil {
		host = u.Host
	}
	name, _, _ := strings.Cut(host, ".")
	return map[string]any{
		"application":   map[string]any{"name": cmp.Or(client.Name, "All Applications"), "clientID": l.ClientID},
		"connection":    map[string]any{"name": l.Connection},
		"user":          map[string]any(user),
		"url":           l.Link,
		"code":          l.Code,
		"friendly_name": cmp.Or(tenant.FriendlyName, name), "tenant": name, "domain": host,
		"support_email": tenant.SupportEmail, "support_url": tenant.SupportURL,
	}, nil
}

// paths are where the links of tickets lead, below the issuer.
var paths = map[string]string{
	storage.TicketVerifyEmail:   "u/email-verification",
	storage.TicketResetPassword: "u/reset-verify",
	storage.TicketUnblock:       "u/unblock",
}

// Ticket issues a ticket and returns its link. Its time is that of the template of
// a kind unless it has one.
func (w Writer) Ticket(tx *storage.Tx, t storage.Ticket) (link string, err error) {
	secret := keys.Random(32)
	t.Hash = keys.Hash(secret)
	return fmt.Sprintf("%s%s?ticket=%s#", w.Issuer, paths[t.Kind], secret), tx.IssueTicket(t)
}

// kinds are the e-mails that carry tickets.
var kinds = map[string]string{
	storage.TicketVerifyEmail:   outbox.VerifyEmail,
	storage.TicketResetPassword: outbox.ResetEmail,
	storage.TicketUnblock:       outbox.BlockedAccount,
}

// Send issues a ticket of a kind for a user and writes the e-mail that carries it,
// or returns ErrDisabled.
func (w Writer) Send(tx *storage.Tx, ticket string, user storage.User, clientID string, now time.Time) (outbox.Message, error) {
	kind := kinds[ticket]
	t, err := w.template(tx, kind)
	if err != nil {
		return outbox.Message{}, err
	}
	l := Letter{Kind: kind, User: user, ClientID: clientID, Connection: user.ConnectionName()}
	values, err := w.values(tx, l)
	if err != nil {
		return outbox.Message{}, err
	}
	l.Link, err = w.Ticket(tx, storage.Ticket{
		Kind: ticket, UserID: user.UserID, Connection: l.Connection, ClientID: clientID, Email: user.Email,
		ResultURL: t.render(t.ResultURL, values), IncludeEmail: t.IncludeEmail, ExpiresAt: now.Add(t.lifetime()),
	})
	if err != nil {
		return outbox.Message{}, err
	}
	return w.Write(tx, l)
}

// Welcome writes what a new user gets: the e-mail that verifies the address, and
// the tenant's welcome where it has one. What is disabled is left out.
func (w Writer) Welcome(tx *storage.Tx, userID, clientID string, now time.Time) ([]outbox.Message, error) {
	user, err := tx.Users.Get(userID)
	if err != nil || user.Email == "" {
		return nil, err
	}
	var all []outbox.Message
	if !user.EmailVerified {
		m, err := w.Send(tx, storage.TicketVerifyEmail, user, clientID, now)
		switch {
		case err == nil:
			all = append(all, m)
		case !errors.Is(err, ErrDisabled):
			return nil, err
		}
	}
	m, err := w.Write(tx, Letter{Kind: outbox.WelcomeEmail, User: user, ClientID: clientID, Connection: user.ConnectionName()})
	switch {
	case err == nil:
		all = append(all, m)
	case !errors.Is(err, ErrDisabled):
		return nil, err
	}
	return all, nil
}
