package tokens

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// Claims is what the server reads of an access token that comes back to it.
type Claims struct {
	Subject  string
	ClientID string
	Scope    []string
	Audience []string
	GTY      string
	GrantID  string // opaque tokens only
	Opaque   bool
	// IDClaims are the custom claims of the grant's ID token, which /userinfo
	// shows as well; opaque tokens carry them.
	IDClaims map[string]any
}

var (
	// ErrExpired reports a token past its time.
	ErrExpired = errors.New("the token has expired")
	// ErrInvalid reports a token that this tenant did not issue, or not for this
	// audience.
	ErrInvalid = errors.New("the token is not valid here")
)

// sealed is the content of an opaque access token.
type sealed struct {
	Sub      string         `json:"sub"`
	ClientID string         `json:"client_id"`
	Scope    []string       `json:"scope"`
	GrantID  string         `json:"grant_id"`
	Exp      int64          `json:"exp"`
	IDClaims map[string]any `json:"id_claims,omitempty"`
}

// opaque returns an access token for /userinfo alone: a JWE of five parts that
// only this server can read, as Auth0 issues it without an audience.
func (i *Issuer) opaque(g *Grant, now time.Time) (Access, error) {
	content, err := json.Marshal(sealed{
		Sub: subject(g), ClientID: g.Client.ClientID, Scope: g.Issue.Scope, GrantID: g.ID,
		Exp: now.Unix() + DefaultAccessTokenLifetime, IDClaims: g.Issue.IDClaims,
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
	return Access{token, DefaultAccessTokenLifetime}, err
}

// Verify reads an access token of this tenant for one audience, JWT or opaque.
// It returns an error that wraps ErrExpired or ErrInvalid.
func (i *Issuer) Verify(raw, audience string, now time.Time) (Claims, error) {
	var c Claims
	var exp int64
	var err error
	if strings.Count(raw, ".") == 4 {
		c, exp, err = i.open(raw)
	} else {
		c, exp, err = i.readJWT(raw)
	}
	switch {
	case err != nil:
		return c, fmt.Errorf("%w: %w", ErrInvalid, err)
	case now.Unix() >= exp:
		return c, ErrExpired
	case !slices.Contains(c.Audience, audience):
		return c, fmt.Errorf("%w: its audience is %v", ErrInvalid, c.Audience)
	}
	return c, nil
}

func (i *Issuer) open(raw string) (Claims, int64, error) {
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
		Audience: []string{i.Userinfo()}, Opaque: true, IDClaims: s.IDClaims,
	}, s.Exp, nil
}

func (i *Issuer) readJWT(raw string) (Claims, int64, error) {
	_, payload, err := i.Ring.Verify(raw)
	if err != nil {
		return Claims{}, 0, err
	}
	var c struct {
		accessClaims
		Aud   audience `json:"aud"`
		Nonce string   `json:"nonce"`
		SID   string   `json:"sid"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, 0, err
	}
	// An ID token is signed by the same keys and is no access token: it says
	// neither who may use it (azp, client_id) nor, for an API, for what.
	if c.Iss != i.URL || c.Azp+c.ClientID == "" {
		return Claims{}, 0, errors.New("not an access token of this tenant")
	}
	return Claims{
		Subject: c.Sub, ClientID: c.Azp + c.ClientID, Scope: strings.Fields(c.Scope), Audience: c.Aud, GTY: c.GTY,
	}, c.Exp, nil
}

// audience reads an aud claim, a string or a list of them, RFC 7519 section 4.1.3.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// IDTokenHint reads an ID token of this tenant that comes back as a hint. OIDC
// RP-Initiated Logout section 4: an expired one is to be accepted. With a store it reads
// those too that an application's secret signs, which the application could have made.
func (i *Issuer) IDTokenHint(db *storage.DB, raw string) (clientID, subject, sid string, err error) {
	typ, payload, err := i.Ring.Verify(raw)
	if err != nil && db != nil {
		typ, payload, err = keys.VerifyHS256(raw, func(payload []byte) ([]byte, error) { return i.secretOf(db, payload) })
	}
	if err != nil {
		return "", "", "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	var c struct {
		idClaims
		Aud audience `json:"aud"`
		Azp string   `json:"azp"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return "", "", "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if c.Iss != i.URL || len(c.Aud) != 1 || typ != keys.TypeJWT || c.Azp != "" {
		return "", "", "", ErrInvalid
	}
	return c.Aud[0], c.Sub, c.SID, nil
}

// secretOf is the secret of the application that the claims of an ID token are for.
func (i *Issuer) secretOf(db *storage.DB, payload []byte) (secret []byte, err error) {
	var c struct {
		Aud audience `json:"aud"`
	}
	if err := json.Unmarshal(payload, &c); err != nil || len(c.Aud) != 1 {
		return nil, ErrInvalid
	}
	err = db.View(func(tx *storage.Tx) error {
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
		err = ErrInvalid
	}
	return secret, err
}
