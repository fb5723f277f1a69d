// Package providers knows what other identity providers say of people, by the strategy of the
// connection that leads there, and makes users of it as Auth0 does: the form of their ids, the
// members of their profiles and whether an e-mail address counts as verified. It also has the
// people of simulated providers. It speaks no protocol.
package providers

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/storage"
)

// Account is somebody's account at an identity provider, as the tenant keeps it.
type Account struct {
	// Identity is the user's identity, whose user id is what follows the provider's name in the
	// id of a user.
	Identity storage.Identity
	// Profile are the members of the user: those of Auth0's normalized profile and whatever else
	// the provider says. Auth0: manage-users/user-accounts/user-profiles/normalized-user-profile-schema.
	Profile storage.Document
	// Tokens are what the provider has given for itself.
	Tokens storage.IdentityTokens
}

// named are the strategies that several connections may have, to different providers: the ids of
// their users have the name of the connection in them, Auth0:
// manage-users/user-accounts/identify-users.
var named = []string{"ad", "adfs", "auth0-adldap", "custom", "oauth1", "oauth2", "oidc", "okta", "pingfederate", "samlp"}

// ofTenant are members that a provider cannot set: they are what the tenant itself knows of a user.
var ofTenant = []string{
	"_id", "app_metadata", "blocked", "blocked_for", "created_at", "guardian_authenticators", "identities", "last_ip", "last_login",
	"last_password_reset", "logins_count", "multifactor", "multifactor_last_modified", "password", "phone_verified", "updated_at",
	"user_id", "user_metadata", "username",
}

// lists are members in which the text of one of them is a list of texts.
var lists = []string{"groups", "roles", "permissions"}

// Read makes an account of what the provider of a connection says of somebody whom it calls by an id.
func Read(c storage.Connection, id string, claims map[string]any) Account {
	profile := storage.Document{}
	for name, value := range claims {
		if value != nil && !slices.Contains(ofTenant, name) {
			profile[name] = value
		}
	}
	for _, name := range lists {
		if text, ok := profile[name].(string); ok {
			profile[name] = []any{text}
		}
	}
	if c.Strategy == "waad" {
		nameByGraph(c, profile)
		id = graphID(c, id, profile)
	}
	completeNames(profile)
	if complete := strategies[c.Strategy]; complete != nil {
		complete(c, id, profile)
	}
	settleVerified(c, profile)
	if nickname, _ := profile["nickname"].(string); nickname == "" {
		profile["nickname"] = defaultNickname(id, profile)
	}
	if slices.Contains(named, c.Strategy) {
		id = c.Name + "|" + id
	}
	return Account{
		Identity: storage.Identity{
			Connection: c.Name, Provider: account.Provider(c), UserID: id, IsSocial: !account.IsEnterprise(c),
		},
		Profile: profile,
	}
}

// UserID is the id of a user whose first identity the account is.
func (a Account) UserID() string { return a.Identity.Provider + "|" + a.Identity.UserID }

// completeNames makes the whole name of its parts.
func completeNames(profile storage.Document) {
	if name, _ := profile["name"].(string); name != "" {
		return
	}
	given, _ := profile["given_name"].(string)
	family, _ := profile["family_name"].(string)
	if whole := strings.TrimSpace(given + " " + family); whole != "" {
		profile["name"] = whole
	}
}

// defaultNickname is the first part of the address or, without one, the name or the id.
func defaultNickname(id string, profile storage.Document) string {
	for _, name := range []string{"email", "name"} {
		if text, _ := profile[name].(string); text != "" {
			local, _, _ := strings.Cut(text, "@")
			return local
		}
	}
	return id
}

// settleVerified says whether the address of the profile counts as verified: only a provider that
// says so with the value true is believed, and directories whose administrators may enter any
// address only where the connection says so, Auth0: authenticate/identity-providers/
// enterprise-identity-providers/azuread-adfs-email-verification.
func settleVerified(c storage.Connection, profile storage.Document) {
	email, _ := profile["email"].(string)
	if email == "" {
		delete(profile, "email")
		delete(profile, "email_verified")
		return
	}
	verified := profile["email_verified"] == true
	if c.Strategy == "waad" || c.Strategy == "adfs" {
		verified = c.Options["should_trust_email_verified_connection"] == "always_set_emails_as_verified" && c.Options["waad_common_endpoint"] != true
	}
	profile["email"], profile["email_verified"] = strings.ToLower(email), verified
}

