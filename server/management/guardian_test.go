package management_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGuardianSettings goes through the settings of factors, Auth0: api/management/v2/guardian:
// the answer of a new tenant, the answer to a write, and the answer to a read after it.
func TestGuardianSettings(t *testing.T) {
	c := newClient(t)
	sns := object{
		"aws_access_key_id": "id", "aws_region": "us-west-1", "sns_apns_platform_application_arn": "arn:1", "sns_gcm_platform_application_arn": "arn:2",
	}
	for _, s := range []struct {
		path                     string
		fresh, put, answer, read object // without answer and read they are what was put; without fresh there is no read
	}{
		{
			path:  "push-notification/providers/apns",
			fresh: object{"bundle_id": nil, "sandbox": false, "enabled": false},
			put:   object{"sandbox": true, "bundle_id": "com.example", "p12": "MII"}, answer: object{"sandbox": true, "bundle_id": "com.example"},
			read: object{"sandbox": true, "bundle_id": "com.example", "enabled": true},
		},
		{path: "push-notification/providers/sns", fresh: object{}, put: with(sns, "aws_secret_access_key", "secret"), read: sns},
		{path: "push-notification/providers/fcm", put: object{"server_key": "secret"}, answer: object{}},
		{path: "push-notification/providers/fcmv1", put: object{"server_credentials": "{}"}, answer: object{}},
		{path: "push-notification/selected-provider", fresh: object{"provider": "guardian"}, put: object{"provider": "direct"}},
		{path: "phone/selected-provider", fresh: object{"provider": "auth0"}, put: object{"provider": "phone-message-hook"}},
		{path: "phone/message-types", fresh: object{"message_types": []any{}}, put: object{"message_types": []any{"voice", "sms"}}},
		{path: "sms/providers/twilio", fresh: object{}, put: object{"sid": "AC1", "auth_token": "t", "from": "+15550100"}},
		{path: "phone/templates", put: object{"enrollment_message": "a {{code}}", "verification_message": "b {{code}}"}},
		{
			path: "phone/settings", fresh: object{"otp_length": 6.0, "otp_expiration_time": 300.0}, put: object{"otp_length": 8, "otp_expiration_time": 60},
			answer: object{"otp_length": 8.0, "otp_expiration_time": 60.0}, read: object{"otp_length": 8.0, "otp_expiration_time": 60.0},
		},
		{path: "email/settings", fresh: object{"otp_length": 6.0, "otp_expiration_time": 300.0}, put: object{"otp_length": 6.0, "otp_expiration_time": 600.0}},
		{path: "duo/settings", fresh: object{}, put: object{"ikey": "i", "skey": "s", "host": "api.example.com"}},
		{
			path: "webauthn-roaming/settings", fresh: object{"userVerification": "preferred", "overrideRelyingParty": false},
			put: object{"userVerification": "required", "overrideRelyingParty": true, "relyingPartyIdentifier": "example.com"},
		},
		{
			path: "webauthn-platform/settings", fresh: object{"overrideRelyingParty": false}, put: object{"relyingPartyIdentifier": "example.com"},
			answer: object{"overrideRelyingParty": false, "relyingPartyIdentifier": "example.com"},
			read:   object{"overrideRelyingParty": false, "relyingPartyIdentifier": "example.com"},
		},
	} {
		path := "/guardian/factors/" + s.path
		expect := func(when, method string, body any, want object) {
			t.Helper()
			if diff := cmp.Diff(map[string]any(want), c.must(200, method, path, body)); diff != "" {
				t.Errorf("%s %s (- want, + got):\n%s", s.path, when, diff)
			}
		}
		if s.fresh != nil {
			expect("of a new tenant", http.MethodGet, nil, s.fresh)
		}
		if s.answer == nil {
			s.answer = s.put
		}
		if s.read == nil {
			s.read = s.put
		}
		expect("after a write", http.MethodPut, s.put, s.answer)
		if s.fresh != nil {
			expect("read", http.MethodGet, nil, s.read)
		}
	}

	for path, body := range map[string]object{
		"phone/message-types":                 {"message_types": []any{"fax"}},
		"phone/selected-provider":             {"provider": "sns"},
		"push-notification/selected-provider": {"provider": "auth0"},
		"push-notification/providers/apns":    {"sandbox": "yes"},
		"webauthn-roaming/settings":           {"userVerification": "always"},
		"phone/templates":                     {"enrollment_message": "one alone"},
		"phone/settings":                      {"otp_length": 8},
		"email/settings":                      {"otp_length": 0, "otp_expiration_time": 300},
	} {
		if got := c.must(400, http.MethodPut, "/guardian/factors/"+path, body); got["errorCode"] != "invalid_body" {
			t.Errorf("%s with %v answers %v", path, body, got)
		}
	}
	// A PATCH keeps members that it does not name, and null removes a member.
	c.must(200, http.MethodPatch, "/guardian/factors/push-notification/providers/apns", object{"p12": nil})
	want := map[string]any{"sandbox": true, "bundle_id": "com.example", "enabled": false}
	if diff := cmp.Diff(want, c.must(200, http.MethodGet, "/guardian/factors/push-notification/providers/apns", nil)); diff != "" {
		t.Errorf("without a certificate (- want, + got):\n%s", diff)
	}
}

