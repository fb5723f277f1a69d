package resource

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// systemLifetime is the lifetime, in seconds, of access tokens for Auth0's own
// APIs for users, Auth0: manage-users/my-organization-api.
const systemLifetime = 600

// systemAPIs are Auth0's APIs for users, which a tenant activates by creating
// them. The keys are the parts of their identifiers after the issuer. Auth0:
// manage-users/my-account-api and manage-users/my-organization-api.
var systemAPIs = map[string]struct {
	name   string
	prefix string // of the object's name in scopes
	scopes string
}{
	"me/": {"Auth0 My Account API", "me", `
		create:connected_accounts read:connected_accounts delete:connected_accounts
		create:authentication_methods read:authentication_methods update:authentication_methods delete:authentication_methods
		read:factors`},
	"my-org/": {"Auth0 My Organization API", "my_org", `
		read:configuration read:details update:details
		create:identity_providers read:identity_providers update:identity_providers delete:identity_providers
		update:identity_providers_detach create:identity_providers_domains delete:identity_providers_domains
		create:domains read:domains update:domains delete:domains
		create:identity_providers_scim_tokens read:identity_providers_scim_tokens delete:identity_providers_scim_tokens
		create:identity_providers_provisioning read:identity_providers_provisioning
		update:identity_providers_provisioning delete:identity_providers_provisioning`},
}

// SystemAPI returns the API with an identifier if it is one that Auth0 itself
// defines for the users of a tenant, otherwise nil. Who creates such an API cannot
// choose any of its members.
func SystemAPI(issuer, identifier string) storage.Document {
	path, _ := strings.CutPrefix(identifier, issuer)
	api, known := systemAPIs[path]
	if !known || path == identifier {
		return nil
	}
	scopes := []any{}
	for scope := range strings.FieldsSeq(api.scopes) {
		verb, object, _ := strings.Cut(scope, ":")
		scopes = append(scopes, storage.Document{
			"value":       verb + ":" + api.prefix + ":" + object,
			"description": title(verb + " " + strings.ReplaceAll(object, "_", " ")),
		})
	}
	return storage.Document{
		"name": api.name, "is_system": true, "scopes": scopes,
		"allow_offline_access": true, "skip_consent_for_verifiable_first_party_clients": true,
		"token_lifetime": systemLifetime, "token_lifetime_for_web": systemLifetime,
		"subject_type_authorization": storage.Document{
			"user":   storage.Document{"policy": "require_client_grant"},
			"client": storage.Document{"policy": "deny_all"},
		},
		"proof_of_possession": storage.Document{"mechanism": "dpop", "required": false},
	}
}

// title capitalizes every word.
func title(words string) string {
	list := strings.Fields(words)
	for i, w := range list {
		list[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(list, " ")
}