// strategies complete the profiles of providers that say more than names and an address.
var strategies = map[string]func(c storage.Connection, id string, profile storage.Document){
	"facebook": func(_ storage.Connection, _ string, profile storage.Document) {
		if picture, ok := profile["picture"]; ok {
			set(profile, "picture_large", picture)
		}
	},
	"github": func(_ storage.Connection, _ string, profile storage.Document) {
		if email, ok := profile["email"]; ok {
			set(profile, "emails", []any{storage.Document{"email": email, "primary": true, "verified": profile["email_verified"] == true, "visibility": "public"}})
		}
		set(profile, "type", "User")
		set(profile, "site_admin", false)
	},
	"twitter": func(_ storage.Connection, _ string, profile storage.Document) {
		if nickname, ok := profile["nickname"]; ok {
			set(profile, "screen_name", nickname)
		}
	},
	"windowslive": func(_ storage.Connection, _ string, profile storage.Document) {
		if email, ok := profile["email"]; ok {
			set(profile, "emails", []any{email})
			set(profile, "nickname", email)
		}
	},
	"google-apps":  completeGoogleApps,
	"waad":         completeWAAD,
	"adfs":         completeDirectory,
	"ad":           completeDirectory,
	"auth0-adldap": completeDirectory,
}

func set(profile storage.Document, name string, value any) {
	if _, there := profile[name]; !there {
		profile[name] = value
	}
}

// completeGoogleApps leaves groups out unless the connection asks for them.
func completeGoogleApps(c storage.Connection, _ string, profile storage.Document) {
	withoutGroups(c, profile)
	if _, there := profile["email"]; there {
		set(profile, "email_verified", true)
	}
}

// ofGraph are the members that Microsoft Graph has other names for than Auth0, by its own. Auth0:
// authenticate/identity-providers/enterprise-identity-providers/choose-a-connection-type-for-azure-ad.
var ofGraph = map[string]string{
	"businessPhones": "phone", "givenName": "given_name", "jobTitle": "job_title", "mobilePhone": "mobile", "preferredLanguage": "preferred_language",
	"surname": "family_name", "userPrincipalName": "upn", "tid": "tenantid",
}

// ofExtendedProfile are the members that a connection has only where it asks for the extended profile.
var ofExtendedProfile = []string{"phone", "job_title", "mobile", "preferred_language"}

// nameByGraph calls what Microsoft Entra ID says of somebody as Auth0 does.
func nameByGraph(c storage.Connection, profile storage.Document) {
	for from, to := range ofGraph {
		if value, there := profile[from]; there {
			set(profile, to, value)
		}
	}
	for from := range ofGraph {
		delete(profile, from)
	}
	if c.Options["ext_profile"] != true {
		for _, name := range ofExtendedProfile {
			delete(profile, name)
		}
	}
	if numbers, isText := profile["phone"].(string); isText {
		profile["phone"] = []any{numbers}
	}
}

// completeWAAD says what Microsoft Entra ID says besides, where the person has none of it.
func completeWAAD(c storage.Connection, id string, profile storage.Document) {
	withoutGroups(c, profile)
	if groups, _ := profile["groups"].([]any); len(groups) > 0 {
		if most, err := strconv.Atoi(fmt.Sprint(c.Options["max_groups_to_retrieve"])); err == nil && most > 0 {
			profile["groups"] = groups[:min(most, len(groups))]
		}
	}
	set(profile, "oid", id)
	if tenant, _ := c.Options["tenantId"].(string); tenant != "" {
		set(profile, "tenantid", tenant)
	}
	completeDirectory(c, id, profile)
}

// graphID is what Microsoft Entra ID's users of a connection are known by: the claim oid, where there is one, unless the connection says that it is sub.
func graphID(c storage.Connection, id string, profile storage.Document) string {
	if oid, _ := profile["oid"].(string); oid != "" && c.Options["userid_attribute"] != "sub" {
		return oid
	}
	return id
}

func completeDirectory(_ storage.Connection, _ string, profile storage.Document) {
	if email, ok := profile["email"]; ok {
		set(profile, "upn", email)
	}
}

// withoutGroups leaves groups out unless the option for extended groups is on, Auth0:
// authenticate/identity-providers/enterprise-identity-providers.
func withoutGroups(c storage.Connection, profile storage.Document) {
	if c.Options["ext_groups"] != true {
		delete(profile, "groups")
	}
}

// Kept is what is written into the user's document at a login: all at the first one, and at later
// ones what the connection says. old is the user so far, nil for a new one.
func (a Account) Kept(c storage.Connection, old storage.Document) storage.Document {
	when, _ := c.Options["set_user_root_attributes"].(string)
	if when == "never_on_login" || when == "on_first_login" && old != nil {
		return nil
	}
	kept := maps.Clone(a.Profile)
	dropped, _ := c.Options["non_persistent_attrs"].([]any)
	for _, name := range dropped {
		text, _ := name.(string)
		delete(kept, text)
	}
	return kept
}
