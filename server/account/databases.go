package account

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Ways are the connections that a user may log in with at the login pages of an authorization
// request.
type Ways struct {
	// Databases are database connections, the tenant's default directory first.
	Databases []storage.Connection
	// Passwordless connections send a code or a link to an e-mail address or a phone number.
	Passwordless []storage.Connection
	// Providers are connections to other identity providers.
	Providers []storage.Connection
}

// Provider returns the connection with a name, if it is one of Providers.
func (w Ways) Provider(name string) (storage.Connection, bool) {
	i := slices.IndexFunc(w.Providers, func(c storage.Connection) bool { return c.Name == name })
	if i < 0 {
		return storage.Connection{}, false
	}
	return w.Providers[i], true
}

// Direct returns the connection to which a login is redirected without a login page: the only
// way to log in, if it leads to another identity provider and the request names it or it is an
// enterprise connection.
func (w Ways) Direct(rq storage.AuthorizeRequest) (storage.Connection, bool) {
	if w.Own() || len(w.Providers) != 1 {
		return storage.Connection{}, false
	}
	c := w.Providers[0]
	return c, rq.Connection == c.Name || IsEnterprise(c)
}

// Own reports whether one of the ways is a database or passwordless connection, whose
// credentials the tenant checks itself.
func (w Ways) Own() bool { return len(w.Databases)+len(w.Passwordless) > 0 }

// HasDirectories reports whether one of the ways is an enterprise connection.
func (w Ways) HasDirectories() bool { return slices.ContainsFunc(w.Providers, IsEnterprise) }

// WaysOf returns the ways to log in of a request: the connection that it names, or all that are
// enabled for the application. If the request is for an organization, they must be enabled for
// the organization too. If no connection is left, it returns apierr.NoConnections.
func WaysOf(tx *storage.Tx, rq storage.AuthorizeRequest) (ways Ways, err error) {
	all, err := candidates(tx, rq)
	if err != nil {
		return ways, err
	}
	if rq.Organization != "" {
		if all, err = ofOrganization(tx, rq.Organization, all); err != nil {
			return ways, err
		}
	}
	for _, c := range all {
		switch c.Strategy {
		case storage.DatabaseStrategy:
			ways.Databases = append(ways.Databases, c)
		case "email", "sms":
			ways.Passwordless = append(ways.Passwordless, c)
		default:
			if !c.Closed() {
				ways.Providers = append(ways.Providers, c)
			}
		}
	}
	if !ways.Own() && len(ways.Providers) == 0 {
		return ways, apierr.NoConnections
	}
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	sortConnections(ways.Databases, tenant.DefaultDirectory)
	sortConnections(ways.Passwordless, "")
	sortConnections(ways.Providers, "")
	return ways, storage.Optional(err)
}

