package management

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// provisioning says how one of the two ways to provision users from a directory
// is kept: SCIM, and synchronization of a company's directory. Both are
// configuration alone; nothing is provisioned.
type provisioning struct {
	kind, path, scope string
	children          string // kind of what belongs to a configuration
	strategies        []string
	unsupported       string
	// describe makes a new configuration.
	describe func(c *call, connection storage.Document) storage.Document
	// updated names the member with the time of the last change.
	updated string
	mapping func(strategy string) []any // of a new configuration
}

var scim = provisioning{
	kind: "scim-configuration", children: scimTokenKind, path: "/connections/{id}/scim-configuration", scope: "scim_config", updated: "updated_on",
	strategies: []string{"samlp", "oidc", "okta", "waad"},
	unsupported: "This connection type does not support SCIM. Please see our documentation for the currently supported connection types: " +
		"https://auth0.com/docs/authenticate/protocols/scim/configure-inbound-scim.",
	describe: func(c *call, connection storage.Document) storage.Document {
		return storage.Document{
			"tenant_name": c.tenantName(), "connection_id": connection["id"], "connection_name": connection["name"],
			"strategy": connection["strategy"], "created_at": resource.Time(c.now), "user_id_attribute": "externalId",
		}
	},
	mapping: func(strategy string) []any {
		if strategy == "waad" {
			return pairs("scim", slices.Concat(entraAttributes, sharedAttributes))
		}
		return pairs("scim", slices.Concat(scimAttributes, sharedAttributes))
	},
}

// The default mappings of SCIM: of Microsoft Entra ID, of the others, and what they
// end with alike.
var (
	entraAttributes = []string{
		"userName", "upn", `emails[type eq "work"].value`, "email", "externalId", "app_metadata.external_id", "active", "blocked",
		"displayName", "name", "name.givenName", "given_name", "name.familyName", "family_name", "nickName", "nickname",
		`photos[type eq "photo"].value`, "picture", `phoneNumbers[type eq "work"].value`, "app_metadata.work_phone_number",
		`phoneNumbers[type eq "mobile"].value`, "app_metadata.mobile_phone_number",
		`phoneNumbers[type eq "fax"].value`, "app_metadata.fax_number",
	}
	scimAttributes = []string{
		"userName", "preferred_username", "emails[primary eq true].value", "email", "externalId", "app_metadata.external_id",
		"active", "blocked", "displayName", "name", "name.givenName", "given_name", "name.familyName", "family_name",
		"name.middleName", "app_metadata.middle_name", "name.honorificPrefix", "app_metadata.honorific_prefix",
		"name.honorificSuffix", "app_metadata.honorific_suffix", "nickName", "nickname", `photos[type eq "photo"].value`, "picture",
		"phoneNumbers[primary eq true].value", "app_metadata.primary_phone_number",
		`phoneNumbers[type eq "mobile"].value`, "app_metadata.mobile_phone_number",
	}
	sharedAttributes = []string{
		`addresses[type eq "work"].streetAddress`, "app_metadata.street_address", `addresses[type eq "work"].locality`, "app_metadata.city",
		`addresses[type eq "work"].region`, "app_metadata.state", `addresses[type eq "work"].postalCode`, "app_metadata.postal_code",
		`addresses[type eq "work"].formatted`, "app_metadata.postal_address", `addresses[type eq "work"].country`, "app_metadata.country",
		"profileUrl", "app_metadata.profile_url", "userType", "app_metadata.user_type", "title", "app_metadata.title",
		"preferredLanguage", "app_metadata.language", "locale", "app_metadata.locale", "timezone", "app_metadata.timezone",
		enterpriseUser + "employeeNumber", "app_metadata.employee_id", enterpriseUser + "costCenter", "app_metadata.cost_center",
		enterpriseUser + "organization", "app_metadata.organization", enterpriseUser + "division", "app_metadata.division",
		enterpriseUser + "department", "app_metadata.department", enterpriseUser + "manager", "app_metadata.manager",
	}
)

// enterpriseUser begins the attributes of RFC 7643 section 4.3.
const enterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User."

