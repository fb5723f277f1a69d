package storage

import "github.com/tenant0/tenant0/storage/table"

// Grant is a user's consent to an application for an API, Auth0:
// get-started/applications/third-party-applications/user-consent-and-third-party-applications.
type Grant struct {
	ID       string   `json:"id"`
	ClientID string   `json:"clientID"`
	UserID   string   `json:"user_id"`
	Audience string   `json:"audience"` // empty for /userinfo alone
	Scope    []string `json:"scope"`
	// Organization is the organization that the user was in, for third-party applications
	// only.
	Organization string `json:"organization_id"`
}

var grants = table.Declare(table.Spec[Grant]{
	Name:    "grants",
	Ordered: true,
	Key:     func(g Grant) string { return g.ID },
	Indexes: []table.Index[Grant]{
		{Name: "grant", Unique: true, Values: func(g Grant) []string {
			return []string{grantIndex(g.UserID, g.ClientID, g.Audience, g.Organization)}
		}},
		{Name: "user", Listed: true, Values: func(g Grant) []string { return []string{g.UserID} }},
		{Name: "client", Listed: true, Values: func(g Grant) []string { return []string{g.ClientID} }},
	},
})

// GrantFor returns the user's grant to an application for an API, or an error that wraps
// ErrNotFound. For third-party applications the grant applies to the given organization only.
func (tx *Tx) GrantFor(userID string, client Client, audience, organization string) (Grant, error) {
	return tx.Grants.Find("grant", grantIndex(userID, client.ClientID, audience, client.ConsentIn(organization)))
}

// ConsentIn is the organization that consent to this application is stored for: organization
// for third parties, "" for first-party applications, whose consent holds in any organization.
func (c Client) ConsentIn(organization string) string {
	if c.IsFirstParty {
		return ""
	}
	return organization
}

func grantIndex(userID, clientID, audience, organization string) string {
	index := userID + "\x01" + clientID + "\x01" + audience
	if organization != "" {
		index += "\x01" + organization
	}
	return index
}
