package management_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestActionIsDeployedBoundAndRolledBack(t *testing.T) {
	c := newClient(t)
	action := c.must(201, http.MethodPost, "/actions/actions", object{
		"name": "claims", "code": "one", "supported_triggers": []object{{"id": "post-login", "version": "v3"}},
		"secrets": []object{{"name": "KEY", "value": "hidden"}},
	})
	path := "/actions/actions/" + action["id"].(string)
	if action["status"] != "pending" || action["runtime"] != "node22" || action["all_changes_deployed"] != false || action["deployed_version"] != nil {
		t.Errorf("a new action is %v", action)
	}
	if secret := action["secrets"].([]any)[0].(object); secret["value"] != nil || secret["updated_at"] != action["updated_at"] {
		t.Errorf("its secret is %v", secret)
	}
	bind := object{"bindings": []object{{"ref": object{"type": "action_name", "value": "claims"}, "display_name": "Claims"}}}
	refused := c.must(400, http.MethodPatch, "/actions/triggers/post-login/bindings", bind)
	if refused["message"] != "Trying to create a binding for an action that has not been deployed yet." {
		t.Errorf("a binding of a draft gets %v", refused)
	}

	first := c.must(200, http.MethodPost, path+"/deploy", nil)
	if first["number"] != 1.0 || first["deployed"] != false || first["action"].(object)["name"] != "claims" {
		t.Errorf("the first version is %v", first)
	}
	if now := c.must(200, http.MethodGet, path, nil); now["all_changes_deployed"] != true || now["status"] != "built" || now["deployed_version"].(object)["id"] != first["id"] {
		t.Errorf("the deployed action is %v", now)
	}
	if now := c.must(200, http.MethodPatch, path, object{"code": "two"}); now["all_changes_deployed"] != false {
		t.Errorf("the changed action is %v", now)
	}
	c.must(200, http.MethodPost, path+"/deploy", nil)
	third := c.must(200, http.MethodPost, path+"/versions/"+first["id"].(string)+"/deploy", object{"update_draft": true})
	now := c.must(200, http.MethodGet, path, nil)
	if third["number"] != 3.0 || third["code"] != "one" || now["code"] != "one" || now["all_changes_deployed"] != true {
		t.Errorf("rolled back to %v: %v", third, now)
	}
	if versions := c.must(200, http.MethodGet, path+"/versions", nil); versions["total"] != 3.0 || versions["per_page"] != 20.0 || versions["page"] != nil {
		t.Errorf("its versions are %v", versions)
	}
	if old := c.must(200, http.MethodGet, path+"/versions/"+first["id"].(string), nil); old["deployed"] != false || old["code"] != "one" {
		t.Errorf("the first version is now %v", old)
	}

	bound := c.must(200, http.MethodPatch, "/actions/triggers/post-login/bindings", bind)["bindings"].([]any)[0].(object)
	if bound["display_name"] != "Claims" || bound["trigger_id"] != "post-login" || bound["action"].(object)["id"] != action["id"] {
		t.Errorf("the binding is %v", bound)
	}
	again := object{"bindings": []object{{"ref": object{"type": "binding_id", "value": bound["id"]}}}}
	if other := c.must(200, http.MethodPatch, "/actions/triggers/post-login/bindings", again)["bindings"].([]any)[0].(object); other["id"] == bound["id"] || other["display_name"] != "Claims" {
		t.Errorf("bound again it is %v", other)
	}
	if refused := c.must(409, http.MethodDelete, path, nil); refused["message"] != "Unable to delete an action bound to a trigger." {
		t.Errorf("deleting what is bound gets %v", refused)
	}
	c.must(204, http.MethodDelete, path+"?force=true", nil)
	if left := c.must(200, http.MethodGet, "/actions/triggers/post-login/bindings?per_page=50", nil); len(left) != 2 || left["per_page"] != 50.0 {
		t.Errorf("what is left is %v", left)
	}
}

// TestActionsAreListedByWhatIsDeployed: the filters of Auth0: api/management/v2/actions/get-actions.
func TestActionsAreListedByWhatIsDeployed(t *testing.T) {
	c := newClient(t)
	for _, name := range []string{"draft", "first", "second"} {
		action := object{"name": name, "code": "c", "supported_triggers": []any{object{"id": "post-login", "version": "v3"}}, "deploy": name != "draft"}
		c.must(201, http.MethodPost, "/actions/actions", action)
	}
	for query, want := range map[string]string{
		"": "draft first second", "?deployed=true": "first second", "?deployed=false": "draft", "?installed=true": "", "?installed=false&deployed=false": "draft",
		"?deployed=true&actionName=second": "second", "?deployed=true&per_page=1&page=1": "second",
	} {
		var names []string
		for _, item := range c.must(200, http.MethodGet, "/actions/actions"+query, nil)["actions"].([]any) {
			names = append(names, item.(object)["name"].(string))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
}

func TestActionModulesArePublishedAndUsed(t *testing.T) {
	c := newClient(t)
	module := c.must(201, http.MethodPost, "/actions/modules", object{"name": "greetings", "code": "one"})
	id := module["id"].(string)
	if module["all_changes_published"] != false || module["actions_using_module_total"] != 0.0 {
		t.Errorf("a new module is %v", module)
	}
	refused := func(status int, method, path string, body any, message string) {
		t.Helper()
		if answer := c.must(status, method, "/actions/modules/"+id+path, body); answer["message"] != message {
			t.Errorf("%s %s is refused with %v, want %q", method, path, answer, message)
		}
	}
	version := c.must(200, http.MethodPost, "/actions/modules/"+id+"/versions", nil)
	refused(409, http.MethodPost, "/versions", nil, "No draft version is available to publish.")
	refused(409, http.MethodPost, "/rollback", object{"module_version_id": version["id"]}, "The specified version is already the current draft version.")
	c.must(200, http.MethodPatch, "/actions/modules/"+id, object{"code": "two"})
	back := c.must(200, http.MethodPost, "/actions/modules/"+id+"/rollback", object{"module_version_id": version["id"]})
	if back["code"] != "one" || back["all_changes_published"] != true || back["latest_version_number"] != 1.0 {
		t.Errorf("rolled back it is %v", back)
	}
	action := c.must(201, http.MethodPost, "/actions/actions", object{
		"name": "user", "supported_triggers": []object{{"id": "post-login"}}, "modules": []object{{"module_id": id, "module_version_id": version["id"]}},
	})
	users := c.must(200, http.MethodGet, "/actions/modules/"+id+"/actions", nil)["actions"].([]any)
	if len(users) != 1 || users[0].(object)["action_id"] != action["id"] || users[0].(object)["module_version_number"] != 1.0 {
		t.Errorf("it is used by %v", users)
	}
	refused(412, http.MethodDelete, "", nil, "The Actions Module cannot be deleted because it is in use by one or more actions.")
	c.must(204, http.MethodDelete, "/actions/actions/"+action["id"].(string), nil)
	c.must(204, http.MethodDelete, "/actions/modules/"+id, nil)
	if none := c.must(200, http.MethodGet, "/actions/modules", nil); none["total"] != 0.0 || none["page"] != 0.0 {
		t.Errorf("no modules are listed as %v", none)
	}
}
