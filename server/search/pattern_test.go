package search_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/search"
	"github.com/tenant0/tenant0/storage"
)

// finds reports whether a term finds a user who has only the given nickname.
func finds(t *testing.T, schema *search.Schema, term, name string) bool {
	t.Helper()
	q, err := search.Parse("nickname:"+term, schema)
	if err != nil {
		t.Fatalf("%s: %v", term, err)
	}
	found, err := q.MatchDocument(storage.Document{"nickname": name})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestWildcardsFindWhatARegularExpressionFinds compares wildcards with package regexp on texts of few
// different characters, in which parts of a pattern occur in many places.
func TestWildcardsFindWhatARegularExpressionFinds(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	write := func(alphabet string, most int) string {
		var b strings.Builder
		runes := []rune(alphabet)
		for range 1 + dice.IntN(most) {
			b.WriteRune(runes[dice.IntN(len(runes))])
		}
		return b.String()
	}
	likes := strings.NewReplacer("*", ".*", "?", ".")
	found := 0
	for range 20_000 {
		term, name := write("abé**?", 8), write("abé", 9)
		if !strings.ContainsAny(term, "*?") || term == "*" {
			continue
		}
		want := regexp.MustCompile("^" + likes.Replace(term) + "$").MatchString(name)
		if want {
			found++
		}
		if got := finds(t, search.UsersV2, term, name); got != want {
			t.Fatalf("%s finds %s: %v, want %v", term, name, got, want)
		}
	}
	if found < 1000 {
		t.Errorf("only %d of the terms find something", found)
	}
}

// TestWildcardsAreFoundInLinearTime searches for patterns that almost match everywhere: a search
// that starts again at each position takes minutes.
func TestWildcardsAreFoundInLinearTime(t *testing.T) {
	const size = 400_000
	text := strings.Repeat("a", size)
	question := "*" + strings.Repeat("?", 50) + strings.Repeat("a", 49) + "b*"
	ended := make(chan bool)
	go func() {
		half := text[:size/2]
		ended <- finds(t, search.Users, "*"+half+"b*", text) || finds(t, search.UsersV2, question, text) ||
			finds(t, search.Users, strings.Repeat("*aaab", size/100)+"*", text) || !finds(t, search.Users, "*"+half+"*"+half, text)
	}()
	select {
	case wrong := <-ended:
		if wrong {
			t.Error("what is found is wrong")
		}
	case <-time.After(time.Minute):
		t.Fatal("it is not found within a minute")
	}
	if _, err := search.Parse("name:*?"+text[:100]+"*", search.UsersV2); err == nil || !strings.Contains(err.Error(), "100 characters or less") {
		t.Errorf("a long piece with a wildcard: %v", err)
	}
}
