package control

import (
	"net/http"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// subject says for which person and which application a provider issues a token or an assertion. By default
// it is the provider's first person.
type subject struct {
	Person   string `json:"person"`
	ClientID string `json:"client_id"`
	// Resource and Scope are the API that an assertion is for and the scope, or "".
	Resource string `json:"resource"`
	Scope    string `json:"scope"`
}

// about reads the subject from the body, and finds the connection and the person.
func (m *room) about(w http.ResponseWriter, r *http.Request) (asked subject, c storage.Connection, who storage.Person, err error) {
	if err := read(w, r, web.MaxForm, &asked); err != nil {
		return asked, c, who, err
	}
	if asked.ClientID == "" {
		return asked, c, who, badBody(`the body must name the application that asks: {"client_id": "...", "person": "..."}; the person may be left out`)
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if c, err = m.connection(tx, r); err != nil {
			return err
		}
		who, err = personOf(tx, c, asked.Person)
		return err
	})
	return asked, c, who, err
}

// given is the token that a social network's SDK returns to a native app, with the names of the parameters
// of the token endpoint.
type given struct {
	SubjectToken     string         `json:"subject_token"`
	SubjectTokenType string         `json:"subject_token_type"`
	UserProfile      map[string]any `json:"user_profile,omitempty"`
	ExpiresIn        int            `json:"expires_in"` // seconds
}

// giveToken issues the token that the SDK of a social network on a phone would return to a native app for a
// person.
//
//auth0:operation POST /providers/{connection}/tokens
func (m *room) giveToken(w http.ResponseWriter, r *http.Request) error {
	asked, c, who, err := m.about(w, r)
	if err != nil {
		return err
	}
	network, native := providers.NativeByStrategy(c.Strategy)
	if !native {
		return badBody("only Apple, Facebook and Google have SDKs for logins in native apps, and the connection " + c.Name + " has the strategy " + c.Strategy)
	}
	token, kept, err := providers.NewSubjectToken(network, c, who, asked.ClientID, m.Clock.Now(), func(claims []byte) (string, error) {
		return m.Ring.Sign(keys.RS256, keys.TypeJWT, claims)
	})
	if err != nil {
		return err
	}
	if err := m.DB.Update(r.Context(), func(tx *storage.Tx) error { return tx.SubjectTokens.Put(kept) }); err != nil {
		return err
	}
	return web.Reply(w, http.StatusCreated, given{token, network.Type, providers.AppProfile(network, who), int(network.Lifetime.Seconds())})
}

// giveAssertion issues an identity assertion (Cross App Access), as an enterprise's identity provider would
// give it to an application. The application exchanges it at the token endpoint to act for a person.
//
//auth0:operation POST /providers/{connection}/assertions
func (m *room) giveAssertion(w http.ResponseWriter, r *http.Request) error {
	asked, c, who, err := m.about(w, r)
	if err != nil {
		return err
	}
	if c.Strategy != "okta" && c.Strategy != "oidc" {
		return badBody("only connections with the strategies okta and oidc have providers that issue identity assertions, and " + c.Name + " has the strategy " + c.Strategy)
	}
	claims, err := providers.NewAssertion(c, m.Issuer, who, providers.Assertion{ClientID: asked.ClientID, Resource: asked.Resource, Scope: asked.Scope}, m.Clock.Now())
	if err != nil {
		return err
	}
	assertion, err := m.Ring.Sign(keys.RS256, keys.TypeIdentityAssertion, claims)
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusCreated, struct {
		Assertion string `json:"assertion"`
		ExpiresIn int    `json:"expires_in"` // seconds
	}{assertion, int(providers.AssertionLifetime.Seconds())})
}
