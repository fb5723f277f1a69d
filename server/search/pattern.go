package search

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a term with wildcards.
type pattern []glyph

// glyph is one character of a pattern. A wild glyph is a wildcard: '*' stands for any
// number of characters, '?' for exactly one.
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

// literal returns the pattern as plain text, if it has no wildcard.
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

// tooShort reports whether fewer characters than Auth0 demands stand after a wildcard.
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

// lower returns the pattern in lower case.
func (p pattern) lower() pattern {
	out := make(pattern, len(p))
	for i, g := range p {
		out[i] = glyph{unicode.ToLower(g.char), g.wild}
	}
	return out
}

// maxPiece is how many characters with a "?" among them may stand between two "*". It is
// bounded because such a piece is tried at every position of a text.
const maxPiece = 100

// tooLong reports whether a piece with a "?" is longer than maxPiece.
func (p pattern) tooLong() bool {
	return slices.ContainsFunc(p.pieces(), func(piece piece) bool { return piece.literal == nil && len(piece.glyphs) > maxPiece })
}

// piece is the part of a pattern between two "*".
type piece struct {
	literal []byte // nil if the piece has a "?"
	glyphs  pattern
}

// pieces splits the pattern at each "*"; the pieces may be empty.
func (p pattern) pieces() (all []piece) {
	for rest, more := p, true; more; {
		glyphs := rest
		at := slices.Index(rest, glyph{'*', true})
		if more = at >= 0; more {
			glyphs, rest = rest[:at], rest[at+1:]
		}
		part := piece{glyphs: glyphs}
		if text, plain := glyphs.literal(); plain {
			part.literal = []byte(text)
		}
		all = append(all, part)
	}
	return all
}

// matcher returns a function that reports whether a whole text matches the pattern. Its
// time grows in proportion to the text: for each piece between two "*" the first match is
// taken, and other matches are never tried.
func (p pattern) matcher() func(text []byte) bool {
	pieces := p.pieces()
	first, between, last := pieces[0], pieces[1:max(len(pieces)-1, 1)], pieces[len(pieces)-1]
	return func(text []byte) bool {
		size, ok := first.begins(text)
		if !ok || len(pieces) == 1 {
			return ok && size == len(text)
		}
		text = text[size:]
		for _, part := range between {
			end, ok := part.find(text)
			if !ok {
				return false
			}
			text = text[end:]
		}
		return last.ends(text)
	}
}

// begins reports whether a text begins with the piece, and how many bytes the piece takes
// of it.
func (p piece) begins(text []byte) (size int, ok bool) {
	if p.literal != nil {
		return len(p.literal), bytes.HasPrefix(text, p.literal)
	}
	for _, g := range p.glyphs {
		char, width := utf8.DecodeRune(text[size:])
		if width == 0 || !g.wild && g.char != char {
			return 0, false
		}
		size += width
	}
	return size, true
}

// find returns where the first match of the piece in a text ends.
func (p piece) find(text []byte) (end int, ok bool) {
	if p.literal != nil {
		at := bytes.Index(text, p.literal)
		return at + len(p.literal), at >= 0
	}
	for at := 0; at < len(text); {
		if size, ok := p.begins(text[at:]); ok {
			return at + size, true
		}
		_, width := utf8.DecodeRune(text[at:])
		at += width
	}
	return 0, false
}

// ends reports whether a text ends with the piece.
func (p piece) ends(text []byte) bool {
	if p.literal != nil {
		return bytes.HasSuffix(text, p.literal)
	}
	at := len(text)
	for range p.glyphs {
		_, width := utf8.DecodeLastRune(text[:at])
		if at -= width; width == 0 {
			return false
		}
	}
	_, ok := p.begins(text[at:])
	return ok
}
