package discovery_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestKeysWithoutAlg tests the flag remove_alg_from_jwks: the keys are the same, but for the member alg.
func TestKeysWithoutAlg(t *testing.T) {
	s := servertest.Start(t)
	keySet := func() (keys []map[string]any) {
		t.Helper()
		var set struct{ Keys []map[string]any }
		if _, body := fetch(t, s, http.MethodGet, s.URL+".well-known/jwks.json"); json.Unmarshal(body, &set) != nil {
			t.Fatalf("%s", body)
		}
		return set.Keys
	}
	before := keySet()
	setFlag := func(on bool) {
		t.Helper()
		if status, answer := s.Manage(s.Client(), http.MethodPatch, "tenants/settings", map[string]any{"flags": map[string]any{"remove_alg_from_jwks": on}}); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	setFlag(true)
	for i, key := range keySet() {
		if _, has := key["alg"]; has || len(key) != len(before[i])-1 || key["kid"] != before[i]["kid"] || key["n"] != before[i]["n"] {
			t.Errorf("with the flag a key is %v, and was %v", key, before[i])
		}
	}
	setFlag(false)
	for _, key := range keySet() {
		if key["alg"] != "RS256" {
			t.Errorf("without the flag a key is %v", key)
		}
	}
}

// TestTheIssuerOfResponsesIsAnnounced tests the member of RFC 9207 section 3.
func TestTheIssuerOfResponsesIsAnnounced(t *testing.T) {
	s := servertest.Start(t)
	announced := func() any {
		t.Helper()
		var doc map[string]any
		if _, body := fetch(t, s, http.MethodGet, s.URL+configuration); json.Unmarshal(body, &doc) != nil {
			t.Fatalf("%s", body)
		}
		return doc["authorization_response_iss_parameter_supported"]
	}
	if got := announced(); got != nil {
		t.Errorf("by default: %v", got)
	}
	s.Manage(s.Client(), http.MethodPatch, "tenants/settings", map[string]any{"authorization_response_iss_parameter_supported": true})
	if got := announced(); got != true {
		t.Errorf("with the setting: %v", got)
	}
}
