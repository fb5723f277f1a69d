package management_test

import (
	"net/http"
	"testing"
)

func TestFlowsAndForms(t *testing.T) {
	c := newClient(t)
	flow := c.must(201, http.MethodPost, "/flows", object{"name": "f", "actions": []object{{"id": "a", "type": "FLOW", "action": "DO_NOTHING"}}})
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

// unfit checks that a POST of a body is refused, and with which message.
func (c *client) unfit(path string, body object, why string) {
	c.t.Helper()
	if answer := c.must(400, http.MethodPost, path, body); answer["message"] != "Payload validation error: '"+why+"." || answer["errorCode"] != "invalid_body" {
		c.t.Errorf("POST %s %v: %v, want %s", path, body, answer, why)
	}
}

const noSchema = "Data does not match any schemas from 'oneOf''"

// TestTheGraphOfAForm checks the rules of Auth0's OpenAPI document for the nodes of a form and their contents.
func TestTheGraphOfAForm(t *testing.T) {
	c := newClient(t)
	step := func(components ...object) object {
		return object{"id": "one", "type": "STEP", "config": object{"components": append([]object{}, components...), "next_node": "$ending"}}
	}
	for _, good := range []object{
		step(),
		{"id": "one", "type": "STEP"},
		{"id": "one", "type": "ROUTER", "alias": "Which", "coordinates": object{"x": -5, "y": 10}},
		{"id": "one", "type": "FLOW", "config": object{"flow_id": "af_x"}},
		{"id": "one", "type": "ROUTER", "config": object{"fallback": "$ending", "rules": []object{{"id": "r", "condition": object{"operator": "AND"}, "next_node": "two"}}}},
		step(object{"id": "a", "category": "FIELD", "type": "TEXT", "label": "A", "config": object{"min_length": 1}}, object{"id": "b", "category": "BLOCK", "type": "DIVIDER"}),
		step(object{"id": "a", "category": "FIELD", "type": "NUMBER", "config": object{"min_value": -3, "default_value": -1.5}}),
		step(object{"id": "a", "category": "FIELD", "type": "PAYMENT", "config": object{
			"charge": object{"type": "ONE_OFF", "one_off": object{"amount": 0.5, "currency": "EUR"}}, "credentials": object{"public_key": "pk", "private_key": "sk"},
		}}),
		step(object{"id": "a", "category": "FIELD", "type": "CUSTOM", "config": object{"schema": object{}, "code": "function x() {}", "params": object{"a": "b"}}}),
		step(object{"id": "a", "category": "WIDGET", "type": "RECAPTCHA", "config": object{"site_key": "a", "secret_key": "b"}}),
	} {
		if status, answer := c.do(http.MethodPost, "/forms", object{"name": "f", "nodes": []object{good}}); status != http.StatusCreated {
			t.Errorf("%v: %d %v", good, status, answer)
		}
	}
	for name, bad := range map[string]object{
		"no id": {"type": "STEP"}, "no type": {"id": "one"}, "another type": {"id": "one", "type": "ACTION"},
		"a member of its own":       {"id": "one", "type": "STEP", "next": "two"},
		"a pointer that is no text": {"id": "one", "type": "STEP", "config": object{"next_node": 2}},
		"a flow without its id":     {"id": "one", "type": "FLOW", "config": object{"next_node": "two"}}, "a flow without config": {"id": "one", "type": "FLOW"},
		"a rule without condition": {"id": "one", "type": "ROUTER", "config": object{"rules": []object{{"id": "r", "next_node": "two"}}}},
		"an unknown component":     step(object{"id": "a", "category": "FIELD", "type": "COLOR"}),
		"a field that is a block":  step(object{"id": "a", "category": "BLOCK", "type": "TEXT"}),
		"another's setting":        step(object{"id": "a", "category": "FIELD", "type": "TEXT", "config": object{"country_picker": true}}),
		"a jump to nowhere":        step(object{"id": "a", "category": "BLOCK", "type": "JUMP_BUTTON", "config": object{"text": "Jump"}}),
		"a payment in no currency": step(object{"id": "a", "category": "FIELD", "type": "PAYMENT", "config": object{
			"charge": object{"type": "ONE_OFF", "one_off": object{"amount": 0, "currency": "EUR"}}, "credentials": object{"public_key": "pk", "private_key": "sk"},
		}}),
	} {
		t.Log(name)
		c.unfit("/forms", object{"name": "f", "nodes": []object{step(), bad}}, noSchema+" on property nodes[1]")
	}
	form := c.must(201, http.MethodPost, "/forms", object{"name": "f", "nodes": []object{step()}})["id"].(string)
	c.must(400, http.MethodPatch, "/forms/"+form, object{"nodes": []object{{"id": "one"}}})
	c.must(200, http.MethodPatch, "/forms/"+form, object{"nodes": nil, "ending": nil})
	for why, parts := range map[string]object{
		"No enum match for: false' on property ending.resume_flow":                     {"ending": object{"resume_flow": false}},
		"Missing required property: target' on property ending.redirection":            {"ending": object{"redirection": object{"delay": 1}}},
		"Value 11 is greater than maximum 10' on property ending.redirection.delay":    {"ending": object{"redirection": object{"delay": 11, "target": "https://a.example"}}},
		"Additional properties not allowed: node' on property start":                   {"start": object{"node": "one"}},
		"Missing required property: key' on property start.hidden_fields[0]":           {"start": object{"hidden_fields": []object{{"value": "x"}}}},
		"Expected type object but found type string' on property translations.es":      {"translations": object{"es": "x"}},
		"String is too short (0 chars), minimum 1' on property messages.custom.hello":  {"messages": object{"custom": object{"hello": ""}}},
		"Additional properties not allowed: secondary' on property languages":          {"languages": object{"secondary": "es"}},
		"Expected type integer but found type number' on property start.coordinates.x": {"start": object{"coordinates": object{"x": 1.5, "y": 0}}},
	} {
		parts["name"] = "f"
		c.unfit("/forms", parts, why)
	}
}

// TestTheActionsOfAFlow: the server accepts Auth0's actions with their own parameters, and no others.
func TestTheActionsOfAFlow(t *testing.T) {
	c := newClient(t)
	act := func(kind, name string, params object) object {
		return object{"id": "a", "type": kind, "action": name, "allow_failure": false, "mask_output": false, "params": params}
	}
	always := object{"operator": "AND", "operands": []object{}}
	for _, good := range []object{
		{"id": "a", "type": "FLOW", "action": "DO_NOTHING"},
		act("SLACK", "POST_MESSAGE", object{"connection_id": "ac_x", "text": "hi"}),
		act("FLOW", "BOOLEAN_CONDITION", object{"if": always, "then": []object{act("FLOW", "BOOLEAN_CONDITION", object{"if": always, "else": []object{act("FLOW", "ERROR_MESSAGE", object{"message": "no"})}})}}),
		act("FLOW", "DELAY_FLOW", object{"number": "{{fields.n}}"}), act("HTTP", "SEND_REQUEST", object{"url": "https://a.example", "payload": []any{1}}),
	} {
		c.must(201, http.MethodPost, "/flows", object{"name": "f", "actions": []object{good}})
	}
	for _, bad := range []object{
		act("FLOW", "DO_EVERYTHING", object{}), act("HTTP", "SEND_REQUEST", object{}), act("SLACK", "POST_MESSAGE", object{}), act("FLOW", "ERROR_MESSAGE", nil),
		act("FLOW", "BOOLEAN_CONDITION", object{"condition": always}),
		act("FLOW", "BOOLEAN_CONDITION", object{"if": always, "then": []object{act("FLOW", "ERROR_MESSAGE", object{})}}),
		act("HTTP", "SEND_REQUEST", object{"url": "https://a.example", "method": "TRACE"}), act("JSON", "CREATE_JSON", object{"payload": object{}}),
		act("AUTH0", "GET_USER", object{"connection_id": "ac_x"}),
	} {
		c.unfit("/flows", object{"name": "f", "actions": []object{bad}}, noSchema+" on property actions[0]")
	}
}

// TestTheSetupOfAVaultConnection: the setup must be one that the connection's service accepts.
func TestTheSetupOfAVaultConnection(t *testing.T) {
	c := newClient(t)
	for app, good := range map[string]object{
		"HTTP": {"type": "API_KEY", "name": "X-Key", "value": "v", "in": "HEADER"}, "AUTH0": {"type": "OAUTH_APP", "client_id": "a", "client_secret": "b", "domain": "c.example"},
		"JWT": {"type": "JWT", "algorithm": "RS256", "signing_key": "x"}, "TELEGRAM": {"type": "TOKEN", "token": "t"}, "SALESFORCE": {"type": "OAUTH_CODE", "code": "c"},
		"STRIPE": {"type": "KEY_PAIR", "private_key": "a", "public_key": "b"}, "ZAPIER": {"type": "WEBHOOK", "url": "https://a.example"},
	} {
		if made := c.must(201, http.MethodPost, "/flows/vault/connections", object{"name": "v", "app_id": app, "setup": good}); made["ready"] != true {
			t.Errorf("%s is %v", app, made)
		}
	}
	for _, bad := range []object{
		{},
		{"type": "BEARER"},
		{"type": "BEARER", "token": "t", "scope": "x"},
		{"type": "API_KEY", "name": "X-Key", "value": "v", "in": "BODY"},
		{"token": "t"},
		{"type": "TOKEN", "token": "t"},
	} {
		c.unfit("/flows/vault/connections", object{"name": "v", "app_id": "HTTP", "setup": bad}, noSchema)
	}
	id := c.must(201, http.MethodPost, "/flows/vault/connections", object{"name": "v", "app_id": "HTTP", "setup": object{"type": "BEARER", "token": "t"}})["id"].(string)
	c.must(400, http.MethodPatch, "/flows/vault/connections/"+id, object{"setup": object{"type": "TOKEN", "token": "t"}})
	c.must(200, http.MethodPatch, "/flows/vault/connections/"+id, object{"name": "w"})
}
