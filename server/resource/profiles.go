package resource

import (
	"time"

	"github.com/tenant0/tenant0/storage"
)

// selfServed are the enterprise connections that an administrator may set up.
var selfServed = []string{"oidc", "samlp", "waad", "google-apps", "adfs", "okta", "keycloak-samlp", "pingfederate", "auth0-samlp", "okta-samlp"}

// userIDDefaults say where a user's id comes from unless a profile says otherwise.
var userIDDefaults = storage.Document{
	"oidc_mapping": "sub", "scim_mapping": "externalId",
	"saml_mapping": []any{
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
	},
}

var (
	// ConnectionProfiles is Auth0: api/management/v2/connection-profiles.
	ConnectionProfiles = &Kind{
		Name: "connection-profiles", ID: "id", NewID: Prefixed("cop_", 22), Open: true,
		Fields: Fields{
			"id": onlyRead, "name": {Type: String, Required: true, Min: 1, Max: 50},
			"organization": {Type: Object, Open: true, Fields: Fields{
				"show_as_button":             {Type: String, Enum: []string{"none", "optional", "required"}},
				"assign_membership_on_login": {Type: String, Enum: []string{"none", "optional", "required"}},
			}},
			"connection_name_prefix_template": {Type: String, Max: 256},
			"enabled_features":                {Type: Array, Item: &Field{Type: String, Enum: []string{"scim", "universal_logout"}}},
			"connection_config":               object, "strategy_overrides": {Type: Object, Nullable: true},
		},
		Missing: missing("", "Connection Profile not found"),
	}
	// ConnectionProfileTemplates is what a new profile may start from.
	ConnectionProfileTemplates = []storage.Document{{
		"id": "enterprise", "display_name": "Enterprise", "template": storage.Document{
			"name": "Enterprise", "organization": storage.Document{"show_as_button": "optional", "assign_membership_on_login": "required"},
			"connection_name_prefix_template": "{org_name}", "enabled_features": []any{"scim", "universal_logout"},
		},
	}}
	// UserAttributeProfiles is Auth0: api/management/v2/user-attribute-profiles.
	UserAttributeProfiles = &Kind{
		Name: "user-attribute-profiles", ID: "id", NewID: Prefixed("uap_", 22), Open: true,
		Fields: Fields{
			"id": onlyRead, "name": {Type: String, Required: true, Min: 1, Max: 128}, "user_id": {Type: Object, Default: storage.Document{}},
			"user_attributes": {Type: Object, Required: true, Min: 1},
		},
		Complete: func(doc storage.Document, _ time.Time) { completeUserID(doc) },
		Missing:  missing("", "User Attribute Profile not found"),
	}
	// UserAttributeProfileTemplates is what a new profile may start from.
	UserAttributeProfileTemplates = []storage.Document{{
		"id": "default", "display_name": "Default", "template": storage.Document{
			"name": "Default", "user_id": userIDDefaults, "user_attributes": storage.Document{"email": storage.Document{
				"label": "Email", "description": "Email of the user", "auth0_mapping": "email", "profile_required": true,
				"oidc_mapping": storage.Document{"mapping": "email"}, "scim_mapping": "emails[primary eq true].value",
				"saml_mapping": []any{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"},
			}},
		},
	}}
	// TemplateMissing answers for a template that is none.
	TemplateMissing = missing("", "Template not found")
	// SelfServiceProfiles is Auth0: api/management/v2/self-service-profiles.
	SelfServiceProfiles = &Kind{
		Name: "self-service-profiles", ID: "id", NewID: Prefixed("ssp_", 22), Open: true,
		Fields: Fields{
			"id": onlyRead, "created_at": onlyRead, "updated_at": onlyRead, "name": {Type: String, Required: true, Min: 1, Max: 100},
			"description": {Type: String, Max: 140}, "branding": {Type: Object, Nullable: true},
			"allowed_strategies": {Type: Array, Item: &Field{Type: String, Enum: selfServed}},
			"user_attributes": {Type: Array, Default: []any{}, Nullable: true, Ordered: true, Item: &Field{Type: Object, Open: true, Fields: Fields{
				"name": {Type: String, Required: true, Min: 1}, "description": {Type: String, Required: true}, "is_optional": {Type: Bool, Required: true},
			}}},
			"user_attribute_profile_id": {Type: String, Nullable: true},
		},
		Created: "created_at", Updated: "updated_at",
	}
	// SelfServiceTexts are the texts of a self-service profile.
	SelfServiceTexts = &Kind{Name: "self-service-profiles/custom-text", Open: true, Item: &Field{Plain: true}}
	// SelfServiceTickets let an administrator set a connection up.
	SelfServiceTickets = &Kind{
		Name: "self-service-profiles/sso-ticket", ID: "id", Open: true,
		Fields: Fields{
			"ticket": secret, "connection_id": text, "connection_config": {Type: Object, Open: true, Fields: Fields{"options": connectionOptions}}, "enabled_clients": texts, "enabled_organizations": list, "ttl_sec": {Type: Integer, Min: 1, Max: 432000},
			"domain_aliases_config": object, "provisioning_config": object, "use_for_organization_discovery": flag, "third_party_client_access_config": object,
		},
		Missing: missing("", "Ticket not found"),
	}
	// TokenExchangeProfiles is Auth0: api/management/v2/token-exchange-profiles.
	TokenExchangeProfiles = &Kind{
		Name: "token-exchange-profiles", ID: "id", NewID: Prefixed("tep_", 16), Open: true,
		Fields: Fields{
			"id": onlyRead, "created_at": onlyRead, "updated_at": onlyRead, "name": {Type: String, Required: true, Min: 3, Max: 50},
			"subject_token_type": {Type: String, Required: true, Min: 8, Max: 100, Format: "uri", Plain: true},
			"action_id":          {Type: String, Required: true, Access: CreateOnly, Min: 1},
			"type":               {Type: String, Required: true, Access: CreateOnly, Enum: []string{"custom_authentication", "on_behalf_of_token_exchange"}},
		},
		Unique: []string{"subject_token_type"}, Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Token exchange profile not found."),
		Taken:   taken("", "subject_token_type already exists for tenant"),
	}
)

// completeUserID says of a user attribute profile where the id comes from, as far
// as it does not.
func completeUserID(doc storage.Document) {
	userID, ok := doc["user_id"].(storage.Document)
	if !ok {
		userID = storage.Document{}
		doc["user_id"] = userID
	}
	fillIn(userID, userIDDefaults)
}
