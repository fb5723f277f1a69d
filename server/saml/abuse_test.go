package saml_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/crewjam/saml/samlsp"
	dsig "github.com/russellhaering/goxmldsig"
)

// packed encodes a message for a form.
func packed(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// deflated encodes a message for a query.
func deflated(text io.Reader) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.Copy(w, text)
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// quoted returns a text as a JSON string.
func quoted(text string) string {
	raw, _ := json.Marshal(text)
	return string(raw)
}

// authnRequest returns an AuthnRequest, with an AssertionConsumerServiceURL unless consumer is "".
func authnRequest(consumer string) string {
	if consumer != "" {
		consumer = ` AssertionConsumerServiceURL="` + consumer + `"`
	}
	return `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0"` + consumer + `><saml:Issuer>urn:the-sp</saml:Issuer></samlp:AuthnRequest>`
}

// refused checks that a page shows a refusal with a message, and posts nothing.
func (a *application) refused(what string, page any, status int, body, want string) {
	a.t.Helper()
	if status < http.StatusBadRequest || status >= http.StatusInternalServerError || !strings.Contains(body, want) || strings.Contains(body, "SAMLResponse") {
		a.t.Errorf("%s is answered with %d %v %s", what, status, page, brief(body))
	}
}

// TestWhereAssertionsGo: only to registered addresses of the application, whatever a request says, even if the
// user is logged in.
func TestWhereAssertionsGo(t *testing.T) {
	a := start(t, ``)
	a.logIn(a.URL + "samlp/sp")
	for _, consumer := range []string{
		"https://evil.example/acs", a.url + "/saml/acs/more", a.url + "/saml/acs?x=1", a.url + "/saml/acs#x", "javascript:alert(1)",
		strings.Replace(a.url, "localhost", "localhost@evil.example", 1) + "/saml/acs", a.url + "/saml/../evil",
	} {
		page := a.get(a.URL + "samlp/sp?SAMLRequest=" + url.QueryEscape(deflated(strings.NewReader(authnRequest(consumer)))))
		a.refused(consumer, page.URL, page.Status, page.Body, "Callback URL mismatch")
		page = a.post(a.URL+"samlp/sp", url.Values{"SAMLRequest": {packed(authnRequest(consumer))}})
		a.refused(consumer+" in a form", page.URL, page.Status, page.Body, "Callback URL mismatch")
	}
	for consumer, want := range map[string]string{"": a.url + "/saml/acs", a.url + "/other": a.url + "/other"} {
		page := a.get(a.URL + "samlp/sp?RelayState=https://evil.example/&SAMLRequest=" + url.QueryEscape(deflated(strings.NewReader(authnRequest(consumer)))))
		answer, ok := answerOf(page)
		if !ok || answer.url != want || answer.form.Get("RelayState") != "https://evil.example/" {
			t.Errorf("%q leads to %+v %s", consumer, answer, brief(page.Body))
		}
	}
}

// TestRelayStateIsText that is returned unchanged and never becomes mark-up.
func TestRelayStateIsText(t *testing.T) {
	a := start(t, ``)
	const evil = `"><script>alert(1)</script>`
	answer := a.logIn(a.URL + "samlp/sp?RelayState=" + url.QueryEscape(evil))
	if got := answer.form.Get("RelayState"); got != evil {
		t.Errorf("RelayState comes back as %q", got)
	}
	page := a.get(a.URL + "samlp/sp?RelayState=" + url.QueryEscape(evil))
	if strings.Contains(page.Body, "<script>alert") {
		t.Errorf("the page is %s", brief(page.Body))
	}
	if page := a.post(a.URL+"samlp/sp", url.Values{"RelayState": {strings.Repeat("x", 60_000)}}); page.Status != http.StatusRequestURITooLong {
		t.Errorf("a long RelayState is answered with %d", page.Status)
	}
}

// TestMessagesThatAreNone: malformed messages are refused by every binding.
func TestMessagesThatAreNone(t *testing.T) {
	a := start(t, ``)
	a.logIn(a.URL + "samlp/sp")
	good := authnRequest("")
	for name, text := range map[string]string{
		"no base64":            "%%%",
		"nothing":              packed(" "),
		"no XML":               packed("hello"),
		"half an element":      packed("<samlp:AuthnRequest"),
		"another element":      packed(strings.ReplaceAll(good, "AuthnRequest", "AttributeQuery")),
		"another namespace":    packed(strings.ReplaceAll(good, "2.0:protocol", "1.1:protocol")),
		"no id":                packed(strings.Replace(good, ` ID="_1"`, "", 1)),
		"an external entity":   packed(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(good, "urn:the-sp", "&x;", 1)),
		"an entity":            packed(strings.Replace(good, "urn:the-sp", "&x;", 1)),
		"a document type":      packed(`<!DOCTYPE r>` + good),
		"entities of entities": packed(`<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + strings.Replace(good, "urn:the-sp", "&b;", 1)),
		"a deflated bomb":      deflated(io.LimitReader(blanks{}, 20<<20)),
		"much behind it":       deflated(io.MultiReader(strings.NewReader(good), io.LimitReader(blanks{}, 20<<20))),
		"too many elements":    deflated(strings.NewReader(strings.Replace(good, "</samlp:", strings.Repeat("<a/>", 15_000)+"</samlp:", 1))),
		"two roots":            packed(good + good),
	} {
		page := a.get(a.URL + "samlp/sp?SAMLRequest=" + url.QueryEscape(text))
		a.refused(name, page.URL, page.Status, page.Body, "Invalid SAML Request")
		page = a.post(a.URL+"samlp/sp", url.Values{"SAMLRequest": {text}})
		a.refused(name+" in a form", page.URL, page.Status, page.Body, "Invalid SAML Request")
	}
	page := a.get(a.URL + "samlp/sp?SAMLRequest=" + url.QueryEscape(packed(good)) + "&SAMLRequest=" + url.QueryEscape(packed(good)))
	a.refused("two requests", page.URL, page.Status, page.Body, "SAMLRequest")
	page = a.get(a.URL + "samlp/plain?SAMLRequest=" + url.QueryEscape(packed(good)))
	a.refused("an application without the add-on", page.URL, page.Status, page.Body, "addon is not enabled")
	page = a.get(a.URL + "samlp/none")
	a.refused("no application", page.URL, page.Status, page.Body, "Unknown client")
}

// blanks is an endless source of spaces, the content of a decompression bomb.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// GetKeyPair implements dsig.X509KeyStore.
func (k keyPair) GetKeyPair() (any, []byte, error) { return k.PrivateKey, k.cert.Raw, nil }

// signed returns a request with an enveloped signature.
func (k keyPair) signed(t *testing.T, text string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	ctx, err := dsig.NewSigningContext(k.PrivateKey, [][]byte{k.cert.Raw})
	if err != nil {
		t.Fatal(err)
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	out, err := ctx.SignEnveloped(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(t *testing.T, el *etree.Element) string {
	t.Helper()
	doc := etree.NewDocument()
	doc.SetRoot(el.Copy())
	s, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSignedRequests are required if the add-on has a certificate; unsigned ones are then refused.
func TestSignedRequests(t *testing.T) {
	foreign := newKeyPair(t)
	a := start(t, ``, func(o *samlsp.Options) { o.SignRequest = true })
	a.set(`"signingCert": ` + quoted(a.key.pem()))
	a.logIn(a.URL + "samlp/sp")
	asked := func(relay string) url.Values {
		t.Helper()
		target, err := a.ServiceProvider.MakeRedirectAuthenticationRequest(relay)
		if err != nil {
			t.Fatal(err)
		}
		return target.Query()
	}
	query := func(change func(url.Values)) string {
		q := asked("there")
		change(q)
		return "SAMLRequest=" + url.QueryEscape(q.Get("SAMLRequest")) + "&RelayState=" + url.QueryEscape(q.Get("RelayState")) +
			"&SigAlg=" + url.QueryEscape(q.Get("SigAlg")) + "&Signature=" + url.QueryEscape(q.Get("Signature")) + q.Get("more")
	}
	nothing := func(url.Values) {}
	if page := a.get(a.URL + "samlp/sp?" + query(nothing)); page.Status != http.StatusOK || !strings.Contains(page.Body, "SAMLResponse") {
		t.Fatalf("a signed request is answered with %d %s", page.Status, brief(page.Body))
	}
	other := strings.NewReplacer(`ID="_1"`, `ID="_1" Destination="`+a.URL+`samlp/other"`)
	evil := deflated(strings.NewReader(authnRequest(a.url + "/other")))
	if page := a.get(a.URL + "samlp/sp?" + asked("").Encode()); !strings.Contains(page.Body, "SAMLResponse") {
		t.Fatalf("a signed request without RelayState is answered with %d %s", page.Status, brief(page.Body))
	}
	for name, q := range map[string]string{
		"no signature":             "SAMLRequest=" + url.QueryEscape(evil),
		"an empty signature":       query(func(q url.Values) { q.Set("Signature", "") }),
		"another request":          query(func(q url.Values) { q.Set("SAMLRequest", evil) }),
		"another RelayState":       query(func(q url.Values) { q.Set("RelayState", "elsewhere") }),
		"an unknown algorithm":     query(func(q url.Values) { q.Set("SigAlg", "urn:none") }),
		"another algorithm":        query(func(q url.Values) { q.Set("SigAlg", dsig.RSASHA1SignatureMethod) }),
		"a second request":         query(func(q url.Values) { q.Set("more", "&%53AMLRequest="+url.QueryEscape(evil)) }),
		"a RelayState in disguise": asked("").Encode() + "&Relay%53tate=elsewhere",
	} {
		page := a.get(a.URL + "samlp/sp?" + q)
		a.refused(name, page.URL, page.Status, page.Body, "")
	}
	good := strings.Replace(authnRequest(a.url+"/saml/acs"), `ID="_1"`, `ID="_1" Destination="`+a.URL+`samlp/sp"`, 1)
	wrapped := func(change func(outer, signed *etree.Element)) string {
		signed := a.key.signed(t, good)
		outer := etree.NewDocument()
		if err := outer.ReadFromString(strings.Replace(authnRequest(a.url+"/other"), `"_1"`, `"_2"`, 1)); err != nil {
			t.Fatal(err)
		}
		change(outer.Root(), signed)
		return text(t, outer.Root())
	}
	if page := a.post(a.URL+"samlp/sp", url.Values{"SAMLRequest": {packed(text(t, a.key.signed(t, good)))}}); !strings.Contains(page.Body, "SAMLResponse") {
		t.Fatalf("a signed form is answered with %d %s", page.Status, brief(page.Body))
	}
	for name, message := range map[string]string{
		"no signature":        good,
		"another key":         text(t, foreign.signed(t, good)),
		"a changed request":   strings.Replace(text(t, a.key.signed(t, good)), "/saml/acs", "/other", 1),
		"another destination": text(t, a.key.signed(t, other.Replace(authnRequest("")))),
		"no destination":      text(t, a.key.signed(t, authnRequest(""))),
		"a signed one within": wrapped(func(outer, signed *etree.Element) { outer.AddChild(signed) }),
		"a signature of another": wrapped(func(outer, signed *etree.Element) {
			signature := signed.FindElement("./Signature").Copy()
			signature.CreateElement("ds:Object").AddChild(signed)
			outer.AddChild(signature)
		}),
		"the same id": strings.Replace(wrapped(func(outer, signed *etree.Element) { outer.AddChild(signed) }), `"_2"`, `"_1"`, 1),
	} {
		page := a.post(a.URL+"samlp/sp", url.Values{"SAMLRequest": {packed(message)}})
		if answer, ok := answerOf(page); ok && answer.url == a.url+"/saml/acs" && name == "the same id" {
			continue // what was signed is what counts
		}
		a.refused(name+" in a form", page.URL, page.Status, page.Body, "")
	}
}

// TestAnswersToAnApplication are accepted by a library, but do not work elsewhere: each is for one request, one
// audience and one address.
func TestAnswersToAnApplication(t *testing.T) {
	a := start(t, ``, func(o *samlsp.Options) { o.AllowIDPInitiated = false })
	begin := func() answer { return a.logIn(a.get(a.url + "/hello").Header.Get("Location")) }
	for name, settings := range map[string]string{
		"another audience": `"audience": "urn:other"`, "another recipient": `"recipient": "https://r.example/"`, "another destination": `"destination": "https://d.example/"`,
		"another issuer": `"issuer": "urn:other"`, "an end that has come": `"lifetimeInSeconds": 1`,
	} {
		a.set(settings)
		answer := begin()
		if strings.Contains(settings, "lifetime") {
			if got := at(answer.xml(t), ".//Conditions", "NotOnOrAfter"); got == "nothing" {
				t.Errorf("the assertion has no end")
			}
			continue
		}
		if page := a.arrive(answer); page.Status != http.StatusForbidden {
			t.Errorf("%s is taken: %s", name, brief(page.Body))
		}
	}
	a.set(``)
	unasked, _ := answerOf(a.get(a.URL + "samlp/sp"))
	if page := a.arrive(unasked); page.Status != http.StatusForbidden {
		t.Errorf("an answer that nobody has asked for is taken: %s", brief(page.Body))
	}
	if page := a.arrive(begin()); !strings.Contains(page.Body, "=auth0|ann\n") {
		t.Errorf("an honest answer leads to %s %v", brief(page.Body), a.failures)
	}
}

// TestWhoIsRefused at the login sees an error page, and the application gets nothing.
func TestWhoIsRefused(t *testing.T) {
	a := start(t, ``)
	_, page := a.Visit(a.browser, a.URL+"samlp/sp")
	for range 2 {
		if page.URL == nil || !strings.HasPrefix(page.URL.Path, "/u/login") {
			break
		}
		form := page.Form()
		form.Set("username", "bob@example.com")
		form.Set("password", "a password of bob")
		form.Set("action", "default")
		_, page = a.Submit(a.browser, page, form)
	}
	if strings.Contains(page.Body, "SAMLResponse") || page.Status < http.StatusBadRequest {
		t.Errorf("a blocked user comes to %d %s", page.Status, brief(page.Body))
	}
}
