package providers

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// AssertionLifetime is how long a simulated provider's assertion of a user's identity is good.
const AssertionLifetime = 5 * time.Minute

// IssuerOf is what the provider of a connection calls itself: as the connection says, or, where that says
// nothing, by an address below the tenant's.
func IssuerOf(c storage.Connection, tenant string) string {
	if issuer := storage.Text(c.Options, "issuer"); issuer != "" {
		return issuer
	}
	if at := storage.Text(c.Options, "discovery_url"); at != "" {
		return strings.TrimSuffix(at, "/.well-known/openid-configuration")
	}
	if domain := storage.Text(c.Options, "domain"); domain != "" {
		return "https://" + domain
	}
	return tenant + "simulated/" + c.Name
}

// IsIssuer reports whether the provider of a connection calls itself so. Some issuers end in a slash that the
// address of their document does not tell.
func IsIssuer(c storage.Connection, tenant, issuer string) bool {
	return issuer != "" && strings.TrimSuffix(IssuerOf(c, tenant), "/") == strings.TrimSuffix(issuer, "/")
}

// Assertion is what a simulated provider is to assert of a person.
type Assertion struct {
	// ClientID is the application that gets it, Resource the API that it is for, "" for none, and Scope what of that.
	ClientID, Resource, Scope string
}

// NewAssertion are the claims of an assertion by which a simulated provider lets an application act for a person at
// a tenant, draft-ietf-oauth-identity-assertion-authz-grant section 3.
func NewAssertion(c storage.Connection, tenant string, p storage.Person, a Assertion, now time.Time) ([]byte, error) {
	claims := map[string]any{
		"iss": IssuerOf(c, tenant), "sub": p.ID, "aud": tenant, "client_id": a.ClientID, "jti": keys.Random(16),
		"iat": now.Unix(), "exp": now.Add(AssertionLifetime).Unix(),
	}
	for name, value := range map[string]string{"resource": a.Resource, "scope": a.Scope} {
		if value != "" {
			claims[name] = value
		}
	}
	return json.Marshal(claims)
}
