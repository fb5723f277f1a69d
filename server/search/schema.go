package search

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// Schema says which fields of a collection can be searched, and in which dialect of
// the syntax.
type Schema struct {
	fields map[string]field
	// defaultFields names the fields that a term without a field name is searched for in.
	defaultFields []string
	// under maps prefixes of field names to those of the members that are searched: with
	// "metadata.", every member of metadata is a field.
	under map[string]string
	// open says that every other member of the documents can be searched too.
	open bool
	// replaced maps the names of fields of the older engine to their present names.
	replaced map[string]string
	// words selects the dialect of search engine v2: text is searched word by word
	// and regardless of case, and there are comparisons, boosts and the wildcard
	// "?".
	words bool
}

// field is a field that can be searched.
type field struct {
	kind kind
	// fold says that case is ignored.
	fold bool
	// from is the path of the document's member that is searched; "" means the
	// field's name.
	from string
	// part returns the part of the text that is searched; nil means all of it. It
	// needs fold.
	part func([]byte) []byte
	// plain fields support neither wildcards nor ranges.
	plain bool
	// joined fields are not in the document: only an index knows their values.
	joined bool
}

// kind is the type of a field's values.
type kind int

const (
	text kind = iota // also for values of any other type
	boolean
	number
	date
)

// Users is the schema of user search with search_engine=v3, Auth0:
// manage-users/user-search/user-search-query-syntax.
var Users = &Schema{
	fields: userFields(),
	defaultFields: []string{
		"user_id", "email", "username", "phone_number", "name", "given_name", "family_name", "nickname", "last_ip",
		"identities.connection", "identities.provider", "identities.user_id",
	},
	open:     true,
	replaced: map[string]string{"connection": "identities.connection"},
}

// UsersV2 is the schema of user search with search_engine=v2, which Auth0 has
// retired, Auth0: manage-users/user-search/v2 and
// troubleshoot/product-lifecycle/past-migrations/migrate-v2-v3.
// manage-users/user-search/v2 and troubleshoot/product-lifecycle/past-migrations/migrate-v2-v3.
var UsersV2 = &Schema{
	fields: userFieldsV2(),
	defaultFields: slices.Concat(Users.defaultFields, []string{
		"user_metadata.name", "user_metadata.nickname", "user_metadata.given_name", "user_metadata.family_name",
	}),
	open:  true,
	words: true,
}

// Logs is the schema of searches in the tenant's log, Auth0:
// deploy-monitor/logs/log-search-query-syntax.
var Logs = &Schema{
	fields: map[string]field{
		"client_id": {}, "client_name": {}, "connection": {}, "connection_id": {},
		"description": {}, "date": {kind: date}, "hostname": {}, "ip": {}, "log_id": {},
		"organization_id": {}, "user_id": {}, "user_name": {}, "user_agent": {},
		"strategy": {}, "strategy_type": {}, "type": {},
	},
	defaultFields: []string{"client_name", "connection", "description", "ip", "log_id", "type", "user_name"},
}

// Clients is the schema of searches for applications, Auth0: api/management/v2/clients/search-clients.
var Clients = &Schema{
	fields: map[string]field{
		"client_id": {}, "external_client_id": {}, "name": {}, "app_type": {}, "is_first_party": {kind: boolean},
	},
	defaultFields: []string{"client_id", "external_client_id", "name", "app_type"},
	under:         map[string]string{"metadata.": "client_metadata."},
}

// ClientGrants is the schema of searches for client grants, Auth0:
// api/management/v2/client-grants/search-client-grants.
var ClientGrants = &Schema{
	fields: map[string]field{
		"audience": {}, "client_id": {}, "subject_type": {}, "allow_any_organization": {kind: boolean}, "default_for": {},
	},
	defaultFields: []string{"audience", "client_id", "subject_type", "default_for"},
}

// Fields returns the schema of a collection of which only the named members can be
// searched. A term without a field name is searched for in all of them. "metadata.*"
// stands for every member of metadata; those are searched only by name.
func Fields(names ...string) *Schema {
	s := &Schema{fields: map[string]field{}, under: map[string]string{}}
	for _, name := range names {
		if under, all := strings.CutSuffix(name, "*"); all {
			s.under[under] = under
			continue
		}
		s.fields[name], s.defaultFields = field{}, append(s.defaultFields, name)
	}
	return s
}

func userFields() map[string]field {
	return map[string]field{
		"user_id": {}, "username": {}, "phone_number": {}, "picture": {}, "last_ip": {},
		"email": {fold: true}, "name": {fold: true}, "nickname": {fold: true},
		"given_name": {fold: true}, "family_name": {fold: true},
		"email.domain":   {fold: true, from: "email", part: domain},
		"email_verified": {kind: boolean}, "phone_verified": {kind: boolean}, "blocked": {kind: boolean},
		"created_at": {kind: date}, "updated_at": {kind: date}, "last_login": {kind: date}, "last_password_reset": {kind: date},
		"logins_count":          {kind: number},
		"identities.connection": {}, "identities.provider": {}, "identities.user_id": {},
		"identities.isSocial": {kind: boolean},
		"organization_id":     {joined: true},
	}
}

func userFieldsV2() map[string]field {
	fields := userFields()
	maps.DeleteFunc(fields, func(_ string, f field) bool { return f.joined || f.from != "" })
	fields["connection"] = field{from: "identities.connection"}
	return fields
}

// domain returns the part of an e-mail address after the @.
func domain(email []byte) []byte { return email[bytes.LastIndexByte(email, '@')+1:] }

// field returns the field with a name, or the reason why it cannot be searched.
func (s *Schema) field(name string) (field, string) {
	f, known := s.fields[name]
	whole, raw := strings.CutSuffix(name, ".raw")
	_, rawKnown := s.fields[whole]
	switch {
	case known:
	case s.replaced[name] != "":
		return f, `field "` + name + `" is not supported, use "` + s.replaced[name] + `"`
	case raw && rawKnown && s.open && !s.words:
		return f, `field "` + name + `" is not supported, use "` + whole + `"`
	case raw && rawKnown && s.words:
		return field{from: whole}, ""
	case s.memberUnder(name) != "":
		f.from = s.memberUnder(name)
	case s.open:
		f.plain = !s.words && (name == "user_metadata" || strings.HasPrefix(name, "user_metadata."))
	default:
		return f, `unknown field "` + name + `"`
	}
	if f.from == "" {
		f.from = name
	}
	return f, ""
}

// memberUnder returns the path of the member that a field with a prefix stands for, "" if the field's name has no such
// prefix.
func (s *Schema) memberUnder(name string) string {
	for under, members := range s.under {
		if member, found := strings.CutPrefix(name, under); found && member != "" {
			return members + member
		}
	}
	return ""
}

// byWord reports whether the text of a field is searched word by word.
func (s *Schema) byWord(name string) bool { return s.words && !strings.HasSuffix(name, ".raw") }
