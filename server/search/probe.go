package search

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// probe is the test of a leaf at one place in a document.
type probe struct {
	leaf int
	path string // the member, "" for a field that is not in the document
	// test is nil if any value passes.
	test func(scalar) bool
	// name and value are what an index can be asked for instead of running the test;
	// name is "" if no index can answer.
	name, value string
	joined      bool
}

// scalar is a value of a document that is not an object or array: a string without
// its quotes, a number as it is written, or true or false.
type scalar struct {
	form byte // 's', 'n' or 'b'
	text []byte
}

// probes returns the tests of a leaf, or the reason why the leaf cannot be tested.
func (s *Schema) probes(l *leaf) ([]probe, string) {
	names := []string{l.field}
	if l.field == "" {
		names = s.defaultFields
	}
	var out []probe
	for _, name := range names {
		f, reason := s.field(name)
		if reason == "" && f.joined && l.operator != equals {
			reason = `field "` + name + `" can only be searched for a whole value`
		}
		if reason != "" {
			return nil, reason
		}
		p := probe{path: f.from, joined: f.joined}
		if l.operator != exists {
			if p.test, reason = f.test(l, s.byWord(name)); reason != "" {
				return nil, `field "` + name + `" ` + reason
			}
		}
		if l.operator == equals && (f.joined || f.kind == text && !s.byWord(name)) {
			p.name, p.value = name, f.folded(l.value)
			if f.part == nil {
				p.name = f.from
			}
		}
		out = append(out, p)
	}
	return out, ""
}

func (f field) folded(s string) string {
	if f.fold {
		return strings.ToLower(s)
	}
	return s
}

// test returns the test that a value must pass, or the reason why the field does not
// support what the leaf asks for. If byWord is true, each word of a text is tested.
func (f field) test(l *leaf, byWord bool) (test func(scalar) bool, reason string) {
	switch {
	case l.operator == equals && f.kind == date, l.operator == between && f.kind == date:
		test, reason = dates(l)
	case f.plain && l.operator != equals:
		return nil, "takes no wildcards and no ranges"
	case l.operator == between:
		test, reason = f.between(l)
	case l.operator == like && f.kind != text:
		return nil, "takes no wildcards"
	case l.operator == like && byWord:
		return likeWord(l.pattern.lower()), ""
	case l.operator == like && f.fold:
		test = likeText(l.pattern.lower())
	case l.operator == like:
		test = likeText(l.pattern)
	case byWord && f.kind == text:
		return hasWords(l.value), ""
	default:
		test, reason = f.equals(f.folded(l.value))
	}
	return f.prepared(test), reason
}

// prepared returns a test of the searched part of a value, in lower case if the
// field ignores case.
func (f field) prepared(test func(scalar) bool) func(scalar) bool {
	if !f.fold {
		return test
	}
	return func(v scalar) bool { return test(scalar{v.form, f.searched(v.text)}) }
}

// searched returns the part of a text that is searched.
func (f field) searched(text []byte) []byte {
	if f.part != nil {
		text = f.part(text)
	}
	if f.fold {
		text = lower(text)
	}
	return text
}

// lower returns text in lower case, without a copy if it already is, as most text.
func lower(text []byte) []byte {
	for _, c := range text {
		if c >= 0x80 || 'A' <= c && c <= 'Z' {
			return []byte(strings.ToLower(string(text)))
		}
	}
	return text
}

func (f field) equals(want string) (func(scalar) bool, string) {
	n, isNumber := numeric(want)
	switch {
	case f.kind == number && !isNumber:
		return nil, "is a number, and " + strconv.Quote(want) + " is none"
	case f.kind == boolean && want != "true" && want != "false":
		return nil, "is true or false, and not " + strconv.Quote(want)
	}
	return func(v scalar) bool {
		if string(v.text) == want {
			return true
		}
		have, ok := v.number()
		return ok && isNumber && have == n
	}, ""
}

