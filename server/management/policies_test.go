package management_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
)

func TestNetworkACLs(t *testing.T) {
	c := newClient(t)
	acl := func(action, match object) object {
		return object{"description": "d", "active": true, "priority": 1, "rule": object{"action": action, "match": match, "scope": "tenant"}}
	}
	made := c.must(201, http.MethodPost, "/network-acls", acl(object{"block": true}, object{"asns": []int{9453}}))
	path := "/network-acls/" + made["id"].(string)
	if _, shown := made["deleted_at"]; shown {
		t.Errorf("a new list is %v", made)
	}
	if deleted, shown := c.must(200, http.MethodGet, path, nil)["deleted_at"]; deleted != nil || !shown {
		t.Error("a single list does not say that it is not deleted")
	}
	replaced := c.must(200, http.MethodPut, path, object{"description": "e", "active": false, "rule": acl(object{"log": true}, object{})["rule"]})
	if _, kept := replaced["priority"]; kept || replaced["created_at"] != made["created_at"] {
		t.Errorf("replaced it is %v", replaced)
	}
	for message, body := range map[string]object{
		"Payload validation error: Action type of `redirect` requires a `redirect_uri`":                                            acl(object{"redirect": true}, object{"asns": []int{1}}),
		"Invalid curated list name(s): auth0.mine. Allowed curated list names are: auth0.low_reputation, auth0.icloud_relay_proxy": acl(object{"block": true}, object{"auth0_managed": []string{"auth0.mine"}}),
		"Payload validation error: 'Array items are not unique (indexes 0 and 1)' on property rule.match.auth0_managed.":           acl(object{"block": true}, object{"auth0_managed": []string{"auth0.low_reputation", "auth0.low_reputation"}}),
	} {
		if refused := c.must(400, http.MethodPost, "/network-acls", body); refused["message"] != message || refused["errorCode"] != "invalid_body" {
			t.Errorf("%v, want %q", refused, message)
		}
	}
	if refused := c.must(400, http.MethodGet, "/network-acls/acl_invalid_id", nil); refused["errorCode"] != "invalid_uri" {
		t.Errorf("an id of another form gets %v", refused)
	}
	other := acl(object{"log": true}, object{"asns": []int{2}})
	c.must(200, http.MethodPatch, path, object{"priority": 1})
	if refused := c.must(409, http.MethodPost, "/network-acls", other); refused["message"] != "A Network ACL with this priority number has already been created." {
		t.Errorf("a second list with a priority gets %v", refused)
	}
	other["priority"] = 2
	second := c.must(201, http.MethodPost, "/network-acls", other)["id"].(string)
	c.must(409, http.MethodPatch, "/network-acls/"+second, object{"priority": 1})
	c.must(200, http.MethodPatch, "/network-acls/"+second, object{"priority": 2, "active": false})
	if gone := c.must(200, http.MethodDelete, path, nil); gone["code"] != 204.0 || gone["object"] != "" {
		t.Errorf("a delete is answered with %v", gone)
	}
}

func TestRateLimitPolicies(t *testing.T) {
	c := newClient(t)
	policy := object{"resource": "oauth_authentication_api", "consumer": "client", "consumer_selector": "default", "configuration": object{"action": "block", "limit": 100}}
	made := c.must(201, http.MethodPost, "/rate-limit-policies", policy)
	c.must(409, http.MethodPost, "/rate-limit-policies", policy)
	path := "/rate-limit-policies/" + made["id"].(string)
	c.must(400, http.MethodPatch, path, object{"configuration": object{"action": "redirect", "limit": 1}})
	c.must(400, http.MethodPatch, path, object{"resource": "other"})
	for query, want := range map[string]int{"resource=oauth_authentication_api": 1, "consumer_selector=other": 0} {
		if list := c.must(200, http.MethodGet, "/rate-limit-policies?take=50&"+query, nil)["rate_limit_policies"].([]any); len(list) != want {
			t.Errorf("policies with %s: %v", query, list)
		}
	}
	c.must(400, http.MethodGet, "/rate-limit-policies?resource=other", nil)
}

