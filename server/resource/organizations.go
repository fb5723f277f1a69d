package resource

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Organizations describes the resource of Auth0: api/management/v2/organizations.
var Organizations = &Kind{
	Name: storage.OrganizationsKind, ID: "id", NewID: Prefixed("org_", 16),
	Fields: Fields{
		"id":           readOnly,
		"name":         {Type: String, Required: true, Min: 1, Max: 50, Pattern: Like(`^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$`)},
		"display_name": {Type: String, Min: 1, Max: 255},
		"branding": {Type: Object, Fields: Fields{
			"logo_url": httpsOrNull,
			"colors": {Type: Object, Fields: Fields{
				"primary":         {Type: String, Required: true, Format: "html-color"},
				"page_background": {Type: String, Required: true, Format: "html-color"},
			}},
		}},
		"metadata":                  {Type: Object, Max: 25, Item: &metadataValue},
		"token_quota":               tokenQuota,
		"enabled_connections":       {Type: Array, Access: CreateOnly, Max: maxConnections, Item: &Field{Type: Object, Fields: organizationConnectionFields}},
		"is_app_entitlement_active": {Type: Bool, Default: false},
		"third_party_client_access": {Type: String, Default: "block", Enum: []string{"block", "allow"}},
	},
	Unique:  []string{"name"},
	Missing: missing("", "No organization found by that id or name"),
	Taken:   taken("organization_conflict", "An organization with this name already exists."),
}

var organizationConnectionFields = Fields{
	"connection_id":              {Type: String, Required: true, Min: 1, Access: CreateOnly},
	"connection":                 readOnly,
	"assign_membership_on_login": {Type: Bool, Default: false},
	"show_as_button":             {Type: Bool, Default: true},
	"is_signup_enabled":          {Type: Bool},
	"is_enabled":                 {Type: Bool},
	"organization_access_level":  {Type: String, Default: "none", Enum: []string{"none", "readonly", "limited", "full"}},
	"organization_connection_name": {
		Type: String, Nullable: true, Min: 1, Max: 50,
	},
	"organization_member_access_level": {Type: String, Nullable: true, Enum: []string{"none", "readonly", "limited", "full"}},
}

// OrganizationConnections describes the resource of Auth0: api/management/v2/organizations/get-organization-connections.
var OrganizationConnections = &Kind{
	Name: storage.OrganizationConnectionsKind, ID: "connection_id", Fields: organizationConnectionFields,
	Missing: missing("", "No connection found by that id."),
	Taken:   taken("", "The organization connection already exists."),
}

// OrganizationClients describes the resource of Auth0: api/management/v2/organizations/get-organization-clients.
var OrganizationClients = &Kind{
	Name: "organization-clients", ID: "client_id",
	Fields: Fields{
		"client_id":             {Type: String, Required: true, Min: 1, Access: CreateOnly},
		"client":                readOnly,
		"use_for_member_access": {Type: Bool, Required: true},
	},
	Missing: missing("", "No client found by that id."),
}

// OrganizationGrants describes the resource of Auth0: api/management/v2/organizations/get-organization-client-grants.
var OrganizationGrants = &Kind{
	Name: storage.OrganizationGrantsKind, ID: "grant_id",
	Fields:  Fields{"grant_id": {Type: String, Required: true, Min: 1}},
	Missing: missing("", "No client grant found by that id."),
	Taken:   taken("", "The client grant has already been added to this organization."),
}

// OrganizationInvitations describes the resource of Auth0: api/management/v2/organizations/post-invitations.
var OrganizationInvitations = &Kind{
	Name: storage.InvitationsKind, ID: "id", NewID: Prefixed("uinv_", 16),
	Fields: Fields{
		"id": readOnly, "organization_id": readOnly, "invitation_url": generatedSecret, "ticket_id": generatedSecret,
		"created_at": readOnly, "expires_at": readOnly,
		"inviter":               {Type: Object, Required: true, Fields: Fields{"name": {Type: String, Required: true, Min: 1, Max: 300}}},
		"invitee":               {Type: Object, Required: true, Fields: Fields{"email": {Type: String, Required: true, Format: "email"}}},
		"client_id":             {Type: String, Required: true, Min: 1},
		"connection_id":         {Type: String, Min: 1},
		"app_metadata":          {Type: Object},
		"user_metadata":         {Type: Object},
		"roles":                 {Type: Array, Min: 1, Max: MaxRoles, Item: &Field{Type: String, Min: 1}},
		"ttl_sec":               {Type: Integer, Max: 2592000},
		"send_invitation_email": {Type: Bool},
	},
	Complete: func(doc storage.Document, _ time.Time) { set(doc, "ticket_id", random(32, alphanumeric)) },
	Created:  "created_at",
	Missing:  missing("", "The invitation does not exist."),
}

// DiscoveryDomains describes the resource of Auth0: api/management/v2/organizations/get-all-discovery-domains.
var DiscoveryDomains = &Kind{
	Name: storage.DiscoveryDomainsKind, ID: "id", NewID: Prefixed("ord_", 22),
	Fields: Fields{
		"id": readOnly, "verification_host": readOnly, "verification_txt": readOnly,
		"domain":                         {Type: String, Required: true, Min: 3, Max: 255, Access: CreateOnly},
		"status":                         {Type: String, Default: "pending", Enum: []string{"pending", "verified"}},
		"use_for_organization_discovery": {Type: Bool, Default: true},
	},
	Unique: []string{"domain"},
	Complete: func(doc storage.Document, _ time.Time) {
		b := make([]byte, 16)
		_, _ = rand.Read(b) // never fails: crypto/rand
		set(doc, "verification_txt", hex.EncodeToString(b))
	},
	Missing: missing("", "Organization discovery domain not found."),
	Taken:   taken("", "An organization discovery domain with this domain is already registered to this organization."),
}

// NotMember is the error for a user who is not a member of an organization.
var NotMember = &apierr.Error{Status: http.StatusNotFound, Message: "No member found by that id."}

// MissingGroup is the error for the unknown id of a group, Auth0:
// api/management/v2/groups/get-group.
var MissingGroup = &apierr.Error{Status: http.StatusNotFound, Message: "The group does not exist."}

// AddedOrganizationClients is a request that adds applications to an
// organization.
var AddedOrganizationClients = &Kind{Fields: Fields{
	"clients": {Type: Array, Required: true, Min: 1, Item: &Field{
		Type: Object, Fields: OrganizationClients.Fields,
	}},
}}

// OrganizationMembers are the members of an organization, Auth0:
// api/management/v2/organizations/get-members.
var OrganizationMembers = &Kind{Name: storage.OrganizationMembersKind, ID: "user_id"}

// MemberRolesFull is the error for more roles than a member may have.
var MemberRolesFull = taken("", "No more roles can be assigned to this organization member.")

// MemberRoles are the roles of a user in an organization, Auth0:
// api/management/v2/organizations/get-organization-member-roles.
var MemberRoles = &Kind{Name: storage.MemberRolesKind, ID: "id"}
