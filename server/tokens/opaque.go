package tokens

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// sealed is the content of an opaque access token.
type sealed struct {
	Sub      string         `json:"sub"`
	ClientID string         `json:"client_id"`
	Scope    []string       `json:"scope"`
	GrantID  string         `json:"grant_id"`
	Exp      int64          `json:"exp"`
	IDClaims map[string]any `json:"id_claims,omitempty"`
	// Endings invalidate the token when its application or its user is deleted.
	Endings storage.Endings `json:"endings,omitzero"`
}

// opaque returns an access token that is valid only at /userinfo: a JWE in
// compact form that only this server can decrypt, as Auth0 issues it without an
// audience.
func (i *Issuer) opaque(ctx context.Context, g *Grant, now time.Time) (Access, error) {
	var endings storage.Endings
	err := i.DB.View(ctx, func(tx *storage.Tx) (err error) {
		endings, err = tx.Endings(g.Client.ClientID, subject(g))
		return err
	})
	if err != nil {
		return Access{}, err
	}
	lifetime := g.accessLifetime()
	content, err := json.Marshal(sealed{
		Sub: subject(g), ClientID: g.Client.ClientID, Scope: g.Issue.Scope, GrantID: g.ID,
		Exp: now.Unix() + int64(lifetime), IDClaims: g.Issue.IDClaims, Endings: endings,
	})
	if err != nil {
		return Access{}, err
	}
	opts := (&jose.EncrypterOptions{}).WithHeader("iss", i.URL)
	enc, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: i.Secrets.OpaqueToken}, opts)
	if err != nil {
		return Access{}, fmt.Errorf("seal access token: %w", err)
	}
	jwe, err := enc.Encrypt(content)
	if err != nil {
		return Access{}, fmt.Errorf("seal access token: %w", err)
	}
	token, err := jwe.CompactSerialize()
	return Access{token, lifetime}, err
}

func (i *Issuer) open(raw string) (Claims, int64, error) {
	if err := keys.CheckSpelling(raw); err != nil {
		return Claims{}, 0, err
	}
	jwe, err := jose.ParseEncryptedCompact(raw, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return Claims{}, 0, err
	}
	content, err := jwe.Decrypt(i.Secrets.OpaqueToken)
	if err != nil {
		return Claims{}, 0, err
	}
	var s sealed
	if err := json.Unmarshal(content, &s); err != nil {
		return Claims{}, 0, err
	}
	return Claims{
		Subject: s.Sub, ClientID: s.ClientID, Scope: s.Scope, GrantID: s.GrantID,
		Audience: []string{i.Userinfo()}, Opaque: true, IDClaims: s.IDClaims, Endings: s.Endings,
	}, s.Exp, nil
}
