package forms_test

import (
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

type object = map[string]any

// tenant is a running tenant with a browser.
type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t)
	return tenant{s, s.Client(), t}
}

func (tn tenant) other() tenant { return tenant{tn.Server, tn.Client(), tn.t} }

// create creates an object through the Management API and returns its id.
func (tn tenant) create(path string, body object) string {
	tn.t.Helper()
	status, answer := tn.Manage(tn.browser, http.MethodPost, path, body)
	made, _ := answer.(object)
	id, _ := made["id"].(string)
	if status != http.StatusCreated || id == "" {
		tn.t.Fatalf("POST /%s: %d %v", path, status, answer)
	}
	return id
}

// form creates a form that starts at its first node, and shows it in all logins.
func (tn tenant) form(more object, nodes ...object) string {
	tn.t.Helper()
	body := object{
		"name": "Profile", "start": object{"next_node": nodes[0]["id"]}, "nodes": nodes, "ending": object{"resume_flow": true},
	}
	maps.Copy(body, more)
	id := tn.create("forms", body)
	tn.Render(id, "", nil, nil)
	return id
}

// step returns a step with components and a button that continues.
func step(id, next string, components ...object) object {
	components = append(components, object{"id": "next_" + id, "category": "BLOCK", "type": "NEXT_BUTTON", "config": object{"text": "Continue"}})
	return object{"id": id, "type": "STEP", "config": object{"components": components, "next_node": next}}
}

// field returns a field that is required unless its config has the member "optional".
func field(kind, id string, config object) object {
	required := config["optional"] == nil
	config = maps.Clone(config)
	delete(config, "optional")
	if config == nil {
		config = object{}
	}
	return object{"id": id, "category": "FIELD", "type": kind, "label": strings.ToUpper(id[:1]) + id[1:], "required": required, "config": config}
}

func block(kind, id string, config object) object {
	return object{"id": id, "category": "BLOCK", "type": kind, "config": config}
}

// login logs in the employee or the named user, and returns where the login ends.
func (tn tenant) login(username ...string) (left *url.URL, page servertest.Page) {
	tn.t.Helper()
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
	left, page = tn.Visit(tn.browser, target)
	if left == nil && page.URL.Path == "/u/login" {
		form := page.Form()
		form.Set("username", append(username, servertest.Employee)[0])
		form.Set("password", servertest.Password)
		left, page = tn.Submit(tn.browser, page, form)
	}
	return left, page
}

// at logs in and expects the form's page.
func (tn tenant) at(form string) servertest.Page {
	tn.t.Helper()
	left, page := tn.login()
	if left != nil || page.URL.Path != "/u/custom-prompt/"+form || page.Status != http.StatusOK {
		tn.t.Fatalf("the login comes to %v, and the page %v with status %d\n%s", left, page.URL, page.Status, page.Body)
	}
	return page
}

// send fills in a page with pairs of names and values and submits it.
func (tn tenant) send(page servertest.Page, pairs ...string) (*url.URL, servertest.Page) {
	tn.t.Helper()
	form := page.Form()
	form.Set("action", "default")
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "action" || pairs[i] == "turn" || pairs[i] == "state" {
			form.Del(pairs[i])
		}
		form.Add(pairs[i], pairs[i+1])
	}
	return tn.Submit(tn.browser, page, form)
}

// next submits a page and expects another page of the form.
func (tn tenant) next(page servertest.Page, pairs ...string) servertest.Page {
	tn.t.Helper()
	left, next := tn.send(page, pairs...)
	if left != nil || next.Status != http.StatusOK {
		tn.t.Fatalf("sending %q comes to %v with status %d\n%s", pairs, left, next.Status, next.Body)
	}
	return next
}

// done checks that the login ended with a code.
func (tn tenant) done(left *url.URL, page servertest.Page) {
	tn.t.Helper()
	if left == nil || left.Query().Get("code") == "" {
		tn.t.Fatalf("the login comes to %v, status %d\n%s", left, page.Status, page.Body)
	}
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words returns the text of a page.
func words(page servertest.Page) string {
	_, body, _ := strings.Cut(page.Body, "<main")
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString("<main"+body, " "))), " ")
}

