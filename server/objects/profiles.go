package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ConnectionProfiles are Auth0: api/management/v2/connection-profiles.
var ConnectionProfiles = declare(&Kind{Kind: resource.ConnectionProfiles})

// UserAttributeProfiles are Auth0: api/management/v2/user-attribute-profiles. What follows
// from other members is filled in after a change, too.
var UserAttributeProfiles = declare(&Kind{
	Kind: resource.UserAttributeProfiles,
	before: func(o Collection, doc, old storage.Document) error {
		if old != nil {
			resource.UserAttributeProfiles.Complete(doc, o.Now)
		}
		return nil
	},
})

// TokenExchangeProfiles are Auth0: api/management/v2/token-exchange-profiles. Each has an
// action.
var TokenExchangeProfiles = declare(&Kind{
	Kind: resource.TokenExchangeProfiles,
	before: func(o Collection, doc, _ storage.Document) error {
		_, err := o.Tx.Documents(resource.Actions.Name, "").Document(storage.Text(doc, "action_id"))
		if storage.IsNotFound(err) {
			return resource.InvalidBody("Action not found")
		}
		return err
	},
})
