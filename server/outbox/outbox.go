// Package outbox captures every e-mail and text message that the server would
// send, so that a test or a developer can read its code and follow its link, and
// hands e-mails to the tenant's SMTP server as well where there is one. Messages
// are kept in memory, as those of a mail catcher are: a restart and a reset begin
// with none. Those of a tenant that several servers have are in its store. It does not write the messages.
package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Kinds of messages: the names of Auth0's e-mail templates, Auth0:
// customize/email/email-templates, and of its phone notifications, Auth0:
// customize/phone-messages.
const (
	VerifyEmail       = "verify_email"
	VerifyEmailByCode = "verify_email_by_code"
	ResetEmail        = "reset_email"
	ResetEmailByCode  = "reset_email_by_code"
	WelcomeEmail      = "welcome_email"
	BlockedAccount    = "blocked_account"
	StolenCredentials = "stolen_credentials" //nolint:gosec // the name of a template
	EnrollmentEmail   = "enrollment_email"
	// BreachAlert, BreachDigest and AddressAlert are for the tenant's managers, who have no template at Auth0.
	BreachAlert  = "breached_password_alert"
	BreachDigest = "breached_password_digest"
	AddressAlert = "suspicious_ip_alert"

	MFAOOBCode     = "mfa_oob_code"
	UserInvitation = "user_invitation"
	ChangePassword = "change_password"
	PasswordReset  = "password_reset"
	AsyncApproval  = "async_approval"
	// PasswordlessEmail is the message of the connection "email", which has its own
	// template.
	PasswordlessEmail = "passwordless_email"

	// Text messages alone have these; change_password and blocked_account are theirs
	// as well.
	OTPVerify      = "otp_verify"
	OTPEnroll      = "otp_enroll"
	PasswordBreach = "password_breach"
	// PushVerify is a question to the app on a phone, whether a login may go on.
	PushVerify = "push_verify"
	// TryProvider is what a provider is tried with.
	TryProvider = "try_provider_configuration"
)

// Channels by which messages travel.
const (
	Email = "email"
	SMS   = "sms"
	Voice = "voice"
	Push  = "push"
)

// States of a message's delivery by SMTP.
const (
	Captured = "captured" // by nobody but the outbox
	Queued   = "queued"
	Sent     = "sent"
	Failed   = "failed"
)

