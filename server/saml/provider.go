package saml

import (
	"cmp"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	saml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// ServiceProvider is the tenant as the service provider of the identity provider of a SAML connection,
// Auth0: authenticate/protocols/saml/saml-identity-provider-configuration-settings.
type ServiceProvider struct {
	// EntityID is the tenant's name at the provider. The provider sends its answers to ConsumerURL and its
	// logout messages to LogoutURL.
	EntityID, ConsumerURL, LogoutURL string
	// SignInURL and SignOutURL are the provider's endpoints; SignOutURL is "" if logouts are not sent to
	// the provider. Certificate verifies the provider's signatures.
	SignInURL, SignOutURL string
	Certificate           *x509.Certificate
	// Binding is the way requests are sent to the provider, Signing the way they are signed; without a key
	// they are not.
	Binding string
	Signing Signing
	Now     time.Time
	// own is the key in the metadata that signs requests, decryption the key that assertions are encrypted
	// for.
	own        Key
	decryption decryptionKey
	ciphers    []string
}

type decryptionKey interface {
	dsig.X509KeyStore
	Certificate() []byte
}

// Tenant holds what a ServiceProvider needs to know of the tenant.
type Tenant struct {
	// Issuer is the tenant's issuer, which ends with a slash; Name is the tenant's name.
	Issuer, Name string
	Key          keys.Signer
	Now          time.Time
}

// ownKey is a key pair from the options of a connection.
type ownKey struct {
	*rsa.PrivateKey
	cert []byte
}

func (k ownKey) Certificate() []byte { return k.cert }

func (k ownKey) GetKeyPair() (*rsa.PrivateKey, []byte, error) { return k.PrivateKey, k.cert, nil }

func optionError(option string, cause error) error {
	return &apierr.Error{
		Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The connection has no usable " + option,
		Setting: option + " among the options of the connection", Cause: cause,
	}
}

// keyOf reads the key pair in an option of a connection, an object with key and cert. It is nil if there is
// none.
func keyOf(c storage.Connection, option string) (*ownKey, error) {
	pair, _ := c.Options[option].(map[string]any)
	text := storage.Text(pair, "key")
	if text == "" {
		return nil, nil //nolint:nilnil // no key is no error
	}
	cert, err := Certificate(storage.Text(pair, "cert"))
	if err != nil {
		return nil, optionError(option, err)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, optionError(option, errors.New("no PEM"))
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, optionError(option, err)
		}
		if key, _ = any.(*rsa.PrivateKey); key == nil {
			return nil, optionError(option, errors.New("no RSA key"))
		}
	}
	if err := keys.CheckOld(&key.PublicKey); err != nil {
		return nil, optionError(option, err)
	}
	return &ownKey{key, cert.Raw}, nil
}

// ForMetadata returns the service provider of a connection without the provider's endpoints and certificate.
// It is enough for metadata, but not for requests to the provider.
func ForMetadata(c storage.Connection, t Tenant) (sp ServiceProvider, err error) {
	sp = ServiceProvider{
		EntityID:    cmp.Or(storage.Text(c.Options, "entityId"), "urn:auth0:"+t.Name+":"+c.Name),
		ConsumerURL: t.Issuer + "login/callback?connection=" + url.QueryEscape(c.Name), LogoutURL: t.Issuer + "logout",
		Binding: cmp.Or(storage.Text(c.Options, "protocolBinding"), Redirect), Now: t.Now, own: t.Key, decryption: t.Key,
		ciphers: ciphers(c),
	}
	signing, err := keyOf(c, "signing_key")
	if err != nil {
		return sp, err
	}
	if signing != nil {
		sp.own = *signing
	}
	decryption, err := keyOf(c, "decryptionKey")
	if err != nil {
		return sp, err
	}
	if decryption != nil {
		sp.decryption = *decryption
	}
	return sp, nil
}

// ProviderOf returns the service provider of a connection, with the endpoints and the certificate of the
// provider.
func ProviderOf(c storage.Connection, t Tenant) (sp ServiceProvider, err error) {
	if sp, err = ForMetadata(c, t); err != nil {
		return sp, err
	}
	sp.SignInURL = storage.Text(c.Options, "signInEndpoint")
	if c.Options["disableSignout"] != true {
		sp.SignOutURL = cmp.Or(storage.Text(c.Options, "signOutEndpoint"), sp.SignInURL)
	}
	sp.Signing = Signing{
		SignatureAlgorithm: cmp.Or(storage.Text(c.Options, "signatureAlgorithm"), "rsa-sha256"),
		DigestAlgorithm:    cmp.Or(storage.Text(c.Options, "digestAlgorithm"), "sha256"), Undeflated: c.Options["deflate"] == false,
	}
	if c.Options["signSAMLRequest"] == true {
		sp.Signing.Key = sp.own
	}
	if sp.Binding != Redirect && sp.Binding != Post {
		return sp, optionError("protocolBinding", fmt.Errorf("%q", sp.Binding))
	}
	sp.Certificate, err = Certificate(cmp.Or(storage.Text(c.Options, "signingCert"), storage.Text(c.Options, "cert")))
	if err != nil {
		return sp, optionError("signingCert", err)
	}
	return sp, nil
}

