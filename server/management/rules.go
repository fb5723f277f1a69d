package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// rules serves the tenant's rules, Auth0: api/management/v2/rules.
//
//auth0:operation GET /api/v2/rules
//auth0:operation POST /api/v2/rules
//auth0:operation GET /api/v2/rules/{id}
//auth0:operation PATCH /api/v2/rules/{id}
//auth0:operation DELETE /api/v2/rules/{id}
func rules() collection {
	return collection{
		kind: objects.Rules, path: "/rules", scope: "rules", verbs: "list create get patch delete",
		list: listing{key: "rules", filters: map[string]string{"enabled": "enabled"}},
	}
}

func rulesConfigOperations() []operation {
	return []operation{
		{http.MethodGet, "/rules-configs", []string{"read:rules_configs"}, rulesConfigs},
		{http.MethodPut, "/rules-configs/{key}", []string{"update:rules_configs"}, setRulesConfig},
		{http.MethodDelete, "/rules-configs/{key}", []string{"delete:rules_configs"}, deleteRulesConfig},
	}
}

// rulesConfigs lists the keys that are set, and hides the values.
//
//auth0:operation GET /api/v2/rules-configs
func rulesConfigs(c *call) error {
	return replyView(c, func(tx *storage.Tx) ([]storage.Document, error) {
		keys := []storage.Document{}
		for config, err := range tx.Documents(resource.RulesConfigs.Name, "").All() {
			if err != nil {
				return nil, err
			}
			keys = append(keys, storage.Document{"key": config["key"]})
		}
		return keys, nil
	})
}

//auth0:operation PUT /api/v2/rules-configs/{key}
func setRulesConfig(c *call) error {
	if err := c.readAs(resource.RulesConfigs, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		configs, err := objects.RulesConfigs.In(ch, "")
		if err != nil {
			return nil, err
		}
		config := storage.Document{"key": c.param("key"), "value": c.body["value"]}
		return config, configs.Put(config)
	})
}

//auth0:operation DELETE /api/v2/rules-configs/{key}
func deleteRulesConfig(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		return ch.Tx.Documents(resource.RulesConfigs.Name, "").Delete(c.param("key"))
	})
}
