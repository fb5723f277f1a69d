package saml_test

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// result returns the assertion that a WS-Federation application gets, which must be signed by the tenant.
func (a *application) result(what answer) *etree.Element {
	a.t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(what.form.Get("wresult")); err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate([]byte(a.get(a.URL + "cer").Body))
	if err != nil {
		a.t.Fatal(err)
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.IdAttribute = "AssertionID"
	assertion := doc.FindElement("//Assertion")
	if assertion == nil {
		a.t.Fatalf("there is no assertion in %s", what.form.Get("wresult"))
	}
	signed, err := ctx.Validate(assertion)
	if err != nil {
		a.t.Fatal(err)
	}
	changed := assertion.Copy()
	changed.FindElement(".//NameIdentifier").SetText("auth0|bob")
	if _, err := ctx.Validate(changed); err == nil {
		a.t.Error("the signature holds for another user")
	}
	if got := doc.Root().SelectAttrValue("Context", ""); got != what.form.Get("wctx") {
		a.t.Errorf("the context is %q", got)
	}
	return signed
}

// TestAnApplicationOfWSFederationLogsIn with a SAML 1.1 assertion.
func TestAnApplicationOfWSFederationLogsIn(t *testing.T) {
	a := start(t, ``)
	answer := a.logIn(a.URL + "wsfed/sp?wa=wsignin1.0&wctx=there%26back")
	if answer.url != a.url+"/saml/acs" || answer.form.Get("wa") != "wsignin1.0" || answer.form.Get("wctx") != "there&back" {
		t.Errorf("the answer is %+v", answer)
	}
	assertion := a.result(answer)
	host := strings.TrimSuffix(strings.TrimPrefix(a.URL, "https://"), "/")
	for _, tt := range []struct{ path, attribute, want string }{
		{".", "Issuer", "urn:" + host},
		{".", "MinorVersion", "1"},
		{".//Audience", "", "urn:sp"},
		{".//AttributeStatement/Subject/NameIdentifier", "", "auth0|ann"},
		{".//AuthenticationStatement/Subject/NameIdentifier", "", "auth0|ann"},
		{".//ConfirmationMethod", "", "urn:oasis:names:tc:SAML:1.0:cm:bearer"},
		{".//Attribute[@AttributeName='emailaddress']", "AttributeNamespace", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"},
		{".//Attribute[@AttributeName='emailaddress']/AttributeValue", "", "ann@example.com"},
		{".//Attribute[@AttributeName='provider']", "AttributeNamespace", "http://schemas.auth0.com/identities/default"},
	} {
		if got := at(assertion, tt.path, tt.attribute); got != tt.want {
			t.Errorf("%s %s is %q", tt.path, tt.attribute, got)
		}
	}
	begin, _ := time.Parse(time.RFC3339, at(assertion, ".//Conditions", "NotBefore"))
	end, _ := time.Parse(time.RFC3339, at(assertion, ".//Conditions", "NotOnOrAfter"))
	if end.Sub(begin) != 8*time.Hour {
		t.Errorf("the assertion lasts %v", end.Sub(begin))
	}
	again, ok := answerOf(a.post(a.URL+"wsfed/sp", url.Values{"wtrealm": {"https://realm.example/"}, "wreply": {a.url + "/other"}}))
	if !ok || again.url != a.url+"/other" || at(a.result(again), ".//Audience", "") != "https://realm.example/" {
		t.Errorf("a form leads to %+v", again)
	}
	if _, page := a.Visit(a.browser, a.URL+"wsfed/sp?wfresh=0"); !strings.HasPrefix(page.URL.Path, "/u/login") {
		t.Errorf("wfresh leads to %v", page.URL)
	}
	if _, page := a.Visit(a.browser, a.URL+"wsfed/sp?whr=urn:github&wfresh=0"); page.URL.Path != "/simulated/github/authorize" {
		t.Errorf("whr leads to %v", page.URL)
	}
}

// TestTheRealm names the application if the path does not.
func TestTheRealm(t *testing.T) {
	a := start(t, ``)
	if status, body := a.Manage(a.browser, http.MethodPatch, "clients/sp", map[string]any{"client_aliases": []any{"https://alias.example/"}}); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	a.logIn(a.URL + "wsfed/sp")
	for realm, want := range map[string]string{"urn:sp": "urn:sp", "https://alias.example/": "https://alias.example/"} {
		answer, ok := answerOf(a.get(a.URL + "wsfed?wtrealm=" + url.QueryEscape(realm)))
		if !ok || at(a.result(answer), ".//Audience", "") != want {
			t.Errorf("the realm %s leads to %+v", realm, answer)
		}
	}
	for _, path := range []string{"wsfed", "wsfed?wtrealm=urn:none", "wsfed?wtrealm=https://none.example/", "wsfed/none", "wsfed/none?wtrealm=https://alias.example/", "wsfed/sp?wa=wattr1.0"} {
		page := a.get(a.URL + path)
		a.refused(path, page.URL, page.Status, page.Body, "")
	}
	for _, reply := range []string{"https://evil.example/", a.url + "/saml/acs/more", "javascript:alert(1)"} {
		page := a.get(a.URL + "wsfed/sp?wreply=" + url.QueryEscape(reply))
		a.refused(reply, page.URL, page.Status, page.Body, "Callback URL mismatch")
		if strings.Contains(page.Body, "wresult") {
			t.Errorf("%s gets an assertion", reply)
		}
	}
}

// TestAnApplicationOfWSFederationLogsOut and goes only to a registered address.
func TestAnApplicationOfWSFederationLogsOut(t *testing.T) {
	a := start(t, ``)
	a.logIn(a.URL + "wsfed/sp")
	if left, page := a.Visit(a.browser, a.URL+"wsfed/sp?wa=wsignout1.0&wreply=https://evil.example/"); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("a logout leads to %v %d", left, page.Status)
	}
	left, page := a.Visit(a.browser, a.URL+"wsfed/sp?wa=wsignout1.0&wreply="+url.QueryEscape(a.url+"/out"))
	if left == nil || left.String() != a.url+"/out" {
		t.Errorf("the logout leads to %v %d", left, page.Status)
	}
	if a.loggedIn() {
		t.Error("somebody is logged in still")
	}
}

// TestTheFederationMetadata names the tenant, its key and the endpoint.
func TestTheFederationMetadata(t *testing.T) {
	a := start(t, ``)
	for path, want := range map[string]string{"wsfed": a.URL + "wsfed", "wsfed/sp": a.URL + "wsfed/sp"} {
		doc := etree.NewDocument()
		if err := doc.ReadFromString(a.get(a.URL + path + "/FederationMetadata/2007-06/FederationMetadata.xml").Body); err != nil {
			t.Fatal(err)
		}
		if got := at(doc.Root(), ".//PassiveRequestorEndpoint//Address", ""); got != want {
			t.Errorf("the endpoint is %s", got)
		}
		if at(doc.Root(), ".//X509Certificate", "") == "nothing" || at(doc.Root(), ".", "entityID") != a.ServiceProvider.IDPMetadata.EntityID {
			t.Error("the metadata has no key, or another name")
		}
	}
	if page := a.get(a.URL + "wsfed/none/FederationMetadata/2007-06/FederationMetadata.xml"); page.Status != http.StatusBadRequest {
		t.Errorf("no application is answered with %d", page.Status)
	}
}
