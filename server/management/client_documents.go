package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// clientDocumentOperations register applications from their Client ID Metadata Documents, Auth0:
// api/management/v2/clients/post-clients-cimd-register.
func clientDocumentOperations() []operation {
	return []operation{
		{http.MethodPost, "/clients/cimd/preview", []string{"read:clients"}, previewClientDocument},
		{http.MethodPost, "/clients/cimd/register", []string{"create:clients", "update:clients"}, registerClientDocument},
	}
}

// fetchClientDocument reads the URL of the request and fetches its document. The second error says that there is
// none.
func (c *call) fetchClientDocument() (read objects.ReadDocument, refusal, missing error) {
	if err := c.readAs(resource.ClientDocument, resource.Create); err != nil {
		return read, err, nil
	}
	address := storage.Text(c.body, "external_client_id")
	if fault := objects.DocumentURLFault(address); fault != "" {
		return read, resource.InvalidBody("Payload validation error: 'external_client_id " + fault + "' on property external_client_id."), nil
	}
	var document storage.Document
	if err := c.Outside.ShortJSON(c.ctx, address, objects.MaxClientDocument, &document); err != nil {
		return read, nil, err
	}
	return objects.ReadClientDocument(address, document), nil, nil
}

// validation is the result of the checks as responses show it.
func validation(read objects.ReadDocument) storage.Document {
	return storage.Document{"valid": len(read.Violations) == 0, "violations": read.Violations, "warnings": read.Warnings}
}

//auth0:operation POST /api/v2/clients/cimd/preview
func previewClientDocument(c *call) error {
	read, refusal, missing := c.fetchClientDocument()
	if refusal != nil {
		return refusal
	}
	answer := storage.Document{}
	if missing != nil {
		answer["errors"] = []any{"Failed to fetch the metadata document: " + missing.Error()}
	} else {
		answer["mapped_fields"], answer["validation"] = read.Fields, validation(read)
	}
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		id, err := objects.ClientOfDocument(tx, storage.Text(c.body, "external_client_id"))
		if id != "" {
			answer["client_id"] = id
		}
		return answer, err
	})
}

//auth0:operation POST /api/v2/clients/cimd/register
func registerClientDocument(c *call) error {
	read, refusal, missing := c.fetchClientDocument()
	switch {
	case refusal != nil:
		return refusal
	case missing != nil:
		return resource.InvalidBody("Failed to fetch the metadata document: " + missing.Error())
	case len(read.Violations) > 0:
		return resource.InvalidBody("The metadata document is not valid: " + read.Violations[0])
	}
	var (
		status int
		id     string
	)
	err := c.change(func(ch *objects.Change) (err error) {
		status = http.StatusCreated
		clients, err := objects.Clients.In(ch, "")
		if err != nil {
			return err
		}
		if id, err = objects.ClientOfDocument(ch.Tx, storage.Text(c.body, "external_client_id")); err != nil {
			return err
		}
		if id != "" {
			status = http.StatusOK
			if !c.caller.holds("update:clients") {
				return c.caller.lacks([]string{"update:clients"})
			}
			_, err = clients.Update(id, read.Changes())
			return err
		}
		if !c.caller.holds("create:clients") {
			return c.caller.lacks([]string{"create:clients"})
		}
		made, err := clients.Create(read.Application())
		id = storage.Text(made, "client_id")
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(status, storage.Document{"client_id": id, "mapped_fields": read.Fields, "validation": validation(read)})
}
