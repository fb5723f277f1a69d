package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// Guesses is a token bucket that limits guesses at something short; the key says what is
// guessed at and by whom. Each guess takes a token, and one is added back per interval.
type Guesses struct {
	Key string `json:"key"`
	// Left is the number of tokens at the time At; fractions are added back as well.
	Left float64   `json:"left"`
	At   time.Time `json:"at"`
	// FullAt is when the bucket will be full again; then its record expires.
	FullAt time.Time `json:"full_at"`
}

var guesses = table.Declare(table.Spec[Guesses]{
	Name:    "guesses",
	Key:     func(g Guesses) string { return g.Key },
	Expires: func(g Guesses) time.Time { return g.FullAt },
})

// Guess takes a token from the bucket with a key, which holds size tokens and gets one back
// in each interval (every). It returns ErrTooMany if no token is left.
func (tx *Tx) Guess(key string, size int, every time.Duration, now time.Time) error {
	g, err := tx.guesses(key, size, every, now)
	if err != nil {
		return err
	}
	g.Left--
	g.FullAt = now.Add(time.Duration((float64(size) - g.Left) * float64(every)))
	return tx.Guesses.Put(g)
}

// MayGuess returns ErrTooMany if Guess would, without taking a token.
func (tx *Tx) MayGuess(key string, size int, every time.Duration, now time.Time) error {
	_, err := tx.guesses(key, size, every, now)
	return err
}

func (tx *Tx) guesses(key string, size int, every time.Duration, now time.Time) (Guesses, error) {
	g, err := tx.Guesses.Get(key)
	if IsNotFound(err) {
		return Guesses{Key: key, Left: float64(size), At: now}, nil
	}
	if err != nil {
		return g, err
	}
	back := max(now.Sub(g.At), 0).Seconds() / every.Seconds()
	g.Left, g.At = min(float64(size), g.Left+back), now
	if g.Left < 1 {
		return g, ErrTooMany
	}
	return g, nil
}