func TestAssessments(t *testing.T) {
	c := newClient(t)
	for _, tt := range []struct {
		path, member   string
		first, changed any
	}{
		{"/risk-assessments/settings", "enabled", false, true},
		{"/risk-assessments/settings/new-device", "remember_for", 30.0, 7.0},
		{"/supplemental-signals", "akamai_enabled", false, true},
	} {
		if got := c.must(200, http.MethodGet, tt.path, nil); got[tt.member] != tt.first {
			t.Errorf("%s of a new tenant: %v", tt.path, got)
		}
		c.must(200, http.MethodPatch, tt.path, object{tt.member: tt.changed})
		if got := c.must(200, http.MethodGet, tt.path, nil); got[tt.member] != tt.changed {
			t.Errorf("%s after a change: %v", tt.path, got)
		}
	}
}

func TestCredentialTemplates(t *testing.T) {
	c := newClient(t)
	made := c.must(201, http.MethodPost, "/verifiable-credentials/verification/templates", object{
		"name": "license", "type": "mdl", "dialect": "simplified/1.0", "well_known_trusted_issuers": "aamva",
		"presentation": object{"org.iso.18013.5.1.mDL": object{"org.iso.18013.5.1": object{"given_name": true}}},
	})
	c.must(200, http.MethodPatch, "/verifiable-credentials/verification/templates/"+made["id"].(string), object{"version": 2})
	if list := c.must(200, http.MethodGet, "/verifiable-credentials/verification/templates", nil)["templates"].([]any); len(list) != 1 {
		t.Errorf("the templates are %v", list)
	}
}

func TestKeysOfNetworkACLs(t *testing.T) {
	c := newClient(t)
	const path = "/keys/network-acls"
	material := bytes.Repeat([]byte{7}, 32)
	key := func(name string, material []byte) object {
		return object{"name": name, "alg": "hmac-sha256", "value": base64.StdEncoding.EncodeToString(material)}
	}
	made := c.must(201, http.MethodPost, path, key("gateway", material))
	if sum := sha256.Sum256(material); made["fingerprint"] != hex.EncodeToString(sum[:]) || made["value"] != nil {
		t.Errorf("the key is %v", made)
	}
	c.must(409, http.MethodPost, path, key("gateway", material))
	c.must(400, http.MethodPost, path, key("short", material[1:]))
	c.must(400, http.MethodPost, path, object{"name": "other", "alg": "hmac-sha256", "value": "not base64!"})
	c.must(201, http.MethodPost, path, key("edge", material))
	keys, _ := c.must(200, http.MethodGet, path, nil)["keys"].([]any)
	if len(keys) != 2 || keys[0].(object)["name"] != "edge" {
		t.Errorf("the keys are %v, want the newest first", keys)
	}

	id := made["id"].(string)
	acl := c.must(201, http.MethodPost, "/network-acls", object{"description": "signed", "active": true, "priority": 1, "rule": object{
		"action": object{"block": true}, "scope": "tenant",
		"not_match": object{"http_message_signature": object{"keys": []object{{"id": id}}}},
	}})
	c.must(409, http.MethodDelete, path+"/"+id, nil)
	c.must(200, http.MethodGet, path+"/"+id, nil)
	c.must(200, http.MethodDelete, "/network-acls/"+acl["id"].(string), nil)
	c.must(204, http.MethodDelete, path+"/"+id, nil)
	c.must(404, http.MethodGet, path+"/"+id, nil)
}

// TestValuesThatAuth0DoesNotKnowAreRefused tries one unknown value for each list of values that the settings
// in Auth0: api/management/v2 have.
func TestValuesThatAuth0DoesNotKnowAreRefused(t *testing.T) {
	c := newClient(t)
	for path, body := range map[string]object{
		"/attack-protection/brute-force-protection":      {"shields": []string{"admin_notification"}},
		"/attack-protection/suspicious-ip-throttling":    {"shields": []string{"user_notification"}},
		"/attack-protection/breached-password-detection": {"stage": object{"pre-change-password": object{"shields": []string{"user_notification"}}}},
		"/attack-protection/captcha":                     {"active_provider_id": "turnstile"},
		"/tenants/settings":                              {"enabled_locales": []string{"en", "tlh"}},
		spaPath:                                          {"async_approval_notification_channels": []string{"pigeon"}},
	} {
		answer := c.must(400, http.MethodPatch, path, body)
		if message, _ := answer["message"].(string); answer["errorCode"] != "invalid_body" || !strings.Contains(message, "No enum match for: ") {
			t.Errorf("%s with %v gets %v", path, body, answer)
		}
	}
	c.must(400, http.MethodPost, "/flows/vault/connections", object{"name": "x", "app_id": "FAX"})
	c.must(200, http.MethodPatch, "/tenants/settings", object{"enabled_locales": []string{"en", "pt-BR"}})
}
