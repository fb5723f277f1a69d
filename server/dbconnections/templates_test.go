package dbconnections_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// endless is a template whose loops take too long to render, with some text of its author.
const endless = "ours{% for i in (1..9000000) %}{% for j in (1..9000000) %}{% endfor %}{% endfor %}"

// logged returns the descriptions of the tenant's log events of a type.
func (tn tenant) logged(kind string) (all []string) {
	tn.t.Helper()
	_, token := tn.Token(tn.Client(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {tn.Issuer() + "api/v2/"},
	})
	_, _, raw := tn.send(http.MethodGet, tn.URL+"api/v2/logs?q=type:"+kind, nil, "Authorization", "Bearer "+token["access_token"].(string))
	var events []object
	if err := json.Unmarshal([]byte(raw), &events); err != nil {
		tn.t.Fatalf("%v: %s", err, raw)
	}
	for _, e := range events {
		description, _ := e["description"].(string)
		all = append(all, description)
	}
	return all
}

// hasLogged looks for a log event of a failed notification whose description contains the words.
func (tn tenant) hasLogged(words ...string) {
	tn.t.Helper()
	const kind = "fn"
	for _, description := range tn.logged(kind) {
		missing := false
		for _, w := range words {
			missing = missing || !strings.Contains(description, w)
		}
		if !missing {
			return
		}
	}
	tn.t.Errorf("the log has no %s with %q: %q", kind, words, tn.logged(kind))
}

func TestTemplatesThatDoTooMuch(t *testing.T) {
	tn := start(t)
	for _, kind := range []string{"verify_email", "welcome_email", "reset_email"} {
		template := object{
			"template": kind, "from": "ours@exampleco.com", "subject": "Ours", "syntax": "liquid", "body": endless, "enabled": true, "resultUrl": "http://localhost/",
		}
		if kind == "reset_email" {
			template["body"], template["resultUrl"] = "ours", endless
		}
		tn.must(http.StatusCreated, http.MethodPost, "/email-templates", template)
	}
	status, answer, _ := tn.api("signup", object{
		"client_id": servertest.Mobile, "connection": database, "email": "much@exampleco.com", "password": "A password of 2026",
	})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	mail := tn.WaitForMessage("much@exampleco.com", outbox.VerifyEmail)
	if mail.Subject != "Verify your email" || strings.Contains(mail.HTML, "ours") || !strings.Contains(mail.HTML, mail.Link) {
		t.Errorf("the e-mail is %+v", mail)
	}
	if left, _ := tn.Visit(tn.Client(), mail.Link); left == nil || left.Query().Get("success") != "true" {
		t.Errorf("the link leads to %v", left)
	}
	tn.hasLogged("verify_email", "the Liquid does too much") // in steps, or on a busy machine in time
	tn.hasLogged("welcome_email", "the Liquid does too much")

	tn.api("change_password", object{"client_id": servertest.Mobile, "connection": database, "email": "much@exampleco.com"})
	if mail := tn.WaitForMessage("much@exampleco.com", outbox.ResetEmail); mail.HTML != "ours" {
		t.Errorf("the e-mail is %+v", mail)
	}
	tn.hasLogged("reset_email", "the Liquid does too much")

	template := tn.must(http.StatusCreated, http.MethodPost, "/branding/phone/templates", object{
		"type": "otp_verify", "content": object{"from": "+15550100", "body": object{"text": endless, "voice": endless}},
	})
	tn.must(http.StatusAccepted, http.MethodPost, "/branding/phone/templates/"+template["id"].(string)+"/try", object{"to": "+15550199"})
	if text := tn.WaitForMessage("+15550199", outbox.OTPVerify); text.Text != "Your code is "+text.Code+"." {
		t.Errorf("the text message is %+v", text)
	}
	tn.hasLogged("otp_verify", "the Liquid does too much")

	tn.must(http.StatusCreated, http.MethodPut, "/branding/templates/universal-login", object{"template": endless + "{%- auth0:head -%}{%- auth0:widget -%}"})
	builtIn := func(what string) {
		t.Helper()
		page := tn.page("prompt", "login")
		if has(t, page, http.StatusOK, `<input id="username"`); strings.Contains(page.Body, "ours") || strings.Count(page.Body, "<html") != 1 {
			t.Errorf("with %s the page is\n%s", what, page.Body)
		}
		if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("with %s the policy is %s", what, policy)
		}
	}
	builtIn("an endless template")
	tn.must(http.StatusNoContent, http.MethodDelete, "/branding/templates/universal-login", nil)
	tn.must(http.StatusOK, http.MethodPut, "/prompts/login/partials", object{"login": object{"form-content-start": endless}})
	builtIn("an endless partial")
	if events := tn.logged("w"); len(events) != 2 || !strings.Contains(events[0], "The built-in page was shown") {
		t.Errorf("the log says %q", events)
	}
}

