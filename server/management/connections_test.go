package management_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestMetadataOfIdentityProvider checks which settings a SAML connection takes from the metadata of
// its identity provider, Auth0: api/management/v2/connections/post-connections.
func TestMetadataOfIdentityProvider(t *testing.T) {
	c := newClient(t)
	der := selfSigned(t)
	sum := sha1.Sum(der)
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.test"><IDPSSODescriptor>` +
		`<KeyDescriptor use="signing"><KeyInfo><X509Data><X509Certificate>` + base64.StdEncoding.EncodeToString(der) +
		`</X509Certificate></X509Data></KeyInfo></KeyDescriptor>` +
		`<SingleLogoutService Binding="urn:post" Location="https://idp.test/out"/>` +
		`<SingleSignOnService Binding="urn:redirect" Location="https://idp.test/in"/></IDPSSODescriptor></EntityDescriptor>`
	path := "/connections/" + c.must(201, http.MethodPost, "/connections", object{
		"name": "saml", "strategy": "samlp", "options": object{"metadataXml": metadata},
	})["id"].(string)
	expect := func(when string, want object) {
		t.Helper()
		options := c.must(200, http.MethodGet, path, nil)["options"].(object)
		for name, value := range want {
			if options[name] != value {
				t.Errorf("%s %s is %v, want %v", when, name, options[name], value)
			}
		}
		thumbprints, _ := options["thumbprints"].([]any)
		if subject, _ := options["subject"].(object); len(thumbprints) != 1 || thumbprints[0] != hex.EncodeToString(sum[:]) || subject["commonName"] != "idp" {
			t.Errorf("%s the certificate is that of %v with %v", when, options["subject"], options["thumbprints"])
		}
	}
	expect("from the metadata", object{
		"signInEndpoint": "https://idp.test/in", "signOutEndpoint": "https://idp.test/out", "bindingMethod": "urn:redirect",
		"metadataXml": nil, "expires": "2040-01-02T03:04:05.000Z",
	})

	c.must(200, http.MethodPatch, path, object{"options": object{"metadataUrl": "https://idp.test/metadata", "signOutEndpoint": "https://idp.test/bye"}})
	expect("after metadata by URL", object{"signInEndpoint": "https://idp.test/in", "signOutEndpoint": "https://idp.test/bye"})

	answer := c.must(400, http.MethodPatch, path, object{"options": object{"metadataXml": "<EntityDescriptor>"}})
	if answer["errorCode"] != "invalid_body" {
		t.Errorf("metadata that is cut off gets %v", answer)
	}
	expect("after that", object{"signInEndpoint": "https://idp.test/in"})

	c.must(200, http.MethodPatch, path, object{"options": object{"signInEndpoint": "https://idp.test/new"}})
	options := c.must(200, http.MethodGet, path, nil)["options"].(object)
	if options["signInEndpoint"] != "https://idp.test/new" || options["signOutEndpoint"] != nil || options["signingCert"] != nil {
		t.Errorf("options without metadata are replaced by %v", options)
	}
}

// selfSigned returns a self-signed certificate in DER.
func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotAfter: time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestWhatAnEntraConnectionShows: the tenant's domain, to which the directory sends users back, and a list of
// certificate thumbprints, which is empty since the directory's certificates are not fetched.
func TestWhatAnEntraConnectionShows(t *testing.T) {
	c := newClient(t)
	made := c.must(201, http.MethodPost, "/connections", object{
		"name": "entra", "strategy": "waad", "options": object{"tenant_domain": "corp.example", "client_id": "x", "client_secret": "y"},
	})
	path := "/connections/" + made["id"].(string)
	changed := c.must(200, http.MethodPatch, path, object{"options": object{"tenant_domain": "corp.example", "client_id": "z"}})
	kept := c.must(200, http.MethodPatch, path, object{"options": object{"app_domain": "login.example", "thumbprints": []any{"ab"}}})
	_, host, _ := strings.Cut(strings.TrimSuffix(c.tenant.URL, "/"), "://")
	for _, tt := range []struct {
		name        string
		answer      object
		domain      string
		thumbprints []any
	}{
		{"made", made, host, []any{}}, {"changed", changed, host, []any{}}, {"given others", kept, "login.example", []any{"ab"}},
	} {
		options := tt.answer["options"].(object)
		if options["app_domain"] != tt.domain || !reflect.DeepEqual(options["thumbprints"], tt.thumbprints) {
			t.Errorf("%s it shows %v", tt.name, options)
		}
	}
}
