package tokens

import (
	"slices"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// Profile holds the claims about a user that scopes give access to, in the order of
// Auth0's /userinfo, Auth0: get-started/apis/scopes/openid-connect-scopes. Claims
// without a value are left out.
type Profile struct {
	GivenName     string             `json:"given_name,omitempty"`
	FamilyName    string             `json:"family_name,omitempty"`
	MiddleName    string             `json:"middle_name,omitempty"`
	Nickname      string             `json:"nickname,omitempty"`
	Name          string             `json:"name,omitempty"`
	Picture       string             `json:"picture,omitempty"`
	UpdatedAt     any                `json:"updated_at,omitempty"`
	CreatedAt     string             `json:"created_at,omitempty"`
	Email         string             `json:"email,omitempty"`
	EmailVerified *bool              `json:"email_verified,omitempty"`
	PhoneNumber   string             `json:"phone_number,omitempty"`
	PhoneVerified *bool              `json:"phone_number_verified,omitempty"`
	Identities    []storage.Identity `json:"identities,omitempty"`
}

// ProfileOf returns the claims about a user that the scopes granted to an application
// give access to.
func ProfileOf(client storage.Client, u storage.User, scope []string) Profile {
	var p Profile
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(scope, n) })
	}
	show := func(to *string, value string, scopes ...string) {
		if has(scopes...) {
			*to = value
		}
	}
	show(&p.Name, u.Name, "profile", "name")
	show(&p.GivenName, u.GivenName, "profile", "given_name")
	show(&p.FamilyName, u.FamilyName, "profile", "family_name")
	show(&p.MiddleName, u.MiddleName, "profile")
	show(&p.Nickname, u.Nickname, "profile", "nickname")
	show(&p.Picture, u.Picture, "profile", "picture")
	if has("profile") {
		p.UpdatedAt = updatedAt(client, u)
	}
	show(&p.CreatedAt, u.CreatedAt, "created_at")
	show(&p.Email, u.Email, "email")
	show(&p.PhoneNumber, u.PhoneNumber, "phone")
	if u.Email != "" && has("email", "email_verified") {
		p.EmailVerified = &u.EmailVerified
	}
	if u.PhoneNumber != "" && has("phone") {
		p.PhoneVerified = &u.PhoneVerified
	}
	if has("identities") {
		for _, identity := range u.Identities {
			identity.Profile = identities.Profile{}
			p.Identities = append(p.Identities, identity)
		}
	}
	return p
}

// updatedAt returns the claim updated_at, nil if the user has none. It is a text at
// Auth0, and a number of seconds (OIDC Core section 5.1) for applications that ask for
// answers by the standard.
func updatedAt(client storage.Client, u storage.User) any {
	if u.UpdatedAt == "" {
		return nil
	}
	if !client.StandardAnswers {
		return u.UpdatedAt
	}
	t, err := time.Parse(time.RFC3339, u.UpdatedAt)
	if err != nil {
		return nil
	}
	return t.Unix()
}
