package search

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// parser reads a query by recursive descent, Lucene: queryparser/classic:
//
//	clauses  = clause { [ "AND" | "&&" | "OR" | "||" ] clause }
//	value    = term | phrase | range | "(" clauses ")"
//	clause   = [ "+" | "-" | "!" | "NOT" ] [ field ":" ] value
//
// A term ends at the next space or special character, so that auth0|1, a-b and a||b
// are single terms.
type parser struct {
	q      string
	at     int
	schema *Schema
	depth  int
}

// maxDepth bounds how deep parentheses nest.
const maxDepth = 100

// existsField is the pseudo-field _exists_, whose values are names of fields.
const existsField = "_exists_"

func (p *parser) parse() (node, error) {
	switch p.space(); {
	case p.at < len(p.q):
	case p.schema.words:
		return anyOf(), nil // Auth0: manage-users/user-search/v2/query-syntax#empty-query
	default:
		return allOf(), nil
	}
	n, err := p.clauses("")
	if err == nil && p.at < len(p.q) {
		err = p.unexpected("")
	}
	return n, err
}

// clause is an operand, and the operator that joins it to the clause before.
type clause struct {
	join  string // "AND", "OR" or ""
	occur byte   // '+', '-' or 0
	node  node
}

// clauses reads up to a closing parenthesis or the end. field is the field for
// values that name no field themselves.
func (p *parser) clauses(field string) (node, error) {
	var list []clause
	for {
		p.space()
		if c := p.peek(); c == 0 && p.at >= len(p.q) || c == ')' {
			break
		}
		var c clause
		if len(list) > 0 {
			c.join = p.operator()
		}
		c.occur = p.occur()
		var err error
		if c.node, err = p.operand(field, true); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, p.unexpected("expected a term")
	}
	return fold(list), nil
}

// fold makes one node of clauses. NOT binds closer than AND, and AND closer than OR,
// Auth0: manage-users/user-search/v2/query-syntax#boolean-operators. Clauses without
// an operator between them are each required (+), forbidden (- and NOT) or optional.
// If none is required, at least one optional clause has to match.
func fold(list []clause) node {
	var required, forbidden, optional []node
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].join != "" {
			n++
		}
		chain := list[:n]
		list = list[n:]
		for _, c := range disjunction(chain) {
			switch c.occur {
			case '+':
				required = append(required, c.node)
			case '-':
				forbidden = append(forbidden, negate(c.node))
			default:
				optional = append(optional, c.node)
			}
		}
	}
	if len(required) == 0 && len(optional) > 0 {
		required = []node{anyOf(optional...)}
	}
	return allOf(append(required, forbidden...)...)
}

// disjunction makes one clause of clauses that AND and OR join. A clause with "+"
// must match even beside OR, so such clauses are returned separately.
func disjunction(chain []clause) []clause {
	var terms []clause
	for _, c := range chain {
		if c.join != "AND" {
			terms = append(terms, c)
			continue
		}
		last := &terms[len(terms)-1]
		*last = clause{node: allOf(last.signed(), c.signed())}
	}
	if len(terms) == 1 {
		return terms
	}
	nodes := make([]node, len(terms))
	for i, c := range terms {
		if c.occur == '+' {
			return terms
		}
		nodes[i] = c.signed()
	}
	return []clause{{node: anyOf(nodes...)}}
}

// signed returns the clause as an operand of AND or OR: negated if it is forbidden.
func (c clause) signed() node {
	if c.occur == '-' {
		return negate(c.node)
	}
	return c.node
}

// operator reads an operator between clauses; "" means there is no operator.
func (p *parser) operator() string {
	for _, word := range operators {
		if p.word(word) {
			p.space()
			return strings.NewReplacer("&&", "AND", "||", "OR").Replace(word)
		}
	}
	return ""
}

var operators = []string{"AND", "&&", "OR", "||"}

// occur reads the sign before an operand: '+', '-' (also for ! and NOT), or 0
// without a sign.
func (p *parser) occur() byte {
	c := p.peek()
	switch {
	case c == '+' || c == '-':
		p.at++
	case c == '!':
		p.at++
		c = '-'
	case p.word("NOT"):
		c = '-'
	default:
		return 0
	}
	p.space()
	return c
}

// word moves past a word, if it comes next and is not just the beginning of a longer
// word.
func (p *parser) word(w string) bool {
	rest, ok := strings.CutPrefix(p.q[p.at:], w)
	if !ok || rest != "" && (inTerm(rest[0]) || rest[0] == '\\') {
		return false
	}
	p.at += len(w)
	return true
}

