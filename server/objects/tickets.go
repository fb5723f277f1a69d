package objects

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// CheckTicket returns an error for members of a ticket request that cannot be combined.
func CheckTicket(sent storage.Document) error {
	if (storage.Text(sent, "client_id") != "" || storage.Text(sent, "organization_id") != "") && storage.Text(sent, "result_url") != "" {
		return resource.InvalidBody("result_url cannot be specified when using client_id or organization_id.")
	}
	return nil
}

// VerificationTicket makes a link that verifies a user's e-mail address, Auth0:
// api/management/v2/tickets/post-email-verification.
func VerificationTicket(ch *Change, sent storage.Document) (link string, err error) {
	user, err := accountToVerify(ch.Tx, sent)
	if err != nil {
		return "", err
	}
	if user.Email == "" {
		return "", resource.InvalidBody("The user does not have an email address.")
	}
	return makeTicket(ch, storage.TicketVerifyEmail, user, user.Email, sent)
}

// accountToVerify returns the user of a request about the verification of an e-mail address, as the account that the
// request names by identity, or as the user's own account.
func accountToVerify(tx *storage.Tx, sent storage.Document) (storage.User, error) {
	user, err := GetUser(tx, storage.Text(sent, "user_id"))
	identity, named := sent["identity"].(storage.Document)
	if err != nil || !named {
		return user, err
	}
	provider := storage.Text(identity, "provider")
	user, err = tx.UserAs(user.UserID, provider+"|"+strings.TrimPrefix(storage.Text(identity, "user_id"), provider+"|"))
	if storage.IsNotFound(err) {
		return user, resource.IdentityMissing
	}
	return user, err
}

// PasswordTicket makes a link with which anybody who has it can set a user's password, Auth0:
// api/management/v2/tickets/post-password-change.
func PasswordTicket(ch *Change, sent storage.Document) (link string, err error) {
	user, err := userOfPassword(ch.Tx, sent)
	if err != nil {
		return "", err
	}
	verifies := ""
	if sent["mark_email_as_verified"] == true {
		verifies = user.Email
	}
	return makeTicket(ch, storage.TicketResetPassword, user, verifies, sent)
}

// makeTicket makes a ticket for a user, and returns its link. verifies is the e-mail address that the
// use of the ticket verifies, "" for none.
func makeTicket(ch *Change, kind string, user storage.User, verifies string, sent storage.Document) (link string, err error) {
	if err := checkTicketFor(ch.Tx, user, sent); err != nil {
		return "", err
	}
	life := emails.DefaultLifetime
	if seconds, _ := sent["ttl_sec"].(float64); seconds > 0 {
		life = clock.Span(seconds, time.Second)
	}
	return ch.Emails.Ticket(ch.Tx, storage.Ticket{
		Kind: kind, UserID: user.UserID, Account: user.AccountID(), Connection: user.ConnectionName(), ClientID: storage.Text(sent, "client_id"), Email: verifies,
		ResultURL: storage.Text(sent, "result_url"), IncludeEmail: sent["includeEmailInRedirect"] == true, ExpiresAt: ch.Now.Add(life),
	})
}

// checkTicketFor returns an error if the application or the organization in a ticket request does not
// exist, or the user is not a member of the organization. All of these are errors with the status 400
// here.
func checkTicketFor(tx *storage.Tx, user storage.User, sent storage.Document) error {
	err := knownClient(tx, sent)
	if errors.Is(err, Clients.Missing) {
		return resource.InvalidBody("The client does not exist")
	}
	organization := storage.Text(sent, "organization_id")
	if err != nil || organization == "" {
		return err
	}
	err = RequireMember(tx, organization, user.UserID)
	switch {
	case errors.Is(err, Organizations.Missing):
		return resource.InvalidBody("The organization does not exist")
	case errors.Is(err, resource.NotMember):
		return resource.InvalidBody("The user with id " + user.UserID + " is not a member of organization with id " + organization + ".")
	}
	return err
}

// EnrollmentTicket makes a link with which a user enrolls an MFA factor, and sends it by e-mail if the
// request says so. The response has the ticket's id and the link. Auth0:
// api/management/v2/guardian/post-ticket.
func EnrollmentTicket(ch *Change, sent storage.Document) (storage.Document, error) {
	user, err := GetUser(ch.Tx, storage.Text(sent, "user_id"))
	if err != nil {
		return nil, err
	}
	user.Email = cmp.Or(storage.Text(sent, "email"), user.Email)
	if sent["send_mail"] == true && user.Email == "" {
		return nil, resource.InvalidBody("The user does not have an email address.")
	}
	id, link, err := ch.Emails.EnrollmentTicket(ch.Tx, storage.Ticket{
		UserID: user.UserID, Connection: user.ConnectionName(), Factor: storage.Text(sent, "factor"), Another: sent["allow_multiple_enrollments"] == true,
		ExpiresAt: ch.Now.Add(emails.DefaultLifetime),
	})
	if err != nil {
		return nil, err
	}
	if sent["send_mail"] == true {
		mail, err := ch.Emails.Draft(ch.Tx, emails.Letter{Kind: outbox.EnrollmentEmail, User: user, Connection: user.ConnectionName(), Link: link})
		if err != nil {
			return nil, err
		}
		ch.mail(mail)
	}
	return storage.Document{"ticket_id": id, "ticket_url": link}, nil
}

