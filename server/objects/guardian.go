package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// The kinds of documents that hold the MFA settings, Auth0: api/management/v2/guardian.
const (
	FactorsKind  = "guardian/factors"  // whether a factor is enabled; the document's id is the factor's name
	PoliciesKind = "guardian/policies" // when logins require MFA
)

// Factors are the factors that a tenant can have, in the order in which they are listed.
var Factors = []string{"sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code"}

// SentBy maps a factor to the kind of the settings for its codes.
var SentBy = map[string]*resource.Kind{"sms": resource.GuardianSettings("phone/settings"), "email": resource.GuardianSettings("email/settings")}

// FactorEnabled reports whether a factor is enabled.
func FactorEnabled(tx *storage.Tx, name string) (bool, error) {
	stored, err := tx.Documents(FactorsKind, "").Document(name)
	return stored["enabled"] == true, storage.Optional(err)
}

// SetFactor stores the settings of a factor.
func SetFactor(tx *storage.Tx, name string, settings storage.Document) error {
	return tx.Documents(FactorsKind, "").Put(storage.Write{ID: name, Document: settings})
}

// Policies returns the policies that say when logins require MFA.
func Policies(tx *storage.Tx) ([]any, error) {
	stored, err := tx.Documents(PoliciesKind, "").Document(storage.SettingsKey)
	if kept, ok := stored["policies"].([]any); ok {
		return kept, nil
	}
	return []any{}, storage.Optional(err)
}

// SetPolicies replaces these policies.
func SetPolicies(tx *storage.Tx, policies []string) error {
	return tx.Documents(PoliciesKind, "").Put(storage.Write{ID: storage.SettingsKey, Document: storage.Document{"policies": policies}})
}
