// Package customclaims knows which custom claims may be added to tokens. Auth0:
// secure/tokens/json-web-tokens/create-custom-claims, restricted claims.
package customclaims

import (
	"net/url"
	"strings"
)

// reserved are the claims that custom claims cannot replace.
const reserved = " acr act active amr at_hash ath attest aud auth_time authorization_details azp c_hash client_id cnf " +
	"cty dest entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk kid may_act mky " +
	"nbf nonce object_id org_id org_name orig origid permissions roles rph s_hash scope sid sip_callid sip_cseq_num sip_date " +
	"sip_from_tag sip_via_branch sub sub_jwk toe txn typ uuid vot vtm x5t#S256 "

// Refusal returns the reason why Auth0 does not add a custom claim with this name to a token, or "" if the
// name is allowed.
func Refusal(name string) string {
	if name == "" || strings.Contains(reserved, " "+name+" ") {
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
