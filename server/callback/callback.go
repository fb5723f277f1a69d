// Package callback compares the URLs in requests with those that an application has
// registered: callback URLs, logout URLs and origins. It implements the matching rules;
// the lists of registered URLs come from the caller.
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

// Allowed reports whether uri is one of the registered callback URLs: it equals one of
// them except for the case of scheme and host, or matches one with a wildcard or
// placeholder.
func Allowed(registered []string, uri string, p Placeholders) bool {
	sent, ok := parse(uri)
	return ok && slices.ContainsFunc(registered, func(pattern string) bool {
		return match(pattern, sent, p, true)
	})
}

// AllowedLogout is Allowed for logout URLs. If ignoreQuery is set, query and fragment are
// not compared: /v2/logout does so, /oidc/logout does not.
func AllowedLogout(registered []string, uri string, p Placeholders, ignoreQuery bool) bool {
	if ignoreQuery {
		uri, _, _ = strings.Cut(uri, "#")
	}
	sent, ok := parse(uri)
	return ok && slices.ContainsFunc(registered, func(pattern string) bool {
		return match(pattern, sent, p, !ignoreQuery)
	})
}

// AllowedOrigin reports whether origin is the origin of one of the registered URLs. Their
// paths do not matter. Origins of other schemes than http and https, which the pages within
// applications have, such as capacitor://localhost, have to be registered themselves: the
// callback URL of an application with a scheme of its own is none. Auth0:
// quickstart/native/ionic-angular.
func AllowedOrigin(registered []string, origin string, p Placeholders) bool {
	sent, ok := parseOrigin(origin)
	return ok && slices.ContainsFunc(registered, func(pattern string) bool {
		scheme, host, rest, ok := p.split(pattern)
		switch {
		case !ok || scheme != sent.Scheme:
			return false
		case isWeb(scheme):
			return matchHost(scheme, host, sent.Host)
		case scheme == "file": // it has no host; Cordova's guides register file://*
			host = strings.TrimPrefix(host, "*")
		}
		return host == sent.Host && (rest == "" || rest == "/")
	})
}

// Origin normalizes an origin to scheme://host[:port] in lower case, and reports whether
// the text is an origin that can be registered, which "null" is not.
func Origin(origin string) (string, bool) {
	sent, ok := parseOrigin(origin)
	if !ok {
		return "", false
	}
	return sent.Scheme + "://" + sent.Host, true
}

func parseOrigin(origin string) (sent *url.URL, ok bool) {
	if sent, ok = parse(origin); !ok {
		return nil, false
	}
	named := sent.Opaque == "" && (sent.Host != "" || sent.Scheme == "file")
	return sent, named && (sent.Path == "" || sent.Path == "/") && sent.RawQuery == ""
}

// dangerous are schemes of URLs that a browser would run or show as content of the
// server's own page. Browsers open no file: from a web page; Electron applications
// register file:///callback to catch it.
var dangerous = []string{"javascript", "data", "vbscript", "blob", "about", "view-source", "filesystem"}

// Dangerous reports whether a URL that is kept to send a browser to is code or content of its own, such as javascript:, or
// has control characters. Browsers overlook spaces before the scheme.
func Dangerous(uri string) bool {
	scheme, _, _ := strings.Cut(strings.TrimLeftFunc(uri, unicode.IsSpace), ":")
	return strings.ContainsFunc(uri, unicode.IsControl) || slices.Contains(dangerous, strings.ToLower(scheme))
}

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

// match reports whether a registered URL (pattern) matches a parsed URL.
func match(pattern string, sent *url.URL, p Placeholders, query bool) bool {
	scheme, host, rest, ok := p.split(pattern)
	if !strings.Contains(pattern, "://") {
		// Not scheme://host: a custom scheme of an application, compared exactly.
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

// withSlash makes an origin with and without a trailing slash the same: SDKs send the
// origin of the page, and applications register it in either form.
func withSlash(rest string) string {
	if rest == "" || rest[0] == '?' {
		return "/" + rest
	}
	return rest
}

// split divides a registered URL into scheme, host and the rest, and replaces the
// placeholders in the host. It does not use url.Parse, which is too strict or too lenient
// about wildcards, depending on where they are.
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

// cutHost divides the part of a URL after scheme:// into the host, with its port, and the
// rest.
func cutHost(after string) (host, rest string) {
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		end = len(after)
	}
	return after[:end], after[end:]
}

// matchHost compares hosts with their ports. A single * may stand for a part of the
// leftmost label of an http or https host, if two more labels follow. It never stands for
// a dot, so it cannot match a domain of another owner.
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
