package authorize

import (
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// failed returns the log event of a request that ended with an error. d has what was
// found before the error.
func failed(d *decision, err *apierr.Error) tenantlog.Event {
	rq := d.request
	e := event(d)
	e.Type, e.Description = tenantlog.FailedLogin, err.Message
	if isSilent(rq) {
		e.Type = tenantlog.FailedSilentAuth
	}
	qs := map[string]string{}
	for name, value := range map[string]string{
		"client_id": rq.ClientID, "redirect_uri": rq.RedirectURI, "response_type": rq.ResponseType, "scope": rq.Scope,
		"audience": rq.Audience, "connection": rq.Connection, "prompt": strings.Join(rq.Prompt, " "),
	} {
		if value != "" && len(value) < maxShown {
			qs[name] = value
		}
	}
	e.Details = map[string]any{
		"qs":    qs,
		"error": map[string]string{"message": err.Message, "oauthError": err.Code, "type": "request-error"},
	}
	return e
}

// maxShown is the length in bytes from which a parameter is left out of the log.
const maxShown = 2 << 10

func isSilent(rq storage.AuthorizeRequest) bool { return slices.Contains(rq.Prompt, "none") }

func event(d *decision) tenantlog.Event {
	return tenantlog.Event{
		ClientID: d.request.ClientID, ClientName: d.client.Name, UserID: d.identity.session.UserID, Connection: d.identity.session.Connection,
		Audience: d.request.Audience, Scope: d.request.Scope, Organization: d.request.Organization,
	}
}

// succeeded returns the log event of a login that ended with a response. Its prompts are
// the steps that the user took in it, Auth0:
// deploy-monitor/logs/prompt-details-in-tenant-logs.
func succeeded(d *decision, now time.Time) tenantlog.Event {
	t, s := d.transaction, d.identity.session
	e := event(d)
	e.Type, e.Description = tenantlog.Login, "Successful login"
	if d.silent() {
		e.Type, e.Description = tenantlog.SilentAuth, "Successful silent authentication"
	}
	began := t.CreatedAt.UnixMilli()
	prompts := []any{}
	if t.Began(s) {
		done := s.AuthenticatedAt.UnixMilli()
		prompts = append(prompts,
			map[string]any{"name": "prompt-authenticate", "completedAt": done, "connection": e.Connection, "elapsedTime": nil},
			map[string]any{
				"name": "login", "flow": "universal-login", "initiatedAt": began, "completedAt": done, "elapsedTime": done - began,
				"user_id": e.UserID,
			})
	}
	if t.AnsweredBy(e.UserID) {
		prompts = append(prompts, map[string]any{
			"name": "consent", "flow": "consent",
			"grantInfo": map[string]any{"audience": d.request.Audience, "scope": strings.Join(t.Agreed(e.UserID), " ")},
		})
	}
	e.Details = map[string]any{
		"prompts": prompts, "session_id": s.ID,
		"initiatedAt": began, "completedAt": now.UnixMilli(), "elapsedTime": now.UnixMilli() - began,
	}
	return e
}