// operand reads an operand; nameable says that the operand may begin with the name
// of a field.
func (p *parser) operand(field string, nameable bool) (node, error) {
	switch c := p.peek(); {
	case c == '(':
		return p.group(field)
	case c == '"':
		return p.phrase(field)
	case c == '[' || c == '{':
		return p.interval(field)
	case (c == '>' || c == '<') && field != "":
		return p.comparison(field)
	case c == '/':
		return nil, p.fail(p.at, `regular expressions are not supported, write / as \/`)
	}
	start := p.at
	if p.operator() != "" || p.occur() != 0 {
		return nil, p.fail(start, "expected a term before %s, which is an operator outside quotes", strings.TrimSpace(p.q[start:p.at]))
	}
	term, err := p.term()
	if err != nil {
		return nil, err
	}
	if len(term) == 0 {
		return nil, p.unexpected("expected a term")
	}
	after := p.at
	if p.space(); nameable && p.peek() == ':' {
		p.at++
		p.space()
		return p.named(start, term)
	}
	p.at = after
	return p.leaf(start, field, term)
}

// named reads the value after the name of a field and a colon.
func (p *parser) named(start int, name pattern) (node, error) {
	field, plain := name.literal()
	switch {
	case name.text() == "*" && p.word("*"):
		return allOf(), nil
	case !plain:
		return nil, p.fail(start, "a field name has no wildcards")
	}
	if field != existsField {
		if _, reason := p.schema.field(field); reason != "" {
			return nil, queryError(start, reason)
		}
	}
	return p.operand(field, false)
}

func (p *parser) group(field string) (node, error) {
	open := p.at
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(open, "the parentheses nest deeper than %d", maxDepth)
	}
	p.at++
	n, err := p.clauses(field)
	if err != nil {
		return nil, err
	}
	if p.peek() != ')' {
		return nil, p.fail(open, "the parenthesis is not closed")
	}
	p.at++
	p.depth--
	return n, p.suffix()
}

func (p *parser) phrase(field string) (node, error) {
	start := p.at
	value, err := p.quoted()
	if err != nil {
		return nil, err
	}
	return p.check(start, &leaf{field: field, value: value})
}

// quoted reads a value in quotes.
func (p *parser) quoted() (string, error) {
	start := p.at
	var value []byte
	for p.at++; p.at < len(p.q); p.at++ {
		switch c := p.q[p.at]; {
		case c == '"':
			p.at++
			return string(value), nil
		case c == '\\' && p.at+1 < len(p.q):
			p.at++
		}
		value = append(value, p.q[p.at])
	}
	return "", p.fail(start, "the quotes are not closed")
}

