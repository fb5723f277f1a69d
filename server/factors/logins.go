package factors

import (
	"context"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Lifetimes, Auth0: api/authentication/multi-factor-authentication.
const (
	LoginLifetime = 10 * time.Minute
	OOBLifetime   = 5 * time.Minute
)

// tokenPrefix starts every mfa_token and oob_code, as Auth0's do.
const tokenPrefix = "Fe26.2*"

// NewToken makes an mfa_token or an oob_code.
func NewToken() string { return tokenPrefix + keys.Random(48) }

// IsToken reports whether a text has the form of an mfa_token.
func IsToken(text string) bool { return strings.HasPrefix(text, tokenPrefix) }

// Scopes of the API behind /mfa, Auth0: secure/multi-factor-authentication/
// manage-mfa-auth0-apis/manage-authenticator-factors-mfa-api.
const (
	ScopeEnroll = "enroll"
	ScopeRead   = "read:authenticators"
	ScopeRemove = "remove:authenticators"
)

// apiLifetime is how many seconds the access tokens of that API are good.
const apiLifetime = 600

// Audience is the identifier of the API behind /mfa at a tenant.
func Audience(issuer string) string { return issuer + "mfa/" }

// API is the API behind /mfa. Every tenant has it, and it is in no list.
func API(issuer string) *storage.ResourceServer {
	return &storage.ResourceServer{
		Name: "Auth0 MFA API", Identifier: Audience(issuer), IsSystem: true, TokenLifetime: apiLifetime, TokenLifetimeForWeb: apiLifetime,
		SkipConsentForVerifiableFirstPartyClients: true,
		Scopes: []storage.Scope{{Value: ScopeEnroll}, {Value: ScopeRead}, {Value: ScopeRemove}},
	}
}

// Login finds the login that an mfa_token is of, which must be one of the application. The
// error is one that the application can be told.
func Login(tx *storage.Tx, token, clientID string, now time.Time) (storage.MFALogin, error) {
	l, err := tx.MFALogins.Get(keys.Hash(token))
	switch {
	case storage.IsNotFound(err):
		return l, apierr.MalformedMFAToken.With(err)
	case err != nil:
		return l, err
	case clientID != "" && l.Issue.ClientID != clientID:
		return l, apierr.MFATokenForeign
	case !now.Before(l.ExpiresAt):
		return l, apierr.MFATokenExpired
	}
	return l, nil
}

// Bounds on guessing codes, for one user, Auth0: secure/multi-factor-authentication.
const (
	maxGuesses = 10
	guessEvery = 6 * time.Minute
)

func guessKey(userID string) string { return "mfa\x01" + userID }

// MayGuess returns apierr.TooManyCodes where a user has had too many wrong codes.
func MayGuess(tx *storage.Tx, userID string, now time.Time) error {
	return tooMany(tx.MayGuess(guessKey(userID), maxGuesses, guessEvery, now))
}

// CountWrong counts a wrong code of a user, also of one who has left before the answer.
func CountWrong(ctx context.Context, db *storage.DB, userID string, now time.Time) error {
	return tooMany(db.Update(context.WithoutCancel(ctx), func(tx *storage.Tx) error { return tx.Guess(guessKey(userID), maxGuesses, guessEvery, now) }))
}

// Bounds on what is sent to one user, Auth0: secure/multi-factor-authentication and its event
// gd_otp_rate_limit_exceed: ten an hour.
const (
	maxSent   = 10
	sentEvery = 6 * time.Minute
)

// CountSent counts a code or a question that is sent to a user. It returns storage.ErrTooMany.
func CountSent(tx *storage.Tx, userID string, now time.Time) error {
	return tx.Guess("mfa-sent\x01"+userID, maxSent, sentEvery, now)
}

// MaySend counts what is sent to a user by an API, whose answer where that is too much is apierr.TooManyCodes.
func MaySend(tx *storage.Tx, userID string, now time.Time) error {
	if err := MayGuess(tx, userID, now); err != nil {
		return err
	}
	return tooMany(CountSent(tx, userID, now))
}

func tooMany(err error) error {
	if err == storage.ErrTooMany { //nolint:errorlint // Guess returns it as it is
		return apierr.TooManyCodes.With(err)
	}
	return err
}

// Requirements are what a login may go on with, by the names of factors: what the user has, or
// where that is nothing, what the user can enroll.
func Requirements(tx *storage.Tx, userID string) (map[string]any, error) {
	all, err := Of(tx, userID)
	if err != nil {
		return nil, err
	}
	if Active(all) {
		var names []string
		for _, a := range all {
			if a.Active {
				names = append(names, factorOf(a.Type, a.Channel))
			}
		}
		return map[string]any{"challenge": typed(names)}, nil
	}
	enabled, err := Enabled(tx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range enabled {
		names = append(names, factorOf(name, name))
	}
	return map[string]any{"enroll": typed(names)}, nil
}

// factorOf is the name of a factor in requirements.
func factorOf(kind, channel string) string {
	switch channel {
	case SMS, Voice:
		return "phone"
	case Email:
		return Email
	case App:
		return Push
	}
	return kind
}

// typed lists names, each once, as requirements do.
func typed(names []string) []map[string]string {
	list, seen := []map[string]string{}, map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			list = append(list, map[string]string{"type": name})
		}
		seen[name] = true
	}
	return list
}
