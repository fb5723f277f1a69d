package storage

import (
	"iter"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage/identities"
)

// Applications are indexed by the origins of the URLs that they list, so that a request
// that names no application, such as a CORS preflight, costs the same however many there
// are. The index finds the applications that may list an origin; server/callback, which
// knows the syntax of such URLs, decides whether they do.

// originIndex is the name of the index. A value is an origin in lower case,
// scheme://*.domain for URLs with a placeholder before the domain, or anyOrigin for URLs
// that have to be compared with every origin.
const (
	originIndex = "origin"
	anyOrigin   = "*"
)

// organizationLabel is the placeholder for an organization's name, Auth0:
// get-started/applications/wildcards-for-subdomains.
const organizationLabel = "{organization_name}"

// origins returns the index values of the client's URLs.
func origins(c Client) []string {
	var values []string
	for _, list := range [][]string{c.AllowedOrigins, c.WebOrigins, c.Callbacks} {
		for _, address := range list {
			if value := originOf(address); value != "" {
				values = append(values, value)
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// originOf returns the index value of a URL, "" if no page has its origin. URLs of other schemes than http and https
// have to be origins themselves.
func originOf(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	scheme = strings.ToLower(scheme)
	if !ok {
		return ""
	}
	host, path := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host, path = rest[:end], rest[end:]
	}
	if scheme != "http" && scheme != "https" {
		if path != "" && path != "/" {
			return ""
		}
		host = strings.TrimPrefix(host, "*")
	} else if label, domain, ok := strings.Cut(host, "."); ok && (label == organizationLabel || strings.Contains(label, "*")) {
		host = "*." + domain
	} else if strings.Contains(host, "*") {
		return anyOrigin
	}
	value := scheme + "://" + strings.ToLower(host)
	if strings.ContainsAny(strings.TrimPrefix(host, "*"), "*{}") || !identities.Searchable(value) {
		return anyOrigin
	}
	return value
}

// ClientsAt yields the applications that may list an origin (scheme://host[:port] in lower
// case): all that do list it, and some others. The sequence ends after an error.
func (tx *Tx) ClientsAt(origin string) iter.Seq2[Client, error] {
	values := []string{origin}
	if scheme, host, ok := strings.Cut(origin, "://"); ok {
		if _, domain, ok := strings.Cut(host, "."); ok {
			values = append(values, scheme+"://*."+domain)
		}
	}
	values = slices.DeleteFunc(values, func(value string) bool { return !identities.Searchable(value) })
	return func(yield func(Client, error) bool) {
		for _, value := range append(values, anyOrigin) {
			for client, err := range tx.Clients.By(originIndex, value) {
				if !yield(client, err) || err != nil {
					return
				}
			}
		}
	}
}
