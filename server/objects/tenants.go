package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// UpdateTenant changes the tenant's own settings, and returns them.
func UpdateTenant(ch *Change, change storage.Document) (storage.Document, error) {
	doc, err := ch.Tx.Tenant.Document(storage.TenantKey)
	if err != nil {
		return nil, err
	}
	resource.TenantSettings.Merge(doc, change, ch.Now)
	if err := shareWithBranding(ch, change, doc); err != nil {
		return nil, err
	}
	return doc, ch.Tx.Tenant.Put(doc)
}

// MinutesToHours converts session lifetimes that a change of the tenant's settings has in
// minutes to the members in hours. Only those are stored.
func MinutesToHours(settings storage.Document) error {
	for _, hours := range []string{"session_lifetime", "idle_session_lifetime", "ephemeral_session_lifetime", "idle_ephemeral_session_lifetime"} {
		minutes := hours + "_in_minutes"
		n, ok := settings[minutes].(float64)
		if !ok {
			continue
		}
		if _, both := settings[hours]; both {
			return resource.InvalidBody(minutes + " cannot be specified together with " + hours + ".")
		}
		delete(settings, minutes)
		settings[hours] = n / 60
	}
	return nil
}
