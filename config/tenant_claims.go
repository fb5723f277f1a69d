package config

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// TokenClaims are claims that tokens carry besides the standard ones. Audience and Application, where set, limit them to
// tokens of that API and that application.
type TokenClaims struct {
	Audience    string                 `json:"audience,omitempty"`    // identifier of an API
	Application string                 `json:"application,omitempty"` // name
	AccessToken map[string]ClaimSource `json:"accessToken,omitempty"` // by claim name
	IDToken     map[string]ClaimSource `json:"idToken,omitempty"`     // by claim name
}

// ClaimSource is where a claim's value comes from: a path, or a fixed value if the path is empty.
//
// Paths are user. and a profile attribute (email, name, user_id, ...), user.app_metadata and user.user_metadata with
// any keys below, user.permissions, user.roles and user.groups as the extension's rule sets them, client.client_id,
// client.name, and client.client_metadata with a key below. A path that leads to nothing, as user does in a machine's
// token, makes no claim.
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

// reservedClaims cannot be set by customers. Auth0: Create Custom Claims, restricted claims.
const reservedClaims = " acr act active amr at_hash ath attest aud auth_time authorization_details azp c_hash client_id cnf " +
	"cty dest entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk kid may_act mky " +
	"nbf nonce object_id org_id org_name orig origid permissions roles rph s_hash scope sid sip_callid sip_cseq_num sip_date " +
	"sip_from_tag sip_via_branch sub sub_jwk toe txn typ uuid vot vtm x5t#S256 "

// ClaimRefusal says why Auth0 would not put a claim of this name into a token; it is empty for a name that is fine.
func ClaimRefusal(name string) string {
	if name == "" || strings.Contains(reservedClaims, " "+name+" ") {
		return "Auth0 reserves this claim name; put a namespace of yours in front, such as https://example.com/" + name
	}
	lower := strings.ToLower(name)
	if lower == "urn:auth0" || strings.HasPrefix(lower, "urn:auth0:") {
		return "Auth0 reserves the namespace urn:auth0; use one of yours"
	}
	if namespace, err := url.Parse(lower); err == nil {
		for _, domain := range []string{"auth0.com", "webtask.io", "webtask.run"} {
			if host := namespace.Hostname(); host == domain || strings.HasSuffix(host, "."+domain) {
				return "Auth0 reserves the domain " + domain + "; use a namespace of yours"
			}
		}
	}
	return ""
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
		if refusal := ClaimRefusal(name); refusal != "" {
			e.file.wrongKey(append(slices.Clip(path), name), "%s", refusal)
		}
	}
}

// withIssuer is a copy of the extension with the issuer in place of the placeholder, which only claims can hold.
func (e *AuthorizationExtension) withIssuer(issuer string) *AuthorizationExtension {
	if e == nil {
		return nil
	}
	fixed := func(sources map[string]ClaimSource) map[string]ClaimSource {
		if sources == nil {
			return nil
		}
		out := make(map[string]ClaimSource, len(sources))
		for name, source := range sources {
			out[name] = ClaimSource{source.Path, ReplaceIssuer(source.Value, issuer)}
		}
		return out
	}
	expanded := *e
	expanded.TokenClaims = nil
	for _, claims := range e.TokenClaims {
		claims.Audience, _ = ReplaceIssuer(claims.Audience, issuer).(string)
		claims.AccessToken, claims.IDToken = fixed(claims.AccessToken), fixed(claims.IDToken)
		expanded.TokenClaims = append(expanded.TokenClaims, claims)
	}
	return &expanded
}
