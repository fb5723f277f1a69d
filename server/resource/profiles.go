package resource

import (
	"time"

	"github.com/tenant0/tenant0/storage"
)

// selfServed are the strategies of enterprise connections that an administrator
// may set up by self-service.
var selfServed = []string{"oidc", "samlp", "waad", "google-apps", "adfs", "okta", "keycloak-samlp", "pingfederate", "auth0-samlp", "okta-samlp"}

// userIDDefaults are the default sources of a user's id in a user attribute
// profile.
var userIDDefaults = storage.Document{
	"oidc_mapping": "sub", "scim_mapping": "externalId",
	"saml_mapping": []any{
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
	},
}

// enabledFeatures are the features of connections that are created by a profile.
var enabledFeatures = Field{Type: Array, Item: oneOf("scim", "universal_logout", "directory_sync")}

// configuredConnection is the connection that an administrator with a ticket sets
// up.
var configuredConnection = Field{Type: Object, Fields: Fields{
	"name":         {Type: String, Required: true, Min: 1, Max: 128, Pattern: Like("^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$")},
	"display_name": {Type: String, Max: 128}, "is_domain_connection": flag, "show_as_button": flag, "metadata": {Type: Object, Max: 10, Item: &metadataValue},
	"options": {Type: Object, Nullable: true, Fields: Fields{
		"icon_url": {Type: String, Nullable: true}, "domain_aliases": {Type: Array, Nullable: true, Item: &text},
		"idpinitiated": {Type: Object, Nullable: true, Fields: Fields{
			"enabled": flag, "client_id": text, "client_protocol": {Type: String, Enum: []string{"samlp", "wsfed", "oauth2"}}, "client_authorizequery": text,
		}},
	}},
}}

// provisioned describes how users get into connections that are created by a
// profile: by SCIM tokens, or from a directory.
var provisioned = Field{Type: Object, Fields: Fields{
	"scim": {Type: Object, Fields: Fields{"tokens": {Type: Object, Required: true, Plain: true, Fields: Fields{
		"scopes":         {Type: Array, Required: true, Item: oneOf("get:users", "post:users", "patch:users", "delete:users", "put:users")},
		"default_expiry": {Type: Integer, Nullable: true}, "max_allowed_expiry": {Type: Integer, Nullable: true},
	}}}},
	"google_workspace": {Type: Object, Fields: Fields{"sync_users": {Type: Bool, Required: true}}},
}}

// withNull returns a field that may be null.
func withNull(f Field) Field {
	f.Nullable = true
	return f
}

