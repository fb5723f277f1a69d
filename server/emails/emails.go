// Package emails writes the tenant's e-mails: from the tenant's e-mail templates, Auth0:
// customize/email/email-templates, or from built-in templates if the tenant has none. It issues the
// tickets for the links in e-mails. Package outbox sends the messages.
//
// A Draft is made in a transaction of the store, which only reads the template and its values. Send
// renders it after the transaction, because rendering may be slow and there is only one writer at a
// time.
package emails

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// DefaultLifetime is how long a link is valid if the template sets no lifetime.
const DefaultLifetime = 5 * 24 * time.Hour

// Writer writes the e-mails of a tenant. Issuer is the tenant's issuer, with a trailing slash.
type Writer struct {
	DB     *storage.DB
	Issuer string
	Outbox *outbox.Outbox
	// Failed, if not nil, is called when a template cannot be rendered, with the message and the error.
	Failed func(m outbox.Message, err error)
}

// Letter is one e-mail to write.
type Letter struct {
	// Kind is the name of the e-mail template, one of the kinds in package outbox.
	Kind       string
	User       storage.User
	Connection string
	Login
	// Link is the link in the e-mail, and Code the code in it.
	Link, Code string
	// Count is the number of events that the e-mail reports, and Frequency how often such an e-mail is
	// sent, such as "daily".
	Count     int
	Frequency string
}

// Login is the login that an e-mail is sent for: the application and the organization, each "" if there is none.
type Login struct{ ClientID, Organization string }

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
	// Text is the template of a message to a phone.
	Text string `json:"-"`
}

// lifetime returns how long the links in the template's e-mails are valid.
func (t template) lifetime() time.Duration {
	if t.LifetimeSeconds <= 0 {
		return DefaultLifetime
	}
	return clock.Span(t.LifetimeSeconds, time.Second)
}

func readTemplate(tx *storage.Tx, kind string) (t template, found bool, err error) {
	doc, err := tx.Documents(resource.EmailTemplates.Name, "").Document(kind)
	if storage.IsNotFound(err) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	return t, true, storage.Decode(doc, &t)
}

//go:embed letters
var letters embed.FS

// subjects are the subjects of the built-in templates. E-mails of other kinds are sent only if the
// tenant has a template for them.
var subjects = map[string]string{
	outbox.VerifyEmail: "Verify your email",
	outbox.ResetEmail:  "Reset your password",

	outbox.VerifyEmailByCode: "Verify your email",
	outbox.ResetEmailByCode:  "Reset your password",

	outbox.BlockedAccount:    "Your account has been blocked",
	outbox.StolenCredentials: "Your password was disclosed",

	outbox.BreachAlert:  "A disclosed password was used at {{ friendly_name }}",
	outbox.BreachDigest: "Disclosed passwords at {{ friendly_name }}: {{ count }}",
	outbox.AddressAlert: "A suspicious address at {{ friendly_name }}",

	outbox.EnrollmentEmail: "Add a second way to log in to {{ friendly_name }}",

	outbox.MFAOOBCode:        "Your verification code",
	outbox.PasswordlessEmail: "Welcome to {{ application.name }}",
}

// builtIn returns the built-in template of a kind, if there is one.
func builtIn(kind string) (template, bool) {
	subject, ok := subjects[kind]
	if !ok {
		return template{}, false
	}
	body, _ := letters.ReadFile("letters/" + kind + ".liquid") // cannot fail: a test reads all files
	return template{Subject: subject, Body: string(body), Syntax: "liquid"}, true
}

// Draft is a message whose template and values have been read from the store. The zero Draft stands for
// no message.
type Draft struct {
	message  outbox.Message
	template template
	// builtIn is the template that is used if template cannot be rendered.
	builtIn template
	values  map[string]any
	// ticket is issued when the draft is sent, and its link becomes the link of the message. It is nil
	// if the message needs no ticket.
	ticket *storage.Ticket
}

