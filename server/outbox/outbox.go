// Package outbox captures every e-mail and text message that the server would send, so that a test or a
// developer can read its code and follow its link. If the tenant has an SMTP server, e-mails are also
// delivered to it. Like a mail catcher, the outbox keeps messages in memory, and a restart or a reset empties
// it; if several servers share the tenant, the messages are in the tenant's store. Package emails writes the
// messages.
package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"net"
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
	// BreachAlert, BreachDigest and AddressAlert are sent to the tenant's administrators. Auth0 has no
	// templates for them.
	BreachAlert  = "breached_password_alert"
	BreachDigest = "breached_password_digest"
	AddressAlert = "suspicious_ip_alert"

	MFAOOBCode     = "mfa_oob_code"
	UserInvitation = "user_invitation"
	ChangePassword = "change_password"
	PasswordReset  = "password_reset"
	AsyncApproval  = "async_approval"
	// PasswordlessEmail is the message of a passwordless connection with the strategy "email", which has its
	// own template.
	PasswordlessEmail = "passwordless_email"

	// The next three kinds are of text messages only; change_password and blocked_account are kinds of both
	// e-mails and text messages.
	OTPVerify      = "otp_verify"
	OTPEnroll      = "otp_enroll"
	PasswordBreach = "password_breach"
	// PushVerify asks the app on a phone whether a login may go on.
	PushVerify = "push_verify"
	// TryProvider is the message with which the settings of a provider are tested.
	TryProvider = "try_provider_configuration"
)

// The channels of messages.
const (
	Email = "email"
	SMS   = "sms"
	Voice = "voice"
	Push  = "push"
)

// The states of an e-mail's delivery by SMTP.
const (
	Captured = "captured" // only kept in the outbox
	Queued   = "queued"
	Sent     = "sent"
	Failed   = "failed"
)

// Message is one e-mail or text message.
type Message struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Channel string `json:"channel"`
	To      string `json:"to"` // an e-mail address, a phone number, or the name of the user who owns the app
	From    string `json:"from"`
	Subject string `json:"subject,omitempty"`
	HTML    string `json:"html,omitempty"`
	Text    string `json:"text,omitempty"`
	// Code is the one-time code in the message, and Link the URL that the user is asked to follow; "" if there
	// is none.
	Code string `json:"code,omitempty"`
	Link string `json:"link,omitempty"`
	// Push is the id of the question that an app is asked, "" for other messages.
	Push       string    `json:"push,omitempty"`
	UserID     string    `json:"user_id,omitempty"`
	ClientID   string    `json:"client_id,omitempty"`
	Connection string    `json:"connection,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	// Delivery is the state of the delivery by SMTP, and Error the reason if it failed.
	Delivery string `json:"delivery"`
	Error    string `json:"error,omitempty"`
}

// Limits of the outbox.
const (
	maxMessages = 1000
	// maxBytes limits the text of all kept messages, and the text of all e-mails that wait for the SMTP
	// server. It is ten times the most that a Liquid template may write.
	maxBytes = 16 << 20
	maxAge   = 7 * 24 * time.Hour
	// maxQueue is the number of e-mails that may wait for the SMTP server.
	maxQueue = 100
)

// Deps holds the dependencies of an Outbox.
type Deps struct {
	Now func() time.Time
	Log *slog.Logger
	// DB is the store for the messages if several servers share the tenant, and nil if the messages are kept
	// in memory.
	DB *storage.DB
	// Provider returns the tenant's SMTP server; ok is false if the tenant has none. It is called for each
	// e-mail. A nil Provider means that there is no SMTP server.
	Provider func() (p SMTPServer, ok bool, err error)
	// Dialer connects to the SMTP server. It decides which addresses may be connected to; nil allows all.
	Dialer *net.Dialer
	// Failed is called with each e-mail that the SMTP server did not accept, unless it is nil.
	Failed func(Message)
}

// Outbox keeps messages. It is safe for concurrent use.
type Outbox struct {
	Deps
	worker storage.Worker // delivers the e-mails in DB
	queue  chan *delivery

	mu       sync.Mutex
	messages []*Message    // oldest first
	bytes    int           // size of their texts
	number   int           // number of the newest message
	waiting  atomic.Int64  // size of the texts in queue, in bytes
	changed  chan struct{} // closed when the next message arrives
}

// New returns an outbox. Its method Run delivers the e-mails that are queued.
func New(d Deps) *Outbox {
	o := &Outbox{Deps: d, queue: make(chan *delivery, maxQueue), changed: make(chan struct{})}
	if d.DB != nil {
		o.worker = d.DB.Worker("outbox")
	}
	return o
}

func (o *Outbox) shared() shared { return shared{o.DB, o.worker} }

// Send gives a message an id and the time and stores it. An e-mail is also queued for the tenant's SMTP
// server. Send does not wait for the delivery. A request that sends a message calls it after its transaction
// has been committed.
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
			o.Log.Error("a message could not be stored in the inbox", "kind", m.Kind, "err", err.Error())
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

// size returns the length of the message's texts in bytes.
func (m *Message) size() int {
	return len(m.HTML) + len(m.Text) + len(m.Subject) + len(m.Link) + len(m.Code) + len(m.To) + len(m.From)
}

// prune removes the oldest messages until the limits on number, total size and age are met. The newest message
// always stays, whatever its size.
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

// Filter selects messages. A field that is "" selects all of them.
type Filter struct {
	To   string
	Kind string
	// After is the id of a message; only messages after it are selected.
	After string
}

// List returns the selected messages, newest first.
func (o *Outbox) List(f Filter) ([]Message, error) {
	if o.DB != nil {
		return o.shared().list(f)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prune()
	return o.list(f), nil
}

// takes reports whether the filter selects a message, apart from After.
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

// Get returns the message with an id; found is false if there is none.
func (o *Outbox) Get(id string) (m Message, found bool, err error) {
	all, err := o.List(Filter{})
	i := slices.IndexFunc(all, func(m Message) bool { return m.ID == id })
	if i < 0 {
		return Message{}, false, err
	}
	return all[i], true, nil
}

// Wait returns the newest selected message. If there is none yet it waits for one, and returns the error of
// ctx when ctx ends.
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

// Clear removes all messages.
func (o *Outbox) Clear() error {
	if o.DB != nil {
		return o.shared().clear()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.messages, o.bytes = nil, 0
	return nil
}

// settle records whether a delivery succeeded.
func (o *Outbox) settle(id string, err error) {
	if o.DB != nil {
		if failure := o.shared().settle(id, err); failure != nil {
			o.Log.Error("the delivery of a message could not be recorded", "message", id, "err", failure.Error())
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
