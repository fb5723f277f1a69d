package discovery_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// fetch requests a URL and returns the response and its body.
func fetch(t *testing.T, s *servertest.Server, method, target string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.Client().Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

const configuration = ".well-known/openid-configuration"

// TestTheDocument compares the discovery document with a golden file, which UPDATE=1 rewrites.
func TestTheDocument(t *testing.T) {
	const golden = "testdata/openid-configuration.json"
	s := servertest.Start(t)
	resp, body := fetch(t, s, http.MethodGet, s.URL+configuration)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json; charset=utf-8" || !strings.Contains(resp.Header.Get("Cache-Control"), "max-age=15") {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, body, "", "  "); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(pretty.String(), s.URL, "https://issuer.example/") + "\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the document (-golden +got):\n%s", diff)
	}
	if _, alias := fetch(t, s, http.MethodGet, s.URL+".well-known/oauth-authorization-server"); !bytes.Equal(alias, body) {
		t.Errorf("by the name of RFC 8414 it is\n%s", alias)
	}
}

// TestTheIssuerIsThatOfTheConfiguration and not taken from the request.
func TestTheIssuerIsThatOfTheConfiguration(t *testing.T) {
	s := servertest.Start(t, servertest.HTTP())
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+configuration, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("X-Forwarded-Host", "evil.example")
	rq.Header.Set("X-Forwarded-Proto", "https")
	resp, err := s.Client().Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `"issuer":"`+s.URL+`"`) || strings.Contains(string(body), "evil") {
		t.Errorf("%s", body)
	}
}

// TestEveryEndpointListedAnswers compares the document with the routes.
func TestEveryEndpointListedAnswers(t *testing.T) {
	s := servertest.Start(t)
	_, body := fetch(t, s, http.MethodGet, s.URL+configuration)
	var document map[string]any
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	endpoints := 0
	for name, value := range document {
		target, _ := value.(string)
		if name == "issuer" || !strings.HasPrefix(target, s.URL) {
			continue
		}
		endpoints++
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			resp, body := fetch(t, s, method, target)
			if resp.StatusCode == http.StatusNotFound || resp.StatusCode >= 500 {
				t.Errorf("%s: %s %s answers %d %s", name, method, target, resp.StatusCode, body)
			}
		}
	}
	if endpoints < 6 {
		t.Errorf("the document lists %d endpoints:\n%s", endpoints, body)
	}
}

func TestTheEndSessionEndpointCanBeLeftOut(t *testing.T) {
	for _, on := range []string{"true", "false"} {
		s := servertest.Start(t, servertest.Seed("tenant: {oidc_logout: {rp_logout_end_session_endpoint_discovery: "+on+"}}\n"))
		_, body := fetch(t, s, http.MethodGet, s.URL+configuration)
		if has := strings.Contains(string(body), "end_session_endpoint"); has != (on == "true") {
			t.Errorf("with the setting %s it is there: %v", on, has)
		}
	}
}

