package management

import (
	"cmp"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// invitationLife is how long an invitation is good for unless it says otherwise.
const invitationLife = 7 * 24 * time.Hour

// organizationInvitations is Auth0: api/management/v2/organizations/get-invitations.
//
//auth0:operation GET /api/v2/organizations/{id}/invitations
//auth0:operation GET /api/v2/organizations/{id}/invitations/{invitation_id}
//auth0:operation DELETE /api/v2/organizations/{id}/invitations/{invitation_id}
func organizationInvitations() served {
	return served{
		kind: resource.OrganizationInvitations, path: "/organizations/{id}/invitations", param: "invitation_id",
		verbs: "list get delete", strict: true, scope: "organization_invitations",
		keep: ofOrganization(resource.OrganizationInvitations),
		list: listing{key: "invitations", untotalled: true, search: func(c *call, _ *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
			return c.sorted(rows, "created_at:-1", "expires_at", "ticket_id")
		}},
	}
}

// createInvitation makes an invitation and, unless it is told not to, sends it.
//
//auth0:operation POST /api/v2/organizations/{id}/invitations
func createInvitation(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.OrganizationInvitations.Check(c.body, resource.Create); err != nil {
		return err
	}
	var doc storage.Document
	var mail outbox.Message
	err := c.update(func(tx *storage.Tx) error {
		doc = c.body
		organization, err := tx.Documents(resource.Organizations.Name, "").Document(c.param("id"))
		if err != nil {
			return orMissing(err, resource.Organizations)
		}
		if mail, err = c.invite(tx, doc, organization); err != nil {
			return err
		}
		return c.plain(tx, resource.OrganizationInvitations, c.param("id")).Put(doc)
	})
	if err != nil {
		return err
	}
	if c.sent["send_invitation_email"] != false {
		c.send(mail)
	}
	return c.reply(http.StatusOK, doc)
}

// invite checks and completes an invitation, and writes the e-mail that brings it.
func (c *call) invite(tx *storage.Tx, doc, organization storage.Document) (mail outbox.Message, err error) {
	login, err := loginRoute(tx, c.addressed, text(doc, "client_id"), text(organization, "name"))
	if err != nil {
		return mail, err
	}
	connection, err := invitingConnection(tx, text(doc, "connection_id"))
	if err != nil {
		return mail, err
	}
	if err := knownRoles(tx, doc); err != nil {
		return mail, err
	}
	life := invitationLife
	if seconds, _ := doc["ttl_sec"].(float64); seconds > 0 {
		life = clock.Span(seconds, time.Second)
	}
	delete(doc, "ttl_sec")
	delete(doc, "send_invitation_email")
	resource.OrganizationInvitations.Fill(doc, c.now)
	doc["organization_id"], doc["expires_at"] = organization["id"], resource.Time(c.now.Add(life))

	doc["invitation_url"] = invitationURL(login, doc, organization)

	inviter, _ := doc["inviter"].(storage.Document)
	invitee, _ := doc["invitee"].(storage.Document)
	name := cmp.Or(text(organization, "display_name"), text(organization, "name"))
	return outbox.Message{
		Kind: outbox.UserInvitation, To: text(invitee, "email"), Subject: "You've been invited to join " + name,
		Text: text(inviter, "name") + " invites you to join " + name + ". To accept, follow this link:\n\n" + text(doc, "invitation_url") + "\n",
		Link: text(doc, "invitation_url"), ClientID: text(doc, "client_id"), Connection: connection,
	}, nil
}

// invitationURL is the address that an invitee is to visit.
func invitationURL(login *url.URL, invitation, organization storage.Document) string {
	query := login.Query()
	query.Set("invitation", text(invitation, "ticket_id"))
	query.Set("organization", text(organization, "id"))
	query.Set("organization_name", text(organization, "name"))
	login.RawQuery = query.Encode()
	return login.String()
}

// loginRoute is the address that an invitation to an organization leads to, Auth0:
// authenticate/login/auth0-universal-login/configure-default-login-routes.
func loginRoute(tx *storage.Tx, host, clientID, organization string) (*url.URL, error) {
	client, err := tx.Clients.Get(clientID)
	if storage.IsNotFound(err) {
		return nil, resource.InvalidBody("The specified client_id does not exist.")
	}
	if err != nil {
		return nil, err
	}
	if usage := client.OrganizationUsage; usage != "allow" && usage != "require" {
		return nil, resource.InvalidBody("The specified client_id (" + clientID + ") does not allow organizations.")
	}
	tenant, err := tx.Tenant.Document(storage.TenantKey)
	if err != nil {
		return nil, err
	}
	login, err := registered.Of(tx, client, host).In(organization).Login()
	if err != nil {
		return nil, err
	}
	route, err := url.Parse(cmp.Or(login, text(tenant, "default_redirection_uri")))
	if err != nil || route.Host == "" {
		return nil, resource.InvalidBody("A default login route is required to generate the invitation url. " +
			"Set initiate_login_uri of the application or default_redirection_uri of the tenant.")
	}
	return route, nil
}

// invitingConnection is the name of the connection that an invitee has to use, ""
// for any.
func invitingConnection(tx *storage.Tx, id string) (name string, err error) {
	if id == "" {
		return "", nil
	}
	connection, err := tx.Connections.Document(id)
	if storage.IsNotFound(err) {
		return "", resource.InvalidBody("The specified connection does not exist.")
	}
	if err != nil {
		return "", err
	}
	if strategy := text(connection, "strategy"); strategy == "email" || strategy == "sms" {
		return "", resource.InvalidBody("Passwordless connections are not supported.")
	}
	return text(connection, "name"), nil
}

// knownRoles sees that the roles that an invitee gets are there.
func knownRoles(tx *storage.Tx, doc storage.Document) error {
	roles, _ := doc["roles"].([]any)
	var unknown []string
	for _, item := range roles {
		id, _ := item.(string)
		known, err := tx.Roles.Has(id)
		if err != nil {
			return err
		}
		if !known {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) > 0 {
		return resource.InvalidBody("One or more of the specified roles do not exist: " + strings.Join(unknown, ", ") + ".")
	}
	return nil
}
