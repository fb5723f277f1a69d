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

// Services are what changes of a tenant's objects work with, besides the store.
type Services struct {
	// Issuer is the tenant's URL.
	Issuer string
	// Secrets seals secrets that are to be shown again.
	Secrets *keys.Secrets
	// Emails reads what the tenant's messages say.
	Emails emails.Writer
}

// Host is the tenant's host name, with the port where the issuer has one.
func (s Services) Host() string {
	u, err := url.Parse(s.Issuer)
	if err != nil {
		return ""
	}
	return u.Host
}

// TenantName is the first label of the tenant's host name.
func (s Services) TenantName() string {
	name, _, _ := strings.Cut(s.Host(), ".")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// Author is who asks for a change.
type Author struct {
	// ClientID is the application that asks, and UserID the user on whose behalf, "" for an
	// application of its own accord. Both are "" for the server itself.
	ClientID, UserID string
	// Host is the host name by which the tenant was asked, "" where it was not by a name.
	Host string
}

// Change is a change of a tenant's objects: one transaction, who asks for it and when, and
// what has come of it so far. A transaction that runs again is another change.
type Change struct {
	Services
	Author Author
	Tx     *storage.Tx
	Now    time.Time
	// GivenID is the id that a new object is to have, "" for one that is made up.
	GivenID string
	// Restored says that new objects are as a tenant file has them: the credentials of an
	// application stay within it.
	Restored bool
	// Force deletes an object though others depend on it.
	Force bool
	// Bulk gathers what many changes of one transaction write to the same objects; nil for a
	// change that writes it by itself.
	Bulk *Bulk
	// Effects are what is to be done once the transaction is kept.
	Effects Effects
}

// Bulk is what many changes of one transaction have left to write until Settle: a connection
// lists the applications that it is enabled for, and to write it for each of them would take
// the longer the more there are.
type Bulk struct {
	// clients are the ids of new applications, for which connections are to be turned on.
	clients []string
}

// Settle writes what was left.
func (b *Bulk) Settle(tx *storage.Tx) error {
	clients := b.clients
	b.clients = nil
	if len(clients) == 0 {
		return nil
	}
	return enableAllConnections(tx, clients...)
}

// mail, send and tell add to what is to be done: e-mails to render and send, messages to
// send, and events to record.
func (ch *Change) mail(drafts ...emails.Draft) { ch.Effects.Add(Effects{Drafts: drafts}) }

// MailPhone reads what a message to a phone says, to send it once the transaction is kept.
func (ch *Change) MailPhone(m outbox.Message) error {
	draft, err := ch.Emails.DraftPhone(ch.Tx, m)
	ch.mail(draft)
	return err
}

func (ch *Change) send(m outbox.Message) { ch.Effects.Add(Effects{Messages: []outbox.Message{m}}) }

func (ch *Change) tell(e tenantlog.Event) { ch.Effects.Add(Effects{Events: []tenantlog.Event{e}}) }

// Effects are what a change brings about outside of the store: messages, and events of the
// tenant's log. They are carried out once the transaction of the change is kept, and
// dropped where it is not. The zero value has none.
type Effects struct {
	Drafts   []emails.Draft // that are yet to be rendered
	Messages []outbox.Message
	Events   []tenantlog.Event
}

// Add takes over those of another change. An earlier run of the same transaction may have
// added to the same lists, so nothing is written behind their ends.
func (e *Effects) Add(more Effects) {
	e.Drafts = append(slices.Clip(e.Drafts), more.Drafts...)
	e.Messages = append(slices.Clip(e.Messages), more.Messages...)
	e.Events = append(slices.Clip(e.Events), more.Events...)
}

// Carrier carries effects out.
type Carrier interface {
	// Mail renders and sends e-mails.
	Mail(drafts ...emails.Draft) error
	// Send sends a message that is rendered.
	Send(m outbox.Message)
	// Record records an event in the tenant's log.
	Record(e tenantlog.Event)
}

// CarryOut does what the change has left to do. It renders messages, so it is called
// outside of any transaction. An error is that of a message that could not be rendered;
// what comes after it is not done.
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
