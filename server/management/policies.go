package management

import (
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
)

// rateLimitPolicies serves the rate limit policies, Auth0:
// api/management/v2/rate-limit-policies.
//
//auth0:operation GET /api/v2/rate-limit-policies
//auth0:operation POST /api/v2/rate-limit-policies
//auth0:operation GET /api/v2/rate-limit-policies/{id}
//auth0:operation PATCH /api/v2/rate-limit-policies/{id}
//auth0:operation DELETE /api/v2/rate-limit-policies/{id}
func rateLimitPolicies() collection {
	return collection{
		kind: objects.RateLimitPolicies, path: "/rate-limit-policies", scope: "rate_limit_policies", verbs: "list create get patch delete", strict: true,
		list: listing{key: "rate_limit_policies", style: checkpointed, filters: map[string]string{
			"resource": "resource", "consumer": "consumer", "consumer_selector": "consumer_selector",
		}},
	}
}

// assessments serves the settings of Auth0: api/management/v2/risk-assessments and
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

// credentialTemplates serves the templates of verifiable credentials, Auth0:
// api/management/v2/verifiable-credentials.
//
//auth0:operation GET /api/v2/verifiable-credentials/verification/templates
//auth0:operation POST /api/v2/verifiable-credentials/verification/templates
//auth0:operation GET /api/v2/verifiable-credentials/verification/templates/{id}
//auth0:operation PATCH /api/v2/verifiable-credentials/verification/templates/{id}
//auth0:operation DELETE /api/v2/verifiable-credentials/verification/templates/{id}
func credentialTemplates() collection {
	return collection{
		kind: objects.CredentialTemplates, path: "/verifiable-credentials/verification/templates", scope: "vdcs_templates", verbs: "list create get patch delete",
		list: listing{key: "templates", style: checkpointed},
	}
}
