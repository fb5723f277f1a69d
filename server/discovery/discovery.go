// Package discovery serves the documents from which clients learn about the tenant: the OpenID Provider
// metadata, the JSON Web Key Set and the signing certificate. The metadata lists only features that tenant0
// implements.
package discovery

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB     *storage.DB
	Issuer *tokens.Issuer
	Ring   *keys.Ring
	// GrantTypes are the grant types that the token endpoint supports.
	GrantTypes []string
}

type room struct{ Deps }

// Mount adds the routes. Web pages of any origin may read them.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.WithCORS(web.AnyOrigin)
	rt.Handle(http.MethodGet, "/.well-known/jwks.json", m.jwks)
	rt.Handle(http.MethodGet, "/.well-known/openid-configuration", m.configuration)
	rt.Handle(http.MethodGet, "/.well-known/oauth-authorization-server", m.authorizationServer)
	rt.Handle(http.MethodGet, "/pem", m.pem)
	rt.Handle(http.MethodGet, "/cer", m.cer)
	rt.Handle(http.MethodGet, "/pb7", m.pb7)
	rt.Handle(http.MethodGet, "/rawpem", m.rawPEM)
	rt.Handle(http.MethodGet, "/fingerprint", m.fingerprint)
}

// cacheFor is the Cache-Control header: clients may cache a document for 15 seconds, as with Auth0.
const cacheFor = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"

// jwks serves the JSON Web Key Set, RFC 7517 section 5.
//
//auth0:operation GET /.well-known/jwks.json
func (m *room) jwks(w http.ResponseWriter, r *http.Request) error {
	tenant, err := m.tenant(r.Context())
	if err != nil {
		return err
	}
	set := m.Ring.JWKS()
	if tenant.Flags.RemoveAlgFromJWKS {
		if set, err = withoutAlg(set); err != nil {
			return err
		}
	}
	w.Header().Set("Cache-Control", cacheFor)
	return web.ReplyBytes(w, http.StatusOK, "application/json; charset=utf-8", set)
}

// withoutAlg removes the member alg of the keys: a key then verifies the other RSA algorithms as well,
// such as PS256.
func withoutAlg(set []byte) ([]byte, error) {
	var doc struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(set, &doc); err != nil {
		return nil, err
	}
	for _, key := range doc.Keys {
		delete(key, "alg")
	}
	return json.Marshal(doc)
}

// tenant reads the settings of the tenant.
func (m *room) tenant(ctx context.Context) (tenant storage.Tenant, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		tenant, err = tx.Tenant.Get(storage.TenantKey)
		return storage.Optional(err)
	})
	return tenant, err
}

// authorizationServer serves the document of configuration at the path of RFC 8414.
//
//auth0:operation GET /.well-known/oauth-authorization-server
func (m *room) authorizationServer(w http.ResponseWriter, r *http.Request) error {
	return m.configuration(w, r)
}

// metadata is the OpenID Provider metadata, OpenID Connect Discovery section 3, in the order of Auth0's
// document.
type metadata struct {
	Issuer                  string   `json:"issuer"`
	AuthorizationEndpoint   string   `json:"authorization_endpoint"`
	TokenEndpoint           string   `json:"token_endpoint"`
	DeviceEndpoint          string   `json:"device_authorization_endpoint"`
	UserinfoEndpoint        string   `json:"userinfo_endpoint"`
	MFAChallengeEndpoint    string   `json:"mfa_challenge_endpoint"`
	JWKSURI                 string   `json:"jwks_uri"`
	RegistrationEndpoint    string   `json:"registration_endpoint"` // even if the tenant does not allow dynamic registration
	RevocationEndpoint      string   `json:"revocation_endpoint"`
	PAREndpoint             string   `json:"pushed_authorization_request_endpoint,omitempty"`
	RequirePAR              bool     `json:"require_pushed_authorization_requests,omitempty"`
	EndSessionEndpoint      string   `json:"end_session_endpoint,omitempty"`
	ScopesSupported         []string `json:"scopes_supported"`
	ResponseTypesSupported  []string `json:"response_types_supported"`
	GrantTypesSupported     []string `json:"grant_types_supported"`
	CodeChallengeMethods    []string `json:"code_challenge_methods_supported"`
	ResponseModesSupported  []string `json:"response_modes_supported"`
	SubjectTypesSupported   []string `json:"subject_types_supported"`
	TokenAuthMethods        []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthSigningAlgs    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	ClaimsSupported         []string `json:"claims_supported"`
	RevocationEndpoints     string   `json:"global_token_revocation_endpoint"` // {connectionName} is to be replaced by the caller
	RevocationMethods       []string `json:"global_token_revocation_endpoint_auth_methods_supported"`
	BackchannelLogout       bool     `json:"backchannel_logout_supported"`
	BackchannelSession      bool     `json:"backchannel_logout_session_supported"`
	IDTokenSigningAlgs      []string `json:"id_token_signing_alg_values_supported"`
	UserinfoSigningAlgs     []string `json:"userinfo_signing_alg_values_supported,omitempty"`
	RequestURISupported     bool     `json:"request_uri_parameter_supported"`
	RequestParameterSupport bool     `json:"request_parameter_supported"`
	RequestURIsRegistered   bool     `json:"require_request_uri_registration,omitempty"`
	RequestObjectAlgs       []string `json:"request_object_signing_alg_values_supported,omitempty"`
	ResponseIss             bool     `json:"authorization_response_iss_parameter_supported,omitempty"`
	ACRValuesSupported      []string `json:"acr_values_supported,omitempty"`
}