// document reads the discovery document.
func document(t *testing.T, s *servertest.Server) map[string]any {
	t.Helper()
	_, body := fetch(t, s, http.MethodGet, s.URL+configuration)
	var document map[string]any
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// TestTheGrantTypesListedAreServed, and Auth0's other grant types are not.
func TestTheGrantTypesListedAreServed(t *testing.T) {
	s := servertest.Start(t)
	listed, _ := document(t, s)["grant_types_supported"].([]any)
	if len(listed) < 3 {
		t.Errorf("the document lists %v", listed)
	}
	for _, name := range []string{
		"authorization_code", "refresh_token", "client_credentials", "password", "http://auth0.com/oauth/grant-type/password-realm",
		"http://auth0.com/oauth/grant-type/passwordless/otp", "http://auth0.com/oauth/grant-type/mfa-otp",
		"urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
		"urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
	} {
		_, body := s.Token(s.Client(), url.Values{"grant_type": {name}})
		served := body["error"] != "not_emulated" && body["error"] != "unsupported_grant_type"
		if served != slices.Contains(listed, any(name)) {
			t.Errorf("%s: listed in %v, and answered %v", name, listed, body)
		}
	}
}

func TestTheACRValuesOfTheTenantAreListed(t *testing.T) {
	s := servertest.Start(t)
	set := func(values any) (status int) {
		status, _ = s.Manage(s.Client(), http.MethodPatch, "tenants/settings", map[string]any{"acr_values_supported": values})
		return status
	}
	if status := set("gold"); status != http.StatusBadRequest {
		t.Errorf("a setting that is no list: %d", status)
	}
	for _, tt := range []struct{ values, want any }{
		{[]any{"urn:example:silver", "urn:example:gold"}, []any{"urn:example:silver", "urn:example:gold"}}, {[]any{}, nil},
	} {
		if status := set(tt.values); status != http.StatusOK {
			t.Fatal(status)
		}
		if diff := cmp.Diff(tt.want, document(t, s)["acr_values_supported"]); diff != "" {
			t.Errorf("with the setting %v (-want +got):\n%s", tt.values, diff)
		}
	}
}

func TestEveryPageMayReadTheDocuments(t *testing.T) {
	s := servertest.Start(t)
	for _, path := range []string{configuration, ".well-known/oauth-authorization-server", ".well-known/jwks.json"} {
		for _, method := range []string{http.MethodGet, http.MethodOptions} {
			resp, _ := fetch(t, s, method, s.URL+path, "Origin", "https://anywhere.example", "Access-Control-Request-Method", "GET")
			if resp.StatusCode >= 300 || resp.Header.Get("Access-Control-Allow-Origin") != "https://anywhere.example" {
				t.Errorf("%s %s: %d %v", method, path, resp.StatusCode, resp.Header)
			}
		}
	}
}

// keySet reads the published keys and checks the members of each.
func keySet(t *testing.T, s *servertest.Server) []string {
	t.Helper()
	_, body := fetch(t, s, http.MethodGet, s.URL+".well-known/jwks.json")
	var set struct {
		Keys []struct {
			Kty, Use, Alg, Kid, X5t, N, E string
			X5c                           []string
		}
	}
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatal(err)
	}
	var kids []string
	for _, k := range set.Keys {
		kids = append(kids, k.Kid)
		if k.Kty != "RSA" || k.Use != "sig" || k.Alg != "RS256" || k.E != "AQAB" || len(k.Kid) != 21 || len(k.X5c) != 1 {
			t.Errorf("a key is %+v", k)
			continue
		}
		der, err := base64.StdEncoding.DecodeString(k.X5c[0])
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum(der)
		if k.X5t != base64.RawURLEncoding.EncodeToString(sum[:]) {
			t.Errorf("x5t of %s is %s", k.Kid, k.X5t)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		public, ok := cert.PublicKey.(*rsa.PublicKey)
		if !ok || base64.RawURLEncoding.EncodeToString(public.N.Bytes()) != k.N {
			t.Errorf("the certificate of %s has another key", k.Kid)
		}
	}
	return kids
}

// signer returns the kid of a newly issued token.
func signer(t *testing.T, s *servertest.Server) string {
	t.Helper()
	_, body := s.Token(s.Client(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API},
	})
	jws, err := jose.ParseSignedCompact(body["access_token"].(string), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	return jws.Signatures[0].Header.KeyID
}

func TestAKeyIsPublishedBeforeItSigns(t *testing.T) {
	s := servertest.Start(t, servertest.HTTP())
	before := keySet(t, s)
	if len(before) != 2 || signer(t, s) != before[0] {
		t.Fatalf("the set has %v, and %s signs", before, signer(t, s))
	}
	if resp, body := fetch(t, s, http.MethodPost, s.ControlURL()+"/keys/rotate"); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	after := keySet(t, s)
	if len(after) != 3 || signer(t, s) != before[1] || after[0] != before[1] || after[2] != before[0] {
		t.Errorf("before %v, after %v, and %s signs", before, after, signer(t, s))
	}
	if resp, body := fetch(t, s, http.MethodDelete, s.ControlURL()+"/keys/"+before[0]); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if revoked := keySet(t, s); len(revoked) != 2 || revoked[0] != before[1] {
		t.Errorf("after the revocation the set has %v", revoked)
	}
}
