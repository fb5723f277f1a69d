package storage

import (
	"context"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// Device is a device that waits until a user authorizes it in a browser elsewhere, RFC 8628. Its key is the hash of
// its device code.
type Device struct {
	Hash string `json:"hash"`
	// UserCode is the code that the user types, without its separators.
	UserCode string `json:"user_code"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"` // the scope parameter as sent
	Audience string `json:"audience"`
	// LoginHash is the hash of the state of the login that authorizes the device, "" before it.
	LoginHash string `json:"login_hash,omitempty"`
	// Denied says that the user refused. Issue is what the user granted to the device, and GrantID identifies the
	// grant; Issue is nil until the user has granted it.
	Denied   bool      `json:"denied,omitempty"`
	Issue    *Issue    `json:"issue,omitempty"`
	GrantID  string    `json:"grant_id,omitempty"`
	PolledAt time.Time `json:"polled_at,omitzero"`
	// Told says that the device was already answered that its code has expired.
	Told      bool      `json:"told,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// DeviceInterval is the shortest time that a device must wait between two polls.
const DeviceInterval = 5 * time.Second

// deviceMemory is how long an expired device is kept, so that its next poll gets this answer.
const deviceMemory = time.Hour

// maxDevices bounds the pending devices of an application.
const maxDevices = 1000

var devices = table.Declare(table.Spec[Device]{
	Name:    "devices",
	Recent:  true,
	Key:     func(d Device) string { return d.Hash },
	Expires: func(d Device) time.Time { return d.ExpiresAt.Add(deviceMemory) },
	Indexes: []table.Index[Device]{
		{Name: "user_code", Unique: true, Values: func(d Device) []string { return []string{d.UserCode} }},
		{Name: "login", Values: func(d Device) []string { return []string{d.LoginHash} }},
		{Name: "client", Values: func(d Device) []string { return []string{deviceIndex(d.ClientID) + sortableTime(d.CreatedAt)} }},
	},
})

func deviceIndex(clientID string) string { return clientID + "\x01" }

// StartDevice stores a new device; beyond maxDevices, the oldest of its application is deleted. It returns an error
// that wraps ErrConflict if another device has the same user code.
func (tx *Tx) StartDevice(d Device) error {
	if err := tx.Devices.Put(d); err != nil {
		return err
	}
	return tx.records(devices.Kind).Bound("client", deviceIndex(d.ClientID), maxDevices)
}

// PollDevice records a poll of a device, and returns the device. A poll sooner than DeviceInterval after the last
// one returns ErrTooEarly and is not recorded. An expired device returns ErrExpired once and ErrNotFound after
// that. A device of another application is ErrNotFound.
func (db *DB) PollDevice(ctx context.Context, hash, clientID string, now time.Time) (d Device, err error) {
	var outcome error
	err = db.Update(ctx, func(tx *Tx) error {
		outcome = nil
		if d, err = tx.Devices.Get(hash); err != nil {
			return err
		}
		switch {
		case d.ClientID != clientID, d.Told:
			return ErrNotFound
		case !now.Before(d.ExpiresAt):
			outcome, d.Told = ErrExpired, true
		case !d.PolledAt.IsZero() && now.Sub(d.PolledAt) < DeviceInterval:
			outcome = ErrTooEarly
			return nil
		default:
			d.PolledAt = now
		}
		return tx.Devices.Put(d)
	})
	if err == nil {
		err = outcome
	}
	return d, err
}

// RedeemDevice deletes a device that was authorized and stores the refresh token that it gets, nil for none. Of
// several concurrent polls one succeeds; the others get ErrReused.
func (db *DB) RedeemDevice(ctx context.Context, hash string, issued *RefreshToken) error {
	return db.Update(ctx, func(tx *Tx) error {
		d, err := tx.Devices.Get(hash)
		if IsNotFound(err) || err == nil && d.Issue == nil {
			return ErrReused
		}
		if err != nil {
			return err
		}
		if err := tx.Devices.Delete(hash); err != nil || issued == nil {
			return err
		}
		return tx.StartRefreshToken(*issued)
	})
}