// TestFactorsWithTheirSettings: the list shows the settings of one-time codes if the request asks for settings.
func TestFactorsWithTheirSettings(t *testing.T) {
	c := newClient(t)
	c.must(200, http.MethodPut, "/guardian/factors/email/settings", object{"otp_length": 7, "otp_expiration_time": 120})
	for query, want := range map[string]map[string]any{
		"": {}, "?include_settings=true": {
			"sms": map[string]any{"otp_length": 6.0, "otp_expiration_time": 300.0}, "email": map[string]any{"otp_length": 7.0, "otp_expiration_time": 120.0},
		},
	} {
		got := map[string]any{}
		for _, f := range c.list("/guardian/factors" + query) {
			if settings, has := f["settings"]; has {
				got[f["name"].(string)] = settings
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", query, diff)
		}
	}
}

// TestSettingsOfGuardian: the settings that tell how browsers are remembered.
func TestSettingsOfGuardian(t *testing.T) {
	c := newClient(t)
	const month = 30 * 24 * 3600.0
	fresh := object{"display_remember_me_checkbox": true, "remember_me_default_value": false, "mfa_session_inactivity_timeout": month, "mfa_session_overall_timeout": month}
	if diff := cmp.Diff(map[string]any(fresh), c.must(200, http.MethodGet, "/guardian/settings", nil)); diff != "" {
		t.Errorf("of a new tenant (- want, + got):\n%s", diff)
	}
	changed := object{"display_remember_me_checkbox": false, "remember_me_default_value": true, "mfa_session_inactivity_timeout": 3600.0, "mfa_session_overall_timeout": 7200.0}
	c.must(200, http.MethodPut, "/guardian/settings", changed)
	for name, value := range map[string]any{"mfa_session_inactivity_timeout": 7201, "mfa_session_overall_timeout": 91 * 24 * 3600, "remember_me_default_value": "yes"} {
		body := maps.Clone(changed)
		body[name] = value
		c.must(400, http.MethodPut, "/guardian/settings", body)
	}
	c.must(400, http.MethodPut, "/guardian/settings", object{"display_remember_me_checkbox": true})
	if diff := cmp.Diff(map[string]any(changed), c.must(200, http.MethodGet, "/guardian/settings", nil)); diff != "" {
		t.Errorf("after refusals (- want, + got):\n%s", diff)
	}
}

// with returns a copy of an object with one more member.
func with(o object, name string, value any) object {
	more := object{name: value}
	maps.Copy(more, o)
	return more
}
