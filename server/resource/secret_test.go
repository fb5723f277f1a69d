package resource_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func TestRedact(t *testing.T) {
	type object = storage.Document
	for _, tt := range []struct {
		name       string
		kind       *resource.Kind
		body, want any
	}{
		{
			"nothing is known of the body", &resource.Kind{Open: true}, object{
				"name": "My App", "password": "hidden", "token_endpoint_auth_method": "client_secret_post", "refresh_token": object{"leeway": 0.0, "rotation_type": "rotating"},
				"sink":    object{"httpAuthorization": "hidden", "httpEndpoint": "http://x", "httpCustomHeaders": []any{object{"header": "X", "value": "hidden"}}},
				"secrets": []any{object{"name": "A", "value": "hidden"}}, "pairs": []any{object{"key": "api_key", "value": "hidden"}, object{"key": "color", "value": "red"}},
			}, object{
				"name": "My App", "password": "REDACTED", "token_endpoint_auth_method": "client_secret_post", "refresh_token": object{"leeway": 0.0, "rotation_type": "rotating"},
				"sink":    object{"httpAuthorization": "REDACTED", "httpEndpoint": "http://x", "httpCustomHeaders": []any{object{"header": "X", "value": "REDACTED"}}},
				"secrets": "REDACTED", "pairs": []any{object{"key": "api_key", "value": "REDACTED"}, object{"key": "color", "value": "red"}},
			},
		},
		{
			"secrets of an action", resource.Actions,
			object{"name": "a", "secrets": []any{object{"name": "A", "value": "hidden"}}},
			object{"name": "a", "secrets": []any{object{"name": "A", "value": "REDACTED"}}},
		},
		{
			"the key of a connection, alone and with its certificate", resource.Connections, []storage.Document{
				{"options": object{"signing_key": "hidden", "decryptionKey": object{"key": "hidden", "cert": "shown"}}},
			}, []any{object{"options": object{"signing_key": "REDACTED", "decryptionKey": object{"key": "REDACTED", "cert": "shown"}}}},
		},
		{"all but what is no secret", resource.VaultConnections, object{"setup": object{"type": "API_KEY", "novel": "hidden"}}, object{"setup": object{"type": "API_KEY", "novel": "REDACTED"}}},
		{
			"a private key where a public one belongs", resource.CustomSigningKeys,
			object{"keys": []any{object{"kty": "RSA", "n": "shown", "d": "hidden", "p": "hidden"}, object{"kty": "oct", "k": "hidden"}}},
			object{"keys": []any{object{"kty": "RSA", "n": "shown", "d": "REDACTED", "p": "REDACTED"}, object{"kty": "oct", "k": "REDACTED"}}},
		},
		{"secrets of a hook", resource.HookSecrets, object{"color": "hidden"}, object{"color": "REDACTED"}},
		{"texts", resource.SelfServiceTexts, object{"password": "Password"}, object{"password": "Password"}},
		{"metadata", resource.Clients, object{"client_metadata": object{"api_key": "hidden", "password_policy": "good"}}, object{"client_metadata": object{"api_key": "REDACTED", "password_policy": "good"}}},
		{"no secret", resource.Users, object{"password": ""}, object{"password": ""}},
	} {
		if diff := cmp.Diff(tt.want, tt.kind.Redact(tt.body)); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", tt.name, diff)
		}
	}
}

// TestHide: answers without secrets lack the members that the kind marks, at every depth, and nothing else.
func TestHide(t *testing.T) {
	type object = storage.Document
	for _, tt := range []struct {
		name      string
		kind      *resource.Kind
		doc, want object
	}{
		{
			"an event stream", resource.EventStreams,
			object{"name": "s", "destination": object{"type": "webhook", "configuration": object{
				"webhook_endpoint": "https://a.test", "webhook_authorization": object{"method": "basic", "username": "u", "password": "hidden", "token": "hidden"},
			}}},
			object{"name": "s", "destination": object{"type": "webhook", "configuration": object{
				"webhook_endpoint": "https://a.test", "webhook_authorization": object{"method": "basic", "username": "u"},
			}}},
		},
		{
			"a captcha", resource.Captcha,
			object{"active_provider_id": "arkose", "arkose": object{"site_key": "k", "secret": "hidden"}, "recaptcha_enterprise": object{"project_id": "p", "api_key": "hidden"}},
			object{"active_provider_id": "arkose", "arkose": object{"site_key": "k"}, "recaptcha_enterprise": object{"project_id": "p"}},
		},
		{
			"an action with its version", resource.Actions,
			object{"secrets": []any{object{"name": "A", "value": "hidden"}}, "deployed_version": object{"code": "c", "secrets": []any{object{"name": "A", "value": "hidden"}}}},
			object{"secrets": []any{object{"name": "A"}}, "deployed_version": object{"code": "c", "secrets": []any{object{"name": "A"}}}},
		},
		{"a secret that names what is plain in it", resource.EmailProvider, object{"credentials": object{"region": "eu", "api_key": "hidden"}}, object{"credentials": object{"region": "eu"}}},
		{"a provider of push notifications", resource.GuardianSettings("push-notification/providers/apns"), object{"sandbox": true, "p12": "hidden"}, object{"sandbox": true}},
	} {
		tt.kind.Hide(tt.doc)
		if diff := cmp.Diff(tt.want, tt.doc); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", tt.name, diff)
		}
	}
}

