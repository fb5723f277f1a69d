package federation_test

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/tenant0/tenant0/server/servertest"
)

// directory is a SAML identity provider whose answers a test can change.
type directory struct {
	key  *rsa.PrivateKey
	cert []byte
}

// GetKeyPair implements dsig.X509KeyStore.
func (d directory) GetKeyPair() (*rsa.PrivateKey, []byte, error) { return d.key, d.cert, nil }

func newDirectory(t *testing.T) directory {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "directory"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return directory{key, cert}
}

func (d directory) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.cert}))
}

// said are the contents of an answer.
type said struct {
	id, request, audience, recipient, nameID string
	until                                    time.Time
}

// assertion returns an assertion without a signature.
func (d directory) assertion(s said) *etree.Element {
	now := time.Now().UTC()
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	inResponse := ""
	if s.request != "" {
		inResponse = fmt.Sprintf(` InResponseTo="%s"`, s.request)
	}
	doc := etree.NewDocument()
	err := doc.ReadFromString(fmt.Sprintf(`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%s" Version="2.0" IssueInstant="%s">
<saml:Issuer>urn:directory</saml:Issuer>
<saml:Subject><saml:NameID>%s</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData%s Recipient="%s" NotOnOrAfter="%s"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml:AudienceRestriction><saml:Audience>%s</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="%s" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>
<saml:Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"><saml:AttributeValue>sam@corp.example</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname"><saml:AttributeValue>Sam</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="http://schemas.xmlsoap.org/claims/Group"><saml:AttributeValue>Staff</saml:AttributeValue><saml:AttributeValue>Sales</saml:AttributeValue></saml:Attribute>
<saml:Attribute Name="department"><saml:AttributeValue>Legal</saml:AttributeValue></saml:Attribute>
</saml:AttributeStatement></saml:Assertion>`,
		s.id, stamp(now), s.nameID, inResponse, s.recipient, stamp(s.until), stamp(now.Add(-time.Minute)), stamp(s.until), s.audience, stamp(now)))
	if err != nil {
		panic(err)
	}
	return doc.Root()
}

func (d directory) signed(e *etree.Element) *etree.Element {
	ctx := dsig.NewDefaultSigningContext(d)
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	out, err := ctx.SignEnveloped(e)
	if err != nil {
		panic(err)
	}
	return out
}

// response returns an answer that contains assertions.
func response(assertions ...*etree.Element) string {
	doc := etree.NewDocument()
	err := doc.ReadFromString(fmt.Sprintf(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r%d" Version="2.0" IssueInstant="%s"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:directory</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status></samlp:Response>`,
		time.Now().UnixNano(), time.Now().UTC().Format(time.RFC3339)))
	if err != nil {
		panic(err)
	}
	for _, a := range assertions {
		doc.Root().AddChild(a)
	}
	raw, err := doc.WriteToString()
	if err != nil {
		panic(err)
	}
	return raw
}

// ofDirectory returns a tenant with a connection to a directory.
func ofDirectory(t *testing.T, d directory, options ...string) tenant {
	t.Helper()
	file := strings.Replace(downstreamFile, "strategy: oidc", "strategy: samlp", 1)
	own := fmt.Sprintf("signInEndpoint: %q, signingCert: %q", "http://localhost:9/sso?tenant=1", d.pem())
	s := servertest.Start(t, servertest.Seed(fmt.Sprintf(file, strings.Join(append(options, own), ", "))))
	return tenant{s, s.Client(), t}
}

// request begins a login and returns the RelayState and the id of the request that was sent to the directory.
func (tn tenant) request() (relay, id string) {
	tn.t.Helper()
	left, page := tn.come("connection", "up", "prompt", "login")
	if left == nil || !strings.HasPrefix(left.String(), "http://localhost:9/sso?") {
		tn.t.Fatalf("the login leads to %v %s", left, page.Body)
	}
	raw, err := base64.StdEncoding.DecodeString(left.Query().Get("SAMLRequest"))
	if err != nil {
		tn.t.Fatal(err)
	}
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	if err != nil {
		tn.t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		tn.t.Fatal(err)
	}
	root := doc.Root()
	if root.SelectAttrValue("AssertionConsumerServiceURL", "") != tn.URL+"login/callback?connection=up" || root.FindElement("Issuer").Text() != "urn:auth0:localhost:up" || left.Query().Get("tenant") != "1" {
		tn.t.Errorf("the request is %s", text)
	}
	return left.Query().Get("RelayState"), root.SelectAttrValue("ID", "")
}

