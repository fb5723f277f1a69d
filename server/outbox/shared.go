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

// lookEvery is how often Wait looks for messages that other servers have added.
const lookEvery = 100 * time.Millisecond

// idPrefix is the start of each message id; the message's number follows.
const idPrefix = "msg_"

// takeOverEvery is how often a server looks for e-mails that servers which have ended did not deliver.
const takeOverEvery = 2 * time.Second

// shared is the outbox of a tenant that several servers share. The messages are in the store; an e-mail
// that waits for delivery has the name of the server that is to deliver it.
type shared struct {
	db     *storage.DB
	worker storage.Worker
}

func (s shared) add(m Message) (id string, err error) {
	bounds := storage.Bounds{Number: maxMessages, Bytes: maxBytes, Since: m.CreatedAt.Add(-maxAge)}
	worker := ""
	if m.Delivery == Queued {
		// Other servers would take over the e-mails of a server that is not registered, as if it had
		// ended.
		if _, err := s.worker.Hold(); err != nil {
			return "", err
		}
		worker = s.worker.Name
	}
	err = s.db.Update(context.Background(), func(tx *storage.Tx) error {
		return tx.Messages.Add(m.CreatedAt, worker, bounds, func(number int) ([]byte, error) {
			id = idPrefix + strconv.Itoa(number)
			kept := m
			kept.ID = id
			return json.Marshal(kept)
		})
	})
	return id, err
}

// items returns the stored messages, oldest first.
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

// wait returns the newest selected message, or waits for one until ctx ends.
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

// settle records whether a delivery succeeded, unless the message was cleared meanwhile.
func (s shared) settle(id string, failure error) error {
	number, err := numberOf(id)
	if err != nil {
		return err
	}
	return s.db.Update(context.Background(), func(tx *storage.Tx) error {
		item, err := tx.Messages.Get(number)
		if err != nil {
			return storage.Optional(err)
		}
		var m Message
		if err := json.Unmarshal(item.JSON, &m); err != nil {
			return err
		}
		if m.Delivery = Sent; failure != nil {
			m.Delivery, m.Error = Failed, failure.Error()
		}
		item.Worker = ""
		if item.JSON, err = json.Marshal(m); err != nil {
			return err
		}
		return tx.Messages.Replace(item)
	})
}

// numberOf returns the number in a message's id.
func numberOf(id string) (int, error) { return strconv.Atoi(strings.TrimPrefix(id, idPrefix)) }

// own reports whether this server is still to deliver a message. That includes a message that was
// cleared from the inbox meanwhile, since no other server can have taken that one over.
func (s shared) own(id string) (own bool, err error) {
	number, err := numberOf(id)
	if err != nil {
		return false, err
	}
	err = s.db.View(context.Background(), func(tx *storage.Tx) error {
		item, err := tx.Messages.Get(number)
		own = storage.IsNotFound(err) || err == nil && item.Worker == s.worker.Name
		return storage.Optional(err)
	})
	return own, err
}

// takeOver takes over e-mails of servers that have ended, at most as many as most says. From then on this
// server has to deliver them.
func (s shared) takeOver(most int) (taken []Message, err error) {
	items, err := storage.TakeOver(context.Background(), s.worker, most, func(tx *storage.Tx) storage.Claims[storage.Item] {
		return tx.Messages.Claims()
	})
	for _, item := range items {
		var m Message
		if err := json.Unmarshal(item.JSON, &m); err != nil {
			return nil, err
		}
		taken = append(taken, m)
	}
	return taken, err
}
