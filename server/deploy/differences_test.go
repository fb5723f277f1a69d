package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

type (
	object = storage.Document
	list   = []any
)

func TestToldDifferences(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	for _, tt := range []struct {
		change resource.Difference
		want   string
	}{
		{resource.Difference{Member: "name", Had: "a", Wanted: "b"}, `name: "a" → "b"`},
		{resource.Difference{Member: "name", Wanted: "b"}, `name: nothing → "b"`},
		{resource.Difference{Member: "name", Had: "a"}, `name: "a" → nothing`},
		{resource.Difference{Member: "on", Had: false, Wanted: true}, `on: false → true`},
		{resource.Difference{Member: "list", Had: list{}, Wanted: list{"<b>", 1.0}}, `list: [] → ["<b>",1]`},
		{resource.Difference{Member: "options", Had: object{"b": 1.0, "a": nil}, Wanted: object{}}, `options: {"a":null,"b":1} → {}`},
		{resource.Difference{Member: "client_secret", Had: "old secret", Wanted: "new secret", Secret: true}, `client_secret: changed`},
		{resource.Difference{Member: "client_secret", Wanted: "new secret", Secret: true}, `client_secret: changed`},
		// The two quotation marks count too.
		{resource.Difference{Member: "m", Had: "", Wanted: long(57)}, `m: "" → "` + long(57) + `"`},
		{resource.Difference{Member: "m", Had: "", Wanted: long(58)}, `m: "" → "` + long(58) + `"`},
		{resource.Difference{Member: "m", Had: "", Wanted: long(59)}, `m: "" → "` + long(59) + `…`},
		{resource.Difference{Member: "m", Had: "", Wanted: long(600)}, `m: "" → "` + long(59) + `…`},
	} {
		if got := deploy.Describe(tt.change); got != tt.want {
			t.Errorf("%+v is told as\n%s\nwant\n%s", tt.change, got, tt.want)
		}
	}
	both := deploy.DescribeAll([]resource.Difference{{Member: "a", Wanted: 1.0}, {Member: "b", Secret: true}})
	if diff := cmp.Diff([]string{"a: nothing → 1", "b: changed"}, both); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if none := deploy.DescribeAll(nil); none != nil {
		t.Errorf("no change is told as %q", none)
	}
}

// TestMarkersWithoutAValueKeepWhatIsThere, if the existing text matches, and change nothing else.
func TestMarkersWithoutAValueKeepWhatIsThere(t *testing.T) {
	for _, tt := range []struct {
		name              string
		had, wanted, want any
	}{
		{"a marker", "secret", "##SECRET##", "secret"},
		{"Auth0's own sign", "secret", deploy.HiddenSecret, "secret"},
		{"a marker of nothing", nil, "##SECRET##", "##SECRET##"},
		{"Auth0's own sign of nothing", nil, deploy.HiddenSecret, deploy.HiddenSecret},
		{"a marker of what is no text", 1.0, "##SECRET##", "##SECRET##"},
		{"a marker of an empty text", "", "##SECRET##", ""},
		{"a text", "secret", "other", "other"},
		{"an empty text", "secret", "", ""},
		{"no marker: one sign", "secret", "#SECRET#", "#SECRET#"},
		{"no marker: no name", "secret", "####", "####"},
		{"no marker: a space", "secret", "##SE CRET##", "##SE CRET##"},
		{"no marker: not closed", "secret", "##SECRET", "##SECRET"},
		{"a marker within", "https://me:pw@host/", "https://me:##PW##@host/", "https://me:pw@host/"},
		{"a marker at the end", "Bearer x", "Bearer ##TOKEN##", "Bearer x"},
		{"two markers", "a.b", "##ONE##.##TWO##", "a.b"},
		{"a marker over lines", "key:\none\ntwo", "key:##KEY##", "key:\none\ntwo"},
		{"a marker in another text", "https://me:pw@host/", "https://me:##PW##@elsewhere/", "https://me:##PW##@elsewhere/"},
		{"what looks like a pattern is a text", "axb", "a.##X##", "a.##X##"},
		{"a bracket is a text", "(1", "(##X##", "(1"},
		{"more behind it", "secret and more", "##SECRET## and", "##SECRET## and"},
		{"a number", 1.0, 2.0, 2.0},
		{"null", "secret", nil, nil},
		{"within an object", object{"a": "secret", "b": "kept"}, object{"a": "##A##", "c": "new"}, object{"a": "secret", "c": "new"}},
		{"within an object that is new", nil, object{"a": "##A##"}, object{"a": "##A##"}},
		{"within an object that was a text", "secret", object{"a": "##A##"}, object{"a": "##A##"}},
		{"within a list", list{"one", "two"}, list{"##A##", "other"}, list{"one", "other"}},
		{"within a longer list", list{"one"}, list{"##A##", "##B##"}, list{"##A##", "##B##"}},
		{"within a shorter list", list{"one", "two"}, list{"##A##"}, list{"##A##"}},
		{"within an empty list", list{}, list{}, list{}},
		{"deep", object{"a": list{object{"b": "secret"}}}, object{"a": list{object{"b": deploy.HiddenSecret}}}, object{"a": list{object{"b": "secret"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			item := object{"member": tt.wanted}
			deploy.KeepUnset(object{"member": tt.had}, item)
			if diff := cmp.Diff(object{"member": tt.want}, item); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeepingWhatIsThereChangesNothingElse: existing values may be shared, so they are not modified.
func TestKeepingWhatIsThereChangesNothingElse(t *testing.T) {
	there := object{"options": object{"secret": "kept", "list": list{"a"}}, "other": "stays"}
	options := object{"secret": "##SECRET##", "list": list{"##A##"}}
	item := object{"options": options}
	deploy.KeepUnset(there, item)
	if diff := cmp.Diff(object{"options": object{"secret": "kept", "list": list{"a"}}}, item); diff != "" {
		t.Errorf("the item (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(object{"options": object{"secret": "kept", "list": list{"a"}}, "other": "stays"}, there); diff != "" {
		t.Errorf("what is there (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(object{"secret": "##SECRET##", "list": list{"##A##"}}, options); diff != "" {
		t.Errorf("the options that were given (-want +got):\n%s", diff)
	}
}
