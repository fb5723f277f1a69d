package management_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHooksKeepTheirSecrets(t *testing.T) {
	c := newClient(t)
	hook := c.must(201, http.MethodPost, "/hooks", object{"name": "one", "script": "module.exports", "triggerId": "pre-user-registration"})
	id := hook["id"].(string)
	if !regexp.MustCompile(`^01[0-9A-HJKMNP-TV-Z]{24}$`).MatchString(id) || hook["enabled"] != false || len(hook["dependencies"].(object)) != 0 {
		t.Errorf("a new hook is %v", hook)
	}
	c.must(400, http.MethodPatch, "/hooks/"+id, object{"triggerId": "post-user-registration"})
	c.must(201, http.MethodPost, "/hooks/"+id+"/secrets", object{"a": "1", "b": "2"})
	c.must(201, http.MethodPatch, "/hooks/"+id+"/secrets", object{"b": "3", "c": "4"})
	if status, answer := c.do(http.MethodDelete, "/hooks/"+id+"/secrets", []string{"a"}); status != 204 {
		t.Errorf("deleting a secret gets %d %v", status, answer)
	}
	want := object{"b": "_VALUE_NOT_SHOWN_", "c": "_VALUE_NOT_SHOWN_"}
	if diff := cmp.Diff(want, c.must(200, http.MethodGet, "/hooks/"+id+"/secrets", nil)); diff != "" {
		t.Errorf("the secrets are not as expected (-want +got):\n%s", diff)
	}
	if none := c.must(200, http.MethodGet, "/hooks?include_totals=true&enabled=true", nil); none["total"] != 0.0 {
		t.Errorf("enabled hooks: %v", none)
	}
	c.must(204, http.MethodDelete, "/hooks/"+id, nil)
	c.must(404, http.MethodGet, "/hooks/"+id+"/secrets", nil)
}

func TestRulesAreOrdered(t *testing.T) {
	c := newClient(t)
	first := c.must(201, http.MethodPost, "/rules", object{"name": "a", "script": "x"})
	c.must(201, http.MethodPost, "/rules", object{"name": "b", "script": "x", "order": 7})
	third := c.must(201, http.MethodPost, "/rules", object{"name": "c", "script": "x"})
	if first["order"] != 1.0 || third["order"] != 8.0 || first["stage"] != "login_success" || first["enabled"] != true {
		t.Errorf("the rules are %v and %v", first, third)
	}
	c.must(409, http.MethodPost, "/rules", object{"name": "a", "script": "x"})
}

func TestRulesConfigsHideTheirValues(t *testing.T) {
	c := newClient(t)
	if set := c.must(200, http.MethodPut, "/rules-configs/key", object{"value": "hidden"}); set["value"] != "hidden" || set["key"] != "key" {
		t.Errorf("what was set is %v", set)
	}
	c.must(400, http.MethodPut, "/rules-configs/key", object{})
	_, list := c.do(http.MethodGet, "/rules-configs", nil)
	if diff := cmp.Diff([]any{object{"key": "key"}}, list); diff != "" {
		t.Errorf("the list is not as expected (-want +got):\n%s", diff)
	}
	c.must(204, http.MethodDelete, "/rules-configs/key", nil)
}
