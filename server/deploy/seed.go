package deploy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Seeded is what has come of a seed.
type Seeded struct {
	// Generated maps the client ids whose secret the file left out to the secret
	// that was made up; it is shown once and kept nowhere.
	Generated map[string]string
	// Skipped is what of the file the tenant does without.
	Skipped []Skipped
}

// batch is how many users one transaction stores. What an engine does for a
// record grows with those that the transaction holds already, so that a tenant
// of 100,000 users in one would take minutes.
const batch = 1000

// Seed applies a tenant file to an empty tenant, and keeps the result as what a reset goes
// back to. The users come first, since they may be many, and all else in one change, the
// tenant's settings with it: a store without them counts as empty, and what a start that was
// cut short left there is removed by the next.
func (t Tenant) Seed(ctx context.Context, file *tenantfile.Tenant) (seeded Seeded, err error) {
	file = file.WithIssuer(t.Issuer)
	sections := sectionsOf(file)
	roles, clients := giveIDs(sections["roles"], resource.Roles), giveIDs(sections["clients"], resource.Clients)
	people, err := t.newUsers(ctx, file, roles)
	if err != nil {
		return seeded, err
	}
	if err := t.storeUsers(ctx, people); err != nil {
		return seeded, err
	}
	var im *importer // of the last run
	var effects Effects
	prepare := func(tx *storage.Tx) (err error) {
		im, effects = t.open(ctx, tx)
		im.fresh, im.generated, im.coming = true, map[string]string{}, map[string]map[string]string{"/clients": clients}
		return im.apply(sections)
	}
	then := func(tx *storage.Tx) error {
		for _, m := range people.members {
			if _, err := joinOrganizations(tx, m.user, m.organizations, roles); err != nil {
				return fmt.Errorf("users: %q: %w", m.user, err)
			}
		}
		if _, err := importProviders(tx, file.SimulatedProviders); err != nil {
			return err
		}
		if err := seedExtension(tx, file.AuthorizationExtension, people.ids); err != nil {
			return err
		}
		return tx.KeepSnapshot("")
	}
	if err := t.DB.Prepare(ctx, prepare, then); err != nil {
		return seeded, err
	}
	return Seeded{im.generated, im.report.Skipped}, effects.CarryOut()
}

// storeUsers stores users in a store that has nothing else.
func (t Tenant) storeUsers(ctx context.Context, people people) error {
	err := t.DB.Update(ctx, (*storage.Tx).Clear)
	for users := range slices.Chunk(people.users, batch) {
		if err != nil {
			return err
		}
		err = t.DB.Update(ctx, func(tx *storage.Tx) error {
			for _, u := range users {
				if err := u.put(tx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return err
}

// sectionsOf are the sections of a tenant file that an import knows as well: all but its
// users and the Authorization Extension's store.
func sectionsOf(file *tenantfile.Tenant) storage.Document {
	sections := maps.Clone(file.Further)
	if sections == nil {
		sections = storage.Document{}
	}
	for name, docs := range map[string][]storage.Document{
		"clients": file.Clients, "resourceServers": file.ResourceServers, "databases": file.Databases, "connections": file.Connections,
		"clientGrants": file.ClientGrants, "roles": file.Roles,
	} {
		list := make([]any, len(docs))
		for i, doc := range docs {
			list[i] = doc
		}
		sections[name] = list
	}
	if sections["tenant"] = file.Settings; file.Settings == nil {
		sections["tenant"] = storage.Document{}
	}
	return sections
}

// giveIDs gives the objects of a section that have none an id, and returns the ids by name:
// others refer to them before they are there.
func giveIDs(section any, kind *resource.Kind) map[string]string {
	ids := map[string]string{}
	for _, item := range ItemsOf(section) {
		name := storage.Text(item, "name")
		if storage.Text(item, kind.ID) == "" {
			item[kind.ID] = kind.NewID()
		}
		if ids[name] == "" {
			ids[name] = storage.Text(item, kind.ID)
		}
	}
	return ids
}

// furnish gives a new tenant what every tenant has from the start, once a section is done
// that lists such objects of its own: the APIs of the server itself, the global client,
// which pages belong to, and the encryption keys.
func (im *importer) furnish(done string) error {
	switch done {
	case "resourceServers":
		return im.furnishAPIs()
	case "clients":
		return im.furnishClient()
	}
	return nil
}

func (im *importer) furnishAPIs() error {
	for _, system := range []storage.Document{
		{"name": "Auth0 Management API", "identifier": im.issuer + "api/v2/", "is_system": true, "scopes": scopes(resource.ManagementScopes())},
		{"name": "auth0-authorization-extension-api", "identifier": authz.ExtensionAudience, "scopes": scopes(authz.ExtensionScopes())},
	} {
		there, err := im.find("/resource-servers", system, "identifier")
		if err != nil {
			return err
		}
		if there != nil {
			continue
		}
		if _, err := im.restore("/resource-servers", system, ""); err != nil {
			return err
		}
	}
	return nil
}

func scopes(list []storage.Scope) []any {
	docs := make([]any, len(list))
	for i, s := range list {
		docs[i] = storage.Document{"value": s.Value, "description": s.Description}
	}
	return docs
}

func (im *importer) furnishClient() error {
	_, err := im.restore("/clients", storage.Document{
		"name": "All Applications", "global": true, "callbacks": []any{}, "owners": []any{}, "oidc_conformant": true, "sso": false,
		"jwt_configuration": storage.Document{"alg": "RS256", "lifetime_in_seconds": float64(36000)}, "grant_types": []any{},
	}, "")
	if err != nil {
		return err
	}
	root, err := im.restore("/keys/encryption", storage.Document{"type": "environment-root-key", "state": "active"}, "")
	if err != nil {
		return err
	}
	_, err = im.restore("/keys/encryption", storage.Document{"type": "tenant-master-key", "state": "active", "parent_kid": root["kid"]}, "")
	return err
}
