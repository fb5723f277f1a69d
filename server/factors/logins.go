package factors

import (
	"context"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Lifetimes of mfa_token and oob_code, Auth0: api/authentication/multi-factor-authentication.
const (
	LoginLifetime = 10 * time.Minute
	OOBLifetime   = 5 * time.Minute
)

// tokenPrefix is the prefix of every mfa_token and oob_code, the same as Auth0's.
const tokenPrefix = "Fe26.2*"

// NewToken returns a new random mfa_token or oob_code.
func NewToken() string { return tokenPrefix + keys.Random(48) }

// IsToken reports whether a text has the form of an mfa_token.
func IsToken(text string) bool { return strings.HasPrefix(text, tokenPrefix) }

// Scopes of the API behind /mfa, Auth0:
// secure/multi-factor-authentication/manage-mfa-auth0-apis/manage-authenticator-factors-mfa-api.
const (
	ScopeEnroll = "enroll"
	ScopeRead   = "read:authenticators"
	ScopeRemove = "remove:authenticators"
)

// apiLifetime is the lifetime of access tokens for that API, in seconds.
const apiLifetime = 600

// Audience returns the identifier of a tenant's API behind /mfa.
func Audience(issuer string) string { return issuer + "mfa/" }

// API returns the API behind /mfa. Every tenant has it, but it is not listed among the resource servers.
func API(issuer string) *storage.ResourceServer {
	return &storage.ResourceServer{
		Name: "Auth0 MFA API", Identifier: Audience(issuer), IsSystem: true, TokenLifetime: apiLifetime, TokenLifetimeForWeb: apiLifetime,
		SkipConsentForVerifiableFirstPartyClients: true,
		Scopes: []storage.Scope{{Value: ScopeEnroll}, {Value: ScopeRead}, {Value: ScopeRemove}},
	}
}

// Login returns the login to which an mfa_token belongs. If clientID is not "", the login must be one of that
// application. Errors about the token are apierr.Errors for the application.
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

// Limits on wrong codes of one user: maxGuesses at once, and one more every guessEvery, Auth0:
// secure/multi-factor-authentication.
const (
	maxGuesses = 10
	guessEvery = 6 * time.Minute
)

func guessKey(userID string) string { return "mfa\x01" + userID }

// MayGuess returns apierr.TooManyCodes if a user has entered too many wrong codes.
func MayGuess(tx *storage.Tx, userID string, now time.Time) error {
	return tooMany(tx.MayGuess(guessKey(userID), maxGuesses, guessEvery, now))
}

// CountWrong counts a wrong code of a user, even if the client disconnects before the answer.
func CountWrong(ctx context.Context, db *storage.DB, userID string, now time.Time) error {
	return tooMany(db.Update(context.WithoutCancel(ctx), func(tx *storage.Tx) error { return tx.Guess(guessKey(userID), maxGuesses, guessEvery, now) }))
}

// Limits on the messages sent to one user: ten an hour. Auth0: secure/multi-factor-authentication, and the
// log event gd_otp_rate_limit_exceed.
const (
	maxSent   = 10
	sentEvery = 6 * time.Minute
)

// CountSent counts a code or a push notification that is sent to a user. It returns storage.ErrTooMany if
// there were too many.
func CountSent(tx *storage.Tx, userID string, now time.Time) error {
	return tx.Guess("mfa-sent\x01"+userID, maxSent, sentEvery, now)
}

// MaySend is CountSent for the APIs: it returns apierr.TooManyCodes if too many messages were sent or too
// many wrong codes were entered.
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

// Requirements returns the mfa_requirements of a login: the factors that the user has ("challenge") or, if
// there are none, those that the user can enroll ("enroll").
func Requirements(tx *storage.Tx, userID string) (map[string]any, error) {
	all, err := AuthenticatorsOf(tx, userID)
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

// factorOf returns the name of a factor in mfa_requirements.
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

// typed returns names in the format of mfa_requirements, each once.
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
