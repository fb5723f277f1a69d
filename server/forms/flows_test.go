package forms_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// act returns an action of a flow.
func act(id, kind, name string, params object) object {
	return object{"id": id, "type": kind, "action": name, "allow_failure": false, "mask_output": false, "params": params}
}

// flow creates a flow and returns its id.
func (tn tenant) flow(actions ...object) string {
	tn.t.Helper()
	return tn.create("flows", object{"name": "Flow", "actions": actions})
}

// vault creates a vault connection with the management application's credentials.
func (tn tenant) vault() string {
	tn.t.Helper()
	return tn.create("flows/vault/connections", object{"name": "M2M", "app_id": "AUTH0", "setup": object{
		"type": "OAUTH_APP", "client_id": servertest.Management, "client_secret": servertest.ManagementSecret,
		"domain": tn.host(), "audience": tn.URL + "api/v2/",
	}})
}

func (tn tenant) host() string {
	return strings.TrimSuffix(strings.TrimPrefix(tn.URL, "https://"), "/")
}

// runs returns a node that runs a flow.
func runs(id, flow, next string) object {
	return object{"id": id, "type": "FLOW", "config": object{"flow_id": flow, "next_node": next}}
}

// executions returns the executions of a flow, with the results of their actions.
func (tn tenant) executions(flow string) (all []object) {
	tn.t.Helper()
	_, listed := tn.Manage(tn.browser, http.MethodGet, "flows/"+flow+"/executions", nil)
	list, _ := listed.([]any)
	for _, one := range list {
		id, _ := one.(object)["id"].(string)
		if _, shown := one.(object)["debug"]; shown {
			tn.t.Errorf("a list shows what actions did: %v", one)
		}
		_, whole := tn.Manage(tn.browser, http.MethodGet, "flows/"+flow+"/executions/"+id+"?hydrate=debug", nil)
		all = append(all, whole.(object))
	}
	return all
}

func text(value any) string {
	raw, _ := json.Marshal(value)
	return string(raw)
}

func TestAFlowUpdatesTheUser(t *testing.T) {
	tn := start(t)
	flow := tn.flow(act("update", "AUTH0", "UPDATE_USER", object{
		"connection_id": tn.vault(), "user_id": "{{context.user.user_id}}",
		"changes": object{"user_metadata": object{"company": "{{fields.company}}", "at": "{{functions.toTimestamp()}}", "quiet": "{{fields.quiet}}"}},
	}))
	form := tn.form(nil,
		step("one", "flow", field("TEXT", "company", nil), object{"id": "quiet", "category": "FIELD", "type": "TEXT", "label": "Quiet", "sensitive": true, "config": object{}}),
		runs("flow", flow, "two"),
		step("two", "$ending", block("RICH_TEXT", "r", object{"content": "<p>Kept {{context.user.user_metadata.company}}</p>"})),
	)
	page := tn.next(tn.at(form), "company", "Acme", "quiet", "hush-hush")
	says(t, page, "Kept Acme")
	tn.done(tn.send(page))
	_, users := tn.Manage(tn.browser, http.MethodGet, "users-by-email?email="+servertest.Employee, nil)
	metadata, _ := users.([]any)[0].(object)["user_metadata"].(object)
	if metadata["company"] != "Acme" || metadata["quiet"] != "hush-hush" {
		t.Errorf("the user has %v", metadata)
	}
	if _, number := metadata["at"].(float64); !number {
		t.Errorf("the time is %v and no number", metadata["at"])
	}
	all := tn.executions(flow)
	if len(all) != 1 || all[0]["status"] != "COMPLETED" || all[0]["journey_id"] == "" || !strings.Contains(text(all[0]["debug"]), "Acme") {
		t.Fatalf("the executions are %v", all)
	}
	if shown := text(all[0]); strings.Contains(shown, "hush-hush") || strings.Contains(shown, servertest.ManagementSecret) {
		t.Errorf("the execution shows secrets: %s", shown)
	}
	if events := tn.logged("flows_execution_completed"); len(events) != 1 {
		t.Errorf("the log has %v", events)
	}
	_, kept := tn.Manage(tn.browser, http.MethodGet, "flows/"+flow, nil)
	if at, _ := kept.(object)["executed_at"].(string); at == "" {
		t.Errorf("the flow does not say when it ran: %v", kept)
	}
}

