package management_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestConnectionsOfANewApplication checks which connections a new application is enabled for, Auth0:
// get-started/tenant-settings, Enable Application Connections.
func TestConnectionsOfANewApplication(t *testing.T) {
	c := newClient(t)
	c.must(201, http.MethodPost, "/connections", object{"name": "Partners", "strategy": "auth0"})
	c.must(201, http.MethodPost, "/connections", object{"name": "google", "strategy": "google-oauth2"})
	connections := func(path string) (names []string) {
		t.Helper()
		for _, connection := range c.must(200, http.MethodGet, path+"/connections", nil)["connections"].([]any) {
			names = append(names, connection.(object)["name"].(string))
		}
		slices.Sort(names)
		return names
	}
	before := connections(spaPath)
	all := []string{"Partners", "Username-Password-Authentication", "google"}
	for _, tt := range []struct {
		flag any
		want []string
	}{{nil, all}, {false, nil}, {true, all}} {
		if tt.flag != nil {
			c.must(200, http.MethodPatch, "/tenants/settings", object{"flags": object{"enable_client_connections": tt.flag}})
		}
		path := "/clients/" + c.must(201, http.MethodPost, "/clients", object{"name": "new"})["client_id"].(string)
		if got := connections(path); !slices.Equal(got, tt.want) {
			t.Errorf("with the flag %v a new application has %v, want %v", tt.flag, got, tt.want)
		}
		c.must(200, http.MethodPatch, path, object{"name": "renamed"})
		if got := connections(path); !slices.Equal(got, tt.want) {
			t.Errorf("with the flag %v a changed application has %v, want %v", tt.flag, got, tt.want)
		}
	}
	c.must(201, http.MethodPost, "/connections", object{"name": "Later", "strategy": "auth0"})
	if got := connections(spaPath); !slices.Equal(got, before) {
		t.Errorf("the application %s, which is not new, has %v, want %v", servertest.SPA, got, before)
	}
}
