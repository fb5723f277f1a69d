package search_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/search"
)

// FuzzMatch compares matching with a naive evaluator, which flattens the decoded document and
// knows the query before it was written as text; a plan must find the same documents.
func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"", "the quick brown fox", "\x05\x01\x02\x03\x04\x05\x06\x07\x08", "jumps over the lazy dog 0123456789 and some more of it"} {
		f.Add([]byte(seed))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 600 {
		seed := make([]byte, 600)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &chooser{data}
		wanted := c.query(3)
		text := wanted.write(c)
		q, err := search.Parse(text, search.Users)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		tenant := map[string]map[string]any{}
		for i := range 6 {
			tenant[strconv.Itoa(i)] = c.document()
		}
		members := map[string]bool{"1": c.pick(2) == 0}
		indexed := c.pick(4) // which indexes there are
		plan := q.Plan(func(field, value string) (iter.Seq[string], bool) {
			if field == "organization_id" {
				return func(yield func(string) bool) {
					if value == "jane" && members["1"] {
						yield("1")
					}
				}, true
			}
			known := field == "email" && indexed&1 > 0 || field == "identities.connection" && indexed&2 > 0
			return func(yield func(string) bool) {
				for key, doc := range tenant {
					e := expected{field: field, ask: "is", value: value}
					if e.holds(doc, false) && !yield(key) {
						return
					}
				}
			}, known
		})
		for key, doc := range tenant {
			raw, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			want := wanted.holds(doc, members[key])
			if got := plan.Match(key, raw); got != want {
				t.Fatalf("%s (%s) on %s: %v, and should be %v", text, q, raw, got, want)
			}
			if want && plan.Narrowed && !slices.Contains(plan.Keys, key) {
				t.Fatalf("%s (%s) finds %s, which the plan leaves out: %q", text, q, raw, plan.Keys)
			}
		}
	})
}

// chooser makes choices from bytes; once they are used up, it always takes the first.
type chooser struct{ data []byte }

func (c *chooser) pick(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	choice := int(c.data[0]) % n
	c.data = c.data[1:]
	return choice
}

func choose[T any](c *chooser, from ...T) T { return from[c.pick(len(from))] }

var (
	someText  = []string{"jane", "Jane", "banananas", "john smith", "", `a"b\c:(d)`, "ÄÖ", "13", "true", "AND", "*"}
	someDates = []string{"2017-12-31T23:59:59.999Z", "2018-01-01T00:00:00.000Z", "2018-01-15T12:30:00.500Z", "2018-02-01T00:00:00.000Z"}
	someNames = []string{"name", "email", "username", "app_metadata", "user_metadata", "identities", "logins_count", "blocked", "last_login", "a", "b", "a.b", "connection", "other"}
)

func (c *chooser) document() map[string]any {
	doc := map[string]any{}
	for range c.pick(12) {
		name := choose(c, someNames[:9]...)
		switch name {
		case "last_login":
			doc[name] = choose(c, someDates...)
		case "identities":
			doc[name] = []any{map[string]any{"connection": choose(c, someText...)}, map[string]any{"connection": c.value(0)}}
		default:
			doc[name] = c.value(3)
		}
	}
	return doc
}

func (c *chooser) value(depth int) any {
	if depth > 0 {
		switch c.pick(3) {
		case 1:
			doc := map[string]any{}
			for range c.pick(4) {
				doc[choose(c, "a", "b", "a.b", "")] = c.value(depth - 1)
			}
			return doc
		case 2:
			var list []any
			for range c.pick(4) {
				list = append(list, c.value(depth-1))
			}
			return list
		}
	}
	return choose[any](c, "jane", "JANE", "banananas", "john smith", "", `a"b\c:(d)`, "äö", nil, true, false, 0.0, 13.0, 13.5, -2.0, 1e21)
}

// expected is a query that was not written as text yet.
type expected struct {
	op         string // "and", "or", "not", "list" or "" for a leaf
	of         []expected
	signs      []string // of a list: "+", "-" or ""
	field, ask string   // ask: "is", "like", "in" or "exists"
	value      string   // of like: with a "*"
	low, high  string   // "*" is none
	open       [2]bool  // which ends are exclusive
}

func (c *chooser) query(depth int) expected {
	if depth > 0 {
		op := choose(c, "", "", "and", "or", "not", "list")
		if op != "" {
			e := expected{op: op}
			for range 1 + c.pick(3) {
				e.of = append(e.of, c.query(depth-1))
				e.signs = append(e.signs, choose(c, "", "+", "-"))
			}
			if op == "not" {
				e.of = e.of[:1]
			}
			return e
		}
	}
	e := expected{
		field: choose(c, "name", "email", "username", "app_metadata.a", "app_metadata.a.b", "user_metadata.a", "identities.connection", "logins_count", "blocked", "last_login", "organization_id", "other"),
		ask:   choose(c, "is", "like", "in", "exists"),
		open:  [2]bool{c.pick(2) == 1, c.pick(2) == 1},
	}
	values := someText
	switch e.field {
	case "logins_count":
		values = []string{"0", "13", "13.0", "14", "-2"}
	case "blocked":
		values = []string{"true", "false"}
	case "last_login":
		values = []string{"2017", "2018-01", "2018-01-15", "2018-01-15T12", "2018-01-15T12:30", "2018-01-15T12:30:00", "2018-01-15T12:30:00.500Z"}
	case "organization_id":
		values = []string{"jane"}
	}
	fixed := e.field == "logins_count" || e.field == "blocked" || e.field == "last_login" || strings.HasPrefix(e.field, "user_metadata")
	switch {
	case e.field == "organization_id", e.ask == "like" && fixed:
		e.ask = "is"
	case e.ask == "in" && fixed && e.field != "last_login" && e.field != "logins_count":
		e.ask = "exists"
	}
	e.value, e.low, e.high = choose(c, values...), choose(c, values...), choose(c, values...)
	if e.ask == "like" {
		e.value = choose(c, "j*", "*ane", "*ohn*ith", "*ananas", "*nan*anas", `a"b*`, "ä*", "**")
	}
	return e
}

