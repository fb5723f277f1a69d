package storage

import "time"

// TokenQuota bounds how many tokens of machines there may be in each hour and each day of UTC, Auth0:
// fine-grained-m2m-token-quotas. 0 bounds nothing.
type TokenQuota struct {
	ClientCredentials struct {
		// Enforce is whether more are refused, nil for yes.
		Enforce *bool `json:"enforce"`
		PerHour int   `json:"per_hour"`
		PerDay  int   `json:"per_day"`
	} `json:"client_credentials"`
}

// Enforced reports whether more tokens than the quota's are refused.
func (q TokenQuota) Enforced() bool {
	return q.ClientCredentials.Enforce == nil || *q.ClientCredentials.Enforce
}

// IssuedTokens counts the tokens of an hour or a day.
type IssuedTokens struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
	// EndsAt is when the hour or the day is over.
	EndsAt time.Time `json:"ends_at"`
}

var issuedTokens = declare(spec[IssuedTokens]{
	name:    "issued_tokens",
	key:     func(i IssuedTokens) string { return i.Key },
	expires: func(i IssuedTokens) time.Time { return i.EndsAt },
})

// Issued returns how many tokens were counted at a key until an end.
func (tx *Tx) Issued(key string, ends time.Time) (IssuedTokens, error) {
	i, err := tx.IssuedTokens.Get(key)
	if err := Optional(err); err != nil {
		return i, err
	}
	if !i.EndsAt.Equal(ends) {
		i = IssuedTokens{Key: key, EndsAt: ends}
	}
	return i, nil
}
