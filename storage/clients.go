package storage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/storage/table"
)

// Client is an application registered with the tenant, Auth0:
// get-started/applications/application-settings.
type Client struct {
	ClientID string `json:"client_id"`
	// ExternalClientID is the URL of the application's Client ID Metadata Document, which is its client_id for
	// the rest of the world; "" if it has none.
	ExternalClientID       string `json:"external_client_id"`
	Name                   string `json:"name"`
	Global                 bool   `json:"global"`   // settings for all applications; not a real application
	AppType                string `json:"app_type"` // native, spa, regular_web, non_interactive, ...
	LogoURI                string `json:"logo_uri"`
	IsFirstParty           bool   `json:"is_first_party"`
	OIDCConformant         bool   `json:"oidc_conformant"`
	ThirdPartySecurityMode string `json:"third_party_security_mode"` // strict or permissive
	// RedirectionPolicy is open_redirect_protection if errors must not be sent to the application's
	// callback.
	RedirectionPolicy       string         `json:"redirection_policy"`
	Callbacks               []string       `json:"callbacks"`
	AllowedLogoutURLs       []string       `json:"allowed_logout_urls"`
	WebOrigins              []string       `json:"web_origins"`
	AllowedOrigins          []string       `json:"allowed_origins"`
	GrantTypes              []string       `json:"grant_types"`
	TokenEndpointAuthMethod string         `json:"token_endpoint_auth_method"`
	InitiateLoginURI        string         `json:"initiate_login_uri"`
	ClientMetadata          map[string]any `json:"client_metadata"`
	JWTConfiguration        struct {
		Alg               string `json:"alg"`
		LifetimeInSeconds int    `json:"lifetime_in_seconds"`
	} `json:"jwt_configuration"`
	RefreshToken                RefreshTokenSettings `json:"refresh_token"`
	ClientAuthenticationMethods struct {
		PrivateKeyJWT           ClientCredentials `json:"private_key_jwt"`
		TLSClientAuth           ClientCredentials `json:"tls_client_auth"`
		SelfSignedTLSClientAuth ClientCredentials `json:"self_signed_tls_client_auth"`
	} `json:"client_authentication_methods"`
	PrivilegedAccess PrivilegedAccess `json:"token_vault_privileged_access"`
	// KeysURI is where an application that registered itself publishes the public keys of its assertions, ""
	// if its keys are stored as credentials instead.
	KeysURI                            string `json:"jwks_uri"`
	RequirePushedAuthorizationRequests bool   `json:"require_pushed_authorization_requests"`
	// OrganizationUsage is deny, allow or require; empty means deny.
	OrganizationUsage string `json:"organization_usage"`
	// OrganizationRequireBehavior says when users are asked for their organization:
	// BeforeLogin, AfterLogin or no_prompt; empty means no_prompt.
	OrganizationRequireBehavior string `json:"organization_require_behavior"`
	// OrganizationDiscoveryMethods are the ways to name it before the login: email, organization_name, or
	// both; empty means both.
	OrganizationDiscoveryMethods []string `json:"organization_discovery_methods"`
	// DefaultOrganization applies to requests that name no organization, by grant type.
	DefaultOrganization struct {
		OrganizationID string   `json:"organization_id"`
		Flows          []string `json:"flows"`
	} `json:"default_organization"`
	// StandardAnswers makes the server answer the application as OpenID Connect and RFC 6749 say if Auth0
	// answers differently. The setting is tenant0's own.
	StandardAnswers bool `json:"tenant0_standard_answers"`
	// UserinfoAlg is the algorithm that signs the answers of /userinfo, "" for unsigned JSON. It is
	// tenant0's own as well.
	UserinfoAlg string `json:"tenant0_userinfo_signed_response_alg"`
	// RequestObjects says, for an application with StandardAnswers, where its request objects may be
	// fetched and how they must be signed, "" for any algorithm. It is tenant0's own as well.
	RequestObjects struct {
		URIs []string `json:"request_uris"`
		Alg  string   `json:"signing_alg"`
	} `json:"tenant0_request_objects"`
	OIDCLogout OIDCLogout `json:"oidc_logout"`
	// SessionTransfer are the settings of session transfer tokens.
	SessionTransfer SessionTransferSettings `json:"session_transfer"`
	// CrossOrigin lets the application's own pages authenticate users by password (cross-origin
	// authentication); CrossOriginOld is an earlier name of the member.
	CrossOrigin    bool `json:"cross_origin_authentication"`
	CrossOriginOld bool `json:"cross_origin_auth"`
	// TrustedForIP lets the application tell the token endpoint the IP address of the end user (the
	// auth0-forwarded-for header).
	TrustedForIP bool `json:"is_token_endpoint_ip_header_trusted"`
	// ResourceServerIdentifier is the API that this client represents, if AppType is resource_server.
	ResourceServerIdentifier string `json:"resource_server_identifier"`
	// CustomLoginPage is the HTML of the application's own classic login page. It is shown unless
	// CustomLoginPageOn is false. The page of the global client is for all applications.
	CustomLoginPage   string `json:"custom_login_page"`
	CustomLoginPageOn *bool  `json:"custom_login_page_on"`
	// TokenExchange names the types of token exchange profiles that the client may use.
	TokenExchange struct {
		AllowAnyProfileOfType []string `json:"allow_any_profile_of_type"`
	} `json:"token_exchange"`
	// NativeSocialLogin names the social networks whose SDKs users may log in with.
	NativeSocialLogin NativeSocialLogin `json:"native_social_login"`
	// IdentityAssertion lets the application act for the users whom an enterprise's identity provider
	// asserts.
	IdentityAssertion struct {
		Active bool `json:"active"`
	} `json:"identity_assertion_authorization_grant"`
	// TokenQuota bounds the tokens that the client gets for itself; nil for the tenant's default.
	TokenQuota *TokenQuota `json:"token_quota"`
	// ClientAliases are the realms (wtrealm) by which WS-Federation requests name the client.
	ClientAliases []string `json:"client_aliases"`
	// Addons are the settings of other protocols, such as SAML, by name. Their form is not checked when they
	// are stored: code that reads one must check it.
	Addons map[string]any `json:"addons"`
}

