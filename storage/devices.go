package storage

import (
	"context"
	"time"
)

// Device is a device that waits for a person to let it in from elsewhere, RFC 8628. Its key
// is the hash of its device code.
type Device struct {
	Hash string `json:"hash"`
	// UserCode is the code that the person types, without what is only for reading.
	UserCode string `json:"user_code"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"` // as requested
	Audience string `json:"audience"`
	// LoginHash is the hash of the state of the login that lets the device in, "" for none yet.
	LoginHash string `json:"login_hash,omitempty"`
	// Denied says that the person has refused. Issue is what the person has let the device
	// have, and GrantID names it; nil while nobody has.
	Denied   bool      `json:"denied,omitempty"`
	Issue    *Issue    `json:"issue,omitempty"`
	GrantID  string    `json:"grant_id,omitempty"`
	PolledAt time.Time `json:"polled_at,omitzero"`
	// Told says that the device knows that its time is over.
	Told      bool      `json:"told,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// DeviceInterval is how long a device waits between two polls at least.
const DeviceInterval = 5 * time.Second

// deviceMemory is how long a device is kept after its time, so that it can be told.
const deviceMemory = time.Hour

// maxDevices bounds the devices of an application that wait.
const maxDevices = 1000

var devices = declare(spec[Device]{
	name:    "devices",
	recent:  true,
	key:     func(d Device) string { return d.Hash },
	expires: func(d Device) time.Time { return d.ExpiresAt.Add(deviceMemory) },
	indexes: []index[Device]{
		{name: "user_code", unique: true, values: func(d Device) []string { return []string{d.UserCode} }},
		{name: "login", values: func(d Device) []string { return []string{d.LoginHash} }},
		{name: "client", values: func(d Device) []string { return []string{deviceIndex(d.ClientID) + sortableTime(d.CreatedAt)} }},
	},
})

func deviceIndex(clientID string) string { return clientID + "\x01" }

// StartDevice writes a new device, and ends the oldest of its application past a bound. It
// returns an error that wraps ErrConflict where the user code is another one's.
func (tx *Tx) StartDevice(d Device) error {
	if err := tx.Devices.Put(d); err != nil {
		return err
	}
	return tx.Devices.records.bound("client", deviceIndex(d.ClientID), maxDevices)
}

// PollDevice notes that a device asks whether it was let in, and returns it. A poll that comes
// sooner than DeviceInterval after the one before is ErrTooEarly, and is not noted. A device whose time is over is ErrTooLate once, and ErrNotFound after that, as is one
// of another application.
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
			outcome, d.Told = ErrTooLate, true
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

// AdmitDevice ends a device that was let in, with the refresh token that it gets, nil for
// none. Of several polls one succeeds; the others get ErrReused.
func (db *DB) AdmitDevice(ctx context.Context, hash string, issued *RefreshToken) error {
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
