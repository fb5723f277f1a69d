package storage

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// Item is something that servers sharing a store leave there for each other: a message of the
// outbox, or traces of requests. Its number only grows.
type Item struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	// Worker is the name of the worker that processes the item, "" if there is nothing to do.
	Worker string          `json:"waits,omitempty"`
	JSON   json.RawMessage `json:"message"`
}

func (i Item) key() string { return itemKey(i.Number) }

func itemKey(number int) string { return fmt.Sprintf("%018d", number) }

var (
	messages = table.Declare(table.Spec[Item]{Name: "messages", Key: Item.key})
	traces   = table.Declare(table.Spec[Item]{Name: "traces", Key: Item.key})
)

// RecentItems keeps the newest items of a kind. Resets and snapshots do not change it.
type RecentItems struct {
	tx    *Tx
	items Table[Item]
	state []byte // the key of the recentState
}

// recentState is the number of the newest item, and the total bytes of all items.
type recentState struct{ Number, Bytes int }

func recentItems(tx *Tx, k table.KindOf[Item]) RecentItems {
	return RecentItems{tx, table.New(&tx.shared, k), []byte(k.Name)}
}

func (s RecentItems) readState() (state recentState, err error) {
	raw, err := s.tx.kv().Get(s.state)
	if err != nil || raw == nil {
		return state, err
	}
	return state, json.Unmarshal(raw, &state)
}

func (s RecentItems) putState(state recentState) error {
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return s.tx.kv().Put(s.state, raw)
}

// Bounds are the most items that RecentItems keeps, the most bytes of all together, and the oldest
// time.
type Bounds struct {
	Number, Bytes int
	Since         time.Time
}

// Add stores an item whose content encode makes from the item's number. It deletes the oldest
// items as long as a bound is exceeded, but never the new one.
func (s RecentItems) Add(at time.Time, worker string, bounds Bounds, encode func(number int) ([]byte, error)) error {
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
func (s RecentItems) All() (all []Item, err error) {
	for i, err := range s.items.All() {
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

// Get returns an item, or an error that wraps ErrNotFound.
func (s RecentItems) Get(number int) (Item, error) { return s.items.Get(itemKey(number)) }

// Replace changes an existing item, or returns an error that wraps ErrNotFound.
func (s RecentItems) Replace(i Item) error {
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

// Clear deletes all items. Their numbers are not used again.
func (s RecentItems) Clear() error {
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

// Claims says which worker processes which item, for TakeOver.
func (s RecentItems) Claims() Claims[Item] {
	return tableClaims[Item]{s.items, Item.key, func(i *Item) *string { return &i.Worker }, func(i Item) bool { return i.Worker == "" }}
}
