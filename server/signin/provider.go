package signin

import (
	"net/http"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// ToProvider continues a login at the identity provider of a connection, which the person chose
// or which their identifier determined. identifier is passed on to the provider; "" if none was
// typed.
func (d *Service) ToProvider(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, connection, identifier string) error {
	err := d.DB.Update(r.Context(), func(tx *storage.Tx) error {
		ways, err := account.WaysOf(tx, t.Request())
		if err != nil {
			return err
		}
		if _, ok := ways.Provider(connection); !ok {
			return apierr.ConnectionNotFound
		}
		return session.ChangeTransaction(tx, t.StateHash, d.Now(), func(t *storage.Transaction) error {
			if t.Upstream = (&storage.UpstreamLogin{Connection: connection}); identifier != "" {
				t.Identifier = identifier
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return web.Continue(w, r, account.ProviderPage, state)
}
