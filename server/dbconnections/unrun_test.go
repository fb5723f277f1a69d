package dbconnections_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestActionsOfAResetAreNamed: the trace of the page for a new password names the Actions that Auth0 would have run before
// it, which could ask for a further factor.
func TestActionsOfAResetAreNamed(t *testing.T) {
	s := servertest.Start(t)
	manage := func(method, path string, body any) map[string]any {
		t.Helper()
		status, answer := s.Manage(s.Client(), method, path, body)
		if status >= http.StatusBadRequest {
			t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		object, _ := answer.(map[string]any)
		return object
	}
	traced := func() string {
		t.Helper()
		_, page := s.Visit(s.Client(), resetLink(t, s, nil))
		if page.Status != http.StatusOK || page.URL.Path != "/u/reset-verify" {
			t.Fatalf("%d %s", page.Status, page.URL)
		}
		resp, err := http.Get(s.ControlURL() + "/trace/" + page.Header.Get("X-Auth0-Requestid"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	const trigger = "password-reset-post-challenge"
	if said := traced(); strings.Contains(said, trigger) {
		t.Errorf("without an Action the trace is %s", said)
	}
	action := manage(http.MethodPost, "actions/actions", map[string]any{
		"name": "Second factor", "code": "exports.onExecutePostChallenge = async () => {}", "supported_triggers": []any{map[string]any{"id": trigger, "version": "v1"}},
	})
	id, _ := action["id"].(string)
	manage(http.MethodPost, "actions/actions/"+id+"/deploy", nil)
	manage(http.MethodPatch, "actions/triggers/"+trigger+"/bindings", map[string]any{
		"bindings": []any{map[string]any{"ref": map[string]any{"type": "action_id", "value": id}, "display_name": "Second factor"}},
	})
	if said := traced(); strings.Count(said, "the Actions of "+trigger+" are not run, so they ask for no further factor and deny nothing: Second factor") != 1 {
		t.Errorf("the trace is %s", said)
	}
}
