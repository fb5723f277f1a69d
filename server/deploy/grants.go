package deploy

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/storage"
)

// grantLabel returns the name of a client grant in reports.
func grantLabel(im *importer, item storage.Document) (string, error) {
	application := storage.Text(item, "default_for")
	if id := storage.Text(item, "client_id"); id != "" {
		name, err := im.name("/clients", id, "client_id")
		if err != nil {
			return "", err
		}
		application = name
	}
	return tenantfile.GrantName(application, item), nil
}

// grantClient replaces the application's name in a client grant by its id, and sets what
// the grant leaves to defaults: the subject_type, and the list of scopes in place of
// allow_all_scopes of a system API.
func grantClient(im *importer, item storage.Document) (err error) {
	if name := storage.Text(item, "client_id"); name != "" || storage.Text(item, "default_for") == "" {
		if item["client_id"], err = im.id("/clients", name, "client_id"); err != nil {
			return err
		}
	}
	item["subject_type"] = cmp.Or(storage.Text(item, "subject_type"), tenantfile.DefaultSubject)
	all, told := item["allow_all_scopes"]
	if !told {
		return nil
	}
	api, err := im.find("/resource-servers", storage.Document{"identifier": item["audience"]}, "identifier")
	if err != nil || api["is_system"] != true {
		return err
	}
	delete(item, "allow_all_scopes")
	if all != true {
		return nil
	}
	scope := []any{}
	for _, s := range ItemsOf(api["scopes"]) {
		scope = append(scope, s["value"])
	}
	item["scope"] = scope
	return nil
}

func grantClientName(im *importer, _ string, item storage.Document) (err error) {
	if storage.Text(item, "client_id") != "" {
		item["client_id"], err = im.name("/clients", storage.Text(item, "client_id"), "client_id")
	} else { // a grant for a class of applications, see default_for
		delete(item, "client_id")
	}
	return err
}

// organizationGrants assigns client grants to an organization. auth0-deploy-cli names the
// application but not the subject_type. In Auth0, organizations need such grants for
// client credentials, so the grant for the application itself is meant unless the entry
// has a subject_type.
func (im *importer) organizationGrants(organization string, item storage.Document) error {
	there, err := im.objects.List(at("/organizations/{id}/client-grants", organization))
	if err != nil {
		return err
	}
	for _, g := range ItemsOf(item["client_grants"]) {
		clientID, err := im.id("/clients", storage.Text(g, "client_id"), "client_id")
		if err != nil {
			return err
		}
		wanted := storage.Document{"client_id": clientID, "subject_type": cmp.Or(storage.Text(g, "subject_type"), tenantfile.DefaultSubject)}
		if g["audience"] != nil {
			wanted["audience"] = g["audience"]
		}
		grant, err := im.find("/client-grants", wanted, sortedKeys(wanted)...)
		if err != nil {
			return err
		}
		if grant == nil {
			return fmt.Errorf("there is no client grant of %q for %v", storage.Text(g, "client_id"), g["audience"])
		}
		if slices.ContainsFunc(there, func(had storage.Document) bool { return had["id"] == grant["id"] }) {
			continue
		}
		if _, err := im.create(at("/organizations/{id}/client-grants", organization), storage.Document{"grant_id": grant["id"]}); err != nil {
			return err
		}
	}
	return nil
}
