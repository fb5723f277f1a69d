package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server"
)

// variable is one environment variable of a client.
type variable struct{ name, value string }

// tenantVariables point a client at the tenant, by the names that Auth0's
// quickstarts and SDKs use. The application is the first that people log in to,
// the audience the first API.
func tenantVariables(s server.Summary) []variable {
	host := s.Issuer
	if u, err := url.Parse(s.Issuer); err == nil {
		host = u.Host
	}
	variables := []variable{
		{"AUTH0_DOMAIN", host},
		{"AUTH0_ISSUER_BASE_URL", strings.TrimSuffix(s.Issuer, "/")},
	}
	if len(s.Applications) > 0 {
		people := slices.IndexFunc(s.Applications, func(a server.Application) bool { return a.Type != "non_interactive" })
		application := s.Applications[max(people, 0)]
		variables = append(variables, variable{"AUTH0_CLIENT_ID", application.ClientID})
		if application.ClientSecret != "" {
			variables = append(variables, variable{"AUTH0_CLIENT_SECRET", application.ClientSecret})
		}
	}
	if len(s.APIs) > 0 {
		variables = append(variables, variable{"AUTH0_AUDIENCE", s.APIs[0].Identifier})
	}
	return append(variables, variable{config.ControlURLVariable, s.ControlURL})
}

// caVariables make programs trust the certificate authorities in a file: Node
// besides those it knows; OpenSSL (curl, Ruby, PHP), Go and Python instead of
// them.
func caVariables(file string) []variable {
	return []variable{
		{"NODE_EXTRA_CA_CERTS", file},
		{"SSL_CERT_FILE", file},
		{"CURL_CA_BUNDLE", file},
		{"REQUESTS_CA_BUNDLE", file},
	}
}

// overHTTPS tells whether clients need the certificate authority at all.
func overHTTPS(s server.Summary) bool { return strings.HasPrefix(s.Issuer, "https://") }

// writeCABundle writes to a folder what a program trusts already together with
// the authority in caFile, so that the program still reaches other hosts.
func writeCABundle(folder, caFile string) (string, error) {
	var bundle []byte
	for _, file := range append(config.TrustedCAFiles(), caFile) {
		pem, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("certificate authorities: %w", err)
		}
		bundle = append(append(bundle, bytes.TrimSpace(pem)...), '\n')
	}
	path := filepath.Join(folder, "ca-bundle.pem")
	if err := os.WriteFile(path, bundle, 0o600); err != nil {
		return "", fmt.Errorf("certificate authorities: %w", err)
	}
	return path, nil
}
