package federation_test

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestTwoTenantsFederateByWSFederation: one tenant knows the other only by its federation metadata, and a user logs in.
func TestTwoTenantsFederateByWSFederation(t *testing.T) {
	tn, upstream := between(t, func(issuer string) (*servertest.Server, string) {
		seed := strings.Replace(fmt.Sprintf(samlUpstream, issuer, ""), "login/callback?connection=up", "login/callback", 1)
		up := servertest.Start(t, servertest.Seed(seed), servertest.HTTP())
		metadata := download(t, up, "wsfed/fed/FederationMetadata/2007-06/FederationMetadata.xml")
		return up, strings.Replace(fmt.Sprintf(downstreamFile, fmt.Sprintf("fedMetadataXml: %q", metadata)), "strategy: oidc", "strategy: adfs", 1)
	})
	_, page := tn.logInUpstream(upstream)
	left, end := tn.passOn(page)
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the answer leads to %v %s", left, end.Body)
	}
	user := tn.user("adfs|up|auth0|uma")
	for name, want := range (object{
		"email": "uma@upstream.example", "email_verified": false, "name": "Uma Thurgood", "given_name": "Uma", "upn": "uma@upstream.example",
		"issuer": "urn:" + strings.TrimSuffix(strings.TrimPrefix(upstream.URL, "http://"), "/"),
	}) {
		diff(t, name, user[name], want)
	}
	if left, again := tn.passOn(page); left != nil {
		t.Errorf("the answer a second time leads to %v %s", left, again.Body)
	}
}

// ofADFS returns a tenant with a WS-Federation connection to a directory.
func ofADFS(t *testing.T, d directory) tenant {
	t.Helper()
	sum := sha1.Sum(d.cert)
	options := fmt.Sprintf("signInEndpoint: %q, thumbprints: [%q]", "http://localhost:9/adfs/ls/", strings.ToUpper(hex.EncodeToString(sum[:])))
	s := servertest.Start(t, servertest.Seed(strings.Replace(fmt.Sprintf(downstreamFile, options), "strategy: oidc", "strategy: adfs", 1)))
	return tenant{s, s.Client(), t}
}

// asksADFS begins a login and returns the wctx of the request that was sent to the directory.
func (tn tenant) asksADFS() string {
	tn.t.Helper()
	left, page := tn.come("connection", "up", "prompt", "login")
	if left == nil || !strings.HasPrefix(left.String(), "http://localhost:9/adfs/ls/?") {
		tn.t.Fatalf("the login leads to %v %s", left, page.Body)
	}
	query := left.Query()
	diff(tn.t, "the request", []string{query.Get("wa"), query.Get("wtrealm"), query.Get("wreply")}, []string{"wsignin1.0", "urn:auth0:localhost:up", tn.URL + "login/callback"})
	return query.Get("wctx")
}

// oldAssertion returns a SAML 1.1 assertion without a signature.
func oldAssertion(s said) *etree.Element {
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	doc := etree.NewDocument()
	err := doc.ReadFromString(fmt.Sprintf(`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion" MajorVersion="1" MinorVersion="1" AssertionID="%s" Issuer="http://directory/adfs/services/trust" IssueInstant="%s">
<saml:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml:AudienceRestrictionCondition><saml:Audience>%s</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions>
<saml:AttributeStatement><saml:Subject><saml:NameIdentifier>%s</saml:NameIdentifier></saml:Subject>
<saml:Attribute AttributeName="emailaddress" AttributeNamespace="http://schemas.xmlsoap.org/ws/2005/05/identity/claims"><saml:AttributeValue>sam@corp.example</saml:AttributeValue></saml:Attribute>
<saml:Attribute AttributeName="Group" AttributeNamespace="http://schemas.xmlsoap.org/claims"><saml:AttributeValue>Staff</saml:AttributeValue><saml:AttributeValue>Sales</saml:AttributeValue></saml:Attribute>
</saml:AttributeStatement></saml:Assertion>`, s.id, stamp(time.Now()), stamp(time.Now().Add(-time.Minute)), stamp(s.until), s.audience, s.nameID))
	if err != nil {
		panic(err)
	}
	return doc.Root()
}

func (d directory) oldSigned(e *etree.Element) *etree.Element {
	ctx := dsig.NewDefaultSigningContext(d)
	ctx.IdAttribute, ctx.Canonicalizer = "AssertionID", dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	out, err := ctx.SignEnveloped(e)
	if err != nil {
		panic(err)
	}
	return out
}

// result returns a WS-Trust response that contains assertions, with the namespaces that they share.
func result(assertions ...*etree.Element) string {
	doc := etree.NewDocument()
	response := doc.CreateElement("t:RequestSecurityTokenResponse")
	response.CreateAttr("xmlns:t", "http://schemas.xmlsoap.org/ws/2005/02/trust")
	token := response.CreateElement("t:RequestedSecurityToken")
	for _, a := range assertions {
		token.AddChild(a)
	}
	raw, err := doc.WriteToString()
	if err != nil {
		panic(err)
	}
	return raw
}

// postsResult posts a result to the callback from the directory's origin, and returns what brings returns.
func (tn tenant) postsResult(context, result string) string {
	tn.t.Helper()
	return tn.brings("login/callback", url.Values{"wa": {"wsignin1.0"}, "wresult": {result}, "wctx": {context}})
}

func honestResult(nameID string) said {
	return said{id: fmt.Sprintf("_a%d", time.Now().UnixNano()), audience: "urn:auth0:localhost:up", nameID: nameID, until: time.Now().Add(5 * time.Minute)}
}