func says(t *testing.T, page servertest.Page, sentences ...string) {
	t.Helper()
	for _, sentence := range sentences {
		if !strings.Contains(words(page), sentence) {
			t.Errorf("the page does not say %q: %s", sentence, words(page))
		}
	}
}

func (tn tenant) logged(kind string) (events []object) {
	tn.t.Helper()
	_, answer := tn.Manage(tn.browser, http.MethodGet, "logs?per_page=100&q="+url.QueryEscape("type:"+kind), nil)
	all, _ := answer.([]any)
	for _, one := range all {
		if event, _ := one.(object); event["type"] == kind {
			events = append(events, event)
		}
	}
	return events
}

func TestAFormOfSeveralStepsIsShownInALogin(t *testing.T) {
	tn := start(t)
	form := tn.form(nil,
		step("one", "two", block("RICH_TEXT", "intro", object{"content": "<h2>Welcome, {{context.user.email}}</h2>"}), field("TEXT", "company", object{"min_length": 3})),
		step("two", "$ending", block("PREVIOUS_BUTTON", "back", object{"text": "Back"}), field("NUMBER", "staff", object{"min_value": 1})),
	)
	page := tn.at(form)
	says(t, page, "Welcome, "+servertest.Employee, "Company", "Continue")
	diff(t, "policy", strings.Contains(page.Header.Get("Content-Security-Policy"), "script-src 'self'"), true)

	left, wrong := tn.send(page, "company", "ab")
	if left != nil || wrong.Status != http.StatusBadRequest || !strings.Contains(wrong.Body, `value="ab"`) || !strings.Contains(wrong.Body, `aria-invalid="true"`) {
		t.Fatalf("a short text comes to %v %d\n%s", left, wrong.Status, wrong.Body)
	}
	says(t, wrong, "This field must be at least 3 character(s).", "One or more fields are not valid. Please, check errors and try again.")

	second := tn.next(wrong, "company", "Acme")
	says(t, second, "Staff", "Back")
	first := tn.next(second, "action", "previous", "staff", "7")
	if !strings.Contains(first.Body, `value="Acme"`) {
		t.Errorf("what was entered is not there any more:\n%s", first.Body)
	}
	second = tn.next(first, "company", "Acme 2")
	if !strings.Contains(second.Body, `value="7"`) {
		t.Errorf("what was entered before going back is not there any more:\n%s", second.Body)
	}
	tn.done(tn.send(second, "staff", "8"))
	if events := tn.logged("forms_submission_succeeded"); len(events) != 1 || events[0]["details"].(object)["form_id"] != form {
		t.Errorf("the log has %v", events)
	}
	_, kept := tn.Manage(tn.browser, http.MethodGet, "forms/"+form, nil)
	if at, _ := kept.(object)["submitted_at"].(string); at == "" {
		t.Errorf("the form does not say when it was sent: %v", kept)
	}
	// The next login shows it again, as an Action without a condition would.
	tn.at(form)
}

