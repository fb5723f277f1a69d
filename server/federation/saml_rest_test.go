package federation_test

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/crewjam/saml/xmlenc"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/tenant0/tenant0/server/servertest"
)

// keyPEM returns the directory's private key as PEM.
func (d directory) keyPEM(t *testing.T) string {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(d.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// certificate returns the tenant's certificate, as a provider downloads it.
func (tn tenant) certificate() *x509.Certificate {
	tn.t.Helper()
	resp, err := tn.browser.Get(tn.URL + "cer")
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		tn.t.Fatal(err)
	}
	return cert
}

// sent returns how a login reaches the directory: the address with its query and, by the POST binding, the form.
func (tn tenant) sent() (target *url.URL, form url.Values) {
	tn.t.Helper()
	left, page := tn.come("connection", "up", "prompt", "login")
	if left != nil {
		return left, nil
	}
	m := formAction.FindStringSubmatch(page.Body)
	if m == nil {
		tn.t.Fatalf("the login leads to %d %s", page.Status, page.Body)
	}
	target, err := url.Parse(html.UnescapeString(m[1]))
	if err != nil {
		tn.t.Fatal(err)
	}
	return target, page.Form()
}

func messageOf(t *testing.T, encoded string, deflated bool) *etree.Element {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err == nil && deflated {
		raw, err = io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	}
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func isSignedBy(cert *x509.Certificate, el *etree.Element) error {
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	_, err := ctx.Validate(el)
	return err
}

// TestSignedRequests go to the directory as the connection's settings say: by which binding, with which key,
// deflated or not.
func TestSignedRequests(t *testing.T) {
	const post = `protocolBinding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"`
	d, own := newDirectory(t), newDirectory(t)
	ownCert, err := x509.ParseCertificate(own.cert)
	if err != nil {
		t.Fatal(err)
	}
	ownKey := fmt.Sprintf("signing_key: {key: %q, cert: %q}", own.keyPEM(t), own.pem())
	for _, tt := range []struct {
		name    string
		options []string
		own     bool
	}{
		{"by redirect", []string{`signSAMLRequest: true`}, false},
		{"by redirect with a key of its own", []string{`signSAMLRequest: true`, ownKey}, true},
		{"undeflated", []string{`signSAMLRequest: true`, `deflate: false`}, false},
		{"in a form", []string{`signSAMLRequest: true`, post}, false},
		{"in a form with a key of its own", []string{`signSAMLRequest: true`, post, ownKey, `signatureAlgorithm: rsa-sha1`}, true},
		{"in a form without a signature", []string{post}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn := ofDirectory(t, d, tt.options...)
			cert := tn.certificate()
			if tt.own {
				cert = ownCert
			}
			target, form := tn.sent()
			query := target.Query()
			if target.Scheme+"://"+target.Host+target.Path != "http://localhost:9/sso" || query.Get("tenant") != "1" {
				t.Errorf("the request goes to %v", target)
			}
			relay := query.Get("RelayState")
			var request *etree.Element
			switch {
			case form != nil:
				relay, request = form.Get("RelayState"), messageOf(t, form.Get("SAMLRequest"), false)
				if err := isSignedBy(cert, request); (err == nil) == (len(tt.options) == 1) {
					t.Errorf("the signature of %s: %v", tt.options, err)
				}
			case strings.Contains(strings.Join(tt.options, " "), "deflate"):
				request = messageOf(t, query.Get("SAMLRequest"), false)
				if err := isSignedBy(cert, request); err != nil {
					t.Errorf("the signature: %v", err)
				}
			default:
				request = messageOf(t, query.Get("SAMLRequest"), true)
				text := "SAMLRequest=" + url.QueryEscape(query.Get("SAMLRequest")) + "&RelayState=" + url.QueryEscape(relay) + "&SigAlg=" + url.QueryEscape(query.Get("SigAlg"))
				sum := sha256.Sum256([]byte(text))
				signature, _ := base64.StdEncoding.DecodeString(query.Get("Signature"))
				if err := rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], signature); err != nil {
					t.Errorf("the signature: %v", err)
				}
			}
			id := request.SelectAttrValue("ID", "")
			if got := tn.post(relay, response(d.signed(d.assertion(tn.honest(id))))); got != "logged in" {
				t.Error(got)
			}
		})
	}
	for _, options := range []string{`protocolBinding: "urn:none"`, `signing_key: {key: "none", cert: "none"}`, `signSAMLRequest: true, signatureAlgorithm: none`} {
		tn := ofDirectory(t, d, options)
		if left, page := tn.come("connection", "up"); left != nil || page.Status != http.StatusBadRequest {
			t.Errorf("%s leads to %v %d", options, left, page.Status)
		}
	}
}

