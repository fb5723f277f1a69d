package mfapages

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// ownPage serves the tenant's own MFA page. That page contains Auth0's widget, or calls the widget's API
// (widget_api.go) by itself, and posts the signature that the API returns to its own URL.
// https://auth0.com/docs/secure/multi-factor-authentication/customize-mfa/customize-mfa-classic-login
//
//auth0:operation GET /mf
func (m *room) ownPage(w http.ResponseWriter, r *http.Request, v visit) error {
	return m.writeOwn(w, r, v)
}

// errRefused is the message that the page shows if the posted signature is not valid.
const errRefused = "The further factor was not proved. Please try again."

func (m *room) writeOwn(w http.ResponseWriter, r *http.Request, v visit, errs ...string) error {
	if v.options.CustomPage == "" {
		return v.start(w, r)
	}
	values, err := m.ownValues(r, v, errs)
	if err != nil {
		return err
	}
	if done, err := m.Pages.WriteLiquid(w, statusOf(errs), v.options.CustomPage, values); done || err != nil {
		return err
	}
	page, err := v.options.BuiltIn()
	if err != nil {
		return err
	}
	return web.Continue(w, r, page, v.state)
}

// ownValues returns the Liquid variables of the tenant's own page.
func (m *room) ownValues(r *http.Request, v visit, errs []string) (map[string]any, error) {
	layout, err := m.layout(r, v)
	if err != nil {
		return nil, err
	}
	told := make([]any, len(errs))
	for i, sentence := range errs {
		told[i] = map[string]any{"message": sentence}
	}
	return map[string]any{
		"mfaServerUrl": m.Issuer + widgetAPI, "requestToken": m.widgetToken(requestToken, v.state), "errors": told,
		"postActionURL": m.Issuer + factors.OwnPage[1:] + "?state=" + url.QueryEscape(v.state), "globalTrackingId": keys.Random(12),
		"allowRememberBrowser": v.login.MayRemember(), "lang": layout.Language,
		"userData": map[string]any{
			"userId": v.user.UserID, "email": v.user.Email, "friendlyUserId": tenantlog.UserName(v.user),
			"tenant": m.Tenant, "tenantFriendlyName": layout.CompanyName, "tenantLogo": layout.LogoURL,
		},
	}, nil
}

// submitOwn lets a user go on who has proved a factor on the tenant's own page.
//
//auth0:operation POST /mf
func (m *room) submitOwn(w http.ResponseWriter, r *http.Request, v visit) error {
	if state, ok := m.readToken(signature, v.form.Get("signature")); v.further.Accepted == "" || !ok || state != v.state {
		return m.writeOwn(w, r, v, errRefused)
	}
	err := m.finish(w, r, v, proof{
		find: func(tx *storage.Tx) (a factors.Authenticator, err error) {
			all, err := factors.AuthenticatorsOf(tx, v.user.UserID)
			if err != nil {
				return a, err
			}
			a, ok := factors.Find(all, v.further.Accepted)
			if !ok {
				return a, errGone
			}
			return a, nil
		},
		use: func(*storage.Tx) error { return nil }, // it was used up when it was accepted
	})
	if errors.Is(err, errGone) {
		return m.writeOwn(w, r, v, errRefused)
	}
	return err
}

// accept stores that a factor was proved on the tenant's own page, so that the page can finish the login.
func (m *room) accept(r *http.Request, v visit, p proof) error {
	return m.update(r, &v, func(tx *storage.Tx) error {
		a, err := p.find(tx)
		if err != nil {
			return err
		}
		if err := factors.MayGuess(tx, v.user.UserID, m.Now()); err != nil {
			return err
		}
		if err := p.use(tx); err != nil {
			return err
		}
		return m.note(tx, v, func(f *storage.FurtherFactor) {
			if f.Accepted = a.ID; a.Type == factors.RecoveryCode {
				f.Offered = v.offer
			}
		})
	})
}

// The purposes of the tokens of a tenant's own page: to begin a flow, to continue it, and to state that a
// factor was proved. The page's library reads the tokens and sends them back. A token only names the login; it
// is the browser's cookies that authorize the requests.
const (
	requestToken     = "request"
	transactionToken = "transaction"
	signature        = "signature"
)

// tokenLifetime is how long the library considers a token valid. The login may expire earlier.
const tokenLifetime = time.Hour

// tokenClaims are the claims of such a token.
type tokenClaims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	ID        string `json:"txid"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
}

func (m *room) widgetToken(purpose, state string) string {
	now := m.Now()
	payload, _ := json.Marshal(tokenClaims{ // strings and numbers always marshal
		Issuer: m.Issuer, Audience: m.Issuer + widgetAPI + "/" + purpose, ID: state, IssuedAt: now.Unix(), ExpiresAt: now.Add(tokenLifetime).Unix(),
	})
	return keys.SignHS256(m.Secrets.FactorToken, "JWT", payload)
}

// readToken returns the state in a token. ok is false if this server has not made the token for the purpose.
func (m *room) readToken(purpose, token string) (state string, ok bool) {
	_, payload, err := keys.VerifyHS256(token, func([]byte) ([]byte, error) { return m.Secrets.FactorToken, nil })
	var c tokenClaims
	if err != nil || json.Unmarshal(payload, &c) != nil || c.Audience != m.Issuer+widgetAPI+"/"+purpose {
		return "", false
	}
	return c.ID, true
}
