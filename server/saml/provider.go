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

// ServiceProvider is the tenant as the identity provider of a connection knows it, Auth0: authenticate/
// protocols/saml/saml-identity-provider-configuration-settings.
type ServiceProvider struct {
	// EntityID is what it is called, ConsumerURL where the provider's answers go, and LogoutURL where
	// its logout messages go.
	EntityID, ConsumerURL, LogoutURL string
	// SignInURL and SignOutURL are where the provider is asked, SignOutURL "" for nowhere, and Certificate
	// is what its signatures are held against.
	SignInURL, SignOutURL string
	Certificate           *x509.Certificate
	// Binding is how requests go to the provider, and Signing how they are signed: without a key, not.
	Binding string
	Signing Signing
	Now     time.Time
	// own are the keys that the metadata shows: one that signs and one that is encrypted for.
	own        Key
	decryption decryptionKey
	ciphers    []string
}

type decryptionKey interface {
	dsig.X509KeyStore
	Certificate() []byte
}

// Tenant is what a service provider needs of the tenant.
type Tenant struct {
	// Issuer ends with a slash, and Name is the tenant's.
	Issuer, Name string
	Key          keys.Signer
	Now          time.Time
}

// ownKey is a key that a connection brings.
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

// keyOf is the key of an option with key and cert, nil where there is none.
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
	return &ownKey{key, cert.Raw}, nil
}

// Described is the tenant as a service provider for a connection, as far as the provider has to know it: it
// cannot ask the provider anything.
func Described(c storage.Connection, t Tenant) (sp ServiceProvider, err error) {
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

// ProviderOf is the tenant as a service provider for a connection that names its provider.
func ProviderOf(c storage.Connection, t Tenant) (sp ServiceProvider, err error) {
	if sp, err = Described(c, t); err != nil {
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

// maxAnswer bounds a provider's answer once it is inflated, in bytes.
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

// Request asks the provider who logs in. It returns the id of the request, too, which the answer has to
// name.
func (sp ServiceProvider) Request(relayState string) (out Outgoing, id string, err error) {
	doc, err := sp.library().BuildAuthRequestDocumentNoSig()
	if err != nil {
		return out, "", err
	}
	id = doc.Root().SelectAttrValue("ID", "")
	out, err = sp.Signing.send(doc.Root(), "SAMLRequest", sp.SignInURL, sp.Binding, relayState)
	return out, id, err
}

// Assertion is what a provider says of somebody, once it is proven.
type Assertion struct {
	ID, Issuer, NameID, NameIDFormat, SessionIndex string
	Attributes                                     map[string][]string
	// Until is when it ends, the zero time where it does not say.
	Until time.Time
}

// Read holds an answer of the provider against SAML 2.0 Profiles section 4.1.4.3: signature, audience,
// recipient, times, and the request that it answers, "" for one that nobody has asked for.
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

// ciphers are the ciphers that assertions may be encrypted by: those of Auth0's profile v2026-1, which tell
// whether anybody has changed what they hide, and the exceptions that the connection makes. Auth0:
// authenticate/protocols/saml/saml-sso-integrations/algorithm-profiles.
func ciphers(c storage.Connection) []string {
	all := []string{types.MethodAES128GCM, types.MethodAES256GCM}
	settings, _ := c.Options["assertion_decryption_settings"].(map[string]any)
	return append(all, texts(settings["algorithm_exceptions"])...)
}

// checkCiphers refuses an answer that is encrypted by what lets an attacker learn from how it is refused.
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
