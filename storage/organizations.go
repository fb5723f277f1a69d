package storage

import (
	"cmp"
	"strings"
	"time"
)

// Kinds of documents of organizations that logins read.
const (
	OrganizationsKind           = "organizations"
	OrganizationMembersKind     = "organization-members"     // the parent is the organization, the id the user's
	OrganizationConnectionsKind = "organization-connections" // the parent is the organization, the id the connection's
	MemberRolesKind             = "organization-member-roles"
	OrganizationGrantsKind      = "organization-client-grants" // the parent is the organization, the id the client grant's
	InvitationsKind             = "organization-invitations"   // the parent is the organization
	DiscoveryDomainsKind        = "organization-discovery-domains"
)

// Invitation asks somebody to join an organization, Auth0: manage-users/organizations/
// configure-organizations/invite-members.
type Invitation struct {
	ID             string    `json:"id"`
	OrganizationID string    `json:"organization_id"`
	TicketID       string    `json:"ticket_id"`
	ClientID       string    `json:"client_id"`
	ConnectionID   string    `json:"connection_id"`
	ExpiresAt      time.Time `json:"expires_at"`
	Roles          []string  `json:"roles"`
	Inviter        struct {
		Name string `json:"name"`
	} `json:"inviter"`
	Invitee struct {
		Email string `json:"email"`
	} `json:"invitee"`
	AppMetadata  map[string]any `json:"app_metadata"`
	UserMetadata map[string]any `json:"user_metadata"`
}

// Invitation returns the invitation to an organization with a ticket, if it has not expired, or an
// error that wraps ErrNotFound.
func (tx *Tx) Invitation(organization, ticket string, now time.Time) (Invitation, error) {
	entries, err := tx.withText(InvitationsKind, "ticket_id", ticket)
	if err != nil {
		return Invitation{}, err
	}
	for _, e := range entries {
		var i Invitation
		if err := e.decode(&i); err != nil {
			return i, err
		}
		if e.Parent == organization && i.TicketID == ticket && now.Before(i.ExpiresAt) {
			return i, nil
		}
	}
	return Invitation{}, ErrNotFound
}

// Organization is an organization, a group of users such as a customer company, Auth0:
// manage-users/organizations/organizations-overview.
type Organization struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	// ThirdParties is "allow" if its members may use strict third-party applications.
	ThirdParties string `json:"third_party_client_access"`
	// TokenQuota bounds client credentials tokens for it; nil for the tenant's default.
	TokenQuota *TokenQuota `json:"token_quota"`
	Branding   struct {
		LogoURL string `json:"logo_url"`
		Colors  struct {
			Primary        string `json:"primary"`
			PageBackground string `json:"page_background"`
		} `json:"colors"`
	} `json:"branding"`
}

// ShownName is the name that pages show.
func (o Organization) ShownName() string { return cmp.Or(o.DisplayName, o.Name) }

// Organization returns the organization with an id, or an error that wraps
// ErrNotFound.
func (tx *Tx) Organization(id string) (o Organization, err error) {
	e, err := tx.Documents(OrganizationsKind, "").find(id)
	if err != nil {
		return o, err
	}
	err = e.decode(&o)
	return o, err
}

// OrganizationByName returns the organization with a name, ignoring case, or an error that wraps
// ErrNotFound.
func (tx *Tx) OrganizationByName(name string) (Organization, error) {
	found, err := tx.organizationsWith("name", name)
	if err != nil || len(found) == 0 {
		return Organization{}, cmp.Or(err, ErrNotFound)
	}
	return found[0], nil
}

// OrganizationsShownAs returns the organizations with a display name, ignoring case.
func (tx *Tx) OrganizationsShownAs(displayName string) ([]Organization, error) {
	return tx.organizationsWith("display_name", displayName)
}

func (tx *Tx) organizationsWith(member, text string) (found []Organization, err error) {
	entries, err := tx.withText(OrganizationsKind, member, text)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var o Organization
		if err := e.decode(&o); err != nil {
			return nil, err
		}
		found = append(found, o)
	}
	return found, nil
}

