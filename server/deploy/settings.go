package deploy

import (
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func importEmailProvider(im *importer, value any) error {
	doc, _ := value.(storage.Document)
	if len(doc) == 0 {
		return nil
	}
	there, err := im.object(at("/emails/provider"))
	if err != nil {
		return err
	}
	if there == nil {
		if _, err := im.create(at("/emails/provider"), doc); err != nil {
			return inObject(storage.Text(doc, "name"), err)
		}
		im.changed("create", "emailProvider", storage.Text(doc, "name"))
		return nil
	}
	KeepUnset(there, doc)
	changes := resource.EmailProvider.Field().Differences(there, doc)
	if len(changes) == 0 {
		im.changed("unchanged", "emailProvider", storage.Text(doc, "name"))
		return nil
	}
	if _, err := im.objects.Change(at("/emails/provider"), doc); err != nil {
		return inObject(storage.Text(doc, "name"), err)
	}
	im.changed("update", "emailProvider", storage.Text(doc, "name"), DescribeAll(changes)...)
	return nil
}

func importEmailTemplates(im *importer, value any) error {
	for _, item := range ItemsOf(value) {
		name := storage.Text(item, "template")
		if err := im.setNamed("emailTemplates", name, Objects.Set, one("/email-templates", name), item); err != nil {
			return err
		}
	}
	return nil
}

// importPolicies imports the MFA policies, which say when further factors are required.
func importPolicies(im *importer, value any) error {
	doc, _ := value.(storage.Document)
	there, err := im.objects.Get(at("/guardian/policies"))
	if err != nil {
		return err
	}
	action := "unchanged"
	if had := jsonText(there); had != jsonText(doc["policies"]) {
		action = "update"
	}
	im.changed(action, "guardianPolicies", "policies")
	_, err = im.objects.Set(at("/guardian/policies"), doc["policies"])
	return err
}

// importFactors imports which MFA factors are enabled.
func importFactors(im *importer, value any) error {
	factors, err := im.objects.List(at("/guardian/factors"))
	if err != nil {
		return err
	}
	there := map[string]any{}
	for _, factor := range factors {
		there[storage.Text(factor, "name")] = factor["enabled"]
	}
	for _, item := range ItemsOf(value) {
		if there[storage.Text(item, "name")] == item["enabled"] {
			im.changed("unchanged", "guardianFactors", storage.Text(item, "name"))
			continue
		}
		if _, err := im.objects.Set(at("/guardian/factors/{name}", storage.Text(item, "name")), storage.Document{"enabled": item["enabled"]}); err != nil {
			return inObject(storage.Text(item, "name"), err)
		}
		im.changed("update", "guardianFactors", storage.Text(item, "name"))
	}
	return nil
}

// importFactorParts returns a function that imports the templates or the providers of
// factors.
func importFactorParts(part string) func(*importer, any) error {
	return func(im *importer, value any) error {
		for _, item := range ItemsOf(value) {
			path := "/guardian/factors/" + storage.Text(item, "name") + "/" + part
			if part == "providers" {
				path += "/" + storage.Text(item, "provider")
			}
			own := storage.Document{}
			for name, v := range item {
				if name != "name" && name != "provider" {
					own[name] = v
				}
			}
			if err := im.set("guardianFactor"+strings.ToUpper(part[:1])+part[1:], Objects.Set, at(path), own); err != nil {
				return err
			}
		}
		return nil
	}
}

// importPages imports the tenant's own pages of the classic login, which are stored in
// the tenant's settings and the global client.
func importPages(im *importer, value any) error {
	members := map[string]string{"password_reset": "change_password", "guardian_multifactor": "guardian_mfa_page", "error_page": "error_page"}
	for _, item := range ItemsOf(value) {
		name := storage.Text(item, "name")
		page := storage.Document{}
		for member, v := range item {
			if member != "name" {
				page[member] = v
			}
		}
		member, known := members[name]
		if name == "login" {
			if err := im.loginPage(item); err != nil {
				return err
			}
			continue
		}
		if !known {
			im.skip("pages", name, "Auth0 has no such page")
			continue
		}
		if err := im.setNamed("pages", name, Objects.Change, at("/tenants/settings"), storage.Document{member: page}); err != nil {
			return err
		}
	}
	return nil
}

// loginPage sets the custom login page of the global client.
func (im *importer) loginPage(item storage.Document) error {
	global, err := im.globalClient()
	if err != nil {
		return err
	}
	if global == nil {
		im.skip("pages", "login", "the tenant has no global client")
		return nil
	}
	return im.setNamed("pages", "login", Objects.Change, one("/clients", storage.Text(global, "client_id")), storage.Document{
		"custom_login_page": item["html"], "custom_login_page_on": item["enabled"],
	})
}

// globalClient returns the global client, which has the classic login page, or nil.
func (im *importer) globalClient() (storage.Document, error) {
	clients, err := im.objects.List(at("/clients"))
	for _, client := range clients {
		if client["global"] == true {
			return client, nil
		}
	}
	return nil, err
}

// importPrompts imports the settings of prompts and their texts.
func importPrompts(im *importer, value any) error {
	doc, _ := value.(storage.Document)
	own := setting("prompts", Objects.Change, "/prompts", "customText", "partials", "screenRenderers")
	if err := own.run(im, doc); err != nil {
		return err
	}
	return importPromptTexts(im, doc)
}

// importBranding imports branding and the template of its pages.
func importBranding(im *importer, value any) error {
	doc, _ := value.(storage.Document)
	if err := checkParts(doc, "templates"); err != nil {
		return err
	}
	if err := setting("branding", Objects.Change, "/branding", "templates").run(im, doc); err != nil {
		return err
	}
	for _, t := range ItemsOf(doc["templates"]) {
		there, err := im.object(at("/branding/templates/universal-login"))
		if err != nil {
			return err
		}
		if there != nil && there["body"] == t["body"] {
			im.changed("unchanged", "branding", storage.Text(t, "template"))
			continue
		}
		if _, err := im.objects.Set(at("/branding/templates/universal-login"), storage.Document{"template": t["body"]}); err != nil {
			return inObject(storage.Text(t, "template"), err)
		}
		action := "create"
		if there != nil {
			action = "update"
		}
		im.changed(action, "branding", storage.Text(t, "template"))
	}
	return nil
}

// importPromptTexts imports custom texts and partials.
func importPromptTexts(im *importer, doc storage.Document) error {
	texts, _ := doc["customText"].(storage.Document)
	for _, language := range sortedKeys(texts) {
		prompts, _ := texts[language].(storage.Document)
		for _, prompt := range sortedKeys(prompts) {
			body, _ := prompts[prompt].(storage.Document)
			if err := im.set("prompts", Objects.Set, at("/prompts/{prompt}/custom-text/{language}", prompt, language), body); err != nil {
				return err
			}
		}
	}
	partials, _ := doc["partials"].(storage.Document)
	for _, prompt := range sortedKeys(partials) {
		body, _ := partials[prompt].(storage.Document)
		if err := im.set("prompts", Objects.Set, at("/prompts/{prompt}/partials", prompt), body); err != nil {
			return err
		}
	}
	if err := checkParts(doc, "screenRenderers"); err != nil {
		return err
	}
	for _, r := range ItemsOf(doc["screenRenderers"]) {
		body := storage.Document{}
		for name, value := range r {
			if name != "prompt" && name != "screen" && name != "tenant" {
				body[name] = value
			}
		}
		p := at("/prompts/{prompt}/screen/{screen}/rendering", storage.Text(r, "prompt"), storage.Text(r, "screen"))
		if err := im.set("prompts", Objects.Change, p, body); err != nil {
			return err
		}
	}
	return nil
}
