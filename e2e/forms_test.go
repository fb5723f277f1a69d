package e2e_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestAFormInALogin goes through a form of several steps using only the keyboard: a router chooses the next step by
// what was entered, and the return key goes on although the button that goes back comes first.
func TestAFormInALogin(t *testing.T) {
	s := startStage(t)
	type object = map[string]any
	text := func(id, label string) object {
		return object{"id": id, "category": "FIELD", "type": "TEXT", "label": label, "required": true, "config": object{}}
	}
	block := func(kind, id string, config object) object {
		return object{"id": id, "category": "BLOCK", "type": kind, "config": config}
	}
	next, back := block("NEXT_BUTTON", "next", object{"text": "Continue"}), block("PREVIOUS_BUTTON", "back", object{"text": "Back"})
	step := func(id, to string, components ...object) object {
		return object{"id": id, "type": "STEP", "config": object{"components": components, "next_node": to}}
	}
	status, made := s.Manage(s.Client(), http.MethodPost, "forms", object{
		"name": "Profile", "start": object{"next_node": "one"}, "ending": object{"resume_flow": true}, "style": object{"css": "h2 { color: rgb(1, 2, 3) }"},
		"nodes": []object{
			step("one", "router", block("HTML", "html", object{"content": `<h2 style="margin: 0">Hello</h2>`}), text("company", "Company"), next),
			{"id": "router", "type": "ROUTER", "config": object{"fallback": "$ending", "rules": []object{{
				"id": "r", "condition": object{"operator": "AND", "operands": []object{{"operator": "EQUALS", "operands": []any{"{{fields.company}}", "Acme"}}}}, "next_node": "two",
			}}}},
			step("two", "$ending", back, text("place", "Place"), next),
		},
	})
	if status != http.StatusCreated {
		t.Fatalf("the form is not made: %d %v", status, made)
	}
	form := made.(object)["id"].(string)
	s.Render(form, servertest.Mobile, nil, nil)

	w := openWindow(s.browser, t)
	w.open(s.authorizeURL(nil))
	w.logIn(servertest.Employee, servertest.Password)
	if path := w.path(); path != "/u/custom-prompt/"+form {
		t.Fatalf("the login comes to %s", path)
	}
	if colour := evaluate[string](w, `getComputedStyle(document.querySelector("h2")).color`); colour != "rgb(1, 2, 3)" {
		t.Errorf("the form's own style gives %s", colour)
	}
	w.do(chromedp.Focus(chromedp.ID("company")))
	w.load(chromedp.KeyEvent(kb.Enter))
	if said := w.text("#error-element-company"); said != "This field is required." {
		t.Errorf("an empty field is told %q", said)
	}
	w.do(chromedp.Focus(chromedp.ID("company")), chromedp.KeyEvent("Acme"))
	w.load(chromedp.KeyEvent(kb.Enter))
	w.do(chromedp.Focus(chromedp.ID("place")), chromedp.KeyEvent("Here"))
	w.load(chromedp.KeyEvent(kb.Enter))
	if path := w.path(); path != "/u/consent" {
		t.Fatalf("the form ends at %s", path)
	}
}