func TestWhatAFlowMayDoIsWhatItsApplicationMay(t *testing.T) {
	tn := start(t)
	wrong := tn.create("flows/vault/connections", object{"name": "wrong", "app_id": "AUTH0", "setup": object{"type": "OAUTH_APP", "client_id": servertest.Management, "client_secret": "guess", "domain": tn.host()}})
	other := tn.create("flows/vault/connections", object{"name": "other", "app_id": "AUTH0", "setup": object{"type": "OAUTH_APP", "client_id": servertest.Cron, "client_secret": servertest.CronSecret, "domain": tn.host()}})
	empty := tn.create("flows/vault/connections", object{"name": "empty", "app_id": "AUTH0"})
	foreign := tn.create("flows/vault/connections", object{"name": "foreign", "app_id": "AUTH0", "setup": object{"type": "OAUTH_APP", "client_id": servertest.Management, "client_secret": servertest.ManagementSecret, "domain": "other.eu.auth0.com"}})
	http1 := tn.create("flows/vault/connections", object{"name": "http", "app_id": "HTTP", "setup": object{"type": "BEARER", "token": "t"}})
	for connection, why := range map[string]string{
		wrong: "is not the secret of the application", other: "no grant", empty: "is not set up", foreign: "is for the tenant other.eu.auth0.com", http1: "is for HTTP", "ac_none": "there is no vault connection", "": "is missing",
	} {
		flow := tn.flow(act("update", "AUTH0", "UPDATE_USER", object{"connection_id": connection, "user_id": "{{context.user.user_id}}", "changes": object{"name": "Evil"}}))
		form := tn.form(nil, step("one", "flow"), runs("flow", flow, "$ending"))
		_, page := tn.send(tn.at(form))
		if page.Status != http.StatusBadRequest || !strings.Contains(words(page), why) {
			t.Errorf("want %q, got %d %s", why, page.Status, words(page))
		}
		if all := tn.executions(flow); len(all) != 1 || all[0]["status"] != "FAILED" {
			t.Errorf("the executions are %v", all)
		}
	}
	_, users := tn.Manage(tn.browser, http.MethodGet, "users-by-email?email="+servertest.Employee, nil)
	if users.([]any)[0].(object)["name"] == "Evil" {
		t.Error("the user was changed")
	}
}

func TestActionsOfOtherServicesAreNamed(t *testing.T) {
	tn := start(t)
	for _, one := range []struct {
		kind, name string
		params     object
	}{
		{"STRIPE", "CREATE_CUSTOMER", object{}},
		{"TWILIO", "SEND_SMS", object{"from": "+1", "to": "+2", "message": "x"}},
		{"SALESFORCE", "CREATE_LEAD", object{"last_name": "x", "company": "y"}},
		{"SLACK", "POST_MESSAGE", object{}},
		{"AUTH0", "SEND_REQUEST", object{"pathname": "/api/v2/users"}},
	} {
		one.params["connection_id"] = "ac_x"
		flow := tn.flow(act("a", one.kind, one.name, one.params))
		form := tn.form(nil, step("one", "flow"), runs("flow", flow, "$ending"))
		_, page := tn.send(tn.at(form))
		says(t, page, "tenant0 does not emulate the action "+one.name+" of "+one.kind)
	}
	// An allowed failure does not stop the flow.
	allowed := act("a", "STRIPE", "CREATE_CUSTOMER", object{"connection_id": "ac_x"})
	allowed["allow_failure"] = true
	form := tn.form(nil, step("one", "flow"), runs("flow", tn.flow(allowed), "$ending"))
	tn.done(tn.send(tn.at(form)))
}

