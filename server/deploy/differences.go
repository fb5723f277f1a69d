package deploy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// DescribeAll returns a line of text for each changed member of an object.
func DescribeAll(changes []resource.Difference) (lines []string) {
	for _, change := range changes {
		lines = append(lines, Describe(change))
	}
	return lines
}

// Describe describes the change of a member with its old and new value, or only the fact for a secret.
func Describe(change resource.Difference) string {
	if change.Secret {
		return change.Member + ": changed"
	}
	return fmt.Sprintf("%s: %s → %s", change.Member, briefly(change.Had), briefly(change.Wanted))
}

// kept returns the changes that an object has after it was written as a configuration wants it. They may be fewer than the
// wanted ones: the server stores some values in another form, such as a list of scopes as one text, which would look like a
// change at each import. had is the object before, now is the answer to the write, and item is the configuration.
func kept(kind *resource.Kind, wanted []resource.Difference, had storage.Document, now any, item storage.Document) []resource.Difference {
	doc, ok := now.(storage.Document)
	if !ok {
		return wanted
	}
	return kind.Field().Differences(had, outcome(doc, item))
}

// outcome returns the members of an object that a configuration mentions.
func outcome(object, item storage.Document) storage.Document {
	own := storage.Document{}
	for name, wanted := range item {
		own[name] = object[name]
		within, isObject := wanted.(storage.Document)
		if stored, ok := object[name].(storage.Document); ok && isObject {
			own[name] = outcome(stored, within)
		}
	}
	return own
}

// maxBrief is the number of characters after which a value is cut off.
const maxBrief = 60

func briefly(value any) string {
	if value == nil {
		return "nothing"
	}
	var told strings.Builder
	e := json.NewEncoder(&told)
	e.SetEscapeHTML(false) // the text is for a terminal
	_ = e.Encode(value)    // cannot fail: the value was decoded from JSON
	text := []rune(strings.TrimSpace(told.String()))
	if len(text) > maxBrief {
		return string(text[:maxBrief]) + "…"
	}
	return string(text)
}

// marker matches a keyword marker of auth0-deploy-cli, ##NAME##. A marker that is left in a configuration at
// import has no value.
var marker = regexp.MustCompile(`##[A-Za-z0-9_]+##`)

// KeepUnset replaces values in item that have no value in the configuration by those of the existing object
// there: strings with markers, if the existing string is the same apart from the markers, and HiddenSecret,
// which stands for a secret that Auth0 hides.
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

// fits reports whether a text can result from another text if the markers in that are replaced by values.
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