// IsZero reports whether the draft is the zero Draft, so that nothing is sent.
func (d Draft) IsZero() bool { return d.message.Kind == "" }

// Draft reads the template and the values of an e-mail. It returns the zero Draft if the tenant does
// not send e-mails of the kind.
func (w Writer) Draft(tx *storage.Tx, l Letter) (d Draft, err error) {
	t, err := w.template(tx, l.Kind)
	if errors.Is(err, errDisabled) {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	own, _ := builtIn(l.Kind)
	values, err := w.values(tx, l)
	if err != nil {
		return d, err
	}
	m := outbox.Message{
		Kind: l.Kind, To: l.User.Email, Link: l.Link, Code: l.Code, UserID: l.User.UserID, ClientID: l.ClientID, Connection: l.Connection,
	}
	return Draft{message: m, template: t, builtIn: own, values: values}, nil
}

// DraftForAdmins is Draft for an e-mail to the tenant's administrators, at its support_email. It
// returns the zero Draft if the tenant has no support_email.
func (w Writer) DraftForAdmins(tx *storage.Tx, l Letter) (d Draft, err error) {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if storage.Optional(err) != nil || tenant.SupportEmail == "" {
		return d, storage.Optional(err)
	}
	d, err = w.Draft(tx, l)
	d.message.To, d.message.UserID, d.message.Code = tenant.SupportEmail, "", ""
	return d, err
}

// DraftPhone drafts a message to a phone. Its text is a Liquid template; a message without a text gets phoneText. Auth0:
// customize/phone-messages/phone-templates.
func (w Writer) DraftPhone(tx *storage.Tx, m outbox.Message) (d Draft, err error) {
	values, err := w.values(tx, Letter{Kind: m.Kind, Link: m.Link, Code: m.Code, Login: Login{ClientID: m.ClientID}})
	if err != nil {
		return d, err
	}
	values["tenant"] = map[string]any{"friendly_name": values["friendly_name"], "name": values["tenant"]}
	return Draft{message: m, template: template{Text: cmp.Or(m.Text, phoneText)}, builtIn: template{Text: "Your code is {{ code }}."}, values: values}, nil
}

// errDisabled reports that the tenant does not send e-mails of a kind.
var errDisabled = errors.New("the e-mail template is disabled")

func (w Writer) template(tx *storage.Tx, kind string) (template, error) {
	own, hasOwn := builtIn(kind)
	t, found, err := readTemplate(tx, kind)
	switch {
	case err != nil:
		return t, err
	case found && t.Enabled != nil && !*t.Enabled, !found && !hasOwn:
		return t, errDisabled
	case !found:
		return own, nil
	}
	t.Subject, t.Body = cmp.Or(t.Subject, own.Subject), cmp.Or(t.Body, own.Body)
	return t, nil
}

// values returns the variables that templates may use, Auth0:
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
		maps.Copy(user, identities.ProfileIn(user, l.User.AccountID()))
	}
	host := ""
	if u, err := url.Parse(w.Issuer); err == nil {
		host = u.Host
	}
	name, _, _ := strings.Cut(host, ".")
	all := map[string]any{
		"application":   map[string]any{"name": cmp.Or(client.Name, "All Applications"), "clientID": l.ClientID},
		"connection":    map[string]any{"name": l.Connection},
		"user":          map[string]any(user),
		"url":           l.Link,
		"code":          l.Code,
		"count":         l.Count,
		"frequency":     l.Frequency,
		"friendly_name": cmp.Or(tenant.FriendlyName, name), "tenant": name, "domain": host,
		"support_email": tenant.SupportEmail, "support_url": tenant.SupportURL,
	}
	return all, addOrganization(tx, l.Organization, all)
}

// addOrganization adds what templates may say of the organization that somebody logs in to, if there is one.
func addOrganization(tx *storage.Tx, id string, values map[string]any) error {
	if id == "" {
		return nil
	}
	doc, err := tx.Documents(storage.OrganizationsKind, "").Document(id)
	if err != nil {
		return storage.Optional(err)
	}
	shown := map[string]any{}
	for _, name := range []string{"id", "name", "display_name", "metadata", "branding"} {
		if value, ok := doc[name]; ok {
			shown[name] = value
		}
	}
	values["organization"] = shown
	return nil
}

