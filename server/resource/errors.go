package resource

import (
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Errors of changes that do not belong to a kind's Missing or Taken.
var (
	// CrossAppAccessUnsupported is the error for a connection, such as a database, that does not
	// support Cross App Access.
	CrossAppAccessUnsupported = refused("operation_not_supported", "Cross App Access Requesting App is not supported for this connection.")
	// ConnectionKeysUnsupported is the error for a connection whose strategy has no keys of its
	// own.
	ConnectionKeysUnsupported = refused("operation_not_supported", "Connection keys are not supported for this connection strategy.")
	// IdentityMissing is the error for an identity to unlink that the user does not have, and
	// IdentityMain for the user's first identity, which cannot be unlinked.
	IdentityMissing = refused("inexistent_identity", "The identity does not exist.")
	IdentityMain    = refused("", "Main identity cannot be removed.")
	// IdentitySame and IdentityUnknown are the errors for identities that cannot be linked: the
	// user's own first identity, and one that no user has.
	IdentitySame    = InvalidBody("Main identity and the new one are the same.")
	IdentityUnknown = InvalidBody("Linking to an inexistent identity is not allowed.")
	// NoSuchConnection is the error for a new user of an unknown connection.
	NoSuchConnection = refused("inexistent_connection", "The connection does not exist.")
	// PhoneProviderIncomplete is the error for a provider without the settings that its service
	// needs.
	PhoneProviderIncomplete = refused("", "Bad Operation on Notification Resource")

	// SCIMUnsupported and DirectoryUnsupported are the errors for connections that do not support
	// the kind of provisioning.
	SCIMUnsupported = missing("", "This connection type does not support SCIM. Please see our documentation for the currently supported connection types: "+
		"https://auth0.com/docs/authenticate/protocols/scim/configure-inbound-scim.")
	DirectoryUnsupported = refused("", "The connection strategy does not support inbound directory provisioning")
	// EnrollmentMissing, SessionMissing and RefreshTokenMissing are the errors for unknown ids.
	EnrollmentMissing   = missing("inexistent_enrollment", "The enrollment does not exist.")
	SessionMissing      = missing("inexistent_session", "The session does not exist.")
	RefreshTokenMissing = missing("inexistent_refresh_token", "The refresh token does not exist.")
)

// refused returns Auth0's error for a request that cannot be carried out.
func refused(code, message string) *apierr.Error {
	return &apierr.Error{Status: http.StatusBadRequest, Message: message, Extra: errorCode(code)}
}

// PermissionMissing is the error for a permission that its API does not have as a scope.
func PermissionMissing(p storage.Permission) error {
	return missing("inexistent_permission", "The permission "+p.PermissionName+" does not exist in the resource server "+p.ResourceServerIdentifier+".")
}

// MembersNotChangeable is the error for members of a user that the user's connection does not let anybody change.
func MembersNotChangeable(message string) error {
	return refused("operation_not_supported", message)
}

// ProfileMissing is the error for an unknown id of a self-service profile.
func ProfileMissing(id string) error { return missing("", "Profile with ID: "+id+" not found") }
