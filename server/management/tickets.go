package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func ticketOperations() []operation {
	return []operation{
		{http.MethodPost, "/tickets/email-verification", []string{"create:user_tickets"}, verificationTicket},
		{http.MethodPost, "/tickets/password-change", []string{"create:user_tickets"}, passwordTicket},
		{http.MethodPost, "/jobs/verification-email", []string{"update:users"}, verificationJob},
	}
}

// verificationTicket makes a link that verifies a user's e-mail address.
//
//auth0:operation POST /api/v2/tickets/email-verification
func verificationTicket(c *call) error {
	return c.makeTicket(resource.VerificationTicket, objects.VerificationTicket)
}

// passwordTicket makes a link with which anybody who has it can set a user's password.
//
//auth0:operation POST /api/v2/tickets/password-change
func passwordTicket(c *call) error {
	return c.makeTicket(resource.PasswordTicket, objects.PasswordTicket)
}

// makeTicket responds with the link of a new ticket.
func (c *call) makeTicket(kind *resource.Kind, ticket func(ch *objects.Change, sent storage.Document) (string, error)) error {
	if err := c.readAs(kind, resource.Create); err != nil {
		return err
	}
	if err := objects.CheckTicket(c.body); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		link, err := ticket(ch, c.body)
		return storage.Document{"ticket": link}, err
	})
}

// verificationJob sends the e-mail with which a user verifies the e-mail address.
//
//auth0:operation POST /api/v2/jobs/verification-email
func verificationJob(c *call) error {
	if err := c.readAs(resource.VerificationJob, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		job, err := objects.SendVerification(ch, c.body)
		return storage.Document{"id": job["id"], "type": job["type"], "status": "pending", "created_at": job["created_at"]}, err
	})
}
