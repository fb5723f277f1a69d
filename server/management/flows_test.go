package management_test

import (
	"net/http"
	"testing"
)

func TestFlowsAndForms(t *testing.T) {
	c := newClient(t)
	flow := c.must(201, http.MethodPost, "/flows", object{"name": "f", "actions": []object{{"id": "a", "type": "HTTP"}}})
	form := c.must(201, http.MethodPost, "/forms", object{
		"name": "form", "messages": object{}, "nodes": []object{{"id": "n", "type": "FLOW", "config": object{"flow_id": flow["id"]}}},
	})
	if _, kept := form["messages"]; kept {
		t.Errorf("empty messages are kept: %v", form)
	}
	if languages := form["languages"].(object); languages["primary"] != "en" {
		t.Errorf("the languages are %v", languages)
	}
	listed := c.must(200, http.MethodGet, "/forms?include_totals=true", nil)["forms"].([]any)[0].(object)
	if len(listed) != 5 || listed["flow_count"] != 1.0 {
		t.Errorf("a form is listed as %v", listed)
	}
	brief := c.must(200, http.MethodGet, "/flows?include_totals=true&hydrate=form_count", nil)["flows"].([]any)[0].(object)
	if len(brief) != 5 || brief["form_count"] != 1.0 {
		t.Errorf("a flow is listed as %v", brief)
	}
	path := "/flows/" + flow["id"].(string)
	if whole := c.must(200, http.MethodGet, path, nil); len(whole["actions"].([]any)) != 1 {
		t.Errorf("the flow is %v", whole)
	}
	if _, none := c.do(http.MethodGet, path+"/executions", nil); len(none.([]any)) != 0 {
		t.Errorf("the executions are %v", none)
	}
	for where, message := range map[string]string{
		path + "/executions/x": "Execution not found", "/flows/af_x": "Flow not found", "/flows/af_x/executions": "Flow not found",
		"/forms/ap_x": "Form not found", "/flows/vault/connections/ac_x": "Connection not found",
	} {
		if answer := c.must(404, http.MethodGet, where, nil); answer["message"] != message {
			t.Errorf("%s: %v, want %q", where, answer, message)
		}
	}
}

func TestVaultConnectionsHideTheirSetup(t *testing.T) {
	c := newClient(t)
	one := c.must(201, http.MethodPost, "/flows/vault/connections", object{"name": "v", "app_id": "HTTP"})
	if refreshed, shown := one["refreshed_at"]; one["ready"] != false || refreshed != nil || !shown {
		t.Errorf("a new connection is %v", one)
	}
	changed := c.must(200, http.MethodPatch, "/flows/vault/connections/"+one["id"].(string), object{"setup": object{"type": "BEARER", "token": "hidden"}})
	if changed["setup"] != nil || changed["ready"] != true || changed["fingerprint"] == one["fingerprint"] {
		t.Errorf("set up it is %v", changed)
	}
	c.must(400, http.MethodPatch, "/flows/vault/connections/"+one["id"].(string), object{"app_id": "SLACK"})
}
