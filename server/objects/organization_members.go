package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// OrganizationMembers are the members of an organization. The kind MemberRoles holds their roles
// in it; the parent of such a role is the text that storage.MemberOf returns.
var (
	OrganizationMembers = declare(&Kind{
		Kind: resource.OrganizationMembers, Owner: Organizations, refers: []reference{by("user_id", Users)},
	})
	_ = declare(&Kind{Kind: resource.MemberRoles, refers: []reference{
		by("id", Roles),
		{to: Users, value: func(member string, _ storage.Document) string { _, user := storage.MemberFrom(member); return user }},
		{to: Organizations, value: func(member string, _ storage.Document) string { org, _ := storage.MemberFrom(member); return org }},
	}})
)

// AddMember adds a user to an organization.
func AddMember(tx *storage.Tx, organization, user string) error {
	return DocumentStoreOf(tx, resource.OrganizationMembers, organization).Put(storage.Document{"user_id": user})
}

// AddMemberRole assigns a role to a member of an organization.
func AddMemberRole(tx *storage.Tx, organization, user, role string) error {
	return DocumentStoreOf(tx, resource.MemberRoles, storage.MemberOf(organization, user)).Put(storage.Document{"id": role})
}

// RequireMember returns an error if the organization does not exist or the user is not a member
// of it.
func RequireMember(tx *storage.Tx, organization, user string) error {
	if err := Organizations.Require(tx, organization); err != nil {
		return err
	}
	is, err := tx.IsMember(organization, user)
	if err == nil && !is {
		return resource.NotMember
	}
	return err
}

// AddMembers adds users to an organization.
func AddMembers(tx *storage.Tx, organization string, users []string) error {
	if err := Organizations.Require(tx, organization); err != nil {
		return err
	}
	for _, user := range users {
		if err := Users.Require(tx, user); err != nil {
			return err
		}
		if err := AddMember(tx, organization, user); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMembers removes users from an organization, with their roles in it. It is no error if
// one is not a member.
func RemoveMembers(tx *storage.Tx, organization string, users []string) error {
	if err := Organizations.Require(tx, organization); err != nil {
		return err
	}
	for _, user := range users {
		if err := tx.Documents(storage.MemberRolesKind, storage.MemberOf(organization, user)).DeleteAll(); err != nil {
			return err
		}
		if err := tx.Documents(storage.OrganizationMembersKind, organization).Delete(user); err != nil {
			return err
		}
	}
	return nil
}

// MemberRoles returns the roles that a user has in an organization.
func MemberRoles(tx *storage.Tx, organization, user string) ([]storage.Document, error) {
	ids, err := tx.MemberRoles(organization, user)
	if err != nil {
		return nil, err
	}
	return rolesWith(tx, ids)
}

// ChangeMemberRoles assigns roles to a member of an organization, or removes them if add is
// false.
func ChangeMemberRoles(tx *storage.Tx, organization, user string, roles []string, add bool) error {
	if err := RequireMember(tx, organization, user); err != nil {
		return err
	}
	for _, role := range roles {
		if !add {
			if err := tx.Documents(storage.MemberRolesKind, storage.MemberOf(organization, user)).Delete(role); err != nil {
				return err
			}
			continue
		}
		if err := Roles.Require(tx, role); err != nil {
			return err
		}
		if err := AddMemberRole(tx, organization, user, role); err != nil {
			return err
		}
	}
	held, err := tx.MemberRoles(organization, user)
	if err == nil && add && len(held) > resource.MaxRoles {
		return resource.MemberRolesFull
	}
	return err
}
