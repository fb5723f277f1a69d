// Package redact knows what looks like a secret where nothing says what is one: in places that take anything, in addresses
// and in texts. It is careful in one direction: a name alone makes a secret only if its last word is one of a secret, as in
// apiKey and client_secret, and not in token_lifetime or password_policy. Where members are described, package resource says
// which of them are secrets.
package redact

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Mask stands where a secret was.
const Mask = "REDACTED"

// Words of names. A name is cut where its case changes, and at what is no letter or digit.
var (
	// secretWords make a secret of what they end the name of, or what their plural does.
	secretWords = []string{
		"secret", "password", "passwd", "passphrase", "pwd", "pass", "token", "credential", "assertion", "authorization", "apikey",
		"accesskey", "secretkey", "privatekey", "masterkey", "signingkey", "skey", "jwt", "pkcs12", "p12", "pfx", "cookie", "otp",
	}
	// keyWords make a secret of a key.
	keyWords = []string{
		"api", "access", "account", "app", "auth", "client", "consumer", "decryption", "encryption", "license", "master", "private", "sas",
		"secret", "server", "service", "sharedsecret", "shared", "signing", "write",
	}
	// derived are what is as good as the secret that the rest of the name tells of.
	derived = []string{"hash", "salt", "value", "string", "text", "plaintext", "encrypted", "base64", "pem", "code"}
	// wholeNames are secrets that no rule finds.
	wholeNames = []string{"connectionstring", "linkwith", "recoverycode", "signature", "sig", "ticketurl", "invitationurl"}
	// groups are objects and lists of which each text is a secret.
	groups = []string{"secrets", "credentials", "passwordhash", "custompasswordhash"}
)

// wordBreaks are where a word of a name begins: after what is no letter or digit, and at a change of case.
var wordBreaks = regexp.MustCompile(`[^A-Za-z0-9]+|([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

func wordsOf(name string) []string {
	return strings.Fields(strings.ToLower(wordBreaks.ReplaceAllString(name, "$1$3 $2$4")))
}

// Name reports whether a text or a list of texts with a name is a secret, as far as a name can tell.
func Name(name string) bool {
	words := wordsOf(name)
	if len(words) == 0 {
		return false
	}
	if slices.Contains(wholeNames, strings.Join(words, "")) {
		return true
	}
	last, rest := words[len(words)-1], words[:len(words)-1]
	if len(rest) > 0 && slices.Contains(derived, last) {
		last, rest = rest[len(rest)-1], rest[:len(rest)-1]
	}
	one := strings.TrimSuffix(last, "s")
	for _, word := range []string{last, one} {
		if slices.Contains(secretWords, word) {
			return true
		}
	}
	return one == "key" && slices.ContainsFunc(rest, func(word string) bool { return slices.Contains(keyWords, word) })
}

// Group reports whether an object or a list with a name holds secrets, whatever its members are called.
func Group(name string) bool { return slices.Contains(groups, strings.Join(wordsOf(name), "")) }

// template is a text that a value takes the place of, as flows have them.
var template = regexp.MustCompile(`^\s*\{\{.*\}\}\s*$`)

// Value reports whether the value of a member is a secret, by the member's name. What a text is made of is for Text.
func Value(name string, value any) bool {
	switch v := value.(type) {
	case string:
		return v != "" && !isAddress(v) && !template.MatchString(v) && Name(name)
	case map[string]any:
		return Group(name) && holdsText(v)
	case []any:
		return (Group(name) || Name(name)) && holdsText(v)
	}
	return false // no secret fits into a number, a flag or nothing
}

// holdsText reports whether there is a text within a value.
func holdsText(value any) bool {
	switch v := value.(type) {
	case string:
		return v != ""
	case []any:
		return slices.ContainsFunc(v, holdsText)
	case map[string]any:
		for _, item := range v {
			if holdsText(item) {
				return true
			}
		}
	}
	return false
}

var (
	// privateKey is a private key in PEM, RFC 7468, with line breaks or with those of a JSON text within a text.
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^-]*(-----END [A-Z0-9 ]*PRIVATE KEY-----)?`)
	// compactJWS is a signed token in its compact form, RFC 7515 section 7.1: its header is an object that begins with a
	// quote.
	compactJWS = regexp.MustCompile(`^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+){0,2}$`)
	// authorization is the value of an Authorization header, RFC 9110 section 11.6.2.
	authorization = regexp.MustCompile(`(?i)^(Bearer|Basic|DPoP|Digest|Splunk|ApiKey|Token) +(\S.*)$`)
	// address begins as a URL with an authority does, RFC 3986 section 3.
	address = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
)

func isAddress(text string) bool { return address.MatchString(text) }

// Text returns a text with each secret in it replaced: private keys, tokens, the value of an Authorization header, and of an
// address the password and the parameters that are secrets by their names. replace is given what the secret is called.
func Text(text string, replace func(what string) string) string {
	if strings.Contains(text, "PRIVATE KEY-----") {
		text = privateKey.ReplaceAllStringFunc(text, func(string) string { return replace("PRIVATE_KEY") })
	}
	switch {
	case compactJWS.MatchString(text):
		return replace("TOKEN")
	case isAddress(text):
		return inAddress(text, replace)
	}
	if parts := authorization.FindStringSubmatch(text); parts != nil && looksRandom(parts[2]) {
		return parts[1] + " " + replace("AUTHORIZATION")
	}
	return text
}

// looksRandom tells a credential from the words of a sentence that begins as a header does.
func looksRandom(text string) bool {
	return len(text) >= 8 && !strings.Contains(strings.TrimSpace(text), " ")
}

// inAddress replaces the userinfo of an address, RFC 3986 section 3.2.1, and secret parameters of its query and its fragment.
// All else stays as it is written, placeholders included.
func inAddress(text string, replace func(what string) string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, _, hasPassword := strings.Cut(authority[:at], ":")
		if hasPassword {
			user += ":" + replace("PASSWORD")
		} else { // a lone user is a token, as in https://TOKEN@host
			user = replace("USERINFO")
		}
		authority = user + authority[at:]
	}
	path, fragment, hasFragment := strings.Cut(tail, "#")
	path, query, hasQuery := strings.Cut(path, "?")
	if hasQuery {
		path += "?" + parameters(query, replace)
	}
	if hasFragment {
		path += "#" + parameters(fragment, replace)
	}
	return scheme + "://" + authority + path
}

// parameters replaces the values of secret parameters.
func parameters(query string, replace func(what string) string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		if value != "" && Parameter(plain) {
			pairs[i] = name + "=" + replace(strings.ToUpper(plain))
		}
	}
	return strings.Join(pairs, "&")
}

// Parameter reports whether a parameter of an address is a secret by its name. Names are more telling there: ?key= is a
// credential, and ?code= and ?ticket= are good for one.
func Parameter(name string) bool {
	switch strings.ToLower(name) {
	case "key", "code", "ticket", "invitation", "hash":
		return true
	}
	return Name(name)
}

// Address returns an address that may be told to people: without the secrets in it.
func Address(text string) string { return Text(text, func(string) string { return Mask }) }

// Query returns the parameters of a request, the first value of each, without secrets.
func Query(values url.Values) map[string]any {
	shown := map[string]any{}
	for name, list := range values {
		switch {
		case len(list) == 0:
		case Parameter(name) && list[0] != "":
			shown[name] = Mask
		default:
			shown[name] = Address(list[0])
		}
	}
	return shown
}
