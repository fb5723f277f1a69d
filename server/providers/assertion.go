package providers

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// AssertionLifetime is the lifetime of a simulated provider's identity assertion.
const AssertionLifetime = 5 * time.Minute

// IssuerOf returns the issuer of a connection's provider: from the connection's options or, if they name none, a URL
// below the tenant's. tenant is the tenant's issuer.
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

// IsIssuer reports whether issuer is the issuer of a connection's provider. A slash at the end makes no difference,
// since the discovery URL does not show whether the issuer has one.
func IsIssuer(c storage.Connection, tenant, issuer string) bool {
	return issuer != "" && strings.TrimSuffix(IssuerOf(c, tenant), "/") == strings.TrimSuffix(issuer, "/")
}

// Assertion holds what a simulated provider's identity assertion is requested for.
type Assertion struct {
	// ClientID is the application that receives the assertion. Resource is the API that the assertion is for, "" for
	// none, and Scope the requested scope of that API.
	ClientID, Resource, Scope string
}

// NewAssertion returns the claims of an identity assertion as JSON. With such an assertion from a simulated provider
// an application may act for a person at a tenant, draft-ietf-oauth-identity-assertion-authz-grant section 3.
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
