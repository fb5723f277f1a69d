package outbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// SMTPServer holds the settings of the tenant's mail server, Auth0:
// customize/email/smtp-email-providers/smtp-server.
type SMTPServer struct {
	From     string // the default sender
	Host     string
	Port     int
	User     string // "" if the server requires no authentication
	Password string
}

// sendTimeout is the time limit for one delivery.
const sendTimeout = 20 * time.Second

// implicitTLS is the port on which TLS begins before SMTP, RFC 8314 section 3.3.
const implicitTLS = 465

// delivery is an e-mail that is queued for its SMTP server.
type delivery struct {
	server  SMTPServer
	message Message
}

var (
	errQueueFull  = errors.New("too many e-mails wait for the SMTP server")
	errNoProvider = errors.New("the tenant no longer has an SMTP server")
)

func (o *Outbox) enqueue(d *delivery) {
	size := int64(d.message.size())
	if o.waiting.Add(size) <= maxBytes {
		select {
		case o.queue <- d:
			return
		default:
		}
	}
	o.waiting.Add(-size)
	o.failed(d, errQueueFull)
}

// Waiting returns the number of e-mails in the queue.
func (o *Outbox) Waiting() int { return len(o.queue) }

func (o *Outbox) failed(d *delivery, err error) {
	o.Log.Warn("the SMTP server did not accept an e-mail", "message", d.message.ID, "kind", d.message.Kind, "to", d.message.To,
		"host", d.server.Host, "err", err.Error())
	if o.Failed != nil {
		d.message.Delivery, d.message.Error = Failed, err.Error()
		o.Failed(d.message)
	}
	o.settle(d.message.ID, err)
}

// Run delivers queued e-mails until stop is closed. E-mails still in the queue then stay
// captured, or another server of the tenant delivers them. An error is from the store that
// the servers share; Run may be called again after an error.
func (o *Outbox) Run(stop <-chan struct{}) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer cancel()
		select {
		case <-stop:
		case <-ctx.Done():
		}
	}()
	if err := o.takeOver(); err != nil {
		return err
	}
	others, end := clock.Ticks(takeOverEvery, o.DB != nil)
	defer end()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-others:
			if err := o.takeOver(); err != nil {
				return err
			}
		case d := <-o.queue:
			o.waiting.Add(-int64(d.message.size()))
			if err := o.deliver(ctx, d); err != nil {
				o.enqueue(d)
				return err
			}
		}
	}
}

// deliver sends an e-mail, unless another server has taken it over. An error is from the
// store, and means that nothing was sent.
func (o *Outbox) deliver(ctx context.Context, d *delivery) error {
	if o.DB != nil {
		if own, err := o.shared().own(d.message.ID); err != nil || !own {
			return err
		}
	}
	err := d.send(ctx, o.Dialer)
	switch {
	case ctx.Err() != nil && o.DB != nil: // this server is stopping, and another one delivers the e-mail
	case err != nil:
		o.failed(d, err)
	default:
		o.settle(d.message.ID, nil)
	}
	return nil
}

// takeOver queues the e-mails of servers that have ended.
func (o *Outbox) takeOver() error {
	if o.DB == nil {
		return nil
	}
	left, err := o.shared().takeOver(maxQueue - len(o.queue))
	for _, m := range left {
		p, ok, failure := o.Provider()
		if failure == nil && !ok {
			failure = errNoProvider
		}
		if d := (&delivery{p, m}); failure != nil {
			o.failed(d, failure)
		} else {
			o.enqueue(d)
		}
	}
	return err
}

// sender reads the sender of a message. Its display name may come from a template, such as {{application.name}}, and so have
// characters that RFC 5322 section 3.2.4 only takes in quotes, such as a comma; it is taken as it is then.
func sender(text string) (*mail.Address, error) {
	from, err := mail.ParseAddress(text)
	if err == nil {
		return from, nil
	}
	if at := strings.LastIndexByte(text, '<'); at > 0 {
		if address, wrong := mail.ParseAddress(text[at:]); wrong == nil {
			return &mail.Address{Name: strings.TrimSpace(text[:at]), Address: address.Address}, nil
		}
	}
	return nil, err
}

