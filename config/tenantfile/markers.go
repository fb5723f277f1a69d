package tenantfile

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Keyword markers, which auth0-deploy-cli replaces: ##KEY## by the text of a value, @@KEY@@ by the value as JSON.
// Markers that have a value are replaced before a file is parsed; this file deals with those that have none.
var (
	wholeMarker    = regexp.MustCompile(`^(?:##[^#\s]+##|@@[^@\s]+@@)$`)
	textMarker     = regexp.MustCompile(`##[^#\s]+##`)
	unquotedMarker = regexp.MustCompile(`(?:^|[\s\[{,:-])(@@[^@\s]+@@)`)
)

// mark records the markers in a text, with one warning for each. A text may be a marker as a whole, or contain
// ##KEY## in one line, such as a URL. Similar texts within pages and programs are not markers.
func (f *file) mark(text string, path []string) {
	if ownAPI.MatchString(text) {
		return // of any domain
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

// unset warns about a marker, once.
func (f *file) unset(marker string, path []string, message string) {
	if f.markers == nil {
		f.markers = map[string]bool{}
	}
	if !f.markers[marker] {
		f.markers[marker] = true
		f.warn(path, message, marker)
	}
}

// unsetKeywords returns the keywords that have no value, in alphabetical order.
func (f *file) unsetKeywords() []string {
	keywords := map[string]bool{}
	for marker := range f.markers {
		keywords[marker[2:len(marker)-2]] = true
	}
	return slices.Sorted(maps.Keys(keywords))
}

// leavesOut reports whether a member is left out because its text is a marker for JSON, whose value is not known.
// The marker ##KEY## is kept, since it marks secrets that are to be set later.
func leavesOut(text string) bool {
	return strings.HasPrefix(text, "@@") && wholeMarker.MatchString(text)
}

// commented warns about a marker that YAML takes for a comment, because it is not in quotes, so that the value is
// empty. comments are those of the value and its key.
func (f *file) commented(value *yaml.Node, path []string, comments ...string) {
	for _, comment := range comments {
		if isNull(value) && wholeMarker.MatchString(comment) {
			f.unset(comment, path, "YAML reads the keyword marker %s as a comment; put it in quotes")
			if f.comments == nil {
				f.comments = map[string]string{}
			}
			f.comments[originKey(path)] = comment
		}
	}
}

// lost explains a value that is missing because YAML takes it for a comment; it is "" for any other.
func (f *file) lost(path []string) string {
	comment, ok := f.comments[originKey(path)]
	if !ok {
		return ""
	}
	return "; the keyword " + strings.Trim(comment, "#") + " has no value, and YAML reads " + comment + " as a comment: give the keyword a value, or put the marker in quotes"
}
