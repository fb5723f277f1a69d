package authz

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/customclaims"
	"github.com/tenant0/tenant0/storage"
)

// standard are the claims that an ID token has only with a scope, Auth0:
// secure/tokens/json-web-tokens/create-custom-claims.
var standard = map[string]string{
	"address": "address", "birthdate": "profile", "email": "email", "email_verified": "email",
	"family_name": "profile", "gender": "profile", "given_name": "profile", "locale": "profile",
	"middle_name": "profile", "name": "profile", "nickname": "profile", "phone_number": "phone",
	"phone_number_verified": "phone", "picture": "profile", "preferred_username": "profile",
	"profile": "profile", "updated_at": "profile", "website": "profile", "zoneinfo": "profile",
}

// MachineClaims returns what the tenant's claim mappings add to an access token that an
// application gets for itself: there is no user for a path to lead to.
func MachineClaims(tx *storage.Tx, client storage.Client, api *storage.ResourceServer) (map[string]any, error) {
	ext, err := tx.Extension.Get(storage.ExtensionKey)
	if storage.Optional(err) != nil {
		return nil, errExtension("An internal server error occurred", err)
	}
	access, _ := claims(ext, Input{Client: client, API: api, Audience: api.Identifier}, nil, nil)
	return access, nil
}

// claims returns what the tenant's claim mappings add to the access and the ID
// token. A claim that may not be set, or that has no value, is left out.
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
			// Tokens for Auth0's own APIs carry namespaced claims alone.
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

// resolve returns the value that a mapping names: by the path of a string, or
// the member value of an object.
func resolve(sources map[string]any, source any) any {
	switch s := source.(type) {
	case string:
		return lookup(sources, s)
	case map[string]any:
		return s["value"]
	}
	return nil
}

// lookup follows a path of member names joined with dots. A member whose own
// name has dots is found as well.
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
