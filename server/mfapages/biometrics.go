package mfapages

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Actions of the page that offers to add the device of the browser, and of pages whose authenticator has failed, Auth0:
// libraries/acul/js-sdk.
const (
	snooze       = "snooze-enrollment"
	refuseDevice = "refuse-add-device"
	showError    = "showError"
)

// showDetection asks the browser what it can do, before the user is asked for a factor or offered one.
//
//auth0:operation GET /u/mfa-detect-browser-capabilities
func (m *room) showDetection(w http.ResponseWriter, r *http.Request, v visit) error {
	if !v.options.Undetected {
		return v.start(w, r)
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.MFADetection{Layout: layout, ClientName: v.client.Name, State: v.state})
}

// submitDetection keeps what the browser can do, and goes on.
//
//auth0:operation POST /u/mfa-detect-browser-capabilities
func (m *room) submitDetection(w http.ResponseWriter, r *http.Request, v visit) error {
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		return session.ChangeTransaction(tx, v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Abilities = cmp.Or(session.AbilitiesIn(v.form), &storage.Abilities{})
			return nil
		})
	})
	if err != nil {
		return err
	}
	return v.resume(w, r)
}

// offersBiometrics reports whether the user, who has proved another factor, is offered to add the device of the browser, Auth0:
// secure/multi-factor-authentication/fido-authentication-with-webauthn/configure-webauthn-device-biometrics-for-mfa. Nobody is who
// has added one.
func (m *room) offersBiometrics(tx *storage.Tx, v visit, proved factors.Authenticator) (bool, error) {
	another := proved.Type != factors.WebAuthnPlatform && proved.Type != factors.RecoveryCode
	if !another || v.t.Enrollment != nil || v.t.Abilities == nil || !v.t.Abilities.Platform {
		return false, nil
	}
	enabled, err := factors.Enabled(tx)
	if err != nil || !slices.Contains(enabled, factors.WebAuthnPlatform) {
		return false, err
	}
	if has, err := webauthn.Has(tx, v.user.UserID, factors.WebAuthnPlatform); err != nil || has {
		return false, err
	}
	declined, err := webauthn.OfBiometrics.Declined(tx, v.t.BrowserHash, v.user.UserID, m.Now())
	return !declined, err
}

// mayEnrollKey reports whether the user can add a kind of WebAuthn keys: as a first factor, or because the login offers it.
func (v visit) mayEnrollKey(kind string) bool {
	return v.mayEnroll(kind) || kind == factors.WebAuthnPlatform && v.further.Biometrics
}

// declineBiometrics goes on without the device of the browser. It is offered again later, or forGood not in this browser.
func (m *room) declineBiometrics(w http.ResponseWriter, r *http.Request, v visit, forGood bool) error {
	err := m.update(r, &v, func(tx *storage.Tx) error {
		if err := webauthn.OfBiometrics.Decline(tx, v.t.BrowserHash, v.user.UserID, forGood, m.Now()); err != nil {
			return err
		}
		return m.note(tx, v, func(f *storage.FurtherFactor) { f.Biometrics = false })
	})
	if err != nil {
		return err
	}
	return v.resume(w, r)
}
