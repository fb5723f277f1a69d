package search

import (
	"iter"
	"maps"
	"slices"
)

// Lookup yields the keys of the documents that an index has for a field's value,
// given in lower case where the field ignores case. It may yield keys of other
// documents as well, but must leave out none that has the value. ok is false where no
// index knows the field.
type Lookup func(field, value string) (keys iter.Seq[string], ok bool)

// Plan is how a query is answered best: by trying the documents with some keys, or
// every document.
type Plan struct {
	// Narrowed says that only documents with Keys can match.
	Narrowed bool
	// Keys are in ascending order, each once.
	Keys []string

	query Query
	// joined are the documents that an index has for leaves on fields that are not in
	// the document.
	joined map[int]map[string]bool
}

// worthwhile is how many keys an index may yield for it to be faster to fetch them
// one by one than to try every document in passing.
const worthwhile = 5000

// Plan asks the indexes which documents need to be tried. It is also what answers
// for fields that are not in the document: the organizations of a user.
func (q Query) Plan(lookup Lookup) Plan {
	p := Plan{query: q, joined: map[int]map[string]bool{}}
	if keys, ok := p.narrow(q.root, lookup); ok {
		p.Narrowed, p.Keys = true, slices.Sorted(maps.Keys(keys))
	}
	return p
}

// Match reports whether the document at a key matches.
func (p Plan) Match(key string, raw []byte) bool {
	hits := p.query.hits(raw)
	for at, keys := range p.joined {
		hits[at] = hits[at] || keys[key]
	}
	return p.query.root.holds(hits)
}

// narrow returns keys of documents that have all those among them for which n holds,
// if there are such that are few.
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
		p.narrow(n.of, lookup) // for what is joined
	case *leaf:
		return p.look(n, lookup)
	}
	return nil, false
}

// look asks the indexes for what a leaf asks for.
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
