package outbox_test

import (
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
	"github.com/tenant0/tenant0/storage/postgres"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// idle returns an outbox on a database that does not deliver yet, and a function that closes the database.
func idle(t *testing.T, url string, provider func() (outbox.SMTPServer, bool, error)) (o *outbox.Outbox, end func()) {
	t.Helper()
	database, err := postgres.Open(url, postgres.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := database.Tenant("default")
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	o = outbox.New(outbox.Deps{Now: time.Now, Log: slog.New(slog.DiscardHandler), DB: db, Provider: provider})
	return o, end
}

// beside starts an outbox on a database and returns it with a function that ends its server.
func beside(t *testing.T, url string, provider func() (outbox.SMTPServer, bool, error)) (o *outbox.Outbox, end func()) {
	t.Helper()
	o, closes := idle(t, url, provider)
	stops := run(t, o)
	end = func() { stops(); closes() }
	t.Cleanup(end)
	return o, end
}

// run starts the deliveries of an outbox; stops ends them.
func run(t *testing.T, o *outbox.Outbox) (stops func()) {
	t.Helper()
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		if err := o.Run(stop); err != nil {
			t.Error(err)
		}
	})
	stops = sync.OnceFunc(func() { close(stop); running.Wait() })
	t.Cleanup(stops)
	return stops
}

// TestAnEmailWaitsForItsServer: an e-mail sent before its server starts delivering is not taken over by another server.
func TestAnEmailWaitsForItsServer(t *testing.T) {
	url := pgtest.Shared(t).Empty(t)
	late, early := startSMTP(t, "AUTH LOGIN", ""), startSMTP(t, "AUTH LOGIN", "")
	first, _ := idle(t, url, late.provider)
	first.Send(outbox.Message{Kind: outbox.VerifyEmail, To: "late@example.com", Text: "hello"})
	second, _ := beside(t, url, early.provider)
	second.Send(outbox.Message{Kind: outbox.VerifyEmail, To: "early@example.com", Text: "hello"})
	early.delivers(t, "early@example.com") // after the second has taken over what it found
	run(t, first)
	late.delivers(t, "late@example.com")
}

// TestClearingTheInboxKeepsNoEmailBack: e-mails that wait for the SMTP server are still delivered.
func TestClearingTheInboxKeepsNoEmailBack(t *testing.T) {
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	server := startSMTP(t, "AUTH LOGIN", "")
	o := outbox.New(outbox.Deps{Now: time.Now, Log: slog.New(slog.DiscardHandler), DB: db, Provider: server.provider})
	o.Send(outbox.Message{Kind: outbox.VerifyEmail, To: "jane@example.com", Text: "hello"})
	clearAll(t, o)
	defer run(t, o)()
	server.delivers(t, "jane@example.com")
}

// TestEmailsOutliveTheirServer stops a server while its e-mails wait for an SMTP server that does
// not answer: another server of the tenant delivers each once, and only after that.
func TestEmailsOutliveTheirServer(t *testing.T) {
	url := pgtest.Shared(t).Empty(t)
	var lc net.ListenConfig
	silent, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	first, end := beside(t, url, (&smtpServer{Listener: silent}).provider)
	want := map[string]bool{}
	for _, to := range []string{"one@example.com", "two@example.com", "three@example.com"} {
		if m := first.Send(outbox.Message{Kind: outbox.VerifyEmail, To: to, Text: "hello"}); m.Delivery != outbox.Queued {
			t.Fatalf("an e-mail is %s", m.Delivery)
		}
		want[to] = true
	}
	server := startSMTP(t, "AUTH LOGIN", "")
	second, _ := beside(t, url, server.provider)
	own := second.Send(outbox.Message{Kind: outbox.VerifyEmail, To: "own@example.com", Text: "hello"})
	server.delivers(t, "own@example.com") // and nothing of the first, which lives
	if m := settled(t, first, own.ID); m.Delivery != outbox.Sent {
		t.Errorf("the first server says of it %s", m.Delivery)
	}
	end()
	for range len(want) {
		to := strings.TrimSuffix(strings.TrimPrefix(server.next(t).to, "RCPT TO:<"), ">")
		if !want[to] {
			t.Errorf("an e-mail to %s is delivered twice, or is nobody's", to)
		}
		delete(want, to)
	}
	all := list(t, second, outbox.Filter{})
	for _, m := range all {
		if settled(t, second, m.ID).Delivery != outbox.Sent {
			t.Errorf("the e-mail to %s is %s", m.To, m.Delivery)
		}
	}
	if len(all) != 4 {
		t.Errorf("the inbox has %d messages, want 4", len(all))
	}
}
