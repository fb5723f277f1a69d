package management_test

import (
	"net/http"
	"testing"
)

func TestPhoneMessagesAreTried(t *testing.T) {
	c := newClient(t)
	c.must(200, http.MethodPatch, "/tenants/settings", object{"friendly_name": "Harbor"})
	provider := c.must(201, http.MethodPost, "/branding/phone/providers", object{
		"name": "custom", "configuration": object{"delivery_methods": []string{"text"}}, "credentials": object{},
	})
	template := c.must(201, http.MethodPost, "/branding/phone/templates", object{
		"type": "otp_verify", "content": object{"from": "+15550100", "body": object{"text": "{{ code }} for {{ tenant.friendly_name }}", "voice": "it is {{ code }}"}},
	})
	for _, tt := range []struct{ path, method, to, kind, channel, text string }{
		{"/branding/phone/providers/" + provider["id"].(string), "", "+15550101", "try_provider_configuration", "sms", "This is a test of the phone provider of Harbor."},
		{"/branding/phone/templates/" + template["id"].(string), "text", "+15550102", "otp_verify", "sms", "123456 for Harbor"},
		{"/branding/phone/templates/" + template["id"].(string), "voice", "+15550103", "otp_verify", "voice", "it is 123456"},
	} {
		body := object{"to": tt.to}
		if tt.method != "" {
			body["delivery_method"] = tt.method
		}
		c.must(202, http.MethodPost, tt.path+"/try", body)
		m := c.tenant.WaitForMessage(tt.to, tt.kind)
		if m.Channel != tt.channel || m.Text != tt.text {
			t.Errorf("%s got %q by %s, want %q by %s", tt.to, m.Text, m.Channel, tt.text, tt.channel)
		}
	}
	c.must(200, http.MethodPatch, "/branding/phone/templates/"+template["id"].(string), object{"disabled": true})
	for query, want := range map[string]int{"": 1, "?disabled=false": 1, "?disabled=true": 0} {
		providers := c.must(200, http.MethodGet, "/branding/phone/providers"+query, nil)["providers"].([]any)
		templates := c.must(200, http.MethodGet, "/branding/phone/templates"+query, nil)["templates"].([]any)
		if query != "" && len(providers)+len(templates) != 1 || len(providers) != want {
			t.Errorf("%q lists %d providers and %d templates", query, len(providers), len(templates))
		}
	}
	c.must(400, http.MethodPost, "/branding/phone/templates/"+template["id"].(string)+"/try", object{})
	c.must(404, http.MethodPost, "/branding/phone/templates/tem_none/try", object{"to": "+15550104"})
}
