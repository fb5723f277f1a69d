package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Exported is the result of an export.
type Exported struct {
	Issuer   string           `json:"issuer"`
	Sections storage.Document `json:"sections,omitempty"`
	// Keywords are the names of the keywords that stand for secrets in Sections.
	Keywords []string           `json:"keywords,omitempty"`
	Users    []storage.Document `json:"users,omitempty"`
	// LeftOut names data of the tenant that is never exported, with the reason.
	LeftOut []string `json:"left_out,omitempty"`
	// Extension is the data of the Authorization Extension in the format of a tenant
	// file.
	Extension *tenantfile.Extension `json:"authorizationExtension,omitempty"`
}

// Wanted says what an export is to contain.
type Wanted struct {
	// Configuration includes the configuration, as sections in the format of
	// auth0-deploy-cli, and IDs includes ids in the sections.
	Configuration, IDs bool
	// Users includes the users, with the hashes of their passwords.
	Users bool
}

// Export returns the tenant's configuration, its users, or both.
func (t Tenant) Export(ctx context.Context, what Wanted) (out Exported, err error) {
	out.Issuer = t.Issuer
	if what.Configuration {
		if out.Sections, out.LeftOut, err = t.exportSections(ctx, what.IDs); err != nil {
			return out, err
		}
		out.Keywords = Keywords(out.Sections)
		err = t.DB.View(ctx, func(tx *storage.Tx) (err error) {
			out.Extension, err = exportExtension(tx)
			return err
		})
		if err != nil {
			return out, err
		}
	}
	if what.Users {
		users, left, err := t.exportUsers(ctx)
		if err != nil {
			return out, err
		}
		out.Users, out.LeftOut = users, append(out.LeftOut, left...)
	}
	return out, nil
}

// exportSections returns the tenant's configuration by section, in the format of
// auth0-deploy-cli, which Import accepts. Secrets are replaced by keyword markers, and
// ids are included only if ids is true. left names what a configuration cannot hold.
func (t Tenant) exportSections(ctx context.Context, ids bool) (sections storage.Document, left []string, err error) {
	sections = storage.Document{}
	var marks Markers
	err = t.DB.View(ctx, func(tx *storage.Tx) error {
		im, _ := t.open(ctx, tx)
		im.ids = ids
		for _, s := range importSections() {
			if s.export == nil {
				continue
			}
			value, err := s.export(im)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			// Records of the store may be shared, so the caller gets a copy.
			if value, err = objects.Value(value); err != nil {
				return err
			}
			if !IsEmpty(value) {
				sections[s.name] = s.mark(im, &marks, value)
			}
		}
		left = im.left
		return nil
	})
	return sections, left, err
}

// export lists the objects of the section without the members that only the server
// writes. They are sorted by name, because the order of creation is not part of a
// configuration.
func (s collection) export(im *importer) (any, error) {
	all, err := im.list(at(s.path))
	if err != nil {
		return nil, storage.Optional(err)
	}
	kind := im.objects.Kind(s.path)
	list := []any{}
	for _, there := range all {
		if s.exported != nil && !s.exported(im, there) {
			continue
		}
		if namesOnly(s.path) {
			if there, err = im.object(one(s.path, storage.Text(there, s.id))); err != nil {
				return nil, err
			}
		}
		item := exportable(there, kind)
		delete(item, s.id)
		if err := im.rename(s, item); err != nil {
			return nil, inObject(storage.Text(there, s.members()[0]), err)
		}
		if s.named != nil {
			if err := s.named(im, storage.Text(there, s.id), item); err != nil {
				return nil, inObject(storage.Text(there, s.members()[0]), err)
			}
		}
		if im.ids {
			item[s.id] = there[s.id]
		}
		list = append(list, item)
	}
	slices.SortStableFunc(list, func(a, b any) int {
		return slices.Compare(s.identity(a.(storage.Document)), s.identity(b.(storage.Document)))
	})
	return s.withoutNamesakes(im, list), nil
}

