package tenantlog

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net"

	"github.com/tenant0/tenant0/storage"
)

// timeFormat is the format of an event's date at Auth0.
const timeFormat = "2006-01-02T15:04:05.000Z"

// names looks up the names that belong to the ids in a batch, each id once.
type names struct {
	tx          *storage.Tx
	clients     map[string]string
	users       map[string]string
	connections map[string]storage.Connection
	// organizations are the names of organizations, by id.
	organizations map[string]string
}

// complete turns recorded events into the form in which they are stored.
func (l *Log) complete(batch []pending) ([]storedEvent, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	events := make([]storedEvent, 0, len(batch))
	err := l.DB.View(context.Background(), func(tx *storage.Tx) error {
		n := names{tx, map[string]string{}, map[string]string{}, map[string]storage.Connection{}, map[string]string{}}
		for i := range batch {
			e, err := n.event(&batch[i])
			if err != nil {
				return err
			}
			e.TenantName = l.Tenant
			events = append(events, e)
		}
		return nil
	})
	return events, err
}

func (n names) event(p *pending) (e storedEvent, err error) {
	e = storedEvent{
		Date: p.at.UTC().Format(timeFormat), Type: p.Type, Description: p.Description,
		Connection: p.Connection, ClientID: p.ClientID, ClientName: p.ClientName,
		IP: host(p.remote), Hostname: host(p.host), Details: p.Details,
		UserID: p.UserID, UserName: p.UserName, Auth0Client: auth0Client(p.auth0Client),
		Audience: p.Audience, Scope: p.Scope, LogID: p.ID(), OrganizationID: p.Organization,
	}
	e.ID = e.LogID
	if p.correlation != "" {
		e.References = &references{CorrelationID: p.correlation}
	}
	if p.remote != "" {
		e.UserAgent, e.IsMobile = userAgent(p.userAgent)
	}
	if e.ClientName == "" {
		if e.ClientName, err = find(n.clients, e.ClientID, n.client); err != nil {
			return e, err
		}
	}
	if e.UserName == "" {
		if e.UserName, err = find(n.users, e.UserID, n.user); err != nil {
			return e, err
		}
	}
	if e.OrganizationName, err = find(n.organizations, e.OrganizationID, n.organization); err != nil {
		return e, err
	}
	c, err := find(n.connections, e.Connection, n.connection)
	e.ConnectionID, e.Strategy, e.StrategyType = c.ID, c.Strategy, strategyType(c.Strategy)
	return e, err
}

// find returns the value for a key and looks it up once for each batch. A missing
// value is the zero value.
func find[T any](known map[string]T, key string, get func(string) (T, error)) (T, error) {
	v, ok := known[key]
	if ok || key == "" {
		return v, nil
	}
	v, err := get(key)
	if err := storage.Optional(err); err != nil {
		return v, err
	}
	known[key] = v
	return v, nil
}

func (n names) client(id string) (string, error) {
	c, err := n.tx.Clients.Get(id)
	return c.Name, err
}

func (n names) user(id string) (string, error) {
	u, err := n.tx.Users.Get(id)
	return UserName(u), err
}

func (n names) organization(id string) (string, error) {
	o, err := n.tx.Organization(id)
	return o.Name, err
}

func (n names) connection(name string) (storage.Connection, error) {
	return n.tx.Connections.Find("name", name)
}

// UserName is the name of a user in the log: the identifier that the user logs in
// with.
func UserName(u storage.User) string { return cmp.Or(u.Email, u.Username, u.PhoneNumber, u.Name) }

// strategyType returns the category of a connection's strategy, Auth0:
// authenticate/identity-providers.
func strategyType(strategy string) string {
	switch strategy {
	case "":
		return ""
	case storage.DatabaseStrategy:
		return "database"
	case "email", "sms":
		return "passwordless"
	case "samlp", "waad", "ad", "adfs", "oidc", "okta", "pingfederate", "google-apps", "office365", "sharepoint", "ip":
		return "enterprise"
	}
	return "social"
}

// host returns an address or a Host header without the port.
func host(hostport string) string {
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		return h
	}
	return hostport
}

// auth0Client decodes the Auth0-Client header, by which an SDK names itself:
// base64 of a JSON object. It returns nil if the header is not in this form.
func auth0Client(header string) any {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding, base64.URLEncoding} {
		raw, err := encoding.DecodeString(header)
		var object map[string]any
		if err == nil && json.Unmarshal(raw, &object) == nil && object != nil {
			return object
		}
	}
	return nil
}