// TestResultsThatProveNothing are refused, each in a separate login.
func TestResultsThatProveNothing(t *testing.T) {
	d, foreign := newDirectory(t), newDirectory(t)
	tn := ofADFS(t, d)
	for name, of := range map[string]func(said) string{
		"no signature":             func(s said) string { return result(oldAssertion(s)) },
		"the signature of another": func(s said) string { return result(foreign.oldSigned(oldAssertion(s))) },
		"another audience":         func(s said) string { s.audience = "urn:other"; return result(d.oldSigned(oldAssertion(s))) },
		"an old assertion": func(s said) string {
			s.until = time.Now().Add(-time.Minute)
			return result(d.oldSigned(oldAssertion(s)))
		},
		"no audience":   func(s said) string { return result(d.oldSigned(without(oldAssertion(s), ".//Audience"))) },
		"no conditions": func(s said) string { return result(d.oldSigned(without(oldAssertion(s), "./Conditions"))) },
		"no name":       func(s said) string { return result(d.oldSigned(without(oldAssertion(s), ".//NameIdentifier"))) },
		"a changed person": func(s said) string {
			return strings.Replace(result(d.oldSigned(oldAssertion(s))), ">sam<", ">boss<", 1)
		},
		"two assertions": func(s said) string {
			return result(d.oldSigned(oldAssertion(s)), d.oldSigned(oldAssertion(honestResult("boss"))))
		},
		"a forged one beside": func(s said) string { return result(oldAssertion(honestResult("boss")), d.oldSigned(oldAssertion(s))) },
		"an assertion that is no token of the answer": func(s said) string {
			return strings.NewReplacer("t:RequestedSecurityToken", "t:SomethingElse").Replace(result(d.oldSigned(oldAssertion(s))))
		},
		"no result": func(said) string { return "<t/>" },
		"no XML":    func(said) string { return "hello" },
		"an external entity": func(s said) string {
			return `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + result(d.oldSigned(oldAssertion(s)))
		},
		"a token of another kind": func(s said) string { return result(d.signed(without(d.assertion(s), "./Subject/NameID"))) },
		"an assertion of the future": func(s said) string {
			a := oldAssertion(s)
			a.FindElement("./Conditions").CreateAttr("NotBefore", time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			return result(d.oldSigned(a))
		},
		"a known certificate beside another's signature": func(s said) string {
			liar := directory{foreign.key, d.cert}
			return result(liar.oldSigned(oldAssertion(s)))
		},
		"the signed one within a forged one": func(s said) string {
			outer, good := oldAssertion(honestResult("boss")), d.oldSigned(oldAssertion(s))
			signature := good.FindElement("./Signature").Copy()
			signature.CreateElement("ds:Object").AddChild(good)
			outer.AddChild(signature)
			return result(outer)
		},
	} {
		if got := tn.postsResult(tn.asksADFS(), of(honestResult("sam"))); got != unproven {
			t.Errorf("%s: %s", name, got)
		}
	}
	context, honest := tn.asksADFS(), result(d.oldSigned(oldAssertion(honestResult("sam"))))
	stranger := tn
	stranger.browser = tn.Client()
	if got := stranger.postsResult(context, honest); !strings.Contains(got, "another browser") {
		t.Errorf("in another browser: %s", got)
	}
	if got := tn.postsResult(context, honest); got != "logged in" {
		t.Fatal(got)
	}
	diff(t, "groups", tn.user("adfs|up|sam")["groups"], any([]any{"Staff", "Sales"}))
	if got := tn.postsResult(context, honest); got == "logged in" {
		t.Errorf("the answer again: %s", got)
	}
	if got := tn.postsResult(tn.asksADFS(), honest); got != unproven {
		t.Errorf("the answer again, in another login: %s", got)
	}
	if got := tn.postsResult("", result(d.oldSigned(oldAssertion(honestResult("eve"))))); got == "logged in" {
		t.Errorf("an answer that nobody has asked for: %s", got)
	}
	if got := tn.postsResult(tn.asksADFS(), result(d.signed(d.assertion(honestResult("sam"))))); got != "logged in" {
		t.Errorf("an assertion of SAML 2.0: %s", got)
	}
	for _, id := range []string{"adfs%7Cup%7Cboss", "adfs%7Cup%7Ceve"} {
		if status, user := tn.Manage(tn.browser, http.MethodGet, "users/"+id, nil); status != http.StatusNotFound {
			t.Errorf("there is %v", user)
		}
	}
}

// TestALogoutAtADFS ends the session at the directory too if the request asks for a federated logout.
func TestALogoutAtADFS(t *testing.T) {
	d := newDirectory(t)
	tn := ofADFS(t, d)
	tn.patch("clients/app", object{"allowed_logout_urls": []string{out}})
	if got := tn.postsResult(tn.asksADFS(), result(d.oldSigned(oldAssertion(honestResult("sam"))))); got != "logged in" {
		t.Fatal(got)
	}
	left, through := tn.leave("v2/logout", "client_id", "app", "returnTo", out, "federated", "")
	if left == nil || !strings.HasPrefix(left.String(), "http://localhost:9/adfs/ls/?") || left.Query().Get("wa") != "wsignout1.0" || left.Query().Get("wreply") != out {
		t.Errorf("the logout leads to %v by %v", left, through)
	}
	if tn.goesOn() {
		t.Error("the session goes on")
	}
}