var directory = provisioning{
	kind: "directory-provisioning", children: synchronizedGroupKind, path: "/connections/{id}/directory-provisioning", scope: "directory_provisionings", updated: "updated_at",
	strategies: []string{"google-apps"}, unsupported: "This connection type does not support directory provisioning.",
	describe: func(c *call, connection storage.Document) storage.Document {
		return storage.Document{
			"connection_id": connection["id"], "connection_name": connection["name"], "strategy": connection["strategy"],
			"synchronize_automatically": false, "synchronize_groups": "off", "created_at": resource.Time(c.now),
		}
	},
	mapping: func(string) []any { return pairs("idp", googleAttributes()) },
}

// googleAttributes is the default mapping of Google's directory, Auth0:
// authenticate/identity-providers/enterprise-identity-providers/google-directory-sync:
// the attributes that have a place of their own with Auth0, and all by their names.
func googleAttributes() []string {
	pairs := []string{
		"id", "app_metadata.external_id", "primaryEmail", "email", "primaryEmail", "primaryEmail", "name.fullName", "name",
		"name.givenName", "given_name", "name.familyName", "family_name", "isAdmin", "isAdmin", "isAdmin", "is_admin",
		"isDelegatedAdmin", "isDelegatedAdmin", "agreedToTerms", "agreedToTerms", "agreedToTerms", "tou_accepted",
		"suspended", "suspended", "suspended", "is_suspended", "suspended", "blocked", "suspensionReason", "suspensionReason",
		"archived", "archived", "ipWhitelisted", "ipWhitelisted", "ipWhitelisted", "is_ipWhitelisted",
	}
	for name := range strings.FieldsSeq(`kind etag customerId orgUnitPath emails phones externalIds aliases addresses organizations
		nonEditableAliases relations languages posixAccounts notes websites locations keywords gender ims creationTime lastLoginTime
		changePasswordAtNextLogin isMailboxSetup includeInGlobalAddressList thumbnailPhotoUrl thumbnailPhotoEtag isEnrolledIn2Sv
		isEnforcedIn2Sv recoveryEmail recoveryPhone sshPublicKeys customSchemas`) {
		pairs = append(pairs, name, name)
	}
	return pairs
}

// pairs makes a mapping from an attribute of the directory to one of the user.
func pairs(source string, names []string) []any {
	var mapping []any
	for i := 0; i < len(names); i += 2 {
		mapping = append(mapping, storage.Document{source: names[i], "auth0": names[i+1]})
	}
	return mapping
}

//auth0:operation GET /api/v2/connections/{id}/scim-configuration
//auth0:operation POST /api/v2/connections/{id}/scim-configuration
//auth0:operation PATCH /api/v2/connections/{id}/scim-configuration
//auth0:operation DELETE /api/v2/connections/{id}/scim-configuration
//auth0:operation GET /api/v2/connections/{id}/scim-configuration/default-mapping
//auth0:operation GET /api/v2/connections/{id}/directory-provisioning
//auth0:operation POST /api/v2/connections/{id}/directory-provisioning
//auth0:operation PATCH /api/v2/connections/{id}/directory-provisioning
//auth0:operation DELETE /api/v2/connections/{id}/directory-provisioning
//auth0:operation GET /api/v2/connections/{id}/directory-provisioning/default-mapping
func (p provisioning) operations() []operation {
	scope := func(action string) []string { return []string{action + ":" + p.scope} }
	return []operation{
		{http.MethodGet, p.path, scope("read"), p.get},
		{http.MethodPost, p.path, scope("create"), p.create},
		{http.MethodPatch, p.path, scope("update"), p.patch},
		{http.MethodDelete, p.path, scope("delete"), p.remove},
		{http.MethodGet, p.path + "/default-mapping", scope("read"), p.defaultMapping},
	}
}

// supported returns the connection of the path, when it is one that can be
// provisioned so.
func (p provisioning) supported(c *call, tx *storage.Tx) (storage.Document, error) {
	connection, err := c.connection(tx)
	if err != nil {
		return nil, err
	}
	if !contains(p.strategies, text(connection, "strategy")) {
		return nil, &apierr.Error{Status: http.StatusNotFound, Message: p.unsupported}
	}
	return connection, nil
}

