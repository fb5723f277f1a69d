package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestAStateIsGoodForItsOwnPagesAlone: a state belongs to a login, a logout or the enrollment of a factor, and
// opens no page of the other two: it neither shows the page nor lets the page's form be sent.
func TestAStateIsGoodForItsOwnPagesAlone(t *testing.T) {
	w := startWays(t)
	served, err := w.Operations()
	if err != nil {
		t.Fatal(err)
	}
	// own tells which pages belong to a kind, and state begins one and returns its state.
	kinds := map[string]struct {
		own   func(path string) bool
		state func() string
	}{
		"a login": {
			func(path string) bool {
				return path != "/u/logout" && !strings.HasSuffix(path, "/logout") && path != "/u/mfa-enroll-result"
			},
			func() string { return stateIn(w.visit(w.asks())) },
		},
		"a logout": {
			func(path string) bool { return path == "/u/logout" || strings.HasSuffix(path, "/logout") },
			func() string { w.logIn(); return stateIn(w.visit("/oidc/logout")) },
		},
		"an enrollment": {
			func(path string) bool { return strings.HasPrefix(path, "/u/mfa-") },
			func() string { return stateIn(w.visit(w.enrollment())) },
		},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.fresh()
			state := kind.state()
			if state == "" {
				t.Fatal("nothing has begun")
			}
			foreign := 0
			for _, operation := range served {
				method, path, _ := strings.Cut(operation, " ")
				if !strings.HasPrefix(path, "/u/") && path != "/authorize/resume" && path != "/login" && path != "/logout" && !strings.HasPrefix(path, "/simulated/") || kind.own(path) {
					continue
				}
				target := variable.ReplaceAllString(path, "people")
				if none := w.withState(method, target, "none"); none < http.StatusBadRequest {
					continue // it has no state
				}
				foreign++
				if status := w.withState(method, target, state); status < http.StatusBadRequest || status >= http.StatusInternalServerError {
					t.Errorf("%s is answered %d", operation, status)
				}
			}
			if foreign < 3 {
				t.Errorf("it was tried at %d pages of others", foreign)
			}
		})
	}
}

func stateIn(resp *http.Response) string {
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		return ""
	}
	return to.Query().Get("state")
}

// withState requests a page, or sends its form from the tenant's own origin, and returns the status.
func (w *ways) withState(method, path, state string) int {
	w.t.Helper()
	query := url.Values{"state": {state}, "RelayState": {state}, "SAMLResponse": {"x"}}
	form := url.Values{"state": {state}, "action": {"accept"}, "username": {"ann@example.com"}, "RelayState": {state}, "SAMLResponse": {"x"}}
	status, _ := w.send(method, w.URL+path[1:]+"?"+query.Encode(), form.Encode(), "Content-Type", formType, "Origin", strings.TrimSuffix(w.URL, "/"))
	return status
}
