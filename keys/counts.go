package keys

import "sync/atomic"

// counts are, by algorithm, how many tokens were signed.
type counts map[string]*signings

type signings struct{ signed, remembered atomic.Uint64 }

func newCounts() counts { return counts{RS256: {}, RS512: {}, PS256: {}} }

func (s *signings) add(known bool) {
	if known {
		s.remembered.Add(1)
		return
	}
	s.signed.Add(1)
}

// Counts returns, by algorithm, how many tokens were signed since the ring was opened, and
// for how many a remembered signature was used instead.
func (r *Ring) Counts() (signed, remembered map[string]uint64) {
	signed, remembered = map[string]uint64{}, map[string]uint64{}
	for alg, s := range r.counts {
		signed[alg], remembered[alg] = s.signed.Load(), s.remembered.Load()
	}
	return signed, remembered
}