func TestWhoMaySeeAForm(t *testing.T) {
	tn := start(t)
	form := tn.form(nil, step("one", "$ending", field("TEXT", "company", nil)))
	page := tn.at(form)

	t.Run("another browser", func(t *testing.T) {
		_, foreign := tn.other().Visit(tn.Client(), page.URL.String())
		if foreign.Status != http.StatusBadRequest || !strings.Contains(words(foreign), "another browser") {
			t.Errorf("it sees status %d\n%s", foreign.Status, words(foreign))
		}
		stranger := tn.other()
		if _, answer := stranger.send(page, "company", "Evil"); answer.Status != http.StatusBadRequest {
			t.Errorf("it sends with status %d", answer.Status)
		}
	})
	t.Run("another site", func(t *testing.T) {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page.URL.String(), strings.NewReader(page.Form().Encode()+"&company=Evil"))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rq.Header.Set("Origin", "https://evil.example")
		resp, err := tn.browser.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusForbidden {
			t.Errorf("it is answered %d\n%s", resp.StatusCode, body)
		}
	})
	t.Run("another form", func(t *testing.T) {
		other := tn.create("forms", object{"name": "Other", "start": object{"next_node": "x"}, "nodes": []object{step("x", "$ending", field("TEXT", "secret", nil))}})
		_, shown := tn.Visit(tn.browser, strings.Replace(page.URL.String(), form, other, 1))
		diff(t, "the page", shown.URL.Path, "/u/custom-prompt/"+form)
	})
	t.Run("another user in the same browser", func(t *testing.T) {
		second := tenant{tn.Server, tn.browser, t}
		target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"audience": {""}, "scope": {"openid"}, "prompt": {"login"}}})
		_, login := tn.Visit(tn.browser, target)
		login2 := login.Form()
		login2.Set("username", servertest.Manager)
		login2.Set("password", servertest.Password)
		left, own := tn.Submit(tn.browser, login, login2)
		if left != nil || own.URL.Path != "/u/custom-prompt/"+form {
			t.Fatalf("the other login comes to %v", left)
		}
		// The page of the first login now belongs to the other user, who has to start from the beginning.
		_, old := second.send(page, "company", "Mine")
		if old.URL == nil || old.URL.Path != "/u/custom-prompt/"+form || strings.Contains(old.Body, "Mine") {
			t.Errorf("what the first user's tab sends comes to %v\n%s", old.URL, old.Body)
		}
	})
	t.Run("nobody silently", func(t *testing.T) {
		target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"audience": {""}, "scope": {"openid"}, "prompt": {"none"}}})
		left, _ := tn.Visit(tn.browser, target)
		if left == nil || left.Query().Get("error") != "interaction_required" {
			t.Errorf("prompt=none comes to %v", left)
		}
	})
}

// TestWhatIsSentTwiceIsTakenOnce submits pages a second time.
func TestWhatIsSentTwiceIsTakenOnce(t *testing.T) {
	tn := start(t)
	form := tn.form(nil, step("one", "two", field("TEXT", "company", nil)), step("two", "$ending", field("TEXT", "place", nil)))
	page := tn.at(form)
	second := tn.next(page, "company", "Acme")
	again := tn.next(page, "company", "Changed")
	if again.Body != second.Body {
		t.Errorf("the first page sent again comes to\n%s\nand not to\n%s", again.Body, second.Body)
	}
	first := tn.next(second, "action", "previous", "place", "x")
	if !strings.Contains(first.Body, `value="Acme"`) {
		t.Errorf("the page that was sent again has changed what was entered:\n%s", first.Body)
	}
	second = tn.next(first, "company", "Acme")
	left, end := tn.send(second, "place", "Here")
	tn.done(left, end)
	left, end = tn.send(second, "place", "There")
	if left == nil || left.Query().Get("code") == "" {
		t.Errorf("the last page sent again comes to %v %v", left, end.URL)
	}
	if events := tn.logged("forms_submission_succeeded"); len(events) != 1 {
		t.Errorf("the form counts as sent %d times", len(events))
	}
}

