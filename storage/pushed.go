package storage

import (
	"context"
	"net/url"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// PushedRequest is an authorization request that an application has pushed (PAR), RFC 9126. Its
// key is the hash of the request_uri that the application was given for it.
type PushedRequest struct {
	Hash     string `json:"hash"`
	ClientID string `json:"client_id"`
	// Params are the request's parameters, without those that authenticated the application.
	Params    url.Values `json:"params"`
	ExpiresAt time.Time  `json:"expires_at"`
}

var pushedRequests = table.Declare(table.Spec[PushedRequest]{
	Name:    "pushed_requests",
	Key:     func(p PushedRequest) string { return p.Hash },
	Expires: func(p PushedRequest) time.Time { return p.ExpiresAt },
	Indexes: []table.Index[PushedRequest]{{Name: "client", Values: func(p PushedRequest) []string {
		return []string{p.ClientID + "\x01" + sortableTime(p.ExpiresAt)}
	}}},
})

// maxPushed bounds the pending requests of one application; beyond it the oldest is deleted.
// They are short-lived, and pushing one requires authentication as the application.
const maxPushed = 1000

// PushRequest stores a pushed request.
func (db *DB) PushRequest(ctx context.Context, p PushedRequest) error {
	return db.UpdateVolatile(ctx, func(tx *Tx) error {
		if err := tx.PushedRequests.Put(p); err != nil {
			return err
		}
		return tx.records(pushedRequests.Kind).Bound("client", p.ClientID+"\x01", maxPushed)
	})
}

// TakePushedRequest returns and deletes the pushed request of an application; of several
// callers one gets it. It returns an error that wraps ErrNotFound if there is no such request,
// or if it belongs to another application, whose request is left in place, and ErrExpired if
// the request has expired.
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
		err = ErrExpired
	}
	return p, err
}
