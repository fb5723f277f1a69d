package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func enrollmentOperations() []operation {
	return []operation{
		{http.MethodPost, "/guardian/enrollments/ticket", []string{"create:guardian_enrollment_tickets"}, enrollmentTicket},
		{http.MethodGet, "/guardian/enrollments/{id}", []string{"read:guardian_enrollments"}, getEnrollment},
		{http.MethodDelete, "/guardian/enrollments/{id}", []string{"delete:guardian_enrollments"}, deleteEnrollment},
	}
}

// enrollmentTicket makes a link with which a user enrolls an MFA factor.
//
//auth0:operation POST /api/v2/guardian/enrollments/ticket
func enrollmentTicket(c *call) error {
	if err := c.readAs(resource.EnrollmentTicket, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) { return objects.EnrollmentTicket(ch, c.body) })
}

// getEnrollment returns an enrollment, Auth0: api/management/v2/guardian/get-enrollment.
//
//auth0:operation GET /api/v2/guardian/enrollments/{id}
func getEnrollment(c *call) error {
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		_, doc, err = objects.Factor(tx, c.param("id"))
		return err
	})
	if err != nil {
		return err
	}
	answer := storage.Document{"id": doc["id"], "status": "confirmed", "enrolled_at": doc["created_at"]}
	for _, name := range []string{"name", "phone_number"} {
		if value, ok := doc[name]; ok {
			answer[name] = value
		}
	}
	return c.reply(http.StatusOK, answer)
}

//auth0:operation DELETE /api/v2/guardian/enrollments/{id}
func deleteEnrollment(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		user, doc, err := objects.Factor(ch.Tx, c.param("id"))
		if err != nil {
			return err
		}
		return ch.Tx.Documents(resource.AuthenticationMethods.Name, user).Delete(storage.Text(doc, "id"))
	})
}
