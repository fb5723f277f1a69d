package storage

import (
	"encoding/json"
	"fmt"
	"time"
)

// Message is a message of the outbox of servers that share a store. Each has a number, which
// only grows.
type Message struct {
	Number int             `json:"number"`
	At     time.Time       `json:"at"`
	JSON   json.RawMessage `json:"message"`
}

var messages = declare(spec[Message]{
	name: "messages",
	key:  func(m Message) string { return messageKey(m.Number) },
})

func messageKey(number int) string { return fmt.Sprintf("%018d", number) }

// messageState is the number of the newest message, and how many bytes all have.
type messageState struct{ Number, Bytes int }

// messageStateKey is where the store keeps it. Resets and snapshots leave it, as they leave
// messages.
var messageStateKey = []byte("messages")

func (tx *Tx) messageState() (s messageState, err error) {
	raw, err := tx.kv.Get(messageStateKey)
	if err != nil || raw == nil {
		return s, err
	}
	return s, json.Unmarshal(raw, &s)
}

func (tx *Tx) putMessageState(s messageState) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return tx.kv.Put(messageStateKey, raw)
}

// MessageBounds are how many messages are kept, how many bytes together, and since when.
type MessageBounds struct {
	Number, Bytes int
	Since         time.Time
}

// AddMessage keeps the message that encode makes of its number, and forgets the oldest ones
// that are too many, too long together or too old. The newest stays.
func (tx *Tx) AddMessage(at time.Time, bounds MessageBounds, encode func(number int) ([]byte, error)) error {
	s, err := tx.messageState()
	if err != nil {
		return err
	}
	s.Number++
	text, err := encode(s.Number)
	if err != nil {
		return err
	}
	s.Bytes += len(text)
	if err := tx.Messages.Put(Message{s.Number, at, text}); err != nil {
		return err
	}
	for m, err := range tx.Messages.All() {
		if err != nil {
			return err
		}
		tooMany := m.Number <= s.Number-bounds.Number || s.Bytes > bounds.Bytes || m.At.Before(bounds.Since)
		if m.Number == s.Number || !tooMany {
			break
		}
		s.Bytes -= len(m.JSON)
		if err := tx.Messages.Delete(messageKey(m.Number)); err != nil {
			return err
		}
	}
	return tx.putMessageState(s)
}

// MessageByNumber returns a message, or an error that wraps ErrNotFound.
func (tx *Tx) MessageByNumber(number int) (Message, error) {
	return tx.Messages.Get(messageKey(number))
}

// ReplaceMessage changes a message that is there.
func (tx *Tx) ReplaceMessage(m Message) error {
	old, err := tx.MessageByNumber(m.Number)
	if err != nil {
		return err
	}
	s, err := tx.messageState()
	if err != nil {
		return err
	}
	s.Bytes += len(m.JSON) - len(old.JSON)
	if err := tx.putMessageState(s); err != nil {
		return err
	}
	return tx.Messages.Put(m)
}

// ClearMessages forgets all messages. Their numbers are not given again.
func (tx *Tx) ClearMessages() error {
	for m, err := range tx.Messages.All() {
		if err != nil {
			return err
		}
		if err := tx.Messages.Delete(messageKey(m.Number)); err != nil {
			return err
		}
	}
	s, err := tx.messageState()
	if err != nil {
		return err
	}
	s.Bytes = 0
	return tx.putMessageState(s)
}
