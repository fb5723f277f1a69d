package tenantfile

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Keyword markers, the holes that auth0-deploy-cli fills from its mappings: ##KEY## with the text of a value, @@KEY@@ with
// the value as JSON. Those with a value are gone before a file is parsed; what is said here is of the others.
var (
	wholeMarker    = regexp.MustCompile(`^(?:##[^#\s]+##|@@[^@\s]+@@)$`)
	textMarker     = regexp.MustCompile(`##[^#\s]+##`)
	unquotedMarker = regexp.MustCompile(`(?:^|[\s\[{,:-])(@@[^@\s]+@@)`)
)

// mark notes the markers in a text, each with one warning. A text that is one is; so is ##KEY## within one line, such as
// a URL. What stands in a page or in a program is the page's or the program's own.
func (f *file) mark(text string, path []string) {
	if ownAPI.MatchString(text) {
		return // whatever the domain is
	}
	whole := wholeMarker.MatchString(text)
	within := !strings.Contains(text, "\n") && !slices.Contains(files, path[len(path)-1])
	switch {
	case whole:
		f.unset(text, path, "the keyword marker %s is not replaced")
	case within:
		for _, marker := range textMarker.FindAllString(text, -1) {
			f.unset(marker, path, "the keyword marker %s is not replaced")
		}
	}
}

// unset warns of a marker once.
func (f *file) unset(marker string, path []string, message string) {
	if f.markers == nil {
		f.markers = map[string]bool{}
	}
	if !f.markers[marker] {
		f.markers[marker] = true
		f.warn(path, message, marker)
	}
}

// unsetKeywords are the keywords that have no value, in alphabetical order.
func (f *file) unsetKeywords() []string {
	keywords := map[string]bool{}
	for marker := range f.markers {
		keywords[marker[2:len(marker)-2]] = true
	}
	return slices.Sorted(maps.Keys(keywords))
}

// leavesOut reports whether a member is left out because its text is a marker for JSON: it says nothing of what would be
// there. The marker ##KEY## stays, since secrets that are to be set later have it.
func leavesOut(text string) bool {
	return strings.HasPrefix(text, "@@") && wholeMarker.MatchString(text)
}

// commented warns of a marker that YAML takes for a comment, because no quotes are around it: nothing is set.
func (f *file) commented(field field, path []string) {
	for _, comment := range []string{field.key.LineComment, field.value.LineComment} {
		if isNull(field.value) && wholeMarker.MatchString(comment) {
			f.unset(comment, path, "the keyword marker %s is a comment to YAML; put it in quotes")
		}
	}
}
