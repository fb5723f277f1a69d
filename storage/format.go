package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// upgrades returns the steps from each layout of the store to the next, the
// first from format 1. A change of the layout is one more step; this program
// writes the format that the last one leads to.
func upgrades() []func(keyspace.KV) error {
	return []func(keyspace.KV) error{
		// Format 2 has more indexes of users.
		func(kv keyspace.KV) error { return newTx(kv, nil).Users.records.index() },
		// Format 3 finds organizations by their names and domains, and invitations by
		// their tickets.
		func(kv keyspace.KV) error { return newTx(kv, nil).Entries.records.index() },
		// Format 4 finds the oldest of what is bounded: logins under way, codes and wrong
		// passwords.
		func(kv keyspace.KV) error {
			tx := newTx(kv, nil)
			return errors.Join(tx.Transactions.index(), tx.Transactions.measureAll(), tx.Codes.records.index(), tx.LoginFailures.records.index())
		},
		// Format 5 keeps how long lists are, and finds applications by their origins.
		withSnapshots(listAll),
		// Format 6 finds sessions by their users and their last use, and refresh tokens of users by
		// an index that there was before.
		withSnapshots(func(tx *Tx) error {
			return errors.Join(
				tx.unindex(sessions.name, "user"), tx.Sessions.records.index(), tx.unindex(refreshTokens.name, "user"))
		}),
	}
}

// withSnapshots is a step for the tenant and for its snapshots: what these hold comes back without one.
func withSnapshots(step func(*Tx) error) func(keyspace.KV) error {
	return func(kv keyspace.KV) error {
		tx := newTx(kv, nil)
		names, err := tx.Snapshots()
		if err != nil {
			return err
		}
		for _, name := range append(names, "") {
			if err := step(newTx(keyspace.Beneath(kv, snapshotKey(name)), nil)); err != nil {
				return err
			}
		}
		return step(tx)
	}
}

// unindex removes an index that is kept no more.
func (tx *Tx) unindex(table, ix string) error {
	entries, err := tx.rows([]byte("i/"+table+"\x00"+ix+"\x00"), nil)
	if err != nil {
		return err
	}
	return tx.remove(entries)
}

// listAll makes lists and origins of what was written before there were any.
func listAll(tx *Tx) error {
	for _, r := range tx.listed() {
		if err := r.recount(); err != nil {
			return err
		}
	}
	return tx.Clients.records.index()
}

var formatKey = []byte("format")

// upgrade brings what the engine holds to the format after the last step.
func upgrade(kv keyspace.KV, steps []func(keyspace.KV) error) error {
	formatVersion := uint64(len(steps) + 1)
	raw, err := kv.Get(formatKey)
	if err != nil {
		return err
	}
	if raw == nil {
		return kv.Put(formatKey, binary.BigEndian.AppendUint64(nil, formatVersion))
	}
	if len(raw) != 8 {
		return fmt.Errorf("the format mark has %d bytes where it should have 8", len(raw))
	}
	have := binary.BigEndian.Uint64(raw)
	if have > formatVersion {
		return fmt.Errorf("the data has format %d and this program knows formats up to %d: %w", have, formatVersion, ErrFormat)
	}
	if have == 0 {
		return errors.New("the format mark is 0, which was never written")
	}
	if have == formatVersion {
		return nil // a start that writes nothing does not wait for the disk
	}
	for ; have < formatVersion; have++ {
		if err := steps[have-1](kv); err != nil {
			return fmt.Errorf("upgrade from format %d: %w", have, err)
		}
	}
	return kv.Put(formatKey, binary.BigEndian.AppendUint64(nil, formatVersion))
}
