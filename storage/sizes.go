package storage

// Size is how many bytes the records of a measured table take: a bound on them is kept
// without a look at all of them.
type Size struct {
	Table string `json:"table"`
	Bytes int    `json:"bytes"`
}

var sizes = declare(spec[Size]{
	name: "sizes",
	key:  func(s Size) string { return s.Table },
})

// measure notes that the table's records have grown by some bytes.
func (r records) measure(grown int) error {
	if !r.kind.measured || grown == 0 {
		return nil
	}
	s, err := r.tx.sizes.Get(r.kind.name)
	if err := Optional(err); err != nil {
		return err
	}
	s.Table, s.Bytes = r.kind.name, s.Bytes+grown
	if s.Bytes <= 0 {
		return r.tx.sizes.Delete(s.Table)
	}
	return r.tx.sizes.Put(s)
}

// measureAll notes how much the table's records take that were written before they were
// measured.
func (r records) measureAll() error {
	total := 0
	prefix := r.rowKey("")
	err := r.tx.kv.Scan(prefix, prefixEnd(prefix), func(_, raw []byte) bool {
		total += len(raw)
		return true
	})
	if err != nil {
		return err
	}
	return r.measure(total)
}