// maxAnswer is the largest inflated size of a provider's answer, in bytes.
const maxAnswer = 1 << 20

func (sp ServiceProvider) library() *saml2.SAMLServiceProvider {
	return &saml2.SAMLServiceProvider{
		IdentityProviderSSOURL: sp.SignInURL, ServiceProviderIssuer: sp.EntityID, AudienceURI: sp.EntityID,
		AssertionConsumerServiceURL: sp.ConsumerURL, NameIdFormat: saml2.NameIdFormatUnspecified, AllowMissingAttributes: true,
		IDPCertificateStore:         &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{sp.Certificate}},
		Clock:                       dsig.NewFakeClockAt(sp.Now),
		MaximumDecompressedBodySize: maxAnswer, MaximumXMLTokens: maxTokens,
		SPKeyStore: sp.decryption,
	}
}

// Request returns an AuthnRequest for the provider, and its id, which the answer has to name.
func (sp ServiceProvider) Request(relayState string) (out Outgoing, id string, err error) {
	doc, err := sp.library().BuildAuthRequestDocumentNoSig()
	if err != nil {
		return out, "", err
	}
	id = doc.Root().SelectAttrValue("ID", "")
	out, err = sp.Signing.send(doc.Root(), "SAMLRequest", sp.SignInURL, sp.Binding, relayState)
	return out, id, err
}

// Assertion is what a provider asserts about a user, after it was verified.
type Assertion struct {
	ID, Issuer, NameID, NameIDFormat, SessionIndex string
	Attributes                                     map[string][]string
	// Until is when the assertion expires, the zero time if it does not say.
	Until time.Time
}

// Read verifies an answer of the provider by SAML 2.0 Profiles section 4.1.4.3: its signature, audience,
// recipient, times, and that it answers a request. request is "" for an IdP-initiated login.
func (sp ServiceProvider) Read(encoded, request string) (a Assertion, err error) {
	if err := sp.checkCiphers(encoded); err != nil {
		return a, err
	}
	info, err := sp.library().RetrieveAssertionInfo(encoded)
	if err != nil {
		return a, err
	}
	if w := info.WarningInfo; w.InvalidTime || w.NotInAudience {
		return a, fmt.Errorf("invalid time: %t, another audience: %t", w.InvalidTime, w.NotInAudience)
	}
	if len(info.Assertions) != 1 {
		return a, fmt.Errorf("the answer has %d assertions", len(info.Assertions))
	}
	one := info.Assertions[0]
	data := one.Subject.SubjectConfirmation.SubjectConfirmationData
	switch {
	case one.Conditions == nil || len(one.Conditions.AudienceRestrictions) == 0:
		return a, errors.New("the assertion is for no audience")
	case data.InResponseTo != request:
		return a, fmt.Errorf("the assertion answers the request %q", data.InResponseTo)
	case one.ID == "":
		return a, errors.New("the assertion has no id")
	}
	a = Assertion{ID: one.ID, Issuer: one.Issuer.Value, NameID: info.NameID, SessionIndex: info.SessionIndex, Attributes: values(one.AttributeStatement)}
	if one.Subject.NameID != nil {
		a.NameIDFormat = one.Subject.NameID.Format
	}
	if end, err := time.Parse(time.RFC3339, data.NotOnOrAfter); err == nil {
		a.Until = end
	}
	return a, nil
}

func values(statement *types.AttributeStatement) map[string][]string {
	all := map[string][]string{}
	if statement == nil {
		return all
	}
	for _, attribute := range statement.Attributes {
		for _, value := range attribute.Values {
			all[attribute.Name] = append(all[attribute.Name], value.Value)
		}
	}
	return all
}

// ciphers returns the ciphers that assertions may be encrypted with: those of Auth0's algorithm profile
// v2026-1, which also protect the integrity of the ciphertext, and the exceptions in the connection's
// options. Auth0: authenticate/protocols/saml/saml-sso-integrations/algorithm-profiles.
func ciphers(c storage.Connection) []string {
	all := []string{types.MethodAES128GCM, types.MethodAES256GCM}
	settings, _ := c.Options["assertion_decryption_settings"].(map[string]any)
	return append(all, texts(settings["algorithm_exceptions"])...)
}

// checkCiphers refuses an answer that is encrypted with a cipher that is not allowed. With the older
// ciphers, an attacker could learn the content from the way changed answers are refused.
func (sp ServiceProvider) checkCiphers(encoded string) error {
	text, err := Incoming{Encoded: encoded}.decode()
	if err != nil {
		return err
	}
	root, err := parse(text)
	if err != nil {
		return err
	}
	for _, method := range root.FindElements(".//EncryptionMethod") {
		used := method.SelectAttrValue("Algorithm", "")
		allowed := sp.ciphers
		if parent := method.Parent(); parent != nil && parent.Tag == "EncryptedKey" {
			allowed = []string{types.MethodRSAOAEP, types.MethodRSAOAEP2}
		}
		if !slices.Contains(allowed, used) {
			return fmt.Errorf("the answer is encrypted by %q", used)
		}
	}
	return nil
}
