package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/storage/keyspace"
)

const neighbours = 4000

func neighbour(i int) string { return fmt.Sprintf("k%06d", i) }

// emptied deletes runs of adjacent keys, which include whole pages of a tree, and scans
// in the same update: from the end, from within the deleted run, and forward.
func (s suite) emptied() {
	s.update(func(kv keyspace.KV) error {
		for i := range neighbours {
			if err := kv.Put([]byte(neighbour(i)), bytes.Repeat([]byte{'v'}, 40)); err != nil {
				return err
			}
		}
		return nil
	})
	failed := errors.New("take it back")
	for _, gone := range [][2]int{{0, 1000}, {1500, 2500}, {3000, neighbours}, {1, neighbours}, {0, neighbours - 1}, {0, neighbours}} {
		err := s.Update(s.Context(), func(kv keyspace.KV) error {
			var left []string
			for i := range neighbours {
				if i < gone[0] || i >= gone[1] {
					left = append(left, neighbour(i))
				} else if err := kv.Delete([]byte(neighbour(i))); err != nil {
					return err
				}
			}
			for _, to := range []int{neighbours, gone[1], (gone[0] + gone[1]) / 2} {
				s.scansAgree(kv, neighbour(to), left)
			}
			return failed
		})
		if !errors.Is(err, failed) {
			s.Fatal(err)
		}
	}
}

// scansAgree checks that both scans yield the remaining keys below a key.
func (s suite) scansAgree(kv keyspace.KV, to string, left []string) {
	s.Helper()
	want := slices.DeleteFunc(slices.Clone(left), func(k string) bool { return k >= to })
	var up, down []string
	note := func(keys *[]string) func(key, _ []byte) bool {
		return func(key, _ []byte) bool { *keys = append(*keys, string(key)); return true }
	}
	err := errors.Join(kv.Scan([]byte("k"), []byte(to), note(&up)), kv.ScanBack([]byte("k"), []byte(to), note(&down)))
	if err != nil {
		s.Fatal(err)
	}
	slices.Reverse(down)
	if !slices.Equal(up, want) || !slices.Equal(down, want) {
		s.Errorf("below %s Scan yields %d keys and ScanBack %d, want %d", to, len(up), len(down), len(want))
	}
}
