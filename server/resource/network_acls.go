package resource

import (
	"math"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
)

// matching describes the requests that an access control list applies to, as far as that
// is documented.
var matching = Field{Type: Object, Fields: Fields{
	"asns":                  {Type: Array, Min: 1, Unique: true, Item: &Field{Type: Integer, Min: 1, Max: math.MaxUint32}},
	"auth0_managed":         uniqueTexts,
	"connecting_ipv4_cidrs": uniqueOf("ipv4-or-cidr"), "connecting_ipv6_cidrs": uniqueOf("ipv6-or-cidr"), "geo_country_codes": uniqueTexts,
	"geo_subdivision_codes": uniqueTexts, "hostnames": uniqueOf("hostname"), "ipv4_cidrs": uniqueOf("ipv4-or-cidr"),
	"ipv6_cidrs": uniqueOf("ipv6-or-cidr"), "ja3_fingerprints": uniqueTexts,
	"ja4_fingerprints": uniqueTexts, "user_agents": uniqueTexts, "http_message_signature": {Type: Object, Fields: Fields{
		"keys": {Type: Array, Required: true, Min: 1, Item: &Field{Type: Object, Fields: Fields{"id": {Type: String, Required: true}}}},
	}},
}}

var uniqueTexts = Field{Type: Array, Min: 1, Unique: true, Item: &text}

// uniqueOf describes a list of distinct texts in a format.
func uniqueOf(format string) Field {
	return Field{Type: Array, Min: 1, Unique: true, Item: &Field{Type: String, Format: format}}
}

// on is a flag that can only be true; it is left out otherwise.
var on = Field{Type: Bool, Only: true}

// NetworkACLs describes the resource of Auth0: api/management/v2/network-acls. They are stored but not enforced.
var NetworkACLs = &Kind{
	Name: "network-acls", ID: "id", NewID: Prefixed("acl_", 22),
	Fields: Fields{
		"id": readOnly, "created_at": readOnly, "updated_at": readOnly,
		"description": {Type: String, Required: true, Max: 255}, "active": {Type: Bool, Required: true}, "priority": {Type: Number, Min: 1, Max: 100},
		"rule": {Type: Object, Required: true, Fields: Fields{
			"action": {Type: Object, Required: true, Fields: Fields{
				"allow": on, "block": on, "log": on, "redirect": on, "redirect_uri": {Type: String, Min: 1, Max: 2000},
			}},
			"match": matching, "not_match": matching, "match_all": flag,
			"scope": {Type: String, Required: true, Enum: []string{"management", "authentication", "tenant", "dynamic_client_registration"}},
		}},
	},
	Created: "created_at", Updated: "updated_at",
	Missing: missing("", "Network ACL not found"),
	Taken:   taken("", "A Network ACL with this priority number has already been created."),
}

// NetworkACLKeys describes the resource of Auth0: api/management/v2/keys/post-keys-network-acls. Only the
// fingerprint of a key is stored.
var NetworkACLKeys = &Kind{
	Name: "keys/network-acls", ID: "id", NewID: Prefixed("key_", 22),
	Fields: Fields{
		"id": readOnly, "fingerprint": readOnly, "created_at": readOnly, "updated_at": readOnly,
		"name":  {Type: String, Required: true, Min: 1, Max: 255},
		"alg":   {Type: String, Required: true, Enum: []string{"hmac-sha256"}},
		"value": {Type: String, Required: true, Min: 1, Secret: true},
	},
	Unique:  []string{"name"},
	Created: "created_at", Updated: "updated_at",
	Missing: missing("", "Network ACL key not found"),
	Taken:   taken("", "A Network ACL key with this name already exists"),
}

// NetworkACLKeyInUse is the error for the deletion of a key that an access control list
// uses.
var NetworkACLKeyInUse = taken("", "The Network ACL key is used by a Network ACL")

// CuratedLists are the lists of IP addresses that Auth0 maintains.
var CuratedLists = []string{"auth0.low_reputation", "auth0.icloud_relay_proxy"}

var aclID = Like("^acl_[A-Za-z0-9]{22}$")

// CheckACLID checks the form of an access control list's id.
func CheckACLID(id string) error {
	if aclID().MatchString(id) {
		return nil
	}
	return &apierr.Error{
		Status: http.StatusBadRequest, Message: "Network ACL id is not a valid ACL ID in the form 'acl_XXXXXXXXXXXXXXXXXXXXXX'",
		Extra: errorCode("invalid_uri"),
	}
}
