package storage

import (
	"iter"
	"slices"
)

// A walk reads its rows in steps that grow up to lastStep: the caller of one often wants
// the first row alone, or all of them.
const firstStep, lastStep = 8, 512

// forward and backward yield the rows with keys in [from, to), from either end. The
// caller may read and write in the same transaction meanwhile: between two steps no scan
// is under way. What it writes may or may not be seen by the walk.
func (tx *Tx) forward(from, to []byte) iter.Seq2[row, error] {
	return walk(from, to, tx.kv.Scan, func(last []byte) ([]byte, []byte) { return append(slices.Clone(last), 0), to })
}

func (tx *Tx) backward(from, to []byte) iter.Seq2[row, error] {
	return walk(from, to, tx.kv.ScanBack, func(last []byte) ([]byte, []byte) { return from, last })
}

// walk yields what scan does. rest is the range behind the last row of a step.
func walk(
	from, to []byte, scan func(from, to []byte, fn func(key, value []byte) bool) error, rest func(last []byte) (from, to []byte),
) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		from, to := from, to // the sequence may be run again
		for limit := firstStep; ; limit = min(2*limit, lastStep) {
			rows := make([]row, 0, limit)
			err := scan(from, to, func(key, value []byte) bool {
				rows = append(rows, row{key, value})
				return len(rows) < limit
			})
			if err != nil {
				yield(row{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			if len(rows) < limit {
				return
			}
			from, to = rest(rows[limit-1].key)
		}
	}
}
