// Package seed turns a tenant file into the records of the store: references by
// name become ids, what the file leaves out is filled in or made up, passwords
// and secrets become hashes. It owns no format; that is package config's.
package seed

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Deps is what a seed is made with.
type Deps struct {
	Issuer    string
	Secrets   *keys.Secrets
	Passwords *identity.Passwords
	Now       time.Time
	// Furnish writes what every tenant has besides what its file says; nil for
	// nothing.
	Furnish func(*storage.Tx) error
	// Further imports the file's other sections, into the tenant as it is by then.
	Further func(*storage.Tx, storage.Document) error
}

// Plan is a tenant file ready to be stored.
type Plan struct {
	// Generated maps the client ids whose secret the file left out to the secret
	// that was made up; it is shown once and kept nowhere.
	Generated map[string]string

	deps            Deps
	tenant          storage.Document
	clients         []storage.Document
	apis            []storage.Document
	connections     []storage.Document
	grants          []storage.Document
	roles           []storage.Document
	users           []user
	secrets         []storage.ClientSecret
	rolePermissions []storage.RolePermissions
	members         []membership
	extension       storage.Extension
	further         storage.Document

	clientIDs map[string]string // by name
	roleIDs   map[string]string // by name
	userIDs   map[string]string // by e-mail address, lower case
}

// NewPlan works the file out. It hashes passwords, so it takes its time and is
// called outside of any transaction.
func NewPlan(file *tenantfile.Tenant, d Deps) (*Plan, error) {
	p := &Plan{
		deps: d, Generated: map[string]string{},
		clientIDs: map[string]string{}, roleIDs: map[string]string{}, userIDs: map[string]string{},
	}
	file = file.WithIssuer(d.Issuer)
	p.further = maps.Clone(file.Further)
	steps := []func(*tenantfile.Tenant) error{
		p.planSettings, p.planClients, p.planAPIs, p.planConnections, p.planGrants, p.planRoles, p.planUsers, p.planExtension,
	}
	for _, step := range steps {
		if err := step(file); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Plan) complete(kind string, doc storage.Document) (storage.Document, error) {
	doc = maps.Clone(doc)
	if doc == nil {
		doc = storage.Document{}
	}
	return doc, resource.Complete(kind, doc, p.deps.Now)
}

func text(doc storage.Document, name string) string {
	s, _ := doc[name].(string)
	return s
}

func (p *Plan) planSettings(file *tenantfile.Tenant) (err error) {
	p.tenant, err = p.complete("tenants/settings", file.Settings)
	return err
}

// idAlphabet is that of Auth0's client ids and secrets.
const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomText returns n characters of idAlphabet.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand
	for i := range b {
		b[i] = idAlphabet[int(b[i])%len(idAlphabet)]
	}
	return string(b)
}

func (p *Plan) planClients(file *tenantfile.Tenant) error {
	for _, doc := range file.Clients {
		secret := text(doc, "client_secret")
		doc, err := p.complete("clients", doc)
		if err != nil {
			return fmt.Errorf("client %q: %w", text(doc, "name"), err)
		}
		delete(doc, "client_secret")
		p.importLater("clients", doc, "express_configuration")
		id := text(doc, "client_id")
		if secret == "" && text(doc, "token_endpoint_auth_method") != "none" {
			secret = randomText(64)
			p.Generated[id] = secret
		}
		if secret != "" {
			p.secrets = append(p.secrets, p.deps.Secrets.NewClientSecret(id, secret))
		}
		p.clientIDs[text(doc, "name")] = id
		p.clients = append(p.clients, doc)
	}
	return nil
}

