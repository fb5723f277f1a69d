package search

import "strings"

// node is a query or a part of one: and, or, not or *leaf.
type node interface {
	// holds evaluates the node; hits says which leaves are met.
	holds(hits []bool) bool
	// text returns the node in its canonical form.
	text() string
}

type (
	and []node // an empty one matches everything
	or  []node // an empty one matches nothing
	not struct{ of node }
)

// leaf is one test of the values of a field.
type leaf struct {
	field    string // "" means the fields for terms without a field name
	operator operator
	// value belongs to equals, pattern belongs to like, and low and high are the
	// ends of the range of between.
	value     string
	pattern   pattern
	low, high bound
	at        int // the leaf's number in the query
}

// operator is the kind of test of a leaf.
type operator int

const (
	equals operator = iota
	like
	between
	exists
)

// bound is one end of a range.
type bound struct {
	open      bool // the range has no end on this side
	exclusive bool
	value     string
}

func (n and) holds(hits []bool) bool {
	for _, of := range n {
		if !of.holds(hits) {
			return false
		}
	}
	return true
}

func (n or) holds(hits []bool) bool {
	for _, of := range n {
		if of.holds(hits) {
			return true
		}
	}
	return false
}

func (n not) holds(hits []bool) bool   { return !n.of.holds(hits) }
func (n *leaf) holds(hits []bool) bool { return hits[n.at] }

// allOf returns the conjunction of nodes in its simplest form.
func allOf(nodes ...node) node {
	var all and
	for _, n := range nodes {
		if inner, ok := n.(and); ok {
			all = append(all, inner...)
		} else {
			all = append(all, n)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// anyOf returns the disjunction of nodes in its simplest form.
func anyOf(nodes ...node) node {
	var some or
	for _, n := range nodes {
		if inner, ok := n.(or); ok {
			some = append(some, inner...)
		} else {
			some = append(some, n)
		}
	}
	if len(some) == 1 {
		return some[0]
	}
	return some
}

func negate(n node) node {
	if inner, ok := n.(not); ok {
		return inner.of
	}
	return not{n}
}

func (n and) text() string {
	if len(n) == 0 {
		return "*"
	}
	return join(n, " AND ")
}

func (n or) text() string  { return join(n, " OR ") }
func (n not) text() string { return "NOT " + enclosed(n.of) }

func join(nodes []node, operator string) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = enclosed(n)
	}
	return strings.Join(parts, operator)
}

// enclosed returns the text of a node as an operand, in parentheses if needed.
func enclosed(n node) string {
	switch n := n.(type) {
	case and:
		if len(n) > 0 {
			return "(" + n.text() + ")"
		}
	case or:
		return "(" + n.text() + ")"
	}
	return n.text()
}

func (n *leaf) text() string {
	name := ""
	if n.field != "" {
		name = escape(n.field) + ":"
	}
	switch n.operator {
	case exists:
		return "_exists_:" + escape(n.field)
	case like:
		return name + n.pattern.text()
	case between:
		left, right := "[", "]"
		if n.low.exclusive {
			left = "{"
		}
		if n.high.exclusive {
			right = "}"
		}
		return name + left + n.low.text() + " TO " + n.high.text() + right
	default:
		return name + quote(n.value)
	}
}

func (b bound) text() string {
	if b.open {
		return "*"
	}
	return quote(b.value)
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// escape escapes text so that none of its characters is read as an operator.
func escape(s string) string {
	var b strings.Builder
	if operatorWord(s) {
		b.WriteByte('\\')
	}
	for i := range len(s) {
		if strings.IndexByte(reserved, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func operatorWord(s string) bool { return s == "AND" || s == "OR" || s == "NOT" }

// reserved are the characters that have a special meaning in a query, Auth0:
// manage-users/user-search/v2/query-syntax#reserved-characters.
const reserved = " \t\r\n+-=&|><!(){}[]^\"~*?:\\/"
