// Package saml implements the messages of SAML 2.0: it reads those of service providers and identity
// providers, and writes the tenant's own. It knows no HTTP and stores nothing.
package saml

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Settings are the settings of an application's add-on samlp, Auth0: authenticate/protocols/saml/
// saml-configuration/customize-saml-assertions. A setting of the wrong type is ignored.
type Settings struct {
	Issuer, Audience, Recipient, Destination string
	// Mappings map each member of a profile to names of attributes.
	Mappings map[string][]string
	// CreateUPN adds a user principal name. PassThrough adds members without a mapping, with Auth0's
	// prefix unless AsIs is set. Identities adds the first identity.
	CreateUPN, PassThrough, AsIs, Identities bool
	// SignatureAlgorithm is rsa-sha1, rsa-sha256 and so on, DigestAlgorithm is sha1, sha256 and so
	// on.
	SignatureAlgorithm, DigestAlgorithm string
	Lifetime                            time.Duration
	SignResponse                        bool
	NameIDFormat, AuthnContext          string
	// NameIDProbes are names of attributes. The first that has a value is the NameID.
	NameIDProbes []string
	// Typed adds the type of each value, NameFormat the format of each name.
	Typed, NameFormat bool
	// LogoutURL is where logout messages are sent. Notify says that the application is also told of
	// logouts that it did not begin.
	LogoutURL string
	Notify    bool
	// Binding is the binding by which logout messages are sent.
	Binding string
	// SigningCert is the certificate that requests have to be signed by, "" if they need no
	// signature.
	SigningCert string
}

// Names of attributes at Auth0.
const (
	claimTypes   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	claimUserID  = claimTypes + "nameidentifier"
	claimEmail   = claimTypes + "emailaddress"
	claimName    = claimTypes + "name"
	claimUPN     = claimTypes + "upn"
	ownClaims    = "http://schemas.auth0.com/"
	ownIdentity  = ownClaims + "identities/default/"
	claimGroup   = "http://schemas.xmlsoap.org/claims/Group"
	claimGiven   = claimTypes + "givenname"
	claimSurname = claimTypes + "surname"
)

// Bindings, SAML 2.0 Bindings sections 3.4 and 3.5.
const (
	Redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	Post     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

const defaultLifetime = time.Hour

func defaults() Settings {
	return Settings{
		Mappings: map[string][]string{
			"user_id": {claimUserID}, "email": {claimEmail}, "name": {claimName}, "given_name": {claimGiven},
			"family_name": {claimSurname}, "upn": {claimUPN}, "groups": {claimGroup},
		},
		CreateUPN: true, PassThrough: true, Identities: true, SignatureAlgorithm: "rsa-sha1", DigestAlgorithm: "sha1",
		Lifetime: defaultLifetime, NameIDFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
		AuthnContext: "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified", NameIDProbes: []string{claimUserID, claimEmail, claimName},
		Typed: true, NameFormat: true, Notify: true, Binding: Post,
	}
}

// errNotEnabled is the error for an application without the add-on.
var errNotEnabled = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The SAML2 Web App addon is not enabled for the application",
	Setting: "the add-on samlp of the application",
}

// Of returns the settings of an application. Without the add-on it fails with an *apierr.Error.
func Of(client storage.Client) (Settings, error) {
	s := defaults()
	addon, enabled := client.Addons["samlp"].(map[string]any)
	if !enabled {
		return s, errNotEnabled
	}
	for name, to := range map[string]*string{
		"issuer": &s.Issuer, "audience": &s.Audience, "recipient": &s.Recipient, "destination": &s.Destination,
		"signatureAlgorithm": &s.SignatureAlgorithm, "digestAlgorithm": &s.DigestAlgorithm, "nameIdentifierFormat": &s.NameIDFormat,
		"authnContextClassRef": &s.AuthnContext, "binding": &s.Binding, "signingCert": &s.SigningCert,
	} {
		if text, ok := addon[name].(string); ok && text != "" {
			*to = text
		}
	}
	for name, to := range map[string]*bool{
		"createUpnClaim": &s.CreateUPN, "passthroughClaimsWithNoMapping": &s.PassThrough, "mapUnknownClaimsAsIs": &s.AsIs,
		"mapIdentities": &s.Identities, "signResponse": &s.SignResponse, "typedAttributes": &s.Typed, "includeAttributeNameFormat": &s.NameFormat,
	} {
		if flag, ok := addon[name].(bool); ok {
			*to = flag
		}
	}
	if seconds, ok := addon["lifetimeInSeconds"].(float64); ok && seconds > 0 && seconds < maxLifetime {
		s.Lifetime = time.Duration(seconds) * time.Second
	}
	if probes := texts(addon["nameIdentifierProbes"]); len(probes) > 0 {
		s.NameIDProbes = probes
	}
	if mappings, ok := addon["mappings"].(map[string]any); ok {
		s.Mappings = map[string][]string{}
		for member, to := range mappings {
			if names := texts(to); len(names) > 0 {
				s.Mappings[member] = names
			}
		}
	}
	logout, _ := addon["logout"].(map[string]any)
	s.LogoutURL, _ = logout["callback"].(string)
	if flag, ok := logout["slo_enabled"].(bool); ok {
		s.Notify = flag
	}
	return s, nil
}

// maxLifetime is the longest lifetime of an assertion, in seconds, so that its end is a valid date.
const maxLifetime = 100 * 365 * 24 * 3600

func texts(value any) (all []string) {
	switch value := value.(type) {
	case string:
		if value != "" {
			all = []string{value}
		}
	case []any:
		for _, one := range value {
			if text, ok := one.(string); ok && text != "" {
				all = append(all, text)
			}
		}
	}
	return all
}

// EntityID returns the entity ID of a tenant as an identity provider: Auth0 names its tenants
// urn:HOST.
func EntityID(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return issuer
	}
	return "urn:" + u.Host
}

// Endpoint returns the URL for an application's requests. issuer ends with a slash.
func Endpoint(issuer, clientID string) string { return issuer + "samlp/" + url.PathEscape(clientID) }

// LogoutEndpoint returns the URL for an application's logout messages.
func LogoutEndpoint(issuer, clientID string) string { return Endpoint(issuer, clientID) + "/logout" }

// trimmed removes spaces and line breaks from base64.
func trimmed(text string) string { return strings.Join(strings.Fields(text), "") }
