package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// TokenQuota bounds the client credentials tokens issued in each hour and each day (UTC), Auth0:
// fine-grained-m2m-token-quotas. 0 means no bound.
type TokenQuota struct {
	ClientCredentials struct {
		// Enforce says whether tokens beyond the quota are refused; nil means yes.
		Enforce *bool `json:"enforce"`
		PerHour int   `json:"per_hour"`
		PerDay  int   `json:"per_day"`
	} `json:"client_credentials"`
}

// Enforced reports whether tokens beyond the quota are refused.
func (q TokenQuota) Enforced() bool {
	return q.ClientCredentials.Enforce == nil || *q.ClientCredentials.Enforce
}

// IssuedTokens counts the tokens issued in an hour or a day.
type IssuedTokens struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
	// EndsAt is the end of that hour or day.
	EndsAt time.Time `json:"ends_at"`
}

var issuedTokens = table.Declare(table.Spec[IssuedTokens]{
	Name:    "issued_tokens",
	Key:     func(i IssuedTokens) string { return i.Key },
	Expires: func(i IssuedTokens) time.Time { return i.EndsAt },
})

// Issued returns the count with a key for the period that ends at ends; it is 0 if none was stored.
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
