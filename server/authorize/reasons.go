package authorize

import (
	"context"

	"github.com/tenant0/tenant0/server/trace"
)

func because(said, setting string) trace.Step {
	return trace.Step{Room: "authorize", Said: said, Setting: setting}
}

// Reasons why a session is not sufficient.
var (
	noSession         = because("the browser has no session of the tenant", "a login of the browser, its cookies, and the session lifetimes of the tenant")
	otherConnection   = because("the session began by a connection that the organization has not enabled", "enabled_connections of the organization")
	otherInvitee      = because("the session is not of the user who is invited", "the invitee of the invitation")
	askedForLogin     = because("there is a session, and the application asks for a login all the same", "the parameter prompt")
	tooOld            = because("the session is older than the application takes", "the parameter max_age")
	anotherConnection = because("the session began by another connection", "the parameter connection")
)

// Reasons why the user is asked for consent.
var (
	promptedConsent = because("the application has the user asked for consent", "the parameter prompt")
	eachTransaction = because("consent is for each transaction", "the parameter authorization_details, and consent_policy of the API")
	firstPartyAsks  = because("the API has users asked for what first-party applications want as well", "skip_consent_for_verifiable_first_party_clients of the API, or what the user has agreed to before")
	thirdPartyAsks  = because("the application is a third party's, and the user has not agreed to all that it asks for", "is_first_party of the application, or what the user has agreed to before")
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
