package resource

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/storage"
)

// kinds lists the kinds whose members are checked.
var kinds = []*Kind{
	Clients, ResourceServers, ClientGrants, Connections, Roles, TenantSettings, Users, Credentials,
	BruteForceProtection, SuspiciousIPThrottling, BreachedPasswordDetection, BotDetection, Captcha, PhoneProviderProtection,
	Branding, Prompts, EmailProvider, EmailTemplates, CustomDomains, PhoneProviders, PhoneTemplates, Themes, EncryptionKeys, AuthenticationMethods, DeviceCredentials,
	Actions, ActionModules, LogStreams, EventStreams, Hooks, Rules, Flows, VaultConnections, Forms, NetworkACLs, NetworkACLKeys, RateLimitPolicies,
	ConnectionProfiles, UserAttributeProfiles, SelfServiceProfiles, TokenExchangeProfiles, CredentialTemplates,
	Organizations, OrganizationConnections, OrganizationClients, OrganizationGrants, OrganizationInvitations, DiscoveryDomains, Jobs,
}

// TestEveryDeclaredNumberIsBounded walks all members of all kinds: a number within its
// range is accepted, and the error for any other names the bound.
func TestEveryDeclaredNumberIsBounded(t *testing.T) {
	found := 0
	var walk func(path string, f Field)
	walk = func(path string, f Field) {
		if f.Type == Integer || f.Type == Number {
			found++
			checkRange(t, path, f)
		}
		if f.Item != nil {
			walk(path+"[]", *f.Item)
		}
		for name, member := range f.Fields {
			walk(path+"."+name, member)
		}
	}
	for _, k := range kinds {
		walk(k.Name, Field{Fields: k.Fields})
	}
	for name, k := range Sinks {
		walk(name, Field{Fields: k.Fields})
	}
	if found < 25 {
		t.Errorf("only %d numbers were found", found)
	}
}

func checkRange(t *testing.T, path string, f Field) {
	t.Helper()
	f.Access, f.Enum = Writable, nil
	least, most := float64(f.Min), float64(maxNumber)
	if f.Least > 0 {
		least = f.Least
	}
	if f.Max > 0 {
		most = float64(f.Max)
	}
	for v, want := range map[float64]string{
		least: "", most: "", least - 1: "less than minimum", most + 1: "greater than maximum", min(-1, least-1): "less than minimum", 1e300: "greater than maximum",
		-1e300: "less than minimum", 1 << 53: "greater than maximum", math.MaxInt64: "greater than maximum", math.MaxUint64: "greater than maximum",
	} {
		err := (&Kind{Fields: Fields{"n": f}}).Check(storage.Document{"n": v}, Create)
		if got := fmt.Sprint(err); (err == nil) != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %v is answered with %s", path, v, got)
		}
	}
	err := (&Kind{Fields: Fields{"n": f}}).Check(storage.Document{"n": least + 0.5}, Create)
	if (err == nil) != (f.Type == Number) {
		t.Errorf("%s, of type %s, answers a fraction with %v", path, f.Type, err)
	}
}
