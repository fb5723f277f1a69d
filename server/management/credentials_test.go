package management_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestCredentialsOfCertificates checks which members a credential of each type has, Auth0:
// api/management/v2/clients/post-credentials.
func TestCredentialsOfCertificates(t *testing.T) {
	c := newClient(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC),
		Subject: pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{2, 5, 4, 6}, Value: "es"},
			{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "ExampleCo"},
			{Type: asn1.ObjectIdentifier{2, 5, 4, 8}, Value: "Madrid"},
			{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "worker"},
		}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	armor := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	cert, public := armor("CERTIFICATE", der), armor("PUBLIC KEY", spki)
	pkcs1 := armor("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&key.PublicKey))
	sum := sha256.Sum256(der)
	// The attributes keep the order of the certificate.
	subject := "C=es\nO=ExampleCo\nST=Madrid\nCN=worker"
	const expiry = "2040-01-02T03:04:05.000Z"

	client := c.must(201, http.MethodPost, "/clients", object{"name": "machine", "app_type": "non_interactive"})
	path := "/clients/" + client["client_id"].(string) + "/credentials"
	var kids []any
	for _, s := range []struct {
		body, want object
		without    []string
	}{
		{object{"credential_type": "public_key", "pem": public}, object{"alg": "RS256"}, []string{"expires_at", "subject_dn", "thumbprint_sha256"}},
		{object{"credential_type": "public_key", "pem": pkcs1, "alg": "PS256"}, object{"alg": "PS256"}, nil},
		{object{"credential_type": "public_key", "pem": cert}, object{"alg": "RS256"}, []string{"expires_at"}},
		{object{"credential_type": "public_key", "pem": cert, "parse_expiry_from_cert": true}, object{"expires_at": expiry}, []string{"parse_expiry_from_cert"}},
		{
			object{"credential_type": "public_key", "pem": cert, "parse_expiry_from_cert": true, "expires_at": "2039-01-01T00:00:00Z", "kid": "my-own-key-id"},
			object{"expires_at": "2039-01-01T00:00:00.000Z", "kid": "my-own-key-id"},
			nil,
		},
		{object{"credential_type": "cert_subject_dn", "pem": cert, "name": "n"}, object{"subject_dn": subject, "name": "n"}, []string{"alg", "kid", "expires_at"}},
		{object{"credential_type": "cert_subject_dn", "subject_dn": "C=es\nCN=x"}, object{"subject_dn": "C=es\nCN=x"}, []string{"alg", "kid"}},
		{
			object{"credential_type": "x509_cert", "pem": cert},
			object{"expires_at": expiry, "thumbprint_sha256": base64.RawURLEncoding.EncodeToString(sum[:])},
			[]string{"alg", "kid"},
		},
	} {
		made := c.must(201, http.MethodPost, path, s.body)
		read := c.must(200, http.MethodGet, path+"/"+made["id"].(string), nil)
		for _, got := range []object{made, read} {
			for name, value := range s.want {
				if got[name] != value {
					t.Errorf("%v: %s is %v, want %v", s.body["credential_type"], name, got[name], value)
				}
			}
			for _, name := range append(s.without, "pem") {
				if value, ok := got[name]; ok {
					t.Errorf("%v: there is %s %v", s.body["credential_type"], name, value)
				}
			}
		}
		if kid, ok := made["kid"]; ok && kid != "my-own-key-id" {
			kids = append(kids, kid)
		}
	}
	for _, kid := range kids[1:] {
		if kid != kids[0] {
			t.Errorf("the same key in other forms is known as %v and %v", kids[0], kid)
		}
	}

	for _, bad := range []object{
		{"credential_type": "public_key"},
		{"credential_type": "public_key", "pem": "no key"},
		{"credential_type": "public_key", "pem": public, "kid": "short"},
		{"credential_type": "x509_cert", "pem": public},
		{"credential_type": "cert_subject_dn"},
		{"credential_type": "cert_subject_dn", "subject_dn": "CN=x", "pem": cert},
	} {
		if got := c.must(400, http.MethodPost, path, bad); got["errorCode"] != "invalid_body" {
			t.Errorf("%v answers %v", bad, got)
		}
	}

	// An application may be created with credentials, and then its client secret is not accepted.
	tls := c.must(201, http.MethodPost, "/clients", object{
		"name": "with a certificate", "app_type": "non_interactive",
		"client_authentication_methods": object{"self_signed_tls_client_auth": object{"credentials": []object{{"credential_type": "x509_cert", "pem": cert}}}},
		"signed_request_object":         object{"required": true, "credentials": []object{{"credential_type": "public_key", "pem": public}}},
	})
	id := tls["client_id"].(string)
	if made := c.list("/clients/" + id + "/credentials"); len(made) != 2 {
		t.Fatalf("the application's credentials are %v", made)
	}
	for _, holder := range []object{
		tls["client_authentication_methods"].(object)["self_signed_tls_client_auth"].(object), tls["signed_request_object"].(object),
	} {
		ref := holder["credentials"].([]any)[0].(object)
		if len(ref) != 1 || !strings.HasPrefix(ref["id"].(string), "cred_") {
			t.Errorf("the application refers to %v", ref)
		}
	}
	if tls["client_secret"] != nil {
		t.Error("an application with certificates shows a secret")
	}
	secret := c.must(200, http.MethodPost, "/clients/"+id+"/rotate-secret", nil)
	if secret["client_secret"] != nil {
		t.Errorf("its new secret is shown: %v", secret["client_secret"])
	}
	c.must(200, http.MethodPatch, "/clients/"+id, object{"client_secret": "a-secret-of-the-tests-own-choosing-0001"})
	grant := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"a-secret-of-the-tests-own-choosing-0001"}, "audience": {c.tenant.URL + "api/v2/"},
	}
	if status, body := c.tenant.Token(c.http, grant); status != http.StatusUnauthorized {
		t.Errorf("with a certificate registered the secret gets %d %v", status, body)
	}
}
