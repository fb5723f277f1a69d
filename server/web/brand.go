package web

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// About says what a page is about, by ids or "", and which languages the application asks for.
type About struct{ UILocales, ClientID, UserID, Organization, Invitation string }

// AboutRequest returns what the pages of an authorization request are about.
func AboutRequest(rq storage.AuthorizeRequest) About {
	return About{UILocales: rq.UILocales, ClientID: rq.ClientID, Organization: rq.Organization, Invitation: rq.Invitation}
}

// Layout returns what all pages of the tenant share: its branding, Auth0:
// customize/login-pages/universal-login/customize-themes, its texts in the first requested
// language that the tenant has enabled, and its page template and partials.
func (p Pages) Layout(ctx context.Context, about About) (layout templates.Layout, err error) {
	err = p.DB.View(ctx, func(tx *storage.Tx) error {
		layout, err = LayoutIn(ctx, tx, about)
		return err
	})
	return layout, err
}

// LayoutIn is Layout within a transaction.
func LayoutIn(ctx context.Context, tx *storage.Tx, about About) (layout templates.Layout, err error) {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return layout, err
	}
	if layout, err = layoutOf(ctx, tx, tenant, about.UILocales); err != nil {
		return layout, err
	}
	if err := showOrganization(tx, about.Organization, &layout); err != nil {
		return layout, err
	}
	if err := showApplication(tx, about.ClientID, &layout); err != nil {
		return layout, err
	}
	if about.Invitation != "" {
		i, err := tx.Invitation(about.Organization, about.Invitation, time.Time{}) // even if it has expired
		if err := storage.Optional(err); err != nil {
			return layout, err
		}
		layout.Inviter = i.Inviter.Name
	}
	layout.Customization, err = customization(ctx, tx, about)
	return layout, err
}

// showOrganization replaces the tenant's branding in the layout by that of an organization,
// Auth0: manage-users/organizations/configure-organizations/create-organizations.
func showOrganization(tx *storage.Tx, id string, layout *templates.Layout) error {
	if id == "" {
		return nil
	}
	o, err := tx.Organization(id)
	if err != nil {
		return storage.Optional(err)
	}
	layout.CompanyName = o.ShownName()
	layout.LogoURL = cmp.Or(o.Branding.LogoURL, layout.LogoURL)
	layout.PrimaryColor = cmp.Or(o.Branding.Colors.Primary, layout.PrimaryColor)
	layout.PageBackground = cmp.Or(o.Branding.Colors.PageBackground, layout.PageBackground)
	layout.Theme.Colors.PrimaryButton = layout.PrimaryColor
	return nil
}

// Members of an application's client_metadata with the links that its pages show, named as in OpenID Connect Dynamic
// Client Registration section 2.
const (
	PolicyURI = "policy_uri"
	TermsURI  = "tos_uri"
)

// showApplication shows the logo of an application, and links to its privacy policy and terms of service, if it gets
// the standard's answers: OpenID Connect Dynamic Client Registration section 2, "the OpenID Provider SHOULD display"
// them. Auth0 does not.
func showApplication(tx *storage.Tx, id string, layout *templates.Layout) error {
	if id == "" {
		return nil
	}
	client, err := tx.Clients.Get(id)
	if err != nil || !client.StandardAnswers {
		return storage.Optional(err)
	}
	layout.LogoURL = cmp.Or(client.LogoURI, layout.LogoURL)
	layout.PolicyURL, _ = client.ClientMetadata[PolicyURI].(string)
	layout.TermsURL, _ = client.ClientMetadata[TermsURI].(string)
	return nil
}

func layoutOf(ctx context.Context, tx *storage.Tx, t storage.Tenant, uiLocales string) (templates.Layout, error) {
	layout := templates.Layout{CompanyName: t.FriendlyName, Language: pageLanguage(ctx, t.EnabledLocales, uiLocales)}
	branding, err := tx.Documents(storage.BrandingKind, "").Document(storage.SettingsKey)
	if err := storage.Optional(err); err != nil {
		return layout, err
	}
	if layout.Theme, err = themeOf(tx); err != nil {
		return layout, err
	}
	theme := layout.Theme
	layout.LogoURL = cmp.Or(theme.Widget.LogoURL, at(branding, "logo_url"), t.PictureURL)
	layout.FaviconURL = at(branding, "favicon_url")
	layout.PrimaryColor = cmp.Or(theme.Colors.PrimaryButton, at(branding, "colors", "primary"))
	layout.PageBackground = cmp.Or(theme.PageBackground.Color, at(branding, "colors", "page_background"))
	// Auth0: customize/login-pages/universal-login/customize-text-elements.
	layout.CustomText, err = texts(tx, storage.CustomTextKind, templates.Prompts, "/"+layout.Language)
	return layout, err
}

// themeOf returns the tenant's default theme, which is its first. Values of the wrong type are
// ignored.
func themeOf(tx *storage.Tx) (theme templates.Theme, err error) {
	for doc, err := range tx.Documents(storage.ThemesKind, "").All() {
		if err != nil {
			return theme, err
		}
		for _, part := range []struct {
			name string
			to   any
		}{
			{"borders", &theme.Borders},
			{"colors", &theme.Colors},
			{"fonts", &theme.Fonts},
			{"page_background", &theme.PageBackground},
			{"widget", &theme.Widget},
		} {
			raw, err := json.Marshal(doc[part.name])
			if err != nil {
				return theme, err
			}
			_ = json.Unmarshal(raw, part.to) // values of the right type are taken
		}
		return theme, nil
	}
	return theme, nil
}

// at returns the text at a path of members, "" if there is none.
func at(doc storage.Document, path ...string) string {
	for _, name := range path[:len(path)-1] {
		doc, _ = doc[name].(storage.Document)
	}
	text, _ := doc[path[len(path)-1]].(string)
	return text
}

// texts reads the tenant's own texts of prompts. The id of a document of the kind is the prompt,
// followed by suffix.
func texts(tx *storage.Tx, kind string, prompts []string, suffix string) (templates.Texts, error) {
	var all templates.Texts
	for row, err := range tx.Documents(kind, "").Rows() { // a tenant has few of these documents, and most have none
		if err != nil {
			return nil, err
		}
		prompt, ok := strings.CutSuffix(row.Key, suffix)
		if !ok || !slices.Contains(prompts, prompt) {
			continue
		}
		doc, err := row.Document()
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = templates.Texts{}
		}
		all[prompt] = screens(doc)
	}
	return all, nil
}

// screens returns the texts of a prompt, by screen and key.
func screens(doc storage.Document) map[string]map[string]string {
	all := map[string]map[string]string{}
	for screen, value := range doc {
		keys, _ := value.(storage.Document)
		all[screen] = map[string]string{}
		for key, text := range keys {
			if s, ok := text.(string); ok {
				all[screen][key] = s
			}
		}
	}
	return all
}
