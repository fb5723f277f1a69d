package signin

import (
	"cmp"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// failed is the log event of a wrong proof, or of an identifier that no user
// has.
func (a Attempt) failed() tenantlog.Event {
	message := cmp.Or(a.Message, "Wrong email or password.")
	e := a.event(cmp.Or(a.Unknown, tenantlog.UnknownUser), message)
	e.Details = map[string]any{"error": map[string]string{"message": message}}
	if a.User.UserID != "" {
		e.Type = cmp.Or(a.Wrong, tenantlog.WrongPassword)
	}
	return e
}

// blocked is the log event of an attempt to log in to a blocked account.
func (a Attempt) blocked() tenantlog.Event {
	return a.event(tenantlog.AccountBlocked, "Blocked Account: the account had too many failed logins from an address")
}

func (a Attempt) event(kind, description string) tenantlog.Event {
	return tenantlog.Event{
		Type: kind, Description: description, ClientID: a.ClientID, Connection: a.Connection, UserName: a.Identifier, UserID: a.User.UserID,
	}
}

// Methods returns the authentication methods of a session as the Management API
// shows them, Auth0:
// api/management/v2/sessions/get-session.
func Methods(s storage.Session) []any {
	all := []any{}
	for _, m := range s.Methods {
		shown := storage.Document{"name": m.Name, "timestamp": resource.Time(m.At)}
		if m.Type != "" {
			shown["type"] = m.Type
		}
		all = append(all, shown)
	}
	return all
}