// planAPIs adds to the file's APIs those that every tenant has: the Management
// API and that of the Authorization Extension.
func (p *Plan) planAPIs(file *tenantfile.Tenant) error {
	all := slices.Clone(file.ResourceServers)
	for _, system := range []storage.Document{
		{"name": "Auth0 Management API", "identifier": p.deps.Issuer + "api/v2/", "is_system": true, "scopes": scopes(resource.ManagementScopes())},
		{"name": "auth0-authorization-extension-api", "identifier": authz.ExtensionAudience, "scopes": scopes(authz.ExtensionScopes())},
	} {
		known := func(doc storage.Document) bool { return text(doc, "identifier") == system["identifier"] }
		if !slices.ContainsFunc(all, known) {
			all = append(all, system)
		}
	}
	for _, doc := range all {
		doc = maps.Clone(doc)
		maps.Copy(doc, resource.SystemAPI(p.deps.Issuer, text(doc, "identifier")))
		doc, err := p.complete("resource-servers", doc)
		if err != nil {
			return fmt.Errorf("API %q: %w", text(doc, "identifier"), err)
		}
		p.apis = append(p.apis, doc)
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

// clientID is the id of an application that the file refers to by name, or the
// reference itself where it is no name of the file's.
func (p *Plan) clientID(name string) string { return cmp.Or(p.clientIDs[name], name) }

// importLater has an import write those members of an object that refer to what is there
// only by then, or that are objects of their own.
func (p *Plan) importLater(section string, doc storage.Document, members ...string) {
	later := storage.Document{"name": doc["name"]}
	for _, member := range members {
		if value, ok := doc[member]; ok {
			later[member] = value
			delete(doc, member)
		}
	}
	if len(later) == 1 {
		return
	}
	if strategy, ok := doc["strategy"]; ok {
		later["strategy"] = strategy
	}
	if p.further == nil {
		p.further = storage.Document{}
	}
	entries, _ := p.further[section].([]any)
	p.further[section] = append(entries, later)
}

// partsOfConnections are members of a connection in a tenant file that are objects of
// their own.
var partsOfConnections = []string{"scim_configuration", "directory_provisioning_configuration"}

func (p *Plan) planConnections(file *tenantfile.Tenant) error {
	for _, doc := range slices.Concat(file.Databases, file.Connections) {
		doc, err := p.complete("connections", doc)
		if err != nil {
			return fmt.Errorf("connection %q: %w", text(doc, "name"), err)
		}
		later := partsOfConnections
		options, _ := doc["options"].(storage.Document)
		for _, referring := range []string{"custom_password_hash", "idpinitiated"} {
			if _, ok := options[referring]; ok {
				later = append(slices.Clip(later), "options")
				break
			}
		}
		p.importLater("connections", doc, later...)
		enabled := []any{}
		for _, name := range list(doc["enabled_clients"]) {
			enabled = append(enabled, p.clientID(name))
		}
		doc["enabled_clients"] = enabled
		p.connections = append(p.connections, doc)
	}
	return nil
}

func list(value any) []string {
	var out []string
	items, _ := value.([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (p *Plan) planGrants(file *tenantfile.Tenant) error {
	for _, doc := range file.ClientGrants {
		doc, err := p.complete("client-grants", doc)
		if err != nil {
			return fmt.Errorf("client grant for %q: %w", text(doc, "audience"), err)
		}
		doc["client_id"] = p.clientID(text(doc, "client_id"))
		p.spellOut(doc)
		p.grants = append(p.grants, doc)
	}
	return nil
}

// spellOut writes down which scopes all of a system API's are, since Auth0 has no grant
// for whatever such an API has.
func (p *Plan) spellOut(grant storage.Document) {
	audience := func(api storage.Document) bool { return text(api, "identifier") == text(grant, "audience") }
	at := slices.IndexFunc(p.apis, audience)
	if grant["allow_all_scopes"] != true || at < 0 || p.apis[at]["is_system"] != true {
		return
	}
	delete(grant, "allow_all_scopes")
	all := []any{}
	items, _ := p.apis[at]["scopes"].([]any)
	for _, item := range items {
		if scope, ok := item.(storage.Document); ok {
			all = append(all, scope["value"])
		}
	}
	grant["scope"] = all
}

func (p *Plan) planRoles(file *tenantfile.Tenant) error {
	for _, doc := range file.Roles {
		doc, err := p.complete("roles", doc)
		if err != nil {
			return fmt.Errorf("role %q: %w", text(doc, "name"), err)
		}
		held := permissions(doc["permissions"])
		delete(doc, "permissions")
		p.roleIDs[text(doc, "name")] = text(doc, "id")
		p.roles = append(p.roles, doc)
		if len(held) > 0 {
			p.rolePermissions = append(p.rolePermissions, storage.RolePermissions{RoleID: text(doc, "id"), Permissions: held})
		}
	}
	return nil
}

func permissions(value any) []storage.Permission {
	var out []storage.Permission
	items, _ := value.([]any)
	for _, item := range items {
		if doc, ok := item.(storage.Document); ok {
			out = append(out, storage.Permission{
				ResourceServerIdentifier: text(doc, "resource_server_identifier"),
				PermissionName:           text(doc, "permission_name"),
			})
		}
	}
	return out
}

// emailKey is how users are told apart by e-mail address.
func emailKey(email string) string { return strings.ToLower(email) }