//auth0:operation GET /.well-known/openid-configuration
func (m *room) configuration(w http.ResponseWriter, r *http.Request) error {
	tenant, err := m.tenant(r.Context())
	if err != nil {
		return err
	}
	m.Issuer.Advise(r)
	url := m.Issuer.URL
	doc := metadata{
		Issuer:                url,
		AuthorizationEndpoint: url + "authorize",
		TokenEndpoint:         url + "oauth/token",
		DeviceEndpoint:        url + "oauth/device/code",
		UserinfoEndpoint:      m.Issuer.Userinfo(),
		MFAChallengeEndpoint:  url + "mfa/challenge",
		JWKSURI:               url + ".well-known/jwks.json",
		RegistrationEndpoint:  url + "oidc/register",
		RevocationEndpoint:    url + "oauth/revoke",
		ScopesSupported:       authz.StandardScopes(),
		ResponseTypesSupported: []string{
			"code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token",
		},
		GrantTypesSupported:    append(slices.Clone(m.GrantTypes), "implicit"), // the implicit flow does not use the token endpoint
		CodeChallengeMethods:   []string{"S256", "plain"},
		ResponseModesSupported: []string{"query", "fragment", "form_post"},
		SubjectTypesSupported:  []string{"public"},
		TokenAuthMethods:       []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
		ClaimsSupported: []string{
			"aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name", "given_name", "iat",
			"identities", "iss", "name", "nickname", "phone_number", "picture", "sub",
		},
		RevocationEndpoints: url + "oauth/global-token-revocation/connection/{connectionName}",
		RevocationMethods:   []string{"global-token-revocation+jwt"},
		BackchannelLogout:   true, BackchannelSession: true,
		IDTokenSigningAlgs: []string{keys.HS256, keys.RS256, keys.PS256, keys.RS512},
		ACRValuesSupported: tenant.ACRValuesSupported,
		ResponseIss:        tenant.AuthorizationResponseIss,
	}
	for _, alg := range oauth.AssertionAlgorithms {
		doc.TokenAuthSigningAlgs = append(doc.TokenAuthSigningAlgs, string(alg))
	}
	if tenant.Flags.StandardAnswers {
		doc.UserinfoSigningAlgs = []string{keys.RS256}
		doc.RequestURISupported, doc.RequestParameterSupport, doc.RequestURIsRegistered = true, true, true
		doc.RequestObjectAlgs = doc.TokenAuthSigningAlgs
	}
	if tenant.TakesPushedRequests() {
		doc.PAREndpoint = url + "oauth/par"
		doc.RequirePAR = tenant.Flags.RequirePushedAuthorizationRequests
	}
	if on := tenant.OIDCLogout.EndSessionEndpointDiscovery; on == nil || *on {
		doc.EndSessionEndpoint = url + "oidc/logout"
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", cacheFor)
	return web.ReplyBytes(w, http.StatusOK, "application/json; charset=utf-8", body)
}
