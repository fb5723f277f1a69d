package saml_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml/samlsp"

	"github.com/tenant0/tenant0/server/servertest"
)

// file is a tenant with an application at %[1]s, whose add-on samlp has the settings %[2]s.
const file = `
tenant: {friendly_name: Example}
clients:
  - {name: sp, client_id: sp, app_type: regular_web, grant_types: [authorization_code], callbacks: ["%[1]s/saml/acs", "%[1]s/other"],
     allowed_logout_urls: ["%[1]s/out"], organization_usage: allow, addons: {samlp: {%[2]s}}}
  - {name: plain, client_id: plain, app_type: regular_web, grant_types: [authorization_code], callbacks: ["%[1]s/saml/acs"]}
  - {name: third, client_id: third, app_type: regular_web, grant_types: [authorization_code], callbacks: ["%[1]s/saml/acs"], addons: {samlp: {logout: {callback: "%[1]s/saml/slo"}}}}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: people, strategy: auth0, enabled_clients: [sp, plain]}
connections:
  - {name: github, strategy: github, enabled_clients: [sp]}
organizations:
  - {name: acme, display_name: Acme, connections: [{name: people, assign_membership_on_login: true}]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, email_verified: true, name: Ann Example, given_name: Ann, family_name: Example, nickname: ann,
     password: a password of ann, connection: people, app_metadata: {plan: gold}, user_metadata: {color: red}}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob, connection: people, blocked: true}
`

// keyPair is the key of a service provider with its certificate.
type keyPair struct {
	*rsa.PrivateKey
	cert *x509.Certificate
}

func newKeyPair(t *testing.T) keyPair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sp"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key, cert}
}

func (k keyPair) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.cert.Raw}))
}

// application is a service provider that uses crewjam/saml and is registered with a tenant.
type application struct {
	*servertest.Server
	*samlsp.Middleware
	t       *testing.T
	browser *http.Client
	url     string
	key     keyPair
	// failures are the errors of the library.
	failures []string
}

// start starts a tenant, and an application for whose add-on it has settings. change changes the library's
// options.
func start(t *testing.T, settings string, change ...func(*samlsp.Options)) *application {
	t.Helper()
	a := &application{t: t, key: newKeyPair(t)}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range samlsp.SessionFromContext(r.Context()).(samlsp.SessionWithAttributes).GetAttributes() {
			fmt.Fprintf(w, "%s=%s\n", name, strings.Join(values, ","))
		}
	})
	mux := http.NewServeMux()
	mux.HandleFunc("/saml/", func(w http.ResponseWriter, r *http.Request) { a.ServeHTTP(w, r) })
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { a.RequireAccount(page).ServeHTTP(w, r) })
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) { a.HandleStartLogout(w, r) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	a.url = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	a.Server = servertest.Start(t, servertest.Seed(fmt.Sprintf(strings.ReplaceAll(file, "%[2]s", strings.ReplaceAll(settings, "%", "%%")), a.url)))
	a.browser = a.Client()
	root, err := url.Parse(a.url)
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := samlsp.ParseMetadata([]byte(a.get(a.URL + "samlp/metadata/sp").Body))
	if err != nil {
		t.Fatal(err)
	}
	options := samlsp.Options{URL: *root, Key: a.key.PrivateKey, Certificate: a.key.cert, IDPMetadata: metadata, EntityID: "urn:the-sp", KeyAttributesByName: true, AllowIDPInitiated: true}
	for _, c := range change {
		c(&options)
	}
	if a.Middleware, err = samlsp.New(options); err != nil {
		t.Fatal(err)
	}
	a.OnError = func(w http.ResponseWriter, _ *http.Request, err error) {
		a.failures = append(a.failures, fmt.Sprintf("%+v", err))
		w.WriteHeader(http.StatusForbidden)
	}
	return a
}

// set replaces the settings of the add-on.
func (a *application) set(settings string) {
	a.t.Helper()
	status, body := a.Manage(a.browser, http.MethodPatch, "clients/sp", map[string]any{"addons": map[string]any{"samlp": json.RawMessage("{" + settings + "}")}})
	if status != http.StatusOK {
		a.t.Fatalf("{%s} is answered with %d %v", settings, status, body)
	}
}

func (a *application) get(target string) servertest.Page {
	a.t.Helper()
	resp, err := a.browser.Get(target)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.page(resp)
}

// post posts a form as a page of another site does.
func (a *application) post(target string, form url.Values) servertest.Page {
	a.t.Helper()
	resp, err := a.browser.PostForm(target, form)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.page(resp)
}

func (a *application) page(resp *http.Response) servertest.Page {
	a.t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return servertest.Page{Status: resp.StatusCode, URL: resp.Request.URL, Body: string(body), Header: resp.Header}
}

var action = regexp.MustCompile(`<form method="post" action="([^"]*)"`)

// answer is the form of a page that posts a message to an address.
type answer struct {
	url  string
	form url.Values
}

func answerOf(page servertest.Page) (a answer, ok bool) {
	m := action.FindStringSubmatch(brief(page.Body))
	if m == nil || !strings.Contains(page.Body, "data-submit-on-load") {
		return a, false
	}
	return answer{html.UnescapeString(m[1]), page.Form()}, true
}

// xml returns the message in an answer.
func (a answer) xml(t *testing.T) *etree.Element {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(a.form.Get("SAMLResponse") + a.form.Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// logIn goes through the pages of a login that begins at an address of the tenant, and returns the form that is
// posted to the application.
func (a *application) logIn(target string) answer {
	a.t.Helper()
	left, page := a.Visit(a.browser, target)
	for range 4 {
		if left != nil {
			a.t.Fatalf("the login leads to %v", left)
		}
		if answer, ok := answerOf(page); ok {
			return answer
		}
		form := page.Form()
		form.Set("username", "ann@example.com")
		form.Set("password", "a password of ann")
		form.Set("action", "default")
		left, page = a.Submit(a.browser, page, form)
	}
	a.t.Fatalf("the login ends on %d %s", page.Status, brief(page.Body))
	return answer{}
}

// arrive posts an answer to the application, and returns the page that it leads to.
func (a *application) arrive(what answer) servertest.Page {
	a.t.Helper()
	page := a.post(what.url, what.form)
	if page.Status != http.StatusFound {
		return page
	}
	target, err := page.URL.Parse(page.Header.Get("Location"))
	if err != nil {
		a.t.Fatal(err)
	}
	return a.get(target.String())
}

// brief returns the part of a page that a failure message shows.
func brief(body string) string {
	if _, after, found := strings.Cut(body, "<main"); found {
		body = after
	}
	return body[:min(len(body), 600)]
}