// NativeSocialLogin says, by the name of a social network, whether an application may exchange its SDK's
// tokens.
type NativeSocialLogin map[string]struct {
	Enabled bool `json:"enabled"`
}

// Allows reports whether the application may exchange the tokens of a network's SDK.
func (n NativeSocialLogin) Allows(network string) bool { return n[network].Enabled }

// When users are asked for their organization, Auth0: manage-users/organizations/
// configure-organizations/define-organization-behavior.
const (
	BeforeLogin = "pre_login_prompt"
	AfterLogin  = "post_login_prompt"
)

// AsksOrganization reports whether users of the client are asked for their organization at that point:
// BeforeLogin or AfterLogin.
func (c Client) AsksOrganization(when string) bool {
	return (c.OrganizationUsage == "require" || c.OrganizationUsage == "allow") && c.OrganizationRequireBehavior == when
}

// OrganizationFor is the id of the organization that a request of this grant type uses if it names no
// organization itself, or "".
func (c Client) OrganizationFor(grantType string) string {
	if slices.Contains(c.DefaultOrganization.Flows, grantType) {
		return c.DefaultOrganization.OrganizationID
	}
	return ""
}

// RefreshTokenSettings says how an application's refresh tokens live, Auth0:
// secure/tokens/refresh-tokens/configure-refresh-token-rotation. Lifetimes are
// in seconds.
type RefreshTokenSettings struct {
	RotationType              string `json:"rotation_type"`   // rotating, non-rotating
	ExpirationType            string `json:"expiration_type"` // expiring, non-expiring
	Leeway                    int    `json:"leeway"`
	TokenLifetime             int    `json:"token_lifetime"`
	InfiniteTokenLifetime     bool   `json:"infinite_token_lifetime"`
	IdleTokenLifetime         int    `json:"idle_token_lifetime"`
	InfiniteIdleTokenLifetime bool   `json:"infinite_idle_token_lifetime"`
	// Policies are the further APIs that a refresh token may be exchanged for, Auth0:
	// secure/tokens/refresh-tokens/multi-resource-refresh-token.
	Policies []RefreshTokenPolicy `json:"policies"`
}

// RefreshTokenPolicy lets a refresh token be exchanged for scopes of an API.
type RefreshTokenPolicy struct {
	Audience string   `json:"audience"`
	Scope    []string `json:"scope"`
}

// PolicyFor returns the scopes that the policies allow for an API, and whether any policy names it.
func (s RefreshTokenSettings) PolicyFor(audience string) (scope []string, found bool) {
	i := slices.IndexFunc(s.Policies, func(p RefreshTokenPolicy) bool { return p.Audience == audience })
	if i < 0 {
		return nil, false
	}
	return s.Policies[i].Scope, true
}

// ClientCredential is a public key that an application signs its assertions
// with, Auth0: get-started/applications/credentials.
type ClientCredential struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	KeyID     string `json:"kid"`
	Alg       string `json:"alg"`
	PEM       string `json:"pem"`
	ExpiresAt string `json:"expires_at"`
}

// ClientCredentials are the credentials of one authentication method.
type ClientCredentials struct {
	Credentials []ClientCredential `json:"credentials"`
}

// PrivilegedAccess says which tokens of identity providers an application gets without the user being
// present.
type PrivilegedAccess struct {
	ClientCredentials
	IPAllowlist []string `json:"ip_allowlist"`
	Grants      []struct {
		Connection string   `json:"connection"`
		Scopes     []string `json:"scopes"`
	} `json:"grants"`
}

// Scopes are the scopes that the application may request for a connection, nil if it has no access to it.
func (a PrivilegedAccess) Scopes(connection string) (all []string) {
	for _, g := range a.Grants {
		if g.Connection == connection {
			all = append(all, g.Scopes...)
		}
	}
	return all
}