// paths maps kinds of tickets to the paths of their links, relative to the issuer.
var paths = map[string]string{
	storage.TicketVerifyEmail:   "u/email-verification",
	storage.TicketResetPassword: "u/reset-verify",
	storage.TicketUnblock:       "u/unblock",
}

// Ticket stores a ticket and returns its link. The link for a new password leads to the classic page if
// the application uses the classic login or the tenant has its own page for it.
func (w Writer) Ticket(tx *storage.Tx, t storage.Ticket) (link string, err error) {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return "", err
	}
	path := paths[t.Kind]
	if t.Kind == storage.TicketResetPassword {
		_, classic, err := tx.ClassicLogin(t.ClientID)
		if err != nil {
			return "", err
		}
		if classic || tenant.OwnResetPage() != "" {
			path = "lo/reset"
		}
	}
	secret := keys.Random(32)
	t.Hash = keys.Hash(secret)
	return fmt.Sprintf("%s%s?ticket=%s#", w.Issuer, path, secret), tx.IssueTicket(t)
}

// ticketPrefix is the prefix of the ids of enrollment tickets, the same as Auth0's.
const ticketPrefix = "gten_"

// EnrollmentTicket stores a ticket with which a user enrolls a factor, and returns its id and its link.
// Auth0:
// secure/multi-factor-authentication/multi-factor-authentication-developer-resources/create-custom-enrollment-tickets.
func (w Writer) EnrollmentTicket(tx *storage.Tx, t storage.Ticket) (id, link string, err error) {
	id = ticketPrefix + keys.Random(32)
	t.Kind, t.Hash = storage.TicketEnroll, keys.Hash(id)
	return id, w.Issuer + "guardian/enroll?ticket=" + id, tx.IssueTicket(t)
}

// kinds maps kinds of tickets to the kinds of the e-mails that contain them.
var kinds = map[string]string{
	storage.TicketVerifyEmail:   outbox.VerifyEmail,
	storage.TicketResetPassword: outbox.ResetEmail,
	storage.TicketUnblock:       outbox.BlockedAccount,
}

// DraftTicket is Draft for the e-mail with the link of a ticket for a user. The ticket's lifetime is
// that of the e-mail template.
func (w Writer) DraftTicket(tx *storage.Tx, ticket string, user storage.User, login Login, now time.Time) (Draft, error) {
	d, err := w.Draft(tx, Letter{Kind: kinds[ticket], User: user, Login: login, Connection: user.ConnectionName()})
	if err != nil || d.IsZero() {
		return d, err
	}
	d.ticket = &storage.Ticket{
		Kind: ticket, UserID: user.UserID, Account: user.AccountID(), Connection: user.ConnectionName(), ClientID: login.ClientID, Email: user.Email,
		IncludeEmail: d.template.IncludeEmail, ExpiresAt: now.Add(d.template.lifetime()),
	}
	return d, nil
}

// Welcome drafts the e-mails to a new user: the one that verifies the e-mail address, if it is not
// verified, and the welcome e-mail, if the tenant has a template for it.
func (w Writer) Welcome(tx *storage.Tx, userID string, login Login, now time.Time) (all []Draft, err error) {
	user, err := tx.Users.Get(userID)
	if err != nil || user.Email == "" {
		return nil, err
	}
	conn, err := tx.Connections.Find("name", user.ConnectionName())
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	if !user.EmailVerified && !conn.Verifies("email") { // a connection that verifies by code has the pages send the code
		d, err := w.DraftTicket(tx, storage.TicketVerifyEmail, user, login, now)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	d, err := w.Draft(tx, Letter{Kind: outbox.WelcomeEmail, User: user, Login: login, Connection: user.ConnectionName()})
	return append(all, d), err
}
