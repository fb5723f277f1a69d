package config

import "slices"

// identities are the members that tell the objects of a section apart, the one that a person knows an object by first.
// After a dot are the lists within the objects of a section, or within a section that is one object.
var identities = map[string][]string{
	"actionModules":           {"name"},
	"actions":                 {"name"},
	"branding.templates":      {"template"},
	"clientGrants":            {"client_id", "audience", "subject_type", "default_for"},
	"clients":                 {"name"},
	"connectionProfiles":      {"name"},
	"connections":             {"name"},
	"customDomains":           {"domain"},
	"databases":               {"name"},
	"emailTemplates":          {"template"},
	"eventStreams":            {"name"},
	"flowVaultConnections":    {"name"},
	"flows":                   {"name"},
	"forms":                   {"name"},
	"guardianFactorProviders": {"name", "provider"},
	"guardianFactorTemplates": {"name"},
	"guardianFactors":         {"name"},
	"hooks":                   {"name"},
	"logStreams":              {"name"},
	"networkACLs":             {"description"},
	"organizations":           {"name"},
	"pages":                   {"name"},
	"phoneProviders":          {"name"},
	"phoneTemplates":          {"type"},
	"prompts.screenRenderers": {"prompt", "screen"},
	"rateLimitPolicies":       {"consumer_selector"},
	"resourceServers":         {"identifier"},
	"roles":                   {"name"},
	"rules":                   {"name"},
	"rulesConfigs":            {"key"},
	"selfServiceProfiles":     {"name"},
	"themes":                  {"displayName"},
	"tokenExchangeProfiles":   {"name"},
	"userAttributeProfiles":   {"name"},

	"actions.dependencies":            {"name"},
	"actions.secrets":                 {"name"},
	"organizations.client_grants":     {"client_id", "audience"},
	"organizations.clients":           {"name", "client_id"},
	"organizations.connections":       {"name", "connection_id"},
	"organizations.discovery_domains": {"domain"},
	"resourceServers.scopes":          {"value"},
	"roles.permissions":               {"resource_server_identifier", "permission_name"},
	"users.permissions":               {"resource_server_identifier", "permission_name"},
}

// Identity are the members that tell the objects of a section apart, the one that a person knows an object by first.
func Identity(section string) []string { return slices.Clone(identities[section]) }

// DefaultSubject is the subject type of a client grant that names none: the application itself.
const DefaultSubject = "client"
