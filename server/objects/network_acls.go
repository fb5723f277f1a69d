package objects

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// NetworkACLs are the tenant's network access control lists, Auth0:
// api/management/v2/network-acls.
var NetworkACLs = declare(&Kind{Kind: resource.NetworkACLs, before: checkACL, after: checkPriority})

// checkPriority returns an error if another list has the same priority.
func checkPriority(o Collection, doc, _ storage.Document) error {
	if doc["priority"] == nil {
		return nil
	}
	for other, err := range o.Tx.Documents(resource.NetworkACLs.Name, "").All() {
		if err != nil {
			return err
		}
		if other["priority"] == doc["priority"] && other["id"] != doc["id"] {
			return resource.NetworkACLs.Taken
		}
	}
	return nil
}

// NetworkACLKeys are the keys for the HTTP message signatures that access control lists
// can match.
var NetworkACLKeys = declare(&Kind{Kind: resource.NetworkACLKeys, before: describeACLKey, deleted: unusedACLKey})

// describeACLKey stores the fingerprint of a key, and not the key itself.
func describeACLKey(_ Collection, doc, _ storage.Document) error {
	material, err := base64.StdEncoding.DecodeString(storage.Text(doc, "value"))
	if err != nil || len(material) < 32 || len(material) > 512 {
		return resource.InvalidBody("Payload validation error: the value must be 32 to 512 bytes in base64")
	}
	sum := sha256.Sum256(material)
	doc["fingerprint"] = hex.EncodeToString(sum[:])
	delete(doc, "value")
	return nil
}

// unusedACLKey returns an error if an access control list uses the key, since it must not
// be deleted then.
func unusedACLKey(o Collection, key storage.Document) error {
	for acl, err := range o.Tx.Documents(resource.NetworkACLs.Name, "").All() {
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
				return storage.Text(used, "id") == storage.Text(key, "id")
			}) {
				return resource.NetworkACLKeyInUse
			}
		}
	}
	return nil
}

// checkACL checks the rules that the description of the kind cannot express.
func checkACL(_ Collection, doc, _ storage.Document) error {
	rule, _ := doc["rule"].(storage.Document)
	action, _ := rule["action"].(storage.Document)
	if action["redirect"] == true && storage.Text(action, "redirect_uri") == "" {
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
