package registration

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/callback"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Metadata is what an application declares about itself, RFC 7591 section 2. Members that are not
// listed here are ignored, as that section demands.
type Metadata struct {
	ClientName      string   `json:"client_name,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types,omitempty"`
	ApplicationType string   `json:"application_type,omitempty"`
	LogoURI         string   `json:"logo_uri,omitempty"`
	InitiateLogin   string   `json:"initiate_login_uri,omitempty"`
	IDTokenAlg      string   `json:"id_token_signed_response_alg,omitempty"`
	SubjectType     string   `json:"subject_type,omitempty"`
	// Keys are the public keys that verify the application's assertions, RFC 7517.
	Keys json.RawMessage `json:"jwks,omitempty"`
	// KeysURI is where the application publishes its keys instead, so that it can change them later.
	KeysURI string `json:"jwks_uri,omitempty"`
	// SectorURI is where a list of the redirect_uris of all clients of a sector is published, OpenID
	// Connect Core section 8.1.
	SectorURI string `json:"sector_identifier_uri,omitempty"`
	// UserinfoAlg is the algorithm of the JWT that /userinfo answers with; "" for an answer in JSON.
	UserinfoAlg string `json:"userinfo_signed_response_alg,omitempty"`
	// PolicyURI and TermsURI are where the application's privacy policy and terms of service are.
	PolicyURI string `json:"policy_uri,omitempty"`
	TermsURI  string `json:"tos_uri,omitempty"`
	// RequestURIs are where the application publishes request objects, and RequestObjectAlg is the only
	// algorithm that it signs them with, "" for any.
	RequestURIs      []string `json:"request_uris,omitempty"`
	RequestObjectAlg string   `json:"request_object_signing_alg,omitempty"`
	// PostLogout and Backchannel are the URLs of OpenID Connect's RP-initiated and back-channel
	// logout.
	PostLogout  []string `json:"post_logout_redirect_uris,omitempty"`
	Backchannel string   `json:"backchannel_logout_uri,omitempty"`

	credentials []any
}

// answer is the registered metadata and the client's credentials. Auth0 issues no registration
// access token: afterwards only the tenant's administrators can change the application.
type answer struct {
	ClientName string `json:"client_name"`
	ClientID   string `json:"client_id"`
	Secret     string `json:"client_secret,omitempty"`
	SecretEnd  *int   `json:"client_secret_expires_at,omitempty"`
	Metadata
}

// Client authentication methods, RFC 7591 section 2.
const (
	none          = "none"
	secretPost    = "client_secret_post"
	secretBasic   = "client_secret_basic"
	privateKeyJWT = "private_key_jwt"
)

// usual returns the grant types that an application may have. They are also the default if it asks
// for no grant types. Strict applications cannot have the implicit grant, and none can have
// client_credentials.
func usual(strict bool) []string {
	if strict {
		return []string{"authorization_code", "refresh_token"}
	}
	return []string{"authorization_code", "implicit", "refresh_token"}
}

// complete checks the metadata, and fills in the defaults of what is left out.
func (m *Metadata) complete(strict, standard bool) error {
	if err := m.checkRedirects(strict); err != nil {
		return err
	}
	if m.AuthMethod == "" {
		m.AuthMethod = secretPost
	}
	switch {
	case !slices.Contains([]string{none, secretPost, secretBasic, privateKeyJWT}, m.AuthMethod):
		return invalidMetadata("token_endpoint_auth_method " + m.AuthMethod + " is not supported")
	case strings.ContainsAny(m.ClientName, "<>"):
		return invalidMetadata("client_name must not have < or >")
	case m.SubjectType != "" && m.SubjectType != "public":
		return invalidMetadata("subject_type " + m.SubjectType + " is not supported")
	case m.UserinfoAlg != "" && (!standard || m.UserinfoAlg != keys.RS256):
		return invalidMetadata("userinfo_signed_response_alg " + m.UserinfoAlg + " is not supported")
	case m.LogoURI != "" && !isWeb(m.LogoURI):
		return invalidMetadata("logo_uri must be a URL")
	case m.Backchannel != "" && (!isWeb(m.Backchannel) || strings.Contains(m.Backchannel, "#")): // OpenID Connect Back-Channel Logout section 2.2
		return invalidMetadata("backchannel_logout_uri must be a URL without a fragment")
	case m.InitiateLogin != "" && !strings.HasPrefix(m.InitiateLogin, "https://"):
		return invalidMetadata("initiate_login_uri must be an https URL")
	}
	if err := m.checkAlgorithm(strict); err != nil {
		return err
	}
	if err := m.checkTypes(strict); err != nil {
		return err
	}
	if strict {
		m.PostLogout, m.Backchannel = nil, "" // strict applications have no logout URLs
	}
	if !standard {
		m.PolicyURI, m.TermsURI = "", ""
	}
	if err := m.checkRequestObjects(standard && !strict); err != nil {
		return err
	}
	return m.readKeys()
}

