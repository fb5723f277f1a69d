package storage

import (
	"slices"

	"github.com/tenant0/tenant0/storage/table"
)

// ResourceServer is an API registered with the tenant, Auth0:
// get-started/apis/api-settings. Lifetimes are in seconds.
type ResourceServer struct {
	ID                                        string  `json:"id"`
	Name                                      string  `json:"name"`
	Identifier                                string  `json:"identifier"`
	IsSystem                                  bool    `json:"is_system"`
	Scopes                                    []Scope `json:"scopes"`
	SigningAlg                                string  `json:"signing_alg"`
	SigningSecret                             string  `json:"signing_secret"`
	AllowOfflineAccess                        bool    `json:"allow_offline_access"`
	AllowOnlineAccess                         bool    `json:"allow_online_access"`
	AllowOnlineAccessEphemeral                bool    `json:"allow_online_access_with_ephemeral_sessions"`
	SkipConsentForVerifiableFirstPartyClients bool    `json:"skip_consent_for_verifiable_first_party_clients"`
	TokenLifetime                             int     `json:"token_lifetime"`
	TokenLifetimeForWeb                       int     `json:"token_lifetime_for_web"`
	TokenDialect                              string  `json:"token_dialect"`
	EnforcePolicies                           bool    `json:"enforce_policies"`
	// AuthorizationDetails are the types of authorization_details that may be requested, RFC 9396
	// section 2.
	AuthorizationDetails []struct {
		Type string `json:"type"`
	} `json:"authorization_details"`
	// ConsentPolicy is ConsentAlways if users are asked for consent even if they agreed to the same before.
	ConsentPolicy            string                  `json:"consent_policy"`
	ProofOfPossession        struct{ Required bool } `json:"proof_of_possession"`
	TokenEncryption          any                     `json:"token_encryption"`
	SubjectTypeAuthorization struct {
		User struct {
			Policy string `json:"policy"` // allow_all, require_client_grant, deny_all
		} `json:"user"`
		Client struct {
			Policy string `json:"policy"` // require_client_grant, deny_all
		} `json:"client"`
	} `json:"subject_type_authorization"`
}

// Scope is one permission of an API.
type Scope struct {
	Value       string `json:"value"`
	Description string `json:"description"`
}

// ConsentAlways is the consent policy of APIs for which users approve each transaction, Auth0:
// get-started/apis/configure-rich-authorization-requests.
const ConsentAlways = "transactional-authorization-with-mfa"

// Defines reports whether the API defines the scope.
func (rs ResourceServer) Defines(scope string) bool {
	return slices.ContainsFunc(rs.Scopes, func(s Scope) bool { return s.Value == scope })
}

var resourceServers = table.Declare(table.Spec[ResourceServer]{
	Name:    "resource_servers",
	Ordered: true,
	Key:     func(rs ResourceServer) string { return rs.ID },
	Indexes: []table.Index[ResourceServer]{
		{Name: "identifier", Unique: true, Values: func(rs ResourceServer) []string { return []string{rs.Identifier} }},
	},
	Remember: true,
})

// API returns the API whose identifier is the audience, or nil if there is none.
func (tx *Tx) API(audience string) (*ResourceServer, error) {
	if audience == "" {
		return nil, nil //nolint:nilnil // no audience is no error and no API
	}
	rs, err := tx.ResourceServers.Find("identifier", audience)
	if err != nil {
		return nil, Optional(err)
	}
	return &rs, nil
}

// ClientGrant lets an application call an API, Auth0:
// get-started/applications/application-access-to-apis-client-grants.
type ClientGrant struct {
	ID             string   `json:"id"`
	ClientID       string   `json:"client_id"`
	Audience       string   `json:"audience"`
	Scope          []string `json:"scope"`
	SubjectType    string   `json:"subject_type"` // client, user
	AllowAllScopes bool     `json:"allow_all_scopes"`
	// AuthorizationDetails are the types of authorization_details that the application may request.
	AuthorizationDetails []string `json:"authorization_details_types"`
	// DefaultFor is third_party_clients if the grant is for all third-party applications that have no
	// grant of their own.
	DefaultFor string `json:"default_for"`
	// OrganizationUsage says whether tokens may be for an organization: deny (the default), allow or
	// require. AllowAnyOrganization permits organizations that the grant is not assigned to.
	OrganizationUsage    string `json:"organization_usage"`
	AllowAnyOrganization bool   `json:"allow_any_organization"`
}

var clientGrants = table.Declare(table.Spec[ClientGrant]{
	Name:    "client_grants",
	Ordered: true,
	Key:     func(g ClientGrant) string { return g.ID },
	Indexes: []table.Index[ClientGrant]{
		{Name: "grant", Unique: true, Values: func(g ClientGrant) []string {
			return []string{clientGrantIndex(g.ClientID, g.Audience, g.SubjectType)}
		}},
		{Name: "client", Listed: true, Values: func(g ClientGrant) []string { return []string{g.ClientID} }},
		{Name: "audience", Listed: true, Values: func(g ClientGrant) []string { return []string{g.Audience} }},
	},
	Remember: true,
})

// ClientGrantFor returns the grant of a client for an API and a subject type ("client" or "user"), or
// an error that wraps ErrNotFound. A third-party client without a grant of its own uses the default
// grant for third parties; a strict client has no grant for the tenant's own APIs. Auth0:
// get-started/applications/application-access-to-apis-client-grants.
func (tx *Tx) ClientGrantFor(client Client, api ResourceServer, subjectType string) (ClientGrant, error) {
	if client.Strict() && api.IsSystem {
		return ClientGrant{}, ErrNotFound
	}
	own, err := tx.ClientGrants.Find("grant", clientGrantIndex(client.ClientID, api.Identifier, subjectType))
	if client.IsFirstParty || !IsNotFound(err) {
		return own, err
	}
	common, err := tx.ClientGrants.Find("grant", clientGrantIndex("", api.Identifier, subjectType))
	if err == nil && common.DefaultFor != "third_party_clients" {
		err = ErrNotFound
	}
	return common, err
}

func clientGrantIndex(clientID, audience, subjectType string) string {
	if subjectType == "" {
		subjectType = "client"
	}
	return clientID + "\x01" + audience + "\x01" + subjectType
}
