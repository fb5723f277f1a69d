package web_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/web"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// echo serves a handler that answers with the form's parameters.
func echo() http.Handler {
	rt := web.NewRouter(slog.New(slog.DiscardHandler))
	rt.Handle(http.MethodPost, "/", func(w http.ResponseWriter, r *http.Request) error {
		form, err := web.Form(w, r)
		if err != nil {
			return err
		}
		return web.Reply(w, http.StatusOK, form)
	})
	return rt
}

// post sends a body and returns the status, and the parameters or the error description.
func post(t *testing.T, h http.Handler, contentType string, body []byte) (status int, form url.Values, problem string) {
	t.Helper()
	rq := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, rq)
	if w.Code != http.StatusOK {
		var e struct {
			Description string `json:"error_description"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Description == "" {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		return w.Code, nil, e.Description
	}
	if err := json.Unmarshal(w.Body.Bytes(), &form); err != nil {
		t.Fatal(err)
	}
	return w.Code, form, ""
}

func TestForm(t *testing.T) {
	h := echo()
	const unreadable, mediaType = "The request body cannot be parsed", "The request body must be application/json or application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, contentType, body string
		status                  int
		form                    url.Values
		problem                 string
	}{
		{"a form", formType, "a=1&b=x+y%2B&c=", 200, url.Values{"a": {"1"}, "b": {"x y+"}, "c": {""}}, ""},
		{"a form with a charset", formType + "; charset=UTF-8", "a=1", 200, url.Values{"a": {"1"}}, ""},
		{"JSON", jsonType, `{"a":"1","n":12.50,"t":true,"none":null,"scope":["x","y"]}`, 200, url.Values{"a": {"1"}, "n": {"12.50"}, "t": {"true"}, "scope": {"x y"}}, ""},
		{"JSON with white space", jsonType, " \n{ \"a\" : \"1\" }\n ", 200, url.Values{"a": {"1"}}, ""},
		{"an empty body", formType, "", 200, url.Values{}, ""},
		{"an empty body of no type", "", "", 200, url.Values{}, ""},
		{"an empty object", jsonType, "{}", 200, url.Values{}, ""},
		{"no type", "", "a=1", 415, nil, mediaType},
		{"another type", "text/plain", "a=1", 415, nil, mediaType},
		{"multipart", "multipart/form-data; boundary=x", "--x--", 415, nil, mediaType},
		{"a name twice", formType, "a=1&a=1", 400, nil, "Duplicate parameter: a"},
		{"a name twice in JSON", jsonType, `{"a":"1","b":"2","a":"1"}`, 400, nil, "Duplicate parameter: a"},
		{"a name twice in JSON, by an escape", jsonType, `{"a":"1","\u0061":null}`, 400, nil, "Duplicate parameter: a"},
		{"a zero byte", formType, "a=%00", 400, nil, `Invalid parameter "a": not UTF-8 text`},
		{"a zero byte in JSON", jsonType, `{"a":"\u0000"}`, 400, nil, `Invalid parameter "a": not UTF-8 text`},
		{"bytes that are no text", formType, "a=%ff", 400, nil, `Invalid parameter "a": not UTF-8 text`},
		{"bytes that are no text, bare", formType, "a=\xff", 400, nil, unreadable},
		{"an object in JSON", jsonType, `{"a":{}}`, 400, nil, "Invalid parameter a: must be a string"},
		{"a scope that is an object", jsonType, `{"scope":{}}`, 400, nil, "Scope must be an array or a string"},
		{"a scope that is a number", jsonType, `{"scope":1}`, 400, nil, "Scope must be an array or a string"},
		{"a scope that is a truth", jsonType, `{"scope":true}`, 400, nil, "Scope must be an array or a string"},
		{"a list of numbers", jsonType, `{"a":[1]}`, 400, nil, "Invalid parameter a: must be a string"},
		{"a list", jsonType, `[]`, 400, nil, unreadable},
		{"text behind the object", jsonType, `{}{}`, 400, nil, unreadable},
		{"an object cut off", jsonType, `{"a":"1"`, 400, nil, unreadable},
		{"an object cut off after its comma", jsonType, `{"a":"1",`, 400, nil, unreadable},
		{"a bad escape", formType, "a=%zz", 400, nil, unreadable},
		{"as much as may be", formType, "a=" + strings.Repeat("x", web.MaxForm-2), 200, url.Values{"a": {strings.Repeat("x", web.MaxForm-2)}}, ""},
		{"a byte more", formType, "a=" + strings.Repeat("x", web.MaxForm-1), 413, nil, "The request body is too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, form, problem := post(t, h, tt.contentType, []byte(tt.body))
			if diff := cmp.Diff(tt.form, form); status != tt.status || problem != tt.problem || diff != "" {
				t.Errorf("%d %q, want %d %q; form (-want +got):\n%s", status, problem, tt.status, tt.problem, diff)
			}
		})
	}
}

// sane fails if a form contains anything that handlers do not expect.
func sane(t *testing.T, form url.Values) {
	t.Helper()
	for name, values := range form {
		if len(values) != 1 {
			t.Errorf("%q has %d values", name, len(values))
		}
		if !utf8.ValidString(name) || !utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0) {
			t.Errorf("%q is %q", name, values[0])
		}
	}
}

// FuzzFormBody: an accepted body has what package url reads, each name once and valid
// text; any other is refused with a 4xx.
func FuzzFormBody(f *testing.F) {
	for _, seed := range []string{"", "a=1&b=2", "a=1&a=2", "a=%00", "a=%ff", "%61=1&a=2", "a;b", "=", "&&", "a=%zz", "\xff", "a=+%2b%20", "scope=a%09b%0ac"} {
		f.Add([]byte(seed))
	}
	h := echo()
	f.Fuzz(func(t *testing.T, body []byte) {
		status, form, _ := post(t, h, formType, body)
		if status == http.StatusOK {
			sane(t, form)
			want, err := url.ParseQuery(string(body))
			if diff := cmp.Diff(want, form); err != nil || diff != "" {
				t.Errorf("%v; form (-url +web):\n%s", err, diff)
			}
		} else if status < 400 || status > 499 {
			t.Errorf("status %d", status)
		}
	})
}

// FuzzJSONBody: an accepted body has what package json reads, each name once and valid
// text; any other is refused with a 4xx.
func FuzzJSONBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":"1"}`, `{"a":"1","a":"2"}`, `{"a":1e9,"b":true,"c":null,"d":["x","y"]}`, `{"scope":["a b"]}`, `[]`, `null`, `{"a":{}}`, `{}x`, `{"a":`,
		`{"a":"\u0000"}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"":""}`, `{"a":"1",}`, `{"a" "b"}`, strings.Repeat(`{"a":`, 200),
	} {
		f.Add([]byte(seed))
	}
	h := echo()
	f.Fuzz(func(t *testing.T, body []byte) {
		status, form, _ := post(t, h, jsonType, body)
		switch {
		case status < 200 || status > 499 || (status > 299 && status < 400):
			t.Errorf("status %d", status)
		case status == http.StatusOK && len(body) > 0:
			sane(t, form)
			var want map[string]any
			if err := json.Unmarshal(body, &want); err != nil {
				t.Fatalf("package json refuses it: %v", err)
			}
			taken := 0
			for name, value := range want {
				text, isText := value.(string)
				if isText && form.Get(name) != text {
					t.Errorf("%q is %q, and %q to package json", name, form.Get(name), text)
				}
				if value != nil {
					taken++
				}
			}
			if taken != len(form) {
				t.Errorf("%v is taken from %s", form, body)
			}
		}
	})
}
