package management

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// markers puts keywords, as auth0-deploy-cli has them, in the place of the secrets of an export. They say what an import has
// to be given.
type markers struct {
	of map[string]string // what each keyword stands for
}

// ownDescriptions describe the objects of sections that are not those of one path of the API.
var ownDescriptions = map[string]resource.Field{
	"attackProtection": {Open: true, Fields: resource.Fields{"captcha": resource.Captcha.Field()}},
	"emailProvider":    resource.EmailProvider.Field(),
	"emailTemplates":   resource.EmailTemplates.Field(),
	"branding":         {Plain: true}, "guardianFactorTemplates": {Plain: true}, "guardianFactors": {Plain: true}, "guardianPolicies": {Plain: true},
	"pages": {Plain: true}, "prompts": {Plain: true}, "triggers": {Plain: true},
	"guardianFactorProviders": factorProviders(),
}

// factorProviders describes the providers of factors, whichever they are.
func factorProviders() resource.Field {
	all := resource.Fields{}
	for _, g := range guardianSettings {
		maps.Copy(all, resource.GuardianSettings(newName(g.path)).Fields)
	}
	return resource.Field{Open: true, Fields: all}
}

// section marks the secrets of a section: an object, or a list of objects that have names.
func (m markers) section(s importSection, value any) any {
	field, own := ownDescriptions[s.name]
	if !own {
		field = kindOf(s.path).Field()
	}
	list, isList := value.([]any)
	called := strings.TrimSuffix(caseChange.ReplaceAllString(s.name, "${1}_$2"), "s") // such as LOG_STREAM
	if !isList {
		return m.object(field, value, []string{called})
	}
	marked := make([]any, len(list))
	for i, item := range list {
		words := []string{called}
		if doc, isObject := item.(storage.Document); isObject {
			for _, member := range tenantfile.Identity(s.name) {
				words = append(words, text(doc, member))
			}
		}
		marked[i] = m.object(field, item, words)
	}
	return marked
}

var (
	caseChange = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	noKeyword  = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// enclosing are members that all secrets of an object are in, which a keyword does without.
var enclosing = []string{"options", "sink", "setup"}

func (m markers) object(field resource.Field, value any, called []string) any {
	return field.Mark(value, func(way []resource.Step, secret, part string) string {
		if secret == hiddenSecret || marker.FindString(secret) == secret && secret != "" {
			return secret
		}
		words := slices.Clone(called)
		for i, step := range way {
			switch {
			case step.Name == "":
				words = append(words, fmt.Sprint(step.Index+1))
			case i > 0 || !slices.Contains(enclosing, step.Name):
				words = append(words, caseChange.ReplaceAllString(step.Name, "${1}_$2"))
			}
		}
		if part != "" {
			words = append(words, part)
		}
		return "##" + m.keyword(words) + "##"
	})
}

// keyword makes a keyword of words, another for each place.
func (m markers) keyword(words []string) string {
	place := strings.Join(words, "\x00")
	base := strings.Trim(strings.ToUpper(noKeyword.ReplaceAllString(strings.Join(words, "_"), "_")), "_")
	keyword := base
	for n := 2; m.of[keyword] != "" && m.of[keyword] != place; n++ {
		keyword = fmt.Sprintf("%s_%d", base, n)
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