// checkRequestObjects checks what the application says of its request objects, OpenID Connect Dynamic Client
// Registration section 2. If they are not supported, it is left out, as unknown metadata is.
func (m *Metadata) checkRequestObjects(supported bool) error {
	if !supported {
		m.RequestURIs, m.RequestObjectAlg = nil, ""
		return nil
	}
	if m.RequestObjectAlg != "" && !slices.Contains(oauth.AssertionAlgorithms, jose.SignatureAlgorithm(m.RequestObjectAlg)) {
		return invalidMetadata("request_object_signing_alg " + m.RequestObjectAlg + " is not supported")
	}
	for _, uri := range m.RequestURIs {
		if !isWeb(uri) {
			return invalidMetadata("request_uris must be URLs")
		}
	}
	return nil
}

// checkRedirects demands URLs that a response can be redirected to, RFC 6749 section 3.1.2. A strict
// application cannot register placeholders or wildcards.
func (m *Metadata) checkRedirects(strict bool) error {
	if len(m.RedirectURIs) == 0 {
		return invalidRedirectURI("redirect_uris is required")
	}
	for _, uri := range slices.Concat(m.RedirectURIs, m.PostLogout) {
		u, err := url.Parse(uri)
		switch {
		case err != nil || !u.IsAbs() || !callback.Registrable(uri) || u.Scheme == "file":
			return invalidRedirectURI(uri + " is not a URL that can be redirected to")
		case strings.Contains(uri, "#"):
			return invalidRedirectURI(uri + " has a fragment")
		case strict && strings.ContainsAny(uri, "*{}"):
			return invalidRedirectURI(uri + " has a placeholder")
		}
	}
	return nil
}

func isWeb(uri string) bool {
	return strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://")
}

// checkAlgorithm demands an algorithm for ID tokens that this server can sign with; HS256, which
// signs with the client secret, needs a client that has a secret.
func (m *Metadata) checkAlgorithm(strict bool) error {
	switch m.IDTokenAlg {
	case "", "RS256":
		return nil
	case "PS256", "RS512", "HS256":
		if !strict && (m.IDTokenAlg != "HS256" || m.hasSecret()) {
			return nil
		}
	}
	return invalidMetadata("id_token_signed_response_alg " + m.IDTokenAlg + " is not supported")
}

// checkTypes reduces the grant types to those that the application may have, Auth0: "Filtered down
// in response to reflect the ones it will be allowed to use". Each response type needs its grant
// type.
func (m *Metadata) checkTypes(strict bool) error {
	allowed := usual(strict)
	if m.GrantTypes == nil {
		m.GrantTypes = allowed
	}
	m.GrantTypes = slices.DeleteFunc(slices.Clone(m.GrantTypes), func(g string) bool { return !slices.Contains(allowed, g) })
	for _, response := range m.ResponseTypes {
		for part := range strings.FieldsSeq(response) {
			needs := map[string]string{"code": "authorization_code", "token": "implicit", "id_token": "implicit"}[part]
			if needs == "" || !slices.Contains(m.GrantTypes, needs) {
				return invalidMetadata("response_types " + response + " does not go with the grant_types")
			}
		}
	}
	return nil
}

