package authz

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/customclaims"
	"github.com/tenant0/tenant0/storage"
)

// standard maps the standard claims to the scope without which an ID token does not
// contain them, Auth0: secure/tokens/json-web-tokens/create-custom-claims.
var standard = map[string]string{
	"address": "address", "birthdate": "profile", "email": "email", "email_verified": "email",
	"family_name": "profile", "gender": "profile", "given_name": "profile", "locale": "profile",
	"middle_name": "profile", "name": "profile", "nickname": "profile", "phone_number": "phone",
	"phone_number_verified": "phone", "picture": "profile", "preferred_username": "profile",
	"profile": "profile", "updated_at": "profile", "website": "profile", "zoneinfo": "profile",
}

// MachineClaims returns the claims that the tenant's claim mappings add to an access
// token of the client credentials grant. There is no user, so mappings of user members
// add nothing.
func MachineClaims(tx *storage.Tx, client storage.Client, api *storage.ResourceServer) (map[string]any, error) {
	ext, err := tx.Extension.Get(storage.ExtensionKey)
	if storage.Optional(err) != nil {
		return nil, errExtension("An internal server error occurred", err)
	}
	access, _ := claims(ext, Input{Client: client, API: api, Audience: api.Identifier}, nil, nil)
	return access, nil
}

// claims returns the claims that the tenant's claim mappings add to the access token and
// the ID token. Claims that Auth0 reserves or that have no value are left out.
func claims(ext storage.Extension, in Input, user storage.Document, scope []string) (access, id map[string]any) {
	if len(ext.TokenClaims) == 0 {
		return nil, nil
	}
	sources := map[string]any{"user": user, "client": map[string]any{
		"client_id": in.Client.ClientID, "name": in.Client.Name, "client_metadata": in.Client.ClientMetadata,
	}}
	for _, m := range ext.TokenClaims {
		if (m.Audience != "" && m.Audience != in.Audience) || (m.ClientID != "" && m.ClientID != in.Client.ClientID) {
			continue
		}
		access = collect(access, m.AccessToken, sources, func(name string) bool {
			// Access tokens for Auth0's own APIs get only namespaced custom claims.
			return in.API == nil || !in.API.IsSystem || strings.Contains(name, ":")
		})
		id = collect(id, m.IDToken, sources, func(name string) bool {
			gate, isStandard := standard[name]
			return !isStandard || slices.Contains(scope, gate)
		})
	}
	return access, id
}

func collect(into, mapping, sources map[string]any, may func(name string) bool) map[string]any {
	for name, source := range mapping {
		value := resolve(sources, source)
		if value == nil || value == "" || customclaims.Refusal(name) != "" || !may(name) {
			continue
		}
		if into == nil {
			into = map[string]any{}
		}
		into[name] = value
	}
	return into
}

// resolve returns the value of a mapping's source: a string is a path to look up, and an
// object has the value itself in its member "value".
func resolve(sources map[string]any, source any) any {
	switch s := source.(type) {
	case string:
		return lookup(sources, s)
	case map[string]any:
		return s["value"]
	}
	return nil
}

// lookup follows a path of member names joined with dots. It also finds a member whose
// name itself contains dots.
func lookup(value any, path string) any {
	object, _ := value.(map[string]any)
	if found, ok := object[path]; ok {
		return found
	}
	name, rest, more := strings.Cut(path, ".")
	if !more {
		return nil
	}
	return lookup(object[name], rest)
}
