package members_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage/members"
)

// FuzzMembers compares the members found and set with what encoding/json makes of the whole object.
func FuzzMembers(f *testing.F) {
	for _, object := range []string{
		`{}`, `{"a":1}`, `{"a":1,"b":{"m":2,"c":["}",{"z":"]"}]},"m":"\\","z":null}`, `{"z":1,"a":2}`, `{"m":1,"m":2}`, `{ "a" : 1 , "m":2}`,
		"{\"a\":1\n,\"z\":[ ]\t}", `{"\u006d":1,"z":"\"m\":2"}`, `{"M":1,"mm":2,"":3}`, `{"a":"é\u0000\\\"","l\u003cb\u003e":-1.5e9,"z":false}`, ` {"m":1}`,
	} {
		f.Add(object, "m", "z")
	}
	f.Fuzz(func(t *testing.T, text, one, other string) {
		var all map[string]any
		if json.Unmarshal([]byte(text), &all) != nil || all == nil {
			return // no object
		}
		names := []string{one, other}
		want := maps.Clone(all)
		maps.DeleteFunc(want, func(name string, _ any) bool { return !slices.Contains(names, name) })
		found, err := members.Of[any]([]byte(text), names)
		if diff := cmp.Diff(want, found); err != nil || diff != "" {
			t.Errorf("%v, of %s (-want +got):\n%s", err, text, diff)
		}
		name, err := json.Marshal(one)
		if err != nil || string(name) != `"`+one+`"` {
			return // a name that nothing sets
		}
		var got map[string]any
		all[one] = map[string]any{"set": ","}
		out, err := members.With([]byte(text), map[string]json.RawMessage{one: json.RawMessage(`{"set":","}`)})
		if err != nil || json.Unmarshal(out, &got) != nil || cmp.Diff(all, got) != "" {
			t.Errorf("%v, with %q %s becomes %s", err, one, text, out)
		}
	})
}

// TestMembersOfMembers: names with a dot select members of nested objects; an object that Each cannot read is unchanged.
func TestMembersOfMembers(t *testing.T) {
	names := []string{"id", "issue.user", "issue.in.sid", "none.a"}
	for object, want := range map[string]string{
		`{"id":"1","issue":{"user":"ann","in":{"x":[1],"sid":"s"},"scope":["a","b"]},"other":{"id":2}}`: `{"id":"1","issue":{"user":"ann","in":{"sid":"s"}}}`,
		`{"issue":{"scope":[]},"user":"bob","none":null}`:                                               `{"issue":{},"none":null}`,
		`{"issue":{ "user" : "ann" },"z":1}`:                                                            `{"issue":{ "user" : "ann" }}`,
		`{"issue":"user","issues":{"user":"bob"}}`:                                                      `{"issue":"user"}`,
		`{ "id":"1","z":2}`: `{ "id":"1","z":2}`,
	} {
		if got := string(members.Only([]byte(object), names)); got != want {
			t.Errorf("of %s there is %s, want %s", object, got, want)
		}
	}
}