// withoutNamesakes leaves out objects that differ from the one before them in no member that identifies them: the
// Management API allows several of some kinds, and a configuration does not. Applications have an id to tell them apart.
func (s collection) withoutNamesakes(im *importer, list []any) []any {
	if s.name == "clients" {
		return list
	}
	return slices.CompactFunc(list, func(a, b any) bool {
		identity := s.identity(a.(storage.Document))
		same := strings.Join(identity, "") != "" && slices.Equal(identity, s.identity(b.(storage.Document)))
		if same {
			im.left = append(im.left, fmt.Sprintf("%s: a further %q: a configuration holds one with these names", s.name, identity))
		}
		return same
	})
}

// identity returns the values of the members that identify an object of the section.
func (s collection) identity(item storage.Document) []string {
	values := []string{}
	for _, member := range s.members() {
		values = append(values, storage.Text(item, member))
	}
	return values
}

// exportable returns an object without the members that only the server writes.
func exportable(there storage.Document, kind *resource.Kind) storage.Document {
	item := sendable(there, kind, resource.ReadOnly)
	if kind != nil {
		delete(item, kind.Created)
		delete(item, kind.Updated)
	}
	delete(item, "client_secret")
	return item
}

// object returns the object at a place, or nil if there is none.
func (im *importer) object(p Place) (storage.Document, error) {
	answer, err := im.objects.Get(p)
	if err != nil {
		return nil, storage.Optional(err)
	}
	doc, _ := answer.(storage.Document)
	return doc, nil
}

// exportSetting returns a function that exports a section which is a single object.
func exportSetting(path string, apart []string) func(*importer) (any, error) {
	return func(im *importer) (any, error) {
		doc, err := im.object(at(path))
		for _, member := range slices.Concat(apart, []string{"change_password", "guardian_mfa_page", "error_page"}) {
			delete(doc, member) // pages are exported in the section pages
		}
		return doc, err
	}
}

// exportSettings returns a function that exports a section whose members are separate
// settings at paths of the API.
func exportSettings(paths map[string]string) func(*importer) (any, error) {
	return func(im *importer) (any, error) {
		section := storage.Document{}
		for member, path := range paths {
			doc, err := im.object(at(path))
			if err != nil {
				return nil, err
			}
			if len(doc) > 0 {
				section[member] = doc
			}
		}
		if captcha, ok := section["captcha"].(storage.Document); ok {
			markCaptcha(captcha)
		}
		return section, nil
	}
}

// markCaptcha leaves out CAPTCHA providers that are not configured, and sets
// auth0-deploy-cli's keyword markers for the secrets of the others, because
// auth0-deploy-cli does not accept a provider without its secret.
func markCaptcha(captcha storage.Document) {
	for name, value := range captcha {
		provider, ok := value.(storage.Document)
		if _, keyed := provider["site_key"]; !ok || !keyed {
			continue
		}
		marker := "##CAPTCHA_" + strings.ToUpper(name)
		switch {
		case storage.Text(provider, "site_key") == "":
			delete(captcha, name)
		case name == "recaptcha_enterprise":
			provider["api_key"], provider["project_id"] = marker+"_API_KEY##", marker+"_PROJECT_ID##"
		default:
			provider["secret"] = marker + "_SECRET##"
		}
	}
}

func notSystem(_ *importer, item storage.Document) bool { return item["is_system"] != true }

func notGlobal(_ *importer, item storage.Document) bool { return item["global"] != true }

// name returns the name of the object with an id at a path, or the id if several objects
// have the same name, as applications may.
func (im *importer) name(path, id, idMember string) (string, error) {
	r, err := im.references(path, idMember)
	if err != nil {
		return "", err
	}
	if name, known := r.names[id]; known && r.named[name] == 1 {
		return name, nil
	}
	return id, nil
}