// honest returns the contents of a correct answer to a request.
func (tn tenant) honest(request string) said {
	return said{
		id: fmt.Sprintf("_a%d", time.Now().UnixNano()), request: request, audience: "urn:auth0:localhost:up", recipient: tn.URL + "login/callback?connection=up",
		nameID: "sam", until: time.Now().Add(5 * time.Minute),
	}
}

// post posts an answer to the callback from the directory's origin, and returns what brings
// returns.
func (tn tenant) post(relay, answer string) string {
	tn.t.Helper()
	form := url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(answer))}, "RelayState": {relay}}
	return tn.brings("login/callback?connection=up", form)
}

// brings posts a form to an address of the tenant from the directory's origin, and returns "logged in", the
// error that the application gets, or the page that is shown.
func (tn tenant) brings(address string, form url.Values) string {
	tn.t.Helper()
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPost, tn.URL+address, strings.NewReader(form.Encode()))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Origin", "https://directory.example")
	stay := *tn.browser
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stay.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		body, _ := io.ReadAll(resp.Body)
		return string(body)
	}
	target, err := resp.Location()
	if err != nil {
		tn.t.Fatal(err)
	}
	left, page := tn.Visit(tn.browser, target.String())
	switch {
	case left == nil:
		return page.Body
	case left.Query().Get("code") != "":
		return "logged in"
	}
	return left.Query().Get("error") + ": " + left.Query().Get("error_description")
}

const unproven = "access_denied: The answer of the identity provider could not be verified."

// TestLoginAtADirectory logs in by SAML and checks the user.
func TestLoginAtADirectory(t *testing.T) {
	d := newDirectory(t)
	tn := ofDirectory(t, d)
	relay, id := tn.request()
	answer := response(d.signed(d.assertion(tn.honest(id))))
	if got := tn.post(relay, answer); got != "logged in" {
		t.Fatal(got)
	}
	user := tn.user("samlp|up|sam")
	for name, want := range (object{
		"email": "sam@corp.example", "email_verified": false, "given_name": "Sam", "groups": []any{"Staff", "Sales"}, "department": "Legal",
		"issuer": "urn:directory", "sessionIndex": "_s",
		"identities": []any{object{"provider": "samlp", "user_id": "up|sam", "connection": "up", "isSocial": false}},
	}) {
		if name == "identities" {
			user[name] = withoutTokens(user[name])
		}
		diff(t, name, user[name], want)
	}
	resp, err := tn.browser.Get(tn.URL + "samlp/metadata?connection=up")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	doc := etree.NewDocument()
	if _, err := doc.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	service := doc.FindElement("//AssertionConsumerService")
	if doc.Root().SelectAttrValue("entityID", "") != "urn:auth0:localhost:up" || service == nil || service.SelectAttrValue("Location", "") != tn.URL+"login/callback?connection=up" {
		text, _ := doc.WriteToString()
		t.Errorf("the metadata is %s", text)
	}
}

