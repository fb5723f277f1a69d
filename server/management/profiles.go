package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// profilePage is the page size of profiles if the query does not set it.
const profilePage = 5

// connectionProfiles serves the connection profiles, Auth0:
// api/management/v2/connection-profiles.
//
//auth0:operation GET /api/v2/connection-profiles
//auth0:operation POST /api/v2/connection-profiles
//auth0:operation GET /api/v2/connection-profiles/{id}
//auth0:operation PATCH /api/v2/connection-profiles/{id}
//auth0:operation DELETE /api/v2/connection-profiles/{id}
func connectionProfiles() collection {
	return collection{
		kind: objects.ConnectionProfiles, path: "/connection-profiles", scope: "connection_profiles", verbs: "list create get patch delete",
		list: listing{key: "connection_profiles", style: checkpointed, maxPageSize: 10, defaultPageSize: profilePage},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if _, set := doc["strategy_overrides"]; !set {
				doc["strategy_overrides"] = nil
			}
			return doc, nil
		},
	}
}

// userAttributeProfiles serves the user attribute profiles, Auth0:
// api/management/v2/user-attribute-profiles.
//
//auth0:operation GET /api/v2/user-attribute-profiles
//auth0:operation POST /api/v2/user-attribute-profiles
//auth0:operation GET /api/v2/user-attribute-profiles/{id}
//auth0:operation PATCH /api/v2/user-attribute-profiles/{id}
//auth0:operation DELETE /api/v2/user-attribute-profiles/{id}
func userAttributeProfiles() collection {
	return collection{
		kind: objects.UserAttributeProfiles, path: "/user-attribute-profiles", scope: "user_attribute_profiles", verbs: "list create get patch delete",
		list: listing{key: "user_attribute_profiles", style: checkpointed, defaultPageSize: profilePage},
	}
}

// tokenExchangeProfiles serves the token exchange profiles, Auth0:
// api/management/v2/token-exchange-profiles.
//
//auth0:operation GET /api/v2/token-exchange-profiles
//auth0:operation POST /api/v2/token-exchange-profiles
//auth0:operation GET /api/v2/token-exchange-profiles/{id}
//auth0:operation PATCH /api/v2/token-exchange-profiles/{id}
//auth0:operation DELETE /api/v2/token-exchange-profiles/{id}
func tokenExchangeProfiles() collection {
	return collection{
		kind: objects.TokenExchangeProfiles, path: "/token-exchange-profiles", scope: "token_exchange_profiles", verbs: "list create get patch delete",
		list: listing{key: "token_exchange_profiles", style: checkpointed, refusedParams: []string{"include_totals", "page", "per_page"}},
	}
}

func profileTemplateOperations() []operation {
	connection, user := []string{"read:connection_profiles"}, []string{"read:user_attribute_profiles"}
	return []operation{
		{http.MethodGet, "/connection-profiles/templates", connection, connectionProfileTemplates},
		{http.MethodGet, "/connection-profiles/templates/{id}", connection, connectionProfileTemplate},
		{http.MethodGet, "/user-attribute-profiles/templates", user, userAttributeProfileTemplates},
		{http.MethodGet, "/user-attribute-profiles/templates/{id}", user, userAttributeProfileTemplate},
	}
}

//auth0:operation GET /api/v2/connection-profiles/templates
func connectionProfileTemplates(c *call) error {
	return c.templates("connection_profile_templates", resource.ConnectionProfileTemplates)
}

//auth0:operation GET /api/v2/connection-profiles/templates/{id}
func connectionProfileTemplate(c *call) error { return c.template(resource.ConnectionProfileTemplates) }

//auth0:operation GET /api/v2/user-attribute-profiles/templates
func userAttributeProfileTemplates(c *call) error {
	return c.templates("user_attribute_profile_templates", resource.UserAttributeProfileTemplates)
}

//auth0:operation GET /api/v2/user-attribute-profiles/templates/{id}
func userAttributeProfileTemplate(c *call) error {
	return c.template(resource.UserAttributeProfileTemplates)
}

// templates lists the ids and the names of templates, without their content.
func (c *call) templates(key string, all []storage.Document) error {
	named := make([]storage.Document, len(all))
	for i, t := range all {
		named[i] = storage.Document{"id": t["id"], "display_name": t["display_name"]}
	}
	return c.reply(http.StatusOK, storage.Document{key: named})
}

func (c *call) template(all []storage.Document) error {
	for _, t := range all {
		if storage.Text(t, "id") == c.param("id") {
			return c.reply(http.StatusOK, t)
		}
	}
	return resource.TemplateMissing
}
