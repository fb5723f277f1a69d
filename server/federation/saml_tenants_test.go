package federation_test

import (
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// samlUpstream is a tenant that is the SAML provider of another tenant, whose address is the first %s.
const samlUpstream = `
clients:
  - {name: federation, client_id: fed, app_type: regular_web, callbacks: ["%slogin/callback?connection=up"], grant_types: [authorization_code],
     addons: {samlp: {%s}}}
databases:
  - {name: people, strategy: auth0, enabled_clients: [federation]}
users:
  - {user_id: "auth0|uma", email: uma@upstream.example, email_verified: true, name: Uma Thurgood, given_name: Uma, nickname: umi, password: a password of uma, connection: people}
`

// samlFederation starts two tenants: upstream is the SAML provider of tn. addOn are settings of upstream's
// add-on, and options those of tn's connection.
func samlFederation(t *testing.T, addOn, options string) (tn, upstream tenant) {
	t.Helper()
	return between(t, func(issuer string) (*servertest.Server, string) {
		up := servertest.Start(t, servertest.Seed(fmt.Sprintf(samlUpstream, issuer, strings.ReplaceAll(addOn, "TN", issuer))), servertest.HTTP())
		all := fmt.Sprintf("signInEndpoint: %q, signingCert: %q", up.URL+"samlp/fed", download(t, up, "rawpem"))
		if options != "" {
			all += ", " + strings.ReplaceAll(options, "UP", up.URL+"samlp/fed/")
		}
		return up, strings.Replace(fmt.Sprintf(downstreamFile, all), "strategy: oidc", "strategy: samlp", 1)
	})
}

// download returns what a tenant has at a path.
func download(t *testing.T, s *servertest.Server, path string) string {
	t.Helper()
	resp, err := s.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

var formAction = regexp.MustCompile(`<form method="post" action="([^"]*)"`)

// passOn posts the form of a page that submits itself, as a browser does.
func (tn tenant) passOn(page servertest.Page) (*url.URL, servertest.Page) {
	tn.t.Helper()
	m := formAction.FindStringSubmatch(page.Body)
	if m == nil {
		tn.t.Fatalf("the page posts nothing: %d %s", page.Status, page.Body)
	}
	target, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
	if err != nil {
		tn.t.Fatal(err)
	}
	page.URL = target
	return tn.Submit(tn.browser, page, page.Form())
}

// TestTwoTenantsFederateBySAML: a user of one tenant logs in to the other.
func TestTwoTenantsFederateBySAML(t *testing.T) {
	for name, addOn := range map[string]string{"a signed assertion": ``, "a signed response": `signResponse: true, signatureAlgorithm: rsa-sha256, digestAlgorithm: sha256`} {
		t.Run(name, func(t *testing.T) {
			tn, upstream := samlFederation(t, addOn, ``)
			_, page := tn.logInUpstream(upstream)
			left, end := tn.passOn(page)
			if left == nil || left.Query().Get("code") == "" {
				t.Fatalf("the answer leads to %v %s", left, end.Body)
			}
			user := tn.user("samlp|up|auth0|uma")
			for name, want := range (object{
				"email": "uma@upstream.example", "name": "Uma Thurgood", "given_name": "Uma", "issuer": "urn:" + strings.TrimSuffix(strings.TrimPrefix(upstream.URL, "http://"), "/"),
				"http://schemas.auth0.com/nickname": "umi",
			}) {
				diff(t, name, user[name], want)
			}
			if left, again := tn.passOn(page); left != nil {
				t.Errorf("the answer a second time leads to %v %s", left, again.Body)
			}
		})
	}
}
