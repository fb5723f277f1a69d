package authorize

import (
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// failed is the event of a request that ended with an error. next has the session,
// if the request came as far.
func failed(rq storage.AuthorizeRequest, next step, err *apierr.Error) tenantlog.Event {
	e := event(rq, next)
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

// maxShown bounds a parameter in the log, in bytes.
const maxShown = 2 << 10

func isSilent(rq storage.AuthorizeRequest) bool { return slices.Contains(rq.Prompt, "none") }

func event(rq storage.AuthorizeRequest, next step) tenantlog.Event {
	return tenantlog.Event{
		ClientID: rq.ClientID, ClientName: next.client.Name, UserID: next.session.UserID, Connection: next.session.Connection,
		Audience: rq.Audience, Scope: rq.Scope, Organization: rq.Organization,
	}
}

// succeeded is the event of a transaction that ended with a code. Its prompts are
// what the user was asked in it, Auth0:
// deploy-monitor/logs/prompt-details-in-tenant-logs.
func succeeded(t *storage.Transaction, next step, now time.Time) tenantlog.Event {
	e := event(next.request, next)
	e.Type, e.Description = tenantlog.Login, "Successful login"
	if isSilent(t.Request()) {
		e.Type, e.Description = tenantlog.SilentAuth, "Successful silent authentication"
	}
	began := t.CreatedAt.UnixMilli()
	prompts := []any{}
	if t.Began(next.session) {
		done := next.session.AuthenticatedAt.UnixMilli()
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
			"grantInfo": map[string]any{"audience": t.Request().Audience, "scope": strings.Join(t.Agreed(e.UserID), " ")},
		})
	}
	e.Details = map[string]any{
		"prompts": prompts, "session_id": next.session.ID,
		"initiatedAt": began, "completedAt": now.UnixMilli(), "elapsedTime": now.UnixMilli() - began,
	}
	return e
}
