package management_test

import (
	"net/http"
	"strings"
	"testing"
)

// sent is a request and the message, after "Payload validation error: ", with which its body is refused; "" if it is accepted.
type sent struct {
	method, path string
	body         object
	refusal      string
}

// sendAll sends the requests in order and checks the answer to each.
func (c *client) sendAll(all []sent) {
	c.t.Helper()
	for _, s := range all {
		status, answer := c.do(s.method, s.path, s.body)
		got, _ := answer.(object)
		message, _ := got["message"].(string)
		message = strings.TrimPrefix(message, "Payload validation error: ")
		switch {
		case s.refusal == "" && status >= 300:
			c.t.Errorf("%s %s %v: %d %s", s.method, s.path, s.body, status, message)
		case s.refusal != "" && (status != http.StatusBadRequest || message != s.refusal || got["errorCode"] != "invalid_body"):
			c.t.Errorf("%s %s %v: %d %q, want %q", s.method, s.path, s.body, status, message, s.refusal)
		}
	}
}

// letters returns a string of n letters.
func letters(n int) string { return strings.Repeat("x", n) }

// TestBodiesOfApplications: Auth0: api/management/v2/clients/post-clients and patch-clients-by-id.
func TestBodiesOfApplications(t *testing.T) {
	c := newClient(t)
	path := "/clients/" + c.must(http.StatusCreated, http.MethodPost, "/clients", object{"name": "Bodies"})["client_id"].(string)
	patch := func(body object, refusal string) sent { return sent{http.MethodPatch, path, body, refusal} }
	rotating := func(policies ...any) object {
		if policies == nil {
			policies = []any{}
		}
		return object{"refresh_token": object{"rotation_type": "rotating", "expiration_type": "expiring", "policies": policies}}
	}
	quota := func(of any) object { return object{"token_quota": object{"client_credentials": of}} }
	transfer := func(name string, value any) object { return object{"session_transfer": object{name: value}} }
	c.sendAll([]sent{
		patch(object{}, "'Too few properties defined (0), minimum 1'."),
		patch(object{"client_metadata": object{"tier: 1/2 (new)": "gold"}}, ""),
		patch(object{"client_metadata": object{letters(255): "gold"}}, ""),
		patch(object{"client_metadata": object{letters(256): "gold"}}, "'Additional properties not allowed: "+letters(256)+"' on property client_metadata."),
		patch(object{"client_metadata": object{"größe": "gold"}}, "'Additional properties not allowed: größe' on property client_metadata."),
		patch(object{"jwt_configuration": object{"alg": "RS256", "keys": object{}}}, ""),
		patch(rotating(object{"audience": letters(600), "scope": []any{letters(280)}}), ""),
		patch(rotating(), "'Array is too short (0), minimum 1' on property refresh_token.policies."),
		patch(rotating(object{"audience": letters(601), "scope": []any{}}), "'String is too long (601 chars), maximum 600' on property refresh_token.policies[0].audience."),
		patch(rotating(object{"audience": "urn:a", "scope": []any{letters(281)}}), "'String is too long (281 chars), maximum 280' on property refresh_token.policies[0].scope[0]."),
		patch(rotating(object{"audience": "urn:a"}), "'Missing required property: scope' on property refresh_token.policies[0]."),
		patch(quota(object{"per_day": 1, "per_hour": 2147483647, "enforce": false}), ""),
		patch(object{"token_quota": nil}, ""),
		patch(object{"token_quota": object{}}, "'Missing required property: client_credentials' on property token_quota."),
		patch(quota(object{}), "'Too few properties defined (0), minimum 1' on property token_quota.client_credentials."),
		patch(quota(object{"per_day": 0}), "'Value 0 is less than minimum 1' on property token_quota.client_credentials.per_day."),
		patch(quota(object{"per_hour": 2147483648}), "'Value 2147483648 is greater than maximum 2147483647' on property token_quota.client_credentials.per_hour."),
		patch(transfer("allowed_authentication_methods", []any{"cookie", "query"}), ""),
		patch(transfer("allowed_authentication_methods", []any{"header"}), "'No enum match for: header' on property session_transfer.allowed_authentication_methods[0]."),
		patch(transfer("enforce_device_binding", "none"), ""),
		patch(transfer("delegation", object{"enforce_device_binding": "asn"}), ""),
		patch(transfer("delegation", object{"enforce_device_binding": "none"}), "'No enum match for: none' on property session_transfer.delegation.enforce_device_binding."),
		patch(transfer("novelty", true), "'Additional properties not allowed: novelty' on property session_transfer."),
		patch(object{"oidc_logout": object{"backchannel_logout_initiators": object{"mode": "custom", "selected_initiators": []any{"account-deactivated"}}}}, ""),
		patch(object{"oidc_logout": object{"backchannel_logout_initiators": object{"mode": "some"}}}, "'No enum match for: some' on property oidc_logout.backchannel_logout_initiators.mode."),
		patch(object{"native_social_login": object{"google": object{"enabled": true}}}, ""),
		patch(object{"native_social_login": object{"github": object{"enabled": true}}}, "'Additional properties not allowed: github' on property native_social_login."),
		patch(object{"token_exchange": object{"allow_any_profile_of_type": []any{"custom_authentication"}}}, ""),
		patch(object{"token_exchange": object{"allow_any_profile_of_type": []any{"other"}}}, "'No enum match for: other' on property token_exchange.allow_any_profile_of_type[0]."),
		patch(object{"async_approval_notification_channels": []any{}}, "'Array is too short (0), minimum 1' on property async_approval_notification_channels."),
		patch(object{"client_authentication_methods": object{"tls_client_auth": object{"credentials": []any{}}, "private_key_jwt": object{"credentials": []any{}}}},
			"'Too many properties defined (2), maximum 1' on property client_authentication_methods."),
		patch(object{"client_authentication_methods": object{"private_key_jwt": object{}}}, "'Missing required property: credentials' on property client_authentication_methods.private_key_jwt."),
		patch(object{"addons": object{"aws": object{"lifetime_in_seconds": 900, "novelty": 1}, "wsfed": object{}, "layer": object{"providerId": "p", "keyId": "k", "privateKey": "s"}}}, ""),
		patch(object{"addons": object{"aws": object{"lifetime_in_seconds": 43201}}}, "'Value 43201 is greater than maximum 43200' on property addons.aws.lifetime_in_seconds."),
		patch(object{"addons": object{"aws": object{"lifetime_in_seconds": 899}}}, "'Value 899 is less than minimum 900' on property addons.aws.lifetime_in_seconds."),
		patch(object{"addons": object{"novelty": object{}}}, "'Additional properties not allowed: novelty' on property addons."),
		patch(object{"addons": object{"slack": object{}}}, "'Missing required property: team' on property addons.slack."),
		{http.MethodPost, path + "/credentials", object{"credential_type": "cert_subject_dn", "subject_dn": "CN=" + letters(253)}, ""},
		{http.MethodPost, path + "/credentials", object{"credential_type": "cert_subject_dn", "subject_dn": "CN=" + letters(254)}, "'String is too long (257 chars), maximum 256' on property subject_dn."},
		{http.MethodPost, path + "/credentials", object{"credential_type": "public_key", "novelty": 1}, "'Additional properties not allowed: novelty'."},
	})
}

