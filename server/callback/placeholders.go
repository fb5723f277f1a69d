package callback

import (
	"regexp"
	"strings"
)

// Placeholders are what the placeholders in registered URLs stand for in one
// request, Auth0: get-started/applications/wildcards-for-subdomains. A URL with one
// that stands for nothing matches nothing.
type Placeholders struct {
	// Organization is the name that {organization_name} stands for.
	Organization string
	// Metadata is that of the custom domain which the request was sent to:
	// {custom_domain.metadata.KEY} stands for the text of a public key.
	Metadata map[string]any
}

// organizationPlaceholder takes the place of the leftmost label.
const organizationPlaceholder = "{organization_name}"

var (
	metadataPlaceholder = regexp.MustCompile(`\{custom_domain\.metadata\.([^{}.]+)\}`)
	hostText            = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`)
)

// fill puts into the host of a registered URL what its placeholders stand for, and
// reports whether each of them stands for something where it is.
func (p Placeholders) fill(scheme, host string) (filled string, ok bool) {
	if !strings.Contains(host, "{") {
		return host, true
	}
	if ok = validPlaceholders(scheme, host); !ok {
		return "", false
	}
	host = metadataPlaceholder.ReplaceAllStringFunc(host, func(placeholder string) string {
		key := metadataPlaceholder.FindStringSubmatch(placeholder)[1]
		value, _ := p.Metadata[key].(string)
		public := strings.HasPrefix(key, "public_") || strings.HasPrefix(key, "PUBLIC_")
		ok = ok && public && hostText.MatchString(value)
		return value
	})
	if domain, found := strings.CutPrefix(host, organizationPlaceholder+"."); found {
		ok = ok && hostText.MatchString(p.Organization) && (strings.Contains(domain, ".") || isLocal(domain))
		host = p.Organization + "." + domain
	}
	return host, ok
}

// Filled returns an address with what its placeholders stand for in their place, "" where
// one stands for nothing.
func Filled(uri string, p Placeholders) string {
	scheme, after, found := strings.Cut(uri, "://")
	if !found {
		return uri
	}
	host, rest := cutHost(after)
	host, ok := p.fill(strings.ToLower(scheme), host)
	if !ok {
		return ""
	}
	return scheme + "://" + host + rest
}

// isLocal reports whether a host is the machine's own, which nobody can register
// names beneath, RFC 6761 section 6.3.
func isLocal(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	return name == "localhost"
}

// validPlaceholders reports whether the placeholders of a host are known, and where
// they may be: in a web address, without a wildcard, and the organization's as the
// whole leftmost label.
func validPlaceholders(scheme, host string) bool {
	rest := strings.TrimPrefix(host, organizationPlaceholder+".")
	rest = metadataPlaceholder.ReplaceAllString(rest, "")
	return isWeb(scheme) && !strings.Contains(host, "*") && !strings.ContainsAny(rest, "{}")
}

// Registrable reports whether a URL may be registered: an absolute one, with known
// placeholders where they may be.
func Registrable(uri string) bool {
	if !absolute.MatchString(uri) {
		return false
	}
	scheme, after, _ := strings.Cut(uri, "://")
	host, rest := cutHost(after)
	if strings.ContainsAny(scheme+rest, "{}") {
		return false
	}
	return !strings.ContainsAny(host, "{}") || validPlaceholders(strings.ToLower(scheme), host)
}

// absolute begins as a URL does, RFC 3986 section 3.1.
var absolute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.`)

// OrganizationIn is the name that {organization_name} would have to stand for where
// a registered URL is to match uri.
func OrganizationIn(uri string) string {
	sent, ok := parse(uri)
	if !ok {
		return ""
	}
	label, _, _ := strings.Cut(sent.Host, ".")
	return label
}