// OrganizationsAt returns the organizations that have verified a domain, Auth0:
// manage-users/organizations/configure-organizations/create-org-domains.
func (tx *Tx) OrganizationsAt(domain string) ([]Organization, error) {
	entries, err := tx.withText(DiscoveryDomainsKind, "domain", domain)
	if err != nil {
		return nil, err
	}
	return tx.parents(entries, func(d Document) bool {
		return d["status"] == "verified" && d["use_for_organization_discovery"] != false
	})
}

// OrganizationsOf returns the organizations that a user is a member of.
func (tx *Tx) OrganizationsOf(user string) ([]Organization, error) {
	entries, err := tx.Linked(OrganizationMembersKind, user)
	if err != nil {
		return nil, err
	}
	return tx.parents(entries, func(Document) bool { return true })
}

// OrganizationsJoinedBy returns the organizations whose membership is assigned to users who log in
// with a connection.
func (tx *Tx) OrganizationsJoinedBy(connectionID string) ([]Organization, error) {
	entries, err := tx.Linked(OrganizationConnectionsKind, connectionID)
	if err != nil {
		return nil, err
	}
	return tx.parents(entries, joinsOnLogin)
}

// parents returns the organizations that own those entries whose documents meet a condition.
func (tx *Tx) parents(entries []Entry, meets func(Document) bool) (found []Organization, err error) {
	for _, e := range entries {
		doc, err := decodeDocument(e)
		if err != nil {
			return nil, err
		}
		if !meets(doc) {
			continue
		}
		o, err := tx.Organization(e.Parent)
		if err != nil {
			return nil, err
		}
		found = append(found, o)
	}
	return found, nil
}

// IsMember reports whether a user is a member of an organization.
func (tx *Tx) IsMember(organization, user string) (bool, error) {
	_, err := tx.Documents(OrganizationMembersKind, organization).Document(user)
	return err == nil, Optional(err)
}

// MemberOf is the parent of the documents about a user as a member of an organization.
func MemberOf(organization, user string) string { return organization + "\x02" + user }

// MemberFrom returns the arguments from which MemberOf made a parent.
func MemberFrom(parent string) (organization, user string) {
	organization, user, _ = strings.Cut(parent, "\x02")
	return organization, user
}

// MemberRoles returns the ids of the roles that a user has in an organization.
func (tx *Tx) MemberRoles(organization, user string) (roles []string, err error) {
	for row, err := range tx.Documents(MemberRolesKind, MemberOf(organization, user)).Rows() {
		if err != nil {
			return nil, err
		}
		roles = append(roles, row.Key)
	}
	return roles, nil
}

// HasClientGrant reports whether a client grant is assigned to an organization.
func (tx *Tx) HasClientGrant(organization, grant string) (bool, error) {
	_, err := tx.Documents(OrganizationGrantsKind, organization).Document(grant)
	return err == nil, Optional(err)
}

// OrganizationConnection returns whether an organization has enabled a connection, and whether
// users who log in with it become members (assign_membership_on_login).
func (tx *Tx) OrganizationConnection(organization, connectionID string) (enabled, joins bool, err error) {
	doc, err := tx.Documents(OrganizationConnectionsKind, organization).Document(connectionID)
	return err == nil, joinsOnLogin(doc), Optional(err)
}

// OrganizationUses is OrganizationConnection for a connection's name instead of its id.
func (tx *Tx) OrganizationUses(organization, connection string) (enabled, joins bool, err error) {
	c, err := tx.Connections.Find("name", connection)
	if err != nil {
		return false, false, Optional(err)
	}
	return tx.OrganizationConnection(organization, c.ID)
}

// OrganizationShows reports whether the login page of an organization has a button for an
// enterprise connection.
func (tx *Tx) OrganizationShows(organization, connectionID string) (bool, error) {
	doc, err := tx.Documents(OrganizationConnectionsKind, organization).Document(connectionID)
	return err == nil && doc["show_as_button"] != false, Optional(err)
}

func joinsOnLogin(connection Document) bool { return connection["assign_membership_on_login"] == true }
