package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// HiddenSecret is what auth0-deploy-cli writes for a secret that the API hides.
const HiddenSecret = "_VALUE_NOT_SHOWN_"

// Markers puts keywords, as auth0-deploy-cli has them, in the place of the secrets of an export. They say what an import has
// to be given. The zero value is ready for one export.
type Markers struct {
	of map[string]string // what each keyword stands for
}

// Spell spells a name such as logStreams in the way of keywords: log_Streams.
func Spell(name string) string { return caseChange.ReplaceAllString(name, "${1}_$2") }

var (
	caseChange = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	noKeyword  = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// enclosing are members that all secrets of an object are in, which a keyword does without.
var enclosing = []string{"options", "sink", "setup"}

// Mark marks the secrets of an object. called are the words that its keywords begin with.
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

// keyword makes a keyword of words, another for each place.
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

// Keywords are those that an export has, in alphabetical order, whoever has put them there.
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
