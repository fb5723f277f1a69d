package login

import (
	"context"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// passkeyFailed is the key of the message about a passkey that was not accepted.
const passkeyFailed = "passkey-authentication-failed"

// askPasskey begins a WebAuthn ceremony for a passkey of any user. It returns the options for the
// browser's call, or "" if none of the databases allows passkeys.
func (m *room) askPasskey(ctx context.Context, t storage.Transaction, databases []storage.Connection) (options string, err error) {
	if !slices.ContainsFunc(databases, webauthn.TakesPasskeys) {
		return "", nil
	}
	p, err := webauthn.PartyOf(m.Issuer, "", "")
	if err != nil {
		return "", err
	}
	var b webauthn.Challenge
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		b, err = webauthn.BeginAuthentication(tx, p, webauthn.Request{
			Kind: webauthn.Passkey, Key: storage.PageCeremony(t.StateHash, webauthn.Passkey), ClientID: t.Request().ClientID,
		}, m.Now())
		return err
	})
	if err == nil {
		err = m.DB.Update(ctx, func(tx *storage.Tx) error { return tx.BeginCeremony(b.Ceremony) })
	}
	return string(b.Options), err
}

// byPasskey verifies the authenticator's response and logs in the owner of the passkey.
func (m *room) byPasskey(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, typed, response string) error {
	ways, err := m.ways(r.Context(), t.Request())
	if err != nil {
		return err
	}
	p, err := webauthn.PartyOf(m.Issuer, "", "")
	if err != nil {
		return err
	}
	key := storage.PageCeremony(t.StateHash, webauthn.Passkey)
	used, user, err := webauthn.UsePasskey(r.Context(), m.DB, p, key, t.Request().ClientID, ways.Databases, []byte(response), m.Now())
	if err != nil && !webauthn.IsInvalid(err) {
		return err
	}
	a := signin.Attempt{
		Method: signin.Passkey, ClientID: t.Request().ClientID, Connection: user.ConnectionName(), Identifier: typed, User: user, IP: signin.Address(r),
		Message: "Invalid passkey.",
		Recheck: func(tx *storage.Tx) error {
			err := used.Record(tx, m.Now())
			if webauthn.IsInvalid(err) {
				return signin.ErrWrong
			}
			return err
		},
	}
	var finish func(http.ResponseWriter)
	if err = m.SignIn.Evaluate(r, a, err == nil); err == nil {
		err = m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
			if finish, err = m.SignIn.Begin(tx, r, t, a); err != nil {
				return err
			}
			return session.ChangeTransaction(tx, t.StateHash, m.Now(), func(kept *storage.Transaction) error {
				kept.Platform, kept.Roaming = t.Platform, webauthn.IsCrossPlatform([]byte(response))
				return nil
			})
		})
	}
	if key := signin.PageKey(err, passkeyFailed); key != "" {
		return m.identifierPage(r.Context(), w, http.StatusBadRequest, t, state, typed, key)
	}
	if err != nil {
		return err
	}
	finish(w)
	return web.Resume(w, r, state)
}
