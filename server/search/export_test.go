package search

// Tree returns the parsed query for comparisons.
func (q Query) Tree() any { return q.root }
