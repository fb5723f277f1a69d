package search_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/search"
)

func schemas() []*search.Schema {
	return []*search.Schema{search.Users, search.UsersV2, search.Logs, search.Fields("domain")}
}

// FuzzParse: a query is refused with an error that names the position, or its canonical form
// parses to the same query.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `*`, `a b`, `name:*john*`, `+a -b !c`, `email:("a" OR "b")`, `logins_count:[100 TO *}`, `a AND (b || NOT c)`, `_exists_:user_metadata.a`,
		`last_login:{2017-12 TO "2018-01-01T00:00:00Z"]`, `\(1\+1\)\=2`, `name:"a \" \\"`, `logins_count:(>=10 AND <20)`, `a^2 b~ /c/`, `date:[* TO 2018}`,
		`"äö" ö*`, `\AND:b`, `domain:beacon*`, `connection:x`, `name.raw:x`, `-(a)b"c"`, "a\x00\xff", `user_id:auth0|1||2`, `*:* OR *`, `_exists_:(a b)`,
	} {
		f.Add(seed)
	}
	documents := [][]byte{[]byte(`{"name":"john","identities":[{"connection":"x"}],"user_metadata":{"a":1},"type":"a","domain":"beacon"}`), []byte(`{}`)}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range schemas() {
			q, err := search.Parse(text, s)
			if err != nil {
				var e *search.Error
				if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(text) || !strings.HasPrefix(e.Message, "The search query string has an error: ") {
					t.Fatalf("%q: %#v", text, err)
				}
				continue
			}
			again, err := search.Parse(q.String(), s)
			if err != nil {
				t.Fatalf("%q is %s, which is refused: %v", text, q, err)
			}
			if again.String() != q.String() || !reflect.DeepEqual(again.Tree(), q.Tree()) {
				t.Fatalf("%q is %s, which is %s", text, q, again)
			}
			for _, raw := range documents {
				if q.Match(raw) != again.Match(raw) {
					t.Fatalf("%q and %s differ on %s", text, q, raw)
				}
			}
		}
	})
}

// FuzzDocument: searching any bytes does not fail, and the formatting of a document does not
// change what it matches.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		`{"name":"john","app_metadata":{"a":[1,{"b":null}]},"logins_count":1e2}`, `{"name":"\"\\\u00e4"}`, `[{"name":1}]`, `{"app_metadata.a":{"b":""}}`,
		`{"name"`, `{"name":}`, `{]`, `"`, `{"name":"x\`, `{"a":[,]}`, `tru`, `{"app_metadata":{"":{}}}`,
	} {
		f.Add([]byte(seed))
	}
	var queries []search.Query
	for _, q := range []string{`name:*ohn* OR name:"ä"`, `_exists_:app_metadata.a`, `app_metadata.a.b:""`, `logins_count:[1 TO 100]`, `_exists_:name AND -john`} {
		query, err := search.Parse(q, search.Users)
		if err != nil {
			f.Fatal(err)
		}
		queries = append(queries, query)
	}
	order, err := search.ParseOrder("name:-1", search.Users)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var doc any
		var indented bytes.Buffer
		valid := json.Unmarshal(raw, &doc) == nil && json.Indent(&indented, raw, " ", "\t") == nil
		order.Key(raw)
		for _, q := range queries {
			got := q.Match(raw)
			if valid && q.Match(indented.Bytes()) != got {
				t.Fatalf("%s: %v on %q and not on %q", q, got, raw, indented.Bytes())
			}
		}
	})
}
