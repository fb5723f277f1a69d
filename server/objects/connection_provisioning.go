package objects

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Provisioning is one of the two ways to provision users from a directory: SCIM, and the
// synchronization of a company's directory. Each connection can have one configuration of
// each. tenant0 stores the configurations but provisions nobody.
type Provisioning struct {
	// kind is the kind of the configurations, and parts the kind of the objects that belong
	// to one.
	kind, parts *resource.Kind
	// strategies are the strategies of the connections that support this way, and
	// unsupported is the error for other connections.
	strategies  []string
	unsupported error
	// refuses returns an error if a connection's options do not allow a configuration; it is
	// nil if all do.
	refuses func(options storage.Document) error
	// describe returns the first members of a new configuration.
	describe func(ch *Change, connection storage.Document) storage.Document
	// mapping returns the attribute mapping of a new configuration from the connection's
	// strategy.
	mapping func(strategy string) []any
}

var (
	_ = declare(&Kind{Kind: resource.SCIMConfigurations, refers: []reference{by("connection_id", Connections)}})
	_ = declare(&Kind{Kind: resource.SCIMTokens, Owner: Connections})
	_ = declare(&Kind{Kind: resource.DirectoryProvisionings, refers: []reference{by("connection_id", Connections)}})
	_ = declare(&Kind{Kind: resource.SynchronizedGroups, Owner: Connections})
)

// SCIM is inbound SCIM, Auth0: authenticate/protocols/scim/configure-inbound-scim.
var SCIM = Provisioning{
	kind: resource.SCIMConfigurations, parts: resource.SCIMTokens,
	strategies: []string{"samlp", "oidc", "okta", "waad"}, unsupported: resource.SCIMUnsupported,
	refuses: func(options storage.Document) error {
		if options["useCommonEndpoint"] == true || options["waad_common_endpoint"] == true {
			return resource.SCIMOfCommonEndpoint
		}
		return nil
	},
	describe: func(ch *Change, connection storage.Document) storage.Document {
		return storage.Document{
			"tenant_name": ch.TenantName(), "connection_id": connection["id"], "connection_name": connection["name"],
			"strategy": connection["strategy"], "created_at": resource.Time(ch.Now), "user_id_attribute": "externalId",
		}
	},
	mapping: func(strategy string) []any {
		if strategy == "waad" {
			return pairs("scim", slices.Concat(entraAttributes, sharedAttributes))
		}
		return pairs("scim", slices.Concat(scimAttributes, sharedAttributes))
	},
}

// Directory is the synchronization of a directory, Auth0:
// authenticate/identity-providers/enterprise-identity-providers/google-directory-sync.
var Directory = Provisioning{
	kind: resource.DirectoryProvisionings, parts: resource.SynchronizedGroups,
	strategies: []string{"google-apps"}, unsupported: resource.DirectoryUnsupported,
	describe: func(ch *Change, connection storage.Document) storage.Document {
		return storage.Document{
			"connection_id": connection["id"], "connection_name": connection["name"], "strategy": connection["strategy"],
			"synchronize_automatically": false, "synchronize_groups": "off", "created_at": resource.Time(ch.Now),
		}
	},
	mapping: func(string) []any { return pairs("idp", googleAttributes()) },
}

// supported returns a connection if its strategy supports this way of provisioning.
func (p Provisioning) supported(tx *storage.Tx, connectionID string) (storage.Document, error) {
	connection, err := Connections.Find(tx, connectionID)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(p.strategies, storage.Text(connection, "strategy")) {
		return nil, p.unsupported
	}
	return connection, nil
}

// Body returns the kind that describes the request bodies for configurations.
func (p Provisioning) Body() *resource.Kind { return p.kind }

// Find returns the configuration of a connection.
func (p Provisioning) Find(tx *storage.Tx, connectionID string) (storage.Document, error) {
	if _, err := p.supported(tx, connectionID); err != nil {
		return nil, err
	}
	doc, err := tx.Documents(p.kind.Name, "").Document(connectionID)
	if storage.IsNotFound(err) {
		return nil, p.kind.Missing
	}
	return doc, err
}

// All yields the configurations of all connections.
func (p Provisioning) All(tx *storage.Tx) iter.Seq2[storage.Document, error] {
	return tx.Documents(p.kind.Name, "").All()
}

