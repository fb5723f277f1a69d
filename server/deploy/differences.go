package deploy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// TellAll says in which members an object changes.
func TellAll(changes []resource.Difference) (lines []string) {
	for _, change := range changes {
		lines = append(lines, Told(change))
	}
	return lines
}

// Told says what a member was and what it becomes, and of a secret only that it changes.
func Told(change resource.Difference) string {
	if change.Secret {
		return change.Member + ": changed"
	}
	return fmt.Sprintf("%s: %s → %s", change.Member, briefly(change.Had), briefly(change.Wanted))
}

// maxBrief is how much of a value is told, in characters.
const maxBrief = 60

func briefly(value any) string {
	if value == nil {
		return "nothing"
	}
	var told strings.Builder
	e := json.NewEncoder(&told)
	e.SetEscapeHTML(false) // it is for a terminal
	_ = e.Encode(value)    // it was JSON
	text := []rune(strings.TrimSpace(told.String()))
	if len(text) > maxBrief {
		return string(text[:maxBrief]) + "…"
	}
	return string(text)
}

// marker is a keyword of auth0-deploy-cli that stands for a text; one that is left in a configuration has no value.
var marker = regexp.MustCompile(`##[A-Za-z0-9_]+##`)

// KeepUnset puts in the place of secrets that a configuration has no value for those that are there: a text that is a marker,
// or holds one where all else of the text is as it is. Auth0's own sign for a secret that it hides counts as well.
func KeepUnset(there, item storage.Document) {
	for name, value := range item {
		item[name] = filled(there[name], value)
	}
}

func filled(had, wanted any) any {
	switch want := wanted.(type) {
	case string:
		if got, ok := had.(string); ok && (want == HiddenSecret || marker.MatchString(want) && fits(want, got)) {
			return got
		}
	case storage.Document:
		got, _ := had.(storage.Document)
		own := storage.Document{}
		for name, value := range want {
			own[name] = filled(got[name], value)
		}
		return own
	case []any:
		got, ok := had.([]any)
		if !ok || len(got) != len(want) {
			return want
		}
		own := make([]any, len(want))
		for i := range want {
			own[i] = filled(got[i], want[i])
		}
		return own
	}
	return wanted
}

// fits reports whether a text is another whose markers have some value.
func fits(marked, text string) bool {
	var pattern strings.Builder
	rest := 0
	for _, at := range marker.FindAllStringIndex(marked, -1) {
		pattern.WriteString(regexp.QuoteMeta(marked[rest:at[0]]) + "(?s:.*)")
		rest = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(marked[rest:]))
	return regexp.MustCompile("^" + pattern.String() + "$").MatchString(text)
}
