package tokens

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// Hint holds claims of an ID token that is sent back to the tenant: the application
// that it was issued to, the user, and the ids of the session and of the
// organization, "" if absent.
type Hint struct{ ClientID, Subject, SessionID, Organization string }

// IDTokenHint reads an ID token of this tenant that is sent as id_token_hint. OIDC
// RP-Initiated Logout section 4: an expired token is to be accepted, so the expiry
// is not checked. A token that is signed with the client secret is accepted too,
// although the application could have made it: a hint proves nothing.
func (i *Issuer) IDTokenHint(ctx context.Context, raw string) (Hint, error) {
	hint, _, err := i.readIDToken(i.verify(raw, func(payload []byte) ([]byte, error) { return i.secretOfApplication(ctx, payload) }))
	return hint, err
}

// Prove returns the user of an ID token as a proof that the user's account is under
// control of the application that the token was issued to, Auth0:
// manage-users/user-accounts/user-account-linking. Only tokens signed by the
// tenant's own keys are accepted, until they expire. The error wraps ErrExpired or
// ErrInvalid.
func (i *Issuer) Prove(raw, clientID string, now time.Time) (subject string, err error) {
	hint, life, err := i.readIDToken(i.Ring.Verify(raw))
	switch {
	case err != nil:
		return "", err
	case hint.ClientID != clientID:
		return "", fmt.Errorf("%w: it was issued to another application", ErrInvalid)
	}
	return hint.Subject, life.check(now)
}

// readIDToken reads the claims of a token. typ, payload and err are the results of
// its verification.
func (i *Issuer) readIDToken(typ string, payload []byte, err error) (Hint, lifetime, error) {
	if err != nil {
		return Hint{}, lifetime{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var c struct {
		lifetime
		Iss string   `json:"iss"`
		Sub string   `json:"sub"`
		Aud audience `json:"aud"`
		SID string   `json:"sid"`
		Azp string   `json:"azp"`
		Org string   `json:"org_id"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return Hint{}, lifetime{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	// Access tokens are signed by the same keys, but have the claim azp or another
	// typ.
	if c.Iss != i.URL || len(c.Aud) != 1 || typ != keys.TypeJWT || c.Azp != "" {
		return Hint{}, lifetime{}, fmt.Errorf("%w: not an ID token of this tenant", ErrInvalid)
	}
	return Hint{ClientID: c.Aud[0], Subject: c.Sub, SessionID: c.SID, Organization: c.Org}, c.lifetime, nil
}

// secretOfApplication returns the client secret of the application that an ID token
// was issued to.
func (i *Issuer) secretOfApplication(ctx context.Context, payload []byte) (secret []byte, err error) {
	var c struct {
		Aud audience `json:"aud"`
	}
	if err := json.Unmarshal(payload, &c); err != nil || len(c.Aud) != 1 {
		return nil, ErrInvalid
	}
	err = i.DB.View(ctx, func(tx *storage.Tx) error {
		client, err := tx.Clients.Get(c.Aud[0])
		if err != nil {
			return err
		}
		grant := Grant{Client: client}
		err = grant.LoadSecret(tx)
		secret = []byte(i.Secrets.Unseal(grant.SealedSecret))
		return err
	})
	if err == nil && len(secret) == 0 {
		err = errors.New("no secret signs the ID tokens of the application")
	}
	return secret, err
}
