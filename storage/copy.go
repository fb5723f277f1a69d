package storage

import (
	"bytes"
	"context"
	"errors"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// copyStep is how many rows one transaction of a copy writes.
const copyStep = 4096

// Clone returns a store that holds what db holds now, without copying it, or an error that
// wraps ErrNoClone if the engine is not a Cloner.
func (db *DB) Clone() (*DB, error) {
	cloner, ok := db.engine.(keyspace.Cloner)
	if !ok {
		return nil, keyspace.ErrNoClone
	}
	engine, err := cloner.Clone()
	if err != nil {
		return nil, err
	}
	return Open(engine)
}

// CopyTo writes what db holds now to an empty engine, copyStep rows in each transaction.
func (db *DB) CopyTo(ctx context.Context, engine keyspace.Engine) error {
	return db.View(ctx, func(tx *Tx) error {
		var rows []keyspace.Row
		for r, err := range keyspace.Forward(tx.kv(), nil, []byte{0xff}) {
			if err != nil {
				return err
			}
			if rows = append(rows, r); len(rows) < copyStep {
				continue
			}
			if err := keyspace.PutAll(ctx, engine, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
		return keyspace.PutAll(ctx, engine, rows)
	})
}

// issuerKey is the key of the issuer that the records mention.
var issuerKey = []byte("issuer")

// Issuer returns the issuer that the records mention, or "" before SettleIssuer was
// called.
func (db *DB) Issuer(ctx context.Context) (issuer string, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		raw, err := tx.kv().Get(issuerKey)
		issuer = string(raw)
		return err
	})
	return issuer, err
}

// SettleIssuer sets the issuer that the records mention: if they mention an earlier one,
// as the identifiers of the tenant's own APIs do, it is replaced everywhere.
func (db *DB) SettleIssuer(ctx context.Context, issuer string) error {
	before, err := db.Issuer(ctx)
	if err != nil || before == issuer {
		return err
	}
	return db.Update(ctx, func(tx *Tx) error {
		before, err := tx.kv().Get(issuerKey)
		if err == nil && before != nil {
			err = errors.Join(tx.replace(before, []byte(issuer)), tx.reindexOrigins())
		}
		return errors.Join(err, tx.kv().Put(issuerKey, []byte(issuer)))
	})
}

// reindexOrigins rebuilds the index of origins. replace cannot do it, because the issuer
// is longer than its origin.
func (tx *Tx) reindexOrigins() error {
	r := tx.records(clients.Kind)
	return errors.Join(r.Unindex(originIndex), r.Reindex())
}

// replace replaces a text by another in every row and index entry. Both store the text
// unencoded, so that index entries of the old text become those of the new one.
func (tx *Tx) replace(old, with []byte) error {
	var changed []keyspace.Row
	for r, err := range keyspace.Forward(tx.kv(), nil, []byte{0xff}) {
		if err != nil {
			return err
		}
		if bytes.Contains(r.Key, old) || bytes.Contains(r.Value, old) {
			changed = append(changed, keyspace.Row{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
		}
	}
	if err := keyspace.DeleteAll(tx.kv(), changed); err != nil {
		return err
	}
	for _, r := range changed {
		if err := tx.kv().Put(bytes.ReplaceAll(r.Key, old, with), bytes.ReplaceAll(r.Value, old, with)); err != nil {
			return err
		}
	}
	return nil
}