func sortConnections(all []storage.Connection, first string) {
	slices.SortFunc(all, func(a, b storage.Connection) int {
		switch first {
		case a.Name:
			return -1
		case b.Name:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// Has reports whether a connection is one of the ways.
func (w Ways) Has(name string) bool {
	is := func(c storage.Connection) bool { return c.Name == name }
	return slices.ContainsFunc(w.Databases, is) || slices.ContainsFunc(w.Passwordless, is) || slices.ContainsFunc(w.Providers, is)
}

// AllowsSignup reports whether one of the ways allows sign-ups.
func (w Ways) AllowsSignup() bool {
	_, found := w.SignupConnection()
	return found
}

// SignupConnection returns the connection at which new users sign up: the first one that allows sign-ups,
// database connections before passwordless ones.
func (w Ways) SignupConnection() (conn storage.Connection, found bool) {
	for _, c := range slices.Concat(w.Databases, w.Passwordless) {
		if c.Options["disable_signup"] != true {
			return c, true
		}
	}
	return conn, false
}

// Identifiers are the members of a user that may be typed as the identifier at a login: "email",
// "username" and "phone_number".
func (w Ways) Identifiers() []string {
	kinds := LoginIdentifiers(w.Databases)
	for _, c := range w.Passwordless {
		if kind := PasswordlessIdentifier(c); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// PasswordlessFor returns the first passwordless connection that can send a code to the address
// or number that was typed.
func (w Ways) PasswordlessFor(typed string) (conn storage.Connection, found bool) {
	i := slices.IndexFunc(w.Passwordless, func(c storage.Connection) bool {
		_, fits := PasswordlessAddress(c, typed)
		return fits
	})
	if i < 0 {
		return conn, false
	}
	return w.Passwordless[i], true
}

// Databases returns the database connections among WaysOf. If there is none, it returns
// apierr.NoConnections.
func Databases(tx *storage.Tx, rq storage.AuthorizeRequest) ([]storage.Connection, error) {
	ways, err := WaysOf(tx, rq)
	if err == nil && len(ways.Databases) == 0 {
		err = apierr.NoConnections
	}
	return ways.Databases, err
}

// Buttons returns the connections to other identity providers that the login page shows as
// buttons. Enterprise connections are shown only if they, or the organization to log in to, are
// configured so. Auth0: authenticate/login/auth0-universal-login/identifier-first.
func Buttons(tx *storage.Tx, rq storage.AuthorizeRequest, w Ways) (shown []storage.Connection, err error) {
	for _, c := range w.Providers {
		show := c.ShowAsButton || !IsEnterprise(c)
		if rq.Organization != "" && IsEnterprise(c) {
			if show, err = tx.OrganizationShows(rq.Organization, c.ID); err != nil {
				return nil, err
			}
		}
		if show {
			shown = append(shown, c)
		}
	}
	return shown, nil
}

// candidates returns the connection that a request names, or those of its application, of all
// strategies and without regard to the request's organization.
func candidates(tx *storage.Tx, rq storage.AuthorizeRequest) (all []storage.Connection, err error) {
	if rq.Connection != "" { // /authorize has checked that it may be used
		c, err := tx.Connections.Find("name", rq.Connection)
		if storage.IsNotFound(err) {
			return nil, apierr.ConnectionNotFound.With(err)
		}
		return []storage.Connection{c}, err
	}
	client, err := tx.Clients.Get(rq.ClientID)
	if err != nil {
		return nil, storage.Optional(err)
	}
	return tx.ConnectionsOf(client)
}

// ofOrganization returns those of the connections that are enabled for an organization.
func ofOrganization(tx *storage.Tx, organization string, all []storage.Connection) (enabled []storage.Connection, err error) {
	for _, c := range all {
		ok, _, err := tx.OrganizationConnection(organization, c.ID)
		if err != nil {
			return nil, err
		}
		if ok {
			enabled = append(enabled, c)
		}
	}
	return enabled, nil
}

// SignupAllowed reports whether a connection is a database connection that allows sign-ups.
func SignupAllowed(c storage.Connection) bool {
	return c.Strategy == storage.DatabaseStrategy && c.Options["disable_signup"] != true
}

// SignupIdentifiers returns the identifiers that are required at a sign-up with a connection, as
// members of a user: "email", "username" and "phone_number". Auth0:
// authenticate/database-connections/flexible-identifiers-and-attributes.
func SignupIdentifiers(c storage.Connection) []string {
	if c.Strategy != storage.DatabaseStrategy {
		return []string{PasswordlessIdentifier(c)}
	}
	attributes, flexible := c.Options["attributes"].(map[string]any)
	if !flexible && c.Options["requires_username"] == true {
		return []string{"email", "username"}
	}
	if !flexible {
		return []string{"email"}
	}
	return attributesWith(attributes, func(active bool, signup any) bool { return signup == "required" || signup == nil && active })
}

// SignupOptional returns the optional identifiers at a sign-up, in addition to
// SignupIdentifiers.
func SignupOptional(c storage.Connection) []string {
	attributes, _ := c.Options["attributes"].(map[string]any)
	return attributesWith(attributes, func(_ bool, signup any) bool { return signup == "optional" })
}

// LoginIdentifiers are the members of a user that may be typed as the identifier at a login with
// one of several connections: "email", "username" and "phone_number".
func LoginIdentifiers(all []storage.Connection) (kinds []string) {
	for _, c := range all {
		own := []string{"email"}
		if attributes, flexible := c.Options["attributes"].(map[string]any); flexible {
			own = attributesWith(attributes, func(active bool, _ any) bool { return active })
		} else if c.Options["requires_username"] == true {
			own = append(own, "username")
		}
		for _, kind := range own {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// attributesWith returns the names of a connection's attributes that choose selects. It is
// called with whether the attribute is active as an identifier, and with the status of the
// attribute at sign-up.
func attributesWith(attributes map[string]any, choose func(active bool, signup any) bool) (chosen []string) {
	for _, name := range []string{"email", "username", "phone_number"} {
		attribute, there := attributes[name].(map[string]any)
		identifier, _ := attribute["identifier"].(map[string]any)
		signup, _ := attribute["signup"].(map[string]any)
		if there && choose(identifier["active"] == true, signup["status"]) {
			chosen = append(chosen, name)
		}
	}
	return chosen
}

// HasUsernames reports whether a sign-up with a connection requires a username.
func HasUsernames(c storage.Connection) bool {
	return slices.Contains(SignupIdentifiers(c), "username")
}
