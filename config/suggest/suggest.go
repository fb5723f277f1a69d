// Package suggest finds what somebody probably meant by an unknown word: a setting, a key, or the name of an entry.
package suggest

import (
	"fmt"
	"slices"
	"strings"
)

// For returns the end of an error message, such as: did you mean "callbacks"? It names the known word that is
// nearest to a wrong one, or all known words if they are few and none is near. plural is the noun for the known
// words.
func For(word string, known []string, plural string) string {
	similar, near := Nearest(word, known)
	switch {
	case len(known) == 0:
		return "there are no " + plural
	case near:
		return fmt.Sprintf("did you mean %q?", similar)
	case len(known) <= 8:
		known = slices.Clone(known)
		slices.Sort(known)
		return fmt.Sprintf("the %s are %s", plural, strings.Join(known, ", "))
	default:
		return fmt.Sprintf("the nearest of the %s is %q", plural, similar)
	}
}

// Nearest finds the known word that takes the fewest edits, ignoring case and separators, and reports whether it is
// near enough to be what was probably meant.
func Nearest(word string, known []string) (similar string, near bool) {
	if len(word) > 200 { // not a typing mistake
		word = word[:200]
	}
	best := -1
	for _, candidate := range slices.Sorted(slices.Values(known)) {
		if edits := distance(folded(word), folded(candidate)); best < 0 || edits < best {
			best, similar = edits, candidate
		}
	}
	return similar, best >= 0 && best <= max(len(word), len(similar))/3
}

// folded removes differences that people confuse: clientId, client-id and client_id become the same.
func folded(word string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(word))
}

// distance is the Levenshtein distance of two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
