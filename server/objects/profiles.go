package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ConnectionProfiles are the connection profiles, Auth0:
// api/management/v2/connection-profiles.
var ConnectionProfiles = declare(&Kind{Kind: resource.ConnectionProfiles})

// UserAttributeProfiles are the user attribute profiles, Auth0:
// api/management/v2/user-attribute-profiles. Members that follow from others are also
// filled in after a change.
var UserAttributeProfiles = declare(&Kind{
	Kind: resource.UserAttributeProfiles,
	before: func(o Collection, doc, old storage.Document) error {
		if old != nil {
			resource.UserAttributeProfiles.Complete(doc, o.Now)
		}
		return nil
	},
})

// TokenExchangeProfiles are the token exchange profiles, Auth0:
// api/management/v2/token-exchange-profiles. Each names an action, which must exist.
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
