package management

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// rateLimitPolicies is Auth0: api/management/v2/rate-limit-policies.
//
//auth0:operation GET /api/v2/rate-limit-policies
//auth0:operation POST /api/v2/rate-limit-policies
//auth0:operation GET /api/v2/rate-limit-policies/{id}
//auth0:operation PATCH /api/v2/rate-limit-policies/{id}
//auth0:operation DELETE /api/v2/rate-limit-policies/{id}
func rateLimitPolicies() served {
	return served{
		kind: resource.RateLimitPolicies, path: "/rate-limit-policies", scope: "rate_limit_policies", verbs: "list create get patch delete", strict: true,
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.RateLimitPolicies, ""), nil },
		list: listing{key: "rate_limit_policies", style: checkpointed, filters: map[string]string{
			"resource": "resource", "consumer": "consumer", "consumer_selector": "consumer_selector",
		}},
		before: checkRateLimitPolicy,
	}
}

// checkRateLimitPolicy sees that nobody has two policies for the same, and dates
// the policy.
func checkRateLimitPolicy(c *call, tx *storage.Tx, doc, old storage.Document) error {
	stamp(doc, old, resource.ShortMicroTime(c.now))
	configuration, _ := doc["configuration"].(storage.Document)
	if text(configuration, "action") == "redirect" && text(configuration, "redirect_uri") == "" {
		return resource.InvalidBody("Payload validation error: 'Missing required property: redirect_uri' on property configuration.")
	}
	if old != nil {
		return nil
	}
	for other, err := range c.plain(tx, resource.RateLimitPolicies, "").All() {
		if err != nil {
			return err
		}
		if other["resource"] == doc["resource"] && other["consumer"] == doc["consumer"] && other["consumer_selector"] == doc["consumer_selector"] {
			return resource.RateLimitPolicies.Taken
		}
	}
	return nil
}

// assessments is Auth0: api/management/v2/risk-assessments and
// supplemental-signals.
//
//auth0:operation GET /api/v2/risk-assessments/settings
//auth0:operation PATCH /api/v2/risk-assessments/settings
//auth0:operation GET /api/v2/risk-assessments/settings/new-device
//auth0:operation PATCH /api/v2/risk-assessments/settings/new-device
//auth0:operation GET /api/v2/supplemental-signals
//auth0:operation PATCH /api/v2/supplemental-signals
func assessments() []singleton {
	var all []singleton
	for _, kind := range []*resource.Kind{resource.RiskAssessments, resource.NewDeviceAssessment, resource.SupplementalSignals} {
		all = append(all, singleton{kind: kind, path: "/" + kind.Name, verbs: "get patch", scope: "attack_protection"})
	}
	return all
}

// credentialTemplates is Auth0: api/management/v2/verifiable-credentials.
//
//auth0:operation GET /api/v2/verifiable-credentials/verification/templates
//auth0:operation POST /api/v2/verifiable-credentials/verification/templates
//auth0:operation GET /api/v2/verifiable-credentials/verification/templates/{id}
//auth0:operation PATCH /api/v2/verifiable-credentials/verification/templates/{id}
//auth0:operation DELETE /api/v2/verifiable-credentials/verification/templates/{id}
func credentialTemplates() served {
	return served{
		kind: resource.CredentialTemplates, path: "/verifiable-credentials/verification/templates", scope: "vdcs_templates", verbs: "list create get patch delete",
		keep: func(c *call, tx *storage.Tx) (store, error) {
			return c.plain(tx, resource.CredentialTemplates, ""), nil
		},
		list: listing{key: "templates", style: checkpointed},
	}
}
