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

// passkey takes an authenticator's answer to /passkey/challenge or to /passkey/register, Auth0:
// api/authentication/passkey/authenticate-existing-user and authenticate-new-user.
type passkey struct{ people }

// Type implements oauth.Grant.
func (g *passkey) Type() string { return "urn:okta:params:oauth:grant-type:webauthn" }

// passkeyGTY is the claim gty of the grant's tokens.
const passkeyGTY = "webauthn"

// Validate implements oauth.Grant.
func (g *passkey) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	for _, name := range []string{"auth_session", "authn_response"} {
		if rq.Form.Get(name) == "" {
			return nil, apierr.MissingParameter(name)
		}
	}
	if err := refuseWithoutBrowser(rq, g.Type()); err != nil {
		return nil, err
	}
	key := storage.SessionCeremony(keys.Hash(rq.Form.Get("auth_session")))
	var c storage.Ceremony
	var conn storage.Connection
	err := g.DB.View(ctx, func(tx *storage.Tx) (err error) {
		if c, err = tx.FindCeremony(key, webauthn.AuthenticationPurpose(webauthn.Passkey), rq.Now); storage.IsNotFound(err) {
			c, err = tx.FindCeremony(key, webauthn.RegistrationPurpose(webauthn.Passkey), rq.Now)
		}
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
	if c.Profile != nil {
		return g.signUp(ctx, rq, p, c, conn)
	}
	used, user, err := webauthn.UsePasskey(ctx, g.DB, p, key, rq.Client.ClientID, []storage.Connection{conn}, []byte(rq.Form.Get("authn_response")), rq.Now)
	if webauthn.IsInvalid(err) {
		return nil, apierr.PasskeyRefused.With(err)
	}
	if err != nil {
		return nil, err
	}
	rq.HTTP = requestOfUser(rq)
	attempt := signin.Attempt{
		Method: signin.Passkey, ClientID: rq.Client.ClientID, Connection: conn.Name, User: user, IP: signin.Address(rq.HTTP),
		Recheck: func(tx *storage.Tx) error {
			err := used.Record(tx, rq.Now)
			if webauthn.IsInvalid(err) {
				return signin.ErrWrong
			}
			return err
		},
	}
	if err := g.SignIn.Evaluate(rq.HTTP, attempt, true); err != nil {
		return grantOfRefused(attempt), apierr.PasskeyRefused.With(err)
	}
	return g.admit(ctx, rq, attempt, passkeyGTY, apierr.PasskeyRefused)
}

// signUp creates an account for a person who has created a passkey for /passkey/register, and logs
// the person in. Auth0: authenticate/database-connections/passkeys/passkey-apis.
func (g *passkey) signUp(ctx context.Context, rq *oauth.TokenRequest, p webauthn.Party, c storage.Ceremony, conn storage.Connection) (*tokens.Grant, error) {
	if c.ClientID != rq.Client.ClientID {
		return nil, apierr.PasskeyRefused
	}
	made, err := webauthn.FinishRegistration(p, webauthn.Passkey, c, []byte(rq.Form.Get("authn_response")))
	if err == nil { // a request that is refused for another reason must not create an account
		err = g.DB.View(ctx, func(tx *storage.Tx) error {
			_, err := g.audience(tx, rq)
			return err
		})
	}
	if webauthn.IsInvalid(err) {
		return nil, apierr.PasskeyRefused.With(err)
	}
	if err != nil {
		return nil, err
	}
	rq.HTTP = requestOfUser(rq)
	user, err := g.SignIn.SignUp(rq.HTTP, signin.Applicant{ClientID: rq.Client.ClientID, Connection: conn.Name, Profile: c.Profile},
		func(tx *storage.Tx, userID string) error {
			_, err := made.Save(tx, userID, rq.Now)
			return err
		})
	if webauthn.IsInvalid(err) {
		return nil, apierr.PasskeyRefused.With(err)
	}
	if err != nil {
		return nil, err
	}
	a := signin.Attempt{Method: signin.Passkey, ClientID: rq.Client.ClientID, Connection: conn.Name, User: user, IP: signin.Address(rq.HTTP)}
	return g.admit(ctx, rq, a, passkeyGTY, apierr.PasskeyRefused)
}
