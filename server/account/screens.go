package account

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Screens are the paths of the first pages of a login and a sign-up.
type Screens struct{ Login, Signup string }

// together are the pages that ask for identifier and password. identifierFirst are the pages that ask for
// the identifier, followed by another page for the password.
var (
	together        = Screens{Login: "/u/login", Signup: "/u/signup"}
	identifierFirst = Screens{Login: "/u/login/identifier", Signup: "/u/signup/identifier"}
	// Pages of the classic login: a tenant's own page contains the sign-up too; the built-in page links to a
	// separate page for sign-up.
	classicOwn     = Screens{Login: ClassicPage, Signup: ClassicPage}
	classicBuiltIn = Screens{Login: ClassicPage, Signup: together.Signup}
)

// ClassicPage is the path of the classic login page. With the query parameter ResetSentParam it says that an
// e-mail for a new password was sent.
const (
	ClassicPage    = "/login"
	ResetSentParam = "password_reset"
)

// ClassicBuiltIn reports whether the pages are those of the built-in classic login, for a tenant without its
// own page.
func (s Screens) ClassicBuiltIn() bool { return s == classicBuiltIn }

// ProviderPage is the path of the page that sends a login to another identity provider.
const ProviderPage = "/u/login/federated"

// ScreensOf returns the login and sign-up pages of the tenant's universal login, Auth0:
// authenticate/login/auth0-universal-login/identifier-first.
func ScreensOf(tx *storage.Tx) (Screens, error) {
	doc, err := tx.Documents(resource.Prompts.Name, "").Document(storage.SettingsKey)
	if doc["identifier_first"] == true {
		return identifierFirst, storage.Optional(err)
	}
	return together, storage.Optional(err)
}

// ScreensFor returns the pages of an authorization request, which depend on its ways to log in.
func ScreensFor(tx *storage.Tx, rq storage.AuthorizeRequest) (Screens, error) {
	ways, err := WaysOf(tx, rq)
	if err != nil {
		return together, err
	}
	return ways.Screens(tx, rq)
}

// Screens returns the pages of an authorization request with these ways to log in. If no way takes a
// password, the page asks for the identifier alone. Organizations work only with the universal login, Auth0:
// authenticate/login/auth0-universal-login/universal-login-vs-classic-login.
func (w Ways) Screens(tx *storage.Tx, rq storage.AuthorizeRequest) (Screens, error) {
	own, is, err := tx.ClassicLogin(rq.ClientID)
	switch {
	case err != nil:
		return together, err
	case rq.Organization != "":
	case own != "":
		return classicOwn, nil
	case is && len(w.Databases) > 0:
		return classicBuiltIn, nil
	}
	if len(w.Databases) == 0 {
		return identifierFirst, nil
	}
	return ScreensOf(tx)
}

// ClassicPasswordless reports whether a request of the classic login leads to the built-in pages of a passwordless login,
// because no connection takes a password.
func (w Ways) ClassicPasswordless(tx *storage.Tx, rq storage.AuthorizeRequest) (bool, error) {
	if rq.Organization != "" || len(w.Databases) > 0 || len(w.Passwordless) == 0 {
		return false, nil
	}
	own, is, err := tx.ClassicLogin(rq.ClientID)
	return is && own == "", err
}

// IdentifierFirst reports whether a separate page asks for the identifier first.
func (s Screens) IdentifierFirst() bool { return s == identifierFirst }

// HomeRealm returns the connection for the domain of an e-mail address: the first of the request's
// enterprise connections that lists the domain, Auth0:
// authenticate/login/auth0-universal-login/identifier-first. Nothing is found if address is not an e-mail
// address.
func HomeRealm(tx *storage.Tx, rq storage.AuthorizeRequest, address string) (home storage.Connection, found bool, err error) {
	_, domain, isAddress := strings.Cut(address, "@")
	if !isAddress {
		return home, false, nil
	}
	all, err := enterprises(tx, rq)
	i := slices.IndexFunc(all, func(c storage.Connection) bool { return HasDomain(c, domain) })
	if i < 0 || err != nil {
		return home, false, err
	}
	return all[i], true, nil
}

// EnterpriseDomains returns the domains for which HomeRealm finds a connection, sorted.
func EnterpriseDomains(tx *storage.Tx, rq storage.AuthorizeRequest) (all []string, err error) {
	connections, err := enterprises(tx, rq)
	for _, c := range connections {
		all = append(all, Domains(c)...)
	}
	slices.Sort(all)
	return slices.Compact(all), err
}

// enterprises returns the enterprise connections that a request may use.
func enterprises(tx *storage.Tx, rq storage.AuthorizeRequest) (all []storage.Connection, err error) {
	all, err = candidates(tx, rq)
	if err == nil && rq.Organization != "" {
		all, err = ofOrganization(tx, rq.Organization, all)
	}
	return slices.DeleteFunc(all, func(c storage.Connection) bool { return !IsEnterprise(c) }), err
}

// Domains returns the domains of a connection: e-mail addresses in them lead to it (home realm discovery).
func Domains(c storage.Connection) (all []string) {
	names, _ := c.Options["domain_aliases"].([]any)
	for _, name := range append(slices.Clone(names), c.Options["tenant_domain"]) {
		if text, _ := name.(string); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// HasDomain reports whether a domain is one of the Domains of a connection.
func HasDomain(c storage.Connection, domain string) bool {
	return slices.ContainsFunc(Domains(c), func(own string) bool { return strings.EqualFold(own, domain) })
}
