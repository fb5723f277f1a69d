package storage

import "time"

// Guesses bounds how often something short may be guessed at, by whom the key says. It is a
// bucket: each guess takes one out, and one comes back every so often.
type Guesses struct {
	Key string `json:"key"`
	// Left is how many there were At that time; parts come back as well.
	Left float64   `json:"left"`
	At   time.Time `json:"at"`
	// FullAt is when the bucket is full again, and forgotten.
	FullAt time.Time `json:"full_at"`
}

var guesses = declare(spec[Guesses]{
	name:    "guesses",
	key:     func(g Guesses) string { return g.Key },
	expires: func(g Guesses) time.Time { return g.FullAt },
})

// Guess takes one out of a bucket that holds so many, of which one comes back every so often.
// It returns ErrTooMany where there is none left.
func (tx *Tx) Guess(key string, size int, every time.Duration, now time.Time) error {
	g, err := tx.guesses(key, size, every, now)
	if err != nil {
		return err
	}
	g.Left--
	g.FullAt = now.Add(time.Duration((float64(size) - g.Left) * float64(every)))
	return tx.Guesses.Put(g)
}

// MayGuess returns ErrTooMany where Guess would, and takes nothing out.
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
