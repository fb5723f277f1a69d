package deploy

import (
	"maps"
	"strings"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ownDescriptions describe the objects of sections that do not correspond to a single path of
// the API.
var ownDescriptions = map[string]resource.Field{
	"attackProtection": {Open: true, Fields: resource.Fields{"captcha": resource.Captcha.Field()}},
	"emailProvider":    resource.EmailProvider.Field(),
	"emailTemplates":   resource.EmailTemplates.Field(),
	"branding":         {Plain: true}, "guardianFactorTemplates": {Plain: true}, "guardianFactors": {Plain: true}, "guardianPolicies": {Plain: true},
	"pages": {Plain: true}, "prompts": {Plain: true}, "triggers": {Plain: true},
	"guardianFactorProviders": factorProviders(),
}

// factorProviders describes the providers of all factors in one description.
func factorProviders() resource.Field {
	all := resource.Fields{}
	for _, path := range []string{
		"phone/providers/twilio", "push-notification/providers/sns", "push-notification/providers/apns", "push-notification/providers/fcm",
		"push-notification/providers/fcmv1",
	} {
		maps.Copy(all, resource.GuardianSettings(path).Fields)
	}
	return resource.Field{Open: true, Fields: all}
}

// mark replaces the secrets of a section by keyword markers. The section is an object or a
// list of objects with names.
func (s importSection) mark(im *importer, m *Markers, value any) any {
	field, own := ownDescriptions[s.name]
	if !own {
		field = im.objects.Kind(s.path).Field()
	}
	list, isList := value.([]any)
	called := strings.TrimSuffix(Spell(s.name), "s") // such as LOG_STREAM
	if !isList {
		return m.Mark(field, value, []string{called})
	}
	marked := make([]any, len(list))
	for i, item := range list {
		words := []string{called}
		if doc, isObject := item.(storage.Document); isObject {
			for _, member := range tenantfile.Identity(s.name) {
				words = append(words, storage.Text(doc, member))
			}
		}
		marked[i] = m.Mark(field, item, words)
	}
	return marked
}
