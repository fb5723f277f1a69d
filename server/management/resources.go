package management

import (
	"slices"
	"strings"
)

// resources lists every resource that is served by plain reads and writes.
func resources() []served {
	return append([]served{
		clients(), credentials(), resourceServers(), clientGrants(), connections(), roles(), users(),
		phoneProviders(), phoneTemplates(), themes(), customDomains(), emailTemplates(), encryptionKeys(), authenticationMethods(),
		actions(), actionVersions(), actionModules(), moduleVersions(), logStreams(), hooks(), rules(),
		vaultConnections(), flows(), flowExecutions(), forms(), connectionProfiles(), userAttributeProfiles(), tokenExchangeProfiles(),
		selfServiceProfiles(), networkACLs(), networkACLKeys(), eventStreams(), rateLimitPolicies(), credentialTemplates(),
		organizations(), organizationClients(), organizationGrants(), organizationInvitations(), discoveryDomains(),
	}, organizationConnections()...)
}

// singletons lists the resources of which a tenant has one.
func singletons() []singleton {
	return slices.Concat(attackProtection(), guardian(), assessments(), []singleton{branding(), prompts(), pushApp()})
}

// special lists the operations that are no plain reads and writes.
func (a *api) special() []operation {
	ops := slices.Concat(
		a.clientOperations(), a.connectionOperations(), a.connectionKeyOperations(), a.roleOperations(), a.userOperations(), a.tenantOperations(),
		a.brandingOperations(), a.phoneOperations(), a.promptOperations(), a.customDomainOperations(), a.emailOperations(), a.guardianOperations(),
		a.provisioningOperations(), scim.operations(), directory.operations(), a.keyOperations(), a.customSigningKeyOperations(), a.encryptionKeyOperations(), a.sessionOperations(), a.refreshTokenOperations(), a.deviceCredentialOperations(), a.enrollmentOperations(), a.statOperations(), a.userDetailOperations(), a.logOperations(), a.organizationOperations(), a.groupOperations(),
		a.actionOperations(), a.hookOperations(), a.rulesConfigOperations(), a.profileTemplateOperations(), a.selfServiceOperations(),
		a.eventDeliveryOperations(), a.ticketOperations(), a.jobOperations(), a.userBlockOperations(), searches(),
	)
	for _, s := range singletons() {
		ops = append(ops, s.operations()...)
	}
	return ops
}

func words(list string) []string { return strings.Fields(list) }