var (
	// ConnectionProfiles describes the resource of Auth0: api/management/v2/connection-profiles.
	ConnectionProfiles = &Kind{
		Name: "connection-profiles", ID: "id", NewID: Prefixed("cop_", 22),
		Fields: Fields{
			"id": readOnly, "name": {Type: String, Required: true, Min: 1, Max: 50},
			"organization": {Type: Object, Fields: Fields{
				"show_as_button":             {Type: String, Enum: []string{"none", "optional", "required"}},
				"assign_membership_on_login": {Type: String, Enum: []string{"none", "optional", "required"}},
			}},
			"connection_name_prefix_template": {Type: String, Max: 256},
			"enabled_features":                enabledFeatures,
			"connection_config":               {Type: Object, Fields: Fields{}}, "provisioning": provisioned,
			"cross_app_access_resource_app": {Type: Object, Fields: Fields{"status": {Type: Object, Required: true, Fields: Fields{
				"default_value": {Type: String, Required: true, Enum: []string{"enabled", "disabled"}}, "allowed_values": {Type: Array, Item: oneOf("enabled", "disabled")},
			}}}},
			"strategy_overrides": withNull(overridden(Fields{
				"enabled_features": enabledFeatures, "connection_config": {Type: Object, Fields: Fields{}}, "provisioning": provisioned,
			})),
		},
		Missing: missing("", "Connection Profile not found"),
	}
	// ConnectionProfileTemplates are templates for new profiles.
	ConnectionProfileTemplates = []storage.Document{{
		"id": "enterprise", "display_name": "Enterprise", "template": storage.Document{
			"name": "Enterprise", "organization": storage.Document{"show_as_button": "optional", "assign_membership_on_login": "required"},
			"connection_name_prefix_template": "{org_name}", "enabled_features": []any{"scim", "universal_logout"},
		},
	}}
	// UserAttributeProfiles describes the resource of Auth0: api/management/v2/user-attribute-profiles.
	UserAttributeProfiles = &Kind{
		Name: "user-attribute-profiles", ID: "id", NewID: Prefixed("uap_", 22),
		Fields: Fields{
			"id": readOnly, "name": {Type: String, Required: true, Min: 1, Max: 128}, "user_id": mappedUserID,
			"user_attributes": {Type: Object, Required: true, Min: 1, Max: 64, Item: &mappedAttribute},
		},
		Complete: func(doc storage.Document, _ time.Time) { completeUserID(doc) },
		Missing:  missing("", "User Attribute Profile not found"),
	}
	// UserAttributeProfileTemplates are templates for new profiles.
	UserAttributeProfileTemplates = []storage.Document{{
		"id": "default", "display_name": "Default", "template": storage.Document{
			"name": "Default", "user_id": userIDDefaults, "user_attributes": storage.Document{"email": storage.Document{
				"label": "Email", "description": "Email of the user", "auth0_mapping": "email", "profile_required": true,
				"oidc_mapping": storage.Document{"mapping": "email"}, "scim_mapping": "emails[primary eq true].value",
				"saml_mapping": []any{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"},
			}},
		},
	}}
	// TemplateMissing is the error for an unknown template.
	TemplateMissing = missing("", "Template not found")
	// SelfServiceProfiles describes the resource of Auth0: api/management/v2/self-service-profiles.
	SelfServiceProfiles = &Kind{
		Name: "self-service-profiles", ID: "id", NewID: Prefixed("ssp_", 22),
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "name": {Type: String, Required: true, Min: 1, Max: 100},
			"description": {Type: String, Min: 1, Max: 140}, "branding": {Type: Object, Nullable: true, Open: true, Fields: Fields{
				"logo_url": {Type: String, Max: 1024, Pattern: Like("^https://")},
				"colors":   {Type: Object, Open: true, Fields: Fields{"primary": {Type: String, Required: true, Pattern: htmlColor}}},
			}},
			"allowed_strategies": {Type: Array, Min: 1, Item: &Field{Type: String, Enum: selfServed}},
			"user_attributes": {Type: Array, Default: []any{}, Nullable: true, Ordered: true, Item: &Field{Type: Object, Fields: Fields{
				"name": {Type: String, Required: true, Min: 1, Max: 250}, "description": {Type: String, Required: true}, "is_optional": {Type: Bool, Required: true},
			}}},
			"user_attribute_profile_id": {Type: String, Nullable: true},
		},
		Created: "created_at", Updated: "updated_at",
	}
	// SelfServiceTexts are the texts of a self-service profile.
	SelfServiceTexts = &Kind{Name: "self-service-profiles/custom-text", Open: true, Item: &Field{Type: String, Max: 2000, Plain: true}}
	// SelfServiceTickets are tickets with which an administrator sets a
	// connection up.
	SelfServiceTickets = &Kind{
		Name: "self-service-profiles/sso-ticket", ID: "id",
		Fields: Fields{
			"ticket": generatedSecret, "connection_id": text, "connection_config": configuredConnection, "enabled_clients": texts, "enabled_organizations": {Type: Array, Item: &Field{Type: Object, Fields: Fields{
				"organization_id": {Type: String, Required: true, Max: 50}, "assign_membership_on_login": flag, "show_as_button": flag,
			}}},
			"ttl_sec": {Type: Integer, Max: 432000},
			"domain_aliases_config": {Type: Object, Open: true, Fields: Fields{
				"domain_verification": {Type: String, Required: true, Enum: []string{"none", "optional", "required"}},
				"pending_domains":     {Type: Array, Item: &Field{Type: String, Min: 1, Max: 255}},
			}},
			"provisioning_config": {Type: Object, Open: true, Fields: Fields{
				"scopes": {Type: Array, Min: 1, Item: oneOf(
					"get:users", "post:users", "put:users", "patch:users", "delete:users",
					"get:groups", "post:groups", "put:groups", "patch:groups", "delete:groups",
				)},
				"google_workspace": {Type: Object, Open: true, Fields: Fields{"sync_users": {Type: Bool, Required: true}, "sync_groups": flag}},
				"token_lifetime":   {Type: Integer, Nullable: true, Min: 900},
			}},
			"enabled_features": {Type: Object, Fields: Fields{"sso": flag, "domain_verification": flag, "provisioning": flag}}, "use_for_organization_discovery": flag,
			"third_party_client_access_config": {Type: Object, Fields: Fields{"allow_configuration": {Type: Bool, Required: true}}},
		},
		Missing: missing("", "Ticket not found"),
	}
	// TokenExchangeProfiles describes the resource of Auth0: api/management/v2/token-exchange-profiles.
	TokenExchangeProfiles = &Kind{
		Name: "token-exchange-profiles", ID: "id", NewID: Prefixed("tep_", 16), Min: 1,
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "name": {Type: String, Required: true, Min: 3, Max: 50},
			"subject_token_type": {Type: String, Required: true, Min: 8, Max: 100, Format: "uri", Plain: true},
			"action_id":          {Type: String, Required: true, Access: CreateOnly, Min: 1, Max: 36},
			"type":               {Type: String, Required: true, Access: CreateOnly, Enum: []string{"custom_authentication", "on_behalf_of_token_exchange"}},
		},
		Unique: []string{"subject_token_type"}, Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Token exchange profile not found."),
		Taken:   taken("", "subject_token_type already exists for tenant"),
	}
)

