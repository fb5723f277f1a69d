package control

import (
	"net/http"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// subject is whom something that a provider gives is about, by default the first person whom it knows, and for which
// application it is.
type subject struct {
	Person   string `json:"person"`
	ClientID string `json:"client_id"`
	// Resource and Scope are the API that an assertion is for, and what of it, "" for nothing said.
	Resource string `json:"resource"`
	Scope    string `json:"scope"`
}

// about reads whom a request is about, and finds the connection and the person.
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

// given is what the SDK of a social network gives an app for a person, as the token endpoint takes it.
type given struct {
	SubjectToken     string         `json:"subject_token"`
	SubjectTokenType string         `json:"subject_token_type"`
	UserProfile      map[string]any `json:"user_profile,omitempty"`
	ExpiresIn        int            `json:"expires_in"` // seconds
}

// giveToken gives what the SDK of the network on a phone gives an app: for a person, by default the first
// whom the provider knows, and an application.
//
//auth0:operation POST /providers/{connection}/tokens
func (m *room) giveToken(w http.ResponseWriter, r *http.Request) error {
	asked, c, who, err := m.about(w, r)
	if err != nil {
		return err
	}
	network, native := providers.NativeByStrategy(c.Strategy)
	if !native {
		return badBody("people log in by the SDKs of Apple, Facebook and Google alone, and the connection " + c.Name + " is of the strategy " + c.Strategy)
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

// giveAssertion gives what the directory of an enterprise gives an application that is to act for one of its
// people at the tenant, as the token endpoint takes it (Cross App Access).
//
//auth0:operation POST /providers/{connection}/assertions
func (m *room) giveAssertion(w http.ResponseWriter, r *http.Request) error {
	asked, c, who, err := m.about(w, r)
	if err != nil {
		return err
	}
	if c.Strategy != "okta" && c.Strategy != "oidc" {
		return badBody("connections of the strategies okta and oidc alone have providers that assert identities, and " + c.Name + " is of the strategy " + c.Strategy)
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
