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

// shared are the messages of a tenant that several servers have: they are in the store.
type shared struct{ db *storage.DB }

func (s shared) add(m Message) (id string, err error) {
	bounds := storage.MessageBounds{Number: maxMessages, Bytes: maxBytes, Since: m.CreatedAt.Add(-maxAge)}
	err = s.db.Update(context.Background(), func(tx *storage.Tx) error {
		return tx.AddMessage(m.CreatedAt, bounds, func(number int) ([]byte, error) {
			id = idPrefix + strconv.Itoa(number)
			kept := m
			kept.ID = id
			return json.Marshal(kept)
		})
	})
	return id, err
}

// all returns the messages, the newest first.
func (s shared) all() (found []Message, err error) {
	err = s.db.View(context.Background(), func(tx *storage.Tx) error {
		found = nil
		for kept, err := range tx.Messages.All() {
			if err != nil {
				return err
			}
			var m Message
			if err := json.Unmarshal(kept.JSON, &m); err != nil {
				return err
			}
			found = append(found, m)
		}
		return nil
	})
	slices.Reverse(found)
	return found, err
}

func (s shared) list(f Filter) ([]Message, error) {
	all, err := s.all()
	found := []Message{}
	for _, m := range all {
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
	return s.db.Update(context.Background(), func(tx *storage.Tx) error { return tx.ClearMessages() })
}

// settle notes how a delivery went.
func (s shared) settle(id string, failure error) error {
	number, err := strconv.Atoi(strings.TrimPrefix(id, idPrefix))
	if err != nil {
		return err
	}
	return s.db.Update(context.Background(), func(tx *storage.Tx) error {
		kept, err := tx.MessageByNumber(number)
		if err != nil {
			return storage.Optional(err) // it was cleared meanwhile
		}
		var m Message
		if err := json.Unmarshal(kept.JSON, &m); err != nil {
			return err
		}
		if m.Delivery = Sent; failure != nil {
			m.Delivery, m.Error = Failed, failure.Error()
		}
		if kept.JSON, err = json.Marshal(m); err != nil {
			return err
		}
		return tx.ReplaceMessage(kept)
	})
}
