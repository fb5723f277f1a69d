package storage

import (
	"context"
	"net/url"
	"time"
)

// PushedRequest is an authorization request that an application has sent ahead, RFC 9126.
// Its key is the hash of the request_uri that the application was given for it.
type PushedRequest struct {
	Hash     string `json:"hash"`
	ClientID string `json:"client_id"`
	// Params are the parameters as they came, without those that authenticated the application.
	Params    url.Values `json:"params"`
	ExpiresAt time.Time  `json:"expires_at"`
}

var pushedRequests = declare(spec[PushedRequest]{
	name:    "pushed_requests",
	key:     func(p PushedRequest) string { return p.Hash },
	expires: func(p PushedRequest) time.Time { return p.ExpiresAt },
	indexes: []index[PushedRequest]{{name: "client", values: func(p PushedRequest) []string {
		return []string{p.ClientID + "\x01" + sortableTime(p.ExpiresAt)}
	}}},
})

// maxPushed bounds the requests of one application that wait for their users: past it the
// oldest ends. They are short-lived, and only who has authenticated as the application pushes.
const maxPushed = 1000

// PushRequest keeps a request that was sent ahead.
func (db *DB) PushRequest(ctx context.Context, p PushedRequest) error {
	return db.UpdateVolatile(ctx, func(tx *Tx) error {
		if err := tx.PushedRequests.Put(p); err != nil {
			return err
		}
		return tx.PushedRequests.records.bound("client", p.ClientID+"\x01", maxPushed)
	})
}

// TakePushedRequest returns the request of an application that waits at a key, and takes it
// away: of several callers one gets it. It returns an error that wraps ErrNotFound where
// there is none, or another application's, which stays, and ErrTooLate where its time is
// over.
func (db *DB) TakePushedRequest(ctx context.Context, hash, clientID string, now time.Time) (p PushedRequest, err error) {
	err = db.UpdateVolatile(ctx, func(tx *Tx) (err error) {
		if p, err = tx.PushedRequests.Get(hash); err != nil {
			return err
		}
		if p.ClientID != clientID {
			return ErrNotFound
		}
		return tx.PushedRequests.Delete(hash)
	})
	if err == nil && !now.Before(p.ExpiresAt) {
		err = ErrTooLate
	}
	return p, err
}