// TestBodiesOfAPIs: Auth0: api/management/v2/resource-servers/post-resource-servers and client-grants/post-client-grants.
func TestBodiesOfAPIs(t *testing.T) {
	c := newClient(t)
	path := "/resource-servers/" + c.must(http.StatusCreated, http.MethodPost, "/resource-servers", object{"identifier": "urn:bodies", "scopes": []object{{"value": letters(280)}}})["id"].(string)
	client := c.must(http.StatusCreated, http.MethodPost, "/clients", object{"name": "Bodies"})["client_id"].(string)
	grant := "/client-grants/" + c.must(http.StatusCreated, http.MethodPost, "/client-grants", object{"client_id": client, "audience": "urn:bodies", "scope": []string{letters(280)}})["id"].(string)
	patch := func(body object, refusal string) sent { return sent{http.MethodPatch, path, body, refusal} }
	encrypted := func(alg string) object {
		return object{"token_encryption": object{"format": "compact-nested-jwe", "encryption_key": object{"alg": alg, "pem": "x"}}}
	}
	c.sendAll([]sent{
		patch(object{"name": letters(200)}, ""),
		patch(object{"name": letters(201)}, "'String is too long (201 chars), maximum 200' on property name."),
		patch(object{"name": "<API>"}, "'String does not match pattern ^[^<>]+$: <API>' on property name."),
		patch(object{"proof_of_possession": object{"mechanism": "dpop", "required": true, "required_for": "public_clients"}}, ""),
		patch(object{"proof_of_possession": object{"mechanism": "tls", "required": true}}, "'No enum match for: tls' on property proof_of_possession.mechanism."),
		patch(object{"proof_of_possession": object{"mechanism": "mtls"}}, "'Missing required property: required' on property proof_of_possession."),
		patch(object{"proof_of_possession": nil}, ""),
		patch(object{"authorization_policy": object{"policy_id": letters(1024)}}, ""),
		patch(object{"authorization_policy": object{"policy_id": letters(1025)}}, "'String is too long (1025 chars), maximum 1024' on property authorization_policy.policy_id."),
		patch(encrypted("RSA1_5"), "'No enum match for: RSA1_5' on property token_encryption.encryption_key.alg."),
		patch(object{"token_encryption": object{"format": "compact-nested-jwe"}}, "'Missing required property: encryption_key' on property token_encryption."),
		{http.MethodPatch, grant, object{}, "'Too few properties defined (0), minimum 1'."},
		{http.MethodPatch, grant, object{"scope": []any{letters(281)}}, "'String is too long (281 chars), maximum 280' on property scope[0]."},
		{http.MethodPatch, grant, object{"authorization_details_types": []any{letters(255)}}, ""},
		{http.MethodPatch, grant, object{"authorization_details_types": []any{letters(256)}}, "'String is too long (256 chars), maximum 255' on property authorization_details_types[0]."},
	})
}
