package management

import (
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func enrollmentOperations() []operation {
	return []operation{
		{http.MethodGet, "/guardian/enrollments/{id}", []string{"read:guardian_enrollments"}, getEnrollment},
		{http.MethodDelete, "/guardian/enrollments/{id}", []string{"delete:guardian_enrollments"}, deleteEnrollment},
	}
}

var errNoEnrollment = &apierr.Error{Status: http.StatusNotFound, Message: "The enrollment does not exist.", Extra: map[string]any{"errorCode": "inexistent_enrollment"}}

// enrollment finds the factor of a user by its id alone.
func (c *call) enrollment(tx *storage.Tx) (user string, doc storage.Document, err error) {
	found, err := tx.Linked(resource.AuthenticationMethods.Name, methodLink(c.param("id")))
	if err != nil {
		return "", nil, err
	}
	if len(found) == 0 {
		return "", nil, errNoEnrollment
	}
	doc, err = tx.Documents(resource.AuthenticationMethods.Name, found[0].Parent).Document(found[0].ID)
	return found[0].Parent, doc, err
}

// getEnrollment is Auth0: api/management/v2/guardian/get-enrollment.
//
//auth0:operation GET /api/v2/guardian/enrollments/{id}
func getEnrollment(c *call) error {
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		_, doc, err = c.enrollment(tx)
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
	err := c.update(func(tx *storage.Tx) error {
		user, doc, err := c.enrollment(tx)
		if errors.Is(err, errNoEnrollment) {
			return nil // what was asked for is so
		}
		if err != nil {
			return err
		}
		return tx.Documents(resource.AuthenticationMethods.Name, user).Delete(text(doc, "id"))
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}
