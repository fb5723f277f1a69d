package management

import (
	"slices"
	"strings"
)

// resources lists all resources whose objects are simply read and written.
func resources() []collection {
	return append([]collection{
		clients(), credentials(), resourceServers(), clientGrants(), connections(), roles(), users(),
		phoneProviders(), phoneTemplates(), themes(), customDomains(), emailTemplates(), encryptionKeys(), authenticationMethods(),
		actions(), actionVersions(), actionModules(), moduleVersions(), logStreams(), hooks(), rules(),
		vaultConnections(), flows(), flowExecutions(), forms(), connectionProfiles(), userAttributeProfiles(), tokenExchangeProfiles(),
		selfServiceProfiles(), networkACLs(), networkACLKeys(), eventStreams(), rateLimitPolicies(), credentialTemplates(),
		organizations(), organizationClients(), organizationGrants(), organizationInvitations(), discoveryDomains(),
	}, organizationConnections()...)
}

// singletons lists the resources of which a tenant has exactly one object.
func singletons() []singleton {
	return slices.Concat(attackProtection(), guardian(), assessments(), []singleton{branding(), prompts(), pushApp()})
}

// otherOperations lists all other operations, which do more than read and write objects.
func otherOperations() []operation {
	ops := slices.Concat(
		clientOperations(), clientDocumentOperations(), connectionOperations(), connectionKeyOperations(), roleOperations(), userOperations(), tenantOperations(),
		brandingOperations(), phoneOperations(), promptOperations(), customDomainOperations(), emailOperations(), guardianOperations(),
		provisioningOperations(), scim.operations(), directory.operations(), keyOperations(), customSigningKeyOperations(), encryptionKeyOperations(), sessionOperations(), refreshTokenOperations(), deviceCredentialOperations(), enrollmentOperations(), statOperations(), userDetailOperations(), logOperations(), organizationOperations(), groupOperations(),
		actionOperations(), hookOperations(), rulesConfigOperations(), profileTemplateOperations(), selfServiceOperations(),
		eventDeliveryOperations(), ticketOperations(), jobOperations(), userBlockOperations(), searches(),
	)
	for _, s := range singletons() {
		ops = append(ops, s.operations()...)
	}
	return ops
}

func words(list string) []string { return strings.Fields(list) }
