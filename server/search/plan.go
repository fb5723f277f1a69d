package search

import (
	"iter"
	"maps"
	"slices"
)

// Lookup yields the keys of the documents that have a value in a field, from an
// index. The value is in lower case if the field ignores case. Lookup may yield keys
// of other documents too, but must not leave out any document that has the value. ok
// is false if no index covers the field.
type Lookup func(field, value string) (keys iter.Seq[string], ok bool)

// Plan is the fastest way to answer a query: by testing only the documents with
// certain keys, or by testing every document.
type Plan struct {
	// Narrowed says that only documents with Keys can match.
	Narrowed bool
	// Keys are in ascending order, each once.
	Keys []string

	query Query
	// joined holds, for leaves on fields that are not in the document, the keys of
	// the documents that an index found, by the number of the leaf.
	joined map[int]map[string]bool
}

// worthwhile is how many keys an index may yield. With more of them, testing every
// document in one pass is faster than fetching the documents one by one.
const worthwhile = 5000

// Plan asks the indexes which documents need to be tested. Fields that are not in the
// document, such as the organizations of a user, are answered by the indexes alone.
func (q Query) Plan(lookup Lookup) Plan {
	p := Plan{query: q, joined: map[int]map[string]bool{}}
	if keys, ok := p.narrow(q.root, lookup); ok {
		p.Narrowed, p.Keys = true, slices.Sorted(maps.Keys(keys))
	}
	return p
}

// Match reports whether the document with a key matches.
func (p Plan) Match(key string, raw []byte) bool {
	hits := p.query.hits(raw)
	for at, keys := range p.joined {
		hits[at] = hits[at] || keys[key]
	}
	return p.query.root.holds(hits)
}

// narrow returns a set of keys that includes every document for which n holds, if the
// indexes can give such a set that is small enough.
func (p *Plan) narrow(n node, lookup Lookup) (few map[string]bool, ok bool) {
	switch n := n.(type) {
	case and:
		for _, of := range n {
			keys, narrowed := p.narrow(of, lookup)
			if narrowed && (!ok || len(keys) < len(few)) {
				few, ok = keys, true
			}
		}
		return few, ok
	case or:
		ok, few = true, map[string]bool{}
		for _, of := range n {
			keys, narrowed := p.narrow(of, lookup)
			ok = ok && narrowed
			maps.Copy(few, keys)
		}
		return few, ok && len(few) <= worthwhile
	case not:
		p.narrow(n.of, lookup) // only to fill p.joined
	case *leaf:
		return p.look(n, lookup)
	}
	return nil, false
}

// look asks the indexes for the documents that a leaf may match.
func (p *Plan) look(l *leaf, lookup Lookup) (few map[string]bool, ok bool) {
	probes, _ := p.query.schema.probes(l)
	few = map[string]bool{}
	for _, probe := range probes {
		if probe.name == "" {
			return nil, false
		}
		keys, ok := lookup(probe.name, probe.value)
		if !ok {
			return nil, false
		}
		for key := range keys {
			if few[key] = true; len(few) > worthwhile && !probe.joined {
				return nil, false
			}
		}
		if probe.joined {
			p.joined[l.at] = few
		}
	}
	return few, len(few) <= worthwhile
}
