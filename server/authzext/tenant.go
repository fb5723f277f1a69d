package authzext

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// assignable are the app_types of applications for which roles can be defined.
var assignable = []string{"spa", "native", "regular_web"}

//auth0:operation GET /extensions/authorization/api/applications
func (a *api) listApplications(c *call) (any, error) {
	type application struct {
		ClientID  string   `json:"client_id"`
		Name      string   `json:"name"`
		Callbacks []string `json:"callbacks"`
		AppType   string   `json:"app_type"`
	}
	found := []application{}
	err := a.DB.View(c.Context(), func(tx *storage.Tx) error {
		for c, err := range tx.Clients.All() {
			if err != nil {
				return err
			}
			if slices.Contains(assignable, c.AppType) {
				found = append(found, application{c.ClientID, c.Name, append([]string{}, c.Callbacks...), c.AppType})
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b application) int { return compareNames(a.Name, b.Name) })
	return found, err
}

//auth0:operation GET /extensions/authorization/api/applications/{clientId}
func (a *api) getApplication(c *call) (any, error) {
	var client storage.Document
	err := a.DB.View(c.Context(), func(tx *storage.Tx) (err error) {
		client, err = tx.Clients.Document(c.param("clientId"))
		return err
	})
	if storage.IsNotFound(err) {
		return nil, errNoClient
	}
	return client, err
}

//auth0:operation GET /extensions/authorization/api/connections
func (a *api) listConnections(c *call) (any, error) {
	type connection struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Strategy string `json:"strategy"`
	}
	found := []connection{}
	err := a.DB.View(c.Context(), func(tx *storage.Tx) error {
		for c, err := range tx.Connections.All() {
			if err != nil {
				return err
			}
			found = append(found, connection{c.ID, c.Name, c.Strategy})
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b connection) int { return compareNames(a.Name, b.Name) })
	return found, err
}

func compareNames(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }
