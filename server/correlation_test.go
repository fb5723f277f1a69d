package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// correlating is a tenant whose page template, error page, e-mails and text messages say the correlation_id.
type correlating struct {
	*servertest.Server
	t *testing.T
}

const shownReference = "Ref: {{ correlation_id }}."

func startCorrelating(t *testing.T) correlating {
	t.Helper()
	c := correlating{servertest.Start(t), t}
	reset := map[string]any{
		"template": "reset_email", "from": "a@exampleco.com", "subject": "Ours", "syntax": "liquid", "body": shownReference, "enabled": true,
	}
	c.manage(http.MethodPost, "email-templates", reset)
	c.manage(http.MethodPut, "branding/templates/universal-login", map[string]any{
		"template": "<html><head>{%- auth0:head -%}</head><body>" + shownReference + "{%- auth0:widget -%}</body></html>",
	})
	c.manage(http.MethodPatch, "tenants/settings", map[string]any{"error_page": map[string]any{"html": "{{ error }} " + shownReference, "show_log_link": false, "url": ""}})
	return c
}

func (c correlating) manage(method, path string, body any) any {
	c.t.Helper()
	status, answer := c.Manage(c.Client(), method, path, body)
	if status >= 300 {
		c.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

// asks opens the page to which an authorization request with a correlation_id leads.
func (c correlating) asks(browser *http.Client, id string, params ...string) servertest.Page {
	c.t.Helper()
	all := url.Values{"correlation_id": {id}, "prompt": {"login"}, "audience": {""}, "scope": {"openid"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := c.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: all})
	left, page := c.Visit(browser, target)
	if left != nil {
		c.t.Fatalf("the browser is sent to %v", left)
	}
	return page
}

// submits fills in a page.
func (c correlating) submits(browser *http.Client, page servertest.Page, fields ...string) (*url.URL, servertest.Page) {
	c.t.Helper()
	form := page.Form()
	form.Set("action", "default")
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return c.Submit(browser, page, form)
}

// logged returns the types of the log events with a correlation_id, sorted.
func (c correlating) logged(id string) (types []string) {
	c.t.Helper()
	all, _ := c.manage(http.MethodGet, "logs?per_page=100", nil).([]any)
	for _, one := range all {
		event, _ := one.(map[string]any)
		if references, _ := event["references"].(map[string]any); references["correlation_id"] == id {
			kind, _ := event["type"].(string)
			types = append(types, kind)
		}
	}
	slices.Sort(types)
	return types
}

func (c correlating) says(what, text, id string) {
	c.t.Helper()
	if want := "Ref: " + id + "."; !strings.Contains(text, want) {
		c.t.Errorf("%s does not say %q:\n%s", what, want, text)
	}
}

// TestALoginIsRecognizedByItsCorrelationID: Auth0: authenticate/login/configure-correlation-id.
func TestALoginIsRecognizedByItsCorrelationID(t *testing.T) {
	c := startCorrelating(t)
	browser := c.Client()

	page := c.asks(browser, "txn_1*~@+/:.-")
	c.says("the login page", page.Body, "txn_1*~@+/:.-")
	_, again := c.submits(browser, page, "username", servertest.Employee, "password", "wrong")
	c.says("the page after a wrong password", again.Body, "txn_1*~@+/:.-")
	if left, last := c.submits(browser, again, "username", servertest.Employee, "password", servertest.Password); left == nil {
		t.Fatalf("the login ends on a page: %s", last.Body)
	}
	if got := c.logged("txn_1*~@+/:.-"); !slices.Equal(got, []string{"fp", "s"}) {
		t.Errorf("the log has %q of the login", got)
	}

	refused := c.asks(browser, "refused", "redirect_uri", "https://evil.example/")
	c.says("the error page", refused.Body, "refused")
	if got := c.logged("refused"); !slices.Equal(got, []string{"f"}) {
		t.Errorf("the log has %q of the refusal", got)
	}

	for _, id := range []string{"", "with space", strings.Repeat("x", 65), "<b>", "ü"} { // not allowed
		if page := c.asks(browser, id); page.Status != http.StatusOK || !strings.Contains(page.Body, "Ref: .") {
			t.Errorf("with %q the page is %d\n%s", id, page.Status, page.Body)
		}
	}
	c.Login(c.Client(), servertest.Login{})
	if got := c.logged("txn_1*~@+/:.-"); len(got) != 2 {
		t.Errorf("another login is taken for the first: %q", got)
	}
}

func TestANewPasswordBelongsToItsLogin(t *testing.T) {
	c := startCorrelating(t)
	browser := c.Client()
	page := c.asks(browser, "reset-1")
	_, ask := c.Visit(browser, c.URL+"u/reset-password/request/"+people+"?"+page.URL.RawQuery)
	c.says("the page of a forgotten password", ask.Body, "reset-1")
	c.submits(browser, ask, "email", servertest.Employee)
	mail := c.WaitForMessage(servertest.Employee, outbox.ResetEmail)
	c.says("the e-mail", mail.HTML, "reset-1")

	elsewhere := c.Client() // the link is opened in another browser
	_, change := c.Visit(elsewhere, mail.Link)
	c.says("the page of the link", change.Body, "reset-1")
	c.submits(elsewhere, change, "password-reset", "A password of 2027", "re-enter-password", "A password of 2027")
	if got := c.logged("reset-1"); !slices.Equal(got, []string{"scp", "scpr"}) {
		t.Errorf("the log has %q of the new password", got)
	}
}

func TestSignUpAndFactorBelongToTheirLogin(t *testing.T) {
	c := startCorrelating(t)
	c.manage(http.MethodPut, "guardian/factors/sms", map[string]any{"enabled": true})
	c.manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	c.manage(http.MethodPut, "guardian/factors/phone/templates", map[string]any{
		"enrollment_message": "{{ code }} " + shownReference, "verification_message": "{{ code }} " + shownReference,
	})
	browser := c.Client()
	page := c.asks(browser, "new-1", "screen_hint", "signup")
	_, factor := c.submits(browser, page, "email", "new@exampleco.com", "password", "A password of 2026")
	_, sent := c.submits(browser, factor, "phone", "+14155550123")
	text := c.WaitForMessage("+14155550123", outbox.OTPEnroll)
	c.says("the text message", text.Text, "new-1")
	c.submits(browser, sent, "code", text.Code)
	got := c.logged("new-1")
	for _, kind := range []string{"ss", "gd_enrollment_complete", "gd_send_sms"} {
		if !slices.Contains(got, kind) {
			t.Errorf("of %s the log has no event with the correlation_id: %q", kind, got)
		}
	}
}

func TestAFormKnowsTheCorrelationID(t *testing.T) {
	c := startCorrelating(t)
	made, _ := c.manage(http.MethodPost, "forms", map[string]any{
		"name": "Ours", "start": map[string]any{"next_node": "one"}, "ending": map[string]any{"resume_flow": true},
		"nodes": []any{map[string]any{"id": "one", "type": "STEP", "config": map[string]any{"next_node": "$ending", "components": []any{
			map[string]any{"id": "intro", "category": "BLOCK", "type": "RICH_TEXT", "config": map[string]any{
				"content": "<p>The form is for {{context.transaction.correlation_id}}.</p>",
			}},
		}}}},
	}).(map[string]any)
	id, _ := made["id"].(string)
	c.Render(id, "", nil, nil)
	browser := c.Client()
	_, form := c.submits(browser, c.asks(browser, "form-1"), "username", servertest.Employee, "password", servertest.Password)
	if !strings.Contains(form.Body, "The form is for form-1.") {
		t.Errorf("the form says\n%s", form.Body)
	}
}
