// Package search parses the queries that Auth0's Management API accepts in its
// parameters q and sort, and decides which stored documents match them.
//
// It owns the syntax (Auth0's subset of Lucene's query parser syntax), the fields
// that each collection can be searched by, the errors of a query, and the way to
// answer a query: by an index, or by testing every document. It reads the stored
// JSON of documents directly and decodes only what the query asks for. It does not
// fetch documents, page through them or select members for the answer.
package search

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage"
)

// Query is a parsed query. It is safe for concurrent use.
type Query struct {
	root   node
	schema *Schema
	member *member // the root of the tree of places where values are tested
	leaves int
}

// Parse parses a query in the syntax of a schema. It fails with an *Error if the
// query cannot be answered exactly. An empty query matches every document (with
// UsersV2: no document).
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

// String returns the canonical form of the query: with every operator and
// parenthesis written, and every value quoted. Parsing it gives the same query.
func (q Query) String() string { return q.root.text() }

// Match reports whether a stored document, a JSON object, matches. A field that is
// not in the document but elsewhere (see Plan) matches nothing here.
func (q Query) Match(raw []byte) bool { return q.root.holds(q.hits(raw)) }

// MatchDocument is Match for a decoded document.
func (q Query) MatchDocument(doc storage.Document) (bool, error) {
	raw, err := json.Marshal(doc)
	return err == nil && q.Match(raw), err
}

// hits reports, for every leaf of the query, whether the document has what the leaf
// asks for.
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

// compile numbers the leaves below n and adds their tests to the tree of places.
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
		probes, _ := q.schema.probes(n) // there is no error: the parser has checked the leaf
		for _, p := range probes {
			p.leaf = n.at
			q.member.add(p)
		}
	}
}
