package login

import (
	"context"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// buttons converts connections to the buttons of a page.
func buttons(all []storage.Connection) (ways []templates.Way) {
	for _, c := range all {
		ways = append(ways, templates.Way{Connection: c.Name, Strategy: c.Strategy})
	}
	return ways
}

// chosen returns the passwordless connection that the user has chosen as the only way to
// log in. is says whether there is one.
func chosen(ways account.Ways, t storage.Transaction) (only account.Ways, is bool) {
	if t.Passwordless == nil {
		return only, false
	}
	i := slices.IndexFunc(ways.Passwordless, func(c storage.Connection) bool { return c.Name == t.Passwordless.Connection })
	if i < 0 {
		return only, false
	}
	return account.Ways{Passwordless: ways.Passwordless[i : i+1]}, true
}

// switchTo continues with the connection whose button was pressed. A passwordless
// connection sends a code to the typed address or number, or asks for it first; a database
// connection shows the tenant's login page; any other leads to its identity provider.
func (m *room) switchTo(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, name, typed string) error {
	ways, err := m.ways(r.Context(), t.Request())
	if err != nil {
		return err
	}
	is := func(c storage.Connection) bool { return c.Name == name }
	if slices.ContainsFunc(ways.Databases, is) {
		if err := m.choose(r.Context(), t, nil); err != nil {
			return err
		}
		return web.Continue(w, r, combinedPage, state) // it redirects to the first page of the tenant's login
	}
	i := slices.IndexFunc(ways.Passwordless, is)
	if i < 0 {
		return m.SignIn.ToProvider(w, r, t, state, name, "")
	}
	conn := ways.Passwordless[i]
	if _, fits := account.PasswordlessAddress(conn, typed); fits {
		return m.sendCode(w, r, t, state, conn, typed)
	}
	if err := m.choose(r.Context(), t, &storage.PasswordlessLogin{Connection: conn.Name}); err != nil {
		return err
	}
	return web.Continue(w, r, identifierPage, state)
}

// choose stores the passwordless connection that the user has chosen, or nil.
func (m *room) choose(ctx context.Context, t storage.Transaction, answer *storage.PasswordlessLogin) error {
	return m.DB.Update(ctx, func(tx *storage.Tx) error {
		return session.ChangeTransaction(tx, t.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Passwordless = answer
			return nil
		})
	})
}

// sendCode sends a code or a link, and redirects to the page that asks for it.
func (m *room) sendCode(w http.ResponseWriter, r *http.Request, t storage.Transaction, state string, conn storage.Connection, typed string) error {
	address, _ := account.PasswordlessAddress(conn, typed)
	page, err := m.Codes.StartLogin(r, t, state, conn, address)
	if err != nil {
		return err
	}
	return web.Continue(w, r, page, state)
}
