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

// Claims is what the server reads of an access token that comes back to it.
type Claims struct {
	Subject  string
	ClientID string
	Scope    []string
	Audience []string
	GTY      string
	GrantID  string // opaque tokens only
	Opaque   bool
	Endings  storage.Endings // opaque tokens only
	// IDClaims are the custom claims of the grant's ID token, which /userinfo
	// shows as well; opaque tokens carry them.
	IDClaims map[string]any
	// Actor is who acts for the user, nil for nobody.
	Actor map[string]any
	// Organization is the id of the one that the token is for, "" for none.
	Organization string
}

var (
	// ErrExpired reports a token past its time.
	ErrExpired = errors.New("the token has expired")
	// ErrInvalid reports a token that this tenant did not issue, or not for this
	// audience.
	ErrInvalid = errors.New("the token is not valid here")
)

// Verify reads an access token of this tenant for one audience, JWT or opaque.
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

// audienceError reports a token of this tenant for others.
type audienceError []string

// Error implements the error interface.
func (e audienceError) Error() string {
	return fmt.Sprintf("%v: its audience is %v", ErrInvalid, []string(e))
}

// Unwrap says that the token is invalid.
func (e audienceError) Unwrap() error { return ErrInvalid }

// Why is what a trace says of an error of Verify. It holds nothing of the token but the audience of one that the
// tenant has issued.
func Why(err error) string {
	if other, ok := errors.AsType[audienceError](err); ok {
		return "the token is for " + strings.Join(other, " and ") + ", and not for this API"
	}
	if errors.Is(err, ErrExpired) {
		return "the token's time is over"
	}
	return "it is no access token of this tenant"
}

// lifetime is when a token is good, in seconds, RFC 7519 sections 4.1.4 to 4.1.6.
type lifetime struct {
	Iat int64 `json:"iat"`
	Nbf int64 `json:"nbf"`
	Exp int64 `json:"exp"`
}

// clockSteps is by how much the clock of the machine may be set back, in seconds,
// without that its tokens are taken for those of the future.
const clockSteps = 60

// check returns an error that wraps ErrExpired or ErrInvalid for a token whose time
// is over or has not come.
func (l lifetime) check(now time.Time) error {
	switch {
	case now.Unix() >= l.Exp:
		return ErrExpired
	case max(l.Iat, l.Nbf) > now.Unix()+clockSteps:
		return fmt.Errorf("%w: its time has not come", ErrInvalid)
	}
	return nil
}

// readJWT reads an access token that the tenant's keys sign, or the secret of the API
// that it is for.
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
	// An ID token is signed by the same keys and is no access token: it says
	// neither who may use it (azp, client_id) nor, for an API, for what.
	if c.Iss != i.URL || c.Azp+c.ClientID == "" {
		return Claims{}, lifetime{}, errors.New("not an access token of this tenant")
	}
	return Claims{
		Subject: c.Sub, ClientID: c.Azp + c.ClientID, Scope: strings.Fields(c.Scope), Audience: c.Aud, GTY: c.GTY, Actor: c.Act, Organization: c.OrgID,
	}, c.lifetime, nil
}

// verify checks the signature of a token by its algorithm, that of HS256 with the
// secret that secretOf finds for the token's claims.
func (i *Issuer) verify(raw string, secretOf func(payload []byte) ([]byte, error)) (typ string, payload []byte, err error) {
	if keys.Algorithm(raw) == keys.HS256 {
		return keys.VerifyHS256(raw, secretOf)
	}
	return i.Ring.Verify(raw)
}

// secretOfAPI is the secret that signs the access tokens for an API.
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

// Advise notes in the trace of a request that it came to another address than that of the issuer: who knows the
// tenant by that address does not take its tokens, and browsers keep no cookie of one host for another.
func (i *Issuer) Advise(r *http.Request) {
	_, address, _ := strings.Cut(strings.TrimSuffix(i.URL, "/"), "://")
	if strings.EqualFold(address, r.Host) {
		return
	}
	trace.Note(r.Context(), trace.Step{
		Room: "tokens", Said: "the tenant was asked for as " + r.Host + ", and its tokens say " + i.URL + ": clients that know it by another address refuse them",
		Setting: "the domain that the application is given, or issuer of the server",
	})
}
