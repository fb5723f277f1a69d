package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// upgrades returns the steps from each format of the store to the next; the first step starts from
// format 1. A change of the format adds a step, and this program writes the format that the last step
// leads to.
func upgrades() []func(keyspace.KV) error {
	return []func(keyspace.KV) error{
		// Format 2 adds indexes of users.
		func(kv keyspace.KV) error { return newTx(kv, nil).records(users.Kind).Reindex() },
		// Format 3 adds indexes of organizations by name and domain, and of invitations by ticket.
		func(kv keyspace.KV) error { return newTx(kv, nil).records(entries.Kind).Reindex() },
		// Format 4 adds indexes by age for what is bounded: logins under way, codes and login failures.
		func(kv keyspace.KV) error {
			tx := newTx(kv, nil)
			return errors.Join(tx.records(transactions.Kind).Reindex(), tx.records(transactions.Kind).MeasureAll(), tx.records(codes.Kind).Reindex(), tx.records(loginFailures.Kind).Reindex())
		},
		// Format 5 stores the lengths of lists, and indexes applications by their origins.
		withSnapshots(listAll),
		// Format 6 indexes sessions by user and last use, and drops an index of refresh tokens by user
		// in favour of one that existed already.
		withSnapshots(func(tx *Tx) error {
			return errors.Join(
				tx.records(sessions.Kind).Unindex("user"), tx.records(sessions.Kind).Reindex(), tx.records(refreshTokens.Kind).Unindex("user"))
		}),
		// Format 7 finds the refresh tokens of a session among those of its user.
		withSnapshots(func(tx *Tx) error {
			return errors.Join(tx.records(refreshTokens.Kind).Unindex("session"), tx.records(refreshTokens.Kind).Reindex())
		}),
		// Format 8 finds users by the identifiers of their linked accounts.
		withSnapshots((*Tx).indexLinked),
		// Format 9 finds applications by the URLs of their Client ID Metadata Documents.
		withSnapshots((*Tx).indexApplications),
		// Format 10 finds applications by origins that are not of http or https.
		withSnapshots((*Tx).indexApplications),
	}
}

// withSnapshots runs a step on the tenant and on its snapshots, since restoring a snapshot upgrades
// nothing.
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

// listAll builds the lists, and the index of origins, for records older than these.
func listAll(tx *Tx) error {
	for _, r := range tx.listed() {
		if err := r.Recount(); err != nil {
			return err
		}
	}
	return tx.indexApplications()
}

func (tx *Tx) indexApplications() error { return tx.records(clients.Kind).Reindex() }

var formatKey = []byte("format")

// upgrade brings the data to the format that the last step leads to.
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
		return fmt.Errorf("%w: the format mark has %d bytes where it should have 8", keyspace.ErrDamaged, len(raw))
	}
	have := binary.BigEndian.Uint64(raw)
	if have > formatVersion {
		return fmt.Errorf("the data has format %d and this program knows formats up to %d: %w", have, formatVersion, ErrFormat)
	}
	if have == 0 {
		return fmt.Errorf("%w: the format mark is 0, which was never written", keyspace.ErrDamaged)
	}
	if have == formatVersion {
		return nil // a start that writes nothing need not wait for the disk
	}
	for ; have < formatVersion; have++ {
		if err := steps[have-1](kv); err != nil {
			return fmt.Errorf("upgrade from format %d: %w", have, err)
		}
	}
	return kv.Put(formatKey, binary.BigEndian.AppendUint64(nil, formatVersion))
}
