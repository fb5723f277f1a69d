package management

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// Effects are what operations bring about outside of the store: messages and events of
// the tenant's log. They are carried out once the transaction of the operations is kept,
// and dropped where it is not. The zero value has none.
type Effects struct {
	drafts   []emails.Draft // that are yet to be rendered
	messages []outbox.Message
	events   []tenantlog.Event
}

// mail, send and tell add to what is to be done: e-mails to render and send, messages
// to send, and events to record. An earlier run of the same transaction may have added to
// the same lists, so nothing is written behind their ends.
func (c *call) mail(drafts ...emails.Draft) {
	c.effects.drafts = append(slices.Clip(c.effects.drafts), drafts...)
}

func (c *call) send(m outbox.Message) {
	c.effects.messages = append(slices.Clip(c.effects.messages), m)
}

func (c *call) tell(e tenantlog.Event) {
	c.effects.events = append(slices.Clip(c.effects.events), e)
}

// add takes over those of another operation.
func (e *Effects) add(more Effects) {
	e.drafts = append(e.drafts, more.drafts...)
	e.messages = append(e.messages, more.messages...)
	e.events = append(e.events, more.events...)
}

// change runs a change in one transaction, which a dry one does not keep, and carries out
// the effects once it is kept.
func change(d Deps, dry bool, fn func(*storage.Tx) (Effects, error)) error {
	run := d.DB.Update
	if dry {
		run = d.DB.Try
	}
	var effects Effects
	err := run(func(tx *storage.Tx) (err error) {
		effects, err = fn(tx)
		return err
	})
	if err != nil || dry {
		return err
	}
	if err := effects.CarryOut(d); err != nil {
		return fmt.Errorf("all is kept, but a message is not sent: %w", err)
	}
	return nil
}

// CarryOut does what operations of the server itself have left to do. It renders
// messages, so it is called outside of any transaction. An error is that of a message
// that could not be rendered; what comes after it is not done.
func (e Effects) CarryOut(d Deps) error { return e.carryOut(&api{d}, nil) }

// carryOut is CarryOut for what a request has asked for; nil for none.
func (e Effects) carryOut(a *api, r *http.Request) error {
	if len(e.drafts) > 0 {
		if err := a.Emails.Send(e.drafts...); err != nil {
			return err
		}
	}
	for _, m := range e.messages {
		a.Outbox.Send(m)
	}
	for _, event := range e.events {
		a.Events.Record(r, event)
	}
	return nil
}