// TestAnAddressIsProvedByACode sends a code by e-mail, sends it again by the button, and accepts it once.
func TestAnAddressIsProvedByACode(t *testing.T) {
	tn := start(t)
	sends := tn.flow(
		act("code", "OTP", "GENERATE_CODE", object{"reference": "{{fields.mail}}", "length": 6}),
		act("mail", "AUTH0", "SEND_EMAIL", object{
			"to": "{{fields.mail}}", "subject": "Code {{ custom_vars.code }}", "body": "<p>{{ custom_vars.code }} for {{ user.email }}{{fields.mail}}</p>", "custom_vars": object{"code": "{{actions.code.code}}"},
		}),
	)
	checks := tn.flow(
		act("check", "OTP", "VERIFY_CODE", object{"reference": "{{fields.mail}}", "code": "{{fields.code}}"}),
		act("if", "FLOW", "BOOLEAN_CONDITION", object{
			"if":   object{"operator": "AND", "operands": []object{{"operator": "IS_TRUE", "operands": []any{"{{actions.check.valid}}"}}}},
			"then": []object{act("keep", "FLOW", "STORE_VARS", object{"vars": object{"proved": "{{fields.mail}}"}})},
			"else": []object{act("say", "FLOW", "ERROR_MESSAGE", object{"message": "{{t('wrong')}} ({{actions.check.result}})"})},
		}),
		act("never", "FLOW", "DO_NOTHING", object{}),
	)
	form := tn.form(object{"messages": object{"custom": object{"wrong": "This is not the code"}}},
		step("one", "send", field("EMAIL", "mail", nil)),
		runs("send", sends, "two"),
		step("two", "check", field("TEXT", "code", nil), block("RESEND_BUTTON", "again", object{
			"active_text": "No code?", "button_text": "Send it again", "waiting_text": "Again in {{remaining_seconds}} seconds", "flow_id": sends, "max_attempts": 2, "waiting_time": 30,
		})),
		runs("check", checks, "three"),
		step("three", "$ending", block("RICH_TEXT", "r", object{"content": "<p>Proved {{vars.proved}}</p>"})),
	)
	const to = "new@exampleco.com"
	page := tn.next(tn.at(form), "mail", to)
	first := tn.WaitForMessage(to, "flow")
	if first.Code == "" || first.Subject != "Code "+first.Code || !strings.Contains(first.HTML, first.Code+" for "+servertest.Employee+"</p>") {
		t.Fatalf("the e-mail is %+v", first)
	}
	tn.ClearInbox()
	page = tn.next(page, "action", "resend::again")
	says(t, page, "Again in 30 seconds")
	if again := tn.next(page, "action", "resend::again"); again.Body != page.Body {
		t.Error("the button works while it has to wait")
	}
	second := tn.WaitForMessage(to, "flow")
	tn.Advance(31e9)
	_, wrong := tn.send(page, "code", first.Code)
	if first.Code != second.Code {
		says(t, wrong, "This is not the code (UNEQUAL)", "Send it again")
	}
	proved := tn.next(wrong, "code", second.Code)
	says(t, proved, "Proved "+to)
	tn.done(tn.send(proved))
	for _, flow := range []string{sends, checks} {
		if shown := text(tn.executions(flow)); strings.Contains(shown, second.Code) {
			t.Errorf("an execution shows the code: %s", shown)
		}
	}
}

