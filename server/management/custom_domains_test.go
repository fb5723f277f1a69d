package management_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestCustomDomainsAreVerifiedOnRequest(t *testing.T) {
	for _, tt := range []struct{ name, kind, method string }{
		{"certificates of Auth0", "auth0_managed_certs", "CNAME"},
		{"certificates of one's own", "self_managed_certs", "TXT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t)
			made := c.must(201, http.MethodPost, "/custom-domains", object{"domain": "login.test", "type": tt.kind})
			method := made["verification"].(object)["methods"].([]any)[0].(object)
			if made["status"] != "pending_verification" || made["primary"] != true || method["name"] != tt.method {
				t.Errorf("a new domain is %v", made)
			}
			path := "/custom-domains/" + made["custom_domain_id"].(string)
			ready := c.must(201, http.MethodPost, path+"/verify", nil)
			origin := strings.ToLower(strings.ReplaceAll(made["custom_domain_id"].(string), "_", "-"))
			if ready["status"] != "ready" || !strings.Contains(ready["origin_domain_name"].(string), origin) {
				t.Errorf("verified it is %v", ready)
			}
			self := tt.kind == "self_managed_certs"
			if _, key := ready["cname_api_key"]; key != self {
				t.Errorf("the first verification has a key for the proxy: %v", key)
			}
			if _, key := c.must(201, http.MethodPost, path+"/verify", nil)["cname_api_key"]; key {
				t.Error("the key is shown a second time")
			}
			got := c.must(200, http.MethodGet, path, nil)
			if got["status"] != "ready" || got["verification"].(object)["status"] != "verified" {
				t.Errorf("read it is %v", got)
			}
			if _, key := got["cname_api_key"]; key {
				t.Error("a read shows the key")
			}
		})
	}
}

func TestAVerifiedDomainBecomesTheDefault(t *testing.T) {
	c := newClient(t)
	own := c.must(200, http.MethodGet, "/custom-domains/default", nil)["domain"].(string)
	made := c.must(201, http.MethodPost, "/custom-domains", object{"domain": "login.test", "type": "auth0_managed_certs"})
	if status, _ := c.do(http.MethodPatch, "/custom-domains/default", object{"domain": "login.test"}); status != http.StatusBadRequest {
		t.Errorf("a domain that is not verified gets %d, want 400", status)
	}
	c.must(201, http.MethodPost, "/custom-domains/"+made["custom_domain_id"].(string)+"/verify", nil)
	c.must(200, http.MethodPatch, "/custom-domains/default", object{"domain": "login.test"})
	if got := c.must(200, http.MethodGet, "/custom-domains/default", nil); got["domain"] != "login.test" || got["is_default"] != true {
		t.Errorf("the default is %v", got)
	}
	c.must(200, http.MethodPatch, "/custom-domains/default", object{"domain": own})
	if got := c.must(200, http.MethodGet, "/custom-domains/default", nil); got["domain"] != own {
		t.Errorf("the default is %v", got)
	}
	if status, _ := c.do(http.MethodPatch, "/custom-domains/default", object{"domain": "other.test"}); status != http.StatusNotFound {
		t.Errorf("an unknown domain gets %d, want 404", status)
	}
}
