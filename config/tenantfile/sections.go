package tenantfile

import (
	"path"
	"slices"
	"strings"
)

// part is a section, or a part of one: how its objects are identified, and where an export of auth0-deploy-cli
// stores it.
type part struct {
	// identity are the members that identify its objects, beginning with the one that people would use.
	identity []string
	// file and folder say where an export that is a folder stores the part: in one file, or in a folder with a file
	// per object.
	file, folder string
	// texts are stored in files of their own; beside is the folder of these files beside tenant.yaml, if it does
	// not have the section's name.
	texts  textMember
	beside string
	// bodies says that the YAML form stores each object in a JSON file, which the object's member body names.
	bodies bool
}

// textMember says which texts of objects have files of their own: the path of members to the text, in which "*"
// stands for every member, and the ending of the files.
type textMember struct {
	path, ending string
}

// parts are the sections that are lists or have files of their own. A dot separates a section from a member of it
// or from a list within its objects.
var parts = map[string]part{
	"actionModules":                 {identity: []string{"name"}, folder: "action-modules", texts: textMember{"code", ".js"}, beside: "action-modules"},
	"actions":                       {identity: []string{"name"}, folder: "actions", texts: textMember{"code", ".js"}},
	"attackProtection.botDetection": {file: "attack-protection/bot-detection.json"},
	"attackProtection.breachedPasswordDetection": {file: "attack-protection/breached-password-detection.json"},
	"attackProtection.bruteForceProtection":      {file: "attack-protection/brute-force-protection.json"},
	"attackProtection.captcha":                   {file: "attack-protection/captcha.json"},
	"attackProtection.suspiciousIpThrottling":    {file: "attack-protection/suspicious-ip-throttling.json"},
	"branding":                            {file: "branding/branding.json"},
	"branding.templates":                  {identity: []string{"template"}, folder: "branding/templates", texts: textMember{"body", ".html"}, beside: "branding_templates"},
	"clientGrants":                        {identity: []string{"client_id", "audience", "subject_type", "default_for"}, folder: "grants"},
	"clients":                             {identity: []string{"name"}, folder: "clients", texts: textMember{"custom_login_page", "_custom_login_page.html"}},
	"connectionProfiles":                  {identity: []string{"name"}, folder: "connection-profiles"},
	"connections":                         {identity: []string{"name"}, folder: "connections", texts: textMember{"options.email.body", ".html"}},
	"customDomains":                       {identity: []string{"domain"}, file: "custom-domains/custom-domains.json"},
	"databases":                           {identity: []string{"name"}, texts: textMember{"options.customScripts.*", ".js"}},
	"emailProvider":                       {file: "emails/provider.json"},
	"emailTemplates":                      {identity: []string{"template"}, folder: "emails", texts: textMember{"body", ".html"}},
	"eventStreams":                        {identity: []string{"name"}, folder: "event-streams"},
	"flowVaultConnections":                {identity: []string{"name"}, folder: "flow-vault-connections"},
	"flows":                               {identity: []string{"name"}, folder: "flows", bodies: true},
	"forms":                               {identity: []string{"name"}, folder: "forms", bodies: true},
	"guardianFactorProviders":             {identity: []string{"name", "provider"}, folder: "guardian/providers"},
	"guardianFactorTemplates":             {identity: []string{"name"}, folder: "guardian/templates"},
	"guardianFactors":                     {identity: []string{"name"}, folder: "guardian/factors"},
	"guardianPhoneFactorMessageTypes":     {file: "guardian/phoneFactorMessageTypes.json"},
	"guardianPhoneFactorSelectedProvider": {file: "guardian/phoneFactorSelectedProvider.json"},
	"guardianPolicies":                    {file: "guardian/policies.json"},
	"hooks":                               {identity: []string{"name"}, folder: "hooks", texts: textMember{"script", ".js"}},
	"logStreams":                          {identity: []string{"name"}, folder: "log-streams"},
	"networkACLs":                         {identity: []string{"description"}, folder: "network-acls"},
	"organizations":                       {identity: []string{"name"}, folder: "organizations"},
	"pages":                               {identity: []string{"name"}, folder: "pages", texts: textMember{"html", ".html"}},
	"phoneProviders":                      {identity: []string{"name"}, file: "phone-providers/provider.json"},
	"phoneTemplates":                      {identity: []string{"type"}, folder: "phone-templates"},
	"prompts":                             {file: "prompts/prompts.json"},
	"prompts.customText":                  {file: "prompts/custom-text.json"},
	"prompts.partials":                    {file: "prompts/partials.json"},
	"prompts.screenRenderers":             {identity: []string{"prompt", "screen"}, folder: "prompts/screenRenderSettings"},
	"rateLimitPolicies":                   {identity: []string{"consumer_selector"}, folder: "rate-limit-policies"},
	"resourceServers":                     {identity: []string{"identifier"}, folder: "resource-servers"},
	"riskAssessment":                      {file: "risk-assessment/settings.json"},
	"roles":                               {identity: []string{"name"}, folder: "roles"},
	"rules":                               {identity: []string{"name"}, folder: "rules", texts: textMember{"script", ".js"}},
	"rulesConfigs":                        {identity: []string{"key"}, folder: "rules-configs"},
	"selfServiceProfiles":                 {identity: []string{"name"}, folder: "self-service-profiles"},
	"supplementalSignals":                 {file: "supplemental-signals.json"},
	"tenant":                              {file: "tenant.json"},
	"themes":                              {identity: []string{"displayName"}, folder: "themes"},
	"tokenExchangeProfiles":               {identity: []string{"name"}, folder: "token-exchange-profiles"},
	"triggers":                            {file: "triggers/triggers.json"},
	"userAttributeProfiles":               {identity: []string{"name"}, folder: "user-attribute-profiles"},

	"actions.dependencies":            {identity: []string{"name"}},
	"actions.secrets":                 {identity: []string{"name"}},
	"organizations.client_grants":     {identity: []string{"client_id", "audience"}},
	"organizations.clients":           {identity: []string{"name", "client_id"}},
	"organizations.connections":       {identity: []string{"name", "connection_id"}},
	"organizations.discovery_domains": {identity: []string{"domain"}},
	"resourceServers.scopes":          {identity: []string{"value"}},
	"roles.permissions":               {identity: []string{"resource_server_identifier", "permission_name"}},
	"users.permissions":               {identity: []string{"resource_server_identifier", "permission_name"}},
}

// partAt returns the part that a file of an export that is a folder contains as a whole, or contains an object of.
func partAt(file string) (where string, whole bool) {
	for where, p := range parts {
		if p.file == file {
			return where, true
		}
	}
	if strings.HasPrefix(file, databaseFolder) {
		return "databases", false
	}
	for where, p := range parts {
		if p.folder == path.Dir(file) {
			return where, false
		}
	}
	return "", false
}

// members returns the parts of a section that is one object, by the names of its members.
func members(section string) map[string]part {
	below := map[string]part{}
	for where, p := range parts {
		if member, ok := strings.CutPrefix(where, section+"."); ok && (p.file != "" || p.folder != "") {
			below[member] = p
		}
	}
	return below
}

// databaseFolder contains a folder for each database, in an export that is a folder.
const databaseFolder = "database-connections/"

// Identity returns the members that identify the objects of a section, beginning with the one that people would
// use.
func Identity(section string) []string { return slices.Clone(parts[section].identity) }

// DefaultSubject is the subject type of a client grant that names none: tokens for the application itself.
const DefaultSubject = "client"
