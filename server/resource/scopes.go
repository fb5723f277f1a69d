package resource

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// scoped describes the scopes of the Management API for one kind of object: the
// actions, the object's name in scopes, and its name in descriptions of scopes.
type scoped struct{ actions, name, words string }

const (
	crud    = "read create update delete"
	written = "read update"
	kept    = "read create delete"
)

// allScopes are the scopes of the Management API, Auth0: api/management/v2. The order is that of a new
// tenant, as far as it is known.
var allScopes = []scoped{
	{crud, "client_grants", "Client Grants"},
	{crud, "users", "Users"},
	{crud, "users_app_metadata", "Users App Metadata"},
	{kept, "user_custom_blocks", "Custom User Blocks"},
	{"create", "user_tickets", "User Tickets"},
	{crud, "clients", "Clients"},
	{crud, "client_keys", "Client Keys"},
	{crud, "client_credentials", "Client Credentials"},
	{"read", "client_summary", "Client Summary"},
	{crud, "connections", "Connections"},
	{written, "connections_options", "Connections Options"},
	{"read create update", "connections_keys", "connection keys"},
	{crud, "resource_servers", "Resource Servers"},
	{crud, "device_credentials", "Device Credentials"},
	{crud, "rules", "Rules"},
	{"read update delete", "rules_configs", "Rules Configs"},
	{crud, "hooks", "Hooks"},
	{crud, "actions", "Actions"},
	{crud, "email_provider", "Email Provider"},
	{"blacklist", "tokens", "Tokens"},
	{"read", "stats", "Stats"},
	{"read", "insights", "Insights"},
	{written, "tenant_settings", "Tenant Settings"},
	{"read", "logs", "Logs"},
	{"read", "logs_users", "logs relating to users"},
	{crud, "shields", "Shields"},
	{"read delete", "anomaly_blocks", "Anomaly Detection Blocks"},
	{written, "triggers", "Triggers"},
	{"read delete", "grants", "User Grants"},
	{written, "guardian_factors", "Guardian factors"},
	{"read delete", "guardian_enrollments", "Guardian enrollments"},
	{"create", "guardian_enrollment_tickets", "enrollment tickets for Guardian"},
	{"read", "user_idp_tokens", "Users IDP tokens"},
	{"create read delete", "passwords_checking_job", "password checking jobs"},
	{crud, "custom_domains", "custom domains configurations"},
	{"read create update", "email_templates", "email templates"},
	{written, "mfa_policies", "Multifactor Authentication policies"},
	{crud, "roles", "roles"},
	{kept, "role_members", "role members"},
	{written, "prompts", "prompts settings"},
	{"read update delete", "branding", "branding settings"},
	{crud, "phone_providers", "a Phone Notification Provider"},
	{crud, "phone_templates", "a Phone Notification Template"},
	{crud, "log_streams", "log_streams"},
	{"read create update", "signing_keys", "signing keys"},
	{crud, "custom_signing_keys", "Customer Provided Public Signing Keys"},
	{crud, "encryption_keys", "encryption keys"},
	{written, "limits", "entity limits"},
	{"read", "entitlements", "entitlements"},
	{written, "attack_protection", "attack protection"},
	{crud, "authentication_methods", "Authentication Methods"},
	{"read", "organizations_summary", "organization summary"},
	{crud, "organizations", "Organizations"},
	{crud, "organization_discovery_domains", "Organization Discovery Domains"},
	{kept, "organization_members", "organization members"},
	{crud, "organization_connections", "organization connections"},
	{kept, "organization_member_roles", "organization member roles"},
	{"read", "organization_member_effective_roles", "Organization Member Effective Roles"},
	{"read", "organization_member_role_source_groups", "Organization Member Role Source Groups"},
	{kept, "organization_invitations", "organization invitations"},
	{kept, "organization_client_grants", "Organization Client Grants"},
	{crud, "organization_clients", "Organization Clients"},
	{kept, "organization_groups", "Organization Groups"},
	{kept, "organization_group_roles", "Organization Group Roles"},
	{"read delete", "groups", "Groups"},
	{"read", "group_members", "Group Members"},
	{kept, "group_roles", "Group Roles"},
	{crud, "scim_config", "SCIM configuration"},
	{kept, "scim_token", "SCIM token"},
	{crud, "directory_provisionings", "directory provisioning configurations"},
	{"read delete update", "refresh_tokens", "Refresh Tokens"},
	{"read update delete", "sessions", "Sessions"},
	{crud, "forms", "Forms"},
	{crud, "flows", "Flows"},
	{"read", "flows_vault", "Flows Vault items"},
	{crud, "flows_vault_connections", "Flows Vault connections"},
	{"read delete", "flows_executions", "Flows Executions"},
	{crud, "self_service_profiles", "Self Service Profiles"},
	{written, "self_service_profile_custom_texts", "Self Service Profile Custom Texts"},
	{"create delete", "sso_access_tickets", "SSO Access Tickets"},
	{crud, "user_attribute_profiles", "User Attribute Profiles"},
	{crud, "connection_profiles", "Connection Profiles"},
	{crud, "token_exchange_profiles", "Token Exchange Profiles"},
	{crud, "network_acls", "Network ACLs"},
	{kept, "network_acl_keys", "Network ACL Keys"},
	{crud, "vdcs_templates", "Verifiable Digital Credential Templates"},
	{crud, "event_streams", "event streams"},
	{written, "event_deliveries", "event stream deliveries"},
	{"read", "events", "Events"},
	{"read delete", "federated_connections_tokens", "Federated Connections Tokensets belonging to a user"},
	{"read delete", "connected_accounts", "Connected Accounts"},
	{crud, "rate_limit_policies", "Rate Limit Policies"},
	{"read", "user_effective_permissions", "User Effective Permissions"},
	{"read", "user_effective_roles", "User Effective Roles"},
	{"read", "user_role_source_groups", "User Role Source Groups"},
	{"read", "user_permission_source_roles", "User Permission Source Roles"},
	{"read update delete", "current_user", "current user"},
	{"create update delete", "current_user_metadata", "current user metadata"},
	{"create delete", "current_user_device_credentials", "current user device credentials"},
	{"update", "current_user_identities", "current user identities"},
}

// describedOtherwise are descriptions that do not consist of the action and the
// object's name.
var describedOtherwise = map[string]string{ //nolint:gosec // descriptions of scopes
	"create:custom_domains":             "Configure new custom domains",
	"update:custom_domains":             "Update custom domain configurations",
	"read:guardian_factors":             "Read Guardian factors configuration",
	"delete:passwords_checking_job":     "Deletes password checking job and all its resources",
	"delete:role_members":               "Update role members",
	"update:event_deliveries":           "Redeliver event(s) to an event stream",
	"read:federated_connections_tokens": "List Federated Connections Tokensets belonging to a user",
	"create:token_exchange_profiles":    "Create Token Exchange Profile",
	"update:token_exchange_profiles":    "Update Token Exchange Profile",
	"delete:token_exchange_profiles":    "Delete Token Exchange Profile",
}

// ManagementScopes returns the scopes of the Management API.
func ManagementScopes() []storage.Scope {
	var all []storage.Scope
	for _, s := range allScopes {
		for action := range strings.FieldsSeq(s.actions) {
			value := action + ":" + s.name
			description := describedOtherwise[value]
			if description == "" {
				description = strings.ToUpper(action[:1]) + action[1:] + " " + s.words
			}
			all = append(all, storage.Scope{Value: value, Description: description})
		}
	}
	return all
}