func TestRoutersLeadByWhatIsKnown(t *testing.T) {
	rule := func(operator string, next string, operands ...any) object {
		return object{"id": operator + next, "condition": object{"operator": "AND", "operands": []object{{"operator": operator, "operands": operands}}}, "next_node": next}
	}
	tn := start(t)
	form := tn.form(object{"start": object{"next_node": "router", "hidden_fields": []object{{"key": "origin", "value": "{{vars.source}}"}}}},
		object{"id": "router", "type": "ROUTER", "config": object{"fallback": "one", "rules": []object{rule("STARTS_WITH", "$ending", "{{context.user.email}}", "manager")}}},
		step("one", "sort", field("NUMBER", "age", nil)),
		object{"id": "sort", "type": "ROUTER", "config": object{"fallback": "grown", "rules": []object{rule("LESS", "child", "{{fields.age}}", "18")}}},
		step("child", "$ending", block("RICH_TEXT", "c", object{"content": "<p>For children from {{fields.origin}}</p>"})),
		step("grown", "$ending", block("RICH_TEXT", "g", object{"content": "<p>For others</p>"})),
	)
	tn.Render(form, servertest.SPA, nil, map[string]any{"source": "the web"})
	says(t, tn.next(tn.at(form), "age", "7"), "For children from the web")
	second := tn.other()
	page := second.next(second.at(form), "age", "18")
	says(t, page, "For others")
	second.done(second.send(page))
	third := tn.other()
	third.done(third.login(servertest.Manager))
}

func TestJumpingTakesNothingAlong(t *testing.T) {
	tn := start(t)
	form := tn.form(nil,
		step("one", "$ending", field("TEXT", "company", nil), block("JUMP_BUTTON", "skip", object{"text": "Skip", "next_node": "two"})),
		step("two", "$ending", block("RICH_TEXT", "r", object{"content": "<p>Company: {{fields.company ?? 'none'}}</p>"}), block("PREVIOUS_BUTTON", "back", object{"text": "Back"})),
	)
	page := tn.next(tn.at(form), "action", "jump::skip", "company", "Acme")
	says(t, page, "Company: none")
	says(t, tn.next(page, "action", "previous"), "Company *", "Skip")
	_, wrong := tn.send(tn.at(form), "action", "jump::elsewhere")
	diff(t, "a button that is none", wrong.Status, http.StatusBadRequest)
}

func TestTheEndLeadsElsewhere(t *testing.T) {
	tn := start(t)
	form := tn.form(object{"ending": object{"redirection": object{"target": "https://elsewhere.example/{{fields.place}}"}}}, step("one", "$ending", field("TEXT", "place", nil)))
	page := tn.at(form)
	left, _ := tn.send(page, "place", "here")
	if left == nil || left.String() != "https://elsewhere.example/here" {
		t.Fatalf("the form ends at %v", left)
	}
	// A user who returns to the login sees the form again and gets no code.
	left, again := tn.Visit(tn.browser, tn.URL+"authorize/resume?"+page.URL.RawQuery)
	if left != nil || again.URL.Path != "/u/custom-prompt/"+form {
		t.Errorf("the login that was left goes on to %v", left)
	}
	for _, target := range []string{"javascript:alert(1)", "//evil.example", "{{fields.place}}"} {
		tn.Manage(tn.browser, http.MethodPatch, "forms/"+form, object{"ending": object{"redirection": object{"target": target}}})
		left, end := tn.send(tn.at(form), "place", "javascript:alert(1)")
		if left != nil || end.Status != http.StatusBadRequest {
			t.Errorf("%s leads to %v", target, left)
		}
	}
}