// HasCertificates reports whether the client authenticates with certificates, RFC 8705
// section 2.
func (c Client) HasCertificates() bool {
	m := c.ClientAuthenticationMethods
	return len(m.TLSClientAuth.Credentials) > 0 || len(m.SelfSignedTLSClientAuth.Credentials) > 0
}

// OwnLoginPage is the HTML of the client's own classic login page, "" if it has none or does not use it.
func (c Client) OwnLoginPage() string {
	if c.CustomLoginPageOn != nil && !*c.CustomLoginPageOn {
		return ""
	}
	return c.CustomLoginPage
}

// Public reports whether the client cannot keep a secret, RFC 6749 section 2.1.
func (c Client) Public() bool { return c.TokenEndpointAuthMethod == "none" }

// Strict reports whether the client belongs to a third party and is held to OAuth 2.1's limits, Auth0:
// get-started/applications/third-party-applications/security-controls.
func (c Client) Strict() bool { return !c.IsFirstParty && c.ThirdPartySecurityMode == "strict" }

// StrictGrantTypes are the grant types that a strict client may use.
func StrictGrantTypes() []string {
	return []string{"authorization_code", "refresh_token", "client_credentials"}
}

// Allows reports whether the client may use grant type g.
func (c Client) Allows(g string) bool {
	return slices.Contains(c.GrantTypes, g) && (!c.Strict() || slices.Contains(StrictGrantTypes(), g))
}

// ShowsErrors reports whether a failed authorization request ends on an error page instead of at the
// application's callback, because nobody vouches for that address.
func (c Client) ShowsErrors() bool {
	return !c.IsFirstParty && c.RedirectionPolicy == "open_redirect_protection"
}

var clients = table.Declare(table.Spec[Client]{
	Name:    "clients",
	Ordered: true,
	Key:     func(c Client) string { return c.ClientID },
	Indexes: []table.Index[Client]{
		{Name: "name", Values: func(c Client) []string { return []string{c.Name} }},
		{Name: "resource_server", Values: func(c Client) []string {
			if c.ResourceServerIdentifier == "" {
				return nil
			}
			return []string{c.ResourceServerIdentifier}
		}},
		// Values of listed indexes are spelled as in query parameters, "false" for a member that is not set.
		{Name: "app_type", Listed: true, Values: func(c Client) []string { return []string{cmp.Or(c.AppType, "false")} }},
		{Name: "first_party", Listed: true, Values: func(c Client) []string { return []string{strconv.FormatBool(c.IsFirstParty)} }},
		{Name: "global", Listed: true, Values: func(c Client) []string { return []string{strconv.FormatBool(c.Global)} }},
		{Name: originIndex, Values: origins},
		{Name: documentIndex, Values: func(c Client) []string {
			if c.ExternalClientID == "" {
				return nil
			}
			return []string{c.ExternalClientID}
		}},
	},
	Remember: true,
})

// documentIndex is the name of the index of applications by the URLs of their Client ID Metadata Documents.
const documentIndex = "document"

// ClientNamed returns the application with a client_id, which may be the URL of its Client ID Metadata Document, Auth0:
// get-started/auth0-overview/create-applications/register-applications-with-cimd.
func (tx *Tx) ClientNamed(id string) (Client, error) {
	client, err := tx.Clients.Get(id)
	if IsNotFound(err) && strings.HasPrefix(id, "https://") {
		return tx.Clients.Find(documentIndex, id)
	}
	return client, err
}

// PublicID is the client_id that tokens show: the URL of the application's Client ID Metadata Document, if it has one.
func (c Client) PublicID() string { return cmp.Or(c.ExternalClientID, c.ClientID) }

// ClientSecret is what the server stores of a client secret: a keyed MAC, to check the secret that clients
// send, and the sealed secret itself, for those whom the Management API lets read it.
type ClientSecret struct {
	ClientID string `json:"client_id"`
	MAC      []byte `json:"mac"`
	Sealed   []byte `json:"sealed"`
}

var clientSecrets = table.Declare(table.Spec[ClientSecret]{
	Name:     "client_secrets",
	Key:      func(s ClientSecret) string { return s.ClientID },
	Remember: true,
})

// ClassicLogin reports whether an application's users log in on the classic page, and returns the HTML of
// that page: the application's own, or that of all applications, "" for the built-in one. Auth0:
// customize/login-pages/classic-login/customization-classic.
func (tx *Tx) ClassicLogin(clientID string) (own string, is bool, err error) {
	client, err := tx.Clients.GetShared(clientID)
	if err := Optional(err); err != nil {
		return "", false, err
	}
	if own = client.OwnLoginPage(); own == "" {
		all, err := tx.Clients.Find("global", "true")
		if err := Optional(err); err != nil {
			return "", false, err
		}
		own = all.OwnLoginPage()
	}
	if own != "" {
		return own, true, nil
	}
	doc, err := tx.Documents(PromptsKind, "").Document(SettingsKey)
	return "", doc["universal_login_experience"] == "classic", Optional(err)
}
