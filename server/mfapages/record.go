package mfapages

import (
	"net/http"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/tenantlog"
)

// event returns an event of the visit's login for the tenant's log.
func (v visit) event(kind, description string) tenantlog.Event {
	return tenantlog.Event{
		Type: kind, Description: description, ClientID: v.client.ClientID, ClientName: v.client.Name, UserID: v.user.UserID,
		UserName: tenantlog.UserName(v.user), Connection: v.login.Session.Connection,
	}
}

// about adds an authenticator to an event.
func about(e tenantlog.Event, a factors.Authenticator) tenantlog.Event {
	authenticator := map[string]any{"id": a.ID, "type": a.Name()}
	if a.Channel == factors.SMS || a.Channel == factors.Voice {
		authenticator["phone_number"] = a.To
	}
	e.Details = map[string]any{"authenticator": authenticator}
	return e
}

// record writes to the tenant's log that a user has proved an authenticator and, if it was
// the authenticator's first proof, that it is enrolled.
func (m *room) record(r *http.Request, v visit, a factors.Authenticator) {
	if !a.Active {
		m.Log.Record(r, about(v.event(tenantlog.EnrollmentCompleted, "Guardian - Enrollment complete ("+a.Name()+")"), a))
	}
	if a.Type == factors.RecoveryCode {
		m.Log.Record(r, v.event(tenantlog.RecoverySucceeded, "Guardian - Recovery success"))
		return
	}
	m.Log.Record(r, about(v.event(tenantlog.FactorSucceeded, "Guardian - Second factor succeeded ("+a.Name()+")"), a))
}

// sentEvents are the log events for codes that were sent, by channel.
var sentEvents = map[string]struct{ kind, description string }{
	factors.SMS:   {tenantlog.FactorSMSSent, "Guardian - SMS sent"},
	factors.Voice: {tenantlog.FactorVoiceSent, "Guardian - Voice call made"},
	factors.Email: {tenantlog.FactorEmailSent, "Guardian - Email sent"},
}
