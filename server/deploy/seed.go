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

// Seeded is the result of Seed.
type Seeded struct {
	// Generated maps client ids to client secrets, for applications whose secret the file
	// leaves out. It is shown once after the start.
	Generated map[string]string
	// Skipped are the parts of the file that were not imported.
	Skipped []Skipped
}

// batch is the number of users that are stored in one transaction. The cost of a record
// grows with the size of the transaction, so that storing 100,000 users in a single one
// would take minutes.
const batch = 1000

// Seed imports a tenant file into an empty tenant, and stores the result as the snapshot for
// resets. It stores the users first, in several transactions because they may be many, and
// everything else in one transaction, including the tenant's settings. A store without
// tenant settings counts as empty, so if a start is interrupted, the next start removes the
// users and begins again.
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
	var im *importer // of the last run: a transaction may run again
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
		return tx.SaveSnapshot("")
	}
	if err := t.DB.Prepare(ctx, prepare, then); err != nil {
		return seeded, err
	}
	return Seeded{im.generated, im.report.Skipped}, effects.CarryOut()
}

// storeUsers empties the store and stores the users.
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

// sectionsOf returns the sections of a tenant file that apply imports: all but the users,
// the simulated providers and the Authorization Extension's data.
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

// giveIDs adds ids to the objects of a section that have none, and returns the ids by name.
// Other objects refer to them before they are created.
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

// furnish creates the objects that every tenant has from the start, after the section that
// may contain such objects is imported: the system APIs, the global client, which has the
// classic login page, and the encryption keys.
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
