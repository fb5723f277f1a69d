package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestWhatTokensAreNotIsTold: an API that wants tokens bound to a key, or encrypted, gets bearer's tokens that anybody
// can read. The import that sets it, the tenant's log and the trace of each token say so.
func TestWhatTokensAreNotIsTold(t *testing.T) {
	s := servertest.Start(t)
	status, report := bring(t, s, `{"sections":{
		"resourceServers":[{"name":"Bound","identifier":"urn:bound","proof_of_possession":{"mechanism":"dpop","required":true}},{"name":"Free","identifier":"urn:free"}],
		"clientGrants":[{"client_id":"Timesheets Cron","audience":"urn:bound","scope":[]},{"client_id":"Timesheets Cron","audience":"urn:free","scope":[]}]}}`)
	if status != http.StatusOK || len(report.Kept) != 1 || report.Kept[0].Name != "Bound" || !strings.Contains(report.Kept[0].Reason, "neither DPoP nor mTLS") {
		t.Errorf("the import says %d %s %+v", status, report.Message, report.Kept)
	}
	warned := func() (n int) {
		_, events := s.Manage(s.Client(), http.MethodGet, "logs?q=type:w", nil)
		list, _ := events.([]any)
		return len(list)
	}
	if n := warned(); n != 1 {
		t.Errorf("the log has %d warnings", n)
	}
	_, answer := s.Manage(s.Client(), http.MethodGet, "resource-servers/urn%3Afree", nil)
	api, _ := answer.(map[string]any)
	change := map[string]any{"proof_of_possession": map[string]any{"mechanism": "mtls", "required": true}}
	for range 2 { // it is told when it is set, and not again
		if status, answer := s.Manage(s.Client(), http.MethodPatch, "resource-servers/"+api["id"].(string), change); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	if n := warned(); n != 2 {
		t.Errorf("after the change the log has %d warnings", n)
	}
	for audience, told := range map[string]bool{"urn:bound": true, "https://api.exampleco.com/timesheets": false} {
		resp, body := askedAs{method: http.MethodPost, path: "oauth/token", body: `{"grant_type":"client_credentials","client_id":"` + servertest.Cron +
			`","client_secret":"` + servertest.CronSecret + `","audience":"` + audience + `"}`}.send(t, s, s.Client())
		steps := tracedAs(t, s, resp).Steps
		said := slices.ContainsFunc(steps, func(step tracedStep) bool {
			return strings.Contains(step.Said, "the token is a bearer's") && step.Setting == "proof_of_possession of the API "+audience
		})
		if resp.StatusCode != http.StatusOK || said != told {
			t.Errorf("a token for %s: %d %s, told %v: %+v", audience, resp.StatusCode, body, said, steps)
		}
	}
}
