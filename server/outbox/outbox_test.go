package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// open returns an outbox whose clock is frozen at noon and which delivers until the
// test ends.
func open(t *testing.T, change func(*outbox.Deps)) (*outbox.Outbox, *clock.Clock) {
	t.Helper()
	c := clock.New()
	c.Freeze(noon)
	d := outbox.Deps{Now: c.Now, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&d)
	}
	o := outbox.New(d)
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { _ = o.Run(stop) })
	t.Cleanup(func() { close(stop); running.Wait() })
	return o, c
}

func TestMessagesAreChosen(t *testing.T) {
	o, _ := open(t, nil)
	first := o.Send(outbox.Message{Kind: outbox.VerifyEmail, To: "Jane@example.com", Link: "http://1"})
	o.Send(outbox.Message{Kind: outbox.WelcomeEmail, To: "jane@example.com"})
	o.Send(outbox.Message{Kind: outbox.OTPVerify, To: "+15550100", Channel: outbox.SMS, Code: "123456"})
	o.Send(outbox.Message{Kind: outbox.VerifyEmail, To: "jane@example.com", Link: "http://2"})
	tests := []struct {
		name   string
		filter outbox.Filter
		want   string
	}{
		{"all, the newest first", outbox.Filter{}, "msg_4 msg_3 msg_2 msg_1"},
		{"by recipient, whose case does not count", outbox.Filter{To: "JANE@example.com"}, "msg_4 msg_2 msg_1"},
		{"by kind", outbox.Filter{Kind: outbox.VerifyEmail}, "msg_4 msg_1"},
		{"by both", outbox.Filter{Kind: outbox.OTPVerify, To: "+15550100"}, "msg_3"},
		{"later ones only", outbox.Filter{Kind: outbox.VerifyEmail, After: first.ID}, "msg_4"},
		{"none", outbox.Filter{To: "john@example.com"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			for i, m := range list(t, o, tt.filter) {
				if i > 0 {
					got += " "
				}
				got += m.ID
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	m, ok, _ := o.Get("msg_3")
	if !ok || m.Code != "123456" || m.Channel != outbox.SMS || m.Delivery != outbox.Captured || !m.CreatedAt.Equal(noon) {
		t.Errorf("the text message is %+v, %v", m, ok)
	}
	clearAll(t, o)
	if _, ok, _ := o.Get("msg_3"); ok || len(list(t, o, outbox.Filter{})) != 0 {
		t.Error("after Clear there are messages")
	}
}

func TestWait(t *testing.T) {
	o, _ := open(t, nil)
	f := outbox.Filter{To: "jane@example.com", Kind: outbox.ResetEmail}
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()

	waiting := make(chan outbox.Message, 3)
	var waiters sync.WaitGroup
	for range 3 {
		waiters.Go(func() {
			m, err := o.Wait(ctx, f)
			if err != nil {
				t.Error(err)
			}
			waiting <- m
		})
	}
	o.Send(outbox.Message{Kind: outbox.ResetEmail, To: "john@example.com"})
	o.Send(outbox.Message{Kind: outbox.ResetEmail, To: "jane@example.com", Link: "http://1"})
	waiters.Wait()
	for range 3 {
		if m := <-waiting; m.Link != "http://1" {
			t.Errorf("a waiter got %+v", m)
		}
	}
	if m, err := o.Wait(ctx, f); err != nil || m.Link != "http://1" {
		t.Errorf("a message that is there needs no waiting: %+v, %v", m, err)
	}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.Wait(gone, outbox.Filter{Kind: "never"}); !errors.Is(err, context.Canceled) {
		t.Errorf("at the end of waiting: %v", err)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	o, c := open(t, nil)
	for i := range 1100 {
		o.Send(outbox.Message{Kind: outbox.WelcomeEmail, To: fmt.Sprint(i)})
	}
	all := list(t, o, outbox.Filter{})
	if len(all) != 1000 || all[999].To != "100" {
		t.Errorf("of 1100 messages there are %d, the oldest to %q", len(all), all[len(all)-1].To)
	}
	long := strings.Repeat("x", 1<<20)
	for i := range 40 {
		o.Send(outbox.Message{Kind: outbox.WelcomeEmail, To: fmt.Sprint("long", i), HTML: long})
	}
	all = list(t, o, outbox.Filter{})
	if len(all) != 15 || all[0].To != "long39" || all[14].To != "long25" {
		t.Errorf("of 40 MiB there are %d messages of 1 MiB, the newest to %q", len(all), all[0].To)
	}
	o.Send(outbox.Message{Kind: outbox.WelcomeEmail, To: "longest", HTML: strings.Repeat(long, 20)})
	if all = list(t, o, outbox.Filter{}); len(all) != 1 || all[0].To != "longest" {
		t.Errorf("beside one of 20 MiB there are %d", len(all))
	}
	clearAll(t, o)
	for range 3 {
		o.Send(outbox.Message{Kind: outbox.WelcomeEmail, To: "short"})
	}
	if all = list(t, o, outbox.Filter{}); len(all) != 3 {
		t.Errorf("after it was cleared it keeps %d of 3", len(all))
	}
	c.Advance(8 * 24 * time.Hour)
	if n := len(list(t, o, outbox.Filter{})); n != 0 {
		t.Errorf("after eight days there are %d", n)
	}
}

func list(t *testing.T, o *outbox.Outbox, f outbox.Filter) []outbox.Message {
	t.Helper()
	all, err := o.List(f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func clearAll(t *testing.T, o *outbox.Outbox) {
	t.Helper()
	if err := o.Clear(); err != nil {
		t.Fatal(err)
	}
}

// TestTheInboxInAStore: servers that share a store see each other's messages.
func TestTheInboxInAStore(t *testing.T) {
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	of := func() *outbox.Outbox {
		return outbox.New(outbox.Deps{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), DB: db})
	}
	a, b := of(), of()
	waited := make(chan outbox.Message, 1)
	go func() {
		m, _ := b.Wait(t.Context(), outbox.Filter{To: "jane@example.com"})
		waited <- m
	}()
	first := a.Send(outbox.Message{To: "jane@example.com", Kind: outbox.VerifyEmail})
	if m := <-waited; m.ID != first.ID || m.Kind != outbox.VerifyEmail {
		t.Errorf("who waits at another server gets %+v", m)
	}
	second := b.Send(outbox.Message{To: "jack@example.com", Kind: outbox.ResetEmail})
	if first.ID == second.ID {
		t.Errorf("two messages have the id %s", first.ID)
	}
	if all := list(t, a, outbox.Filter{}); len(all) != 2 || all[0].ID != second.ID || all[1].ID != first.ID {
		t.Errorf("the first server lists %+v", all)
	}
	if all := list(t, a, outbox.Filter{After: first.ID}); len(all) != 1 || all[0].ID != second.ID {
		t.Errorf("after the first message there are %+v", all)
	}
	if m, found, err := b.Get(first.ID); err != nil || !found || m.To != "jane@example.com" {
		t.Errorf("the second server has the first message as %+v, %v, %v", m, found, err)
	}
	for range 1005 {
		a.Send(outbox.Message{To: "many"})
	}
	if n := len(list(t, b, outbox.Filter{})); n != 1000 {
		t.Errorf("%d messages are kept, want 1000", n)
	}
	clearAll(t, b)
	if n := len(list(t, a, outbox.Filter{})); n != 0 {
		t.Errorf("after it was cleared the inbox has %d messages", n)
	}
	if m := a.Send(outbox.Message{To: "later"}); m.ID == first.ID {
		t.Errorf("an id is given again: %s", m.ID)
	}
}
