package resource

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// scopedResources names, for each set of actions, the resources whose scopes
// the Management API has, Auth0: api/management/v2.
var scopedResources = []struct{ actions, resources string }{
	{"read create update delete", `client_grants users clients client_keys connections resource_servers device_credentials rules
		rules_configs hooks actions grants tenant_settings log_streams email_provider email_templates roles organizations
		organization_members organization_connections organization_member_roles organization_invitations custom_domains
		prompts branding attack_protection network_acls self_service_profiles user_attribute_profiles connection_profiles
		token_exchange_profiles forms flows flows_vault_connections event_streams event_deliveries guardian_enrollments
		guardian_factors mfa_policies phone_providers phone_templates signing_keys encryption_keys connections_keys
		scim_config scim_token directory_provisionings risk_assessments supplemental_signals rate_limit_policies
		vdcs_templates authentication_methods sessions refresh_tokens organization_client_grants organization_clients
		organization_discovery_domains custom_signing_keys client_credentials federated_connections_tokens connected_accounts
		user_blocks anomaly_blocks groups group_members group_roles organization_groups shields blacklists users_app_metadata
		triggers current_user_device_credentials`},
	{"create", "user_tickets guardian_enrollment_tickets signup email_verification sso_access_tickets"},
	{"read", "logs logs_users stats insights user_idp_tokens entitlements user_effective_permissions user_effective_roles events"},
	{"run", "checks"},
	{"read update delete", "current_user current_user_metadata current_user_identities"},
	{"blacklist", "tokens"},
}

// ManagementScopes returns the scopes of the Management API.
func ManagementScopes() []storage.Scope {
	var all []storage.Scope
	for _, set := range scopedResources {
		for _, name := range strings.Fields(set.resources) {
			for action := range strings.FieldsSeq(set.actions) {
				words := strings.Fields(action + " " + strings.ReplaceAll(name, "_", " "))
				for i, w := range words {
					words[i] = strings.ToUpper(w[:1]) + w[1:]
				}
				all = append(all, storage.Scope{Value: action + ":" + name, Description: strings.Join(words, " ")})
			}
		}
	}
	return all
}
