package storage

import (
	"context"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// Push is a question to the authenticator app on a user's phone: whether to allow a login, or to
// enroll the app as a factor. Its key says where the question was asked, as a Passcode's key
// does.
type Push struct {
	Key string `json:"key"`
	// ID identifies the question to the app.
	ID       string `json:"id"`
	UserID   string `json:"user_id"`
	ClientID string `json:"client_id"`
	// Login and Authenticator are as in Passcode.
	Login         string `json:"login,omitempty"`
	Authenticator string `json:"authenticator"`
	// Enrolls says that the app is asked to enroll itself.
	Enrolls bool `json:"enrolls,omitempty"`
	// Answer is PushAllowed or PushDenied, "" until the app has answered.
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

// PushInterval is the shortest time that an application must wait between two polls.
const PushInterval = time.Second

// maxPushes bounds the pending questions to one user; beyond it the oldest is deleted.
const maxPushes = 100

var pushes = table.Declare(table.Spec[Push]{
	Name:    "pushes",
	Key:     func(p Push) string { return p.Key },
	Expires: func(p Push) time.Time { return p.ExpiresAt },
	Indexes: []table.Index[Push]{
		{Name: "id", Unique: true, Values: func(p Push) []string { return []string{p.ID} }},
		{Name: "user", Values: func(p Push) []string { return []string{p.UserID} }},
		{Name: "age", Values: func(p Push) []string { return []string{p.UserID + "\x01" + sortableTime(p.CreatedAt)} }},
	},
})

// AskPush stores a question, replacing an earlier one with the same key.
func (tx *Tx) AskPush(p Push) error {
	if err := tx.Pushes.Put(p); err != nil {
		return err
	}
	return tx.records(pushes.Kind).Bound("age", p.UserID+"\x01", maxPushes)
}

// FindPush returns the question with a key, or an error that wraps ErrNotFound if there is no
// such question or it has expired.
func (tx *Tx) FindPush(key string, now time.Time) (Push, error) {
	p, err := tx.Pushes.Get(key)
	if err == nil && !now.Before(p.ExpiresAt) {
		err = ErrNotFound
	}
	return p, err
}

// AnswerPush records the answer to the question with an id. It returns an error that wraps
// ErrNotFound if there is no such question or it has expired, and ErrReused if it was answered
// before.
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

// PollPush records that an application polls for the answer to a question, and returns the
// question. As long as there is no answer, a poll sooner than PushInterval after the last one
// returns ErrTooEarly and is not recorded.
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

// UsePush uses up a question that was answered with PushAllowed. It returns ErrReused if the
// question is already gone, or was asked again.
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
