package redact_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/redact"
)

func TestName(t *testing.T) {
	for _, name := range []string{
		"secret", "client_secret", "clientSecret", "password", "newPassword", "smtp_pass", "token", "access_token", "accessToken", "X-Auth-Token", "apiKey",
		"api_key", "API_KEY", "apikey", "datadogApiKey", "secretAccessKey", "aws_secret_access_key", "private_key", "privateKey", "segmentWriteKey",
		"server_key", "skey", "passphrase", "secret_value", "tokenValue", "password_hash", "httpAuthorization", "Authorization", "client_assertion",
		"connectionString", "credential", "link_with", "recovery_code", "storageAccessKey", "sasKey", "accountKey", "tokens", "passwords", "signing_key",
	} {
		if !redact.Name(name) {
			t.Errorf("%s is taken for no secret", name)
		}
	}
	for _, name := range []string{
		"", "name", "token_lifetime", "tokenLifetime", "token_endpoint_auth_method", "password_policy", "passwordPolicy", "token_dialect", "token_endpoint",
		"tokenURL", "passwordPlaceholder", "password_options", "client_secret_expires_at", "secret_encoded", "public_key", "publicKey", "site_key", "key",
		"key_id", "accessKeyId", "token_type", "subject_token_type", "authorization_endpoint", "tokenizer", "secretary", "keywords", "passkey", "monkey",
		"code", "value", "hash", "compass",
	} {
		if redact.Name(name) {
			t.Errorf("%s is taken for a secret", name)
		}
	}
}

func TestValue(t *testing.T) {
	for _, tt := range []struct {
		name   string
		value  any
		secret bool
	}{
		{"token", "abc", true},
		{"token", "", false},
		{"token", true, false},
		{"token", 86400.0, false},
		{"token", nil, false},
		{"token", "https://idp.test/token", false}, // what is secret in an address is told by its parts
		{"password", "{{fields.password}}", false},
		{"secrets", []any{map[string]any{"name": "A", "value": "b"}}, true},
		{"secrets", []any{}, false},
		{"tokens", []any{"a"}, true},
		{"token", map[string]any{"lifetime": "1h"}, false},
		{"credentials", map[string]any{"user": "a"}, true},
		{"client_credentials", map[string]any{"enforce": true, "per_day": 5.0}, false},
		{"password_hash", map[string]any{"a": map[string]any{"b": "c"}}, true},
	} {
		if got := redact.Value(tt.name, tt.value); got != tt.secret {
			t.Errorf("%s %v: a secret is %v, want %v", tt.name, tt.value, got, tt.secret)
		}
	}
}

func TestText(t *testing.T) {
	const jws = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
	for text, want := range map[string]string{
		"https://siem.test/logs?format=json&page=2#top":          "https://siem.test/logs?format=json&page=2#top",
		"https://user:pw@siem.test/logs":                         "https://user:<PASSWORD>@siem.test/logs",
		"https://user:p@w:x@siem.test":                           "https://user:<PASSWORD>@siem.test",
		"https://t0ken@siem.test/":                               "https://<USERINFO>@siem.test/",
		"https://siem.test/?a=1&token=abc&sig=x&b=2":             "https://siem.test/?a=1&token=<TOKEN>&sig=<SIG>&b=2",
		"https://siem.test/?api%5Fkey=abc":                       "https://siem.test/?api%5Fkey=<API_KEY>",
		"https://siem.test/?token=":                              "https://siem.test/?token=",
		"https://siem.test/#access_token=abc&state=1":            "https://siem.test/#access_token=<ACCESS_TOKEN>&state=1",
		"mongodb://root:pw@db.test:27017/users?authSource=admin": "mongodb://root:<PASSWORD>@db.test:27017/users?authSource=admin",
		"https://{organization_name}.test/cb?x=%zz":              "https://{organization_name}.test/cb?x=%zz",
		jws:                                 "<TOKEN>",
		"Bearer " + jws:                     "Bearer <AUTHORIZATION>",
		"Basic dXNlcjpwYXNz":                "Basic <AUTHORIZATION>",
		"Token is what we call it":          "Token is what we call it",
		"basic profile":                     "basic profile",
		"a@example.com":                     "a@example.com",
		"good":                              "good",
		"-----BEGIN CERTIFICATE-----\nMIIB": "-----BEGIN CERTIFICATE-----\nMIIB",
		"const key = `-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----`;": "const key = `<PRIVATE_KEY>`;",
		"-----BEGIN PRIVATE KEY-----\nMIIB":                                                   "<PRIVATE_KEY>",
	} {
		if got := redact.Text(text, func(what string) string { return "<" + what + ">" }); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestQuery(t *testing.T) {
	got := redact.Query(url.Values{"dry_run": {"true"}, "access_token": {"abc"}, "code": {"x"}, "next": {"https://a.test/?token=y"}, "none": {}})
	want := map[string]any{"dry_run": "true", "access_token": redact.Mask, "code": redact.Mask, "next": "https://a.test/?token=REDACTED"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
