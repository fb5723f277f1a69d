package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// rules is Auth0: api/management/v2/rules.
//
//auth0:operation GET /api/v2/rules
//auth0:operation POST /api/v2/rules
//auth0:operation GET /api/v2/rules/{id}
//auth0:operation PATCH /api/v2/rules/{id}
//auth0:operation DELETE /api/v2/rules/{id}
func rules() served {
	return served{
		kind: resource.Rules, path: "/rules", scope: "rules", verbs: "list create get patch delete",
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.Rules, ""), nil },
		list: listing{key: "rules", filters: map[string]string{"enabled": "enabled"}},
		before: func(c *call, tx *storage.Tx, doc, _ storage.Document) error {
			if _, placed := doc["order"]; placed {
				return nil
			}
			var last float64
			for rule, err := range c.plain(tx, resource.Rules, "").All() {
				if err != nil {
					return err
				}
				order, _ := rule["order"].(float64)
				last = max(last, order)
			}
			doc["order"] = last + 1
			return nil
		},
	}
}

func rulesConfigOperations() []operation {
	return []operation{
		{http.MethodGet, "/rules-configs", []string{"read:rules_configs"}, rulesConfigs},
		{http.MethodPut, "/rules-configs/{key}", []string{"update:rules_configs"}, setRulesConfig},
		{http.MethodDelete, "/rules-configs/{key}", []string{"delete:rules_configs"}, deleteRulesConfig},
	}
}

// rulesConfigs names what is set and hides the values.
//
//auth0:operation GET /api/v2/rules-configs
func rulesConfigs(c *call) error {
	keys := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		for config, err := range c.plain(tx, resource.RulesConfigs, "").All() {
			if err != nil {
				return err
			}
			keys = append(keys, storage.Document{"key": config["key"]})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, keys)
}

//auth0:operation PUT /api/v2/rules-configs/{key}
func setRulesConfig(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.RulesConfigs.Check(c.body, resource.Create); err != nil {
		return err
	}
	config := storage.Document{"key": c.param("key"), "value": c.body["value"]}
	err := c.update(func(tx *storage.Tx) error { return c.plain(tx, resource.RulesConfigs, "").Put(config) })
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, config)
}

//auth0:operation DELETE /api/v2/rules-configs/{key}
func deleteRulesConfig(c *call) error {
	err := c.update(func(tx *storage.Tx) error { return c.plain(tx, resource.RulesConfigs, "").Delete(c.param("key")) })
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}
