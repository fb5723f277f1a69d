package management_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

// documented registers an application from the document at a URL, and lets it read timesheets for users.
func (c *client) documented(address string) (id string) {
	c.t.Helper()
	made := c.must(201, http.MethodPost, "/clients/cimd/register", object{"external_client_id": address})
	id, _ = made["client_id"].(string)
	c.must(201, http.MethodPost, "/client-grants", object{
		"client_id": id, "audience": servertest.API, "subject_type": "user", "scope": []string{"read:timesheets"},
	})
	return id
}

// documentLogin is a login for the application with the document at a URL.
func documentLogin(address string) servertest.Login {
	return servertest.Login{ClientID: address, RedirectURI: "https://wiki.test/callback", Params: url.Values{"scope": {"read:timesheets offline_access"}}}
}

// TestTheURLOfADocumentIsAClientID, once the application is registered, Auth0:
// get-started/auth0-overview/create-applications/register-applications-with-cimd.
func TestTheURLOfADocumentIsAClientID(t *testing.T) {
	c := newClient(t)
	for _, one := range c.list("/connections") {
		c.must(200, http.MethodPatch, "/connections/"+one["id"].(string), object{"is_domain_connection": true})
	}
	address, other := publish(t, nil), publish(t, nil)
	unknown, _ := c.tenant.AuthorizeURL(documentLogin(address))
	if left, page := c.tenant.Visit(c.http, unknown); left != nil || page.Status != http.StatusBadRequest || !strings.Contains(page.Body, "Unknown client") {
		t.Errorf("before the registration the browser gets to %v, or is shown\n%s", left, page.Body)
	}
	id := c.documented(address)
	c.documented(other)

	browser := c.tenant.Client()
	login := c.tenant.Login(browser, documentLogin(address))
	if pages := strings.Join(login.Pages, " "); pages != "/u/login /u/consent" {
		t.Errorf("the login shows %s", pages)
	}
	foreign := login.Form()
	foreign.Set("client_id", other)
	if status, body := c.tenant.Token(browser, foreign); status == http.StatusOK {
		t.Errorf("another application redeems the code: %v", body)
	}
	tokens := c.tenant.Exchange(browser, login)
	if claims := c.claims(tokens["access_token"]); claims["azp"] != address {
		t.Errorf("the access token has %v", claims)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {address}, "refresh_token": {tokens["refresh_token"].(string)}}
	if status, body := c.tenant.Token(browser, refresh); status != http.StatusOK {
		t.Errorf("the refresh: %d %v", status, body)
	} else if claims := c.claims(body["access_token"]); claims["azp"] != address {
		t.Errorf("the next access token has %v", claims)
	}
	if again := c.tenant.Login(browser, documentLogin(id)); len(again.Pages) > 0 { // it is the same application
		t.Errorf("with the id of Auth0 the login shows %v", again.Pages)
	}
	pushed := url.Values{"client_id": {address}, "response_type": {"code"}, "redirect_uri": {"https://wiki.test/callback"}}
	if status, body := c.tenant.Post(browser, "oauth/par", pushed); status == http.StatusCreated {
		t.Errorf("a third-party application pushes its request: %v", body)
	}

	c.must(204, http.MethodDelete, "/clients/"+id, nil)
	if left, page := c.tenant.Visit(c.http, unknown); left != nil || !strings.Contains(page.Body, "Unknown client") {
		t.Errorf("after the application was deleted the browser gets to %v, or is shown\n%s", left, page.Body)
	}
}

// assertion returns a client assertion for an application, RFC 7523 section 2.2, whose jti is id.
func (c *client) assertion(key any, clientID, id string) string {
	c.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "publisher"))
	if err != nil {
		c.t.Fatal(err)
	}
	claims, err := json.Marshal(object{"iss": clientID, "sub": clientID, "aud": c.tenant.URL, "jti": id, "exp": time.Now().Add(time.Minute).Unix()})
	if err != nil {
		c.t.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		c.t.Fatal(err)
	}
	return text
}

// TestAnApplicationOfADocumentAuthenticatesWithItsKey, which is at the jwks_uri of the document. Its assertions name it by the URL of
// the document.
func TestAnApplicationOfADocumentAuthenticatesWithItsKey(t *testing.T) {
	c := newClient(t)
	for _, one := range c.list("/connections") {
		c.must(200, http.MethodPatch, "/connections/"+one["id"].(string), object{"is_domain_connection": true})
	}
	private := object{"application_type": "web", "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "/keys"}
	address, other := publish(t, private), publish(t, private)
	c.documented(address)
	c.documented(other)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	browser := c.tenant.Client()
	login := documentLogin(address)
	login.Params.Set("scope", "openid read:timesheets offline_access")
	exchange := c.tenant.Login(browser, login).Form()
	send := func(form url.Values, assertion string) (int, object) {
		if assertion != "" {
			form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			form.Set("client_assertion", assertion)
		}
		return c.tenant.Token(browser, form)
	}
	for what, assertion := range map[string]string{
		"no assertion":                               "",
		"one that is signed by somebody":             c.assertion(stranger, address, "stranger"),
		"one of another application":                 c.assertion(publisher.PrivateKey, other, "other"),
		"one of an application that has no document": c.assertion(publisher.PrivateKey, servertest.Web, "web"),
	} {
		if status, body := send(exchange, assertion); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %v", what, status, body)
		}
	}
	status, tokens := send(exchange, c.assertion(publisher.PrivateKey, address, "first"))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, tokens)
	}
	if claims := c.claims(tokens["access_token"]); claims["azp"] != address {
		t.Errorf("the access token has %v", claims)
	}
	if tokens["id_token"] != nil { // a third-party application in strict mode gets none, so no aud names it
		t.Errorf("there is an ID token: %v", tokens)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {address}, "refresh_token": {tokens["refresh_token"].(string)}}
	if status, body := send(refresh, c.assertion(publisher.PrivateKey, address, "first")); status != http.StatusUnauthorized {
		t.Errorf("the same assertion again: %d %v", status, body)
	}
	refresh.Del("client_id") // the assertion says it
	if status, body := send(refresh, c.assertion(publisher.PrivateKey, address, "second")); status != http.StatusOK {
		t.Errorf("the refresh: %d %v", status, body)
	}
}
