package management_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

func TestInvitations(t *testing.T) {
	c := newClient(t)
	org := c.must(201, http.MethodPost, "/organizations", object{"name": "exampleco", "display_name": "ExampleCo"})["id"].(string)
	role := c.must(200, http.MethodPost, "/roles", object{"name": "Auditor"})["id"].(string)
	path := "/organizations/" + org + "/invitations"
	invite := func(changes object) object {
		body := object{"inviter": object{"name": "Jane"}, "invitee": object{"email": "new@example.com"}, "client_id": servertest.Web}
		maps.Copy(body, changes)
		return body
	}

	for _, refused := range []struct {
		changes object
		message string
	}{
		{object{"client_id": "none"}, "The specified client_id does not exist."},
		{nil, "The specified client_id (" + servertest.Web + ") does not allow organizations."},
		{object{"invitee": object{"email": "none"}}, "Payload validation error: 'Object didn't pass validation for format email: none' on property invitee.email."},
		{object{"ttl_sec": 2592001}, "Payload validation error: 'Value 2592001 is greater than maximum 2592000' on property ttl_sec."},
	} {
		if answer := c.must(400, http.MethodPost, path, invite(refused.changes)); answer["message"] != refused.message || answer["errorCode"] != "invalid_body" {
			t.Errorf("an invitation with %v: %v, want %s", refused.changes, answer, refused.message)
		}
	}
	client := "/clients/" + servertest.Web
	c.must(200, http.MethodPatch, client, object{"organization_usage": "allow", "initiate_login_uri": ""})
	if answer := c.must(400, http.MethodPost, path, invite(nil)); !strings.HasPrefix(answer["message"].(string), "A default login route is required") {
		t.Errorf("an invitation to no login route: %v", answer)
	}
	c.must(200, http.MethodPatch, client, object{"initiate_login_uri": "https://app.test/login?from=mail"})
	for name, value := range map[string]any{"connection_id": "con_none", "roles": []string{"rol_none"}} {
		c.must(400, http.MethodPost, path, invite(object{name: value}))
	}

	made := c.must(200, http.MethodPost, path, invite(object{"roles": []string{role}, "ttl_sec": 60}))
	link, err := url.Parse(made["invitation_url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"from": {"mail"}, "invitation": {made["ticket_id"].(string)}, "organization": {org}, "organization_name": {"exampleco"}}
	if link.Host != "app.test" || link.Query().Encode() != want.Encode() {
		t.Errorf("the link is %s, want %s in the query", link, want.Encode())
	}
	if life := at(t, made["expires_at"]).Sub(at(t, made["created_at"])); life != time.Minute || made["ttl_sec"] != nil {
		t.Errorf("the invitation lives for %v: %v", life, made)
	}
	mail := c.tenant.WaitForMessage("new@example.com", outbox.UserInvitation)
	if mail.Link != made["invitation_url"] || mail.ClientID != servertest.Web || !strings.Contains(mail.Subject, "ExampleCo") {
		t.Errorf("the e-mail is %+v", mail)
	}

	second := c.must(200, http.MethodPost, path, invite(object{"invitee": object{"email": "silent@example.com"}, "send_invitation_email": false}))
	if listed := c.list(path); len(listed) != 2 || listed[0]["id"] != second["id"] || listed[1]["organization_id"] != org {
		t.Errorf("the invitations, the newest first, are %v", listed)
	}
	totals := c.must(200, http.MethodGet, path+"?include_totals=true", nil)
	if _, told := totals["total"]; told || totals["start"] != 0.0 || totals["limit"] != 50.0 {
		t.Errorf("with totals the list is %v, want start and limit alone", totals)
	}
	if found := c.must(200, http.MethodGet, path+"/"+made["id"].(string), nil); found["ticket_id"] != made["ticket_id"] {
		t.Errorf("by id there is %v", found)
	}
	c.must(204, http.MethodDelete, path+"/"+made["id"].(string), nil)
	c.must(404, http.MethodGet, path+"/"+made["id"].(string), nil)
	c.must(204, http.MethodDelete, "/organizations/"+org, nil)
	c.must(404, http.MethodGet, path, nil)
}

func at(t *testing.T, value any) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, value.(string))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestInvitationsLeadToTheHostOfTheOrganization: a placeholder in the application's initiate_login_uri is
// replaced as in the application's other URLs.
func TestInvitationsLeadToTheHostOfTheOrganization(t *testing.T) {
	c := newClient(t)
	path := "/organizations/" + c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string) + "/invitations"
	invitation := object{"inviter": object{"name": "Jane"}, "invitee": object{"email": "new@example.com"}, "client_id": servertest.Web}
	for route, want := range map[string]string{
		"https://{organization_name}.app.test/login":                 "https://acme.app.test/login?",
		"https://{organization_name}.app.test:8443?from=mail":        "https://acme.app.test:8443?from=mail&",
		"https://app.test/login":                                     "https://app.test/login?",
		"https://{custom_domain.metadata.public_app}.app.test/login": "",
	} {
		c.must(200, http.MethodPatch, "/clients/"+servertest.Web, object{"organization_usage": "allow", "initiate_login_uri": route})
		status, answer := c.do(http.MethodPost, path, invitation)
		link, _ := answer.(object)["invitation_url"].(string)
		if (want == "") != (status == 400) || !strings.HasPrefix(link, want) {
			t.Errorf("the invitation by %s: %d %v, want %q", route, status, answer, want)
		}
	}
}
