package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// RateLimitPolicies are the rate limit policies, Auth0:
// api/management/v2/rate-limit-policies.
var RateLimitPolicies = declare(&Kind{Kind: resource.RateLimitPolicies, before: checkRateLimitPolicy})

// CredentialTemplates are the templates of verifiable credentials, Auth0:
// api/management/v2/verifiable-credentials.
var CredentialTemplates = declare(&Kind{Kind: resource.CredentialTemplates})

// checkRateLimitPolicy returns an error if another policy has the same resource and
// consumer, and sets the policy's times.
func checkRateLimitPolicy(o Collection, doc, old storage.Document) error {
	stamp(doc, old, resource.ShortMicroTime(o.Now))
	configuration, _ := doc["configuration"].(storage.Document)
	if storage.Text(configuration, "action") == "redirect" && storage.Text(configuration, "redirect_uri") == "" {
		return resource.InvalidBody("Payload validation error: 'Missing required property: redirect_uri' on property configuration.")
	}
	if old != nil {
		return nil
	}
	for other, err := range DocumentStoreOf(o.Tx, resource.RateLimitPolicies, "").All() {
		if err != nil {
			return err
		}
		if other["resource"] == doc["resource"] && other["consumer"] == doc["consumer"] && other["consumer_selector"] == doc["consumer_selector"] {
			return resource.RateLimitPolicies.Taken
		}
	}
	return nil
}
