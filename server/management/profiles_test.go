package management_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConnectionProfiles(t *testing.T) {
	c := newClient(t)
	profile := c.must(201, http.MethodPost, "/connection-profiles", object{"name": "p"})
	if overrides, shown := profile["strategy_overrides"]; overrides != nil || !shown {
		t.Errorf("a new profile is %v", profile)
	}
	c.must(400, http.MethodGet, "/connection-profiles?take=11", nil)
	for _, kind := range []string{"connection", "user_attribute"} {
		path := "/" + strings.ReplaceAll(kind, "_", "-") + "-profiles/templates"
		for _, item := range c.must(200, http.MethodGet, path, nil)[kind+"_profile_templates"].([]any) {
			if whole := c.must(200, http.MethodGet, path+"/"+item.(object)["id"].(string), nil); whole["template"] == nil {
				t.Errorf("the template is %v", whole)
			}
		}
		c.must(404, http.MethodGet, path+"/none", nil)
	}
}

func TestUserAttributeProfilesCompleteTheUserID(t *testing.T) {
	c := newClient(t)
	profile := c.must(201, http.MethodPost, "/user-attribute-profiles", object{
		"name": "p", "user_id": object{"scim_mapping": "userName"}, "user_attributes": object{"email": object{
			"label": "Email", "description": "Where to write", "profile_required": true, "auth0_mapping": "email",
		}},
	})
	userID := profile["user_id"].(object)
	if userID["scim_mapping"] != "userName" || userID["oidc_mapping"] != "sub" || len(userID["saml_mapping"].([]any)) != 3 {
		t.Errorf("the user id comes from %v", userID)
	}
	changed := c.must(200, http.MethodPatch, "/user-attribute-profiles/"+profile["id"].(string), object{"user_id": object{"oidc_mapping": "sub"}})
	if userID := changed["user_id"].(object); userID["oidc_mapping"] != "sub" || userID["scim_mapping"] != "externalId" {
		t.Errorf("then it comes from %v", userID)
	}
}

func TestSelfServiceProfiles(t *testing.T) {
	c := newClient(t)
	profile := c.must(201, http.MethodPost, "/self-service-profiles", object{"name": "p", "allowed_strategies": []string{"oidc"}})
	path := "/self-service-profiles/" + profile["id"].(string)
	if attributes := profile["user_attributes"].([]any); len(attributes) != 0 {
		t.Errorf("the attributes are %v", attributes)
	}
	texts := path + "/custom-text/en/get-started"
	if none := c.must(200, http.MethodGet, texts, nil); len(none) != 0 {
		t.Errorf("the texts are %v", none)
	}
	c.must(200, http.MethodPut, texts, object{"introduction": "Hello"})
	if diff := cmp.Diff(object{"introduction": "Hello"}, c.must(200, http.MethodGet, texts, nil)); diff != "" {
		t.Errorf("the texts are not as expected (-want +got):\n%s", diff)
	}
	c.must(400, http.MethodGet, path+"/custom-text/de/get-started", nil)
	ticket := c.must(201, http.MethodPost, path+"/sso-ticket", object{"connection_config": object{"name": "x"}})["ticket"].(string)
	_, id, _ := strings.Cut(ticket, "ticket=")
	c.must(202, http.MethodPost, path+"/sso-ticket/"+id+"/revoke", nil)
	c.must(404, http.MethodPost, path+"/sso-ticket/"+id+"/revoke", nil)
	c.must(204, http.MethodDelete, path, nil)
	if gone := c.must(404, http.MethodGet, path, nil); gone["message"] != "Profile with ID: "+profile["id"].(string)+" not found" {
		t.Errorf("a deleted profile gets %v", gone)
	}
}

func TestTokenExchangeProfilesNeedTheirAction(t *testing.T) {
	c := newClient(t)
	profile := object{"name": "exchange", "type": "custom_authentication", "subject_token_type": "urn:acme:legacy", "action_id": "none"}
	c.must(400, http.MethodPost, "/token-exchange-profiles", profile)
	profile["action_id"] = c.must(201, http.MethodPost, "/actions/actions", object{
		"name": "a", "supported_triggers": []object{{"id": "custom-token-exchange", "version": "v1"}},
	})["id"]
	kept := c.must(201, http.MethodPost, "/token-exchange-profiles", profile)
	c.must(409, http.MethodPost, "/token-exchange-profiles", profile)
	c.must(400, http.MethodPatch, "/token-exchange-profiles/"+kept["id"].(string), object{"type": "custom_authentication"})
	c.must(200, http.MethodPatch, "/token-exchange-profiles/"+kept["id"].(string), object{"name": "renamed"})
}
