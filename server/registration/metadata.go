package registration

import (
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
	"github.com/tenant0/tenant0/storage"
)

// Metadata is what an application says of itself, RFC 7591 section 2. Members that are not here
// are ignored, as that section wants it.
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
	// Keys are those that the application signs its assertions with, RFC 7517.
	Keys json.RawMessage `json:"jwks,omitempty"`
	// KeysURI is where it publishes them instead, so that it can have others later.
	KeysURI string `json:"jwks_uri,omitempty"`
	// SectorURI is where it lists the redirect_uris of all that belong together, OpenID Connect Core
	// section 8.1.
	SectorURI string `json:"sector_identifier_uri,omitempty"`
	// UserinfoAlg has /userinfo answer with a JWT.
	UserinfoAlg string `json:"userinfo_signed_response_alg,omitempty"`
	// PostLogout and Backchannel are of OpenID Connect's logouts.
	PostLogout  []string `json:"post_logout_redirect_uris,omitempty"`
	Backchannel string   `json:"backchannel_logout_uri,omitempty"`

	credentials []any
}

// answer is the metadata as registered, and what the application authenticates with. Auth0
// answers with no registration access token: what is registered is the tenant's to change.
type answer struct {
	ClientName string `json:"client_name"`
	ClientID   string `json:"client_id"`
	Secret     string `json:"client_secret,omitempty"`
	SecretEnd  *int   `json:"client_secret_expires_at,omitempty"`
	Metadata
}

// Ways to authenticate.
const (
	none          = "none"
	secretPost    = "client_secret_post"
	secretBasic   = "client_secret_basic"
	privateKeyJWT = "private_key_jwt"
)

// usual are the grant types that an application gets of those it asks for, or if it asks for
// none. Strict ones do not get to act for themselves by registering.
func usual(strict bool) []string {
	if strict {
		return []string{"authorization_code", "refresh_token"}
	}
	return []string{"authorization_code", "implicit", "refresh_token"}
}

// complete checks what an application says of itself, and fills in what it leaves out.
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
		m.PostLogout, m.Backchannel = nil, "" // there are no logouts for them
	}
	return m.readKeys()
}

// checkRedirects wants addresses that an answer can be sent to, RFC 6749 section 3.1.2. In those
// that anybody registers nothing stands for something else.
func (m *Metadata) checkRedirects(strict bool) error {
	if len(m.RedirectURIs) == 0 {
		return invalidRedirectURI("redirect_uris is required")
	}
	for _, uri := range slices.Concat(m.RedirectURIs, m.PostLogout) {
		u, err := url.Parse(uri)
		switch {
		case err != nil || !u.IsAbs() || !callback.Registrable(uri) || slices.Contains([]string{"javascript", "data", "vbscript", "file", "about", "blob"}, strings.ToLower(u.Scheme)):
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

// checkAlgorithm wants an ID token signed as this server can, and with the application's own
// secret only where it has one.
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

// checkTypes keeps of the grant types those that the application may have, Auth0: "Filtered down
// in response to reflect the ones it will be allowed to use". A response type needs its own.
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

// readKeys reads the keys that an application signs its assertions with.
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

// checkKeysURI wants keys in one place, RFC 7591 section 2: "The "jwks_uri" and "jwks" parameters MUST
// NOT both be present". What is there is read when the application authenticates.
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

// application is the object that is made of the metadata.
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

// newCredentials are copies: making the application writes into them.
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

// name is what users are shown: an application that has none is known by its id.
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
		a.SecretEnd = new(int) // 0: never
	}
	return a
}
