// Package providers turns what an external identity provider reports about a person into a user, as Auth0 does for
// each strategy: the format of the user id, the members of the profile, and whether the e-mail address counts as
// verified. It also holds the people of simulated providers. It implements no protocol.
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

// Account is a person's account at an identity provider, in the form in which the tenant stores it.
type Account struct {
	// Identity is an element of the user's identities. Its user id is the part of the user's id after the provider's
	// name.
	Identity storage.Identity
	// Profile holds the members of the user: those of Auth0's normalized profile, and any others that the provider
	// reports. Auth0: manage-users/user-accounts/user-profiles/normalized-user-profile-schema.
	Profile storage.Document
	// Tokens are the tokens that the provider has issued for its own APIs.
	Tokens storage.IdentityTokens
}

// named are the strategies of which a tenant can have several connections to different providers. The ids of their
// users contain the connection's name, Auth0: manage-users/user-accounts/identify-users.
var named = []string{"ad", "adfs", "auth0-adldap", "custom", "oauth1", "oauth2", "oidc", "okta", "pingfederate", "samlp"}

// ofTenant are the members of a user that a provider cannot set, because the tenant itself keeps them.
var ofTenant = []string{
	"_id", "app_metadata", "blocked", "blocked_for", "created_at", "guardian_authenticators", "identities", "last_ip", "last_login",
	"last_password_reset", "logins_count", "multifactor", "multifactor_last_modified", "password", "phone_verified", "updated_at",
	"user_id", "user_metadata", "username",
}

// lists are the members that are always lists; a single string becomes a list with one element.
var lists = []string{"groups", "roles", "permissions"}

// Read makes an account from the claims that the provider of a connection reports about a person. id is the
// provider's id of the person.
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

// UserID returns the id of a user whose first identity is this account.
func (a Account) UserID() string { return a.Identity.Provider + "|" + a.Identity.UserID }

// completeNames fills in the full name from the given name and the family name.
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

// defaultNickname returns the part of the e-mail address before the @; without an address it uses the name, or else
// the id.
func defaultNickname(id string, profile storage.Document) string {
	for _, name := range []string{"email", "name"} {
		if text, _ := profile[name].(string); text != "" {
			local, _, _ := strings.Cut(text, "@")
			return local
		}
	}
	return id
}

// settleVerified sets whether the profile's e-mail address counts as verified: only if the provider says so with the
// value true. Directories whose administrators can enter any address are believed only if the connection says so,
// Auth0: authenticate/identity-providers/enterprise-identity-providers/azuread-adfs-email-verification.
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

// strategies add the profile members that are specific to a provider.
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

// completeGoogleApps removes groups unless the connection requests them, and counts the address as verified unless
// the provider says otherwise.
func completeGoogleApps(c storage.Connection, _ string, profile storage.Document) {
	withoutGroups(c, profile)
	if _, there := profile["email"]; there {
		set(profile, "email_verified", true)
	}
}

// ofGraph maps the names of Microsoft Graph's members to the names that Auth0 uses. Auth0:
// authenticate/identity-providers/enterprise-identity-providers/choose-a-connection-type-for-azure-ad.
var ofGraph = map[string]string{
	"businessPhones": "phone", "givenName": "given_name", "jobTitle": "job_title", "mobilePhone": "mobile", "preferredLanguage": "preferred_language",
	"surname": "family_name", "userPrincipalName": "upn", "tid": "tenantid",
}

// ofExtendedProfile are the members that a profile has only if the connection requests the extended profile.
var ofExtendedProfile = []string{"phone", "job_title", "mobile", "preferred_language"}

// nameByGraph renames the members that Microsoft Entra ID reports to Auth0's names.
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

// completeWAAD adds the members of Microsoft Entra ID that the profile does not have yet, and limits its groups.
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

// graphID returns the id of a user at Microsoft Entra ID: the claim oid if there is one, unless the connection's
// option userid_attribute asks for sub.
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

// withoutGroups removes groups unless the option for extended groups is on, Auth0:
// authenticate/identity-providers/enterprise-identity-providers.
func withoutGroups(c storage.Connection, profile storage.Document) {
	if c.Options["ext_groups"] != true {
		delete(profile, "groups")
	}
}

// Kept returns the profile members that a login writes to the user's document, without those in the connection's
// option non_persistent_attrs. It returns nil if the option set_user_root_attributes says that this login writes
// none. old is the stored user, nil for a new one.
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
