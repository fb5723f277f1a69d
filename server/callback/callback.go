// Package callback compares the addresses that an application sends with those
// that it registered: callback URLs, logout URLs and origins. It owns the
// grammar and no list.
//
// Auth0: get-started/applications/wildcards-for-subdomains and
// authenticate/login/logout/redirect-users-after-logout.
package callback

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Allowed reports whether uri is one of the registered callback URLs: the same
// text but for the case of scheme and host, or one that a registered wildcard or
// placeholder stands for.
func Allowed(registered []string, uri string, p Placeholders) bool {
	sent, ok := parse(uri)
	return ok && slices.ContainsFunc(registered, func(pattern string) bool {
		return match(pattern, sent, p, true)
	})
}

// AllowedLogout is Allowed for logout URLs. Where ignoreQuery is set, query and
// hash are not compared: /v2/logout does so, /oidc/logout does not.
func AllowedLogout(registered []string, uri string, p Placeholders, ignoreQuery bool) bool {
	if ignoreQuery {
		uri, _, _ = strings.Cut(uri, "#")
	}
	sent, ok := parse(uri)
	return ok && slices.ContainsFunc(registered, func(pattern string) bool {
		return match(pattern, sent, p, !ignoreQuery)
	})
}

// AllowedOrigin reports whether origin is that of one of the registered URLs.
// Paths do not count.
func AllowedOrigin(registered []string, origin string, p Placeholders) bool {
	sent, ok := parseOrigin(origin)
	return ok && slices.ContainsFunc(registered, func(pattern string) bool {
		scheme, host, _, ok := p.split(pattern)
		return ok && scheme == sent.Scheme && matchHost(scheme, host, sent.Host)
	})
}

// Origin is an origin as it is compared: scheme://host[:port] in lower case. It reports
// whether the text is the origin of a page.
func Origin(origin string) (string, bool) {
	sent, ok := parseOrigin(origin)
	if !ok {
		return "", false
	}
	return sent.Scheme + "://" + sent.Host, true
}

func parseOrigin(origin string) (sent *url.URL, ok bool) {
	sent, ok = parse(origin)
	return sent, ok && (sent.Path == "" || sent.Path == "/") && sent.RawQuery == "" && isWeb(sent.Scheme)
}

// dangerous schemes run or show what the URL holds, in the server's own page.
var dangerous = []string{"javascript", "data", "vbscript", "blob", "file", "about", "view-source", "filesystem"}

func isWeb(scheme string) bool { return scheme == "http" || scheme == "https" }

// parse reads an absolute URL as a browser would, and refuses what browsers and
// url.Parse may read differently. RFC 6749 section 3.1.2: "The redirection
// endpoint URI MUST be an absolute URI [...] The endpoint URI MUST NOT include a
// fragment component."
func parse(uri string) (*url.URL, bool) {
	odd := func(r rune) bool {
		return r == '\\' || r == '#' || r == '*' || unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar
	}
	if strings.ContainsFunc(uri, odd) {
		return nil, false
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" || u.User != nil || slices.Contains(dangerous, u.Scheme) {
		return nil, false
	}
	if isWeb(u.Scheme) && (u.Host == "" || u.Hostname() == "" || u.Opaque != "") {
		return nil, false
	}
	u.Host = strings.ToLower(u.Host)
	return u, true
}

// match compares a registered URL with a parsed one.
func match(pattern string, sent *url.URL, p Placeholders, query bool) bool {
	scheme, host, rest, ok := p.split(pattern)
	if !strings.Contains(pattern, "://") {
		// Not scheme://host: an application's own scheme, compared as it is.
		registered, valid := parse(pattern)
		return valid && sent.Host == "" && registered.String() == sent.String()
	}
	if !ok || scheme != sent.Scheme || sent.Opaque != "" || !matchHost(scheme, host, sent.Host) {
		return false
	}
	sentRest := sent.EscapedPath()
	if query && (sent.RawQuery != "" || sent.ForceQuery) {
		sentRest += "?" + sent.RawQuery
	}
	if !query {
		rest, _, _ = strings.Cut(rest, "?")
		rest, _, _ = strings.Cut(rest, "#")
	}
	return withSlash(rest) == withSlash(sentRest)
}

// withSlash makes the bare origin and the origin with a slash the same: SDKs
// send the origin of the page where an application registered it either way.
func withSlash(rest string) string {
	if rest == "" || rest[0] == '?' {
		return "/" + rest
	}
	return rest
}

// split takes scheme://host apart from the rest, and fills the placeholders of the
// host in. The pattern may hold a wildcard, which url.Parse would refuse in a port
// or accept anywhere.
func (p Placeholders) split(pattern string) (scheme, host, rest string, ok bool) {
	scheme, after, ok := strings.Cut(pattern, "://")
	if !ok {
		return "", "", "", false
	}
	scheme = strings.ToLower(scheme)
	host, rest = cutHost(after)
	host, ok = p.fill(scheme, host)
	return scheme, strings.ToLower(host), rest, ok
}

// cutHost takes what follows the scheme apart into the host, with its port, and the
// rest.
func cutHost(after string) (host, rest string) {
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	return after[:end], after[end:]
}

// matchHost compares hosts with their ports. One * may stand for a part of the
// leftmost label of a web host that has two more labels: never for a dot, so
// never for a domain of somebody else.
func matchHost(scheme, pattern, host string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == host
	}
	label, domain, ok := strings.Cut(pattern, ".")
	before, after, wild := strings.Cut(label, "*")
	if !ok || !wild || !isWeb(scheme) || strings.Contains(after, "*") || strings.Contains(domain, "*") || !strings.Contains(domain, ".") {
		return false
	}
	sentLabel, sentDomain, ok := strings.Cut(host, ".")
	if !ok || sentDomain != domain || len(sentLabel) <= len(before)+len(after) ||
		!strings.HasPrefix(sentLabel, before) || !strings.HasSuffix(sentLabel, after) {
		return false
	}
	return !strings.ContainsFunc(sentLabel, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}