// TestNamesInMetadataAreNoMarkUp signs up with HTML in names and values, and prints it
// on the consent page and in an e-mail in every way that a template can.
func TestNamesInMetadataAreNoMarkUp(t *testing.T) {
	tn := start(t)
	const evil = `x"'><script>alert(1)</script>`
	const prints = `{{ o }}{{ o | json }}{{ o | inspect }}{% for p in o %}{{ p[0] }}{{ p[1] }}{{ p }}{% for q in p[1] %}{{ q }}{{ q[0] }}{% endfor %}{% endfor %}`
	of := func(names ...string) (text string) {
		for _, name := range names {
			text += "{% assign o = " + name + " %}" + prints
		}
		return text
	}
	tn.must(http.StatusCreated, http.MethodPost, "/email-templates", object{
		"template": "welcome_email", "from": "ours@exampleco.com", "subject": "{{ user.user_metadata }}", "syntax": "liquid", "enabled": true,
		"body": of("user", "user.user_metadata", "application"),
	})
	status, _, text := tn.api("signup", object{
		"client_id": servertest.SPA, "connection": database, "email": "evil@exampleco.com", "password": "A password of 2026", "user_metadata": object{evil: evil},
	})
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	mail := tn.WaitForMessage("evil@exampleco.com", outbox.WelcomeEmail)
	if strings.Contains(mail.HTML, "<script") || strings.Contains(mail.HTML, `x"`) || strings.Count(mail.HTML, "script") < 10 {
		t.Errorf("the e-mail is %s", mail.HTML)
	}
	if !strings.Contains(mail.Subject, evil) {
		t.Errorf("the subject, which is no HTML, is %s", mail.Subject)
	}

	deep := object{evil: []any{evil, object{evil: evil}}, "in": object{evil: object{evil: evil}}}
	users := tn.must(http.StatusOK, http.MethodGet, "/users?include_totals=true&q=email:evil@exampleco.com&search_engine=v3", nil)["users"].([]any)
	tn.must(http.StatusOK, http.MethodPatch, "/users/"+url.PathEscape(users[0].(object)["user_id"].(string)), object{"user_metadata": deep})
	tn.must(http.StatusOK, http.MethodPatch, "/clients/"+servertest.SPA, object{"client_metadata": object{strings.ReplaceAll(evil, "'", ""): evil}})
	tn.must(http.StatusCreated, http.MethodPut, "/branding/templates/universal-login", object{
		"template": "<html><head>{%- auth0:head -%}</head><body><div id='ours'>" +
			of("user", "user.user_metadata", "user.user_metadata.in", "application", "application.metadata") + "</div>{%- auth0:widget -%}</body></html>",
	})
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	_, page := tn.Visit(tn.browser, target)
	_, page = tn.fill(page, "username", "evil@exampleco.com", "password", "A password of 2026")
	_, ours, _ := strings.Cut(page.Body, "<div id='ours'>")
	ours, _, _ = strings.Cut(ours, "</div>")
	if page.URL.Path == "/u/login" || strings.Contains(ours, "<") || strings.Contains(ours, `x"`) || strings.Count(ours, "script") < 20 {
		t.Errorf("the page at %s shows %s", page.URL, ours)
	}
}
