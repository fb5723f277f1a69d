// Package device serves the device authorization flow, RFC 8628, except the grant at the
// token endpoint. A device without a keyboard gets a code here, and the user types it in a
// browser, logs in and allows the device. The login is an ordinary authorization request,
// whose response goes to this package instead of an application.
package device

import (
	"cmp"
	"crypto/rand"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Engine  *oauth.Engine
	Issuer  *tokens.Issuer
	Cookies session.Cookies
	Pages   web.Pages
	Log     *tenantlog.Log
	Now     func() time.Time
}

type room struct{ Deps }

// Mount adds the routes: the pages to rt, and the API, which pages of other origins may
// call, to open.
func Mount(rt, open *web.Router, d Deps) {
	m := &room{d}
	open.Handle(http.MethodPost, "/oauth/device/code", m.start)
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, "/activate", m.show)
	rt.Handle(http.MethodPost, "/activate", web.SameSite(m.submit))
	rt.Handle(http.MethodGet, loginPath, m.loggedIn)
}

const (
	grantType = "urn:ietf:params:oauth:grant-type:device_code"
	// lifetime is how long the codes of a device are valid, Auth0:
	// get-started/authentication-and-authorization-flow/device-authorization-flow.
	lifetime = 15 * time.Minute
	// tries is how many user codes are tried until one is not in use by another device.
	tries = 10
)

// start issues a device code and a user code to a device.
//
//auth0:operation POST /oauth/device/code
func (m *room) start(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	if err != nil {
		return err
	}
	if !client.Allows(grantType) {
		return m.refuse(r, client, apierr.GrantNotAllowed(grantType))
	}
	now, code, shown := m.Now(), keys.Random(32), ""
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		if err := storage.Optional(err); err != nil {
			return err
		}
		d := storage.Device{
			Hash: keys.Hash(code), ClientID: client.ClientID, Scope: form.Get("scope"), Audience: form.Get("audience"),
			CreatedAt: now, ExpiresAt: now.Add(lifetime),
		}
		if d.Audience, err = m.audience(tx, tenant, cmp.Or(d.Audience, tenant.AudienceOf(form.Get("resource")))); err != nil {
			return err
		}
		for range tries {
			if shown, err = userCode(tenant); err != nil {
				return err
			}
			d.UserCode = normal(shown)
			if err = tx.StartDevice(d); !storage.IsConflict(err) {
				return err
			}
		}
		return err
	})
	if err != nil {
		return m.refuse(r, client, err)
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, struct {
		DeviceCode  string `json:"device_code"`
		UserCode    string `json:"user_code"`
		URI         string `json:"verification_uri"`
		ExpiresIn   int    `json:"expires_in"`
		Interval    int    `json:"interval"`
		CompleteURI string `json:"verification_uri_complete"`
	}{
		code, shown, m.Issuer.URL + "activate", int(lifetime.Seconds()), int(storage.DeviceInterval.Seconds()),
		m.Issuer.URL + "activate?user_code=" + url.QueryEscape(shown),
	})
}

// refuse logs why a device gets no codes, and returns err.
func (m *room) refuse(r *http.Request, client storage.Client, err error) error {
	m.Log.Record(r, tenantlog.Event{
		Type: tenantlog.DeviceRefused, Description: tenantlog.Reason(err), ClientID: client.ClientID, ClientName: client.Name,
	})
	return err
}

// audience returns the audience of the API that a device requests, or "" for userinfo alone.
func (m *room) audience(tx *storage.Tx, tenant storage.Tenant, asked string) (string, error) {
	if asked == "" {
		asked = tenant.DefaultAudience
	}
	if asked == "" || asked == m.Issuer.Userinfo() {
		return "", nil
	}
	api, err := tx.API(asked)
	if err == nil && api == nil {
		err = apierr.AtTokenEndpoint(apierr.UnknownService(asked))
	}
	return asked, err
}

// Characters of user codes, Auth0: get-started/tenant-settings. base20 has no characters
// that look alike, and no vowels, so that codes do not form words.
const (
	base20 = "BCDFGHJKLMNPQRSTVWXZ"
	digits = "0123456789"
)

// userCode makes a random user code by the tenant's settings: each * in the mask is replaced
// by a random character.
func userCode(t storage.Tenant) (string, error) {
	charset, mask := base20, t.DeviceFlow.Mask
	if t.DeviceFlow.Charset == "digits" {
		charset = digits
	}
	if !strings.Contains(mask, "*") {
		mask = "****-****"
	}
	var code strings.Builder
	for _, c := range mask {
		if c != '*' {
			code.WriteRune(c)
			continue
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(charset))))
		if err != nil {
			return "", errors.Join(errors.New("make a user code"), err)
		}
		code.WriteByte(charset[n.Int64()])
	}
	return code.String(), nil
}

// normal returns a user code in upper case and without separators, because people leave out
// hyphens and type lower-case letters.
func normal(code string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(base20+digits, c) {
			return c
		}
		return -1
	}, strings.ToUpper(code))
}
