package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// importSection says how a section of auth0-deploy-cli's configuration is imported and
// exported. export is nil if nothing of the section can be read.
type importSection struct {
	name   string
	run    func(im *importer, value any) error
	export func(im *importer) (any, error)
	// path is the path of the objects in the API, or "" if ownDescriptions describes
	// them.
	path string
}

// collection is a section that is a list of objects.
type collection struct {
	name, path, id string
	// label returns the name in reports for objects that have no name of their own.
	label func(im *importer, item storage.Document) (string, error)
	// before changes an item before it is written, for example names to ids. after writes
	// the parts of the object that are apart.
	before func(im *importer, item storage.Document) error
	after  func(im *importer, id string, item storage.Document) error
	// complete adds to an object of a new tenant, own, members that after would write
	// otherwise.
	complete func(im *importer, own, item storage.Document) error
	// apart are the members that after writes, and refs the members that refer to other
	// objects.
	apart []string
	refs  []reference
	// lists are those of the members in apart that must be lists of objects.
	lists []string
	// exported reports whether an object belongs to the section at an export. named
	// changes ids to names in an exported item, and adds the parts that are apart.
	exported func(im *importer, item storage.Document) bool
	named    func(im *importer, id string, item storage.Document) error
}

func (s collection) section() importSection {
	return importSection{name: s.name, path: s.path, export: s.export, run: func(im *importer, value any) error {
		for _, item := range ItemsOf(value) {
			if err := s.item(im, item); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (s collection) item(im *importer, item storage.Document) error {
	name, err := s.called(im, item) // the name as in the configuration, before names are replaced by ids
	if err != nil {
		return err
	}
	if err := checkParts(item, s.lists...); err != nil {
		return inObject(name, err)
	}
	if s.before != nil {
		if err := s.before(im, item); err != nil {
			return inObject(name, err)
		}
	}
	if err := im.resolve(s, name, item); err != nil {
		return inObject(name, err)
	}
	own := maps.Clone(item)
	for _, name := range s.apart {
		delete(own, name)
	}
	if s.complete != nil && im.fresh {
		if err := s.complete(im, own, item); err != nil {
			return inObject(name, err)
		}
	}
	id, err := im.put(s, name, own)
	if err != nil {
		return inObject(name, err)
	}
	if s.after == nil {
		return nil
	}
	if err := s.after(im, id, item); err != nil {
		return inObject(name, err)
	}
	return nil
}

// members are the members that identify an object of the section.
func (s collection) members() []string { return tenantfile.Identity(s.name) }

// called returns the name of an object in reports.
func (s collection) called(im *importer, item storage.Document) (string, error) {
	if s.label != nil {
		return s.label(im, item)
	}
	return storage.Text(item, s.members()[0]), nil
}

// setting returns a section that is a single object, written with one operation.
func setting(name string, write writer, path string, apart ...string) importSection {
	return importSection{name: name, path: path, export: exportSetting(path, apart), run: func(im *importer, value any) error {
		doc, ok := value.(storage.Document)
		if !ok {
			return errors.New("it must be an object")
		}
		if im.seeds(name) {
			im.noteRefused(name, "settings", path, doc, resource.Update)
			_, err := im.objects.Restore(at(path), doc, "")
			return err
		}
		own := maps.Clone(doc)
		for _, member := range apart {
			delete(own, member)
		}
		return im.set(name, write, at(path), own)
	}}
}

// set writes a setting unless it is unchanged. The path is its name in reports.
func (im *importer) set(section string, write writer, p Place, value storage.Document) error {
	return im.setNamed(section, p.String(), write, p, value)
}

// setNamed is set with another name in reports than the path, which may contain ids.
func (im *importer) setNamed(section, name string, write writer, p Place, value storage.Document) error {
	if len(value) == 0 {
		return nil
	}
	answer, err := im.objects.Get(p)
	there, isObject := answer.(storage.Document)
	KeepUnset(there, value)
	changes := im.objects.Kind(p.Path).Field().Differences(there, value)
	if err == nil && isObject && len(changes) == 0 {
		im.changed("unchanged", section, name)
		return nil
	}
	changed, err := write(im.objects, p, value)
	if err != nil {
		return inObject(name, err)
	}
	im.updated(section, name, kept(im.objects.Kind(p.Path), changes, there, changed, value))
	return nil
}

// settings returns a section whose members are separate settings, each at a path of the
// API.
func settings(name string, write writer, paths map[string]string) importSection {
	return importSection{name: name, export: exportSettings(paths), run: func(im *importer, value any) error {
		doc, _ := value.(storage.Document)
		for _, member := range sortedKeys(doc) {
			path, known := paths[member]
			part, isObject := doc[member].(storage.Document)
			if !known || !isObject {
				im.skip(name, member, "tenant0 import does not know this setting")
				continue
			}
			if err := im.setNamed(name, member, write, at(path), part); err != nil {
				return err
			}
		}
		return nil
	}}
}

// plainSection returns a collection whose objects do not refer to others and have no
// parts.
func plainSection(name, path, id string) importSection {
	return collection{name: name, path: path, id: id}.section()
}

// importSections returns the sections in the order of their import: objects come before
// the ones that refer to them.
func importSections() []importSection {
	return slices.Concat(firstSections(), []importSection{
		{name: "pages", run: importPages, export: exportPages},
		connectionsSection("databases"), connectionsSection("connections"),
		collection{name: "clientGrants", path: "/client-grants", id: "id", label: grantLabel, before: grantClient, named: grantClientName}.section(),
		collection{
			name: "roles", path: "/roles", id: "id", apart: []string{"permissions"}, lists: []string{"permissions"},
			after: importPermissions, named: exportPermissions,
		}.section(),
		plainSection("rules", "/rules", "id"),
		collection{name: "hooks", path: "/hooks", id: "id", apart: []string{"secrets"}, after: importHookSecrets, named: exportHookSecrets}.section(),
		{name: "rulesConfigs", run: importRulesConfigs},
		{name: "triggers", run: importTriggers, export: exportTriggers},
		{name: "emailProvider", run: importEmailProvider, export: exportEmailProvider},
		{name: "emailTemplates", run: importEmailTemplates, export: exportEmailTemplates},
		{name: "branding", run: importBranding, export: exportBranding},
		plainSection("themes", "/branding/themes", "themeId"),
		{name: "prompts", run: importPrompts, export: exportPrompts},
		settings("attackProtection", Objects.Change, map[string]string{
			"botDetection": "/attack-protection/bot-detection", "captcha": "/attack-protection/captcha",
			"breachedPasswordDetection": "/attack-protection/breached-password-detection",
			"bruteForceProtection":      "/attack-protection/brute-force-protection",
			"suspiciousIpThrottling":    "/attack-protection/suspicious-ip-throttling",
		}),
		{name: "guardianFactors", run: importFactors, export: exportFactors},
		{name: "guardianPolicies", run: importPolicies, export: exportPolicies},
	}, laterSections())
}

// firstSections returns the sections that many others refer to.
func firstSections() []importSection {
	return []importSection{
		setting("tenant", Objects.Change, "/tenants/settings", "sandbox_versions_available", "session_cookie"),
		collection{name: "resourceServers", path: "/resource-servers", id: "id", before: ownAPI, exported: notSystem}.section(),
		collection{
			name: "actionModules", path: "/actions/modules", id: "id",
			apart: []string{"actions_using_module_total", "all_changes_published", "latest_version_number"}, after: publishImported, named: exportModule,
		}.section(),
		collection{
			name: "actions", path: "/actions/actions", id: "id", apart: []string{"deployed", "status", "installed_integration_id"},
			before: moduleVersionIDs, after: deployImported, named: exportAction,
		}.section(),
		plainSection("userAttributeProfiles", "/user-attribute-profiles", "id"),
		plainSection("connectionProfiles", "/connection-profiles", "id"),
		collection{name: "clients", path: "/clients", id: "client_id", exported: notGlobal, refs: []reference{
			toAttributeProfile, {"connection_profile_id", "/connection-profiles", "id"}, {"okta_oin_client_id", "/clients", "client_id"},
		}}.section(),
	}
}

// laterSections returns the sections that refer to others or that no other refers to.
func laterSections() []importSection {
	return []importSection{
		setting("guardianPhoneFactorSelectedProvider", Objects.Set, "/guardian/factors/phone/selected-provider"),
		setting("guardianPhoneFactorMessageTypes", Objects.Set, "/guardian/factors/phone/message-types"),
		{name: "guardianFactorTemplates", run: importFactorParts("templates"), export: exportFactorTemplates},
		{name: "guardianFactorProviders", run: importFactorParts("providers"), export: exportFactorProviders},
		collection{name: "phoneProviders", path: "/branding/phone/providers", id: "id", named: markPhoneProvider}.section(),
		collection{name: "phoneTemplates", path: "/branding/phone/templates", id: "id", before: withoutEmptySender}.section(),
		settings("riskAssessment", Objects.Change, map[string]string{
			"settings": "/risk-assessments/settings", "new_device": "/risk-assessments/settings/new-device",
		}),
		setting("supplementalSignals", Objects.Change, "/supplemental-signals"),
		collection{
			name: "organizations", path: "/organizations", id: "id",
			apart: []string{"connections", "client_grants", "discovery_domains", "clients", "invitations"},
			lists: []string{"connections", "client_grants", "discovery_domains", "clients", "invitations"}, after: importOrganizationParts,
			named: exportOrganizationParts,
		}.section(),
		plainSection("logStreams", "/log-streams", "id"),
		plainSection("customDomains", "/custom-domains", "custom_domain_id"),
		collection{
			name: "selfServiceProfiles", path: "/self-service-profiles", id: "id", refs: []reference{toAttributeProfile},
			apart: []string{"customText"}, after: importProfileTexts, named: exportProfileTexts,
		}.section(),
		collection{name: "tokenExchangeProfiles", path: "/token-exchange-profiles", id: "id", before: exchangeAction, refs: []reference{toAction}, named: nameExchangeAction}.section(),
		plainSection("networkACLs", "/network-acls", "id"),
		collection{name: "eventStreams", path: "/event-streams", id: "id", refs: []reference{toAction}}.section(),
		plainSection("rateLimitPolicies", "/rate-limit-policies", "id"),
		collection{name: "flowVaultConnections", path: "/flows/vault/connections", id: "id", after: noteSetup}.section(),
		collection{name: "flows", path: "/flows", id: "id", refs: []reference{{"connection_id", "/flows/vault/connections", "id"}}}.section(),
		collection{name: "forms", path: "/forms", id: "id", refs: []reference{{"flow_id", "/flows", "id"}}}.section(),
	}
}

// ownAPI prevents changes to the tenant's system APIs: it removes all members but the
// identifier.
func ownAPI(im *importer, item storage.Document) error {
	if item["is_system"] == true && !im.fresh {
		maps.DeleteFunc(item, func(name string, _ any) bool { return name != "identifier" })
	}
	return nil
}

// withoutEmptySender leaves out a from that is empty: exports of real tenants have it for templates that use the provider's
// number, and the Management API does not accept it.
func withoutEmptySender(_ *importer, item storage.Document) error {
	if content, ok := item["content"].(storage.Document); ok && content["from"] == "" {
		delete(content, "from")
	}
	return nil
}

// exchangeAction accepts the action under the names action and action_id.
func exchangeAction(_ *importer, item storage.Document) error {
	if action, there := item["action"]; there {
		item["action_id"] = action
		delete(item, "action")
	}
	return nil
}

// nameExchangeAction exports the action under the name that auth0-deploy-cli uses.
func nameExchangeAction(_ *importer, _ string, item storage.Document) error {
	item["action"] = item["action_id"]
	delete(item, "action_id")
	return nil
}

// add posts a list, unless it is empty, to a part of an object.
func (im *importer) add(p Place, member string, list any) error {
	if IsEmpty(list) {
		return nil
	}
	_, err := im.create(p, storage.Document{member: list})
	return err
}

func deployImported(im *importer, id string, item storage.Document) error {
	if item["deployed"] != true {
		return nil
	}
	_, err := im.create(at("/actions/actions/{action}/deploy", id), nil)
	return err
}

// triggerBindings is the path of the bindings of a trigger.
const triggerBindings = "/actions/triggers/{trigger}/bindings"

func importTriggers(im *importer, value any) error {
	triggers, _ := value.(storage.Document)
	for _, trigger := range sortedKeys(triggers) {
		if err := checkParts(triggers, trigger); err != nil {
			return err
		}
		bindings, err := im.bindings(trigger, ItemsOf(triggers[trigger]))
		if err != nil {
			return err
		}
		p := at(triggerBindings, trigger)
		there, err := im.objects.List(p)
		if err != nil {
			return inObject(trigger, err)
		}
		if slices.Equal(boundActions(there), wantedActions(bindings)) {
			im.changed("unchanged", "triggers", trigger)
			continue
		}
		if _, err := im.objects.Change(p, storage.Document{"bindings": bindings}); err != nil {
			return inObject(trigger, err)
		}
		im.changed("update", "triggers", trigger)
	}
	return nil
}

// bindings returns the bindings to send for those in the configuration. Bindings of actions that do not exist are left out and
// reported.
func (im *importer) bindings(trigger string, items []storage.Document) ([]storage.Document, error) {
	bindings := []storage.Document{}
	for _, b := range items {
		name := storage.Text(b, "action_name")
		action, err := im.find("/actions/actions", storage.Document{"name": name}, "name")
		if err != nil {
			return nil, err
		}
		if action == nil {
			im.skip("triggers", trigger, fmt.Sprintf("there is no action %q", name))
			continue
		}
		deployed, err := objects.DeployedVersion(im.tx, storage.Text(action, "id"))
		if err != nil {
			return nil, err
		}
		if deployed == nil {
			return nil, fmt.Errorf("%q: %s It is the action %q; deployed: true in its section deploys it", trigger, resource.ActionNotDeployed.Message, name)
		}
		bindings = append(bindings, storage.Document{
			"ref":          storage.Document{"type": "action_name", "value": name},
			"display_name": cmp.Or(storage.Text(b, "display_name"), name),
		})
	}
	return bindings, nil
}

// wantedActions returns the names of actions and the display names of new bindings;
// boundActions returns those of existing bindings.
func wantedActions(bindings []storage.Document) (all []string) {
	for _, b := range bindings {
		ref, _ := b["ref"].(storage.Document)
		all = append(all, storage.Text(ref, "value"), storage.Text(b, "display_name"))
	}
	return all
}

func boundActions(bindings []storage.Document) (all []string) {
	for _, b := range bindings {
		action, _ := b["action"].(storage.Document)
		all = append(all, storage.Text(action, "name"), storage.Text(b, "display_name"))
	}
	return all
}

func importRulesConfigs(im *importer, value any) error {
	for _, item := range ItemsOf(value) {
		key := storage.Text(item, "key")
		if item["value"] == nil {
			im.skip("rulesConfigs", key, "the API hides its value, and the configuration has none")
			continue
		}
		stored, err := im.tx.Documents(resource.RulesConfigs.Name, "").Document(key)
		if err := storage.Optional(err); err != nil {
			return err
		}
		if stored["value"] == item["value"] {
			im.changed("unchanged", "rulesConfigs", key)
			continue
		}
		if _, err := im.objects.Set(at("/rules-configs/{key}", key), storage.Document{"value": item["value"]}); err != nil {
			return inObject(key, err)
		}
		if stored == nil {
			im.changed("create", "rulesConfigs", key)
			continue
		}
		im.changed("update", "rulesConfigs", key, DescribeAll([]resource.Difference{{Member: "value", Secret: true}})...)
	}
	return nil
}

func sortedKeys(doc storage.Document) []string { return slices.Sorted(maps.Keys(doc)) }
