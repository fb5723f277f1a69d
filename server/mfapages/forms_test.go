package mfapages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestAFormComesAfterTheFactor: a user who has not yet proved a further factor neither sees one of the tenant's forms
// nor can submit it, whatever another tab of the browser has reached.
func TestAFormComesAfterTheFactor(t *testing.T) {
	tn := start(t, "otp")
	anns, bobs := tn.browser().logIn("ann").enrollOTP(), tn.browser().logIn("bob").enrollOTP()
	made, _ := tn.manage(http.MethodPost, "forms", object{
		"name": "Profile", "start": object{"next_node": "one"}, "ending": object{"resume_flow": true},
		"nodes": []object{{"id": "one", "type": "STEP", "config": object{"next_node": "$ending", "components": []object{
			{"id": "company", "category": "FIELD", "type": "TEXT", "label": "Company", "required": true, "config": object{}},
			{"id": "next", "category": "BLOCK", "type": "NEXT_BUTTON", "config": object{"text": "Continue"}},
		}}}},
	}).(object)
	form := "/u/custom-prompt/" + made["id"].(string)
	tn.Render(made["id"].(string), "", nil, nil)
	tn.later(time.Minute)

	ann := tn.browser().logIn("ann").at("/u/mfa-otp-challenge")
	state := ann.page.URL.Query().Get("state")
	see := func(b *browser, state string) *browser {
		b.left, b.page = tn.Visit(b.client, tn.URL+strings.TrimPrefix(form, "/")+"?state="+state)
		return b
	}
	fill := func(b *browser, state string) *browser {
		at, err := url.Parse(tn.URL + strings.TrimPrefix(form, "/") + "?state=" + state)
		if err != nil {
			t.Fatal(err)
		}
		b.left, b.page = tn.Submit(b.client, servertest.Page{URL: at}, url.Values{"state": {state}, "company": {"Acme"}, "action": {"default"}})
		return b
	}
	see(ann, state).at("/u/mfa-otp-challenge")
	fill(ann, state).at("/u/mfa-otp-challenge")
	ann.send("code", tn.code(anns), "action", "default").at(form)
	if strings.Contains(ann.page.Body, "Acme") {
		t.Errorf("what was sent before the factor is in the form:\n%s", ann.page.Body)
	}

	// Another tab of the browser, in which bob has not yet proved his factor: neither tab may reach the form.
	bob := tn.browser()
	bob.client = ann.client
	bob.logIn("bob", "prompt", "login").at("/u/mfa-otp-challenge")
	for _, state := range []string{state, bob.page.URL.Query().Get("state")} {
		see(tn.at(bob), state).at("/u/mfa-otp-challenge")
		fill(tn.at(bob), state).at("/u/mfa-otp-challenge")
	}
	tn.later(time.Minute)
	bob.send("code", tn.code(bobs), "action", "default").at(form)
	claims := bob.send("company", "Bob's", "action", "default").done()
	diff(t, "subject", claims["sub"], any("auth0|bob"))
	if claims := see(ann, state).at(form).send("company", "Acme", "action", "default").done(); claims["sub"] != "auth0|bob" {
		t.Errorf("the tab that was ann's ends with %v", claims["sub"])
	}
}

// at returns another tab at the page of a browser.
func (tn *tenant) at(b *browser) *browser {
	other := *b
	return &other
}
