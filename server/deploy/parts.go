package deploy

import (
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Parts of a section's objects for which the API has separate paths.

// importPermissions gives a role exactly the permissions in the configuration.
func importPermissions(im *importer, id string, item storage.Document) error {
	if _, there := item["permissions"]; !there {
		return nil
	}
	if im.fresh {
		return im.tx.RolePermissions.Put(storage.RolePermissions{RoleID: id, Permissions: permissions(item["permissions"])})
	}
	held := at("/roles/{id}/permissions", id)
	wanted := []any{}
	for _, p := range ItemsOf(item["permissions"]) {
		wanted = append(wanted, storage.Document{"resource_server_identifier": p["resource_server_identifier"], "permission_name": p["permission_name"]})
	}
	listed, err := im.objects.List(held)
	if err != nil {
		return err
	}
	had := []any{}
	for _, p := range listed {
		had = append(had, storage.Document{"resource_server_identifier": p["resource_server_identifier"], "permission_name": p["permission_name"]})
	}
	surplus, missing := lacking(had, wanted), lacking(wanted, had)
	if len(surplus)+len(missing) == 0 {
		return nil
	}
	im.alsoChanged(resource.Difference{Member: "permissions", Had: had, Wanted: wanted})
	if len(surplus) > 0 {
		if err := im.objects.Remove(held, storage.Document{"permissions": surplus}); err != nil {
			return err
		}
	}
	return im.add(held, "permissions", missing)
}

// lacking returns a list without the values that are in others.
func lacking(list, others []any) []any {
	there := map[string]bool{}
	for _, other := range others {
		there[jsonText(other)] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(value any) bool { return there[jsonText(value)] })
}

// publishImported publishes a module if its configuration says that all changes are
// published.
func publishImported(im *importer, id string, item storage.Document) error {
	if item["all_changes_published"] != true {
		return nil
	}
	module, err := im.object(one("/actions/modules", id))
	if err != nil || module["all_changes_published"] == true {
		return err
	}
	_, err = im.create(at("/actions/modules/{module}/versions", id), nil)
	return err
}

// moduleMembers are the members of a module that are its configuration.
var moduleMembers = []string{"name", "code", "dependencies", "secrets"}

// exportModule reduces a module to its configuration and whether it is published.
func exportModule(im *importer, id string, item storage.Document) error {
	there, err := im.object(one("/actions/modules", id))
	if err != nil {
		return err
	}
	for name := range item {
		if !slices.Contains(moduleMembers, name) {
			delete(item, name)
		}
	}
	item["all_changes_published"] = there["all_changes_published"]
	item["secrets"] = hiddenSecrets(item)
	return nil
}

// moduleVersionIDs sets the ids of the module versions that an action uses.
func moduleVersionIDs(im *importer, item storage.Document) error {
	for _, m := range ItemsOf(item["modules"]) {
		id, err := im.id("/actions/modules", storage.Text(m, "module_name"), "id")
		if err != nil {
			return err
		}
		versions, err := im.list(at("/actions/modules/{module}/versions", id))
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			return fmt.Errorf("the module %q has no version", storage.Text(m, "module_name"))
		}
		same := slices.IndexFunc(versions, func(v storage.Document) bool { return v["version_number"] == m["module_version_number"] })
		if same < 0 { // a version number of another tenant may not exist here
			same = newest(versions)
			im.skip("actions", storage.Text(item, "name"), fmt.Sprintf("the module %q has no version %v here; its newest is used", storage.Text(m, "module_name"), m["module_version_number"]))
		}
		m["module_id"], m["module_version_id"] = id, versions[same]["id"]
		m["module_version_number"] = versions[same]["version_number"]
	}
	return nil
}

// importHookSecrets imports the secrets of a hook, except those whose values the export
// hides.
func importHookSecrets(im *importer, id string, item storage.Document) error {
	secrets, _ := item["secrets"].(storage.Document)
	shown := storage.Document{}
	for name, value := range secrets {
		if value == HiddenSecret {
			im.skip("hooks", storage.Text(item, "name"), "the value of the secret "+name+" is hidden")
			continue
		}
		shown[name] = value
	}
	had := storage.Document{}
	for secret, err := range im.tx.Documents(resource.HookSecrets.Name, id).All() {
		if err != nil {
			return err
		}
		had[storage.Text(secret, "name")] = secret["value"]
	}
	changes := resource.HookSecrets.Field().Differences(had, shown)
	if len(changes) == 0 {
		return nil
	}
	for _, change := range changes {
		change.Member = "secrets." + change.Member
		im.alsoChanged(change)
	}
	_, err := im.create(at("/hooks/{id}/secrets", id), shown)
	return err
}

func exportHookSecrets(im *importer, id string, item storage.Document) error {
	secrets, err := im.object(at("/hooks/{id}/secrets", id))
	if len(secrets) > 0 {
		item["secrets"] = secrets
	}
	return err
}

// noteSetup adds a vault connection to the skipped ones in the report if it is not ready
// because the configuration lacks its credentials, which exports never contain.
func noteSetup(im *importer, id string, item storage.Document) error {
	there, err := im.object(one("/flows/vault/connections", id))
	if err == nil && item["ready"] == true && there["ready"] != true {
		im.skip("flowVaultConnections", storage.Text(item, "name"), "its credentials are not in the configuration, so the connection is not ready for use")
	}
	return err
}

// newest returns the index of the version with the highest number.
func newest(versions []storage.Document) (at int) {
	number := func(i int) float64 {
		n, _ := versions[i]["version_number"].(float64)
		return n
	}
	for i := range versions {
		if number(i) > number(at) {
			at = i
		}
	}
	return at
}

// profileTexts is the path of the texts of a self-service profile.
const profileTexts = "/self-service-profiles/{id}/custom-text/{language}/{page}"

// importProfileTexts imports the custom texts of a self-service profile, for each
// language and page.
func importProfileTexts(im *importer, id string, item storage.Document) error {
	languages, _ := item["customText"].(storage.Document)
	for _, language := range sortedKeys(languages) {
		pages, _ := languages[language].(storage.Document)
		for _, page := range sortedKeys(pages) {
			texts, _ := pages[page].(storage.Document)
			p := at(profileTexts, id, language, page)
			called := storage.Text(item, "name") + ": customText " + language + " " + page
			if err := im.setNamed("selfServiceProfiles", called, Objects.Set, p, texts); err != nil {
				return err
			}
		}
	}
	return nil
}

// exportProfileTexts exports the custom texts of a self-service profile. There is only
// one page of texts, in English.
func exportProfileTexts(im *importer, id string, item storage.Document) error {
	texts, err := im.object(at(profileTexts, id, "en", "get-started"))
	if len(texts) > 0 {
		item["customText"] = storage.Document{"en": storage.Document{"get-started": texts}}
	}
	return err
}
