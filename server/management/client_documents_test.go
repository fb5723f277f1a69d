package management_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// certificates is the file that Go's default pool of certificates is read from in this process, which happens once,
// at the first request to another server. So it is there before the first test.
var certificates string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "certificates")
	if err != nil {
		panic(err)
	}
	certificates = filepath.Join(dir, "certificates.pem")
	if err := os.WriteFile(certificates, publisher.pem(), 0o600); err != nil {
		panic(err)
	}
	if err := os.Setenv("SSL_CERT_FILE", certificates); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// publisher is the certificate of the servers that publish documents.
var publisher = newPublisher()

type certificate struct{ tls.Certificate }

// newPublisher returns a certificate for 127.0.0.2: Auth0 rejects localhost and 127.0.0.1 as hosts of the documents.
func newPublisher() certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 2)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return certificate{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}
}

// key is the public key of the certificate as a JWK.
func (c certificate) key() jose.JSONWebKey {
	return jose.JSONWebKey{Key: c.PrivateKey.(*ecdsa.PrivateKey).Public(), KeyID: "publisher", Algorithm: "ES256", Use: "sig"}
}

func (c certificate) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate.Certificate[0]})
}

// publish serves a document by HTTPS and returns its URL. A null removes a member of the usual document. A jwks_uri that is a
// path is one of the same server, which has the key of publisher at every path except that of the document.
func publish(t *testing.T, changes object) string {
	t.Helper()
	return publishPadded(t, changes, 0)
}

