package storage

import (
	"context"
	"time"
)

// Push is a question to the app on a user's phone: whether a login may go on, or to add itself to
// the user's factors. Its key says where it was asked, as that of a Passcode does.
type Push struct {
	Key string `json:"key"`
	// ID is what the app calls it by.
	ID       string `json:"id"`
	UserID   string `json:"user_id"`
	ClientID string `json:"client_id"`
	// Login and Authenticator are as in Passcode.
	Login         string `json:"login,omitempty"`
	Authenticator string `json:"authenticator"`
	// Enrolls says that the app is to add itself.
	Enrolls bool `json:"enrolls,omitempty"`
	// Answer is PushAllowed or PushDenied, "" while there is none.
	Answer    string    `json:"answer,omitempty"`
	PolledAt  time.Time `json:"polled_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Answers of the app.
const (
	PushAllowed = "allowed"
	PushDenied  = "denied"
)

// PushInterval is how long an application waits between two polls at least.
const PushInterval = time.Second

// maxPushes bounds the questions to one user that wait: the oldest ends past it.
const maxPushes = 100

var pushes = declare(spec[Push]{
	name:    "pushes",
	key:     func(p Push) string { return p.Key },
	expires: func(p Push) time.Time { return p.ExpiresAt },
	indexes: []index[Push]{
		{name: "id", unique: true, values: func(p Push) []string { return []string{p.ID} }},
		{name: "user", values: func(p Push) []string { return []string{p.UserID} }},
		{name: "age", values: func(p Push) []string { return []string{p.UserID + "\x01" + sortableTime(p.CreatedAt)} }},
	},
})

// AskPush writes a question in the place of the one with its key.
func (tx *Tx) AskPush(p Push) error {
	if err := tx.Pushes.Put(p); err != nil {
		return err
	}
	return tx.Pushes.records.bound("age", p.UserID+"\x01", maxPushes)
}

// FindPush returns the question with a key, or an error that wraps ErrNotFound where there is
// none, or its time is over.
func (tx *Tx) FindPush(key string, now time.Time) (Push, error) {
	p, err := tx.Pushes.Get(key)
	if err == nil && !now.Before(p.ExpiresAt) {
		err = ErrNotFound
	}
	return p, err
}

// AnswerPush answers the question with an id, once. It returns an error that wraps ErrNotFound
// where there is none, or its time is over, and ErrReused where it was answered before.
func (tx *Tx) AnswerPush(id, answer string, now time.Time) (Push, error) {
	p, err := tx.Pushes.Find("id", id)
	switch {
	case err != nil:
		return p, err
	case !now.Before(p.ExpiresAt):
		return p, ErrNotFound
	case p.Answer != "":
		return p, ErrReused
	}
	p.Answer = answer
	return p, tx.Pushes.Put(p)
}

// PollPush notes that an application asks for the answer to a question, and returns it. A poll
// that comes sooner than PushInterval after the one before is ErrTooEarly while there is no
// answer, and is not noted.
func (db *DB) PollPush(ctx context.Context, key string, now time.Time) (p Push, err error) {
	var outcome error
	err = db.Update(ctx, func(tx *Tx) error {
		outcome = nil
		p, err = tx.FindPush(key, now)
		switch {
		case err != nil || p.Answer != "":
			return err
		case !p.PolledAt.IsZero() && now.Sub(p.PolledAt) < PushInterval:
			outcome = ErrTooEarly
			return nil
		}
		p.PolledAt = now
		return tx.Pushes.Put(p)
	})
	if err == nil {
		err = outcome
	}
	return p, err
}

// UsePush uses up a question that was answered with PushAllowed. It returns ErrReused for one
// that is not there any more, or was asked anew since.
func (tx *Tx) UsePush(p Push) error {
	now, err := tx.Pushes.Get(p.Key)
	if IsNotFound(err) || err == nil && (now.ID != p.ID || now.Answer != PushAllowed) {
		return ErrReused
	}
	if err != nil {
		return err
	}
	return tx.Pushes.Delete(p.Key)
}
