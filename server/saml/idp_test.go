package saml_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
	"github.com/crewjam/saml/samlsp"
	"github.com/google/go-cmp/cmp"
)

const claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

// TestAServiceProviderLogsIn uses a third-party library, each binding, signed assertions and signed responses,
// and each algorithm.
func TestAServiceProviderLogsIn(t *testing.T) {
	for _, tt := range []struct{ name, settings, binding string }{
		{"the default", ``, crewjam.HTTPRedirectBinding},
		{"a request in a form", ``, crewjam.HTTPPostBinding},
		{"a signed response", `"signResponse": true`, crewjam.HTTPRedirectBinding},
		{"sha256", `"signatureAlgorithm": "rsa-sha256", "digestAlgorithm": "sha256"`, crewjam.HTTPRedirectBinding},
		{"two algorithms", `"signatureAlgorithm": "rsa-sha512"`, crewjam.HTTPRedirectBinding},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := start(t, tt.settings, func(o *samlsp.Options) { o.Binding = tt.binding })
			begin := func() string {
				page := a.get(a.url + "/hello")
				if tt.binding == crewjam.HTTPRedirectBinding {
					return page.Header.Get("Location")
				}
				form := page.Form()
				sent := a.post(a.URL+"samlp/sp", url.Values{"SAMLRequest": {form.Get("SAMLRequest")}, "RelayState": {form.Get("RelayState")}})
				if sent.Status != http.StatusFound {
					t.Fatalf("the request is answered with %d %s", sent.Status, brief(sent.Body))
				}
				target, _ := sent.URL.Parse(sent.Header.Get("Location"))
				return target.String()
			}
			page := a.arrive(a.logIn(begin()))
			for _, want := range []string{
				claims + "nameidentifier=auth0|ann", claims + "emailaddress=ann@example.com", claims + "name=Ann Example", claims + "givenname=Ann",
				claims + "surname=Example", claims + "upn=ann@example.com", "http://schemas.auth0.com/email_verified=true",
				"http://schemas.auth0.com/identities/default/provider=auth0", "http://schemas.auth0.com/identities/default/connection=people",
				"http://schemas.auth0.com/identities/default/isSocial=false", "http://schemas.auth0.com/clientID=sp", "http://schemas.auth0.com/nickname=ann",
			} {
				if !strings.Contains(page.Body, want+"\n") {
					t.Errorf("there is no %s in %s %v", want, brief(page.Body), a.failures)
				}
			}
			if strings.Contains(page.Body, "gold") || strings.Contains(page.Body, "red") || strings.Contains(page.Body, "password") {
				t.Errorf("the attributes are %s", brief(page.Body))
			}
		})
	}
}

// TestASecondApplicationAsksNobody who is logged in, unless the request demands it.
func TestASecondApplicationAsksNobody(t *testing.T) {
	a := start(t, ``)
	a.arrive(a.logIn(a.get(a.url + "/hello").Header.Get("Location")))
	again := *a
	again.browser = a.browser
	left, page := a.Visit(a.browser, a.URL+"samlp/sp?RelayState=there")
	answer, ok := answerOf(page)
	if !ok || answer.form.Get("RelayState") != "there" || answer.url != a.url+"/saml/acs" {
		t.Errorf("somebody who is logged in comes to %v %s", left, brief(page.Body))
	}
	a.ServiceProvider.ForceAuthn = new(true)
	forced, err := a.ServiceProvider.MakeRedirectAuthenticationRequest("")
	if err != nil {
		t.Fatal(err)
	}
	if _, page := a.Visit(a.browser, forced.String()); page.URL.Path != "/u/login/identifier" && page.URL.Path != "/u/login" {
		t.Errorf("ForceAuthn leads to %v %s", page.URL, brief(page.Body))
	}
}

// TestALoginThatTheTenantBegins: the response answers no request, and the library accepts it if it is configured to.
func TestALoginThatTheTenantBegins(t *testing.T) {
	a := start(t, `"audience": "urn:the-sp"`, func(o *samlsp.Options) { o.DefaultRedirectURI = "/hello" })
	answer := a.logIn(a.URL + "samlp/sp")
	response := answer.xml(t)
	if response.SelectAttr("InResponseTo") != nil || response.FindElement(".//SubjectConfirmationData").SelectAttr("InResponseTo") != nil {
		t.Error("the response answers something")
	}
	if page := a.arrive(answer); !strings.Contains(page.Body, "=auth0|ann\n") {
		t.Errorf("the application shows %s %v", brief(page.Body), a.failures)
	}
}

