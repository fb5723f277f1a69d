package storage

import "strings"

// Kinds of documents of organizations that logins act on.
const (
	OrganizationsKind           = "organizations"
	OrganizationMembersKind     = "organization-members"     // of an organization, by the user's id
	OrganizationConnectionsKind = "organization-connections" // of an organization, by the connection's id
	MemberRolesKind             = "organization-member-roles"
)

// Organization is a group of users of a customer, Auth0:
// manage-users/organizations/organizations-overview.
type Organization struct {
	ID   string
	Name string
}

// Organization returns the organization with an id, or an error that wraps
// ErrNotFound.
func (tx *Tx) Organization(id string) (Organization, error) {
	doc, err := tx.Documents(OrganizationsKind, "").Document(id)
	name, _ := doc["name"].(string)
	return Organization{id, name}, err
}

// OrganizationByName returns the organization with a name, in any case, or an error
// that wraps ErrNotFound.
func (tx *Tx) OrganizationByName(name string) (Organization, error) {
	for row, err := range tx.Documents(OrganizationsKind, "").Rows() {
		if err != nil {
			return Organization{}, err
		}
		if o, err := tx.Organization(row.Key); err != nil || strings.EqualFold(o.Name, name) {
			return o, err
		}
	}
	return Organization{}, ErrNotFound
}

// IsMember reports whether a user is in an organization.
func (tx *Tx) IsMember(organization, user string) (bool, error) {
	_, err := tx.Documents(OrganizationMembersKind, organization).Document(user)
	return err == nil, Optional(err)
}

// AddMember puts a user into an organization.
func (tx *Tx) AddMember(organization, user string) error {
	return tx.Documents(OrganizationMembersKind, organization).Put(Write{
		ID: user, Links: []string{user}, Document: Document{"user_id": user},
	})
}

// MemberOf is the parent of what is kept of a user as a member of an organization.
func MemberOf(organization, user string) string { return organization + "\x02" + user }

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

// OrganizationConnection returns how an organization uses a connection, or an error
// that wraps ErrNotFound.
func (tx *Tx) OrganizationConnection(organization, connectionID string) (joins bool, err error) {
	doc, err := tx.Documents(OrganizationConnectionsKind, organization).Document(connectionID)
	return doc["assign_membership_on_login"] == true, err
}
