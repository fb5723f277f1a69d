package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Rules are the tenant's rules, Auth0: api/management/v2/rules.
var Rules = declare(&Kind{Kind: resource.Rules, before: placeRule})

// RulesConfigs are the configuration values that rules read, by key.
var RulesConfigs = declare(&Kind{Kind: resource.RulesConfigs})

// placeRule puts a rule without an order behind all others.
func placeRule(o Collection, doc, _ storage.Document) error {
	if _, placed := doc["order"]; placed {
		return nil
	}
	var last float64
	for rule, err := range DocumentStoreOf(o.Tx, resource.Rules, "").All() {
		if err != nil {
			return err
		}
		order, _ := rule["order"].(float64)
		last = max(last, order)
	}
	doc["order"] = last + 1
	return nil
}
