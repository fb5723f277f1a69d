package authorize

import (
	"context"

	"github.com/tenant0/tenant0/server/trace"
)

func because(said, setting string) trace.Step {
	return trace.Step{Component: "authorize", Decision: said, Setting: setting}
}

// Reasons why a session is not sufficient.
var (
	noSession         = because("the browser has no session of the tenant", "whether the browser has logged in, its cookies, and the session lifetimes of the tenant")
	otherConnection   = because("the user logged in with a connection that the organization has not enabled", "enabled_connections of the organization")
	otherInvitee      = because("the session belongs to another user than the one who is invited", "the invitee of the invitation")
	askedForLogin     = because("there is a session, but the application asks for a new login", "the parameter prompt")
	tooOld            = because("the session is older than the application allows", "the parameter max_age")
	anotherConnection = because("the user logged in with another connection", "the parameter connection")
)

// Reasons why the user is asked for consent.
var (
	promptedConsent = because("the application requires that the user is asked for consent", "the parameter prompt")
	eachTransaction = because("the API requires consent for each transaction", "the parameter authorization_details, and consent_policy of the API")
	firstPartyAsks  = because("the API requires that users are asked for consent even for first-party applications", "skip_consent_for_verifiable_first_party_clients of the API, or what the user has agreed to before")
	thirdPartyAsks  = because("the application is a third-party one, and the user has not agreed to everything that it asks for", "is_first_party of the application, or what the user has agreed to before")
)

// explain notes in the trace why the user has to log in or is asked for consent. A missing session is no
// problem if a login page can be shown, so the note then names no setting to change.
func (d *decision) explain(ctx context.Context) {
	if d.identity.lacks == noSession && !d.silent() {
		d.identity.lacks.Setting = ""
	}
	for _, why := range []trace.Step{d.identity.lacks, d.access.why} {
		if why != (trace.Step{}) {
			trace.Note(ctx, why)
		}
	}
}
