package server_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

// waysFile is a tenant file with all that a browser needs to begin each kind of login, logout or enrollment.
const waysFile = `
clients:
  - {name: app, client_id: app, app_type: regular_web, client_secret: a secret of the application, callbacks: ["https://app.example.com/callback"],
     allowed_logout_urls: ["https://app.example.com/bye"], cross_origin_authentication: true, oidc_conformant: true,
     grant_types: [authorization_code, "http://auth0.com/oauth/grant-type/passwordless/otp"], addons: {samlp: {}, wsfed: {}}}
  - {name: management, client_id: ` + servertest.Management + `, client_secret: ` + servertest.ManagementSecret + `, app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: people, strategy: auth0, enabled_clients: [app]}
connections:
  - {name: email, strategy: email, enabled_clients: [app]}
  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app]}
users:
  - {user_id: "auth0|ann", connection: people, email: ann@example.com, password: ` + servertest.Password + `}
`

// ways is a tenant of waysFile with a browser.
type ways struct{ managed }

func startWays(t *testing.T) ways {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(waysFile), servertest.HTTP())
	w := ways{managed{s, t, s.Client()}}
	w.api(http.MethodPut, "guardian/factors/otp", map[string]any{"enabled": true}, "")
	w.fresh()
	return w
}

// fresh replaces the browser by one without cookies, which follows no redirects.
func (w *ways) fresh() {
	w.browser = w.Client()
	w.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// asks returns the URL of an authorization request, with parameters in pairs of name and value.
func (w *ways) asks(pairs ...string) string {
	query := url.Values{"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {"https://app.example.com/callback"}, "scope": {"openid"}, "state": {"s"}, "connection": {"people"}}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			query.Del(pairs[i])
		}
	}
	return w.URL + "authorize?" + query.Encode()
}

// visit fetches a URL, or a path of the tenant, with headers in pairs of name and value.
func (w *ways) visit(target string, headers ...string) *http.Response {
	w.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = w.URL + target[1:]
	}
	rq, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, target, http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, _ := w.do(rq)
	return resp
}

func (w *ways) do(rq *http.Request) (*http.Response, string) {
	w.t.Helper()
	resp, err := w.browser.Do(rq)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, string(body)
}

// logIn logs the browser in, and checks that it has a session.
func (w *ways) logIn() {
	w.t.Helper()
	state := stateIn(w.visit(w.asks()))
	form := url.Values{"username": {"ann@example.com"}, "password": {servertest.Password}, "action": {"default"}}
	w.send(http.MethodPost, w.URL+"u/login?state="+state, form.Encode(), "Content-Type", formType)
	if to := w.visit(w.asks("prompt", "none")).Header.Get("Location"); !strings.Contains(to, "code=") {
		w.t.Fatalf("once logged in the browser is sent to %s", to)
	}
}

// kept counts what a visit may leave in the store: sessions, logins in progress, login tickets that were
// not used yet, and logins that wait for a provider's answer.
func (w *ways) kept() (n struct{ sessions, transactions, tickets, legs int }) {
	w.t.Helper()
	all := map[string]int{}
	err := w.DB().View(w.t.Context(), func(tx *storage.Tx) error {
		for t, err := range tx.Transactions.All() {
			if err != nil {
				return err
			}
			if t.Upstream != nil && t.Upstream.StateHash != "" {
				n.legs++
			}
		}
		return errors.Join(count(all, "sessions", tx.Sessions), count(all, "transactions", tx.Transactions), count(all, "tickets", tx.LoginTickets))
	})
	if err != nil {
		w.t.Fatal(err)
	}
	n.sessions, n.transactions, n.tickets = all["sessions"], all["transactions"], all["tickets"]
	return n
}

// TestNothingBeginsInAPartOfAPage: if another site's page loads an address as an image, nothing happens, at
// any address that begins something if a browser window goes there.
func TestNothingBeginsInAPartOfAPage(t *testing.T) {
	for name, address := range map[string]func(w *ways) string{
		"a login": func(w *ways) string { return w.asks() },
		"a login by a ticket": func(w *ways) string {
			form := url.Values{"client_id": {"app"}, "credential_type": {"http://auth0.com/oauth/grant-type/password-realm"}, "realm": {"people"}, "username": {"ann@example.com"}, "password": {servertest.Password}}
			status, answer := w.Post(w.browser, "co/authenticate", form)
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, answer)
			}
			return w.asks("login_ticket", textOf(answer, "login_ticket"))
		},
		"a login by a link": func(w *ways) string {
			status, _ := w.Post(w.browser, "passwordless/start", url.Values{"client_id": {"app"}, "client_secret": {"a secret of the application"}, "connection": {"email"}, "email": {"ann@example.com"}, "send": {"link"}})
			if status != http.StatusOK {
				t.Fatal(status)
			}
			link, err := url.Parse(w.WaitForMessage("ann@example.com", "passwordless_email").Link)
			if err != nil {
				t.Fatal(err)
			}
			return link.String()
		},
		"a login at a provider":         func(w *ways) string { return w.visit(w.asks("connection", "google-oauth2")).Header.Get("Location") },
		"a login of a SAML application": func(*ways) string { return "/samlp/app" },
		"a login of WS-Federation":      func(*ways) string { return "/wsfed/app?wa=wsignin1.0" },
		"the question of a logout":      func(w *ways) string { w.logIn(); return "/oidc/logout" },
		"the enrollment by a ticket":    func(w *ways) string { return w.enrollment() },
	} {
		t.Run(name, func(t *testing.T) {
			w := startWays(t)
			w.t = t
			target := address(&w)
			before := w.kept()
			for _, dest := range []string{"image", "script", "style"} {
				resp := w.visit(target, "Sec-Fetch-Dest", dest, "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site")
				if after := w.kept(); resp.StatusCode != http.StatusBadRequest || after != before {
					t.Errorf("as %s it is answered %d, and what is kept goes from %v to %v", dest, resp.StatusCode, before, after)
				}
			}
			resp := w.visit(target, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "cross-site")
			if after := w.kept(); resp.StatusCode != http.StatusFound || after == before {
				t.Errorf("in a window it is answered %d, and what is kept stays %v", resp.StatusCode, after)
			}
		})
	}
}

// enrollment creates a ticket to enroll a factor and returns its link.
func (w *ways) enrollment() string {
	w.t.Helper()
	return w.api(http.MethodPost, "guardian/enrollments/ticket", map[string]any{"user_id": "auth0|ann"}, "ticket_url")
}
