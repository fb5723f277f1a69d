// Package search reads the queries that Auth0's Management API takes in its
// parameters q and sort, and says which stored documents they match.
//
// It owns the syntax (Auth0's subset of Lucene's query parser syntax), what each
// searchable collection has to search, the errors of a query, and the way to answer
// one: by an index, or by trying every document. It reads documents as the JSON
// that is stored, without decoding what the query does not ask for. It does not
// fetch documents, page through them or choose their members.
package search

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage"
)

// Query is a query that was read. It may be used by several goroutines.
type Query struct {
	root   node
	schema *Schema
	member *member // the root of what is tested, by name
	leaves int
}

// Parse reads a query in the syntax of a schema. What it cannot answer exactly is an
// *Error. A query without a term matches every document (in UsersV2: none).
func Parse(q string, s *Schema) (Query, error) {
	p := parser{q: q, schema: s}
	root, err := p.parse()
	if err != nil {
		return Query{}, err
	}
	query := Query{root: root, schema: s, member: &member{}}
	query.compile(root)
	return query, nil
}

// String is the canonical form of the query: every operator and parenthesis
// written, every value quoted. It parses to the same query.
func (q Query) String() string { return q.root.text() }

// Match reports whether a stored document, a JSON object, matches. A field that is
// not in the document but elsewhere (see Plan) matches nothing here.
func (q Query) Match(raw []byte) bool { return q.root.holds(q.hits(raw)) }

// MatchDocument is Match for a document that is decoded already.
func (q Query) MatchDocument(doc storage.Document) (bool, error) {
	raw, err := json.Marshal(doc)
	return err == nil && q.Match(raw), err
}

// hits says of every leaf of the query whether a document has what it asks for.
func (q Query) hits(raw []byte) []bool {
	hits := make([]bool, q.leaves)
	if q.leaves == 0 {
		return hits
	}
	r := reader{raw: raw}
	r.space()
	q.member.visit(&r, hits)
	return hits
}

// compile numbers the leaves below n and hangs their tests where the values are.
func (q *Query) compile(n node) {
	switch n := n.(type) {
	case and:
		for _, of := range n {
			q.compile(of)
		}
	case or:
		for _, of := range n {
			q.compile(of)
		}
	case not:
		q.compile(n.of)
	case *leaf:
		n.at = q.leaves
		q.leaves++
		probes, _ := q.schema.probes(n) // the parser has seen that there is no error
		for _, p := range probes {
			p.leaf = n.at
			q.member.add(p)
		}
	}
}