// write writes the query in one of its possible notations.
func (e expected) write(c *chooser) string {
	if e.op == "" {
		return e.writeLeaf(c)
	}
	var parts []string
	for _, of := range e.of {
		parts = append(parts, "("+of.write(c)+")")
	}
	switch e.op {
	case "and":
		return strings.Join(parts, choose(c, " AND ", " && "))
	case "or":
		return strings.Join(parts, choose(c, " OR ", " || "))
	case "not":
		return choose(c, "NOT ", "!", "- ") + parts[0]
	}
	for i, sign := range e.signs {
		if sign == "-" {
			sign = choose(c, "-", "NOT ", "!")
		}
		parts[i] = sign + parts[i]
	}
	return strings.Join(parts, choose(c, " ", "\t"))
}

var operators = regexp.MustCompile(`[ +\-=&|><!(){}\[\]^"~*?:\\/]`)

func (e expected) writeLeaf(c *chooser) string {
	name := e.field + choose(c, ":", ": ", " :")
	quoted := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
	plain := func(s string) string {
		if s == "" || s == "AND" || c.pick(2) == 0 {
			return quoted(s)
		}
		return operators.ReplaceAllString(s, `\$0`)
	}
	switch e.ask {
	case "exists":
		return choose(c, "_exists_:", "_exists_: ") + e.field
	case "like":
		parts := strings.Split(e.value, "*")
		for i, part := range parts {
			parts[i] = operators.ReplaceAllString(part, `\$0`)
		}
		return name + strings.Join(parts, "*")
	case "in":
		return name + map[bool]string{false: "[", true: "{"}[e.open[0]] + end(e.low, quoted) + " TO " + end(e.high, quoted) + map[bool]string{false: "]", true: "}"}[e.open[1]]
	}
	return choose(c, name+plain(e.value), name+"("+plain(e.value)+")")
}

func end(s string, quoted func(string) string) string {
	if s == "*" {
		return s
	}
	return quoted(s)
}

func (e expected) holds(doc map[string]any, member bool) bool {
	of := func(i int) bool { return e.of[i].holds(doc, member) }
	switch e.op {
	case "and":
		return !slices.ContainsFunc(e.of, func(e expected) bool { return !e.holds(doc, member) })
	case "or":
		return slices.ContainsFunc(e.of, func(e expected) bool { return e.holds(doc, member) })
	case "not":
		return !of(0)
	case "list":
		optional := []bool{}
		for i, sign := range e.signs {
			switch {
			case sign == "+" && !of(i), sign == "-" && of(i):
				return false
			case sign == "":
				optional = append(optional, of(i))
			}
		}
		return len(optional) == 0 || slices.Contains(e.signs, "+") || slices.Contains(optional, true)
	}
	if e.field == "organization_id" {
		return member
	}
	for _, v := range flatten(doc) {
		if e.ask == "exists" && (v.path == e.field || strings.HasPrefix(v.path, e.field+".")) || e.ask != "exists" && v.path == e.field && e.admits(v.value) {
			return true
		}
	}
	return false
}

type flat struct {
	path  string
	value any
	here  bool // the value has no path yet
}

// flatten lists the scalars of a value with their paths.
func flatten(v any) []flat {
	var out []flat
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			for _, inner := range flatten(v[name]) {
				path := name + "." + inner.path
				if inner.here {
					path = name
				}
				out = append(out, flat{path: path, value: inner.value})
			}
		}
	case []any:
		for _, element := range v {
			out = append(out, flatten(element)...)
		}
	default:
		out = append(out, flat{value: v, here: true})
	}
	return out
}

func (e expected) admits(v any) bool {
	text := fmt.Sprint(v)
	want, low, high := e.value, e.low, e.high
	if e.field == "name" || e.field == "email" {
		text, want, low, high = strings.ToLower(text), strings.ToLower(want), strings.ToLower(low), strings.ToLower(high)
	}
	_, isText := v.(string)
	switch e.ask {
	case "like":
		parts := strings.Split(want, "*")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		return isText && regexp.MustCompile(`^(?s:`+strings.Join(parts, ".*")+`)$`).MatchString(text)
	case "is":
		if e.field == "last_login" {
			return strings.HasPrefix(text, want)
		}
		n, err := strconv.ParseFloat(want, 64)
		return text == want || err == nil && v == n
	}
	within := func(low, high int) bool { // how the value compares to the ends
		return (e.low == "*" || low > 0 || low == 0 && !e.open[0]) && (e.high == "*" || high < 0 || high == 0 && !e.open[1])
	}
	if e.field == "last_login" {
		side := func(end string) int {
			if strings.HasPrefix(text, end) {
				return 0
			}
			return strings.Compare(text, end)
		}
		return within(side(e.low), side(e.high))
	}
	if n, ok := v.(float64); ok {
		lowest, err := strconv.ParseFloat(e.low, 64)
		highest, errToo := strconv.ParseFloat(e.high, 64)
		if err != nil && e.low != "*" || errToo != nil && e.high != "*" {
			return false
		}
		return within(compare(n, lowest), compare(n, highest))
	}
	return isText && e.field != "logins_count" && within(strings.Compare(text, low), strings.Compare(text, high))
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
