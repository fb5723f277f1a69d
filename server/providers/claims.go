package providers

import (
	"fmt"
	"maps"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// ofProtocol are the ID token claims that do not describe the person, OIDC Core section 2.
var ofProtocol = []string{
	"acr", "amr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "iss", "jti", "nbf", "nonce", "s_hash", "sid", "sub",
}

// ofBasicProfile are the claims that the mapping mode basic_profile copies.
var ofBasicProfile = []string{
	"email", "email_verified", "family_name", "given_name", "name", "nickname", "phone_number", "phone_number_verified", "picture",
	"preferred_username", "profile", "zoneinfo", "locale", "website", "birthdate", "gender", "middle_name",
}

// Map makes a profile from the claims of an ID token and the userinfo response, which is nil if it was
// not requested. The connection's option attribute_map says how, Auth0:
// authenticate/identity-providers/enterprise-identity-providers/configure-pkce-claim-mapping-for-oidc.
func Map(c storage.Connection, claims, info map[string]any) map[string]any {
	attributes, _ := c.Options["attribute_map"].(map[string]any)
	all := map[string]any{}
	maps.Copy(all, claims)
	maps.Copy(all, info)
	for _, name := range ofProtocol {
		delete(all, name)
	}
	switch attributes["mapping_mode"] {
	case "basic_profile":
		basic := map[string]any{}
		for _, name := range ofBasicProfile {
			if value, ok := all[name]; ok {
				basic[name] = value
			}
		}
		return basic
	case "use_map":
		mapped := map[string]any{}
		wanted, _ := attributes["attributes"].(map[string]any)
		for name, from := range wanted {
			if value := lookUp(from, claims, info); value != nil {
				mapped[name] = value
			}
		}
		return mapped
	}
	return all
}

// lookUp returns the value of one mapping. In a text it replaces ${context.tokenset.CLAIM} and
// ${context.userinfo.CLAIM}; it returns any other value unchanged.
func lookUp(from any, claims, info map[string]any) any {
	text, ok := from.(string)
	if !ok {
		return from
	}
	value := func(path string) any {
		if name, ok := strings.CutPrefix(path, "context.tokenset."); ok {
			return claims[name]
		}
		if name, ok := strings.CutPrefix(path, "context.userinfo."); ok {
			return info[name]
		}
		return nil
	}
	if path, ok := strings.CutPrefix(text, "${"); ok && strings.Index(path, "}") == len(path)-1 {
		return value(strings.TrimSuffix(path, "}")) // keeps the claim's type
	}
	var made strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		path, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			made.WriteString(text)
			return made.String()
		}
		made.WriteString(before)
		if v := value(path); v != nil {
			fmt.Fprint(&made, v) // variables inside the value are not replaced
		}
		text = after
	}
}

// IDOf returns the user id in the profile that a custom provider reports, "" if there is none.
func IDOf(said map[string]any) string {
	for _, name := range []string{"user_id", "sub", "id"} {
		switch id := said[name].(type) {
		case string:
			if id != "" {
				return id
			}
		case float64:
			return fmt.Sprintf("%.0f", id)
		}
	}
	return ""
}
