package management

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// networkACLs is Auth0: api/management/v2/network-acls.
//
//auth0:operation GET /api/v2/network-acls
//auth0:operation POST /api/v2/network-acls
//auth0:operation GET /api/v2/network-acls/{id}
//auth0:operation PATCH /api/v2/network-acls/{id}
//auth0:operation PUT /api/v2/network-acls/{id}
//auth0:operation DELETE /api/v2/network-acls/{id}
func networkACLs() served {
	return served{
		kind: resource.NetworkACLs, path: "/network-acls", scope: "network_acls", verbs: "list create get patch put delete", strict: true,
		keep: func(c *call, tx *storage.Tx) (store, error) {
			if id := c.param("id"); id != "" {
				if err := resource.CheckACLID(id); err != nil {
					return nil, err
				}
			}
			return c.plain(tx, resource.NetworkACLs, ""), nil
		},
		list:   listing{key: "network_acls"},
		before: checkACL,
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if c.method == http.MethodGet && !c.lists() {
				doc["tenant_id"], doc["deleted_at"] = c.tenantName(), nil
			}
			return doc, nil
		},
		gone: func(c *call, _ storage.Document) error {
			return c.reply(http.StatusOK, storage.Document{"code": http.StatusNoContent, "object": ""})
		},
	}
}

// networkACLKeys are the keys of signatures that access control lists look for.
//
//auth0:operation GET /api/v2/keys/network-acls
//auth0:operation POST /api/v2/keys/network-acls
//auth0:operation GET /api/v2/keys/network-acls/{id}
//auth0:operation DELETE /api/v2/keys/network-acls/{id}
func networkACLKeys() served {
	return served{
		kind: resource.NetworkACLKeys, path: "/keys/network-acls", scope: "network_acl_keys", verbs: "list create get delete",
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.NetworkACLKeys, ""), nil },
		list: listing{key: "keys", style: wrapped, search: func(c *call, _ *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
			return c.sorted(rows, "created_at:-1")
		}},
		before: func(_ *call, _ *storage.Tx, doc, _ storage.Document) error {
			material, err := base64.StdEncoding.DecodeString(text(doc, "value"))
			if err != nil || len(material) < 32 || len(material) > 512 {
				return resource.InvalidBody("Payload validation error: the value must be 32 to 512 bytes in base64")
			}
			sum := sha256.Sum256(material)
			doc["fingerprint"] = hex.EncodeToString(sum[:])
			delete(doc, "value")
			return nil
		},
		deleted: unusedACLKey,
	}
}

// unusedACLKey keeps a key that an access control list names.
func unusedACLKey(_ *call, tx *storage.Tx, key storage.Document) error {
	for acl, err := range tx.Documents(resource.NetworkACLs.Name, "").All() {
		if err != nil {
			return err
		}
		rule, _ := acl["rule"].(storage.Document)
		for _, name := range []string{"match", "not_match"} {
			match, _ := rule[name].(storage.Document)
			signature, _ := match["http_message_signature"].(storage.Document)
			named, _ := signature["keys"].([]any)
			if slices.ContainsFunc(named, func(k any) bool {
				used, _ := k.(storage.Document)
				return text(used, "id") == text(key, "id")
			}) {
				return resource.NetworkACLKeyInUse
			}
		}
	}
	return nil
}

// checkACL checks what the description of the kind cannot say.
func checkACL(_ *call, _ *storage.Tx, doc, _ storage.Document) error {
	rule, _ := doc["rule"].(storage.Document)
	action, _ := rule["action"].(storage.Document)
	if action["redirect"] == true && text(action, "redirect_uri") == "" {
		return resource.InvalidBody("Payload validation error: Action type of `redirect` requires a `redirect_uri`")
	}
	for _, name := range []string{"match", "not_match"} {
		match, _ := rule[name].(storage.Document)
		lists, _ := match["auth0_managed"].([]any)
		var unknown []string
		for _, item := range lists {
			if list, _ := item.(string); !slices.Contains(resource.CuratedLists, list) {
				unknown = append(unknown, list)
			}
		}
		if len(unknown) > 0 {
			return resource.InvalidBody("Invalid curated list name(s): " + strings.Join(unknown, ", ") +
				". Allowed curated list names are: " + strings.Join(resource.CuratedLists, ", "))
		}
	}
	return nil
}
