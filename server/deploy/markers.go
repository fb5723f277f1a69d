package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// HiddenSecret is the value that auth0-deploy-cli writes for a secret that the API hides.
const HiddenSecret = "_VALUE_NOT_SHOWN_"

// Markers replaces the secrets of an export by keyword markers of auth0-deploy-cli. An import needs values
// for these keywords. The zero value is ready for one export.
type Markers struct {
	of map[string]string // the place of the secret that each keyword stands for
}

// Spell separates the words of a name with underscores, for a keyword: logStreams becomes log_Streams.
func Spell(name string) string { return caseChange.ReplaceAllString(name, "${1}_$2") }

var (
	caseChange = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	noKeyword  = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// enclosing are members that contain all secrets of an object. Keywords leave them out.
var enclosing = []string{"options", "sink", "setup"}

// Mark replaces the secrets of an object by markers. called are the words with which the keywords begin.
func (m *Markers) Mark(field resource.Field, value any, called []string) any {
	return field.Mark(value, func(way []resource.Step, secret, part string) string {
		if secret == HiddenSecret || marker.FindString(secret) == secret && secret != "" {
			return secret
		}
		words := slices.Clone(called)
		for i, step := range way {
			switch {
			case step.Name == "":
				words = append(words, fmt.Sprint(step.Index+1))
			case i > 0 || !slices.Contains(enclosing, step.Name):
				words = append(words, Spell(step.Name))
			}
		}
		if part != "" {
			words = append(words, part)
		}
		return "##" + m.keyword(words) + "##"
	})
}

// keyword returns the keyword made of words. It adds a number if another place has the same keyword.
func (m *Markers) keyword(words []string) string {
	place := strings.Join(words, "\x00")
	base := strings.Trim(strings.ToUpper(noKeyword.ReplaceAllString(strings.Join(words, "_"), "_")), "_")
	keyword := base
	for n := 2; m.of[keyword] != "" && m.of[keyword] != place; n++ {
		keyword = fmt.Sprintf("%s_%d", base, n)
	}
	if m.of == nil {
		m.of = map[string]string{}
	}
	m.of[keyword] = place
	return keyword
}

// Keywords returns the keywords of all markers in a value, in alphabetical order, including markers that
// were in the tenant's data.
func Keywords(value any) (all []string) {
	switch v := value.(type) {
	case string:
		for _, found := range marker.FindAllString(v, -1) {
			all = append(all, strings.Trim(found, "#"))
		}
	case storage.Document:
		for _, item := range v {
			all = append(all, Keywords(item)...)
		}
	case []any:
		for _, item := range v {
			all = append(all, Keywords(item)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
