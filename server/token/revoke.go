package token

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// revoke revokes a refresh token and its whole family. RFC 7009 section 2.2: "The
// authorization server responds with HTTP status code 200 if the token has been
// revoked successfully or if the client submitted an invalid token."
//
//auth0:operation POST /oauth/revoke
func (m *room) revoke(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	client, err := m.revoker(r, form)
	if err != nil {
		return err
	}
	token := form.Get("token")
	if token == "" {
		return apierr.MissingParameter("token")
	}

	if id, ok := keys.FamilyOfRefreshToken(token); ok {
		revoked, err := m.revokeFamily(r.Context(), client, id, keys.Hash(token))
		if err != nil {
			return err
		}
		if revoked.UserID != "" {
			m.engine.Log.Record(r, tenantlog.Event{
				Type: tenantlog.RefreshTokenRevoked, Description: "Refresh token revoked", ClientID: client.ClientID, ClientName: client.Name,
				UserID: revoked.UserID, Connection: revoked.Connection, Details: map[string]string{"credential_id": id, "audience": revoked.Audience},
			})
		}
	}

	web.NoStore(w)
	w.WriteHeader(http.StatusOK)
	return nil
}

// revoker authenticates the client. Failures are answered with invalid_client,
// unlike at the token endpoint.
func (m *room) revoker(r *http.Request, form url.Values) (storage.Client, error) {
	client, err := m.engine.AuthenticateClient(r, form)
	return client, apierr.AsInvalidClient(err)
}

// revokeFamily revokes a family of refresh tokens. It does nothing if the token
// belongs to another client or is not in the family, and the client is not told
// so. It returns what it revoked, for the tenant's log.
func (m *room) revokeFamily(ctx context.Context, client storage.Client, id, hash string) (revoked storage.Issue, err error) {
	err = m.db.Update(ctx, func(tx *storage.Tx) error {
		t, err := tx.RefreshTokens.Get(id)
		if storage.IsNotFound(err) {
			return nil
		}
		if err != nil || t.Issue.ClientID != client.ClientID || !t.Has(hash) {
			return err
		}
		if err := endOnline(tx, t); err != nil {
			return err
		}
		if err := tx.RevokeGrant(id, m.engine.Now()); err != nil {
			return err
		}
		revoked = t.Issue
		return revokeConsent(tx, client, t.Issue)
	})
	return revoked, err
}

// endOnline ends the session of an online refresh token: revoking the token ends
// the session too. Auth0: secure/tokens/refresh-tokens/online-refresh-tokens.
func endOnline(tx *storage.Tx, t storage.RefreshToken) error {
	if !t.Online {
		return nil
	}
	s, err := tx.SessionByID(t.Issue.SessionID)
	if err != nil {
		return storage.Optional(err)
	}
	return tx.EndSession(s, storage.SessionRevoked)
}

// revokeConsent also deletes the user's consent, if the tenant's settings say so,
// Auth0: secure/tokens/refresh-tokens/revoke-refresh-tokens.
func revokeConsent(tx *storage.Tx, client storage.Client, issue storage.Issue) error {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err != nil || !tenant.Flags.RevokeRefreshTokenGrant {
		return storage.Optional(err)
	}
	grant, err := tx.GrantFor(issue.UserID, client, issue.Audience, issue.Organization)
	if err != nil {
		return storage.Optional(err)
	}
	return tx.Grants.Delete(grant.ID)
}
