package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// EmailTemplates are Auth0: api/management/v2/email-templates. There is one of each name.
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

// CreateEmailProvider makes what was sent the tenant's provider of e-mails, of which it has
// none.
func CreateEmailProvider(ch *Change, sent storage.Document) error {
	if _, err := TheOne(ch.Tx, resource.EmailProvider); err == nil {
		return resource.EmailProvider.Taken
	}
	resource.EmailProvider.Fill(sent, ch.Now)
	return PutTheOne(ch.Tx, resource.EmailProvider, sent)
}

// UpdateEmailProvider changes the tenant's provider of e-mails, and returns it.
func UpdateEmailProvider(ch *Change, change storage.Document) (storage.Document, error) {
	doc, err := TheOne(ch.Tx, resource.EmailProvider)
	if err != nil {
		return nil, err
	}
	resource.EmailProvider.Merge(doc, change, ch.Now)
	return doc, PutTheOne(ch.Tx, resource.EmailProvider, doc)
}
