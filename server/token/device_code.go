package token

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// deviceCode answers a device's poll for its tokens, RFC 8628 section 3.4. What is granted was
// decided when the user allowed the device, by the rules of a login.
type deviceCode struct{ people }

// Type implements oauth.Grant.
func (g *deviceCode) Type() string { return "urn:ietf:params:oauth:grant-type:device_code" }

// Validate implements oauth.Grant. A poll that comes too early does not restart the waiting
// time, so that a device which polls too fast gets its tokens too.
func (g *deviceCode) Validate(ctx context.Context, rq *oauth.TokenRequest) (*tokens.Grant, error) {
	text := rq.Form.Get("device_code")
	if text == "" {
		return nil, apierr.MissingParameter("device_code")
	}
	d, err := g.DB.PollDevice(ctx, keys.Hash(text), rq.Client.ClientID, rq.Now)
	switch {
	case storage.IsNotFound(err):
		return nil, apierr.InvalidDeviceCode.With(err)
	case errors.Is(err, storage.ErrExpired):
		return nil, apierr.DeviceCodeExpired.With(err)
	case errors.Is(err, storage.ErrTooEarly):
		return nil, apierr.SlowDown.With(err)
	case err != nil:
		return nil, err
	case d.Denied:
		return nil, apierr.DeviceDenied
	case d.Issue == nil:
		return nil, apierr.DevicePending
	}
	grant := &tokens.Grant{Client: rq.Client, ID: d.GrantID, Issue: *d.Issue}
	err = g.DB.View(ctx, grant.Load)
	if storage.IsNotFound(err) {
		return grant, apierr.InvalidDeviceCode.With(err)
	}
	if err == nil && grant.User.Blocked {
		err = apierr.AtTokenEndpoint(apierr.UserBlocked)
	}
	return grant, err
}

// Commit implements oauth.Grant. One transaction deletes the device code and stores the refresh
// token, so that only one of several polls succeeds.
func (g *deviceCode) Commit(ctx context.Context, rq *oauth.TokenRequest, grant *tokens.Grant, reply *oauth.Reply) error {
	issued := startRefreshToken(g.Issuer.Secrets, grant, reply, rq)
	err := g.DB.RedeemDevice(ctx, keys.Hash(rq.Form.Get("device_code")), issued)
	if errors.Is(err, storage.ErrReused) {
		return apierr.InvalidDeviceCode.With(err)
	}
	return err
}
