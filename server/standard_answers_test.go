package server_test

import (
	"encoding/json"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestStandardAnswersSurviveExports moves applications from one tenant to another by export and import: the
// switch tenant0_standard_answers stays set where it was set, and appears nowhere else.
func TestStandardAnswersSurviveExports(t *testing.T) {
	const name = "tenant0_standard_answers"
	from := servertest.Start(t, servertest.Seed(`{"clients":[{"name":"Standard","app_type":"spa","`+name+`":true},{"name":"Usual","app_type":"spa"}]}`))
	to := servertest.Start(t)
	clients, err := json.Marshal(exportOf(t, from)["clients"])
	if err != nil {
		t.Fatal(err)
	}
	done(t, to, `{"sections":{"clients":`+string(clients)+`}}`, "clients")
	seen := 0
	for _, item := range exportOf(t, to)["clients"].([]any) {
		client := item.(map[string]any)
		value, there := client[name]
		if client["name"] == "Standard" {
			seen++
			if value != true {
				t.Errorf("the switch is %v", value)
			}
		} else if there {
			t.Errorf("%s has the switch, %v", client["name"], value)
		}
	}
	if seen != 1 {
		t.Errorf("%d applications are named Standard", seen)
	}
}
