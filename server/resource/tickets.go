package resource

import "github.com/tenant0/tenant0/storage"

// Requests that create tickets and jobs, and the jobs themselves.
var (
	// generatedSecret is a secret that the server makes.
	generatedSecret = Field{Access: ReadOnly, Secret: true}
	// identityOf describes the account of a user that a ticket or a job is for, at one of the providers.
	identityOf = func(providers ...string) Field {
		return Field{Type: Object, Fields: Fields{
			"user_id": {Type: String, Required: true, Min: 1}, "provider": {Type: String, Required: true, Enum: providers}, "connection_id": text,
		}}
	}
	// VerificationTicket describes the request of Auth0: api/management/v2/tickets/post-email-verification.
	VerificationTicket = &Kind{Name: "tickets/email-verification", Fields: Fields{
		"user_id": {Type: String, Required: true, Min: 1}, "result_url": {Type: String, Format: "uri"}, "client_id": text, "organization_id": text,
		"ttl_sec": {Type: Integer}, "includeEmailInRedirect": flag, "identity": identityOf(strategies...), "ticket": generatedSecret,
	}}
	// PasswordTicket describes the request of Auth0: api/management/v2/tickets/post-password-change.
	PasswordTicket = &Kind{Name: "tickets/password-change", Fields: Fields{
		"user_id": {Type: String, Min: 1}, "connection_id": text, "email": {Type: String, Format: "email"},
		"result_url": {Type: String, Format: "uri"}, "client_id": text, "organization_id": text, "new_password": {Type: String, Secret: true}, "ticket": generatedSecret,
		"ttl_sec": {Type: Integer}, "mark_email_as_verified": flag, "includeEmailInRedirect": flag, "identity": identityOf(storage.DatabaseStrategy),
	}}
	// EnrollmentTicket describes the request of Auth0: api/management/v2/guardian/post-ticket.
	EnrollmentTicket = &Kind{Name: "guardian/enrollments/ticket", Fields: Fields{
		"user_id": {Type: String, Required: true, Min: 1}, "email": {Type: String, Format: "email"}, "send_mail": flag, "email_locale": text,
		"factor":                     {Type: String, Enum: []string{"push-notification", "phone", "email", "otp", "webauthn-roaming", "webauthn-platform"}},
		"allow_multiple_enrollments": flag, "ticket_id": generatedSecret, "ticket_url": generatedSecret,
	}}
	// VerificationJob describes the request of Auth0: api/management/v2/jobs/post-verification-email.
	VerificationJob = &Kind{Name: "jobs/verification-email", Fields: Fields{
		"user_id": {Type: String, Required: true, Min: 1}, "client_id": text, "organization_id": text, "identity": identityOf(strategies...),
	}}
	// Jobs describes the resource of Auth0: api/management/v2/jobs.
	Jobs = &Kind{
		Name: "jobs", ID: "id", NewID: Prefixed("job_", 16), Open: true, Created: "created_at",
		Fields:  Fields{"location": secret, "secret": secret}, // the location of an export works without a token
		Missing: missing("inexistent_job", "The job does not exist."),
	}
)

// ImportedUser is a user in a file of the user import, Auth0:
// manage-users/user-migration/bulk-user-import-database-schema-and-examples.
var ImportedUser = &Kind{Name: "jobs/users-imports", Fields: Fields{
	"email": {Type: String, Required: true, Format: "email"}, "email_verified": flag, "user_id": {Type: String, Min: 1, Max: 255},
	"username": {Type: String, Min: 1, Max: 128}, "given_name": text, "family_name": text, "name": text, "nickname": text, "picture": text,
	"phone_number": text, "phone_verified": flag, "blocked": flag, "password_hash": {Type: String, Secret: true}, "custom_password_hash": customPasswordHash,
	"app_metadata": appMetadata, "user_metadata": userMetadata,
	"mfa_factors": {Type: Array, Min: 1, Max: 10, Item: &Field{Type: Object, Max: 1, Fields: Fields{
		"totp":  {Type: Object, Fields: Fields{"secret": {Type: String, Required: true, Secret: true, Pattern: Like("^[A-Z2-7]+$")}}},
		"phone": {Type: Object, Fields: Fields{"value": {Type: String, Required: true, Pattern: Like(`^\+[0-9]{1,15}$`)}}},
		"email": {Type: Object, Fields: Fields{"value": {Type: String, Required: true, Format: "email"}}},
	}}},
}}

// customPasswordHash is a password hash from another system. Package identity
// checks the parameters of each algorithm.
var customPasswordHash = Field{Type: Object, Secret: true, Fields: Fields{
	"algorithm": {Type: String, Required: true, Enum: []string{
		"argon2", "bcrypt", "hmac", "ldap", "md4", "md5", "sha1", "sha256", "sha512", "pbkdf2", "scrypt",
	}},
	"hash": {Type: Object, Required: true, Fields: Fields{
		"value": {Type: String, Required: true}, "encoding": binaryEncoding, "digest": {Type: String},
		"key": {Type: Object, Fields: Fields{"value": {Type: String, Required: true}, "encoding": binaryEncoding}},
	}},
	"salt": {Type: Object, Fields: Fields{
		"value": {Type: String, Required: true}, "encoding": binaryEncoding, "position": {Type: String, Enum: []string{"prefix", "suffix"}},
	}},
	"password": {Type: Object, Fields: Fields{"encoding": {Type: String}}},
	"keylen":   {Type: Integer}, "cost": {Type: Integer}, "blockSize": {Type: Integer}, "parallelization": {Type: Integer},
}}

var binaryEncoding = Field{Type: String, Enum: []string{"base64", "hex", "utf8"}}

// UsersExport describes the request of Auth0: api/management/v2/jobs/post-users-exports.
var UsersExport = &Kind{Name: "jobs/users-exports", Fields: Fields{
	"connection_id": text, "format": {Type: String, Enum: []string{"json", "csv"}}, "limit": {Type: Integer, Min: 1},
	"fields": {Type: Array, Item: &Field{Type: Object, Fields: Fields{"name": {Type: String, Required: true, Min: 1, Max: 100}, "export_as": {Type: String, Max: 100}}}},
}}
