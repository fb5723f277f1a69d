package deploy

import (
	"maps"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func exportEmailProvider(im *importer) (any, error) {
	provider, err := im.object(at("/emails/provider"))
	maps.DeleteFunc(provider, func(name string, _ any) bool {
		return !slices.Contains([]string{"name", "enabled", "credentials", "settings", "default_from_address"}, name)
	})
	return provider, err
}

// emailTemplateNames are the names of all e-mail templates.
var emailTemplateNames = []string{
	"verify_email", "verify_email_by_code", "reset_email", "reset_email_by_code", "welcome_email", "blocked_account", "auth_email_by_code", "stolen_credentials",
	"enrollment_email", "mfa_oob_code", "change_password", "password_reset", "user_invitation", "async_approval",
}

func exportEmailTemplates(im *importer) (any, error) {
	list := []any{}
	for _, name := range emailTemplateNames {
		doc, err := im.object(one("/email-templates", name))
		if err != nil {
			return nil, err
		}
		if len(doc) > 0 {
			list = append(list, doc)
		}
	}
	return list, nil
}

func exportPolicies(im *importer) (any, error) {
	answer, err := im.objects.Get(at("/guardian/policies"))
	return storage.Document{"policies": answer}, err
}

func exportFactors(im *importer) (any, error) {
	factors, err := im.objects.List(at("/guardian/factors"))
	list := []any{}
	for _, f := range factors {
		list = append(list, storage.Document{"name": f["name"], "enabled": f["enabled"]})
	}
	return list, err
}

func exportFactorTemplates(im *importer) (any, error) {
	return im.factorParts([]storage.Document{{"name": "sms"}}, "templates")
}

func exportFactorProviders(im *importer) (any, error) {
	return im.factorParts([]storage.Document{
		{"name": "sms", "provider": "twilio"}, {"name": "push-notification", "provider": "sns"}, // auth0-deploy-cli knows no other providers
	}, "providers")
}

// factorParts returns the objects that factors have at a subpath, without empty ones.
func (im *importer) factorParts(of []storage.Document, part string) (any, error) {
	list := []any{}
	for _, names := range of {
		path := "/guardian/factors/" + storage.Text(names, "name") + "/" + part
		if provider := storage.Text(names, "provider"); provider != "" {
			path += "/" + provider
		}
		doc, err := im.object(at(path))
		if err != nil {
			return nil, err
		}
		item := storage.Document{}
		for name, value := range doc {
			if value != nil {
				item[name] = value
			}
		}
		if len(item) == 0 {
			continue
		}
		maps.Copy(item, names)
		list = append(list, item)
	}
	return list, nil
}

// exportPages exports the tenant's own pages of the classic login.
func exportPages(im *importer) (any, error) {
	list := []any{}
	global, err := im.globalClient()
	if err != nil {
		return nil, err
	}
	if html := storage.Text(global, "custom_login_page"); html != "" {
		list = append(list, storage.Document{"name": "login", "enabled": global["custom_login_page_on"] == true, "html": html})
	}
	settings, err := im.object(at("/tenants/settings"))
	if err != nil {
		return nil, err
	}
	for _, page := range [][2]string{{"password_reset", "change_password"}, {"guardian_multifactor", "guardian_mfa_page"}, {"error_page", "error_page"}} {
		kept, ok := settings[page[1]].(storage.Document)
		if !ok {
			continue
		}
		item := storage.Document{"name": page[0]}
		maps.Copy(item, kept)
		list = append(list, item)
	}
	return list, nil
}

func exportBranding(im *importer) (any, error) {
	doc, err := im.object(at("/branding"))
	if err != nil {
		return nil, err
	}
	template, err := im.object(at("/branding/templates/universal-login"))
	if body := storage.Text(template, "body"); body != "" {
		if doc == nil {
			doc = storage.Document{}
		}
		doc["templates"] = []any{storage.Document{"template": "universal_login", "body": body}}
	}
	return doc, err
}

// exportPrompts exports the settings of prompts, their custom texts in the tenant's
// languages, their partials and their rendering settings.
func exportPrompts(im *importer) (any, error) {
	doc, err := im.object(at("/prompts"))
	if err != nil {
		return nil, err
	}
	settings, err := im.object(at("/tenants/settings"))
	if err != nil {
		return nil, err
	}
	locales, _ := settings["enabled_locales"].([]any)
	customText := storage.Document{}
	for _, locale := range locales {
		language, _ := locale.(string)
		texts, err := exportEachPrompt(im, resource.PromptNames, "/custom-text/{language}", language)
		if err != nil {
			return nil, err
		}
		if len(texts) > 0 {
			customText[language] = texts
		}
	}
	if len(customText) > 0 {
		doc["customText"] = customText
	}
	partials, err := exportEachPrompt(im, resource.PartialPrompts, "/partials")
	if err != nil {
		return nil, err
	}
	if len(partials) > 0 {
		doc["partials"] = partials
	}
	renderers, err := im.objects.List(at("/prompts/rendering"))
	if err != nil {
		return nil, err
	}
	if list := []any{}; len(renderers) > 0 {
		for _, r := range renderers {
			r = maps.Clone(r)
			delete(r, "tenant")
			list = append(list, r)
		}
		doc["screenRenderers"] = list
	}
	return doc, nil
}

// exportEachPrompt returns the objects at a subpath of each prompt, without empty ones.
func exportEachPrompt(im *importer, prompts []string, part string, values ...string) (storage.Document, error) {
	parts := storage.Document{}
	for _, prompt := range prompts {
		content, err := im.object(at("/prompts/{prompt}", prompt).below(part, values...))
		if err != nil {
			return nil, err
		}
		if len(content) > 0 {
			parts[prompt] = content
		}
	}
	return parts, nil
}

// markPhoneProvider replaces the secret by auth0-deploy-cli's keyword marker for it.
func markPhoneProvider(_ *importer, _ string, item storage.Document) error {
	credentials, ok := item["credentials"].(storage.Document)
	if !ok {
		credentials = storage.Document{}
	}
	item["credentials"] = credentials
	if _, there := credentials["auth_token"]; there {
		credentials["auth_token"] = "##TWILIO_AUTH_TOKEN##"
	}
	return nil
}
