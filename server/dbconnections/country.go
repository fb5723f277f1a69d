package dbconnections

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/storage"
)

// pickCountry leads from a page that asks for a telephone number to the list of countries.
func (m *room) pickCountry(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, page string, form url.Values) error {
	picker := telephone.Picker{DB: m.DB, Pages: m.Pages, Now: m.Now}
	return picker.Begin(w, r, t, state, page, telephone.LoginList, form)
}

// resetRequest returns the page that asks who has forgotten the password of a connection.
func resetRequest(connection string) string {
	return "/u/reset-password/request/" + url.PathEscape(connection)
}

// resetKinds returns what users of a connection may be named by when they have forgotten the password.
func (m *room) resetKinds(ctx context.Context, name string) (kinds []string, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		conn, err := tx.Connections.Find("name", name)
		kinds = account.LoginIdentifiers([]storage.Connection{conn})
		return storage.Optional(err)
	})
	return kinds, err
}

// typedNumber completes a telephone number with the code of the chosen country, if numbers are all that users are named by.
func (m *room) typedNumber(r *http.Request, t storage.Transaction, connection, typed string) (string, error) {
	kinds, err := m.resetKinds(r.Context(), connection)
	if err != nil || !slices.Equal(kinds, []string{"phone_number"}) {
		return typed, err
	}
	return telephone.Complete(typed, telephone.Of(r.Context(), t)), nil
}
