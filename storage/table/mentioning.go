package table

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// mostMentioned is for how many values the stored text of each record is searched. With more of them, decoding all
// records is faster.
const mostMentioned = 8

// mentioning yields the records whose keys start with a text and whose stored text has one of the values as a JSON
// string.
//
//go:noinline
func (r Records) mentioning(start string, values []string) iter.Seq2[any, error] {
	if len(values) > mostMentioned {
		return r.scan(start)
	}
	return func(yield func(any, error) bool) {
		rows, err := r.rowsMentioning(start, values)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, row := range rows {
			v, err := r.decodeListed(row.Key, row.Value)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

func (r Records) rowsMentioning(start string, values []string) (rows []keyspace.Row, err error) {
	texts := make([][]byte, len(values))
	for i, value := range values {
		if texts[i], err = json.Marshal(value); err != nil { // as in the records
			return nil, err
		}
	}
	prefix := r.RowKey(start)
	err = r.tx.kv.Scan(prefix, keyspace.PrefixEnd(prefix), func(key, raw []byte) bool {
		if slices.ContainsFunc(texts, func(text []byte) bool { return bytes.Contains(raw, text) }) {
			rows = append(rows, keyspace.Row{Key: bytes.Clone(key), Value: bytes.Clone(raw)})
		}
		return true
	})
	return rows, err
}
