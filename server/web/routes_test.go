package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/web"
)

// say answers with a word and the path variable "id".
func say(word string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return web.ReplyBytes(w, http.StatusOK, "text/plain", []byte(strings.TrimSuffix(word+" "+web.Param(r, "id"), " ")))
	}
}

func router() *web.Router {
	rt := web.NewRouter(slog.New(slog.DiscardHandler))
	rt.Handle("GET", "/users/{id}", say("user"))
	rt.Handle("DELETE", "/users/{id}", say("delete user"))
	rt.Handle("GET", "/users/me", say("me"))
	rt.Handle("PATCH", "/users/{name}", say("patch a name"))
	rt.WithCORS(web.AnyOrigin).Handle("POST", "/users", say("new user"))
	rt.HandlePrefix("GET", "/users/", say("below users"))
	return rt
}

func TestRoutes(t *testing.T) {
	rt := router()
	for _, x := range []struct {
		name, method, target string
		status               int
		want                 string
	}{
		{"a path", "POST", "/users", 200, "new user"},
		{"a variable", "GET", "/users/7", 200, "user 7"},
		{"another method of the same path", "DELETE", "/users/7", 200, "delete user 7"},
		{"an escaped slash in a variable", "GET", "/users/auth0%7Ca%2Fb", 200, "user auth0|a/b"},
		{"a word before a variable, whatever came first", "GET", "/users/me", 200, "me"},
		{"a method that the word lacks and the variable has", "DELETE", "/users/me", 200, "delete user me"},
		{"a method that only a later path has", "PATCH", "/users/me", 200, "patch a name"},
		{"a path below a prefix", "GET", "/users/7/roles", 200, "below users"},
		{"HEAD of a path that GET has", "HEAD", "/users/me", 200, "me"},
		{"HEAD of a path with a variable", "HEAD", "/users/7", 200, "user 7"},
		{"HEAD of a path below a prefix", "HEAD", "/users/7/roles", 200, "below users"},
		{"HEAD of a path that GET lacks", "HEAD", "/users", 405, ""},
		{"a preflight", "OPTIONS", "/users", 204, ""},
		{"an unknown path", "GET", "/nobody", 404, ""},
		{"an unknown method below a prefix", "POST", "/users/7/roles", 404, ""},
		{"a path that is not clean", "GET", "//users", 404, ""},
		{"a method that the path lacks", "PUT", "/users/me", 405, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			rt.ServeHTTP(w, httptest.NewRequest(x.method, x.target, http.NoBody))
			body, _ := io.ReadAll(w.Body)
			if w.Code != x.status || (x.want != "" && string(body) != x.want) {
				t.Errorf("answer is %d %q, want %d %q", w.Code, body, x.status, x.want)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	for _, x := range []struct {
		name, target string
		want         []string
	}{
		{"of a path with a variable", "/users/7", []string{"GET", "HEAD", "PATCH", "DELETE"}},
		{"of a path for other origins", "/users", []string{"POST", "OPTIONS"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			router().ServeHTTP(w, httptest.NewRequest("PUT", x.target, http.NoBody))
			if diff := cmp.Diff(x.want, w.Header().Values("Allow")); w.Code != http.StatusMethodNotAllowed || diff != "" {
				t.Errorf("%d: Allow (-want +got)\n%s", w.Code, diff)
			}
		})
	}
}

func TestOperations(t *testing.T) {
	want := []string{"GET /users/{id}", "DELETE /users/{id}", "GET /users/me", "PATCH /users/{name}", "POST /users", "GET /users/"}
	if diff := cmp.Diff(want, router().Operations()); diff != "" {
		t.Errorf("operations (-want +got)\n%s", diff)
	}
}

// BenchmarkRouter measures how long finding a handler takes.
func BenchmarkRouter(b *testing.B) {
	rt := web.NewRouter(slog.New(slog.DiscardHandler))
	quiet := func(http.ResponseWriter, *http.Request) error { return nil }
	for _, path := range []string{"/a", "/b/{id}", "/c/{id}", "/d/{id}", "/oauth/token"} {
		rt.Handle("POST", path, quiet)
	}
	for name, target := range map[string]string{"a path": "/oauth/token", "a variable": "/d/7"} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("POST", target, http.NoBody)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				rt.ServeHTTP(w, r)
			}
		})
	}
}

// TestRoutersShareATable gives several routers the same paths: each serves them with its own
// handlers, and a method that only one of them has is not served by the others.
func TestRoutersShareATable(t *testing.T) {
	of := func(word string, methods ...string) *web.Router {
		rt := web.NewRouter(slog.New(slog.DiscardHandler))
		for _, method := range methods {
			rt.Handle(method, "/things/{id}", say(word))
		}
		return rt
	}
	one, two, more := of("one", "GET"), of("two", "GET"), of("more", "GET", "PUT")
	for _, x := range []struct {
		rt     *web.Router
		method string
		status int
		want   string
	}{{one, "GET", 200, "one 7"}, {two, "GET", 200, "two 7"}, {more, "PUT", 200, "more 7"}, {two, "PUT", 405, ""}, {one, "GET", 200, "one 7"}} {
		w := httptest.NewRecorder()
		x.rt.ServeHTTP(w, httptest.NewRequest(x.method, "/things/7", http.NoBody))
		if body := w.Body.String(); w.Code != x.status || (x.want != "" && body != x.want) {
			t.Errorf("%s: %d %q, want %d %q", x.method, w.Code, body, x.status, x.want)
		}
	}
}

// TestARedirectSaysWhereItGoes also in its body, as Auth0's redirects do: scripts that do not
// follow redirects look for the next state there.
func TestARedirectSaysWhereItGoes(t *testing.T) {
	const location = `/u/login?state=a&ui_locales="><script>`
	rt := web.NewRouter(slog.New(slog.DiscardHandler))
	rt.Handle("GET", "/", func(w http.ResponseWriter, r *http.Request) error { return web.Redirect(w, r, location) })
	const link = "/u/login?state=a&amp;ui_locales=&#34;&gt;&lt;script&gt;"
	for accept, want := range map[string]string{
		"":                                    "Found. Redirecting to " + location,
		"*/*":                                 "Found. Redirecting to " + location,
		"text/html,application/xml;q=0.9,*/*": `<p>Found. Redirecting to <a href="` + link + `">` + link + "</a></p>",
	} {
		rq := httptest.NewRequest("GET", "/", http.NoBody)
		rq.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, rq)
		if w.Code != http.StatusFound || w.Header().Get("Location") != location || w.Body.String() != want {
			t.Errorf("to Accept: %s it is %d to %s with %s, want %s", accept, w.Code, w.Header().Get("Location"), w.Body, want)
		}
		if kind, plain := w.Header().Get("Content-Type"), !strings.Contains(accept, "html"); strings.HasPrefix(kind, "text/plain") != plain {
			t.Errorf("to Accept: %s its type is %s", accept, kind)
		}
	}
}
