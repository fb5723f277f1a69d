package oauth

import (
	"cmp"
	"errors"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// record writes the outcome of a token request to the tenant's log.
func (e *Engine) record(s *tokenSession, err error) {
	if apierr.IsPending(err) {
		return
	}
	form, client := s.request.Form, s.request.Client
	grantType := form.Get("grant_type")
	event := tenantlog.Event{
		ClientID: client.ClientID, ClientName: client.Name, Audience: form.Get("audience"),
	}
	if s.reply.Scope != nil {
		event.Scope = *s.reply.Scope
	}
	if client.ClientID == "" { // the client did not authenticate
		event.ClientID = form.Get("client_id")
		if id, _, basic := s.request.HTTP.BasicAuth(); basic {
			event.ClientID = cmp.Or(event.ClientID, id)
		}
	}
	if g := s.grant; g != nil {
		event.UserID, event.Connection = g.Issue.UserID, g.Issue.Connection
		event.Organization = g.Issue.Organization
		if _, transfer := tokens.TransferDomain(event.Audience); !transfer {
			event.Audience = cmp.Or(g.Issue.Audience, event.Audience)
		}
		if g.User != nil {
			event.UserName = tenantlog.UserName(*g.User)
		}
	}
	event = event.Exchange(grantType, form.Get("subject_token_type"), err)
	switch {
	case errors.Is(err, storage.ErrReused) && grantType == "refresh_token":
		event.Type, event.Description = tenantlog.RefreshTokenReused, "Reused rotating refresh token detected, revoked the family"
		if id, ok := keys.FamilyOfRefreshToken(form.Get("refresh_token")); ok {
			event.Details = map[string]string{"familyId": id}
		}
	case err == nil && grantType == "authorization_code":
		event.Details = map[string]string{"code": masked(form.Get("code"))}
	case s.request.Details != nil:
		event.Details = s.request.Details
	}
	e.Log.Record(s.request.HTTP, event)
}

// masked returns a used credential with all but its end replaced by asterisks, as Auth0's
// log shows it.
func masked(text string) string {
	const shown = 3
	hidden := max(len(text)-shown, 0)
	return strings.Repeat("*", hidden) + text[hidden:]
}
