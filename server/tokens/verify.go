package tokens

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// Claims holds what the server reads from an access token that is sent to it.
type Claims struct {
	Subject  string
	ClientID string
	Scope    []string
	Audience []string
	GTY      string
	GrantID  string // opaque tokens only
	Opaque   bool
	Endings  storage.Endings // opaque tokens only
	// IDClaims are the custom claims of the grant's ID token, which /userinfo returns as well. Only opaque
	// tokens carry them.
	IDClaims map[string]any
	// Actor is the party that acts for the user, nil if there is none.
	Actor map[string]any
	// Organization is the id of the token's organization, "" if there is none.
	Organization string
}

var (
	// ErrExpired reports a token that has expired.
	ErrExpired = errors.New("the token has expired")
	// ErrInvalid reports a token that this tenant did not issue, or not for this audience, or that is not valid
	// yet.
	ErrInvalid = errors.New("the token is not valid here")
)

// Verify reads an access token of this tenant, a JWT or an opaque token, and checks that it is for an audience.
// It returns an error that wraps ErrExpired or ErrInvalid.
func (i *Issuer) Verify(ctx context.Context, raw, audience string, now time.Time) (Claims, error) {
	var c Claims
	var life lifetime
	var err error
	if strings.Count(raw, ".") == 4 {
		c, life.Exp, err = i.open(raw)
	} else {
		c, life, err = i.readJWT(ctx, raw, audience)
	}
	switch {
	case err != nil:
		return c, fmt.Errorf("%w: %w", ErrInvalid, err)
	case !slices.Contains(c.Audience, audience):
		return c, audienceError(c.Audience)
	}
	return c, life.check(now)
}

// audienceError reports a token of this tenant for other audiences.
type audienceError []string

// Error implements the error interface.
func (e audienceError) Error() string {
	return fmt.Sprintf("%v: its audience is %v", ErrInvalid, []string(e))
}

// Unwrap makes errors.Is report ErrInvalid.
func (e audienceError) Unwrap() error { return ErrInvalid }

// Why explains an error of Verify for a trace. The explanation contains nothing of the token, except the
// audience of a token that this tenant issued.
func Why(err error) string {
	if other, ok := errors.AsType[audienceError](err); ok {
		return "the token is for " + strings.Join(other, " and ") + ", and not for this API"
	}
	if errors.Is(err, ErrExpired) {
		return "the token has expired"
	}
	return "it is not an access token of this tenant"
}

// lifetime holds the claims exp, nbf and iat, in seconds, RFC 7519 sections 4.1.4 to 4.1.6.
type lifetime struct {
	Iat int64 `json:"iat"`
	Nbf int64 `json:"nbf"`
	Exp int64 `json:"exp"`
}

// clockSteps is how far the machine's clock may be set back, in seconds, before the server rejects its own
// tokens as issued in the future.
const clockSteps = 60

// check returns an error that wraps ErrExpired or ErrInvalid if a token has expired or is not valid yet.
func (l lifetime) check(now time.Time) error {
	switch {
	case now.Unix() >= l.Exp:
		return ErrExpired
	case max(l.Iat, l.Nbf) > now.Unix()+clockSteps:
		return fmt.Errorf("%w: it is not valid yet", ErrInvalid)
	}
	return nil
}

// readJWT reads an access token that is signed by the tenant's keys or by the secret of the API with an
// identifier.
func (i *Issuer) readJWT(ctx context.Context, raw, identifier string) (Claims, lifetime, error) {
	_, payload, err := i.verify(raw, func([]byte) ([]byte, error) { return i.secretOfAPI(ctx, identifier) })
	if err != nil {
		return Claims{}, lifetime{}, err
	}
	var c struct {
		lifetime
		Iss      string   `json:"iss"`
		Sub      string   `json:"sub"`
		Aud      audience `json:"aud"`
		Scope    string   `json:"scope"`
		GTY      string   `json:"gty"`
		Azp      string   `json:"azp"`
		ClientID string   `json:"client_id"`

		Act   map[string]any `json:"act"`
		OrgID string         `json:"org_id"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, lifetime{}, err
	}
	// An ID token is signed by the same keys but is not an access token: it has neither azp nor client_id.
	if c.Iss != i.URL || c.Azp+c.ClientID == "" {
		return Claims{}, lifetime{}, errors.New("not an access token of this tenant")
	}
	return Claims{
		Subject: c.Sub, ClientID: c.Azp + c.ClientID, Scope: strings.Fields(c.Scope), Audience: c.Aud, GTY: c.GTY, Actor: c.Act, Organization: c.OrgID,
	}, c.lifetime, nil
}

// verify checks the signature of a token by its algorithm. For HS256, secretOf returns the secret for the
// token's claims.
func (i *Issuer) verify(raw string, secretOf func(payload []byte) ([]byte, error)) (typ string, payload []byte, err error) {
	if keys.Algorithm(raw) == keys.HS256 {
		return keys.VerifyHS256(raw, secretOf)
	}
	return i.Ring.Verify(raw)
}

// secretOfAPI returns the secret that signs access tokens for an API.
func (i *Issuer) secretOfAPI(ctx context.Context, identifier string) (secret []byte, err error) {
	err = i.DB.View(ctx, func(tx *storage.Tx) error {
		api, err := tx.API(identifier)
		if err == nil && (api == nil || api.SigningAlg != keys.HS256 || api.SigningSecret == "") {
			err = errors.New("no secret signs tokens for " + identifier)
		}
		if err == nil {
			secret = []byte(api.SigningSecret)
		}
		return err
	})
	return secret, err
}

// audience is a claim aud, a string or a list of strings, RFC 7519 section 4.1.3.
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

// Advise records in the trace of a request that it was sent to another host than the issuer's. Clients that
// know the tenant by that host reject its tokens, and browsers do not send the cookies of one host to another.
func (i *Issuer) Advise(r *http.Request) {
	_, address, _ := strings.Cut(strings.TrimSuffix(i.URL, "/"), "://")
	if strings.EqualFold(address, r.Host) {
		return
	}
	trace.Note(r.Context(), trace.Step{
		Component: "tokens", Decision: "the request was sent to " + r.Host + ", but its tokens name the issuer " + i.URL + ": clients that know the tenant by another address reject them",
		Setting: "the domain that the application is configured with, or the setting issuer of the server",
	})
}
