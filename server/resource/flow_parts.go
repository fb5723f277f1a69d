package resource

import (
	"strings"
	"sync"

	"github.com/tenant0/tenant0/storage"
)

// Parts of flows, and setups of vault connections, from the schemas FlowAction and FlowsVaultConnectioSetup in Auth0's
// OpenAPI document of the Management API.

// setup holds the credentials of a flow at another service. Members that are not listed here are secrets, which the API
// never shows.
var setup = Field{Type: Object, Open: true, Secret: true, Fields: Fields{
	"type": notSecret, "client_id": notSecret, "domain": notSecret, "audience": notSecret, "base_url": notSecret, "project_id": notSecret,
	"account_id": notSecret, "client_email": notSecret, "username": notSecret, "algorithm": notSecret, "name": notSecret, "in": notSecret,
	"scope": notSecret, "token_endpoint": notSecret,
}}

// setupOf describes a setup of one type.
func setupOf(kind string, more Fields) Field {
	more["type"] = only(kind)
	return Field{Type: Object, Fields: more}
}

var (
	needsText = required(text)
	// oauthCode is the setup after a consent at another service, which cannot be created by the API.
	oauthCode = Field{Type: Object, Open: true, Fields: Fields{"type": oneOfTexts("OAUTH_CODE"), "code": text}}
	apiKey    = setupOf("API_KEY", Fields{"api_key": needsText})
	secretKey = setupOf("API_KEY", Fields{"secret_key": needsText})
	token     = setupOf("TOKEN", Fields{"token": needsText})
	webhook   = setupOf("WEBHOOK", Fields{"url": needsText})
)

// vaultSetups are the services that a vault connection can lead to, with the setups that each accepts.
var vaultSetups = map[string][]Field{
	"ACTIVECAMPAIGN": {setupOf("API_KEY", Fields{"api_key": needsText, "base_url": needsText})},
	"AIRTABLE":       {apiKey},
	"AUTH0":          {setupOf("OAUTH_APP", Fields{"client_id": needsText, "client_secret": needsText, "domain": needsText, "audience": {Type: String, Min: 1}})},
	"BIGQUERY": {{Type: Object, Fields: Fields{
		"type": oneOfTexts("OAUTH_JWT"), "project_id": text, "private_key": text, "client_email": {Type: String, Format: "email"},
	}}},
	"CLEARBIT": {secretKey}, "DOCUSIGN": {oauthCode}, "GOOGLE_SHEETS": {oauthCode},
	"HTTP": {
		setupOf("BEARER", Fields{"token": needsText}),
		setupOf("BASIC_AUTH", Fields{"username": required(upTo(155)), "password": upTo(155)}),
		setupOf("API_KEY", Fields{"name": required(upTo(55)), "value": required(upTo(255)), "in": required(oneOfTexts("HEADER", "QUERY"))}),
		setupOf("OAUTH_CLIENT_CREDENTIALS", Fields{
			"client_id": required(upTo(255)), "client_secret": required(upTo(255)), "token_endpoint": required(upTo(500)), "audience": upTo(255),
			"resource": upTo(255), "scope": upTo(1024),
		}),
	},
	"HUBSPOT": {apiKey, oauthCode},
	"JWT": {{Type: Object, Open: true, Fields: Fields{
		"type": only("JWT"), "algorithm": required(oneOfTexts(strings.Fields("HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512 PS256 PS384 PS512")...)),
	}}},
	"MAILCHIMP": {secretKey, oauthCode}, "MAILJET": {setupOf("API_KEY", Fields{"api_key": needsText, "secret_key": needsText})},
	"PIPEDRIVE": {token, oauthCode}, "SALESFORCE": {oauthCode}, "SENDGRID": {apiKey}, "SLACK": {webhook, oauthCode},
	"STRIPE": {setupOf("KEY_PAIR", Fields{"private_key": needsText, "public_key": needsText}), oauthCode}, "TELEGRAM": {token},
	"TWILIO": {setupOf("API_KEY", Fields{"account_id": needsText, "api_key": needsText})}, "WHATSAPP": {token}, "ZAPIER": {webhook},
}

