package search

// Tree is the query as it was understood, to compare with.
func (q Query) Tree() any { return q.root }
