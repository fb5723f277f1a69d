package mfa

import (
	"context"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// enrollment is the response to a request that adds an authenticator.
type enrollment struct {
	Type          string   `json:"authenticator_type"`
	Secret        string   `json:"secret,omitempty"`
	BarcodeURI    string   `json:"barcode_uri,omitempty"`
	Binding       string   `json:"binding_method,omitempty"`
	RecoveryCodes []string `json:"recovery_codes,omitempty"`
	Channel       string   `json:"oob_channel,omitempty"`
	Code          string   `json:"oob_code,omitempty"`
}

// associate adds an authenticator, which becomes active when the user proves it for the first time, Auth0:
// api/authentication/multi-factor-authentication/add-an-authenticator. A request with an mfa_token can
// only add the user's first authenticator: somebody who knows no more than the password must not get
// around the authenticators that the user already has.
//
//auth0:operation POST /mfa/associate
func (m *room) associate(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	if err != nil {
		return err
	}
	var brought credential
	if token := form.Get("mfa_token"); token != "" {
		brought, err = m.credential(r.Context(), token, client.ClientID)
	} else {
		brought, err = m.bearer(r, client.ClientID)
	}
	if err != nil {
		return err
	}
	doc, secret, err := wanted(form)
	if err != nil {
		return err
	}
	e, err := m.enroll(r.Context(), brought, doc, secret, form.Get("oob_channels"))
	if err != nil {
		return err
	}
	answer := e.answer
	if answer.Type = e.added.Type; answer.Type == factors.OOB {
		sent, err := m.send(r.Context(), e.mfaUser, e.added, outbox.OTPEnroll)
		if err != nil {
			return err
		}
		answer.Code, answer.Binding, answer.Channel = sent.code, sent.binding, e.added.Channel
		if sent.push != "" {
			answer.BarcodeURI = factors.AppURI(m.Issuer.URL, e.tenant, tenantlog.UserName(e.user), sent.push)
		}
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, answer)
}

// enrolled is an authenticator that was added, with its user and the response.
type enrolled struct {
	mfaUser
	added  factors.Authenticator
	answer enrollment
	tenant string // the tenant's name as authenticator apps show it
}

// enroll adds an authenticator, and also a recovery code if the user had no active
// authenticator.
func (m *room) enroll(ctx context.Context, brought credential, doc storage.Document, secret, channels string) (e enrolled, err error) {
	recovery := factors.NewRecoveryCode()
	err = m.DB.Update(ctx, func(tx *storage.Tx) error {
		e = enrolled{answer: enrollment{Secret: secret}}
		if e.mfaUser, err = m.findUser(tx, brought); err != nil {
			return err
		}
		if err := e.may(factors.ScopeEnroll); err != nil {
			return err
		}
		first := !factors.Active(e.authenticators)
		if !first && e.login.Hash != "" {
			return errEnrolled
		}
		if err := isEnabled(tx, doc, channels); err != nil {
			return err
		}
		if e.login.Hash != "" {
			doc = factors.MarkFirst(doc)
		}
		now := m.Now()
		if e.added, err = factors.Enroll(tx, e.user.UserID, doc, now); err != nil {
			return err
		}
		if first {
			e.answer.RecoveryCodes = []string{recovery}
			if err := factors.SetRecoveryCode(tx, m.Issuer.Secrets, e.user.UserID, recovery, now); err != nil {
				return err
			}
		}
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		e.tenant = factors.TenantName(tenant, m.Issuer.URL)
		if secret != "" {
			e.answer.BarcodeURI = factors.BarcodeURI(e.tenant, tenantlog.UserName(e.user), secret)
		}
		return storage.Optional(err)
	})
	return e, err
}

// wanted returns the document of the factor that the form asks to add, and the secret if that is
// a one-time password.
func wanted(form url.Values) (doc storage.Document, secret string, err error) {
	types := strings.Fields(form.Get("authenticator_types"))
	if len(types) == 0 {
		return nil, "", apierr.MissingParameter("authenticator_types")
	}
	switch types[0] {
	case factors.OTP:
		secret = factors.NewOTPSecret()
		return factors.OTPDocument(secret), secret, nil
	case factors.OOB:
	default:
		return nil, "", apierr.InvalidParameter("authenticator_types", "must be otp or oob")
	}
	channels := strings.Fields(form.Get("oob_channels"))
	if len(channels) == 0 {
		return nil, "", apierr.MissingParameter("oob_channels")
	}
	switch channel := channels[0]; channel {
	case factors.SMS, factors.Voice:
		number := form.Get("phone_number")
		if number == "" {
			return nil, "", apierr.MissingParameter("phone_number")
		}
		if !factors.IsPhoneNumber(number) {
			return nil, "", apierr.InvalidParameter("phone_number", "must be a plus and up to 15 digits")
		}
		return factors.PhoneDocument(number, channel), "", nil
	case factors.Email:
		address := form.Get("email")
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			return nil, "", apierr.InvalidParameter("email", "must be an address")
		}
		return storage.Document{"type": "email", "email": address}, "", nil
	case factors.App:
		return factors.AppDocument(factors.NewOTPSecret()), "", nil
	}
	return nil, "", apierr.InvalidParameter("oob_channels", "must be sms, voice, email or auth0")
}

// isEnabled returns an error if the tenant has not switched the factor on.
func isEnabled(tx *storage.Tx, doc storage.Document, channels string) error {
	enabled, err := factors.Enabled(tx)
	if err != nil {
		return err
	}
	name := factors.OTP
	switch doc["type"] {
	case "totp":
	case factors.AppMethod:
		name = factors.Push
	default:
		name = strings.Fields(channels)[0]
	}
	if !slices.Contains(enabled, name) {
		return errNoFactor
	}
	return nil
}
