package providers_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/storage"
)

// TestMicrosoftEntraID maps profiles with the claims of Microsoft's ID tokens and of Graph, as the connection's options say.
func TestMicrosoftEntraID(t *testing.T) {
	said := map[string]any{
		"sub": "pairwise", "oid": "11-22", "tid": "33-44", "upn": "ann@corp.example", "name": "Ann Lee", "email": "ann@corp.example", "email_verified": true,
		"givenName": "Ann", "surname": "Lee", "jobTitle": "Engineer", "businessPhones": []any{"+1 555 0100"}, "mobilePhone": "+1 555 0101", "preferredLanguage": "en-US",
		"groups": []any{"Staff", "Sales", "Board"},
	}
	plain := storage.Document{
		"sub": "pairwise", "oid": "11-22", "tenantid": "33-44", "upn": "ann@corp.example", "name": "Ann Lee", "email": "ann@corp.example", "email_verified": false,
		"given_name": "Ann", "family_name": "Lee", "nickname": "ann",
	}
	extended := storage.Document{"job_title": "Engineer", "phone": []any{"+1 555 0100"}, "mobile": "+1 555 0101", "preferred_language": "en-US"}
	for name, tt := range map[string]struct {
		options map[string]any
		id      string
		more    storage.Document
	}{
		"as it is":             {nil, "waad|11-22", nil},
		"by the other claim":   {map[string]any{"userid_attribute": "sub"}, "waad|pairwise", nil},
		"the extended profile": {map[string]any{"ext_profile": true}, "waad|11-22", extended},
		"groups":               {map[string]any{"ext_groups": true}, "waad|11-22", storage.Document{"groups": []any{"Staff", "Sales", "Board"}}},
		"two groups":           {map[string]any{"ext_groups": true, "max_groups_to_retrieve": "2"}, "waad|11-22", storage.Document{"groups": []any{"Staff", "Sales"}}},
		"an address that counts": {
			map[string]any{"should_trust_email_verified_connection": "always_set_emails_as_verified"}, "waad|11-22", storage.Document{"email_verified": true},
		},
		"an address of anybody's directory": {
			map[string]any{"should_trust_email_verified_connection": "always_set_emails_as_verified", "waad_common_endpoint": true}, "waad|11-22", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			account := providers.Read(storage.Connection{Name: "corp", Strategy: "waad", Options: tt.options}, "pairwise", said)
			want := storage.Document{}
			for _, some := range []storage.Document{plain, tt.more} {
				maps.Copy(want, some)
			}
			if d := cmp.Diff(want, account.Profile); d != "" || account.UserID() != tt.id {
				t.Errorf("%s %s", account.UserID(), d)
			}
		})
	}
}