// TestMessagesQuoteNoSecret: error messages contain no secrets, because they are logged.
func TestMessagesQuoteNoSecret(t *testing.T) {
	err := resource.ImportedUser.Check(storage.Document{
		"email": "a@b.test", "mfa_factors": []any{storage.Document{"totp": storage.Document{"secret": "hidden!"}}},
	}, resource.Create)
	const want = "'String does not match pattern ^[A-Z2-7]+$: REDACTED' on property mfa_factors[0].totp.secret."
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDifferences(t *testing.T) {
	type object = storage.Document
	for _, tt := range []struct {
		name        string
		kind        *resource.Kind
		had, wanted object
		want        []resource.Difference
	}{
		{"a set in another order", resource.Clients, object{"grant_types": []any{"a", "b"}}, object{"grant_types": []any{"b", "a"}}, nil},
		{"a set with another item", resource.Clients, object{"grant_types": []any{"a", "b"}}, object{"grant_types": []any{"b", "b"}}, []resource.Difference{{"grant_types", false, []any{"a", "b"}, []any{"b", "b"}}}},
		{"a list whose order counts", resource.TenantSettings, object{"enabled_locales": []any{"en", "de"}}, object{"enabled_locales": []any{"de", "en"}}, []resource.Difference{{"enabled_locales", false, []any{"en", "de"}, []any{"de", "en"}}}},
		{"a list of which nothing is known", resource.Flows, object{"actions": []any{"a", "b"}}, object{"actions": []any{"b", "a"}}, []resource.Difference{{"actions", false, []any{"a", "b"}, []any{"b", "a"}}}},
		{"what the server adds", resource.Actions, object{"secrets": []any{object{"name": "A", "value": "x", "updated_at": "now"}}}, object{"secrets": []any{object{"name": "A", "value": "x"}}}, nil},
		{"what an item loses", resource.ResourceServers, object{"scopes": []any{object{"value": "a", "description": "A"}}}, object{"scopes": []any{object{"value": "a"}}}, []resource.Difference{{"scopes", false, []any{object{"value": "a", "description": "A"}}, []any{object{"value": "a"}}}}},
		{"what is not wanted", resource.Clients, object{"name": "a", "sso": true}, object{"name": "a"}, nil},
		{"nothing for nothing", resource.Clients, object{}, object{"description": nil}, nil},
		{"a member within", resource.Clients, object{"refresh_token": object{"leeway": 0.0}}, object{"refresh_token": object{"leeway": 5.0}}, []resource.Difference{{"refresh_token.leeway", false, 0.0, 5.0}}},
		{"a secret", resource.Clients, object{"client_secret": "a"}, object{"client_secret": "b"}, []resource.Difference{{Member: "client_secret", Secret: true}}},
		{"an equal secret", resource.Clients, object{"client_secret": "a"}, object{"client_secret": "a"}, nil},
		{"a secret that is new", resource.Connections, object{}, object{"options": object{"client_secret": "b"}}, []resource.Difference{{Member: "options", Wanted: object{"client_secret": "REDACTED"}}}},
		{"a secret in an address", resource.LogStreams, object{"sink": object{"httpEndpoint": "https://a:b@c/"}}, object{"sink": object{"httpEndpoint": "https://a:x@c/"}}, []resource.Difference{{Member: "sink.httpEndpoint", Secret: true}}},
		{"an address with a secret", resource.LogStreams, object{"sink": object{"httpEndpoint": "https://a:b@c/"}}, object{"sink": object{"httpEndpoint": "https://a:b@d/"}}, []resource.Difference{{"sink.httpEndpoint", false, "https://a:REDACTED@c/", "https://a:REDACTED@d/"}}},
		{"secrets in a list whose values are not told", resource.Actions, object{"secrets": []any{object{"name": "A", "updated_at": "now"}}}, object{"secrets": []any{object{"name": "A", "value": "y"}}}, []resource.Difference{{Member: "secrets", Secret: true}}},
		{"a secret in a list", resource.Actions, object{"secrets": []any{object{"name": "A", "value": "x"}}}, object{"secrets": []any{object{"name": "A", "value": "y"}}}, []resource.Difference{{Member: "secrets", Secret: true}}},
	} {
		if diff := cmp.Diff(tt.want, tt.kind.Field().Differences(tt.had, tt.wanted)); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", tt.name, diff)
		}
	}
}
