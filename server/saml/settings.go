// Package saml speaks SAML 2.0: it reads the messages of service providers and of identity providers,
// and writes the tenant's own. It knows no HTTP and stores nothing.
package saml

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Settings are those of the add-on samlp of an application, Auth0: authenticate/protocols/saml/
// saml-configuration/customize-saml-assertions. A member of the wrong type counts as left out.
type Settings struct {
	Issuer, Audience, Recipient, Destination string
	// Mappings are the attributes that each member of a profile becomes.
	Mappings map[string][]string
	// CreateUPN adds a user principal name, PassThrough adds the members that nothing maps, with
	// the prefix of Auth0's attributes unless AsIs is set, and Identities adds the first identity.
	CreateUPN, PassThrough, AsIs, Identities bool
	// SignatureAlgorithm is rsa-sha1, rsa-sha256 and so on, and DigestAlgorithm sha1, sha256 and so on.
	SignatureAlgorithm, DigestAlgorithm string
	Lifetime                            time.Duration
	SignResponse                        bool
	NameIDFormat, AuthnContext          string
	// NameIDProbes are the attributes of which the first that has a value is the name of the user.
	NameIDProbes []string
	// Typed says what type each value has, and NameFormat what form each name has.
	Typed, NameFormat bool
	// LogoutURL is where logout messages go, and Notify says that the application is told of
	// logouts that it has not begun.
	LogoutURL string
	Notify    bool
	// Binding is how they go there.
	Binding string
	// SigningCert is the certificate by which requests have to be signed, "" where they need not be.
	SigningCert string
}

// Claim types, as Auth0 names attributes.
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

// errNotEnabled is the answer to what is asked for an application that is no service provider.
var errNotEnabled = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The SAML2 Web App addon is not enabled for the application",
	Setting: "the add-on samlp of the application",
}

// Of returns the settings of an application. One without the add-on is an apierr.Error.
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

// maxLifetime keeps the end of an assertion within what a date can be, in seconds.
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

// EntityID is what an identity provider at an issuer is called: Auth0 names its tenants urn:HOST.
func EntityID(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return issuer
	}
	return "urn:" + u.Host
}

// Endpoint is where an application's requests go to at an issuer, which ends with a slash.
func Endpoint(issuer, clientID string) string { return issuer + "samlp/" + url.PathEscape(clientID) }

// LogoutEndpoint is where its logout messages go to.
func LogoutEndpoint(issuer, clientID string) string { return Endpoint(issuer, clientID) + "/logout" }

// trimmed is a certificate's or a message's base64 without what transports put between its characters.
func trimmed(text string) string { return strings.Join(strings.Fields(text), "") }