func TestCodesCannotBeGuessedForEver(t *testing.T) {
	tn := start(t)
	check := func(code string) object {
		return act("check", "OTP", "VERIFY_CODE", object{"reference": "r", "code": code})
	}
	form := tn.form(nil,
		step("one", "make"),
		runs("make", tn.flow(act("code", "OTP", "GENERATE_CODE", object{"reference": "r", "length": 10}), act("keep", "FLOW", "STORE_VARS", object{"vars": object{"code": "{{actions.code.code}}"}})), "two"),
		step("two", "check", field("TEXT", "code", object{"optional": true})),
		runs("check", tn.flow(check("{{fields.code ?? vars.code}}"), act("say", "FLOW", "ERROR_MESSAGE", object{"message": "It is {{actions.check.result}}."})), "two"),
	)
	page := tn.next(tn.at(form))
	for range 10 {
		_, page = tn.send(page, "code", "0")
		says(t, page, "It is UNEQUAL.")
	}
	_, page = tn.send(page)
	says(t, page, "It is MISSING.")

	second := tn.other()
	page = second.next(second.at(form))
	tn.Advance(5 * 60e9)
	_, page = second.send(page)
	says(t, page, "It is EXPIRED.")
}

func TestActionsThatNeedNobody(t *testing.T) {
	tn := start(t)
	jwt := tn.create("flows/vault/connections", object{"name": "jwt", "app_id": "JWT", "setup": object{"type": "JWT", "algorithm": "HS256", "secret": "short"}})
	for _, test := range []struct {
		want    string
		actions []object
		show    string
	}{
		{"b", []object{act("m", "FLOW", "MAP_VALUE", object{"input": "{{fields.x}}", "cases": object{"a": "b"}, "fallback": "c"})}, "{{actions.m.result}}"},
		{"c", []object{act("m", "FLOW", "MAP_VALUE", object{"input": "?", "cases": object{"a": "b"}, "fallback": "c"})}, "{{actions.m.result}}"},
		{`{"n":1}`, []object{act("c", "JSON", "CREATE_JSON", object{"object": object{"n": 1}}), act("s", "JSON", "SERIALIZE_JSON", object{"object": "{{actions.c.result}}"})}, "{{actions.s.json}}"},
		{"John", []object{act("p", "JSON", "PARSE_JSON", object{"json": `{"name":"John"}`})}, "{{actions.p.object.name}}"},
		{`<name>J&amp;D</name>`, []object{act("x", "XML", "SERIALIZE_XML", object{"object": object{"name": "J&D"}})}, "{{actions.x.xml}}"},
		{"2", []object{act("x", "XML", "PARSE_XML", object{"xml": "<a><b>1</b><b>2</b></a>"})}, "{{actions.x.object.a.b[1]}}"},
		{"true me", []object{act("s", "JWT", "SIGN_JWT", object{"connection_id": jwt, "payload": object{"name": "me"}, "audience": "a", "expires_in": "60"}), act("v", "JWT", "VERIFY_JWT", object{"connection_id": jwt, "token": "{{actions.s.token}}", "audience": "a"})}, "{{actions.v.valid}} {{actions.v.payload.name}}"},
		{"INVALID_AUDIENCE", []object{act("s", "JWT", "SIGN_JWT", object{"connection_id": jwt, "audience": "a"}), act("v", "JWT", "VERIFY_JWT", object{"connection_id": jwt, "token": "{{actions.s.token}}", "audience": "b"})}, "{{actions.v.cause}}"},
		{"INVALID_SIGNATURE", []object{act("v", "JWT", "VERIFY_JWT", object{"connection_id": jwt, "token": "eyJhbGciOiJub25lIn0.e30."})}, "{{actions.v.cause}}"},
		{"TOKEN_EXPIRED", []object{act("s", "JWT", "SIGN_JWT", object{"connection_id": jwt, "expires_in": "-1"}), act("v", "JWT", "VERIFY_JWT", object{"connection_id": jwt, "token": "{{actions.s.token}}"})}, "{{actions.v.cause}}"},
		{"HS256", []object{act("s", "JWT", "SIGN_JWT", object{"connection_id": jwt}), act("d", "JWT", "DECODE_JWT", object{"token": "{{actions.s.token}}"})}, "{{actions.d.header.alg}}"},
		{"FREE_EMAIL", []object{act("e", "EMAIL", "VERIFY_EMAIL", object{"email": "x@gmail.com", "rules": object{"block_free_emails": true}})}, "{{actions.e.cause}}"},
		{"NOT_ALLOWED", []object{act("e", "EMAIL", "VERIFY_EMAIL", object{"email": "x@gmail.com", "rules": object{"allowlist": []string{"exampleco.com"}}})}, "{{actions.e.cause}}"},
		{"true", []object{act("e", "EMAIL", "VERIFY_EMAIL", object{"email": "x@exampleco.com", "rules": object{"allowlist": []string{"exampleco.com"}}})}, "{{actions.e.valid}}"},
		{"waited", []object{act("d", "FLOW", "DELAY_FLOW", object{"number": 0, "units": "SECONDS"})}, "waited"},
	} {
		flow := tn.flow(append(test.actions, act("say", "FLOW", "ERROR_MESSAGE", object{"message": "[" + test.show + "]"}))...)
		form := tn.form(nil, step("one", "flow", field("TEXT", "x", nil)), runs("flow", flow, "$ending"))
		_, page := tn.send(tn.at(form), "x", "a")
		if !strings.Contains(words(page), test.want) {
			t.Errorf("want %s, got %s", test.want, words(page))
		}
	}
	for why, action := range map[string]object{
		"document type":        act("x", "XML", "PARSE_XML", object{"xml": `<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`}),
		"delays of more":       act("d", "FLOW", "DELAY_FLOW", object{"number": 2, "units": "DAYS"}),
		"sends no DNS queries": act("e", "EMAIL", "VERIFY_EMAIL", object{"email": "x@y.zz", "rules": object{"require_mx_record": true}}),
		"there is no flow":     nil,
		"user_id":              act("u", "AUTH0", "GET_USER", object{"connection_id": tn.vault(), "user_id": "{{vars.nobody}}"}),
	} {
		flow := "af_none"
		if action != nil {
			flow = tn.flow(action)
		}
		form := tn.form(nil, step("one", "flow"), runs("flow", flow, "$ending"))
		_, page := tn.send(tn.at(form))
		says(t, page, why)
	}
}

