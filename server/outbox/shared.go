package outbox

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// lookEvery is how often Wait looks for messages of other servers.
const lookEvery = 100 * time.Millisecond

// idPrefix begins the ids of messages, before their number.
const idPrefix = "msg_"

// takeOverEvery is how often a server looks for e-mails of servers that have ended.
const takeOverEvery = 2 * time.Second

// shared are the messages of a tenant that several servers have: they are in the store. An
// e-mail waits there under the name of the server that delivers it.
type shared struct {
	db     *storage.DB
	server string
}

func (s shared) add(m Message) (id string, err error) {
	bounds := storage.Bounds{Number: maxMessages, Bytes: maxBytes, Since: m.CreatedAt.Add(-maxAge)}
	waits := ""
	if m.Delivery == Queued {
		waits = s.server
	}
	err = s.db.Update(context.Background(), func(tx *storage.Tx) error {
		return tx.Messages.Add(m.CreatedAt, waits, bounds, func(number int) ([]byte, error) {
			id = idPrefix + strconv.Itoa(number)
			kept := m
			kept.ID = id
			return json.Marshal(kept)
		})
	})
	return id, err
}

// items returns what is kept of the messages, the oldest first.
func (s shared) items() (items []storage.Item, err error) {
	err = s.db.View(context.Background(), func(tx *storage.Tx) error {
		items, err = tx.Messages.All()
		return err
	})
	return items, err
}

func (s shared) list(f Filter) ([]Message, error) {
	items, err := s.items()
	found := []Message{}
	for _, i := range slices.Backward(items) {
		var m Message
		if err := json.Unmarshal(i.JSON, &m); err != nil {
			return nil, err
		}
		if f.After != "" && m.ID == f.After {
			break
		}
		if f.takes(&m) {
			found = append(found, m)
		}
	}
	return found, err
}

// wait returns the newest chosen message, or waits for one until ctx ends.
func (s shared) wait(ctx context.Context, f Filter) (Message, error) {
	ticker := clock.Ticker(lookEvery)
	defer ticker.Stop()
	for {
		found, err := s.list(f)
		if err != nil {
			return Message{}, err
		}
		if len(found) > 0 {
			return found[0], nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

func (s shared) clear() error {
	return s.db.Update(context.Background(), func(tx *storage.Tx) error { return tx.Messages.Clear() })
}

// settle notes how a delivery went.
func (s shared) settle(id string, failure error) error {
	return s.change(id, func(item *storage.Item) error {
		var m Message
		if err := json.Unmarshal(item.JSON, &m); err != nil {
			return err
		}
		if m.Delivery = Sent; failure != nil {
			m.Delivery, m.Error = Failed, failure.Error()
		}
		item.Waits = ""
		var err error
		item.JSON, err = json.Marshal(m)
		return err
	})
}

// change changes what is kept of a message, if it was not cleared meanwhile.
func (s shared) change(id string, fn func(*storage.Item) error) error {
	number, err := strconv.Atoi(strings.TrimPrefix(id, idPrefix))
	if err != nil {
		return err
	}
	return s.db.Update(context.Background(), func(tx *storage.Tx) error {
		item, err := tx.Messages.Get(number)
		if err != nil {
			return storage.Optional(err)
		}
		if err := fn(&item); err != nil {
			return err
		}
		return tx.Messages.Replace(item)
	})
}

// own reports whether a message still waits for this server to deliver it. One that was cleared from
// the inbox meanwhile can have been taken over by nobody.
func (s shared) own(id string) (own bool, err error) {
	number, err := strconv.Atoi(strings.TrimPrefix(id, idPrefix))
	if err != nil {
		return false, err
	}
	err = s.db.View(context.Background(), func(tx *storage.Tx) error {
		item, err := tx.Messages.Get(number)
		own = storage.IsNotFound(err) || err == nil && item.Waits == s.server
		return storage.Optional(err)
	})
	return own, err
}

// lease is what a server holds for as long as it delivers its e-mails.
func (s shared) lease(server string) string { return "outbox of " + server }

// left takes over the e-mails of servers that have ended: they wait for this one from now on.
// At most as many as are asked for are taken at once.
func (s shared) left(most int) (taken []Message, err error) {
	if held, err := s.db.Hold(s.lease(s.server)); err != nil || !held { // whoever holds it is taking e-mails over
		return nil, err
	}
	items, err := s.items()
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if item.Waits == "" || item.Waits == s.server || len(taken) == most {
			continue
		}
		m, err := s.takeOver(item)
		if err != nil {
			return taken, err
		}
		if m.ID != "" {
			taken = append(taken, m)
		}
	}
	return taken, nil
}

// takeOver has an e-mail wait for this server if the one that it waits for has ended.
func (s shared) takeOver(of storage.Item) (m Message, err error) {
	gone, err := s.db.Abandoned(s.lease(of.Waits))
	if err != nil || !gone {
		return m, err
	}
	err = s.change(idPrefix+strconv.Itoa(of.Number), func(item *storage.Item) error {
		if m = (Message{}); item.Waits != of.Waits {
			return nil // it was delivered, or taken over by another server
		}
		item.Waits = s.server
		return json.Unmarshal(item.JSON, &m)
	})
	return m, err
}
