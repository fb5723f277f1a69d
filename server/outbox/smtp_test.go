package outbox_test

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// smtpServer is a mail server that accepts e-mails.
type smtpServer struct {
	net.Listener
	extensions string // offered after EHLO
	refuse     string // the answer to a recipient, "" to take it
	got        chan smtpMail
	running    sync.WaitGroup
}

// smtpMail is one delivery: the sender, the recipient, the credentials and the text.
type smtpMail struct{ from, to, user, password, data string }

func startSMTP(t *testing.T, extensions, refuse string) *smtpServer {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &smtpServer{Listener: l, extensions: extensions, refuse: refuse, got: make(chan smtpMail, 10)}
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.running.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); s.running.Wait() })
	return s
}

// next returns the next delivery.
func (s *smtpServer) next(t *testing.T) smtpMail {
	t.Helper()
	select {
	case m := <-s.got:
		return m
	case <-time.After(servertest.Patience):
		t.Fatal("no e-mail is delivered")
		return smtpMail{}
	}
}

// delivers fails the test unless the next delivery is to the recipient.
func (s *smtpServer) delivers(t *testing.T, to string) {
	t.Helper()
	if m := s.next(t); !strings.Contains(m.to, "<"+to+">") {
		t.Fatalf("an e-mail goes to %s, want %s", m.to, to)
	}
}

func (s *smtpServer) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(line string) { fmt.Fprintf(conn, "%s\r\n", line) }
	hear := func() string {
		line, _ := in.ReadString('\n')
		return strings.TrimRight(line, "\r\n")
	}
	secret := func(prompt string) string {
		say("334 " + base64.StdEncoding.EncodeToString([]byte(prompt)))
		text, _ := base64.StdEncoding.DecodeString(hear())
		return string(text)
	}
	var m smtpMail
	say("220 ready")
	for {
		line := hear()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch verb {
		case "EHLO":
			say("250-hello")
			say("250 " + s.extensions)
		case "AUTH":
			m.user, m.password = secret("Username:"), secret("Password:")
			say("235 welcome")
		case "MAIL":
			m.from = line
			say("250 ok")
		case "RCPT":
			m.to = line
			if s.refuse != "" {
				say(s.refuse)
				continue
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			var data strings.Builder
			for line := hear(); line != "."; line = hear() {
				data.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
			}
			m.data = data.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			s.got <- m
			return
		default:
			if line == "" {
				return
			}
			say("500 what")
		}
	}
}

// provider returns the server's settings as the tenant's e-mail provider.
func (s *smtpServer) provider() (outbox.SMTPServer, bool, error) {
	addr := s.Addr().(*net.TCPAddr)
	return outbox.SMTPServer{From: "Tenant <no-reply@example.com>", Host: "127.0.0.1", Port: addr.Port, User: "mailer", Password: "pass word"}, true, nil
}

// settled waits until a message is delivered or has failed.
func settled(t *testing.T, o *outbox.Outbox, id string) outbox.Message {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); time.Now().Before(deadline); {
		if m, _, _ := o.Get(id); m.Delivery == outbox.Sent || m.Delivery == outbox.Failed {
			return m
		}
	}
	t.Fatal("the delivery does not end")
	return outbox.Message{}
}

func TestEmailIsDelivered(t *testing.T) {
	server := startSMTP(t, "AUTH PLAIN LOGIN", "")
	o, _ := open(t, func(d *outbox.Deps) { d.Provider = server.provider })
	sent := o.Send(outbox.Message{
		Kind: outbox.VerifyEmail, To: "jane@example.com", Subject: "Bestätige deine E-Mail-Adresse\r\nBcc: evil@example.com",
		HTML: "<p>Grüße</p>\n.\n<a href=\"https://example.com/?ticket=" + strings.Repeat("x", 200) + "\">hier</a>", Text: "Grüße",
	})
	got := server.next(t)
	if got.from != "MAIL FROM:<no-reply@example.com>" || got.to != "RCPT TO:<jane@example.com>" || got.user != "mailer" || got.password != "pass word" {
		t.Errorf("the server was told %+v", got)
	}
	m, err := mail.ReadMessage(strings.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "Bestätige") || m.Header.Get("Bcc") != "" {
		t.Errorf("subject %q, %v, Bcc %q", subject, err, m.Header.Get("Bcc"))
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []struct{ contentType, content string }{
		{"text/plain; charset=utf-8", sent.Text}, {"text/html; charset=utf-8", strings.ReplaceAll(sent.HTML, "\n", "\r\n")},
	} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(part)
		if err != nil || part.Header.Get("Content-Type") != want.contentType || string(content) != want.content {
			t.Errorf("a part of type %q is %q, want %q, %v", part.Header.Get("Content-Type"), content, want.content, err)
		}
	}
	if m := settled(t, o, sent.ID); m.Delivery != outbox.Sent || m.From != "Tenant <no-reply@example.com>" {
		t.Errorf("the message is %+v", m)
	}
}

