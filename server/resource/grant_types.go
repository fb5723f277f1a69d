package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// grantTypes are the grant types that an application may have, Auth0:
// get-started/applications/application-grant-types.
var grantTypes = []string{
	"authorization_code", "implicit", "refresh_token", "client_credentials", "password",
	"http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/passwordless/otp",
	"http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-otp",
	"http://auth0.com/oauth/grant-type/mfa-recovery-code",
	"urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
	"urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba", "urn:okta:params:oauth:grant-type:webauthn",
	"urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
}

// legacyGrantTypes are grant types for tenants created before June 2017, each with
// the flag of the tenant that still allows it.
var legacyGrantTypes = map[string]string{ //nolint:gosec // names
	"http://auth0.com/oauth/legacy/grant-type/ro":                       "allow_legacy_ro_grant_types",
	"http://auth0.com/oauth/legacy/grant-type/ro/jwt-bearer":            "allow_legacy_ro_grant_types",
	"http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token": "allow_legacy_delegation_grant_types",
	"http://auth0.com/oauth/legacy/grant-type/delegation/id_token":      "allow_legacy_delegation_grant_types",
	"http://auth0.com/oauth/legacy/grant-type/access_token":             "allow_legacy_delegation_grant_types",
}

// IsExchanged reports whether a grant type is one of Auth0's token endpoint, in any
// tenant.
func IsExchanged(name string) bool {
	_, legacy := legacyGrantTypes[name]
	return legacy || name != "implicit" && slices.Contains(grantTypes, name)
}

// CheckGrantTypes returns an error for grant types of an application that Auth0 does
// not have, or that are legacy ones which the tenant's flags do not allow.
func CheckGrantTypes(client, flags storage.Document) error {
	var invalid []string
	all, _ := client["grant_types"].([]any)
	for _, item := range all {
		name := fmt.Sprint(item)
		flag, legacy := legacyGrantTypes[name]
		if !slices.Contains(grantTypes, name) && (!legacy || flags[flag] != true) {
			invalid = append(invalid, name)
		}
	}
	if len(invalid) > 0 {
		return InvalidBody("Invalid grant types: " + strings.Join(invalid, ", "))
	}
	return nil
}
