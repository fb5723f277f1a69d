package management_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/resource"
)

// zeroed returns bodies with a zero byte in one declared text each, at every depth.
func zeroed(fields resource.Fields, within func(any) any) (bodies []any) {
	for name, f := range fields {
		at := func(value any) any { return within(object{name: value}) }
		bodies = append(bodies, zeroedField(f, at)...)
	}
	return bodies
}

func zeroedField(f resource.Field, at func(any) any) []any {
	switch f.Type { //nolint:exhaustive // the others hold no text
	case resource.String, resource.Any:
		return []any{at("a\x00b")}
	case resource.Array:
		if f.Item == nil {
			return []any{at([]any{"\x00"})}
		}
		return zeroedField(*f.Item, func(value any) any { return at([]any{value}) })
	case resource.Object:
		return append(zeroed(f.Fields, at), at(object{"\x00": 1}), at(object{"deep": []any{object{"er": "\x00"}}}))
	}
	return nil
}

// TestNoWriteTakesAZeroByte sends a zero byte to every operation that writes: in every text that it declares,
// in names, in lists, in path variables and in the query. Each request is refused with a message, and none
// causes a server error.
func TestNoWriteTakesAZeroByte(t *testing.T) {
	c := newClient(t)
	itself := func(v any) any { return v }
	kinds := management.BodiesServed()
	walked, declared := 0, 0
	for _, op := range management.Served() {
		method, pattern, _ := strings.Cut(op, " ")
		path := variable.ReplaceAllString(strings.TrimPrefix(pattern, "/api/v2"), "x")
		expect := func(what, path string, body any, code string) {
			t.Helper()
			status, answer := c.do(method, path, body)
			got, _ := answer.(object)
			message, _ := got["message"].(string)
			if status != 400 || got["error"] != "Bad Request" || got["errorCode"] != code || !strings.Contains(message, "validation error: 'The character U+0000 is not allowed'") {
				t.Errorf("%s %s: %s: %d %v", method, path, what, status, answer)
			}
		}
		if strings.Contains(pattern, "{") {
			for _, zero := range []string{"a%00b", "%2500"} {
				expect("path", variable.ReplaceAllString(strings.TrimPrefix(pattern, "/api/v2"), zero), nil, "invalid_uri")
			}
		}
		expect("query", path+"?x=a%00b", nil, "invalid_query_string")
		if method == http.MethodGet {
			continue
		}
		walked++
		for _, body := range []any{object{"x": "\x00"}, object{"\x00": "x"}, []any{"\x00"}, []any{object{"x": []any{"\x00"}}}, "\"\\u0000\""} {
			if status, answer := c.do(method, path, body); status >= 500 {
				t.Errorf("%s %s with %q: %d %v", method, path, body, status, answer)
			}
		}
		kind := kinds[op]
		if kind == nil || method == http.MethodDelete {
			continue
		}
		for _, body := range zeroed(kind.Fields, itself) {
			declared++
			if status, answer := c.do(method, path, body); status == 404 && method != http.MethodPost {
				t.Errorf("%s %s is looked for before its body is read: %v", method, path, answer)
			}
			expect("body", path, body, "invalid_body")
		}
	}
	if walked < 150 || declared < 500 {
		t.Errorf("only %d writes and %d texts were walked", walked, declared)
	}
}

// TestWhereAZeroByteIs: the error message names the member that contains the zero byte.
func TestWhereAZeroByteIs(t *testing.T) {
	c := newClient(t)
	for body, where := range map[string]string{
		`{"name":"a\u0000"}`:                                           "name",
		`{"name":"a","client_metadata":{"k":"\u0000"}}`:                "client_metadata.k",
		`{"name":"a","callbacks":["https://a.test/","\u0000"]}`:        "callbacks[1]",
		`{"name":"a","addons":{"samlp":[{"x":[[1,"\u0000"]]}]}}`:       "addons.samlp[0].x[0][1]",
		`{"name":"a","client_metadata":{"\u0000":"k"},"app_type":"x"}`: "client_metadata",
	} {
		answer := c.must(400, http.MethodPost, "/clients", body)
		if want := "Payload validation error: 'The character U+0000 is not allowed' on property " + where + "."; answer["message"] != want {
			t.Errorf("%s: %v, want %s", body, answer["message"], want)
		}
	}
	made := c.must(201, http.MethodPost, "/clients", `{"name":"a backslash, \\u0000, is none"}`)
	if made["name"] != `a backslash, \u0000, is none` {
		t.Errorf("the name is %q", made["name"])
	}
}