// encrypted returns an answer with an assertion that only the owner of a certificate's key can read.
func encrypted(t *testing.T, cert *x509.Certificate, transport xmlenc.RSA, cipher xmlenc.BlockCipher, assertion *etree.Element) string {
	t.Helper()
	doc := etree.NewDocument()
	doc.SetRoot(assertion)
	text, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	transport.BlockCipher, transport.DigestMethod = cipher, xmlenc.SHA1 // as Auth0
	data, err := transport.Encrypt(cert, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	data.CreateAttr("Type", "http://www.w3.org/2001/04/xmlenc#Element")
	el := etree.NewElement("saml:EncryptedAssertion")
	el.CreateAttr("xmlns:saml", "urn:oasis:names:tc:SAML:2.0:assertion")
	el.AddChild(data)
	return response(el)
}

// TestEncryptedAssertions are decrypted with the tenant's key or the connection's; ciphers that do not detect
// changes are refused.
func TestEncryptedAssertions(t *testing.T) {
	d, own := newDirectory(t), newDirectory(t)
	ownCert, err := x509.ParseCertificate(own.cert)
	if err != nil {
		t.Fatal(err)
	}
	tn := ofDirectory(t, d)
	withKey := ofDirectory(t, d, fmt.Sprintf("decryptionKey: {key: %q, cert: %q}", own.keyPEM(t), own.pem()))
	lenient := ofDirectory(t, d, `assertion_decryption_settings: {algorithm_profile: v2026-1, algorithm_exceptions: ["http://www.w3.org/2001/04/xmlenc#aes256-cbc"]}`)
	for _, tt := range []struct {
		name      string
		tn        tenant
		cert      *x509.Certificate
		transport xmlenc.RSA
		cipher    xmlenc.BlockCipher
		unsigned  bool
		want      string
	}{
		{"for the tenant", tn, tn.certificate(), xmlenc.OAEP(), xmlenc.AES256GCM, false, "logged in"},
		{"by the smaller cipher", tn, tn.certificate(), xmlenc.OAEP(), xmlenc.AES128GCM, false, "logged in"},
		{"for the connection", withKey, ownCert, xmlenc.OAEP(), xmlenc.AES256GCM, false, "logged in"},
		{"for another", tn, ownCert, xmlenc.OAEP(), xmlenc.AES256GCM, false, unproven},
		{"for the tenant, where the connection has a key", withKey, withKey.certificate(), xmlenc.OAEP(), xmlenc.AES256GCM, false, unproven},
		{"without a signature", tn, tn.certificate(), xmlenc.OAEP(), xmlenc.AES256GCM, true, unproven},
		{"by CBC", tn, tn.certificate(), xmlenc.OAEP(), xmlenc.AES256CBC, false, unproven},
		{"by an old transport", tn, tn.certificate(), xmlenc.PKCS1v15(), xmlenc.AES256GCM, false, unproven},
		{"by CBC as an exception", lenient, lenient.certificate(), xmlenc.OAEP(), xmlenc.AES256CBC, false, "logged in"},
		{"by CBC that is no exception", lenient, lenient.certificate(), xmlenc.OAEP(), xmlenc.AES128CBC, false, unproven},
	} {
		relay, id := tt.tn.request()
		assertion := d.assertion(tt.tn.honest(id))
		if !tt.unsigned {
			assertion = d.signed(assertion)
		}
		if got := tt.tn.post(relay, encrypted(t, tt.cert, tt.transport, tt.cipher, assertion)); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

// TestTheMetadataOfAConnection shows the keys with which it signs and decrypts.
func TestTheMetadataOfAConnection(t *testing.T) {
	d, own := newDirectory(t), newDirectory(t)
	tn := ofDirectory(t, d, fmt.Sprintf("decryptionKey: {key: %q, cert: %q}", own.keyPEM(t), own.pem()))
	left, page := tn.Visit(tn.browser, tn.URL+"samlp/metadata?connection=up")
	if left != nil {
		t.Fatal(left)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(page.Body); err != nil {
		t.Fatal(err)
	}
	for use, want := range map[string][]byte{"signing": tn.certificate().Raw, "encryption": own.cert} {
		shown := doc.FindElement("//KeyDescriptor[@use='" + use + "']//X509Certificate")
		if shown == nil || shown.Text() != base64.StdEncoding.EncodeToString(want) {
			t.Errorf("the key for %s is %v", use, shown)
		}
	}
	if service := doc.FindElement("//SingleLogoutService"); service == nil || service.SelectAttrValue("Location", "") != tn.URL+"logout" {
		t.Errorf("the logout is at %v", service)
	}
}

// TestALoginOfTheDirectoryForASAMLApplication: the tenant answers with an assertion of its own, for the
// organization in the directory's answer.
func TestALoginOfTheDirectoryForASAMLApplication(t *testing.T) {
	d := newDirectory(t)
	tn := ofDirectory(t, d, `idpinitiated: {enabled: true, client_id: app, client_protocol: samlp}`)
	if status, body := tn.Manage(tn.browser, http.MethodPatch, "clients/app", object{"addons": object{"samlp": object{"audience": "urn:the-app"}}, "organization_usage": "allow"}); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	_, all := tn.Manage(tn.browser, http.MethodGet, "connections?name=up", nil)
	connection := all.([]any)[0].(object)["id"]
	_, made := tn.Manage(tn.browser, http.MethodPost, "organizations", object{"name": "acme", "enabled_connections": []any{object{"connection_id": connection, "assign_membership_on_login": true}}})
	organization := made.(object)["id"].(string)
	for _, name := range []string{"", organization} {
		form := url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(response(d.signed(d.assertion(tn.honest(""))))))}}
		page := servertest.Page{}
		page.URL, _ = url.Parse(tn.URL + "login/callback?connection=up&organization=" + name)
		left, page := tn.Submit(tn.browser, page, form)
		if left != nil || !strings.Contains(page.Body, "SAMLResponse") {
			t.Fatalf("the answer leads to %v %d %s", left, page.Status, page.Body)
		}
		answer := messageOf(t, page.Form().Get("SAMLResponse"), false)
		if got := answer.FindElement(".//NameID").Text(); got != "samlp|up|sam" {
			t.Errorf("the application is told of %s", got)
		}
	}
	if _, members := tn.Manage(tn.browser, http.MethodGet, "organizations/"+organization+"/members", nil); len(members.([]any)) != 1 {
		t.Errorf("the members are %v", members)
	}
}

// TestALogoutAtBothTenants ends the session at the provider too, and leads to the application's logout URL.
func TestALogoutAtBothTenants(t *testing.T) {
	const out = "https://app.example.com/out"
	for name, tt := range map[string]struct{ options, binding string }{
		"by redirect": {``, "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"},
		"in forms":    {`signSAMLRequest: true, protocolBinding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", signOutEndpoint: "UPlogout"`, "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"},
	} {
		t.Run(name, func(t *testing.T) {
			tn, upstream := samlFederation(t, `logout: {callback: "TNlogout"}, binding: "`+tt.binding+`"`, tt.options)
			if status, body := tn.Manage(tn.browser, http.MethodPatch, "clients/app", object{"allowed_logout_urls": []any{out}}); status != http.StatusOK {
				t.Fatalf("%d %v", status, body)
			}
			if left, page := tn.logInBySAML(upstream); left == nil {
				t.Fatalf("the login leads to %s", page.Body)
			}
			left, page := upstream.visitBoth(tn, tn.URL+"v2/logout?federated&client_id=app&returnTo="+url.QueryEscape(out))
			for range 3 {
				if left != nil && left.String() == out {
					break
				}
				if left == nil {
					left, page = tn.passOn(page)
				}
				if left != nil && left.String() != out {
					left, page = upstream.visitBoth(tn, left.String())
				}
			}
			if left == nil || left.String() != out {
				t.Fatalf("the logout leads to %v %d %s", left, page.Status, page.Body)
			}
			if _, page := upstream.Visit(tn.browser, upstream.URL+"samlp/fed"); strings.Contains(page.Body, "SAMLResponse") {
				t.Error("the provider has a session still")
			}
			if left, page := tn.logInBySAML(upstream); left == nil { // fails where nobody is asked
				t.Errorf("the next login leads to %s", page.Body)
			}
		})
	}
}

// logInBySAML logs in at the provider and comes back to the application.
func (tn tenant) logInBySAML(upstream tenant) (*url.URL, servertest.Page) {
	tn.t.Helper()
	target, _ := tn.AuthorizeURL(login("connection", "up"))
	left, page := upstream.visitBoth(tn, target)
	if left == nil && strings.Contains(page.Body, "SAMLRequest") {
		left, page = upstream.at(tn).passOn(page)
	}
	if left != nil || page.URL.Path != "/u/login" {
		tn.t.Fatalf("the login leads to %v %s", left, page.Body)
	}
	form := page.Form()
	form.Set("username", "uma@upstream.example")
	form.Set("password", "a password of uma")
	form.Set("action", "default")
	left, page = upstream.Submit(tn.browser, page, form)
	if left != nil {
		tn.t.Fatalf("the provider leads to %v", left)
	}
	return tn.passOn(page)
}

// at returns the tenant with the browser of another tenant.
func (tn tenant) at(other tenant) tenant { tn.browser = other.browser; return tn }

// TestALogoutWithoutTheProvider: the browser is not sent to the provider if the connection's settings exclude it from
// logouts, or if there is no session. The provider's answer counts only in the browser that was sent there.
func TestALogoutWithoutTheProvider(t *testing.T) {
	d := newDirectory(t)
	for options, want := range map[string]string{
		``:                     "http://localhost:9/sso?tenant=1&SAMLRequest=",
		`disableSignout: true`: "",
		`signOutEndpoint: "http://localhost:9/slo"`: "http://localhost:9/slo?SAMLRequest=",
	} {
		var own []string
		if options != "" {
			own = []string{options}
		}
		tn := ofDirectory(t, d, own...)
		relay, id := tn.request()
		if got := tn.post(relay, response(d.signed(d.assertion(tn.honest(id))))); got != "logged in" {
			t.Fatal(got)
		}
		left, page := tn.Visit(tn.browser, tn.URL+"v2/logout?federated")
		if want == "" && (left != nil || page.Status != http.StatusOK) || want != "" && (left == nil || !strings.HasPrefix(left.String(), want)) {
			t.Errorf("%s leads to %v %d", options, left, page.Status)
		}
		if want == "" {
			continue
		}
		request := messageOf(t, left.Query().Get("SAMLRequest"), true)
		if got := request.FindElement("./NameID").Text() + " " + request.FindElement("./SessionIndex").Text(); got != "sam _s" {
			t.Errorf("the request is about %s", got)
		}
		if left, _ := tn.Visit(tn.browser, tn.URL+"v2/logout?federated"); left != nil {
			t.Errorf("without a session the logout leads to %v", left)
		}
		stranger := tn.Client()
		answer := tn.URL + "logout?SAMLResponse=x&RelayState=" + url.QueryEscape(left.Query().Get("RelayState"))
		if left, page := tn.Visit(stranger, answer); left != nil || page.Status < http.StatusBadRequest {
			t.Errorf("the answer of another browser leads to %v %d", left, page.Status)
		}
		if left, page := tn.Visit(tn.browser, answer); left != nil || page.Status != http.StatusOK {
			t.Errorf("the answer leads to %v %d", left, page.Status)
		}
	}
}

// TestALogoutThatTheDirectoryBegins must be signed, and must name the session of the browser.
func TestALogoutThatTheDirectoryBegins(t *testing.T) {
	d, foreign := newDirectory(t), newDirectory(t)
	tn := ofDirectory(t, d, `signOutEndpoint: "http://localhost:9/slo"`)
	logIn := func() {
		t.Helper()
		relay, id := tn.request()
		if got := tn.post(relay, response(d.signed(d.assertion(tn.honest(id))))); got != "logged in" {
			t.Fatal(got)
		}
	}
	request := func(name, index, destination string) *etree.Element {
		doc := etree.NewDocument()
		err := doc.ReadFromString(fmt.Sprintf(`<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_l" Version="2.0" Destination="%s"><saml:Issuer>urn:directory</saml:Issuer><saml:NameID>%s</saml:NameID><samlp:SessionIndex>%s</samlp:SessionIndex></samlp:LogoutRequest>`, destination, name, index))
		if err != nil {
			t.Fatal(err)
		}
		return doc.Root()
	}
	send := func(el *etree.Element) (*url.URL, servertest.Page) {
		t.Helper()
		doc := etree.NewDocument()
		doc.SetRoot(el)
		raw, err := doc.WriteToBytes()
		if err != nil {
			t.Fatal(err)
		}
		page := servertest.Page{}
		page.URL, _ = url.Parse(tn.URL + "logout")
		return tn.Submit(tn.browser, page, url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(raw)}, "RelayState": {"back"}})
	}
	here := tn.URL + "logout"
	if left, page := send(d.signed(request("sam", "_s", here))); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("without a session a request leads to %v %d", left, page.Status)
	}
	logIn()
	for name, el := range map[string]*etree.Element{
		"no signature": request("sam", "_s", here), "another key": foreign.signed(request("sam", "_s", here)), "another user": d.signed(request("eve", "_s", here)),
		"another session": d.signed(request("sam", "_t", here)), "another destination": d.signed(request("sam", "_s", "https://other.example/logout")),
	} {
		if left, page := send(el); left != nil || page.Status != http.StatusBadRequest {
			t.Errorf("%s leads to %v %d", name, left, page.Status)
		}
		if left, _ := tn.come("connection", "up", "prompt", "none"); left == nil || left.Query().Get("code") == "" {
			t.Fatalf("%s ends the session", name)
		}
	}
	left, page := send(d.signed(request("sam", "_s", here)))
	if left == nil || !strings.HasPrefix(left.String(), "http://localhost:9/slo?SAMLResponse=") || left.Query().Get("RelayState") != "back" {
		t.Fatalf("the request leads to %v %d %s", left, page.Status, page.Body)
	}
	if answer := messageOf(t, left.Query().Get("SAMLResponse"), true); answer.SelectAttrValue("InResponseTo", "") != "_l" {
		t.Error("the answer is to another request")
	}
	if left, _ := tn.come("connection", "up", "prompt", "none"); left == nil || left.Query().Get("error") != "login_required" {
		t.Errorf("the session leads to %v", left)
	}
	if left, page := tn.Visit(tn.browser, tn.URL+"logout"); left != nil || page.Status != http.StatusBadRequest {
		t.Errorf("no message leads to %v %d", left, page.Status)
	}
}