func TestDeliveryThatFails(t *testing.T) {
	refusing := startSMTP(t, "AUTH LOGIN", "550 no such user")
	open25 := startSMTP(t, "8BITMIME", "")
	closed := startSMTP(t, "", "")
	closed.Close()
	tests := []struct {
		name     string
		provider func() (outbox.SMTPServer, bool, error)
		message  outbox.Message
		want     string
	}{
		{"the server refuses the recipient", refusing.provider, outbox.Message{To: "jane@example.com"}, "no such user"},
		{"the server knows no authentication", open25.provider, outbox.Message{To: "jane@example.com"}, "offers no authentication"},
		{"there is no server", closed.provider, outbox.Message{To: "jane@example.com"}, "connection refused"},
		{"the recipient is no address", refusing.provider, outbox.Message{To: "jane"}, `recipient "jane"`},
		{
			"the provider cannot be read",
			func() (outbox.SMTPServer, bool, error) { return outbox.SMTPServer{}, false, errors.New("damaged") },
			outbox.Message{To: "jane@example.com"},
			"damaged",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var told []outbox.Message
			o, _ := open(t, func(d *outbox.Deps) {
				d.Provider = tt.provider
				d.Failed = func(m outbox.Message) { told = append(told, m) }
			})
			sent := o.Send(tt.message)
			m := settled(t, o, sent.ID)
			if m.Delivery != outbox.Failed || !strings.Contains(m.Error, tt.want) {
				t.Errorf("the message is %s: %q, want %q", m.Delivery, m.Error, tt.want)
			}
			if len(told) != 1 || told[0].Error != m.Error {
				t.Errorf("of the failure was told %+v", told)
			}
		})
	}
}

func TestTextMessagesAreOnlyCaptured(t *testing.T) {
	server := startSMTP(t, "AUTH LOGIN", "")
	o, _ := open(t, func(d *outbox.Deps) { d.Provider = server.provider })
	if m := o.Send(outbox.Message{Channel: outbox.SMS, To: "+15550100"}); m.Delivery != outbox.Captured {
		t.Errorf("a text message is %s", m.Delivery)
	}
}

// TestNamesOfSenders: the name of a sender may have characters that only take part in an address within quotes.
func TestNamesOfSenders(t *testing.T) {
	server := startSMTP(t, "AUTH PLAIN LOGIN", "")
	o, _ := open(t, func(d *outbox.Deps) { d.Provider = server.provider })
	for from, want := range map[string]string{
		"Acme, Inc. <a@example.com>":     "Acme, Inc.",
		"a@b: c; d <a@example.com>":      "a@b: c; d",
		"Acme\r\nBcc: e <a@example.com>": "Acme\r\nBcc: e",
		`"Acme, Inc." <a@example.com>`:   "Acme, Inc.",
		"a@example.com":                  "",
	} {
		sent := o.Send(outbox.Message{To: "jane@example.com", From: from, Subject: "s", Text: "t"})
		if m := settled(t, o, sent.ID); m.Delivery != outbox.Sent {
			t.Errorf("from %q: %s %s", from, m.Delivery, m.Error)
			continue
		}
		m, err := mail.ReadMessage(strings.NewReader(server.next(t).data))
		if err != nil {
			t.Fatal(err)
		}
		sender, err := mail.ParseAddress(m.Header.Get("From"))
		if err != nil || sender.Name != want || sender.Address != "a@example.com" || m.Header.Get("Bcc") != "" {
			t.Errorf("from %q: the header is %q, %v", from, m.Header.Get("From"), err)
		}
	}
	if sent := o.Send(outbox.Message{To: "jane@example.com", From: "Acme <nobody>"}); settled(t, o, sent.ID).Delivery != outbox.Failed {
		t.Error("an e-mail without an address of its sender is sent")
	}
}
