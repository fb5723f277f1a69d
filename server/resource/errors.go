package resource

import (
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Answers to changes that are about no kind's id or conflict.
var (
	// CrossAppAccessUnsupported is what a database connection answers to a request for
	// cross-app access.
	CrossAppAccessUnsupported = refused("operation_not_supported", "Cross App Access Requesting App is not supported for this connection.")
	// ConnectionKeysUnsupported is the answer of a connection that has no keys of its own.
	ConnectionKeysUnsupported = refused("operation_not_supported", "Connection keys are not supported for this connection strategy.")
	// IdentityMissing is the answer for an identity that cannot be unlinked since it is none, and
	// IdentityMain where it is the user's first.
	IdentityMissing = refused("inexistent_identity", "The identity does not exist.")
	IdentityMain    = refused("", "Main identity cannot be removed.")
	// IdentitySame and IdentityUnknown are the answers for identities that cannot be linked:
	// the user's own, and one that no user has.
	IdentitySame    = InvalidBody("Main identity and the new one are the same.")
	IdentityUnknown = InvalidBody("Linking to an inexistent identity is not allowed.")
	// NoSuchConnection is the answer to a new user of a connection that is none.
	NoSuchConnection = refused("inexistent_connection", "The connection does not exist.")
	// PhoneProviderIncomplete is the answer to a provider without what its service needs.
	PhoneProviderIncomplete = refused("", "Bad Operation on Notification Resource")

	// SCIMUnsupported and DirectoryUnsupported are the answers of a connection that cannot
	// be provisioned so.
	SCIMUnsupported = missing("", "This connection type does not support SCIM. Please see our documentation for the currently supported connection types: "+
		"https://auth0.com/docs/authenticate/protocols/scim/configure-inbound-scim.")
	DirectoryUnsupported = refused("", "The connection strategy does not support inbound directory provisioning")
	// EnrollmentMissing, SessionMissing and RefreshTokenMissing are the answers for ids that
	// are none.
	EnrollmentMissing   = missing("inexistent_enrollment", "The enrollment does not exist.")
	SessionMissing      = missing("inexistent_session", "The session does not exist.")
	RefreshTokenMissing = missing("inexistent_refresh_token", "The refresh token does not exist.")
)

// refused is Auth0's answer to what cannot be done as it is asked for.
func refused(code, message string) *apierr.Error {
	return &apierr.Error{Status: http.StatusBadRequest, Message: message, Extra: errorCode(code)}
}

// PermissionMissing is the answer for a permission that is no scope of its API.
func PermissionMissing(p storage.Permission) error {
	return missing("inexistent_permission", "The permission "+p.PermissionName+" does not exist in the resource server "+p.ResourceServerIdentifier+".")
}

// ProfileMissing is the answer for the id of a self-service profile that is none.
func ProfileMissing(id string) error { return missing("", "Profile with ID: "+id+" not found") }
