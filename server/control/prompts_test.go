package control_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

func TestWhichLoginsShowAForm(t *testing.T) {
	l := listen(t)
	_, made := l.Manage(l.Client(), http.MethodPost, "forms", map[string]any{"name": "f", "nodes": []any{}})
	form := made.(map[string]any)["id"].(string)
	var all []map[string]any
	l.read(http.MethodGet, "/prompts", "", &all)
	if len(all) != 0 {
		t.Fatalf("a new tenant has %v", all)
	}
	for _, refused := range []struct {
		body   string
		status int
		says   string
	}{
		{`{}`, 400, "form_id"},
		{`{"form_id":"` + strings.Repeat("x", 49) + `"}`, 400, "form_id"},
		{`{"form_id":"ap_nowhere"}`, 404, "unknown_form"},
		{`{"form_id":"` + form + `","client_id":"nobody"}`, 404, "unknown_client"},
		{`{"form_id":"` + form + `","fields":{"not a name":1}}`, 400, "not a name"},
		{`{"form_id":"` + form + `","vars":{"a":"` + strings.Repeat("x", 24_577) + `"}}`, 400, "The total size of the prompt options exceeds the limit of 24576 bytes."},
	} {
		if status, answer := l.ask(http.MethodPut, "/prompts", refused.body); status != refused.status || !strings.Contains(answer, refused.says) {
			t.Errorf("%.60s is answered %d %s", refused.body, status, answer)
		}
	}
	var put map[string]any
	l.read(http.MethodPut, "/prompts", `{"form_id":"`+form+`"}`, &put)
	l.read(http.MethodPut, "/prompts", `{"form_id":"`+form+`","client_id":"`+servertest.SPA+`","fields":{"a":1}}`, &put)
	l.read(http.MethodGet, "/prompts", "", &all)
	if len(all) != 2 || all[0]["client_id"] != "" || all[1]["client_id"] != servertest.SPA || all[1]["fields"].(map[string]any)["a"] != 1.0 {
		t.Errorf("there are %v", all)
	}
	if status, answer := l.ask(http.MethodDelete, "/prompts?client_id="+servertest.SPA, ""); status != http.StatusNoContent {
		t.Errorf("deleting one: %d %s", status, answer)
	}
	if l.read(http.MethodGet, "/prompts", "", &all); len(all) != 1 || all[0]["client_id"] != "" {
		t.Errorf("there are %v", all)
	}
	l.Manage(l.Client(), http.MethodDelete, "forms/"+form, nil)
	if l.read(http.MethodGet, "/prompts", "", &all); len(all) != 0 {
		t.Errorf("a form that is gone is still shown by %v", all)
	}
}
