package management

import (
	"cmp"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

func ticketOperations() []operation {
	return []operation{
		{http.MethodPost, "/tickets/email-verification", []string{"create:user_tickets"}, verificationTicket},
		{http.MethodPost, "/tickets/password-change", []string{"create:user_tickets"}, passwordTicket},
		{http.MethodPost, "/jobs/verification-email", []string{"update:users"}, verificationJob},
	}
}

// verificationTicket makes a link that verifies a user's address.
//
//auth0:operation POST /api/v2/tickets/email-verification
func verificationTicket(c *call) error {
	return c.makeTicket(resource.VerificationTicket, storage.TicketVerifyEmail, func(tx *storage.Tx) (storage.User, error) {
		return ticketUser(tx, text(c.body, "user_id"))
	}, func(user storage.User) string { return user.Email })
}

// passwordTicket makes a link that lets whoever has it choose a user's password.
//
//auth0:operation POST /api/v2/tickets/password-change
func passwordTicket(c *call) error {
	return c.makeTicket(resource.PasswordTicket, storage.TicketResetPassword, c.userOfPassword, func(user storage.User) string {
		if c.body["mark_email_as_verified"] == true {
			return user.Email
		}
		return ""
	})
}

// makeTicket answers with the link of a new ticket for the user that the body
// names. verifies is the address that its use verifies.
func (c *call) makeTicket(
	kind *resource.Kind, ticket string, find func(*storage.Tx) (storage.User, error), verifies func(storage.User) string,
) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := kind.Check(c.body, resource.Create); err != nil {
		return err
	}
	if (text(c.body, "client_id") != "" || text(c.body, "organization_id") != "") && text(c.body, "result_url") != "" {
		return resource.InvalidBody("result_url cannot be specified when using client_id or organization_id.")
	}
	life := emails.DefaultLifetime
	if seconds, _ := c.body["ttl_sec"].(float64); seconds > 0 {
		life = clock.Span(seconds, time.Second)
	}
	var link string
	err := c.update(func(tx *storage.Tx) error {
		user, err := find(tx)
		if err != nil {
			return err
		}
		if err := c.knownClient(tx); err != nil {
			return err
		}
		link, err = c.Emails.Ticket(tx, storage.Ticket{
			Kind: ticket, UserID: user.UserID, Connection: user.ConnectionName(), ClientID: text(c.body, "client_id"), Email: verifies(user),
			ResultURL: text(c.body, "result_url"), IncludeEmail: c.body["includeEmailInRedirect"] == true, ExpiresAt: c.now.Add(life),
		})
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, storage.Document{"ticket": link})
}

// ticketUser is the user with an id.
func ticketUser(tx *storage.Tx, id string) (storage.User, error) {
	user, err := tx.Users.Get(id)
	if storage.IsNotFound(err) {
		return user, resource.Users.Missing
	}
	return user, err
}

// userOfPassword is the user whom a password ticket names by id, or by address and
// connection.
func (c *call) userOfPassword(tx *storage.Tx) (storage.User, error) {
	id, connectionID, email := text(c.body, "user_id"), text(c.body, "connection_id"), text(c.body, "email")
	switch {
	case id != "" && connectionID != "":
		return storage.User{}, resource.InvalidBody("You cannot send user_id when specifying a connection_id.")
	case id != "":
		return ticketUser(tx, id)
	case connectionID == "" || email == "":
		return storage.User{}, resource.InvalidBody("Either user_id, or connection_id and email, must be specified.")
	}
	conn, err := tx.Connections.Get(connectionID)
	if storage.IsNotFound(err) {
		return storage.User{}, resource.Connections.Missing
	}
	if err != nil {
		return storage.User{}, err
	}
	user, err := tx.UserByLogin(conn.Name, email)
	if storage.IsNotFound(err) {
		return user, resource.Users.Missing
	}
	return user, err
}

// knownClient sees that the application that the body names is there.
func (c *call) knownClient(tx *storage.Tx) error {
	id := text(c.body, "client_id")
	if id == "" {
		return nil
	}
	known, err := tx.Clients.Has(id)
	if err == nil && !known {
		return resource.Clients.Missing
	}
	return err
}

// verificationJob sends the e-mail that verifies a user's address.
//
//auth0:operation POST /api/v2/jobs/verification-email
func verificationJob(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.VerificationJob.Check(c.body, resource.Create); err != nil {
		return err
	}
	job := storage.Document{"type": "verification_email", "status": "completed"}
	resource.Jobs.Fill(job, c.now)
	var user storage.User
	var mail emails.Draft
	err := c.update(func(tx *storage.Tx) (err error) {
		if user, err = ticketUser(tx, text(c.body, "user_id")); err != nil {
			return err
		}
		if err := c.knownClient(tx); err != nil {
			return err
		}
		if user.Email == "" {
			return resource.InvalidBody("The user does not have an email address.")
		}
		if mail, err = c.Emails.DraftTicket(tx, storage.TicketVerifyEmail, user, text(c.body, "client_id"), c.now); err != nil {
			return err
		}
		if mail.None() {
			job["status"] = "failed"
		}
		return c.plain(tx, resource.Jobs, "").Put(job)
	})
	if err != nil {
		return err
	}
	if !mail.None() {
		c.mail(mail)
		c.tell(tenantlog.Event{
			Type: tenantlog.VerificationSent, Description: "Verification email sent", UserID: user.UserID, UserName: user.Email,
			ClientID: cmp.Or(text(c.body, "client_id"), c.caller.ClientID), Connection: user.ConnectionName(),
		})
	}
	answer := storage.Document{"id": job["id"], "type": job["type"], "status": "pending", "created_at": job["created_at"]}
	return c.reply(http.StatusCreated, answer)
}