// DefaultMapping returns the attribute mapping that a new configuration of a connection
// gets.
func (p Provisioning) DefaultMapping(tx *storage.Tx, connectionID string) ([]any, error) {
	connection, err := p.supported(tx, connectionID)
	if err != nil {
		return nil, err
	}
	return p.mapping(storage.Text(connection, "strategy")), nil
}

func (p Provisioning) put(ch *Change, doc storage.Document) (storage.Document, error) {
	doc[p.kind.Updated] = resource.Time(ch.Now)
	return doc, DocumentStoreOf(ch.Tx, p.kind, "").Put(doc)
}

// Create makes the configuration of a connection that has none yet.
func (p Provisioning) Create(ch *Change, connectionID string, sent storage.Document) (storage.Document, error) {
	connection, err := p.supported(ch.Tx, connectionID)
	if err != nil {
		return nil, err
	}
	if options, _ := connection["options"].(storage.Document); p.refuses != nil && p.refuses(options) != nil {
		return nil, p.refuses(options)
	}
	if _, err := ch.Tx.Documents(p.kind.Name, "").Document(connectionID); err == nil {
		return nil, p.kind.Taken
	}
	doc := p.describe(ch, connection)
	doc["mapping"] = p.mapping(storage.Text(connection, "strategy"))
	maps.Copy(doc, sent)
	return p.put(ch, doc)
}

// Update changes members of the configuration of a connection.
func (p Provisioning) Update(ch *Change, connectionID string, change storage.Document) (storage.Document, error) {
	doc, err := p.Find(ch.Tx, connectionID)
	if err != nil {
		return nil, err
	}
	maps.Copy(doc, change)
	return p.put(ch, doc)
}

// Delete removes the configuration of a connection and the objects that belong to it. It is
// no error if there is none.
func (p Provisioning) Delete(tx *storage.Tx, connectionID string) error {
	if _, err := p.supported(tx, connectionID); err != nil {
		return err
	}
	if err := tx.Documents(p.kind.Name, "").Delete(connectionID); err != nil {
		return err
	}
	return tx.Documents(p.parts.Name, connectionID).DeleteAll()
}

// Parts returns the objects that belong to a connection's configuration: the SCIM tokens, or
// the synchronized groups.
func (p Provisioning) Parts(tx *storage.Tx, connectionID string) (storage.Documents, error) {
	_, err := p.Find(tx, connectionID)
	return tx.Documents(p.parts.Name, connectionID), err
}

// mostSCIMTokens is the number of SCIM tokens that a connection may have at once, Auth0:
// api/management/v2/connections/post-scim-token.
const mostSCIMTokens = 2

// AddSCIMToken makes a token for the SCIM endpoint of a connection, with the scopes and the
// lifetime that were sent. The secret of the token is not stored.
func AddSCIMToken(ch *Change, connectionID, id string, sent storage.Document) (storage.Document, error) {
	tokens, err := SCIM.Parts(ch.Tx, connectionID)
	if err != nil {
		return nil, err
	}
	if issued, err := collect(tokens.All()); err != nil || len(issued) >= mostSCIMTokens {
		return nil, cmp.Or(err, error(resource.SCIMTokensFull))
	}
	doc := storage.Document{"token_id": id, "scopes": sent["scopes"], "created_at": resource.Time(ch.Now)}
	if doc["scopes"] == nil {
		doc["scopes"] = []any{"get:users", "post:users", "put:users", "patch:users", "delete:users"}
	}
	if seconds, limited := sent["token_lifetime"].(float64); limited {
		doc["valid_until"] = resource.Time(ch.Now.Add(time.Duration(seconds) * time.Second))
	}
	return doc, tokens.Put(storage.Write{ID: id, Document: doc})
}

// ChangeSynchronizedGroups adds groups to the synchronized groups of a connection, or
// removes them if add is false. With replace, all other groups are removed.
func ChangeSynchronizedGroups(tx *storage.Tx, connectionID string, groups []storage.Document, replace, add bool) error {
	known, err := Directory.Parts(tx, connectionID)
	if err != nil {
		return err
	}
	if replace {
		if err := known.DeleteAll(); err != nil {
			return err
		}
	}
	for _, group := range groups {
		id := storage.Text(group, "id")
		if add {
			err = known.Put(storage.Write{ID: id, Document: group})
		} else {
			err = known.Delete(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
