package web

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// customization returns the tenant's page template and partials, and the values of
// their variables. The values are read only if there is a template or a partial.
func customization(ctx context.Context, tx *storage.Tx, about About) (c templates.Customization, err error) {
	page, err := tx.Documents(storage.PageTemplateKind, "").Document(storage.SettingsKey)
	if err := storage.Optional(err); err != nil {
		return c, err
	}
	c.PageTemplate = at(page, "body")
	if c.Partials, err = texts(tx, storage.PartialsKind, templates.CustomPrompts, ""); err != nil {
		return c, err
	}
	if c.PageTemplate == "" && c.Partials == nil {
		return c, nil
	}
	if c.Values, err = values(tx, about); err != nil {
		return c, err
	}
	if id := trace.CorrelationID(ctx); id != "" {
		c.Values["correlation_id"] = id
	}
	return c, nil
}

// values returns the variables of Auth0: customize/login-pages/universal-login/
// customize-templates that do not depend on the page; the page adds its own.
func values(tx *storage.Tx, about About) (map[string]any, error) {
	all := map[string]any{}
	for name, read := range map[string]struct {
		id      string
		get     func(id string) (storage.Document, error)
		members map[string]string // names in the document, by the names in Liquid
	}{
		"application": {about.ClientID, tx.Clients.Document, map[string]string{
			"id": "client_id", "name": "name", "logo_url": "logo_uri", "metadata": "client_metadata",
		}},
		"branding": {storage.SettingsKey, tx.Documents(storage.BrandingKind, "").Document, same("logo_url", "colors")},
		"tenant":   {storage.TenantKey, tx.Tenant.Document, same("friendly_name", "support_email", "support_url", "enabled_locales")},
		"organization": {
			about.Organization, tx.Documents(storage.OrganizationsKind, "").Document,
			same("id", "display_name", "name", "metadata", "branding"),
		},
		"user": {about.UserID, tx.Users.Document, same("user_id", "picture", "email", "email_verified", "user_metadata",
			"family_name", "given_name", "name", "nickname", "username")},
	} {
		if read.id == "" {
			continue
		}
		doc, err := read.get(read.id)
		if storage.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		shown := map[string]any{}
		for member, from := range read.members {
			if value, ok := doc[from]; ok {
				shown[member] = value
			}
		}
		all[name] = shown
	}
	if tenant, ok := all["tenant"].(map[string]any); ok {
		tenant["enabled_locales"] = joined(tenant["enabled_locales"])
	}
	return plain(all)
}

func same(names ...string) map[string]string {
	all := map[string]string{}
	for _, name := range names {
		all[name] = name
	}
	return all
}

// joined returns a list of texts separated by commas, as in Auth0's templates.
func joined(list any) string {
	items, _ := list.([]any)
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i], _ = item.(string)
	}
	return strings.Join(texts, ", ")
}

// plain converts documents to types that Liquid supports.
func plain(values map[string]any) (out map[string]any, err error) {
	raw, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(raw, &out)
}
