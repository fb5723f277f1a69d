package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// The logo and the colors of the login pages are shown by two settings of Auth0: the tenant's settings have
// picture_url and universal_login.colors, the branding settings logo_url and colors. Auth0 keeps each once, so a
// change of one is a change of the other.

// shareWithBranding copies the logo and the colors to the branding settings, if a change of the tenant's settings
// contains them. What the branding settings do not allow, such as a logo without https, stays in the tenant's
// settings alone.
func shareWithBranding(ch *Change, change, tenant storage.Document) error {
	_, logo := change["picture_url"]
	_, page := change["universal_login"]
	if !logo && !page {
		return nil
	}
	branding, err := Settings(ch.Tx, resource.Branding, ch.Now)
	if err != nil {
		return err
	}
	login, _ := tenant["universal_login"].(storage.Document)
	for member, value := range (storage.Document{"logo_url": tenant["picture_url"], "colors": login["colors"]}) {
		if value == nil || value == "" {
			delete(branding, member)
		} else if resource.Branding.Check(storage.Document{member: value}, resource.Update) == nil {
			branding[member] = value
		}
	}
	return PutSingleton(ch.Tx, resource.Branding, branding)
}

// shareWithTenant copies the logo and the colors to the tenant's settings, if a change of the branding settings
// contains them.
func shareWithTenant(ch *Change, change, branding storage.Document) error {
	_, logo := change["logo_url"]
	_, colors := change["colors"]
	if !logo && !colors {
		return nil
	}
	tenant, err := ch.Tx.Tenant.Document(storage.TenantKey)
	if err != nil {
		return err
	}
	login, ok := tenant["universal_login"].(storage.Document)
	if !ok {
		login = storage.Document{}
	}
	if logo {
		setOrDelete(tenant, "picture_url", branding["logo_url"])
	}
	if colors {
		setOrDelete(login, "colors", branding["colors"])
		tenant["universal_login"] = login
	}
	return ch.Tx.Tenant.Put(tenant)
}

// setOrDelete sets a member, or removes it if the value is nil.
func setOrDelete(doc storage.Document, member string, value any) {
	if value == nil {
		delete(doc, member)
	} else {
		doc[member] = value
	}
}