// load returns the configuration of the path.
func (p provisioning) load(c *call, tx *storage.Tx) (storage.Document, error) {
	if _, err := p.supported(c, tx); err != nil {
		return nil, err
	}
	doc, err := tx.Documents(p.kind, "").Document(c.param("id"))
	if storage.IsNotFound(err) {
		return nil, &apierr.Error{Status: http.StatusNotFound, Message: "Not Found"}
	}
	return doc, err
}

func (p provisioning) put(c *call, tx *storage.Tx, doc storage.Document) error {
	doc[p.updated] = resource.Time(c.now)
	id := c.param("id")
	return tx.Documents(p.kind, "").Put(storage.Write{ID: id, Links: []string{id}, Document: doc})
}

func (p provisioning) get(c *call) error {
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		doc, err = p.load(c, tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

func (p provisioning) create(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	var doc storage.Document
	err := c.update(func(tx *storage.Tx) error {
		connection, err := p.supported(c, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Documents(p.kind, "").Document(c.param("id")); err == nil {
			return &apierr.Error{Status: http.StatusConflict, Message: "The connection has a configuration already."}
		}
		doc = p.describe(c, connection)
		doc["mapping"] = p.mapping(text(connection, "strategy"))
		maps.Copy(doc, c.body)
		return p.put(c, tx, doc)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, doc)
}

func (p provisioning) patch(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	var doc storage.Document
	err := c.update(func(tx *storage.Tx) (err error) {
		if doc, err = p.load(c, tx); err != nil {
			return err
		}
		maps.Copy(doc, c.body)
		return p.put(c, tx, doc)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

func (p provisioning) remove(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		if _, err := p.supported(c, tx); err != nil {
			return err
		}
		if err := tx.Documents(p.kind, "").Delete(c.param("id")); err != nil {
			return err
		}
		return tx.Documents(p.children, c.param("id")).DeleteAll()
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

func (p provisioning) defaultMapping(c *call) error {
	strategy := ""
	err := c.view(func(tx *storage.Tx) error {
		connection, err := p.supported(c, tx)
		strategy = text(connection, "strategy")
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, storage.Document{"mapping": p.mapping(strategy)})
}

// Kinds of what belongs to a provisioning.
const (
	scimTokenKind         = "scim-configuration/tokens" //nolint:gosec // the name of a kind
	synchronizedGroupKind = "directory-provisioning/synchronized-groups"
)

func provisioningOperations() []operation {
	groups := directory.path + "/synchronized-groups"
	return []operation{
		{http.MethodGet, scim.path + "/tokens", []string{"read:scim_token"}, scimTokens},
		{http.MethodPost, scim.path + "/tokens", []string{"create:scim_token"}, createSCIMToken},
		{http.MethodDelete, scim.path + "/tokens/{token}", []string{"delete:scim_token"}, deleteSCIMToken},
		{http.MethodGet, groups, []string{"read:directory_provisionings"}, synchronizedGroups},
		{http.MethodPost, groups, []string{"update:directory_provisionings"}, addSynchronizedGroups},
		{http.MethodPut, groups, []string{"update:directory_provisionings"}, replaceSynchronizedGroups},
		{http.MethodDelete, groups, []string{"update:directory_provisionings"}, removeSynchronizedGroups},
		{http.MethodGet, "/connections-scim-configurations", []string{"read:scim_config"}, provisionings(scim, "scim_configurations")},
		{http.MethodGet, "/connections-directory-provisionings", []string{"read:directory_provisionings"}, provisionings(directory, "directory_provisionings")},
	}
}

// provisionings lists the configurations of all connections.
//
//auth0:operation GET /api/v2/connections-scim-configurations
//auth0:operation GET /api/v2/connections-directory-provisionings
func provisionings(p provisioning, key string) func(*call) error {
	return func(c *call) error {
		var docs []storage.Document
		err := c.view(func(tx *storage.Tx) (err error) {
			docs, err = c.collect(tx.Documents(p.kind, "").All(), listing{})
			return err
		})
		if err != nil {
			return err
		}
		return c.page(docs, listing{key: key, style: checkpointed})
	}
}

//auth0:operation GET /api/v2/connections/{id}/scim-configuration/tokens
func scimTokens(c *call) error {
	var docs []storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		if _, err := scim.load(c, tx); err != nil {
			return err
		}
		docs, err = c.collect(tx.Documents(scimTokenKind, c.param("id")).All(), listing{})
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{style: bare})
}

// createSCIMToken shows the token's secret this once; it is not kept.
//
//auth0:operation POST /api/v2/connections/{id}/scim-configuration/tokens
func createSCIMToken(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	id := resource.Prefixed("tok_", 16)()
	doc := storage.Document{"token_id": id, "scopes": c.body["scopes"], "created_at": resource.Time(c.now)}
	if doc["scopes"] == nil {
		doc["scopes"] = []any{"get:users", "post:users", "put:users", "patch:users", "delete:users"}
	}
	err := c.update(func(tx *storage.Tx) error {
		if _, err := scim.load(c, tx); err != nil {
			return err
		}
		return tx.Documents(scimTokenKind, c.param("id")).Put(storage.Write{ID: id, Document: doc})
	})
	if err != nil {
		return err
	}
	doc["token"] = id + "." + resource.ObjectID() + resource.ObjectID() + resource.ObjectID()[:16]
	return c.reply(http.StatusCreated, doc)
}

//auth0:operation DELETE /api/v2/connections/{id}/scim-configuration/tokens/{token}
func deleteSCIMToken(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		if _, err := scim.load(c, tx); err != nil {
			return err
		}
		return tx.Documents(scimTokenKind, c.param("id")).Delete(c.param("token"))
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

//auth0:operation GET /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func synchronizedGroups(c *call) error {
	var docs []storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		if _, err := directory.load(c, tx); err != nil {
			return err
		}
		docs, err = c.collect(tx.Documents(synchronizedGroupKind, c.param("id")).All(), listing{keep: matchesGroup})
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "groups", style: checkpointed})
}

// matchesGroup applies q: a part of the group's name, e-mail address or id.
func matchesGroup(c *call, doc storage.Document) bool {
	q := strings.ToLower(c.query.Get("q"))
	return strings.Contains(strings.ToLower(text(doc, "name")+" "+text(doc, "email")+" "+text(doc, "id")), q)
}

var groupsBody = &resource.Kind{Fields: resource.Fields{
	"groups": {Type: resource.Array, Required: true, Item: &resource.Field{Type: resource.Object, Open: true, Fields: resource.Fields{
		"id": {Type: resource.String, Required: true}, "email": {Type: resource.String, Format: "email"},
	}}},
}}

//auth0:operation POST /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func addSynchronizedGroups(c *call) error { return changeSynchronizedGroups(c, false, putGroup) }

//auth0:operation PUT /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func replaceSynchronizedGroups(c *call) error { return changeSynchronizedGroups(c, true, putGroup) }

//auth0:operation DELETE /api/v2/connections/{id}/directory-provisioning/synchronized-groups
func removeSynchronizedGroups(c *call) error { return changeSynchronizedGroups(c, false, deleteGroup) }

func putGroup(docs storage.Documents, group storage.Document) error {
	return docs.Put(storage.Write{ID: text(group, "id"), Document: group})
}

func deleteGroup(docs storage.Documents, group storage.Document) error {
	return docs.Delete(text(group, "id"))
}

// changeSynchronizedGroups applies a change for every group of the body, after
// taking all others away where it replaces them.
func changeSynchronizedGroups(c *call, replace bool, change func(storage.Documents, storage.Document) error) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := groupsBody.Check(c.body, resource.Create); err != nil {
		return err
	}
	err := c.update(func(tx *storage.Tx) error {
		if _, err := directory.load(c, tx); err != nil {
			return err
		}
		docs := tx.Documents(synchronizedGroupKind, c.param("id"))
		if replace {
			if err := docs.DeleteAll(); err != nil {
				return err
			}
		}
		for _, item := range c.body["groups"].([]any) {
			group, _ := item.(storage.Document)
			if err := change(docs, group); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}
