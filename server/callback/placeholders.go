package callback

import (
	"regexp"
	"strings"
)

// Placeholders are the values of the placeholders in registered URLs for one request,
// Auth0: get-started/applications/wildcards-for-subdomains. A URL with a placeholder that
// has no value matches nothing.
type Placeholders struct {
	// Organization is the value of {organization_name}.
	Organization string
	// Metadata is the metadata of the custom domain that the request was sent to.
	// {custom_domain.metadata.KEY} stands for the value of KEY, which must begin with
	// public_ or PUBLIC_.
	Metadata map[string]any
}

// organizationPlaceholder may only be the whole leftmost label of a host.
const organizationPlaceholder = "{organization_name}"

var (
	metadataPlaceholder = regexp.MustCompile(`\{custom_domain\.metadata\.([^{}.]+)\}`)
	hostText            = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`)
)

// fill replaces the placeholders in the host of a registered URL, and reports whether
// each of them is allowed at its place and has a value.
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

// Filled returns a URL with its placeholders replaced, or "" if one of them has no value.
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

// isLocal reports whether a host is localhost, under which nobody can register domains,
// RFC 6761 section 6.3.
func isLocal(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	return name == "localhost"
}

// validPlaceholders reports whether the placeholders of a host are known and at an
// allowed place: in an http or https URL, without a wildcard, and the organization's as
// the whole leftmost label.
func validPlaceholders(scheme, host string) bool {
	rest := strings.TrimPrefix(host, organizationPlaceholder+".")
	rest = metadataPlaceholder.ReplaceAllString(rest, "")
	return isWeb(scheme) && !strings.Contains(host, "*") && !strings.ContainsAny(rest, "{}")
}

// Registrable reports whether a URL may be registered: an absolute URL that is not dangerous
// and whose placeholders are known and at allowed places.
func Registrable(uri string) bool {
	if !absolute.MatchString(uri) || Dangerous(uri) {
		return false
	}
	scheme, after, _ := strings.Cut(uri, "://")
	host, rest := cutHost(after)
	if strings.ContainsAny(scheme+rest, "{}") {
		return false
	}
	return !strings.ContainsAny(host, "{}") || validPlaceholders(strings.ToLower(scheme), host)
}

// absolute matches the beginning of an absolute URL, RFC 3986 section 3.1.
var absolute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.`)

// OrganizationIn returns the value that {organization_name} would need so that a
// registered URL matches uri: the leftmost label of its host. It returns "" for an
// invalid URL.
func OrganizationIn(uri string) string {
	sent, ok := parse(uri)
	if !ok {
		return ""
	}
	label, _, _ := strings.Cut(sent.Host, ".")
	return label
}
