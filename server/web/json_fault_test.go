package web_test

import (
	"encoding/json"
	"testing"

	"github.com/tenant0/tenant0/server/web"
)

// TestJSONFault: errors in JSON texts use the type names of JSON, never those of Go.
func TestJSONFault(t *testing.T) {
	for _, tt := range []struct{ text, member, want string }{
		{`{"name": 1}`, "name", "string"},
		{`{"on": "yes"}`, "on", "boolean"},
		{`{"list": {}}`, "list", "array"},
		{`{"list": [1]}`, "list", "string"},
		{`{"part": {"count": 1.5}}`, "part.count", "integer"},
		{`{"share": []}`, "share", "number"},
		{`{"more": []}`, "more", "object"},
		{`{"maybe": 1}`, "maybe", "string"},
		{`[]`, "", "object"},
		{`{"name": `, "", ""},
		{`{"more": {"a": 1e400}}`, "", ""},
		{`{"share": -1e400}`, "", ""},
	} {
		var into struct {
			Name  string         `json:"name"`
			On    bool           `json:"on"`
			List  []string       `json:"list"`
			Share float64        `json:"share"`
			More  map[string]any `json:"more"`
			Maybe *string        `json:"maybe"`
			Part  struct {
				Count int `json:"count"`
			} `json:"part"`
		}
		err := json.Unmarshal([]byte(tt.text), &into)
		if member, want := web.JSONFault(err); member != tt.member || want != tt.want {
			t.Errorf("%s (%v): the member %q must be of the type %q, want %q and %q", tt.text, err, member, want, tt.member, tt.want)
		}
	}
}
