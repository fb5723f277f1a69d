package tenantfile

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/customclaims"
)

// TokenClaims are claims that tokens contain besides the standard ones. Audience and Application, if set, restrict
// them to tokens for that API and that application.
type TokenClaims struct {
	Audience    string                 `json:"audience,omitempty"`    // identifier of an API
	Application string                 `json:"application,omitempty"` // name
	AccessToken map[string]ClaimSource `json:"accessToken,omitempty"` // by claim name
	IDToken     map[string]ClaimSource `json:"idToken,omitempty"`     // by claim name
}

// ClaimSource says where the value of a claim comes from: a path, or a fixed value if the path is empty.
//
// A path is user. and a profile attribute (email, name, user_id, ...), user.app_metadata or user.user_metadata with
// any keys below, user.permissions, user.roles or user.groups as the extension's rule sets them, client.client_id,
// client.name, or client.client_metadata with a key below. If there is no value at the path, as for user in a token
// without a user, the token does not contain the claim.
type ClaimSource struct {
	Path  string
	Value any
}

// MarshalJSON writes the source as a tenant file does: a path as text, a fixed value as {"value": ...}.
func (s ClaimSource) MarshalJSON() ([]byte, error) {
	if s.Path != "" {
		return json.Marshal(s.Path)
	}
	return json.Marshal(Document{"value": s.Value})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *ClaimSource) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &s.Path) == nil {
		return nil
	}
	var fixed struct {
		Value any `json:"value"`
	}
	err := json.Unmarshal(data, &fixed)
	s.Value = fixed.Value
	return err
}

func (e *extensionLinks) linkClaims(all []TokenClaims) {
	for i := range all {
		claims, path := &all[i], at("authorizationExtension", "tokenClaims", i)
		e.api(claims.Audience, append(path, "audience"))
		if name, ok := e.clients[claims.Application]; ok {
			claims.Application = name
		} else {
			e.noClient(claims.Application, append(path, "application"))
		}
		if len(claims.AccessToken)+len(claims.IDToken) == 0 {
			e.file.wrong(path, "has neither accessToken nor idToken claims")
		}
		e.claimNames(claims.AccessToken, append(path, "accessToken"))
		e.claimNames(claims.IDToken, append(path, "idToken"))
		if claims.Audience != managementAPI {
			continue
		}
		for name := range claims.AccessToken {
			if !strings.Contains(name, ":") {
				e.file.wrongKey(append(path, "accessToken", name), "Auth0 puts no claim without a namespace into tokens of its own APIs")
			}
		}
	}
}

func (e *extensionLinks) claimNames(claims map[string]ClaimSource, path []string) {
	for name := range claims {
		if refusal := customclaims.Refusal(name); refusal != "" {
			e.file.wrongKey(append(slices.Clip(path), name), "%s", refusal)
		}
	}
}