// term reads a word, which may be empty, with its wildcards.
func (p *parser) term() (pattern, error) {
	var term pattern
	for start := p.at; p.at < len(p.q); {
		c := p.q[p.at]
		switch {
		case c == '*' || c == '?':
			term = append(term, glyph{rune(c), true})
			p.at++
			continue
		case c == '\\':
			if p.at++; p.at == len(p.q) {
				return nil, p.fail(p.at-1, `expected a character after \`)
			}
		case !inTerm(c) || p.at == start && (c == '+' || c == '-'):
			return term, nil
		}
		char, size := utf8.DecodeRuneInString(p.q[p.at:])
		term = append(term, glyph{char, false})
		p.at += size
	}
	return term, nil
}

// inTerm reports whether a term goes on with a character.
func inTerm(c byte) bool { return strings.IndexByte(" \t\r\n!(){}[]^\"~:/\\", c) < 0 }

// leaf makes a leaf from a term.
func (p *parser) leaf(start int, field string, term pattern) (node, error) {
	value, plain := term.literal()
	switch {
	case plain:
		return p.check(start, &leaf{field: field, value: value})
	case field == existsField:
		return nil, p.fail(start, "a field name has no wildcards")
	case term.text() == "*" && field == "":
		return allOf(), p.suffix()
	case term.text() == "*":
		if f, _ := p.schema.field(field); !f.plain {
			return p.check(start, &leaf{field: existsField, value: field})
		}
	case !p.schema.words && term.has('?'):
		return nil, p.fail(start, `the wildcard "?" is not supported`)
	case !p.schema.words && term.tooShort():
		return nil, p.fail(start, "after a wildcard there must be %d characters or more", minLiteral)
	case term.tooLong():
		return nil, p.fail(start, `of a term with the wildcard "?" there may be %d characters or less between two "*"`, maxPiece)
	}
	return p.check(start, &leaf{field: field, operator: like, pattern: term})
}

// interval reads a range.
func (p *parser) interval(field string) (node, error) {
	start := p.at
	if field == "" || field == existsField {
		return nil, p.fail(start, "a range needs a field")
	}
	l := &leaf{field: field, operator: between}
	l.low.exclusive = p.q[p.at] == '{'
	p.at++
	var err error
	if err = p.bound(&l.low); err != nil {
		return nil, err
	}
	if p.space(); !p.word("TO") {
		return nil, p.unexpected("expected TO")
	}
	if err = p.bound(&l.high); err != nil {
		return nil, err
	}
	switch p.space(); p.peek() {
	case '}':
		l.high.exclusive = true
	case ']':
	default:
		return nil, p.unexpected(`expected "]" or "}"`)
	}
	p.at++
	return p.check(start, l)
}

// bound reads one end of a range. Only spaces and closing brackets end it; other
// special characters belong to the value.
func (p *parser) bound(b *bound) (err error) {
	if p.space(); p.peek() == '"' {
		b.value, err = p.quoted()
		return err
	}
	var value []byte
	start := p.at
	for ; p.at < len(p.q) && strings.IndexByte(" \t\r\n]}", p.q[p.at]) < 0; p.at++ {
		if p.q[p.at] == '\\' && p.at+1 < len(p.q) {
			p.at++
		}
		value = append(value, p.q[p.at])
	}
	if p.at == start {
		return p.unexpected("expected an end of the range")
	}
	if p.q[start:p.at] == "*" {
		b.open = true
		return nil
	}
	b.value = string(value)
	return nil
}

// comparison reads a range with one end, such as >=5, which only search engine v2
// supports.
func (p *parser) comparison(field string) (node, error) {
	start := p.at
	less := p.q[p.at] == '<'
	p.at++
	end := bound{exclusive: p.peek() != '='}
	if !end.exclusive {
		p.at++
	}
	if !p.schema.words {
		return nil, p.fail(start, "comparisons are not supported, use a range such as [1 TO *]")
	}
	p.space()
	term, err := p.term()
	if err != nil {
		return nil, err
	}
	var plain bool
	if end.value, plain = term.literal(); !plain || end.value == "" {
		return nil, p.unexpected("expected a value to compare with")
	}
	l := &leaf{field: field, operator: between, low: end, high: bound{open: true}}
	if less {
		l.low, l.high = l.high, l.low
	}
	return p.check(start, l)
}

// check returns a leaf as a node, if the schema can answer it. start is where the
// leaf began.
func (p *parser) check(start int, l *leaf) (node, error) {
	if l.field == existsField {
		l = &leaf{field: l.value, operator: exists}
	}
	if _, reason := p.schema.probes(l); reason != "" {
		if l.operator != exists {
			reason = p.place(start, reason)
		}
		return nil, queryError(start, reason)
	}
	return l, p.suffix()
}

// suffix reads a ~ or ^ after an operand: ~ is an error, and ^ is supported by
// search engine v2 only.
func (p *parser) suffix() error {
	switch p.peek() {
	case '~':
		return p.fail(p.at, `fuzzy and proximity searches are not supported, write ~ as \~`)
	case '^':
		if !p.schema.words {
			return p.fail(p.at, `boosts are not supported, write ^ as \^`)
		}
		p.at++ // a boost changes only the order of the results, so it is ignored
		start := p.at
		for strings.IndexByte(".0123456789", p.peek()) >= 0 {
			p.at++
		}
		if _, ok := numeric(p.q[start:p.at]); !ok {
			return p.fail(start, "expected a number after ^")
		}
	}
	return nil
}

func (p *parser) peek() byte {
	if p.at < len(p.q) {
		return p.q[p.at]
	}
	return 0
}

func (p *parser) space() {
	for p.at < len(p.q) && strings.IndexByte(" \t\r\n", p.q[p.at]) >= 0 {
		p.at++
	}
}

// unexpected returns the error for an unexpected next character; expected says what
// should be there.
func (p *parser) unexpected(expected string) error {
	found := "the end"
	if p.at < len(p.q) {
		char, _ := utf8.DecodeRuneInString(p.q[p.at:])
		found = fmt.Sprintf("%q", char)
	}
	if expected == "" {
		return p.fail(p.at, "unexpected %s", found)
	}
	return p.fail(p.at, "%s and found %s", expected, found)
}

func (p *parser) fail(at int, format string, args ...any) error {
	return queryError(at, p.place(at, fmt.Sprintf(format, args...)))
}

// place adds the position in the query to a message.
func (p *parser) place(at int, what string) string {
	return fmt.Sprintf("%s at position %d", what, utf8.RuneCountInString(p.q[:at])+1)
}
