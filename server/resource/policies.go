package resource

import "time"

// ShortMicroTime formats a time as rate limit policies have it: ISO 8601 with
// microseconds, without zeros at the end.
func ShortMicroTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z") }

var (
	// RateLimitPolicies describes the resource of Auth0: api/management/v2/rate-limit-policies. They are
	// stored but not enforced.
	RateLimitPolicies = &Kind{
		Name: "rate-limit-policies", ID: "id", NewID: Prefixed("rlp_", 21),
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly,
			"resource":          {Type: String, Required: true, Access: CreateOnly, Enum: []string{"oauth_authentication_api"}},
			"consumer":          {Type: String, Required: true, Access: CreateOnly, Enum: []string{"client"}},
			"consumer_selector": {Type: String, Required: true, Access: CreateOnly},
			"configuration": {Type: Object, Required: true, Open: true, Fields: Fields{
				"action": {Type: String, Required: true, Enum: []string{"allow", "block", "log", "redirect"}}, "limit": number,
				"redirect_uri": {Type: String, Format: "uri"},
			}},
		},
		Missing: missing("", "Rate limit policy not found"), Taken: taken("", "A rate limit policy for this resource and consumer already exists"),
	}
	// RiskAssessments describes the resource of Auth0: api/management/v2/risk-assessments.
	RiskAssessments = &Kind{Name: "risk-assessments/settings", Fields: Fields{"enabled": {Type: Bool, Required: true, Default: false}}}
	// NewDeviceAssessment describes the resource of Auth0: api/management/v2/risk-assessments.
	NewDeviceAssessment = &Kind{
		Name:   "risk-assessments/settings/new-device",
		Fields: Fields{"remember_for": {Type: Integer, Required: true, Default: 30, Min: 1, Max: 365}},
	}
	// SupplementalSignals describes the resource of Auth0: api/management/v2/supplemental-signals.
	SupplementalSignals = &Kind{Name: "supplemental-signals", Fields: Fields{"akamai_enabled": {Type: Bool, Required: true, Default: false}}}
	// CredentialTemplates describes the resource of Auth0: api/management/v2/verifiable-credentials.
	CredentialTemplates = &Kind{
		Name: "verifiable-credentials/verification/templates", ID: "id", NewID: Prefixed("vct_", 22),
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "name": {Type: String, Required: true, Min: 1, Max: 255},
			"type": {Type: String, Required: true, Min: 1, Max: 255}, "dialect": {Type: String, Required: true, Pattern: Like("^simplified/1.0$")},
			"presentation": {Type: Object, Required: true, Fields: Fields{"org.iso.18013.5.1.mDL": {
				Type: Object, Required: true, Fields: Fields{"org.iso.18013.5.1": {Type: Object, Required: true, Min: 1, Item: &flag}},
			}}},
			"custom_certificate_authority": {Type: String, Nullable: true, Access: CreateOnly, Min: 1, Max: 4096, Plain: true},
			"well_known_trusted_issuers":   {Type: String, Required: true, Pattern: Like("^aamva$")}, "version": {Type: Number, Access: UpdateOnly},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Template not found"),
	}
)

// AssessorsToClear is a request that clears assessors for a user of a connection,
// Auth0:
// api/management/v2/users/clear-risk-assessment-assessors.
var AssessorsToClear = &Kind{Fields: Fields{
	"connection": {Type: String, Required: true, Min: 1, Max: 128, Pattern: Like("^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$")},
	"assessors":  {Type: Array, Required: true, Min: 1, Item: oneOf("new-device")},
}}