// CheckSetup returns an error if an app does not accept the setup of a new or a changed vault connection.
func CheckSetup(app string, setup storage.Document, changed bool) error {
	c, at := checker{}, place{}
	if changed {
		at.path = "setup"
	}
	c.value(at, setup, Field{Type: Object, Open: true, OneOf: func() []Field { return vaultSetups[app] }})
	return c.err
}

// flowActions returns the possible actions of a flow.
var flowActions = sync.OnceValue(func() (all []Field) {
	all = ownActions(func() []Field { return all })
	for line := range strings.Lines(serviceActions) {
		words := strings.Fields(line)
		params := Fields{"connection_id": {Type: String, Required: true, Max: 30}}
		for _, name := range words[2:] {
			params[name] = Field{Required: true}
		}
		all = append(all, flowAction(words[0], words[1], Field{Type: Object, Required: true, Open: true, Fields: params}))
	}
	return all
})

func flowAction(kind, name string, params Field) Field {
	return Field{Type: Object, Fields: Fields{
		"id": required(formID), "alias": {Type: String, Max: 100}, "type": only(kind), "action": only(name), "allow_failure": flag, "mask_output": flag,
		"params": params,
	}}
}

// serviceActions are the actions of third-party services, with their required parameters besides the connection.
const serviceActions = `ACTIVECAMPAIGN LIST_CONTACTS email
ACTIVECAMPAIGN UPSERT_CONTACT email
AIRTABLE CREATE_RECORD base_id table_name
AIRTABLE LIST_RECORDS base_id table_name
AIRTABLE UPDATE_RECORD base_id table_name record_id
BIGQUERY INSERT_ROWS dataset_id table_id
CLEARBIT FIND_COMPANY domain
CLEARBIT FIND_PERSON email
GOOGLE_SHEETS ADD_ROW spreadsheet_id
HUBSPOT ENROLL_CONTACT email workflow_id
HUBSPOT GET_CONTACT email
HUBSPOT UPSERT_CONTACT email
MAILCHIMP UPSERT_MEMBER list_id member
MAILJET SEND_EMAIL
PIPEDRIVE ADD_DEAL title
PIPEDRIVE ADD_ORGANIZATION name
PIPEDRIVE ADD_PERSON name
SALESFORCE CREATE_LEAD last_name company
SALESFORCE GET_LEAD lead_id
SALESFORCE SEARCH_LEADS search_field search_value lead_fields
SALESFORCE UPDATE_LEAD lead_id
SENDGRID SEND_EMAIL from personalizations
SLACK POST_MESSAGE
STRIPE ADD_TAX_ID customer_id type value
STRIPE CREATE_CUSTOMER
STRIPE CREATE_PORTAL_SESSION customer_id
STRIPE DELETE_TAX_ID customer_id id
STRIPE FIND_CUSTOMERS email
STRIPE GET_CUSTOMER id
STRIPE UPDATE_CUSTOMER id
TELEGRAM SEND_MESSAGE chat_id text
TWILIO MAKE_CALL from to payload
TWILIO SEND_SMS from to message
WHATSAPP SEND_MESSAGE sender_id recipient_number type payload
ZAPIER TRIGGER_WEBHOOK
`

