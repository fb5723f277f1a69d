package resource

// Bodies of requests that make tickets and jobs, and the jobs themselves.
var (
	identityOf = Field{Type: Object, Fields: Fields{
		"user_id": {Type: String, Required: true, Min: 1}, "provider": {Type: String, Required: true, Min: 1}, "connection_id": text,
	}}
	// VerificationTicket is Auth0: api/management/v2/tickets/post-email-verification.
	VerificationTicket = &Kind{Name: "tickets/email-verification", Fields: Fields{
		"user_id": {Type: String, Required: true, Min: 1}, "result_url": {Type: String, Format: "uri"}, "client_id": text, "organization_id": text,
		"ttl_sec": {Type: Integer}, "includeEmailInRedirect": flag, "identity": identityOf,
	}}
	// PasswordTicket is Auth0: api/management/v2/tickets/post-password-change.
	PasswordTicket = &Kind{Name: "tickets/password-change", Fields: Fields{
		"user_id": {Type: String, Min: 1}, "connection_id": text, "email": {Type: String, Format: "email"},
		"result_url": {Type: String, Format: "uri"}, "client_id": text, "organization_id": text, "new_password": text,
		"ttl_sec": {Type: Integer}, "mark_email_as_verified": flag, "includeEmailInRedirect": flag, "identity": identityOf,
	}}
	// VerificationJob is Auth0: api/management/v2/jobs/post-verification-email.
	VerificationJob = &Kind{Name: "jobs/verification-email", Fields: Fields{
		"user_id": {Type: String, Required: true, Min: 1}, "client_id": text, "organization_id": text, "identity": identityOf,
	}}
	// Jobs is Auth0: api/management/v2/jobs.
	Jobs = &Kind{
		Name: "jobs", ID: "id", NewID: Prefixed("job_", 16), Open: true, Created: "created_at",
		Missing: missing("inexistent_job", "The job does not exist."),
	}
)
