package registration_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestASectorListsTheCallbacks: the document of the sector_identifier_uri has to list all redirect_uris.
func TestASectorListsTheCallbacks(t *testing.T) {
	tn := start(t, "permissive")
	const other = "https://partner.example.com/other"
	document := ""
	sector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(document))
	}))
	t.Cleanup(sector.Close)
	for name, tt := range map[string]struct{ document, said string }{
		"all of them":    {`["` + callbackURL + `", "` + other + `"]`, ""},
		"one of them":    {`["` + callbackURL + `"]`, "does not list " + other},
		"none of them":   {`[]`, "does not list " + callbackURL},
		"another kind":   {`{"redirect_uris": ["` + callbackURL + `"]}`, "does not lead to a list"},
		"nothing at all": {``, "does not lead to a list"},
	} {
		document = tt.document
		status, answer := tn.register(map[string]any{"redirect_uris": []string{callbackURL, other}, "sector_identifier_uri": sector.URL + "/sector"})
		if said, _ := answer["error_description"].(string); (status == http.StatusCreated) != (tt.said == "") || !strings.Contains(said, tt.said) {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

// TestWhatOnlyTheStandardHas: metadata that Auth0 does not know is left out, as unknown metadata is, unless the tenant
// gives the standard's answers.
func TestWhatOnlyTheStandardHas(t *testing.T) {
	metadata := map[string]any{
		"redirect_uris": []string{callbackURL}, "policy_uri": "https://partner.example.com/policy", "tos_uri": "https://partner.example.com/tos",
		"request_uris": []string{"https://partner.example.com/object"}, "request_object_signing_alg": "RS256",
	}
	_, answer := start(t, "permissive").register(metadata)
	for name := range metadata {
		if _, there := answer[name]; there != (name == "redirect_uris") {
			t.Errorf("%s in the answer: %v", name, answer)
		}
	}
}
