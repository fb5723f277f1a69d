package management

import (
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
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

// carryOut does what operations have left to do, for what a request has asked for; nil for
// none. It renders messages, so it is called outside of any transaction. An error is that of
// a message that could not be rendered; what comes after it is not done.
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
