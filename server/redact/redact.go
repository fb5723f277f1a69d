// Package redact recognizes secrets by their name or form, in places where no description says which values are secret:
// free-form members, URLs and texts. It avoids hiding harmless settings: a name means a secret only if its last word
// does, as in apiKey and client_secret, but not in token_lifetime or password_policy. Where members are described,
// package resource says which of them are secrets.
package redact

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Mask replaces a secret in what is shown.
const Mask = "REDACTED"

// Words that occur in names. A name is split into words where its case changes, and at characters that are no letters
// or digits.
var (
	// secretWords are words that mean a secret when a name ends with them, in the singular or in the plural.
	secretWords = []string{
		"secret", "password", "passwd", "passphrase", "pwd", "pass", "token", "credential", "assertion", "authorization", "apikey",
		"accesskey", "secretkey", "privatekey", "masterkey", "signingkey", "skey", "jwt", "pkcs12", "p12", "pfx", "cookie", "otp",
	}
	// keyWords are words that turn a name ending with "key" into a secret, as in api_key.
	keyWords = []string{
		"api", "access", "account", "app", "auth", "client", "consumer", "decryption", "encryption", "license", "master", "private", "sas",
		"secret", "server", "service", "sharedsecret", "shared", "signing", "write",
	}
	// derived are last words that name another form of a secret, as in password_hash: the word before them decides.
	derived = []string{"hash", "salt", "value", "string", "text", "plaintext", "encrypted", "base64", "pem", "code"}
	// wholeNames are names of secrets that the rules above do not find.
	wholeNames = []string{"connectionstring", "linkwith", "recoverycode", "signature", "sig", "ticketurl", "invitationurl"}
	// groups are names of objects and lists whose texts are all secrets.
	groups = []string{"secrets", "credentials", "passwordhash", "custompasswordhash"}
)

// wordBreaks matches where a name is split into words: at characters that are no letters or digits, and at a change of
// case.
var wordBreaks = regexp.MustCompile(`[^A-Za-z0-9]+|([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

func wordsOf(name string) []string {
	return strings.Fields(strings.ToLower(wordBreaks.ReplaceAllString(name, "$1$3 $2$4")))
}

// Name reports whether the name of a text, or of a list of texts, suggests that it is a secret.
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

// template matches a text that is replaced by a value when it is used, such as {{fields.email}} in a flow.
var template = regexp.MustCompile(`^\s*\{\{.*\}\}\s*$`)

// Value reports whether the value of a member is a secret, judged by the member's name. Secrets within a text are found
// by Text.
func Value(name string, value any) bool {
	switch v := value.(type) {
	case string:
		return v != "" && !isAddress(v) && !template.MatchString(v) && Name(name)
	case map[string]any:
		return Group(name) && holdsText(v)
	case []any:
		return (Group(name) || Name(name)) && holdsText(v)
	}
	return false // numbers, booleans and null hold no secret
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
	// privateKey is a private key in PEM, RFC 7468, with its line breaks or with the escaped ones of a JSON text within
	// a text.
	privateKey = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^-]*(-----END [A-Z0-9 ]*PRIVATE KEY-----)?`)
	// compactJWS is a signed token in its compact form, RFC 7515 section 7.1. It begins with "eyJ", the base64url form
	// of {".
	compactJWS = regexp.MustCompile(`^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+){0,2}$`)
	// authorization is the value of an Authorization header, RFC 9110 section 11.6.2.
	authorization = regexp.MustCompile(`(?i)^(Bearer|Basic|DPoP|Digest|Splunk|ApiKey|Token) +(\S.*)$`)
	// address is the beginning of a URL with an authority, RFC 3986 section 3.
	address = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
)

func isAddress(text string) bool { return address.MatchString(text) }

// Text returns a text with each secret in it replaced: private keys, tokens, the value of an Authorization header, and
// in a URL the password and the parameters whose names suggest a secret. replace is given a name for the kind of
// secret, such as TOKEN.
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

// looksRandom tells a credential from the words of a sentence that happens to begin like an Authorization header.
func looksRandom(text string) bool {
	return len(text) >= 8 && !strings.Contains(strings.TrimSpace(text), " ")
}

// inAddress replaces the userinfo of a URL, RFC 3986 section 3.2.1, and secret parameters of its query and its
// fragment. The rest of the URL stays unchanged, including placeholders.
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

// parameters replaces the values of secret parameters in a query or a fragment.
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

// Parameter reports whether the name of a URL parameter suggests a secret. More names do there than in Name: ?key= is a
// credential, and ?code= and ?ticket= can be exchanged for one.
func Parameter(name string) bool {
	switch strings.ToLower(name) {
	case "key", "code", "ticket", "invitation", "hash":
		return true
	}
	return Name(name)
}

// Address returns a URL with its secrets masked, so that it can be shown.
func Address(text string) string { return Text(text, func(string) string { return Mask }) }

// Query returns the parameters of a request, the first value of each, with secrets masked.
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