// TestNothingThatIsEnteredBecomesMarkUp enters HTML and shows it in every place that a form has.
func TestNothingThatIsEnteredBecomesMarkUp(t *testing.T) {
	tn := start(t)
	form := tn.form(object{"style": object{"css": "h1{color:red}</style><script>alert(1)</script>"}},
		step("one", "two", field("TEXT", "x", object{"multiline": true})),
		step("two", "$ending",
			block("RICH_TEXT", "r", object{"content": `<p title={{fields.x}}>{{fields.x}}</p><a href="{{fields.x}}">link</a><b title='{{fields.x}}'>b</b>`}),
			object{"id": `"><script>alert(2)</script>`, "category": "FIELD", "type": "TEXT", "label": "{{fields.x}}", "hint": "{{fields.x}}", "config": object{"placeholder": "{{fields.x}}", "default_value": "{{fields.x}}"}},
			field("CHOICE", "c", object{"optional": true, "options": []object{{"value": "{{fields.x}}", "label": "{{fields.x}}"}}}),
			block("DIVIDER", "d", object{"text": "{{fields.x}}"}), block("IMAGE", "i", object{"src": "{{fields.x}}"}),
		),
	)
	for _, hostile := range []string{
		`<script>alert(3)</script>`, `"><img src=x onerror=alert(3)>`, `x onmouseover=alert(3)`, `' onclick='alert(3)`, `javascript:alert(3)`, "java\tscript:alert(3)",
		`{{context.user.user_id}}`, `</textarea><script>alert(3)</script>`,
	} {
		page := tn.next(tn.at(form), "x", hostile)
		for _, bad := range []string{
			"<script>alert(3)", "</style><script>", `"><script>`, "<img src=x", "' onclick='", `href="javascript:`, "href=\"java\tscript:", `src="javascript:`, "auth0|", `value="{{fields`, `title=x onmouseover`,
		} {
			if strings.Contains(page.Body, bad) {
				t.Errorf("%q becomes %q:\n%s", hostile, bad, page.Body)
			}
		}
	}
}

func TestAFormThatCannotBeShownSaysWhy(t *testing.T) {
	tn := start(t)
	for why, nodes := range map[string][]object{
		`leads to the node "nowhere"`: {step("one", "nowhere")},
		`the operator "RESEMBLES"`: {step("one", "r"), {"id": "r", "type": "ROUTER", "config": object{"rules": []object{
			{"id": "x", "condition": object{"operator": "RESEMBLES", "operands": []any{"a", "b"}}, "next_node": "one"},
		}}}},
		"in a circle": {step("one", "r"), {"id": "r", "type": "ROUTER", "config": object{"fallback": "r"}}},
	} {
		form := tn.form(nil, nodes...)
		if _, page := tn.send(tn.at(form)); page.Status != http.StatusBadRequest || !strings.Contains(words(page), why) {
			t.Errorf("want %q, got %d %s", why, page.Status, words(page))
		}
	}
	form := tn.form(nil, step("one", "$ending"))
	if status, _ := tn.Manage(tn.browser, http.MethodDelete, "forms/"+form, nil); status != http.StatusNoContent {
		t.Fatalf("deleting the form: %d", status)
	}
	tn.done(tn.login())
}

func TestAFormSpeaksTheBrowsersLanguage(t *testing.T) {
	tn := start(t)
	form := tn.form(object{
		"languages": object{"primary": "en"},
		"messages":  object{"custom": object{"hello": "Hello"}, "errors": object{"ERR_REQUIRED_PROPERTY": "Fill this in."}},
		"translations": object{"es": object{
			"components": object{"company": object{"label": "Empresa", "config": object{"placeholder": "La suya"}}},
			"messages":   object{"custom": object{"hello": "Hola"}},
		}},
	}, step("one", "$ending", block("RICH_TEXT", "r", object{"content": "<p>{{t('hello')}}</p>"}), field("TEXT", "company", nil), field("EMAIL", "mail", nil)))
	page := tn.at(form)
	says(t, page, "Hello", "Company")
	_, wrong := tn.send(page, "mail", "x")
	says(t, wrong, "Fill this in.", "Please, enter a valid email address.")

	spanish := tn.other()
	spanish.browser.Transport = speaking{spanish.browser.Transport, "es-MX,en;q=0.5"}
	page = spanish.at(form)
	says(t, page, "Hola", "Empresa")
	if !strings.Contains(page.Body, `lang="es"`) || !strings.Contains(page.Body, `placeholder="La suya"`) {
		t.Errorf("the page is\n%s", page.Body)
	}
	_, wrong = spanish.send(page, "mail", "x")
	says(t, wrong, "Fill this in.", "Por favor, introduce una dirección de correo electrónico válida.")
}

// speaking adds an Accept-Language header to requests.
type speaking struct {
	http.RoundTripper
	languages string
}

func (s speaking) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Accept-Language", s.languages)
	return s.RoundTripper.RoundTrip(r)
}
