// Package table keeps the records of declared kinds in an ordered key space: their rows, indexes, lists and
// expiries, and in memory what was decoded.
package table

import "errors"

var (
	// ErrNotFound reports that there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrConflict reports that another record already has a value that must be unique.
	ErrConflict = errors.New("already exists")
)

// Document is a resource as the Management API shows it: a JSON object.
type Document = map[string]any
