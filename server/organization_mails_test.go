package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestEmailsOfALoginAtAnOrganization have the variables of the organization, and the link leads back with its id and name.
// Auth0: customize/email/email-templates/supported-liquid-syntax.
func TestEmailsOfALoginAtAnOrganization(t *testing.T) {
	p := &proving{managed: startManaged(t), more: map[string]string{}}
	id := p.api(http.MethodPost, "organizations", map[string]any{"name": "acme", "display_name": "Acme <Inc>", "metadata": map[string]any{"tier": "gold"}}, "id")
	p.api(http.MethodPost, "organizations/"+id+"/enabled_connections", map[string]any{
		"connection_id": p.peopleID(), "assign_membership_on_login": true, "is_signup_enabled": true,
	}, "")
	p.api(http.MethodPatch, "clients/"+servertest.SPA, map[string]any{"organization_usage": "allow"}, "")
	for _, kind := range []string{outbox.VerifyEmail, outbox.ResetEmail, outbox.WelcomeEmail} {
		p.api(http.MethodPost, "email-templates", map[string]any{
			"template": kind, "from": "a@example.com", "subject": "Hello", "syntax": "liquid", "enabled": true, "resultUrl": "https://app.test/done?x=1",
			"body": "{% if organization %}at {{ organization.id }} {{ organization.name }} {{ organization.display_name }} {{ organization.metadata.tier }}{% else %}at none{% endif %}",
		}, "")
	}
	want := "at " + id + " acme Acme &lt;Inc&gt; gold"
	says := func(kind, to, want string) outbox.Message {
		t.Helper()
		message := p.WaitForMessage(to, kind)
		if message.HTML != want {
			t.Errorf("the e-mail %s is %q, want %q", kind, message.HTML, want)
		}
		p.ClearInbox()
		return message
	}
	signUp := func(address string, params ...string) {
		t.Helper()
		p.browser = p.Client()
		target, _ := p.AuthorizeURL(as(spa, "", append(params, "audience", "", "scope", "openid", "screen_hint", "signup")...))
		_, page := p.Visit(p.browser, target)
		p.fill(page, "email", address, "password", servertest.Password, "action", "default")
	}
	signUp("new@example.com", "organization", id)
	says(outbox.WelcomeEmail, "new@example.com", want)
	signUp("newer@example.com", "organization", id)
	link := says(outbox.VerifyEmail, "newer@example.com", want).Link
	signUp("alone@example.com")
	says(outbox.VerifyEmail, "alone@example.com", "at none")
	p.api(http.MethodPost, "jobs/verification-email", map[string]any{"user_id": employeeID, "organization_id": id}, "")
	links := []string{link, says(outbox.VerifyEmail, servertest.Employee, want).Link}
	for _, link := range links {
		left, _ := p.Visit(p.Client(), strings.TrimSuffix(link, "#"))
		if left == nil || left.Query().Get("organization_id") != id || left.Query().Get("organization_name") != "acme" || left.Query().Get("x") != "1" || left.Query().Get("success") != "true" {
			t.Errorf("the link leads to %v", left)
		}
	}
	// A new password is asked for on the page of the login.
	target, _ := p.AuthorizeURL(as(spa, "", "audience", "", "scope", "openid", "organization", id))
	p.browser = p.Client()
	_, page := p.Visit(p.browser, target)
	_, page = p.Visit(p.browser, p.URL+"u/reset-password/request/"+people+"?state="+url.QueryEscape(page.URL.Query().Get("state")))
	p.fill(page, "email", servertest.Employee, "action", "default")
	says(outbox.ResetEmail, servertest.Employee, want)
}
