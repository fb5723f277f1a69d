package objects

import (
	"cmp"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// OrganizationInvitations are the invitations to an organization, Auth0:
// api/management/v2/organizations/get-invitations. Invite creates them.
var OrganizationInvitations = declare(&Kind{
	Kind: resource.OrganizationInvitations, Owner: Organizations,
	refers: []reference{byUnlinked("client_id", Clients), byUnlinked("connection_id", Connections)},
})

// invitationLife is the lifetime of an invitation whose request sets none.
const invitationLife = 7 * 24 * time.Hour

// Invite makes an invitation to an organization from sent, which it completes, and sends it
// by e-mail unless the request says not to.
func Invite(ch *Change, organizationID string, sent storage.Document) error {
	organization, err := Organizations.Find(ch.Tx, organizationID)
	if err != nil {
		return err
	}
	quiet := sent["send_invitation_email"] == false
	message, err := completeInvitation(ch, sent, organization)
	if err != nil {
		return err
	}
	if !quiet {
		ch.send(message)
	}
	return DocumentStoreOf(ch.Tx, resource.OrganizationInvitations, organizationID).Put(sent)
}

// RestoreInvitation stores an invitation from another tenant, so that the link that was sent
// for it still works. It sends no e-mail.
func RestoreInvitation(tx *storage.Tx, organizationID string, invitation storage.Document, now time.Time) error {
	sent := maps.Clone(invitation)
	maps.DeleteFunc(sent, func(name string, _ any) bool {
		return resource.OrganizationInvitations.Fields[name].Access == resource.ReadOnly
	})
	if err := resource.OrganizationInvitations.Check(sent, resource.Create); err != nil {
		return err
	}
	organization, err := Organizations.Find(tx, organizationID)
	if err != nil {
		return err
	}
	login, err := loginRoute(tx, "", storage.Text(invitation, "client_id"), storage.Text(organization, "name"))
	if err != nil {
		return err
	}
	resource.OrganizationInvitations.Fill(invitation, now)
	if storage.Text(invitation, "expires_at") == "" {
		invitation["expires_at"] = resource.Time(now.Add(invitationLife))
	}
	invitation["organization_id"] = organizationID
	invitation["invitation_url"] = invitationURL(login, invitation, organization)
	return DocumentStoreOf(tx, resource.OrganizationInvitations, organizationID).Put(invitation)
}

// completeInvitation checks and completes an invitation, and makes the e-mail for it.
func completeInvitation(ch *Change, doc, organization storage.Document) (mail outbox.Message, err error) {
	login, err := loginRoute(ch.Tx, ch.Author.Host, storage.Text(doc, "client_id"), storage.Text(organization, "name"))
	if err != nil {
		return mail, err
	}
	connection, err := invitingConnection(ch.Tx, storage.Text(organization, "id"), storage.Text(doc, "connection_id"))
	if err != nil {
		return mail, err
	}
	if err := knownRoles(ch.Tx, doc); err != nil {
		return mail, err
	}
	life := invitationLife
	if seconds, _ := doc["ttl_sec"].(float64); seconds > 0 {
		life = clock.Span(seconds, time.Second)
	}
	delete(doc, "ttl_sec")
	delete(doc, "send_invitation_email")
	resource.OrganizationInvitations.Fill(doc, ch.Now)
	doc["organization_id"], doc["expires_at"] = organization["id"], resource.Time(ch.Now.Add(life))

	doc["invitation_url"] = invitationURL(login, doc, organization)

	inviter, _ := doc["inviter"].(storage.Document)
	invitee, _ := doc["invitee"].(storage.Document)
	name := cmp.Or(storage.Text(organization, "display_name"), storage.Text(organization, "name"))
	return outbox.Message{
		Kind: outbox.UserInvitation, To: storage.Text(invitee, "email"), Subject: "You've been invited to join " + name,
		Text: storage.Text(inviter, "name") + " invites you to join " + name + ". To accept, follow this link:\n\n" + storage.Text(doc, "invitation_url") + "\n",
		Link: storage.Text(doc, "invitation_url"), ClientID: storage.Text(doc, "client_id"), Connection: connection,
	}, nil
}

// invitationURL returns the link that the invited person follows.
func invitationURL(login *url.URL, invitation, organization storage.Document) string {
	query := login.Query()
	query.Set("invitation", storage.Text(invitation, "ticket_id"))
	query.Set("organization", storage.Text(organization, "id"))
	query.Set("organization_name", storage.Text(organization, "name"))
	login.RawQuery = query.Encode()
	return login.String()
}

// loginRoute returns the application's login URL, to which the link of an invitation leads,
// Auth0: authenticate/login/auth0-universal-login/configure-default-login-routes.
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
	route, err := url.Parse(cmp.Or(login, storage.Text(tenant, "default_redirection_uri")))
	if err != nil || route.Host == "" {
		return nil, resource.InvalidBody("A default login route is required to generate the invitation url. " +
			"For more information, see https://auth0.com/docs/universal-login/configure-default-login-routes")
	}
	return route, nil
}

// invitingConnection returns the name of the connection that the invited person has to use,
// "" for any.
func invitingConnection(tx *storage.Tx, organization, id string) (name string, err error) {
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
	if strategy := storage.Text(connection, "strategy"); strategy == "email" || strategy == "sms" {
		return "", resource.InvalidBody("Passwordless connections are not supported.")
	}
	_, err = DocumentStoreOf(tx, resource.OrganizationConnections, organization).Document(id)
	if storage.IsNotFound(err) {
		return "", resource.InvalidBody("The specified connection (" + id + ") is not enabled for the organization")
	}
	return storage.Text(connection, "name"), err
}

// knownRoles returns an error if a role that an invitation gives does not exist.
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
		return resource.InvalidBody("One or more of the specified roles do not exist: " + strings.Join(unknown, ", "))
	}
	return nil
}

// AcceptInvitation makes a user a member of the organization, with the roles and the metadata
// of the invitation. It deletes the invitation.
func AcceptInvitation(tx *storage.Tx, i storage.Invitation, user string) error {
	if err := AddMember(tx, i.OrganizationID, user); err != nil {
		return err
	}
	for _, role := range i.Roles {
		if err := AddMemberRole(tx, i.OrganizationID, user, role); err != nil {
			return err
		}
	}
	if len(i.AppMetadata)+len(i.UserMetadata) > 0 {
		doc, err := tx.Users.Document(user)
		if err != nil {
			return err
		}
		for name, more := range map[string]map[string]any{"app_metadata": i.AppMetadata, "user_metadata": i.UserMetadata} {
			if len(more) > 0 {
				merged := storage.Document{}
				own, _ := doc[name].(storage.Document)
				maps.Copy(merged, own)
				maps.Copy(merged, more)
				doc[name] = merged
			}
		}
		if err := tx.Users.Put(doc); err != nil {
			return err
		}
	}
	return tx.Documents(storage.InvitationsKind, i.OrganizationID).Delete(i.ID)
}