// userOfPassword returns the user whom a request for a password ticket names, by id or by e-mail
// address and connection.
func userOfPassword(tx *storage.Tx, sent storage.Document) (user storage.User, err error) {
	id, connectionID, email := storage.Text(sent, "user_id"), storage.Text(sent, "connection_id"), storage.Text(sent, "email")
	switch {
	case id != "" && connectionID != "":
		return user, resource.InvalidBody("You cannot send user_id when specifying a connection_id.")
	case id != "":
		return GetUser(tx, id)
	case connectionID == "" || email == "":
		return user, resource.InvalidBody("Either user_id, or connection_id and email, must be specified.")
	}
	conn, err := tx.Connections.Get(connectionID)
	if storage.IsNotFound(err) {
		return user, resource.InvalidBody("The connection with id " + connectionID + " does not exist.")
	}
	if err != nil {
		return user, err
	}
	user, err = tx.UserByLogin(conn.Name, email)
	if storage.IsNotFound(err) {
		return user, resource.Users.Missing
	}
	return user, err
}

// knownClient returns an error if the application that a request names does not exist.
func knownClient(tx *storage.Tx, sent storage.Document) error {
	id := storage.Text(sent, "client_id")
	if id == "" {
		return nil
	}
	return Clients.Require(tx, id)
}

// SendVerification sends the e-mail with which a user verifies the e-mail address, and returns its job.
// Auth0: api/management/v2/jobs/post-verification-email.
func SendVerification(ch *Change, sent storage.Document) (job storage.Document, err error) {
	user, err := accountToVerify(ch.Tx, sent)
	if err != nil {
		return nil, err
	}
	if err := knownClient(ch.Tx, sent); err != nil {
		return nil, err
	}
	if organization := storage.Text(sent, "organization_id"); organization != "" {
		if err := Organizations.Require(ch.Tx, organization); err != nil {
			return nil, err
		}
	}
	if user.Email == "" {
		return nil, resource.InvalidBody("The user does not have an email address.")
	}
	clientID := storage.Text(sent, "client_id")
	mail, err := ch.Emails.DraftTicket(ch.Tx, storage.TicketVerifyEmail, user, emails.Login{ClientID: clientID, Organization: storage.Text(sent, "organization_id")}, ch.Now)
	if err != nil {
		return nil, err
	}
	job = storage.Document{"type": "verification_email", "status": "completed"}
	resource.Jobs.Fill(job, ch.Now)
	if mail.IsZero() {
		job["status"] = "failed"
	} else {
		ch.mail(mail)
		ch.tell(tenantlog.Event{
			Type: tenantlog.VerificationSent, Description: "Verification email sent", UserID: user.UserID, UserName: user.Email,
			ClientID: cmp.Or(clientID, ch.Author.ClientID), Connection: user.ConnectionName(),
		})
	}
	return job, DocumentStoreOf(ch.Tx, resource.Jobs, "").Put(job)
}

// FollowVerificationTicket uses up the ticket with a hash, and marks the e-mail address that it was
// sent to as verified. It returns the errors of storage.UseTicket, or an error that wraps
// storage.ErrNotFound if the user has another address now.
func FollowVerificationTicket(tx *storage.Tx, hash string, now time.Time) (storage.Ticket, error) {
	t, err := tx.UseTicket(hash, storage.TicketVerifyEmail, now)
	if err != nil {
		return t, err
	}
	doc, err := tx.Users.Document(t.UserID)
	if err != nil {
		return t, err
	}
	return t, account.Verify(tx, doc, t.Account, "email_verified", now)
}

// FollowPasswordTicket uses up the ticket with a hash, and sets its user's password. If the link was
// sent to the user's e-mail address, that address is verified too, since the user has read the e-mail.
// It returns the errors of storage.UseTicket.
func FollowPasswordTicket(tx *storage.Tx, hash, passwordHash string, now time.Time) error {
	t, err := tx.UseTicket(hash, storage.TicketResetPassword, now)
	if err != nil {
		return err
	}
	doc, err := tx.Users.Document(t.UserID)
	if err != nil {
		return err
	}
	if t.Email != "" {
		identities.ProfileIn(doc, t.Account)["email_verified"] = true
	}
	if err := account.SetPassword(tx, doc, t.Account, passwordHash, now); err != nil {
		return err
	}
	return tx.Users.Put(doc)
}

// FollowUnblockTicket uses up the ticket with a hash, and unblocks its account.
func FollowUnblockTicket(tx *storage.Tx, hash string, now time.Time) (storage.Ticket, error) {
	t, err := tx.UseTicket(hash, storage.TicketUnblock, now)
	if err != nil {
		return t, err
	}
	return t, tx.ForgetFailuresAt(t.UserID, cmp.Or(t.Account, t.UserID))
}
