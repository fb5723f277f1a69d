package tenant

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config"
)

// Variable is one environment variable of a client.
type Variable struct{ Name, Value string }

// Environment returns environment variables that point a client at the tenant, with
// the names that Auth0's quickstarts and SDKs use. The application is the first that
// people log in to, the audience the first API. control is the tenant's URL at the
// control listener.
func (s Summary) Environment(control string) []Variable {
	host := s.Issuer
	if u, err := url.Parse(s.Issuer); err == nil {
		host = u.Host
	}
	variables := []Variable{
		{"AUTH0_DOMAIN", host},
		{"AUTH0_ISSUER_BASE_URL", strings.TrimSuffix(s.Issuer, "/")},
	}
	if len(s.Applications) > 0 {
		people := slices.IndexFunc(s.Applications, func(a Application) bool { return a.Type != "non_interactive" })
		application := s.Applications[max(people, 0)]
		variables = append(variables, Variable{"AUTH0_CLIENT_ID", application.ClientID})
		if application.ClientSecret != "" {
			variables = append(variables, Variable{"AUTH0_CLIENT_SECRET", application.ClientSecret})
		}
	}
	if len(s.APIs) > 0 {
		variables = append(variables, Variable{"AUTH0_AUDIENCE", s.APIs[0].Identifier})
	}
	return append(variables, Variable{config.ControlURLVariable, control})
}

// CAVariables returns variables that make programs trust the certificate authorities
// in a file. Node trusts them in addition to its own; OpenSSL (curl, Ruby, PHP), Go
// and Python trust only them.
func CAVariables(file string) []Variable {
	return []Variable{
		{"NODE_EXTRA_CA_CERTS", file},
		{"SSL_CERT_FILE", file},
		{"CURL_CA_BUNDLE", file},
		{"REQUESTS_CA_BUNDLE", file},
	}
}