// names returns the names of the objects with the ids at a path, as name does.
func (im *importer) names(path string, ids []any, idMember string) ([]any, error) {
	names := make([]any, len(ids))
	for i, id := range ids {
		id, _ := id.(string)
		name, err := im.name(path, id, idMember)
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}

func exportPermissions(im *importer, id string, item storage.Document) error {
	held, err := im.objects.List(at("/roles/{id}/permissions", id))
	list := []any{}
	for _, p := range held {
		list = append(list, storage.Document{"permission_name": p["permission_name"], "resource_server_identifier": p["resource_server_identifier"]})
	}
	item["permissions"] = list
	return err
}

// exportAction reduces an action to its configuration and whether it is deployed.
func exportAction(im *importer, id string, item storage.Document) error {
	there, err := im.find("/actions/actions", storage.Document{"id": id}, "id")
	if err != nil {
		return err
	}
	item["deployed"] = there["deployed"] == true || there["all_changes_deployed"] == true
	for _, name := range []string{"all_changes_deployed", "deployed_version", "current_version", "status", "integration", "built_at"} {
		delete(item, name)
	}
	item["secrets"] = hiddenSecrets(item)
	if modules := ItemsOf(item["modules"]); len(modules) > 0 {
		list := []any{}
		for _, m := range modules {
			list = append(list, storage.Document{"module_name": m["module_name"], "module_version_number": m["module_version_number"]})
		}
		item["modules"] = list
	}
	return nil
}

// hiddenSecrets returns the names of an object's secrets, each with the value
// HiddenSecret.
func hiddenSecrets(item storage.Document) []any {
	secrets := []any{}
	for _, s := range ItemsOf(item["secrets"]) {
		secrets = append(secrets, storage.Document{"name": s["name"], "value": HiddenSecret})
	}
	return secrets
}

func exportTriggers(im *importer) (any, error) {
	triggers, err := im.objects.List(at("/actions/triggers"))
	if err != nil {
		return nil, err
	}
	section := storage.Document{}
	for _, trigger := range triggers {
		name := storage.Text(trigger, "id")
		bound, err := im.objects.List(at(triggerBindings, name))
		if err != nil {
			return nil, err
		}
		list := []any{}
		for _, b := range bound {
			action, _ := b["action"].(storage.Document)
			list = append(list, storage.Document{"action_name": action["name"], "display_name": b["display_name"]})
		}
		if len(list) > 0 {
			section[name] = list
		}
	}
	return section, nil
}

func exportOrganizationParts(im *importer, id string, item storage.Document) error {
	for member, path := range map[string]string{
		"connections": "/enabled_connections", "client_grants": "/client-grants", "discovery_domains": "/discovery-domains",
		"clients": "/clients",
	} {
		parts, err := im.objects.List(at("/organizations/{id}"+path, id))
		if err != nil {
			return err
		}
		list := []any{}
		for _, part := range parts {
			exported, err := im.organizationPart(member, part)
			if err != nil {
				return err
			}
			list = append(list, exported)
		}
		if len(list) > 0 || member != "clients" { // older versions of auth0-deploy-cli do not know them
			item[member] = list
		}
	}
	invitations, err := im.exportInvitations(id)
	if len(invitations) > 0 {
		item["invitations"] = invitations
	}
	return err
}

// organizationPart returns a connection, client grant, application or domain of an
// organization as it is exported.
func (im *importer) organizationPart(member string, part storage.Document) (storage.Document, error) {
	switch member {
	case "connections":
		name, err := im.name("/connections", storage.Text(part, "connection_id"), "id")
		exported := storage.Document{"name": name}
		for key, value := range part {
			if key != "connection" && key != "connection_id" {
				exported[key] = value
			}
		}
		return exported, err
	case "client_grants":
		name, err := im.name("/clients", storage.Text(part, "client_id"), "client_id")
		exported := storage.Document{"client_id": name, "audience": part["audience"]}
		if subject := part["subject_type"]; subject != tenantfile.DefaultSubject {
			exported["subject_type"] = subject
		}
		return exported, err
	case "clients":
		name, err := im.name("/clients", storage.Text(part, "client_id"), "client_id")
		return storage.Document{"client_id": name, "use_for_member_access": part["use_for_member_access"]}, err
	}
	return storage.Document{
		"domain": part["domain"], "status": part["status"], "use_for_organization_discovery": part["use_for_organization_discovery"],
	}, nil
}
