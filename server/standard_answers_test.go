package server_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestStandardAnswersSurviveExports moves applications from one tenant to another by export and import: the
// members that are tenant0's own stay set where they were set, and appear nowhere else.
func TestStandardAnswersSurviveExports(t *testing.T) {
	const own = `{"tenant0_standard_answers":true,"tenant0_userinfo_signed_response_alg":"RS256","tenant0_request_objects":{"request_uris":["https://rp.example.com/object"],"signing_alg":"RS256"}}`
	from := servertest.Start(t, servertest.Seed(`{"clients":[{"name":"Standard","app_type":"spa",`+own[1:]+`,{"name":"Usual","app_type":"spa"}]}`))
	to := servertest.Start(t)
	clients, err := json.Marshal(exportOf(t, from)["clients"])
	if err != nil {
		t.Fatal(err)
	}
	done(t, to, `{"sections":{"clients":`+string(clients)+`}}`, "clients")
	var members map[string]any
	if err := json.Unmarshal([]byte(own), &members); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, item := range exportOf(t, to)["clients"].([]any) {
		client := item.(map[string]any)
		if client["name"] == "Standard" {
			seen++
		}
		for name, want := range members {
			value, there := client[name]
			if client["name"] == "Standard" && !reflect.DeepEqual(value, want) || client["name"] != "Standard" && there {
				t.Errorf("%s has %s %v", client["name"], name, value)
			}
		}
	}
	if seen != 1 {
		t.Errorf("%d applications are named Standard", seen)
	}
}
