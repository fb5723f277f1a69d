package storage

import (
	"bytes"
	"context"
	"errors"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// copyStep is how many rows one transaction of a copy writes.
const copyStep = 4096

// Clone returns a store that holds what db holds now, at no cost, or an error that wraps
// ErrNoClone where the engine is no Cloner.
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

// CopyTo writes what db holds now to an empty engine, some rows at a time.
func (db *DB) CopyTo(ctx context.Context, engine keyspace.Engine) error {
	return db.View(ctx, func(tx *Tx) error {
		var rows []keyspace.Row
		for r, err := range keyspace.Forward(tx.kv, nil, []byte{0xff}) {
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

// issuerKey is where the store keeps the issuer that its records speak of.
var issuerKey = []byte("issuer")

// Issuer returns the issuer that the records speak of, or "" before SettleIssuer.
func (db *DB) Issuer(ctx context.Context) (issuer string, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		raw, err := tx.kv.Get(issuerKey)
		issuer = string(raw)
		return err
	})
	return issuer, err
}

// SettleIssuer makes an issuer the one that the records speak of: where they name another,
// as the identifiers of the tenant's own APIs do, they name this one from now on.
func (db *DB) SettleIssuer(ctx context.Context, issuer string) error {
	before, err := db.Issuer(ctx)
	if err != nil || before == issuer {
		return err
	}
	return db.Update(ctx, func(tx *Tx) error {
		before, err := tx.kv.Get(issuerKey)
		if err == nil && before != nil {
			err = errors.Join(tx.replace(before, []byte(issuer)), tx.reindexOrigins())
		}
		return errors.Join(err, tx.kv.Put(issuerKey, []byte(issuer)))
	})
}

// reindexOrigins makes the index of origins anew: an origin is only a part of what is
// replaced.
func (tx *Tx) reindexOrigins() error {
	prefix := []byte("i/" + clients.name + "\x00" + originIndex + "\x00")
	old, err := tx.rows(prefix, nil)
	if err != nil {
		return err
	}
	return errors.Join(tx.remove(old), tx.Clients.records.index())
}

// replace writes one text in the place of another in every row and every index. Both are
// kept as they are written, so what is an index of the one becomes an index of the other.
func (tx *Tx) replace(old, with []byte) error {
	var changed []keyspace.Row
	for r, err := range keyspace.Forward(tx.kv, nil, []byte{0xff}) {
		if err != nil {
			return err
		}
		if bytes.Contains(r.Key, old) || bytes.Contains(r.Value, old) {
			changed = append(changed, keyspace.Row{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
		}
	}
	if err := tx.remove(changed); err != nil {
		return err
	}
	for _, r := range changed {
		if err := tx.kv.Put(bytes.ReplaceAll(r.Key, old, with), bytes.ReplaceAll(r.Value, old, with)); err != nil {
			return err
		}
	}
	return nil
}