// readKeys reads the public keys that verify the application's assertions.
func (m *Metadata) readKeys() error {
	if m.AuthMethod != privateKeyJWT {
		m.Keys, m.KeysURI = nil, ""
		return nil
	}
	if m.KeysURI != "" {
		return m.checkKeysURI()
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(m.Keys, &set); err != nil || len(set.Keys) == 0 {
		return invalidMetadata("private_key_jwt needs the application's keys as jwks or jwks_uri")
	}
	for _, key := range set.Keys {
		if key.Use == "enc" {
			continue
		}
		if !key.IsPublic() || !key.Valid() {
			return invalidMetadata("jwks must have public keys only")
		}
		if err := keys.CheckPublic(key.Key); err != nil {
			return invalidMetadata("jwks has a key that cannot be used: " + err.Error())
		}
		if _, ok := key.Key.(*rsa.PublicKey); !ok {
			return invalidMetadata("jwks has a key that is not an RSA key; RS256, RS384 and PS256 are supported")
		}
		der, err := x509.MarshalPKIXPublicKey(key.Key)
		if err != nil {
			return invalidMetadata("jwks has a key that cannot be read").With(err)
		}
		alg := key.Algorithm
		if alg == "" {
			alg = "RS256"
		}
		if !slices.Contains([]string{"RS256", "RS384", "PS256"}, alg) {
			return invalidMetadata(fmt.Sprintf("jwks has a key for %s; RS256, RS384 and PS256 are supported", alg))
		}
		m.credentials = append(m.credentials, storage.Document{
			"credential_type": "public_key", "alg": alg, "pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		})
	}
	return nil
}

// checkKeysURI demands that the keys are in one place, RFC 7591 section 2: "The "jwks_uri" and
// "jwks" parameters MUST NOT both be present". The keys at the URI are read each time the
// application authenticates.
func (m *Metadata) checkKeysURI() error {
	switch {
	case len(m.Keys) > 0:
		return invalidMetadata("jwks and jwks_uri must not both be sent")
	case !isWeb(m.KeysURI):
		return invalidMetadata("jwks_uri must be a URL")
	}
	return nil
}

// hasSecret reports whether the application authenticates with a secret.
func (m *Metadata) hasSecret() bool { return m.AuthMethod == secretPost || m.AuthMethod == secretBasic }

// application returns the client object that is created from the metadata.
func (m *Metadata) application(id string, strict bool) storage.Document {
	doc := storage.Document{
		"name": m.name(id), "is_first_party": false, "third_party_security_mode": "permissive", "app_type": m.appType(),
		"callbacks": list(m.RedirectURIs), "grant_types": list(m.GrantTypes), "oidc_conformant": true,
	}
	if strict {
		doc["third_party_security_mode"] = "strict"
	}
	switch {
	case m.AuthMethod != privateKeyJWT:
		doc["token_endpoint_auth_method"] = m.AuthMethod
	case m.KeysURI != "":
		doc["jwks_uri"] = m.KeysURI
	default:
		doc["client_authentication_methods"] = storage.Document{privateKeyJWT: storage.Document{"credentials": m.newCredentials()}}
	}
	if m.LogoURI != "" {
		doc["logo_uri"] = m.LogoURI
	}
	if m.InitiateLogin != "" {
		doc["initiate_login_uri"] = m.InitiateLogin
	}
	if links := m.links(); len(links) > 0 {
		doc["client_metadata"] = links
	}
	if objects := m.requestObjects(); len(objects) > 0 {
		doc["tenant0_request_objects"] = objects
	}
	if m.UserinfoAlg != "" {
		doc["tenant0_userinfo_signed_response_alg"] = m.UserinfoAlg
	}
	if m.IDTokenAlg != "" && !strict {
		doc["jwt_configuration"] = storage.Document{"alg": m.IDTokenAlg}
	}
	if len(m.PostLogout) > 0 {
		doc["allowed_logout_urls"] = list(m.PostLogout)
	}
	if m.Backchannel != "" {
		doc["oidc_logout"] = storage.Document{"backchannel_logout_urls": []any{m.Backchannel}}
	}
	return doc
}

// links returns the links that the application's pages show, as members of client_metadata.
func (m *Metadata) links() storage.Document {
	doc := storage.Document{}
	for name, uri := range map[string]string{web.PolicyURI: m.PolicyURI, web.TermsURI: m.TermsURI} {
		if uri != "" {
			doc[name] = uri
		}
	}
	return doc
}

// requestObjects returns what the application has registered about its request objects.
func (m *Metadata) requestObjects() storage.Document {
	doc := storage.Document{}
	if len(m.RequestURIs) > 0 {
		doc["request_uris"] = list(m.RequestURIs)
	}
	if m.RequestObjectAlg != "" {
		doc["signing_alg"] = m.RequestObjectAlg
	}
	return doc
}

// newCredentials returns copies of the credentials, because creating the application changes them.
func (m *Metadata) newCredentials() []any {
	fresh := make([]any, len(m.credentials))
	for i, credential := range m.credentials {
		doc, _ := credential.(storage.Document)
		fresh[i] = maps.Clone(doc)
	}
	return fresh
}

func list(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}

// name is the name that users are shown; an application without a name is shown by its client_id.
func (m *Metadata) name(id string) string {
	if m.ClientName == "" {
		return id
	}
	return m.ClientName
}

func (m *Metadata) appType() string {
	switch {
	case m.ApplicationType == "native":
		return "native"
	case m.AuthMethod == none:
		return "spa"
	}
	return "regular_web"
}

func (m *Metadata) answer(id, secret string) answer {
	a := answer{ClientName: m.name(id), ClientID: id, Secret: secret, Metadata: *m}
	if secret != "" {
		a.SecretEnd = new(int) // 0: the secret never expires, RFC 7591 section 3.2.1
	}
	return a
}
