package management

import (
	"maps"
	"strings"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

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

// mark marks the secrets of a section: an object, or a list of objects that have names.
func (s importSection) mark(m *deploy.Markers, value any) any {
	field, own := ownDescriptions[s.name]
	if !own {
		field = kindOf(s.path).Field()
	}
	list, isList := value.([]any)
	called := strings.TrimSuffix(deploy.Spell(s.name), "s") // such as LOG_STREAM
	if !isList {
		return m.Mark(field, value, []string{called})
	}
	marked := make([]any, len(list))
	for i, item := range list {
		words := []string{called}
		if doc, isObject := item.(storage.Document); isObject {
			for _, member := range tenantfile.Identity(s.name) {
				words = append(words, text(doc, member))
			}
		}
		marked[i] = m.Mark(field, item, words)
	}
	return marked
}
