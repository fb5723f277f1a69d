package objects

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// Services are what changes of a tenant's objects use in addition to the store.
type Services struct {
	// Issuer is the tenant's URL.
	Issuer string
	// Secrets seals secrets that the API has to show again later.
	Secrets *keys.Secrets
	// Emails makes the texts of the tenant's messages.
	Emails emails.Writer
}

// Host returns the tenant's host name, with the port if the issuer has one.
func (s Services) Host() string {
	u, err := url.Parse(s.Issuer)
	if err != nil {
		return ""
	}
	return u.Host
}

// TenantName returns the first label of the tenant's host name.
func (s Services) TenantName() string {
	name, _, _ := strings.Cut(s.Host(), ".")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// Author is the client and the user that request a change.
type Author struct {
	// ClientID is the requesting application. UserID is the user for whom it acts, "" if it
	// acts for itself. Both are "" if the server itself makes the change.
	ClientID, UserID string
	// Host is the host name of the request, "" if the change was not requested over HTTP.
	Host string
}

// Change is a change of a tenant's objects: one transaction, with its author, its time and
// its effects so far. If a transaction is run again, it needs a new Change.
type Change struct {
	Services
	Author Author
	Tx     *storage.Tx
	Now    time.Time
	// GivenID is the id for a new object, "" to generate one.
	GivenID string
	// Restored says that new objects come from a tenant file. Their credentials are then
	// part of the application's document, and no new ones are made.
	Restored bool
	// Force deletes an object even if others depend on it.
	Force bool
	// Bulk collects writes that many changes in one transaction make to the same objects; if
	// it is nil, each change writes them itself.
	Bulk *Bulk
	// Effects are to be carried out after the transaction is committed.
	Effects Effects
}

// Bulk holds the writes that many changes in one transaction leave to Settle. Each
// connection lists the applications that it is enabled for; to write that list again for
// each new application would get slower with every one.
type Bulk struct {
	// clients are the ids of new applications for which the connections are to be enabled.
	clients []string
}

// Settle makes the writes that were left to it.
func (b *Bulk) Settle(tx *storage.Tx) error {
	clients := b.clients
	b.clients = nil
	if len(clients) == 0 {
		return nil
	}
	return enableAllConnections(tx, clients...)
}

// mail, send and tell add effects: e-mails to render and send, rendered messages to send,
// and events to record.
func (ch *Change) mail(drafts ...emails.Draft) { ch.Effects.Add(Effects{Drafts: drafts}) }

// MailPhone adds a message to a phone to the effects, so that it is sent after the commit.
func (ch *Change) MailPhone(m outbox.Message) error {
	draft, err := ch.Emails.DraftPhone(ch.Tx, m)
	ch.mail(draft)
	return err
}

func (ch *Change) send(m outbox.Message) { ch.Effects.Add(Effects{Messages: []outbox.Message{m}}) }

func (ch *Change) tell(e tenantlog.Event) { ch.Effects.Add(Effects{Events: []tenantlog.Event{e}}) }

// Effects are what a change does outside of the store: messages, and events in the tenant's
// log. They are carried out after the transaction is committed, and dropped if it fails. The
// zero value has none.
type Effects struct {
	Drafts   []emails.Draft // not rendered yet
	Messages []outbox.Message
	Events   []tenantlog.Event
}

// Add appends the effects of another change. It copies the slices, because an earlier run of
// the same transaction may have appended to the same arrays.
func (e *Effects) Add(more Effects) {
	e.Drafts = append(slices.Clip(e.Drafts), more.Drafts...)
	e.Messages = append(slices.Clip(e.Messages), more.Messages...)
	e.Events = append(slices.Clip(e.Events), more.Events...)
}

// Carrier carries out effects.
type Carrier interface {
	// Mail renders and sends e-mails.
	Mail(drafts ...emails.Draft) error
	// Send sends a message that is already rendered.
	Send(m outbox.Message)
	// Record records an event in the tenant's log.
	Record(e tenantlog.Event)
}

// CarryOut carries out the effects. It renders messages, so it must be called outside of any
// transaction. An error means that a message could not be rendered; the effects after it are
// not carried out.
func (e Effects) CarryOut(by Carrier) error {
	if len(e.Drafts) > 0 {
		if err := by.Mail(e.Drafts...); err != nil {
			return err
		}
	}
	for _, m := range e.Messages {
		by.Send(m)
	}
	for _, event := range e.Events {
		by.Record(event)
	}
	return nil
}
