package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestARefusalNamesWhatIsWrong: the error of an import names the section, the object and, among several, the one that is
// wrong.
func TestARefusalNamesWhatIsWrong(t *testing.T) {
	s := servertest.Start(t)
	const actions = `"actions":[
		{"name":"claims","code":"x","supported_triggers":[{"id":"post-login","version":"v3"}],"deployed":true},
		{"name":"draft","code":"x","supported_triggers":[{"id":"post-login","version":"v3"}]}]`
	for sections, want := range map[string]string{
		actions + `,"triggers":{"post-login":[{"action_name":"claims"},{"action_name":"draft"}]}`: `triggers: "post-login": Trying to create a binding for an action that has not been deployed yet. ` +
			`It is the action "draft"; deployed: true in its section deploys it`,
		`"guardianPolicies":{"policies":["sometimes"]}`: `guardianPolicies: Payload validation error: 'No enum match for: sometimes' on property [0].`,
	} {
		status, report := bring(t, s, `{"sections":{`+sections+`}}`)
		if status != http.StatusUnprocessableEntity || report.Message != want {
			t.Errorf("%s\nis answered with %d %q, want %q", sections, status, report.Message, want)
		}
	}
}

// TestPhoneTemplatesWithoutASender: exports of real tenants have an empty from for templates that use the provider's number.
func TestPhoneTemplatesWithoutASender(t *testing.T) {
	s := servertest.Start(t)
	const sections = `{"sections":{"phoneTemplates":[{"type":"otp_verify","disabled":false,"content":{"syntax":"liquid","from":"","body":{"text":"{{ code }}","voice":"{{ code }}"}}}]}}`
	if got := strings.Join(done(t, s, sections), "\n"); got != "create phoneTemplates otp_verify" {
		t.Errorf("the import does %q", got)
	}
	if got := changing(done(t, s, sections)); len(got) > 0 {
		t.Errorf("the same import again does %q", got)
	}
}
