package token

import (
	"context"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// passkey takes what an authenticator has signed for /passkey/challenge, Auth0: api/
// authentication/passkey/authenticate-existing-user.
type passkey struct{ people }

// Type implements oauth.Grant.
func (g *passkey) Type() string { return "urn:okta:params:oauth:grant-type:webauthn" }

// passkeyGTY is the gty of the grant's tokens.
const passkeyGTY = "webauthn"

// Validate implements oauth.Grant.
func (g *passkey) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	for _, name := range []string{"auth_session", "authn_response"} {
		if rq.Form.Get(name) == "" {
			return nil, apierr.MissingParameter(name)
		}
	}
	if err := outside(rq, g.Type()); err != nil {
		return nil, err
	}
	key := storage.SessionCeremony(keys.Hash(rq.Form.Get("auth_session")))
	var conn storage.Connection
	err := g.DB.View(ctx, func(tx *storage.Tx) error {
		c, err := tx.FindCeremony(key, webauthn.ToUse(webauthn.Passkey), rq.Now)
		if err == nil {
			conn, err = webauthn.Connection(tx, rq.Client.ClientID, c.Connection)
		}
		return err
	})
	realm := rq.Form.Get("realm")
	if storage.IsNotFound(err) || err == nil && realm != "" && realm != conn.Name {
		return nil, apierr.PasskeyRefused
	}
	if err != nil {
		return nil, err
	}
	p, err := webauthn.PartyOf(g.Issuer.URL, "", "")
	if err != nil {
		return nil, err
	}
	used, user, err := webauthn.UsePasskey(ctx, g.DB, p, key, rq.Client.ClientID, []storage.Connection{conn}, []byte(rq.Form.Get("authn_response")), rq.Now)
	if webauthn.Wrong(err) {
		return nil, apierr.PasskeyRefused.With(err)
	}
	if err != nil {
		return nil, err
	}
	rq.HTTP = sender(rq)
	attempt := signin.Attempt{
		Method: signin.Passkey, ClientID: rq.Client.ClientID, Connection: conn.Name, User: user, IP: signin.Address(rq.HTTP),
		Holds: func(tx *storage.Tx) error {
			err := used.Hold(tx, rq.Now)
			if webauthn.Wrong(err) {
				return signin.ErrWrong
			}
			return err
		},
	}
	if err := g.Door.Judge(rq.HTTP, attempt, true); err != nil {
		return refusedTo(attempt), apierr.PasskeyRefused.With(err)
	}
	return g.admit(ctx, rq, attempt, passkeyGTY, apierr.PasskeyRefused)
}
