package storage

import (
	"encoding/json"
	"fmt"
	"time"
)

// Item is what servers that share a store leave there for each other: a message of the outbox,
// or traces of requests. Each has a number, which only grows.
type Item struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	// Worker is who is to do the work that it waits for, "" where it waits for none.
	Worker string          `json:"waits,omitempty"`
	JSON   json.RawMessage `json:"message"`
}

func (i Item) key() string { return itemKey(i.Number) }

func itemKey(number int) string { return fmt.Sprintf("%018d", number) }

var (
	messages = declare(spec[Item]{name: "messages", key: Item.key})
	traces   = declare(spec[Item]{name: "traces", key: Item.key})
)

// Shelf keeps the newest items of a kind. Resets and snapshots leave it.
type Shelf struct {
	tx    *Tx
	items Table[Item]
	state []byte // where the store keeps the shelfState
}

// shelfState is the number of the newest item, and how many bytes all have.
type shelfState struct{ Number, Bytes int }

func shelf(tx *Tx, k kindOf[Item]) Shelf { return Shelf{tx, table(tx, k), []byte(k.name)} }

func (s Shelf) readState() (state shelfState, err error) {
	raw, err := s.tx.kv.Get(s.state)
	if err != nil || raw == nil {
		return state, err
	}
	return state, json.Unmarshal(raw, &state)
}

func (s Shelf) putState(state shelfState) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return s.tx.kv.Put(s.state, raw)
}

// Bounds are how many items a shelf keeps, how many bytes together, and since when.
type Bounds struct {
	Number, Bytes int
	Since         time.Time
}

// Add keeps an item with the text that encode makes of its number, and forgets the oldest ones
// that are too many, too long together or too old. The newest stays.
func (s Shelf) Add(at time.Time, worker string, bounds Bounds, encode func(number int) ([]byte, error)) error {
	state, err := s.readState()
	if err != nil {
		return err
	}
	state.Number++
	text, err := encode(state.Number)
	if err != nil {
		return err
	}
	state.Bytes += len(text)
	if err := s.items.Put(Item{state.Number, at, worker, text}); err != nil {
		return err
	}
	for i, err := range s.items.All() {
		if err != nil {
			return err
		}
		tooMany := i.Number <= state.Number-bounds.Number || state.Bytes > bounds.Bytes || i.At.Before(bounds.Since)
		if i.Number == state.Number || !tooMany {
			break
		}
		state.Bytes -= len(i.JSON)
		if err := s.items.Delete(i.key()); err != nil {
			return err
		}
	}
	return s.putState(state)
}

// All returns the items, the oldest first.
func (s Shelf) All() (all []Item, err error) {
	for i, err := range s.items.All() {
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

// Get returns an item, or an error that wraps ErrNotFound.
func (s Shelf) Get(number int) (Item, error) { return s.items.Get(itemKey(number)) }

// Replace changes an item that is there.
func (s Shelf) Replace(i Item) error {
	old, err := s.Get(i.Number)
	if err != nil {
		return err
	}
	state, err := s.readState()
	if err != nil {
		return err
	}
	state.Bytes += len(i.JSON) - len(old.JSON)
	if err := s.putState(state); err != nil {
		return err
	}
	return s.items.Put(i)
}

// Clear forgets all items. Their numbers are not given again.
func (s Shelf) Clear() error {
	all, err := s.All()
	if err != nil {
		return err
	}
	for _, i := range all {
		if err := s.items.Delete(i.key()); err != nil {
			return err
		}
	}
	state, err := s.readState()
	if err != nil {
		return err
	}
	state.Bytes = 0
	return s.putState(state)
}

// Claims say who does the work that items wait for, for TakeOver.
func (s Shelf) Claims() Claims[Item] {
	return tableClaims[Item]{s.items, Item.key, func(i *Item) *string { return &i.Worker }, func(i Item) bool { return i.Worker == "" }}
}
