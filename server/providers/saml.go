package providers

import (
	"github.com/tenant0/tenant0/storage"
)

// Claim types that directories send. Auth0 maps them to these members unless the connection has its
// own mapping, Auth0:
// authenticate/protocols/saml/saml-configuration/saml-attribute-mapping-examples.
const claimTypes = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

var samlMembers = map[string][]string{
	"email":       {claimTypes + "emailaddress", "urn:oid:0.9.2342.19200300.100.1.3"},
	"given_name":  {claimTypes + "givenname", "urn:oid:2.5.4.42"},
	"family_name": {claimTypes + "surname", "urn:oid:2.5.4.4"},
	"name":        {claimTypes + "name", "urn:oid:2.16.840.1.113730.3.1.241"},
	"upn":         {claimTypes + "upn"},
	"groups":      {"http://schemas.xmlsoap.org/claims/Group", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"},
}

// MapSAML makes a profile from the attributes of an assertion. It also returns the provider's id of
// the person: the NameID, unless the option fieldsMap names an attribute for it. Attributes without
// a mapping keep their names. An attribute with a single value becomes a string, and one with
// several a list.
func MapSAML(c storage.Connection, nameID string, attributes map[string][]string) (id string, profile map[string]any) {
	profile = map[string]any{}
	mapped := map[string]bool{}
	own, _ := c.Options["fieldsMap"].(map[string]any)
	find := func(names []string) any {
		for _, name := range names {
			if values := attributes[name]; len(values) > 0 {
				mapped[name] = true
				return single(values)
			}
		}
		return nil
	}
	for member, names := range samlMembers {
		if _, other := own[member]; other {
			continue
		}
		if value := find(names); value != nil {
			profile[member] = value
		}
	}
	id = nameID
	for member, from := range own {
		value := find(textsOf(from))
		if text, ok := value.(string); member == "user_id" && ok && text != "" {
			id = text
		} else if value != nil && member != "user_id" {
			profile[member] = value
		}
	}
	keepOthers(profile, attributes, mapped)
	return id, profile
}

// keepOthers adds the attributes that have no mapping, under their own names.
func keepOthers(profile map[string]any, attributes map[string][]string, mapped map[string]bool) {
	for name, values := range attributes {
		if _, there := profile[name]; !there && !mapped[name] {
			profile[name] = single(values)
		}
	}
	if profile["email_verified"] == "true" {
		profile["email_verified"] = true // SAML attributes are strings
	}
}

func textsOf(value any) (all []string) {
	switch from := value.(type) {
	case string:
		all = []string{from}
	case []any:
		for _, one := range from {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
	}
	return all
}

func single(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}