func TestRequestsGoWhereTheyMay(t *testing.T) {
	asked := make(chan string, 4)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- fmt.Sprint(r.Method, " ", r.URL.RequestURI(), " ", r.Header.Get("Authorization"), " ", r.Header.Get("Content-Type"), " ", string(body))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"made"}`)
	}))
	defer api.Close()
	for upstream, works := range map[string]bool{"loopback": true, "none": false} {
		s := servertest.Start(t, servertest.Config(func(c *config.Config) { c.Upstream = upstream }))
		tn := tenant{s, s.Client(), t}
		bearer := tn.create("flows/vault/connections", object{"name": "http", "app_id": "HTTP", "setup": object{"type": "BEARER", "token": "top-secret"}})
		flow := tn.flow(
			act("send", "HTTP", "SEND_REQUEST", object{"connection_id": bearer, "method": "POST", "url": api.URL + "/things", "params": object{"q": "{{fields.x}}"}, "payload": object{"x": "{{fields.x}}"}}),
			act("say", "FLOW", "ERROR_MESSAGE", object{"message": "{{actions.send.status}} {{actions.send.success}} {{actions.send.body.id}}"}),
		)
		form := tn.form(nil, step("one", "flow", field("TEXT", "x", nil)), runs("flow", flow, "$ending"))
		_, page := tn.send(tn.at(form), "x", "a b")
		if !works {
			says(t, page, "the setting upstream lets no request go there")
			continue
		}
		says(t, page, "201 true made")
		diff(t, "the request", <-asked, `POST /things?q=a+b Bearer top-secret application/json {"x":"a b"}`)
		if shown := text(tn.executions(flow)); strings.Contains(shown, "top-secret") {
			t.Errorf("the execution shows the token: %s", shown)
		}
	}
}

// TestARequestGetsItsTokenFirst, if its vault connection has client credentials.
func TestARequestGetsItsTokenFirst(t *testing.T) {
	asked := make(chan string, 4)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- fmt.Sprint(r.URL.Path, " ", r.Header.Get("Authorization"), " ", string(body))
		switch {
		case r.URL.Path != "/token":
		case strings.Contains(string(body), "client_secret=right"):
			_, _ = io.WriteString(w, `{"access_token":"a-token-of-theirs"}`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
		}
	}))
	defer api.Close()
	tn := start(t)
	send := func(secret string) (flow string, page servertest.Page) {
		vault := tn.create("flows/vault/connections", object{"name": "http", "app_id": "HTTP", "setup": object{
			"type": "OAUTH_CLIENT_CREDENTIALS", "client_id": "c", "client_secret": secret, "token_endpoint": api.URL + "/token", "audience": "https://a.example", "scope": "read write",
		}})
		flow = tn.flow(
			act("send", "HTTP", "SEND_REQUEST", object{"connection_id": vault, "url": api.URL + "/things"}),
			act("say", "FLOW", "ERROR_MESSAGE", object{"message": "status {{actions.send.status}}"}),
		)
		_, page = tn.send(tn.at(tn.form(nil, step("one", "flow"), runs("flow", flow, "$ending"))))
		return flow, page
	}
	flow, page := send("right")
	says(t, page, "status 200")
	diff(t, "the first request", <-asked, "/token  audience=https%3A%2F%2Fa.example&client_id=c&client_secret=right&grant_type=client_credentials&scope=read+write")
	diff(t, "the second request", <-asked, "/things Bearer a-token-of-theirs ")
	if shown := text(tn.executions(flow)); strings.Contains(shown, "a-token-of-theirs") || strings.Contains(shown, "right") {
		t.Errorf("the execution shows secrets: %s", shown)
	}
	_, page = send("wrong")
	says(t, page, "the token endpoint of its vault connection answers 401 invalid_client")
	<-asked
	select {
	case more := <-asked:
		t.Errorf("without a token it sends %s", more)
	default:
	}
}

// TestTheLastFlowRunsAtTheEnd, where its error message no longer has an effect.
func TestTheLastFlowRunsAtTheEnd(t *testing.T) {
	tn := start(t)
	flow := tn.flow(act("say", "FLOW", "ERROR_MESSAGE", object{"message": "late"}))
	form := tn.form(object{"ending": object{"resume_flow": true, "after_submit": object{"flow_id": flow}}}, step("one", "$ending"))
	tn.done(tn.send(tn.at(form)))
	if all := tn.executions(flow); len(all) != 1 {
		t.Errorf("the executions are %v", all)
	}
}

func TestAUserIsMadeByAFlow(t *testing.T) {
	tn := start(t)
	vault := tn.vault()
	_, connections := tn.Manage(tn.browser, http.MethodGet, "connections?strategy=auth0", nil)
	connection := connections.([]any)[0].(object)["name"]
	flow := tn.flow(
		act("make", "AUTH0", "CREATE_USER", object{"connection_id": vault, "payload": object{"connection": connection, "email": "{{fields.mail}}", "password": "{{fields.secret}}"}}),
		act("get", "AUTH0", "GET_USER", object{"connection_id": vault, "user_id": "{{actions.make.user_id}}"}),
		act("say", "FLOW", "ERROR_MESSAGE", object{"message": "{{actions.get.email}}"}),
	)
	form := tn.form(nil, step("one", "flow", field("EMAIL", "mail", nil), field("PASSWORD", "secret", nil)), runs("flow", flow, "$ending"))
	_, page := tn.send(tn.at(form), "mail", "made@exampleco.com", "secret", "x")
	if strings.Contains(words(page), "made@exampleco.com") {
		t.Errorf("a weak password does: %s", words(page))
	}
	_, page = tn.send(page, "mail", "made@exampleco.com", "secret", servertest.Password)
	says(t, page, "made@exampleco.com")
	if shown := text(tn.executions(flow)); strings.Contains(shown, servertest.Password) {
		t.Errorf("the execution shows the password: %s", shown)
	}
}