// ownActions returns the actions that need no third-party service. Conditions contain actions of every kind.
func ownActions(every func() []Field) (all []Field) {
	action := func(kind, name string, params Fields) {
		all = append(all, flowAction(kind, name, Field{Type: Object, Required: true, Fields: params}))
	}
	connection, anything := Field{Type: String, Max: 30}, Field{}
	nested := Field{Type: Array, Item: &Field{Type: Object, Open: true, OneOf: every}}
	method := oneOfTexts("GET", "POST", "PUT", "PATCH", "DELETE")

	all = append(all, flowAction("FLOW", "DO_NOTHING", Field{Type: Object, Fields: Fields{}}))
	action("FLOW", "BOOLEAN_CONDITION", Fields{"if": required(anything), "then": nested, "else": nested})
	action("FLOW", "DELAY_FLOW", Fields{"number": either(Field{Type: Integer}, Field{Type: String, Max: 250}), "units": oneOfTexts("SECONDS", "MINUTES", "HOURS", "DAYS")})
	action("FLOW", "ERROR_MESSAGE", Fields{"message": {Type: String, Required: true, Max: 2048}})
	action("FLOW", "MAP_VALUE", Fields{"input": either(text, Field{Type: Number, Least: -maxNumber}), "cases": object, "fallback": anything})
	action("FLOW", "RETURN_JSON", Fields{"payload": either(object, text)})
	action("FLOW", "STORE_VARS", Fields{"vars": required(object)})

	action("JSON", "CREATE_JSON", Fields{"object": required(object)})
	action("JSON", "PARSE_JSON", Fields{"json": needsText})
	action("JSON", "SERIALIZE_JSON", Fields{"object": either(text, object)})
	action("XML", "PARSE_XML", Fields{"xml": needsText})
	action("XML", "SERIALIZE_XML", Fields{"object": either(text, object)})
	action("JWT", "DECODE_JWT", Fields{"token": needsText})
	action("JWT", "SIGN_JWT", Fields{"connection_id": required(connection), "payload": object, "subject": text, "issuer": text, "audience": text, "expires_in": text})
	action("JWT", "VERIFY_JWT", Fields{"connection_id": required(connection), "token": needsText, "audience": text, "issuer": text})
	action("OTP", "GENERATE_CODE", Fields{"reference": needsText, "length": {Type: Number, Required: true}})
	action("OTP", "VERIFY_CODE", Fields{"reference": needsText, "code": either(Field{Type: Integer}, text)})
	action("EMAIL", "VERIFY_EMAIL", Fields{"email": needsText, "rules": {Type: Object, Fields: Fields{
		"require_mx_record": flag, "block_aliases": flag, "block_free_emails": flag, "block_disposable_emails": flag, "blocklist": texts, "allowlist": texts,
	}}})

	action("AUTH0", "CREATE_USER", Fields{"connection_id": required(connection), "payload": required(object)})
	action("AUTH0", "GET_USER", Fields{"connection_id": required(connection), "user_id": needsText})
	action("AUTH0", "UPDATE_USER", Fields{"connection_id": required(connection), "user_id": needsText, "changes": required(object)})
	action("AUTH0", "SEND_REQUEST", Fields{"connection_id": required(connection), "pathname": needsText, "method": method, "headers": object, "params": object, "payload": anything})
	action("AUTH0", "SEND_EMAIL", Fields{
		"from": {Type: Object, Fields: Fields{"name": upTo(125), "email": needsText}}, "to": needsText, "subject": required(upTo(255)),
		"body": required(upTo(102400)), "custom_vars": object,
	})
	for _, name := range []string{"SEND_SMS", "MAKE_CALL"} {
		action("AUTH0", name, Fields{"from": upTo(255), "to": required(upTo(255)), "message": required(upTo(1024)), "custom_vars": object})
	}
	action("HTTP", "SEND_REQUEST", Fields{
		"connection_id": connection, "url": needsText, "method": method, "headers": object, "params": object, "payload": anything,
		"basic": {Type: Object, Fields: Fields{"username": text, "password": text}}, "content_type": oneOfTexts("JSON", "FORM", "XML"),
	})
	return all
}

// either describes a required member that fits one of two descriptions.
func either(a, b Field) Field {
	return Field{Required: true, OneOf: func() []Field { return []Field{a, b} }}
}
