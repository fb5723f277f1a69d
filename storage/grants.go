package storage

// Grant is a user's consent to an application for an API, Auth0:
// get-started/applications/third-party-applications/user-consent-and-third-party-applications.
type Grant struct {
	ID       string   `json:"id"`
	ClientID string   `json:"clientID"`
	UserID   string   `json:"user_id"`
	Audience string   `json:"audience"` // empty for userinfo alone
	Scope    []string `json:"scope"`
}

var grants = declare(spec[Grant]{
	name:    "grants",
	ordered: true,
	key:     func(g Grant) string { return g.ID },
	indexes: []index[Grant]{
		{name: "grant", unique: true, values: func(g Grant) []string {
			return []string{grantIndex(g.UserID, g.ClientID, g.Audience)}
		}},
		{name: "user", listed: true, values: func(g Grant) []string { return []string{g.UserID} }},
		{name: "client", listed: true, values: func(g Grant) []string { return []string{g.ClientID} }},
	},
})

// GrantFor returns the user's grant to an application for an API, or an error
// that wraps ErrNotFound.
func (tx *Tx) GrantFor(userID, clientID, audience string) (Grant, error) {
	return tx.Grants.Find("grant", grantIndex(userID, clientID, audience))
}

func grantIndex(userID, clientID, audience string) string {
	return userID + "\x01" + clientID + "\x01" + audience
}
