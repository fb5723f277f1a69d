package login

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

func (m *room) picker() telephone.Picker {
	return telephone.Picker{DB: m.DB, Pages: m.Pages, Now: m.Now}
}

// byNumber reports whether telephone numbers are the only identifiers, which the country is asked for. Beside others they are typed
// with their country codes, Auth0: authenticate/database-connections/flexible-identifiers-and-attributes.
func byNumber(kinds []string) bool { return slices.Equal(kinds, []string{"phone_number"}) }

// countryFor returns the country to show beside an input for identifiers, the zero value for none.
func (a about) countryFor(kinds []string) templates.Country {
	if !byNumber(kinds) {
		return templates.Country{}
	}
	return a.country()
}

// identifier returns a typed identifier; a telephone number is completed with the code of the chosen country.
func identifier(ctx context.Context, t storage.Transaction, kinds []string, typed string) string {
	typed = strings.TrimSpace(typed)
	if byNumber(kinds) {
		return telephone.Complete(typed, telephone.Of(ctx, t))
	}
	return typed
}

// showCountries shows the list of countries to a login or a sign-up.
//
//auth0:operation GET /u/login/country-codes
func (m *room) showCountries(w http.ResponseWriter, r *http.Request) error {
	state := session.StateOf(r)
	t, err := m.transaction(r, state)
	if err != nil {
		return err
	}
	page := templates.CountryCodes{State: state}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if page.Layout, err = web.LayoutIn(r.Context(), tx, web.AboutRequest(t.Request())); err != nil {
			return err
		}
		client, err := tx.Clients.Get(t.Request().ClientID)
		page.ClientName = client.Name
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	return m.picker().Show(w, page)
}

// submitCountry keeps the chosen country, and leads back to the page that asks for the number.
//
//auth0:operation POST /u/login/country-codes
func (m *room) submitCountry(w http.ResponseWriter, r *http.Request) error {
	form, t, state, err := m.submitted(w, r)
	if err != nil {
		return err
	}
	return m.picker().Take(w, r, t, state, combinedPage, form)
}