// publishPadded is publish for a document with spaces behind it, so that it has at least a number of bytes.
func publishPadded(t *testing.T, changes object, least int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("this system has no loopback address besides 127.0.0.1: ", err)
	}
	document := object{
		"client_name": "Wiki", "redirect_uris": []any{"https://wiki.test/callback"}, "grant_types": []any{"authorization_code", "refresh_token"},
		"application_type": "native", "token_endpoint_auth_method": "none", "logo_uri": "https://wiki.test/logo.png", "client_uri": "https://wiki.test/",
	}
	address := "https://" + listener.Addr().String() + "/client.json"
	document["client_id"] = address
	for name, value := range changes {
		document[name] = value
		if value == nil {
			delete(document, name)
		}
	}
	if keys, _ := document["jwks_uri"].(string); strings.HasPrefix(keys, "/") {
		document["jwks_uri"] = "https://" + listener.Addr().String() + keys
	}
	raw, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, strings.Repeat(" ", max(0, least-len(raw)))...)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{publisher.key()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/client.json" {
			w.Write(raw)
		} else {
			w.Write(keys)
		}
	}))
	server.Listener.Close()
	server.Listener, server.TLS = listener, &tls.Config{Certificates: []tls.Certificate{publisher.Certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return address
}

// TestClientMetadataDocuments: Auth0: api/management/v2/clients/post-clients-cimd-register and post-clients-cimd-preview.
func TestClientMetadataDocuments(t *testing.T) {
	c := newClient(t)
	address := publish(t, nil)
	of := object{"external_client_id": address}
	fields := object{
		"external_client_id": address, "name": "Wiki", "callbacks": []any{"https://wiki.test/callback"}, "logo_uri": "https://wiki.test/logo.png",
		"grant_types": []any{"authorization_code", "refresh_token"}, "app_type": "native", "token_endpoint_auth_method": "none",
	}
	checked := object{
		"valid": true, "violations": []any{}, "warnings": []any{"Ignoring unsupported properties: client_uri. These properties are not supported."},
	}
	preview := c.must(200, http.MethodPost, "/clients/cimd/preview", of)
	if want := (object{"mapped_fields": fields, "validation": checked}); !reflect.DeepEqual(preview, want) {
		t.Errorf("the preview is\n%v\nand not\n%v", preview, want)
	}
	made := c.must(201, http.MethodPost, "/clients/cimd/register", of)
	id, _ := made["client_id"].(string)
	if want := (object{"client_id": id, "mapped_fields": fields, "validation": checked}); !reflect.DeepEqual(made, want) || !strings.HasPrefix(id, "tpc_") {
		t.Errorf("the application is registered with\n%v\nand not\n%v", made, want)
	}
	client := c.must(200, http.MethodGet, "/clients/"+id, nil)
	for name, want := range (object{
		"name": "Wiki", "is_first_party": false, "oidc_conformant": true, "external_client_id": address, "external_metadata_type": "cimd",
		"external_metadata_created_by": "admin", "token_endpoint_auth_method": "none", "third_party_security_mode": "strict",
		"jwt_configuration": object{"alg": "RS256", "lifetime_in_seconds": 3600.0, "secret_encoded": false},
		"refresh_token": object{
			"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0.0, "token_lifetime": 2592000.0, "idle_token_lifetime": 1296000.0,
			"infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
		},
	}) {
		if !reflect.DeepEqual(client[name], want) {
			t.Errorf("%s of the application is %v and not %v", name, client[name], want)
		}
	}
	for query, found := range map[string]int{url.QueryEscape(address): 1, "https%3A%2F%2Fwiki.test%2Fother.json": 0} {
		if list := c.list("/clients?external_client_id=" + query); len(list) != found {
			t.Errorf("%d applications have the document %s, and not %d", len(list), query, found)
		}
	}
	c.must(200, http.MethodPatch, "/clients/"+id, object{"name": "Changed"})
	if again := c.must(200, http.MethodPost, "/clients/cimd/register", of); again["client_id"] != id {
		t.Errorf("the second registration is of %v, the first was of %s", again["client_id"], id)
	}
	if client := c.must(200, http.MethodGet, "/clients/"+id, nil); client["name"] != "Wiki" {
		t.Errorf("after the second registration the name is %v", client["name"])
	}
	if preview := c.must(200, http.MethodPost, "/clients/cimd/preview", of); preview["client_id"] != id {
		t.Errorf("the preview does not name the application: %v", preview)
	}
}

// TestTheSizeOfClientMetadataDocuments: Auth0 fetches no more than 5 KB of them.
func TestTheSizeOfClientMetadataDocuments(t *testing.T) {
	c := newClient(t)
	for size, status := range map[int]int{5119: 201, 5120: 201, 5121: 400} {
		of := object{"external_client_id": publishPadded(t, nil, size)}
		preview := c.must(200, http.MethodPost, "/clients/cimd/preview", of)
		if _, fetched := preview["mapped_fields"]; fetched != (status == 201) {
			t.Errorf("with %d bytes the preview is %v", size, preview)
		}
		c.must(status, http.MethodPost, "/clients/cimd/register", of)
	}
}

// TestInvalidClientMetadataDocuments: Auth0: get-started/auth0-overview/create-applications/cimd-validation-rules.
func TestInvalidClientMetadataDocuments(t *testing.T) {
	c := newClient(t)
	for violation, changes := range map[string]object{
		"client_id must be the URL of the document":                                                        {"client_id": "https://wiki.test/other.json"},
		"client_name is required":                                                                          {"client_name": nil},
		"grant_types must include authorization_code or refresh_token":                                     {"grant_types": []any{"client_credentials"}, "redirect_uris": nil},
		"application_type must be native or web":                                                           {"application_type": "spa"},
		"redirect_uris is required for the grant type authorization_code":                                  {"redirect_uris": nil},
		"redirect_uris must be unique":                                                                     {"redirect_uris": []any{"https://wiki.test/a", "https://wiki.test/a"}},
		"redirect_uris must be HTTPS URLs: http://localhost/a":                                             {"application_type": "web", "redirect_uris": []any{"http://localhost/a"}},
		"token_endpoint_auth_method must be none or private_key_jwt":                                       {"token_endpoint_auth_method": "client_secret_post"},
		"private_key_jwt needs a jwks_uri with the origin of client_id":                                    {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://wiki.test/keys"},
		"jwks is not supported, use jwks_uri":                                                              {"jwks": object{"keys": []any{}}},
		"logo_uri must be a URL":                                                                           {"logo_uri": "logo.png"},
		"Payload validation error: 'String is too long (141 chars), maximum 140' on property description.": {"description": strings.Repeat("d", 141)},
	} {
		of := object{"external_client_id": publish(t, changes)}
		preview := c.must(200, http.MethodPost, "/clients/cimd/preview", of)
		validation, _ := preview["validation"].(object)
		if validation["valid"] != false || !reflect.DeepEqual(validation["violations"], []any{violation}) {
			t.Errorf("%v: %v", changes, preview)
		}
		refused := c.must(400, http.MethodPost, "/clients/cimd/register", of)
		if refused["message"] != "The metadata document is not valid: "+violation {
			t.Errorf("%v: the registration is refused with %v", changes, refused["message"])
		}
	}
	for _, address := range []string{
		"", "client.json", " https://wiki.test/client.json", "http://wiki.test/client.json", "https:///client.json", "https://localhost/client.json",
		"https://127.0.0.1/client.json", "https://[::1]/client.json", "https://wiki.test", "https://wiki.test/", "https://me@wiki.test/client.json",
		"https://wiki.test/client.json?a=b", "https://wiki.test/client.json#a", "https://wiki.test:0/client.json", "https://wiki.test/a/%2e%2e/b",
		"https://wiki.test/%4", "https://wiki.test/" + strings.Repeat("a", 120),
	} {
		for _, path := range []string{"/clients/cimd/preview", "/clients/cimd/register"} {
			c.must(400, http.MethodPost, path, object{"external_client_id": address})
		}
	}
	far := object{"external_client_id": "https://wiki.test/client.json"} // a test may not leave the computer
	if preview := c.must(200, http.MethodPost, "/clients/cimd/preview", far); preview["errors"] == nil || preview["validation"] != nil {
		t.Errorf("the preview of a document that cannot be fetched is %v", preview)
	}
	c.must(400, http.MethodPost, "/clients/cimd/register", far)
	of := object{"external_client_id": publish(t, nil)}
	c.token = c.machineToken("update:clients")
	c.must(403, http.MethodPost, "/clients/cimd/register", of)
	c.token = c.machineToken("create:clients")
	c.must(201, http.MethodPost, "/clients/cimd/register", of)
	c.must(403, http.MethodPost, "/clients/cimd/register", of)
}