// TestTheConnectionAndTheOrganization that a request names are used by the login.
func TestTheConnectionAndTheOrganization(t *testing.T) {
	a := start(t, ``)
	if left, page := a.Visit(a.browser, a.URL+"samlp/sp?connection=github"); page.URL == nil || page.URL.Path != "/simulated/github/authorize" {
		t.Errorf("the connection leads to %v %v", left, page.URL)
	}
	if _, page := a.Visit(a.browser, a.URL+"samlp/sp?connection=unknown"); page.Status != http.StatusBadRequest {
		t.Errorf("an unknown connection leads to %d", page.Status)
	}
	if _, page := a.Visit(a.browser, a.URL+"samlp/sp?organization=org_0000000000000000"); page.Status != http.StatusBadRequest {
		t.Errorf("an unknown organization leads to %d", page.Status)
	}
	_, all := a.Manage(a.browser, http.MethodGet, "organizations/name/acme", nil)
	id := all.(map[string]any)["id"].(string)
	a.logIn(a.URL + "samlp/sp?organization=" + id)
	if _, members := a.Manage(a.browser, http.MethodGet, "organizations/"+id+"/members", nil); len(members.([]any)) != 1 {
		t.Errorf("the members are %v", members)
	}
}

// TestASocialLogin: the assertion contains the provider's access token.
func TestASocialLogin(t *testing.T) {
	a := start(t, ``)
	a.Choose("github", "allow", "")
	_, page := a.Visit(a.browser, a.URL+"samlp/sp?connection=github&login_hint=ada@example.com")
	answer, ok := answerOf(page)
	if !ok {
		t.Fatalf("the login ends on %v %s", page.URL, brief(page.Body))
	}
	attributes := attributesOf(answer.xml(t))
	if got := attributes["http://schemas.auth0.com/identities/default/access_token"]; len(got) != 1 || !strings.HasPrefix(got[0], "simulated-") {
		t.Errorf("the token is %q", got)
	}
	if got := attributes["http://schemas.auth0.com/identities/default/isSocial"]; !slices.Equal(got, []string{"true"}) {
		t.Errorf("isSocial is %q", got)
	}
}

// attributesOf returns the attributes of a response by name.
func attributesOf(response *etree.Element) map[string][]string {
	all := map[string][]string{}
	for _, attribute := range response.FindElements(".//Attribute") {
		for _, value := range attribute.SelectElements("AttributeValue") {
			name := attribute.SelectAttrValue("Name", "")
			all[name] = append(all[name], value.Text())
		}
	}
	return all
}

// at returns the text of an element of a response, or of one of its attributes.
func at(response *etree.Element, path, attribute string) string {
	found := response.FindElement(path)
	switch {
	case found == nil:
		return "nothing"
	case attribute == "":
		return found.Text()
	}
	return found.SelectAttrValue(attribute, "nothing")
}

