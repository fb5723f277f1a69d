package objects

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// The default SCIM mappings, as pairs of a SCIM attribute and a user attribute: for
// Microsoft Entra ID, for all other strategies, and the pairs that both end with.
var (
	entraAttributes = []string{
		"userName", "upn", `emails[type eq "work"].value`, "email", "externalId", "app_metadata.external_id", "active", "blocked",
		"displayName", "name", "name.givenName", "given_name", "name.familyName", "family_name", "nickName", "nickname",
		`photos[type eq "photo"].value`, "picture", `phoneNumbers[type eq "work"].value`, "app_metadata.work_phone_number",
		`phoneNumbers[type eq "mobile"].value`, "app_metadata.mobile_phone_number",
		`phoneNumbers[type eq "fax"].value`, "app_metadata.fax_number",
	}
	scimAttributes = []string{
		"userName", "preferred_username", "emails[primary eq true].value", "email", "externalId", "app_metadata.external_id",
		"active", "blocked", "displayName", "name", "name.givenName", "given_name", "name.familyName", "family_name",
		"name.middleName", "app_metadata.middle_name", "name.honorificPrefix", "app_metadata.honorific_prefix",
		"name.honorificSuffix", "app_metadata.honorific_suffix", "nickName", "nickname", `photos[type eq "photo"].value`, "picture",
		"phoneNumbers[primary eq true].value", "app_metadata.primary_phone_number",
		`phoneNumbers[type eq "mobile"].value`, "app_metadata.mobile_phone_number",
	}
	sharedAttributes = []string{
		`addresses[type eq "work"].streetAddress`, "app_metadata.street_address", `addresses[type eq "work"].locality`, "app_metadata.city",
		`addresses[type eq "work"].region`, "app_metadata.state", `addresses[type eq "work"].postalCode`, "app_metadata.postal_code",
		`addresses[type eq "work"].formatted`, "app_metadata.postal_address", `addresses[type eq "work"].country`, "app_metadata.country",
		"profileUrl", "app_metadata.profile_url", "userType", "app_metadata.user_type", "title", "app_metadata.title",
		"preferredLanguage", "app_metadata.language", "locale", "app_metadata.locale", "timezone", "app_metadata.timezone",
		enterpriseUser + "employeeNumber", "app_metadata.employee_id", enterpriseUser + "costCenter", "app_metadata.cost_center",
		enterpriseUser + "organization", "app_metadata.organization", enterpriseUser + "division", "app_metadata.division",
		enterpriseUser + "department", "app_metadata.department", enterpriseUser + "manager", "app_metadata.manager",
	}
)

// enterpriseUser is the prefix of the attributes of RFC 7643 section 4.3.
const enterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User."

// googleAttributes returns the default mapping of Google's directory, Auth0:
// authenticate/identity-providers/enterprise-identity-providers/google-directory-sync. It
// has the attributes that Auth0 stores under another name, and all attributes under their
// own names.
func googleAttributes() []string {
	pairs := []string{
		"id", "app_metadata.external_id", "primaryEmail", "email", "primaryEmail", "primaryEmail", "name.fullName", "name",
		"name.givenName", "given_name", "name.familyName", "family_name", "isAdmin", "isAdmin", "isAdmin", "is_admin",
		"isDelegatedAdmin", "isDelegatedAdmin", "agreedToTerms", "agreedToTerms", "agreedToTerms", "tou_accepted",
		"suspended", "suspended", "suspended", "is_suspended", "suspended", "blocked", "suspensionReason", "suspensionReason",
		"archived", "archived", "ipWhitelisted", "ipWhitelisted", "ipWhitelisted", "is_ipWhitelisted",
	}
	for name := range strings.FieldsSeq(`kind etag customerId orgUnitPath emails phones externalIds aliases addresses organizations
		nonEditableAliases relations languages posixAccounts notes websites locations keywords gender ims creationTime lastLoginTime
		changePasswordAtNextLogin isMailboxSetup includeInGlobalAddressList thumbnailPhotoUrl thumbnailPhotoEtag isEnrolledIn2Sv
		isEnforcedIn2Sv recoveryEmail recoveryPhone sshPublicKeys customSchemas`) {
		pairs = append(pairs, name, name)
	}
	return pairs
}

// pairs makes a mapping from pairs of a directory attribute and a user attribute.
func pairs(source string, names []string) []any {
	var mapping []any
	for i := 0; i < len(names); i += 2 {
		mapping = append(mapping, storage.Document{source: names[i], "auth0": names[i+1]})
	}
	return mapping
}
