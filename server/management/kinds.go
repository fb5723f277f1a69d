package management

import (
	"maps"
	"sync"

	"github.com/tenant0/tenant0/server/resource"
)

// anyBody is the kind of bodies whose members are not described. bodyWithoutSecrets is the kind of bodies that have no secrets,
// such as lists of ids and names.
var (
	anyBody            = &resource.Kind{Open: true}
	bodyWithoutSecrets = &resource.Kind{Open: true, Item: &resource.Field{Plain: true}}
)

// otherKinds maps the paths of the other operations, which do not simply read and write objects, to the kind of their
// bodies. The kind says which members are secret. The request and the response of a path share one kind.
var otherKinds = map[string]*resource.Kind{
	"/actions/actions/{action}/deploy":                          resource.ActionVersions,
	"/actions/actions/{action}/versions/{id}/deploy":            resource.ActionVersions,
	"/actions/triggers/{trigger}/bindings":                      resource.ActionBindings,
	"/actions/modules/{module}/versions":                        resource.ActionModuleVersions,
	"/actions/modules/{module}/rollback":                        resource.ActionModules,
	"/branding/templates/universal-login":                       resource.UniversalLoginTemplate,
	"/branding/phone/providers/{id}/try":                        resource.TryPhone,
	"/branding/phone/templates/{id}/try":                        resource.TryPhone,
	"/clients/cimd/preview":                                     resource.ClientDocument,
	"/clients/cimd/register":                                    resource.ClientDocument,
	"/clients/{id}/rotate-secret":                               resource.Clients,
	"/connections/{id}/directory-provisioning":                  anyBody,
	"/connections/{id}/keys":                                    resource.ConnectionKeys,
	"/connections/{id}/keys/rotate":                             resource.ConnectionKeys,
	"/connections/{id}/scim-configuration":                      anyBody,
	"/connections/{id}/scim-configuration/tokens":               resource.SCIMTokens,
	"/custom-domains/default":                                   resource.CustomDomains,
	"/custom-domains/{id}/verify":                               resource.CustomDomains,
	"/device-credentials":                                       resource.DeviceCredentials,
	"/device-credentials/{id}":                                  resource.DeviceCredentials,
	"/email-templates/{id}":                                     resource.EmailTemplates,
	"/emails/provider":                                          resource.EmailProvider,
	"/event-streams/{id}/redeliver":                             resource.Redelivery,
	"/event-streams/{id}/redeliver/{event}":                     resource.Redelivery,
	"/event-streams/{id}/test":                                  resource.EventTest,
	"/guardian/factors/{name}":                                  resource.Factor,
	"/hooks/{id}/secrets":                                       resource.HookSecrets,
	"/jobs/users-exports":                                       resource.Jobs,
	"/jobs/users-imports":                                       resource.Jobs,
	"/guardian/enrollments/ticket":                              resource.EnrollmentTicket,
	"/jobs/verification-email":                                  resource.VerificationJob,
	"/keys/custom-signing":                                      resource.CustomSigningKeys,
	"/keys/encryption/{kid}":                                    resource.WrappedKeys,
	"/keys/encryption/{kid}/wrapping-key":                       resource.EncryptionKeys,
	"/keys/signing/rotate":                                      resource.SigningKeys,
	"/keys/signing/{kid}/revoke":                                resource.SigningKeys,
	"/organizations/{id}/clients":                               resource.AddedOrganizationClients,
	"/organizations/{id}/invitations":                           resource.OrganizationInvitations,
	"/prompts/rendering":                                        resource.Renderings,
	"/prompts/{prompt}/screen/{screen}/rendering":               resource.Rendering,
	"/refresh-tokens/revoke":                                    resource.RefreshTokensToRevoke,
	"/refresh-tokens/{id}":                                      resource.RefreshTokenMetadata,
	"/roles/{id}/permissions":                                   resource.Permissions,
	"/rules-configs/{key}":                                      resource.RulesConfigs,
	"/self-service-profiles/{id}/custom-text/{language}/{page}": resource.SelfServiceTexts,
	"/self-service-profiles/{id}/sso-ticket":                    resource.SelfServiceTickets,
	"/sessions/{id}":                                            resource.SessionMetadata,
	"/tenants/settings":                                         resource.TenantSettings,
	"/tickets/email-verification":                               resource.VerificationTicket,
	"/tickets/password-change":                                  resource.PasswordTicket,
	"/users":                                                    resource.Users,
	"/users/{id}":                                               resource.Users,
	"/users/{id}/identities":                                    resource.LinkedIdentity,
	"/users/{id}/identities/{provider}/{identity}":              resource.LinkedIdentity,
	"/users/{id}/recovery-code-regeneration":                    resource.RecoveryCode,
	"/users/{id}/revoke-access":                                 resource.AccessToRevoke,
	"/users/{id}/risk-assessments/clear":                        resource.AssessorsToClear,
	"/users/{id}/permissions":                                   resource.Permissions,
	"/users/{user}/authentication-methods":                      resource.AuthenticationMethods,
}

// pathsWithoutSecrets are the paths of operations whose bodies have only ids and names, or nothing.
var pathsWithoutSecrets = words(`/connections/{id}/clients /connections/{id}/directory-provisioning/synchronized-groups /groups/{id}/roles
	/guardian/policies /keys/encryption/rekey /organizations/{id}/groups/{group_id}/roles /organizations/{id}/members
	/organizations/{id}/members/{user_id}/roles /prompts/{prompt}/custom-text/{language} /prompts/{prompt}/partials /roles/{id}/groups
	/roles/{id}/users /self-service-profiles/{id}/sso-ticket/{ticket}/revoke /sessions/{id}/revoke
	/users/{id}/multifactor/actions/invalidate-remember-browser /users/{id}/roles`)

// kindsByPath maps the paths of all operations to the kinds of their bodies.
var kindsByPath = sync.OnceValue(func() map[string]*resource.Kind {
	all := map[string]*resource.Kind{}
	for _, s := range resources() {
		for _, op := range s.operations() {
			all[op.path] = s.kind.Kind
		}
	}
	for _, s := range singletons() {
		all[s.path] = s.kind
	}
	for _, path := range pathsWithoutSecrets {
		all[path] = bodyWithoutSecrets
	}
	maps.Copy(all, otherKinds) // these take precedence, as their operations do when requests are served
	return all
})

// kindOf returns the kind of the request and response bodies of an operation.
func kindOf(path string) *resource.Kind {
	if kind := kindsByPath()[path]; kind != nil {
		return kind
	}
	return anyBody
}