// TestAnswersThatProveNothing are refused, each in a separate login.
func TestAnswersThatProveNothing(t *testing.T) {
	d, foreign := newDirectory(t), newDirectory(t)
	tn := ofDirectory(t, d)
	var honest string
	for _, tt := range []struct {
		name   string
		answer func(said) string
	}{
		{"no signature", func(s said) string { return response(d.assertion(s)) }},
		{"the signature of another", func(s said) string { return response(foreign.signed(foreign.assertion(s))) }},
		{"another audience", func(s said) string { s.audience = "urn:other"; return response(d.signed(d.assertion(s))) }},
		{"another recipient", func(s said) string {
			s.recipient = "https://other.example/acs"
			return response(d.signed(d.assertion(s)))
		}},
		{"an old assertion", func(s said) string {
			s.until = time.Now().Add(-time.Minute)
			return response(d.signed(d.assertion(s)))
		}},
		{"an assertion of the future", func(s said) string {
			a := d.assertion(s)
			a.FindElement("./Conditions").CreateAttr("NotBefore", time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			return response(d.signed(a))
		}},
		{"no audience", func(s said) string {
			return response(d.signed(without(d.assertion(s), "./Conditions/AudienceRestriction")))
		}},
		{"no conditions", func(s said) string { return response(d.signed(without(d.assertion(s), "./Conditions"))) }},
		{"nobody to whom it is confirmed", func(s said) string {
			return response(d.signed(without(d.assertion(s), "./Subject/SubjectConfirmation")))
		}},
		{"no name", func(s said) string { return response(d.signed(without(d.assertion(s), "./Subject/NameID"))) }},
		{"no id, by which it would be known again", func(s said) string {
			a := d.assertion(s)
			a.RemoveAttr("ID")
			return response(d.signed(a))
		}},
		{"no id, in an answer that is signed as a whole", func(s said) string {
			a := d.assertion(s)
			a.RemoveAttr("ID")
			return d.signedAnswer(response(a))
		}},
		{"the answer to another request", func(s said) string { s.request = "_other"; return response(d.signed(d.assertion(s))) }},
		{"the answer to no request", func(s said) string { s.request = ""; return response(d.signed(d.assertion(s))) }},
		{"a changed person", func(s said) string {
			return strings.Replace(response(d.signed(d.assertion(s))), ">sam<", ">boss<", 1)
		}},
		{"a forged assertion before the signed one", func(s said) string {
			evil := s
			evil.nameID, evil.id = "boss", "_evil"
			return response(d.assertion(evil), d.signed(d.assertion(s)))
		}},
		{"a forged assertion after the signed one", func(s said) string {
			evil := s
			evil.nameID, evil.id = "boss", "_evil"
			return response(d.signed(d.assertion(s)), d.assertion(evil))
		}},
		{"the signed one within a forged one", func(s said) string {
			evil := s
			evil.nameID = "boss"
			outer := d.assertion(evil)
			good := d.signed(d.assertion(s))
			signature := good.FindElement("./Signature").Copy()
			signature.CreateElement("ds:Object").AddChild(good)
			outer.InsertChildAt(1, signature)
			return response(outer)
		}},
		{"a comment in the name", func(s said) string {
			s.nameID = "boss"
			return strings.Replace(response(d.signed(d.assertion(s))), ">boss<", ">bo<!-- -->ss.evil<", 1)
		}},
		{"two signed assertions", func(s said) string {
			other := s
			other.id = s.id + "b"
			return response(d.signed(d.assertion(s)), d.signed(d.assertion(other)))
		}},
		{"an external entity", func(s said) string {
			return `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(response(d.assertion(s)), ">sam<", ">&x;<", 1)
		}},
		{"entities of entities", func(s said) string {
			bomb := `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`
			return bomb + strings.Replace(response(d.assertion(s)), ">sam<", ">&c;<", 1)
		}},
		{"a deflated bomb", func(said) string {
			var packed bytes.Buffer
			w, _ := flate.NewWriter(&packed, flate.BestCompression)
			_, _ = io.CopyN(w, zeros{}, 20<<20)
			_ = w.Close()
			return packed.String()
		}},
		{"too many elements", func(said) string { return "<r>" + strings.Repeat("<a/>", 9_000) + "</r>" }},
		{"no XML", func(said) string { return "hello" }},
		{"nothing but a failure", func(s said) string {
			return strings.Replace(response(d.signed(d.assertion(s))), "status:Success", "status:Responder", 1)
		}},
	} {
		relay, id := tn.request()
		s := tn.honest(id)
		if got := tn.post(relay, tt.answer(s)); got != unproven {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
	relay, id := tn.request()
	if got := tn.post(relay, d.signedAnswer(response(d.assertion(tn.honest(id))))); got != "logged in" {
		t.Errorf("an answer that is signed as a whole: %s", got)
	}
	relay, id = tn.request()
	honest = response(d.signed(d.assertion(tn.honest(id))))
	if got := tn.post(relay, honest); got != "logged in" {
		t.Fatal(got)
	}
	if got := tn.post(relay, honest); !strings.Contains(got, "IdP-Initiated login is not enabled") {
		t.Errorf("the answer again: %s", got)
	}
	relay, _ = tn.request()
	if got := tn.post(relay, honest); got != unproven {
		t.Errorf("the answer again, in another login: %s", got)
	}
	if status, user := tn.Manage(tn.browser, http.MethodGet, "users/samlp%7Cup%7Cboss", nil); status != http.StatusNotFound {
		t.Errorf("there is %v", user)
	}
}

// signedAnswer signs an answer as a whole.
func (d directory) signedAnswer(answer string) string {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(answer); err != nil {
		panic(err)
	}
	doc.SetRoot(d.signed(doc.Root()))
	signed, err := doc.WriteToString()
	if err != nil {
		panic(err)
	}
	return signed
}

// without removes an element from an assertion.
func without(assertion *etree.Element, path string) *etree.Element {
	one := assertion.FindElement(path)
	one.Parent().RemoveChild(one)
	return assertion
}

// zeros is an endless source of zero bytes, the content of a decompression bomb.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestALoginThatTheDirectoryBegins goes to the application in the connection's settings, and works once.
func TestALoginThatTheDirectoryBegins(t *testing.T) {
	d := newDirectory(t)
	tn := ofDirectory(t, d)
	answer := func() string { return response(d.signed(d.assertion(tn.honest("")))) }
	if got := tn.post("", answer()); !strings.Contains(got, "IdP-Initiated login is not enabled for connection &#34;up&#34;.") {
		t.Errorf("where the connection does not allow it: %s", got)
	}
	tn = ofDirectory(t, d, "idpinitiated: {enabled: true}")
	if got := tn.post("", answer()); !strings.Contains(got, "Default App for IdP-Initiated is not configured.") {
		t.Errorf("where the connection has no application: %s", got)
	}
	tn = ofDirectory(t, d, "idpinitiated: {enabled: false, client_id: app}")
	if got := tn.post("", answer()); !strings.Contains(got, "IdP-Initiated login is not enabled for connection") {
		t.Errorf("where it is switched off: %s", got)
	}
	tn = ofDirectory(t, d, "idpinitiated: {enabled: true, client_id: app, client_protocol: ws-trust}")
	if got := tn.post("", answer()); !strings.Contains(got, "client_protocol ws-trust of a login that an identity provider begins") {
		t.Errorf("for a protocol that is not there: %s", got)
	}
	s := servertest.Start(t, servertest.Seed(fmt.Sprintf(downstreamFile, fmt.Sprintf("idpinitiated: {enabled: true, client_id: app}, signInEndpoint: %q, signingCert: %q", "http://localhost:9/sso", d.pem()))))
	tn = tenant{s, s.Client(), t}
	if got := tn.post("", answer()); !strings.Contains(got, "IdP-Initiated login is not enabled for connection") {
		t.Errorf("at a connection of another strategy: %s", got)
	}
	const query = "scope=openid%20email&redirect_uri=https://app.example.com/callback&code_challenge=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa&code_challenge_method=plain"
	tn = ofDirectory(t, d, fmt.Sprintf("idpinitiated: {enabled: true, client_id: app, client_protocol: oauth2, client_authorizequery: %q}", query))
	used := answer()
	if got := tn.post("from the portal", used); got != "logged in" {
		t.Fatal(got)
	}
	if user := tn.user("samlp|up|sam"); user["logins_count"] != 1.0 {
		t.Errorf("the user is %v", user)
	}
	if got := tn.post("", used); !strings.Contains(got, "could not be verified") {
		t.Errorf("the assertion again: %s", got)
	}
	if got := tn.post("", response(d.assertion(tn.honest("")))); !strings.Contains(got, "could not be verified") {
		t.Errorf("without a signature: %s", got)
	}
	if got := tn.post("", response(d.signed(d.assertion(tn.honest("_some"))))); !strings.Contains(got, "could not be verified") {
		t.Errorf("the answer to a request that was none: %s", got)
	}
}