// Parts of a user attribute profile.
var (
	samlNames   = Field{Type: Array, Min: 1, Item: &Field{Type: String, Min: 1, Max: 128}}
	scimName    = Field{Type: String, Min: 1, Max: 128}
	oidcMapping = Field{Type: Object, Fields: Fields{
		"mapping": {Type: String, Required: true, Min: 1, Max: 50}, "display_name": {Type: String, Min: 1, Max: 50},
	}}
	mappedUserID = Field{Type: Object, Default: storage.Document{}, Fields: Fields{
		"oidc_mapping": {Type: String, Enum: []string{"sub"}}, "saml_mapping": samlNames, "scim_mapping": scimName,
		"strategy_overrides": overridden(Fields{
			"oidc_mapping": {Type: String, Enum: []string{"sub", "oid", "email"}}, "saml_mapping": samlNames, "scim_mapping": scimName,
		}),
	}}
	mappedAttribute = Field{Type: Object, Fields: Fields{
		"description": required(scimName), "label": required(scimName), "profile_required": required(flag),
		"auth0_mapping": {Type: String, Required: true, Min: 1, Max: 50}, "oidc_mapping": oidcMapping, "saml_mapping": samlNames,
		"scim_mapping":       scimName,
		"strategy_overrides": overridden(Fields{"oidc_mapping": oidcMapping, "saml_mapping": samlNames, "scim_mapping": scimName}),
	}}
)

// overridden describes values that replace others for connections of certain
// strategies.
func overridden(fields Fields) Field {
	overrides := Fields{}
	for _, strategy := range []string{"pingfederate", "ad", "adfs", "waad", "google-apps", "okta", "oidc", "samlp"} {
		overrides[strategy] = Field{Type: Object, Fields: fields}
	}
	return Field{Type: Object, Fields: overrides}
}

// completeUserID fills in the defaults for the source of the id in a user
// attribute profile.
func completeUserID(doc storage.Document) {
	userID, ok := doc["user_id"].(storage.Document)
	if !ok {
		userID = storage.Document{}
		doc["user_id"] = userID
	}
	fillIn(userID, userIDDefaults)
}
