package keyspace

import (
	"iter"
	"slices"
)

// A walk reads its rows in steps that grow from firstStep to lastStep, because callers
// often want either the first row only or all of them.
const firstStep, lastStep = 8, 512

// Forward yields the rows with keys in [from, to), in ascending order. The caller may
// read and write in the same transaction meanwhile, because no scan is under way between
// two steps. The walk may or may not see those writes.
func Forward(kv KV, from, to []byte) iter.Seq2[Row, error] {
	return walk(from, to, kv.Scan, func(last []byte) ([]byte, []byte) { return append(slices.Clone(last), 0), to })
}

// Backward is Forward in descending order.
func Backward(kv KV, from, to []byte) iter.Seq2[Row, error] {
	return walk(from, to, kv.ScanBack, func(last []byte) ([]byte, []byte) { return from, last })
}

// walk yields the rows of scan. rest returns the range after the last row of a step.
func walk(
	from, to []byte, scan func(from, to []byte, fn func(key, value []byte) bool) error, rest func(last []byte) (from, to []byte),
) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		from, to := from, to // the sequence may be run again
		for limit := firstStep; ; limit = min(2*limit, lastStep) {
			rows := make([]Row, 0, limit)
			err := scan(from, to, func(key, value []byte) bool {
				rows = append(rows, Row{key, value})
				return len(rows) < limit
			})
			if err != nil {
				yield(Row{}, err)
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
			from, to = rest(rows[limit-1].Key)
		}
	}
}