// TestTheSettingsOfTheAddOn checks the effect of each setting.
func TestTheSettingsOfTheAddOn(t *testing.T) {
	const audience, data = ".//Audience", ".//SubjectConfirmationData"
	name := func(attribute string) string { return ".//Attribute[@Name='" + attribute + "']" }
	a := start(t, ``)
	for _, tt := range []struct{ settings, path, attribute, want string }{
		{``, audience, "", "urn:the-sp"},
		{`"audience": "urn:other"`, audience, "", "urn:other"},
		{``, data, "Recipient", "ACS"},
		{`"recipient": "https://r.example/"`, data, "Recipient", "https://r.example/"},
		{``, ".", "Destination", "ACS"},
		{`"destination": "https://d.example/"`, ".", "Destination", "https://d.example/"},
		{``, "./Issuer", "", "urn:HOST"},
		{`"issuer": "https://idp.example/"`, ".//Assertion/Issuer", "", "https://idp.example/"},
		{``, ".//NameID", "", "auth0|ann"},
		{``, ".//NameID", "Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"},
		{`"nameIdentifierFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"`, ".//NameID", "Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"},
		{`"nameIdentifierProbes": ["urn:none", "` + claims + `emailaddress"]`, ".//NameID", "", "ann@example.com"},
		{`"nameIdentifierProbes": ["urn:none"]`, ".//NameID", "", "auth0|ann"},
		{``, ".//AuthnContextClassRef", "", "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"},
		{`"authnContextClassRef": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"`, ".//AuthnContextClassRef", "", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
		{``, ".//SignatureMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
		{``, ".//DigestMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1"},
		{`"signatureAlgorithm": "rsa-sha256"`, ".//SignatureMethod", "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"},
		{`"digestAlgorithm": "sha256"`, ".//DigestMethod", "Algorithm", "http://www.w3.org/2001/04/xmlenc#sha256"},
		{``, "./Signature", "", "nothing"},
		{`"signResponse": true`, ".//Assertion/Signature", "", "nothing"},
		{``, name("http://schemas.auth0.com/nickname") + "/AttributeValue", "", "ann"},
		{``, name("http://schemas.auth0.com/nickname") + "/AttributeValue", "xsi:type", "xs:string"},
		{``, name("http://schemas.auth0.com/email_verified") + "/AttributeValue", "xsi:type", "xs:boolean"},
		{`"typedAttributes": false`, name("http://schemas.auth0.com/email_verified") + "/AttributeValue", "xsi:type", "xs:anyType"},
		{``, name("http://schemas.auth0.com/nickname"), "NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"},
		{`"includeAttributeNameFormat": false`, name("http://schemas.auth0.com/nickname"), "NameFormat", "nothing"},
		{`"mapUnknownClaimsAsIs": true`, name("nickname"), "NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"},
		{`"passthroughClaimsWithNoMapping": false`, name("http://schemas.auth0.com/nickname"), "", "nothing"},
		{`"passthroughClaimsWithNoMapping": false`, name("http://schemas.auth0.com/clientID"), "", "nothing"},
		{`"mapIdentities": false`, name("http://schemas.auth0.com/identities/default/provider"), "", "nothing"},
		{`"createUpnClaim": false`, name(claims + "upn"), "", "nothing"},
		{`"mappings": {"email": "Mail"}`, name("Mail") + "/AttributeValue", "", "ann@example.com"},
		{`"mappings": {"email": ["Mail", "Address"]}`, name("Address") + "/AttributeValue", "", "ann@example.com"},
		{`"mappings": {"email": "Mail"}`, name(claims + "emailaddress"), "", "nothing"},
		{`"mappings": {"email": "Mail"}`, name("http://schemas.auth0.com/user_id") + "/AttributeValue", "", "auth0|ann"},
		{`"mappings": {"email": "Mail"}`, name("http://schemas.auth0.com/identities/default/user_id") + "/AttributeValue", "", "ann"},
		{`"mappings": {"email": "Mail"}`, ".//NameID", "", "auth0|ann"},
	} {
		a.set(tt.settings)
		response := a.logIn(a.get(a.url + "/hello").Header.Get("Location")).xml(t)
		want := strings.NewReplacer("ACS", a.url+"/saml/acs", "HOST", strings.TrimSuffix(strings.TrimPrefix(a.URL, "https://"), "/")).Replace(tt.want)
		if diff := cmp.Diff(want, at(response, tt.path, tt.attribute)); diff != "" {
			t.Errorf("{%s} %s %s (-want +got):\n%s", tt.settings, tt.path, tt.attribute, diff)
		}
	}
	for member, wrong := range map[string]any{"lifetimeInSeconds": "60", "mappings": 7, "signResponse": "yes", "nameIdentifierProbes": map[string]any{}} {
		body := map[string]any{"addons": map[string]any{"samlp": map[string]any{member: wrong}}}
		if status, answer := a.Manage(a.browser, http.MethodPatch, "clients/sp", body); status != http.StatusBadRequest {
			t.Errorf("%s of %v is answered with %d %v", member, wrong, status, answer)
		}
	}
}

// TestTheMetadata checks the metadata that service providers read.
func TestTheMetadata(t *testing.T) {
	a := start(t, ``)
	page := a.get(a.URL + "samlp/metadata/sp")
	if got := page.Header.Get("Content-Type"); page.Status != http.StatusOK || got != "application/xml; charset=utf-8" {
		t.Errorf("%d %s", page.Status, got)
	}
	m := a.ServiceProvider.IDPMetadata
	if want := "urn:" + strings.TrimSuffix(strings.TrimPrefix(a.URL, "https://"), "/"); m.EntityID != want {
		t.Errorf("the entity is %s", m.EntityID)
	}
	idp := m.IDPSSODescriptors[0]
	if len(idp.SingleSignOnServices) != 2 || idp.SingleSignOnServices[0].Location != a.URL+"samlp/sp" || idp.SingleLogoutServices[1].Location != a.URL+"samlp/sp/logout" {
		t.Errorf("the services are %+v %+v", idp.SingleSignOnServices, idp.SingleLogoutServices)
	}
	for path, status := range map[string]int{"samlp/metadata/none": http.StatusBadRequest, "samlp/metadata/plain": http.StatusBadRequest, "samlp/metadata": http.StatusNotFound} {
		if page := a.get(a.URL + path); page.Status != status {
			t.Errorf("%s is answered with %d %s", path, page.Status, brief(page.Body))
		}
	}
}