// numeric reads a number as JSON writes it.
func numeric(s string) (float64, bool) {
	if strings.Trim(s, "0123456789+-.eE") != "" {
		return 0, false // such as "Infinity" or "0x1p-2", which strconv would accept
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

func (v scalar) number() (float64, bool) {
	if v.form != 'n' {
		return 0, false
	}
	return numeric(string(v.text))
}

// between tests numbers by their value, and strings by their text.
func (f field) between(l *leaf) (func(scalar) bool, string) {
	if f.kind == boolean {
		return nil, "takes no ranges"
	}
	low, lowIs := numeric(l.low.value)
	high, highIs := numeric(l.high.value)
	lowIs, highIs = lowIs || l.low.open, highIs || l.high.open
	if f.kind == number && (!lowIs || !highIs) {
		return nil, "is a number, and an end of the range is none"
	}
	lowText, highText := f.folded(l.low.value), f.folded(l.high.value)
	return func(v scalar) bool {
		if n, ok := v.number(); ok {
			return lowIs && highIs && l.low.admits(cmp.Compare(n, low)) && l.high.admits(cmp.Compare(high, n))
		}
		return v.form == 's' && f.kind != number &&
			l.low.admits(strings.Compare(string(v.text), lowText)) && l.high.admits(strings.Compare(highText, string(v.text)))
	}, ""
}

// admits reports whether a value is within this end of a range. side is positive if
// the value is on the inner side of the end, 0 if it is equal to the end.
func (b bound) admits(side int) bool { return b.open || side > 0 || side == 0 && !b.exclusive }

func likeText(p pattern) func(scalar) bool {
	matches := p.matcher()
	return func(v scalar) bool { return v.form == 's' && matches(v.text) }
}

// likeWord tests each word of a text, and the whole text: according to Auth0's
// documentation, search engine v2 finds "john smith" by john*smith.
func likeWord(p pattern) func(scalar) bool {
	matches := p.matcher()
	return func(v scalar) bool {
		if v.form != 's' {
			return false
		}
		whole := lower(v.text)
		return matches(whole) || slices.ContainsFunc(words(whole), matches)
	}
}

// hasWords tests whether a text contains certain words, in this order and without
// others between them.
func hasWords(want string) func(scalar) bool {
	wanted := bytes.Join(words(lower([]byte(want))), []byte(" "))
	wanted = append(append([]byte(" "), wanted...), ' ')
	return func(v scalar) bool {
		have := bytes.Join(words(lower(v.text)), []byte(" "))
		have = append(append([]byte(" "), have...), ' ')
		return len(wanted) > 2 && bytes.Contains(have, wanted)
	}
}

// words splits a text into words: runs of letters, digits and "_", with the points
// within them.
func words(text []byte) [][]byte {
	words := bytes.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.'
	})
	for i, word := range words {
		words[i] = bytes.Trim(word, ".")
	}
	return words
}

// dates tests points in time. A date in a query stands for the whole period that it
// names, 2018-01 for all of January.
func dates(l *leaf) (func(scalar) bool, string) {
	low, high := l.low, l.high
	if l.operator == equals {
		low, high = bound{value: l.value}, bound{value: l.value}
	}
	begin, reason := moment(low)
	end, reasonToo := moment(high)
	if reason = cmp.Or(reason, reasonToo); reason != "" {
		return nil, reason
	}
	return func(v scalar) bool {
		at, err := time.Parse(time.RFC3339, string(v.text))
		return err == nil &&
			(low.open || !at.Before(begin.first) && (!low.exclusive || at.After(begin.last))) &&
			(high.open || !at.After(end.last) && (!high.exclusive || at.Before(end.first)))
	}, ""
}

// span is the period that a date names.
type span struct{ first, last time.Time }

func moment(b bound) (span, string) {
	if b.open {
		return span{}, ""
	}
	for _, p := range precisions {
		for _, zone := range []string{"", "Z07:00"} {
			first, err := time.Parse(p.layout+zone, b.value)
			if err != nil {
				continue
			}
			length := p.length
			if strings.Contains(b.value, ".") {
				length = time.Millisecond
			}
			return span{first, first.AddDate(p.years, p.months, p.days).Add(length - 1)}, ""
		}
	}
	return span{}, "is a date, and " + strconv.Quote(b.value) + " is none"
}

// precisions are the accepted formats of dates, with the length of the period that
// each names.
var precisions = []struct {
	layout              string
	years, months, days int
	length              time.Duration
}{
	{layout: "2006", years: 1},
	{layout: "2006-01", months: 1},
	{layout: "2006-01-02", days: 1},
	{layout: "2006-01-02T15", length: time.Hour},
	{layout: "2006-01-02T15:04", length: time.Minute},
	{layout: "2006-01-02T15:04:05", length: time.Second},
}