// Message is one e-mail or text message.
type Message struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Channel string `json:"channel"`
	To      string `json:"to"` // e-mail address or phone number, or who owns the app
	From    string `json:"from"`
	Subject string `json:"subject,omitempty"`
	HTML    string `json:"html,omitempty"`
	Text    string `json:"text,omitempty"`
	// Code is the one-time code in the message, and Link the address that it asks
	// to follow; "" for none.
	Code string `json:"code,omitempty"`
	Link string `json:"link,omitempty"`
	// Push is the id of the question that an app is asked, "" for none.
	Push       string    `json:"push,omitempty"`
	UserID     string    `json:"user_id,omitempty"`
	ClientID   string    `json:"client_id,omitempty"`
	Connection string    `json:"connection,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	// Delivery is the state of the delivery by SMTP, and Error why it failed.
	Delivery string `json:"delivery"`
	Error    string `json:"error,omitempty"`
}

// Bounds of the outbox.
const (
	maxMessages = 1000
	// maxBytes is how much text is kept, and how much may wait for the SMTP server. A
	// message of that length is ten times what Liquid may write.
	maxBytes = 16 << 20
	maxAge   = 7 * 24 * time.Hour
	// maxQueue is how many e-mails may wait for the SMTP server.
	maxQueue = 100
)

// Deps is what an Outbox works with.
type Deps struct {
	Now func() time.Time
	Log *slog.Logger
	// DB has the messages of a tenant that other servers have as well; nil for one whose
	// messages are in memory.
	DB *storage.DB
	// Provider returns the tenant's SMTP server, or ok false for none. It is asked
	// for each e-mail; nil is none.
	Provider func() (p SMTPServer, ok bool, err error)
	// Failed is told of an e-mail that the SMTP server did not take; nil for nobody.
	Failed func(Message)
}

// Outbox keeps messages. It is safe for concurrent use.
type Outbox struct {
	Deps
	worker storage.Worker // delivers what is in DB
	queue  chan *delivery

	mu       sync.Mutex
	messages []*Message    // the oldest first
	bytes    int           // of their texts
	number   int           // of the newest
	waiting  atomic.Int64  // bytes of the texts in queue
	changed  chan struct{} // closed at the next message
}

// New returns an outbox. Run delivers what it queues.
func New(d Deps) *Outbox {
	o := &Outbox{Deps: d, queue: make(chan *delivery, maxQueue), changed: make(chan struct{})}
	if d.DB != nil {
		o.worker = d.DB.Worker("outbox")
	}
	return o
}

func (o *Outbox) shared() shared { return shared{o.DB, o.worker} }

// Send keeps a message, after it has given it an id and the time, and queues an
// e-mail for the tenant's SMTP server. It does not wait. A request that decides to
// send calls it after its transaction.
func (o *Outbox) Send(m Message) Message {
	m.CreatedAt = o.Now()
	m.Channel = cmp.Or(m.Channel, Email)
	m.Delivery = Captured
	p, ok, err := o.provider(m)
	if ok {
		m.Delivery, m.From = Queued, cmp.Or(m.From, p.From)
	}
	m.ID = o.add(m)
	switch d := (&delivery{p, m}); {
	case err != nil:
		o.failed(d, err)
	case ok:
		o.enqueue(d)
	}
	return m
}

func (o *Outbox) provider(m Message) (p SMTPServer, ok bool, err error) {
	if m.Channel != Email || o.Provider == nil {
		return p, false, nil
	}
	return o.Provider()
}

func (o *Outbox) add(m Message) (id string) {
	if o.DB != nil {
		id, err := o.shared().add(m)
		if err != nil {
			o.Log.Error("a message could not be kept in the inbox", "kind", m.Kind, "err", err.Error())
		}
		return id
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.number++
	m.ID = idPrefix + strconv.Itoa(o.number)
	o.messages = append(o.messages, &m)
	o.bytes += m.size()
	o.prune()
	close(o.changed)
	o.changed = make(chan struct{})
	return m.ID
}

// size is how many bytes of text a message has.
func (m *Message) size() int {
	return len(m.HTML) + len(m.Text) + len(m.Subject) + len(m.Link) + len(m.Code) + len(m.To) + len(m.From)
}

// prune forgets messages that are too many, too long together or too old. The newest stays,
// whatever its length.
func (o *Outbox) prune() {
	old := o.Now().Add(-maxAge)
	kept := slices.IndexFunc(o.messages, func(m *Message) bool { return m.CreatedAt.After(old) })
	if kept < 0 {
		kept = len(o.messages)
	}
	kept = max(kept, len(o.messages)-maxMessages)
	for i, m := range o.messages {
		if i >= kept && (o.bytes <= maxBytes || i == len(o.messages)-1) {
			kept = i
			break
		}
		o.bytes -= m.size()
	}
	o.messages = slices.Delete(o.messages, 0, kept)
}

// Filter chooses messages. What is "" chooses all.
type Filter struct {
	To   string
	Kind string
	// After is the id of a message: only later ones are chosen.
	After string
}

// List returns the chosen messages, the newest first.
func (o *Outbox) List(f Filter) ([]Message, error) {
	if o.DB != nil {
		return o.shared().list(f)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prune()
	return o.list(f), nil
}

// takes reports whether the filter chooses a message, but for its place.
func (f Filter) takes(m *Message) bool {
	return (f.To == "" || equalAddress(m.To, f.To)) && (f.Kind == "" || m.Kind == f.Kind)
}

func (o *Outbox) list(f Filter) []Message {
	found := []Message{}
	for _, m := range slices.Backward(o.messages) {
		if f.After != "" && m.ID == f.After {
			break
		}
		if f.takes(m) {
			found = append(found, *m)
		}
	}
	return found
}

// Get returns the message with an id.
func (o *Outbox) Get(id string) (m Message, found bool, err error) {
	all, err := o.List(Filter{})
	i := slices.IndexFunc(all, func(m Message) bool { return m.ID == id })
	if i < 0 {
		return Message{}, false, err
	}
	return all[i], true, nil
}

// Wait returns the newest chosen message, or waits for one until ctx ends, whose
// error it returns then.
func (o *Outbox) Wait(ctx context.Context, f Filter) (Message, error) {
	if o.DB != nil {
		return o.shared().wait(ctx, f)
	}
	for {
		o.mu.Lock()
		found, changed := o.list(f), o.changed
		o.mu.Unlock()
		if len(found) > 0 {
			return found[0], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

// Clear forgets all messages.
func (o *Outbox) Clear() error {
	if o.DB != nil {
		return o.shared().clear()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.messages, o.bytes = nil, 0
	return nil
}

// settle notes how a delivery went.
func (o *Outbox) settle(id string, err error) {
	if o.DB != nil {
		if failure := o.shared().settle(id, err); failure != nil {
			o.Log.Error("the delivery of a message could not be noted", "message", id, "err", failure.Error())
		}
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.messages {
		switch {
		case m.ID != id:
		case err != nil:
			m.Delivery, m.Error = Failed, err.Error()
		default:
			m.Delivery = Sent
		}
	}
}
