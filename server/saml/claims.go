package saml

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Person is the user that an assertion is about.
type Person struct {
	ClientID string
	// Profile is the user's document. AccessToken is the access token that the identity provider gave
	// for the user's first identity, "" if there is none.
	Profile     storage.Document
	AccessToken string
}

// attribute is an attribute of an assertion.
type attribute struct {
	name   string
	values []any
}

// kept are members of a user that never appear in an assertion, because they are internal to the
// tenant.
var kept = []string{
	"identities", "app_metadata", "user_metadata", "multifactor", "multifactor_last_modified", "last_login", "last_ip", "logins_count",
	"last_password_reset", "blocked", "blocked_for", "guardian_authenticators",
}

// attributes returns the attributes of an assertion about a person: the mapped members, the user
// principal name, the first identity, and the members that have no mapping.
func (s Settings) attributes(p Person) (all []attribute) {
	add := func(name string, value any) {
		values := valuesOf(value)
		if len(values) > 0 && !slices.ContainsFunc(all, func(a attribute) bool { return a.name == name }) {
			all = append(all, attribute{name, values})
		}
	}
	for _, member := range slices.SortedFunc(maps.Keys(s.Mappings), byProfile) {
		for _, name := range s.Mappings[member] {
			add(name, p.Profile[member])
		}
	}
	if s.CreateUPN {
		add(claimUPN, firstOf(p.Profile, "upn", "email", "name", "user_id"))
	}
	if s.Identities {
		for _, one := range s.identity(p) {
			add(one.name, one.values)
		}
	}
	if !s.PassThrough {
		return all
	}
	prefix := ownClaims
	if s.AsIs {
		prefix = ""
	}
	if _, mapped := s.Mappings["clientID"]; !mapped {
		add(prefix+"clientID", p.ClientID)
	}
	for _, member := range slices.Sorted(maps.Keys(p.Profile)) {
		if _, mapped := s.Mappings[member]; !mapped && !slices.Contains(kept, member) {
			add(prefix+member, p.Profile[member])
		}
	}
	return all
}

// byProfile sorts the members of Auth0's default mapping in its order, and puts other members after
// them by name.
func byProfile(a, b string) int {
	order := []string{"user_id", "email", "name", "given_name", "family_name", "upn", "groups"}
	i, j := slices.Index(order, a), slices.Index(order, b)
	switch {
	case i < 0 && j < 0:
		return strings.Compare(a, b)
	case i < 0:
		return 1
	case j < 0:
		return -1
	}
	return i - j
}

// identity returns the attributes of a person's first identity, without members that the mappings
// contain.
func (s Settings) identity(p Person) (all []attribute) {
	identities, _ := p.Profile["identities"].([]any)
	if len(identities) == 0 {
		return nil
	}
	first, _ := identities[0].(storage.Document)
	if p.AccessToken != "" {
		all = append(all, attribute{ownIdentity + "access_token", []any{p.AccessToken}})
	}
	for _, member := range []string{"user_id", "provider", "connection", "isSocial"} {
		if _, mapped := s.Mappings[member]; !mapped && first[member] != nil {
			all = append(all, attribute{ownIdentity + member, []any{first[member]}})
		}
	}
	return all
}

// NameID returns the NameID of a person in an assertion.
func (s Settings) NameID(p Person) string {
	known := map[string]any{}
	for _, one := range s.attributes(p) {
		known[one.name] = one.values[0]
	}
	for name, member := range map[string]string{claimUserID: "user_id", claimEmail: "email", claimName: "name"} {
		if _, mapped := known[name]; !mapped {
			known[name] = p.Profile[member]
		}
	}
	for _, probe := range append(slices.Clone(s.NameIDProbes), claimUserID) {
		if text := textOf(known[probe]); text != "" {
			return text
		}
	}
	return ""
}

func firstOf(profile storage.Document, members ...string) any {
	for _, member := range members {
		if text, _ := profile[member].(string); text != "" {
			return text
		}
	}
	return nil
}

// valuesOf returns the values of an attribute: the items of a list, or a single value. Values that
// have no form as text, such as objects, are left out.
func valuesOf(value any) (all []any) {
	switch value := value.(type) {
	case string, bool, float64:
		return []any{value}
	case []any:
		for _, one := range value {
			if _, list := one.([]any); !list {
				all = append(all, valuesOf(one)...)
			}
		}
	}
	return all
}

func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return ""
}

// dates are members that Auth0 stores as dates and that assertions contain in JavaScript's date
// format.
var dates = []string{"created_at", "updated_at"}

const jsDate = "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)"

// shown returns the text of an attribute's value, and its XML Schema type.
func (s Settings) shown(name string, value any) (text, kind string) {
	text, kind = textOf(value), "xs:anyType"
	if slices.ContainsFunc(dates, func(date string) bool { return strings.TrimPrefix(name, ownClaims) == date }) {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at.UTC().Format(jsDate), kind
		}
	}
	if s.Typed {
		switch value.(type) {
		case string:
			kind = "xs:string"
		case bool:
			kind = "xs:boolean"
		case float64:
			kind = "xs:double"
		}
	}
	return text, kind
}

// xmlName matches a Name of XML 1.0 section 2.3, limited to ASCII.
var xmlName = regexp.MustCompile(`^[A-Za-z_:][A-Za-z0-9_:.-]*$`)

// nameFormat returns the NameFormat of an attribute's name, SAML 2.0 Core section 8.2.
func nameFormat(name string) string {
	const forms = "urn:oasis:names:tc:SAML:2.0:attrname-format:"
	if u, err := url.Parse(name); err == nil && u.Scheme != "" {
		return forms + "uri"
	}
	if xmlName.MatchString(name) {
		return forms + "basic"
	}
	return forms + "unspecified"
}
