package resource

import (
	"maps"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Connections describes the resource of Auth0: api/management/v2/connections.
var Connections = &Kind{
	Name: "connections", ID: "id", NewID: Prefixed("con_", 16),
	Fields: Fields{
		"id": readOnly, "provisioning_ticket_url": {Access: ReadOnly, Secret: true},
		"name":                 {Type: String, Required: true, Max: 128, Access: CreateOnly, Pattern: Like("^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$")},
		"strategy":             {Type: String, Required: true, Access: CreateOnly, Enum: strategies},
		"options":              withFields(withFields(connectionOptions, commonOptions), passwordOptions),
		"enabled_clients":      {Type: Array, Item: &text, Default: []any{}},
		"is_domain_connection": {Type: Bool, Default: false},
		"authentication":       {Type: Object, Default: storage.Document{"active": true}, Fields: Fields{"active": {Type: Bool, Required: true}}},
		"connected_accounts": {Type: Object, Default: storage.Document{"active": false}, Fields: Fields{
			"active": {Type: Bool, Required: true}, "cross_app_access": flag, "allow_missing_user_id": flag,
		}},
		"realms": {Type: Array, Max: 10, Item: &text}, "metadata": {Type: Object, Nullable: true, Max: 10, Item: &metadataValue}, "show_as_button": flag, "display_name": {Type: String, Max: 128},
		"cross_app_access_requesting_app": {Type: Object, Nullable: true, Open: true, Fields: Fields{"active": flag}},
		"cross_app_access_resource_app": {Type: Object, Nullable: true, Open: true, Fields: Fields{
			"status": {Type: String, Enum: []string{"enabled", "disabled"}},
		}},
	},
	Unique:   []string{"name"},
	Complete: completeConnection,
	Missing:  missing("inexistent_connection", "The connection does not exist"),
	Taken:    taken("connection_conflict", "A connection with the same name already exists"),
}

// strategies are the strategies of connections at Auth0.
var strategies = []string{
	"ad", "adfs", "amazon", "apple", "asana", "atlassian", "auth0", "auth0-adldap", "auth0-oidc", "baidu", "bitbucket", "bitly",
	"box", "cloudflare-mcp", "custom", "daccount", "dropbox", "dwolla", "email", "evernote", "evernote-sandbox", "exact",
	"facebook", "fitbit", "github", "gitlab", "google-apps", "google-oauth2", "hubspot-mcp", "instagram", "ip", "line",
	"linear-mcp", "linkedin", "notion-mcp", "oauth1", "oauth2", "office365", "oidc", "okta", "paypal", "paypal-sandbox",
	"pingfederate", "planningcenter", "salesforce", "salesforce-community", "salesforce-sandbox", "samlp", "sentry-mcp",
	"sharepoint", "shop", "shopify", "slack", "sms", "soundcloud", "thirtysevensignals", "twitter", "untappd", "vkontakte", "waad",
	"weibo", "windowslive", "wordpress", "yahoo", "yandex",
}

// enterprise are the strategies of connections to an enterprise's own
// directory.
var enterprise = map[string]bool{
	"ad": true, "adfs": true, "auth0-adldap": true, "custom": true, "google-apps": true, "ip": true, "office365": true,
	"oidc": true, "okta": true, "pingfederate": true, "samlp": true, "sharepoint": true, "waad": true,
}

// ticketed are the strategies whose connections an administrator sets up at the
// URL of a ticket.
var ticketed = map[string]bool{"ad": true, "adfs": true, "samlp": true, "pingfederate": true, "google-apps": true, "waad": true}

func completeConnection(doc storage.Document, _ time.Time) {
	strategy, _ := doc["strategy"].(string)
	set(doc, "realms", []any{doc["name"]})
	if enterprise[strategy] {
		set(doc, "show_as_button", false)
		set(doc, "display_name", doc["name"])
	}
	CompleteConnectionOptions(doc)
}

// ProvisioningTicket returns the path of the URL at which an administrator sets
// a connection up, "" for strategies without such a URL.
func ProvisioningTicket(strategy string) string {
	if !ticketed[strategy] {
		return ""
	}
	return "p/" + strategy + "/" + random(8, alphanumeric)
}

// strategyOptions are the options that Auth0 adds to those of a new connection,
// by its strategy.
var strategyOptions = map[string]storage.Document{
	storage.DatabaseStrategy: {
		"mfa":                    storage.Document{"active": true, "return_enroll_settings": true},
		"strategy_version":       2,
		"passkey_options":        storage.Document{"challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true},
		"brute_force_protection": true,
		"authentication_methods": storage.Document{
			"password": storage.Document{"enabled": true, "api_behavior": "required", "signup_behavior": "allow"},
			"passkey":  storage.Document{"enabled": false},
		},
	},
	"adfs":          {"thumbprints": []any{}},
	"amazon":        {"profile": true},
	"apple":         {"scope": "name email"},
	"google-apps":   {"email": true, "profile": true, "scope": []any{"email", "profile"}, "handle_login_from_social": true, "map_user_id_to_id": true},
	"google-oauth2": {"email": true, "profile": true},
	"line":          {"profile": true},
	"linkedin":      {"profile": true},
	"paypal":        {"profile": true}, "paypal-sandbox": {"profile": true},
	"oidc": {
		"schema_version": "oidc-V4", "type": "back_channel", "attribute_map": storage.Document{"mapping_mode": "bind_all"},
		"connection_settings": storage.Document{"pkce": "auto"},
	},
	"okta": {
		"schema_version": "oidc-V4", "type": "back_channel", "attribute_map": storage.Document{"mapping_mode": "basic_profile"},
		"connection_settings": storage.Document{"pkce": "auto"},
	},
	"samlp": {"assertion_decryption_settings": storage.Document{"algorithm_profile": "v2026-1", "algorithm_exceptions": []any{}}},
	"waad":  {"waad_common_endpoint": false, "thumbprints": []any{}},
}

// CompleteConnectionOptions adds the options that Auth0 adds, to a new
// connection and to replaced options.
func CompleteConnectionOptions(doc storage.Document) {
	strategy, _ := doc["strategy"].(string)
	options, ok := doc["options"].(storage.Document)
	if !ok {
		return
	}
	completeScope(strategy, options)
	if strategy == "oidc" || strategy == "okta" {
		completeEndpoints(options)
	}
	fillIn(options, strategyOptions[strategy])
	if strategy != storage.DatabaseStrategy {
		return
	}
	if password, ok := options["password_options"].(storage.Document); ok {
		fillIn(password, storage.Document{
			"complexity": storage.Document{
				"character_types": []any{}, "character_type_rule": "all", "identical_characters": "allow",
				"sequential_characters": "allow", "max_length_exceeded": "error",
			},
			"dictionary": storage.Document{"custom": []any{}},
		})
	} else {
		set(options, "passwordPolicy", "good")
	}
	if attributes, ok := options["attributes"].(storage.Document); ok {
		if email, ok := attributes["email"].(storage.Document); ok {
			fillIn(email, storage.Document{"unique": true, "verification_method": "link"})
		}
	}
}

// fillIn adds the members of values that doc lacks, also within objects.
func fillIn(doc, values storage.Document) {
	for name, value := range values {
		inner, isObject := value.(storage.Document)
		if had, ok := doc[name].(storage.Document); ok && isObject {
			fillIn(had, inner)
			continue
		}
		set(doc, name, clone(value))
	}
}

// withFields returns the description of an object with more members.
func withFields(f Field, more Fields) Field {
	fields := Fields{}
	maps.Copy(fields, f.Fields)
	maps.Copy(fields, more)
	f.Fields = fields
	return f
}
