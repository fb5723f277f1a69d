package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// EmailTemplates are the tenant's e-mail templates, Auth0:
// api/management/v2/email-templates. There is at most one for each name.
var EmailTemplates = declare(&Kind{
	Kind: resource.EmailTemplates,
	before: func(o Collection, doc, old storage.Document) error {
		if old != nil {
			return nil
		}
		_, err := o.Store.Document(storage.Text(doc, "template"))
		if err == nil {
			return resource.EmailTemplates.Taken
		}
		return storage.Optional(err)
	},
})

// CreateEmailProvider makes sent the tenant's e-mail provider. It returns an error if the
// tenant already has one.
func CreateEmailProvider(ch *Change, sent storage.Document) error {
	if _, err := Singleton(ch.Tx, resource.EmailProvider); err == nil {
		return resource.EmailProvider.Taken
	}
	resource.EmailProvider.Fill(sent, ch.Now)
	return PutSingleton(ch.Tx, resource.EmailProvider, sent)
}

// UpdateEmailProvider changes the tenant's e-mail provider, and returns it.
func UpdateEmailProvider(ch *Change, change storage.Document) (storage.Document, error) {
	doc, err := Singleton(ch.Tx, resource.EmailProvider)
	if err != nil {
		return nil, err
	}
	resource.EmailProvider.Merge(doc, change, ch.Now)
	return doc, PutSingleton(ch.Tx, resource.EmailProvider, doc)
}