// send delivers the e-mail by SMTP, RFC 5321, over TLS if the server supports it.
func (d *delivery) send(ctx context.Context, dialer *net.Dialer) error {
	storage.Slow("sending an e-mail")
	from, err := sender(d.message.From)
	if err != nil {
		return fmt.Errorf("sender %q: %w", d.message.From, err)
	}
	to, err := mail.ParseAddress(d.message.To)
	if err != nil {
		return fmt.Errorf("recipient %q: %w", d.message.To, err)
	}
	body, err := d.message.encode(from, to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	conn, err := d.dial(ctx, dialer)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // interrupts any pending read or write
	c, err := smtp.NewClient(conn, d.server.Host)
	if err != nil {
		return err
	}
	if err := d.introduce(c); err != nil {
		return err
	}
	if err := c.Mail(from.Address); err != nil {
		return err
	}
	if err := c.Rcpt(to.Address); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

func (d *delivery) dial(ctx context.Context, dialer *net.Dialer) (net.Conn, error) {
	if dialer == nil {
		dialer = &net.Dialer{}
	}
	address := net.JoinHostPort(d.server.Host, strconv.Itoa(d.server.Port))
	if d.server.Port == implicitTLS {
		secured := tls.Dialer{NetDialer: dialer, Config: d.tls()}
		return secured.DialContext(ctx, "tcp", address)
	}
	return dialer.DialContext(ctx, "tcp", address)
}

func (d *delivery) tls() *tls.Config {
	return &tls.Config{ServerName: d.server.Host, MinVersion: tls.VersionTLS12}
}

// introduce switches to TLS if the server supports it, and authenticates if the settings have
// a user.
func (d *delivery) introduce(c *smtp.Client) error {
	if err := c.Hello("localhost"); err != nil {
		return err
	}
	_, secure := c.TLSConnectionState()
	if ok, _ := c.Extension("STARTTLS"); ok && !secure {
		if err := c.StartTLS(d.tls()); err != nil {
			return err
		}
	}
	ok, mechanisms := c.Extension("AUTH")
	switch {
	case d.server.User == "":
		return nil
	case !ok:
		return errors.New("the SMTP server offers no authentication, but the e-mail provider is configured with a user")
	}
	for name := range strings.FieldsSeq(mechanisms) {
		if strings.EqualFold(name, "LOGIN") {
			return c.Auth(&loginAuth{d.server})
		}
	}
	return c.Auth(smtp.PlainAuth("", d.server.User, d.server.Password, d.server.Host))
}

// loginAuth implements SMTP AUTH LOGIN, which Auth0 uses.
type loginAuth struct{ server SMTPServer }

// Start implements smtp.Auth. Like smtp.PlainAuth, it sends the password only over TLS or to
// the same machine.
func (a *loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	ip := net.ParseIP(server.Name)
	if !server.TLS && server.Name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", nil, errors.New("the SMTP server offers no TLS, and the password is not sent without")
	}
	return "LOGIN", nil, nil
}

// Next implements smtp.Auth.
func (a *loginAuth) Next(fromServer []byte, more bool) ([]byte, error) {
	prompt := strings.ToLower(string(fromServer))
	switch {
	case !more:
		return nil, nil
	case strings.HasPrefix(prompt, "user"):
		return []byte(a.server.User), nil
	case strings.HasPrefix(prompt, "pass"):
		return []byte(a.server.Password), nil
	}
	return nil, fmt.Errorf("the SMTP server asks for %q", fromServer)
}

// encode returns the message in the format of RFC 5322. Its text and its HTML are alternative
// parts, RFC 2046 section 5.1.4.
func (m Message) encode(from, to *mail.Address) ([]byte, error) {
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	fmt.Fprintf(&body, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@tenant0>\r\nMIME-Version: 1.0\r\n",
		from, to, mime.QEncoding.Encode("utf-8", m.Subject), m.CreatedAt.Format(time.RFC1123Z), m.ID)
	fmt.Fprintf(&body, "Content-Type: multipart/alternative; boundary=%s\r\n\r\n", parts.Boundary())
	for _, part := range []struct{ contentType, content string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		if part.content == "" {
			continue
		}
		w, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type": {part.contentType + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return nil, err
		}
		q := quotedprintable.NewWriter(w)
		if _, err := q.Write([]byte(part.content)); err != nil {
			return nil, err
		}
		if err := q.Close(); err != nil {
			return nil, err
		}
	}
	err := parts.Close()
	return body.Bytes(), err
}

// equalAddress reports whether two addresses are equal. Case does not matter, as in the
// e-mail addresses of users.
func equalAddress(a, b string) bool { return strings.EqualFold(a, b) }
