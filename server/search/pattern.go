package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a term with wildcards.
type pattern []glyph

// glyph is a character of a pattern; a wild one stands for others: '*' for any
// number of characters, '?' for one.
type glyph struct {
	char rune
	wild bool
}

// minLiteral is how many characters must stand after a wildcard, Auth0:
// manage-users/user-search/user-search-query-syntax#wildcards.
const minLiteral = 3

func (p pattern) text() string {
	var b strings.Builder
	for _, g := range p {
		if !g.wild && strings.ContainsRune(reserved, g.char) {
			b.WriteByte('\\')
		}
		b.WriteRune(g.char)
	}
	return b.String()
}

// literal is the pattern as plain text, if nothing in it is wild.
func (p pattern) literal() (string, bool) {
	var b strings.Builder
	for _, g := range p {
		if g.wild {
			return "", false
		}
		b.WriteRune(g.char)
	}
	return b.String(), true
}

// has reports whether the pattern has a wildcard.
func (p pattern) has(wildcard rune) bool { return slices.Contains(p, glyph{wildcard, true}) }

// tooShort reports whether a literal after a wildcard has fewer characters than
// Auth0 looks for.
func (p pattern) tooShort() bool {
	after, run := false, 0
	for _, g := range p {
		switch {
		case !g.wild:
			run++
		case after && 0 < run && run < minLiteral:
			return true
		default:
			after, run = true, 0
		}
	}
	return after && 0 < run && run < minLiteral
}

// lower is the pattern for text in lower case.
func (p pattern) lower() pattern {
	out := make(pattern, len(p))
	for i, g := range p {
		out[i] = glyph{unicode.ToLower(g.char), g.wild}
	}
	return out
}

// matches reports whether the whole text is of the pattern. A "*" is tried with the
// least text first and only the last one tried again, which finds every match.
func (p pattern) matches(text []byte) bool {
	at, star, mark := 0, -1, 0 // star and mark: where to try again with a longer "*"
	for i := 0; i < len(text); {
		char, size := utf8.DecodeRune(text[i:])
		switch {
		case at < len(p) && p[at] == (glyph{'*', true}):
			star, mark = at, i
			at++
		case at < len(p) && (p[at] == (glyph{char, false}) || p[at] == (glyph{'?', true})):
			at++
			i += size
		case star >= 0:
			_, size = utf8.DecodeRune(text[mark:])
			mark += size
			at, i = star+1, mark
		default:
			return false
		}
	}
	for at < len(p) && p[at] == (glyph{'*', true}) {
		at++
	}
	return at == len(p)
}
