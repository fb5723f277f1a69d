package account

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Screens are the pages that a login and a sign-up begin with.
type Screens struct{ Login, Signup string }

// The pages that ask for identifier and password together, and those that ask for the
// identifier first and on another page for the password.
var (
	together        = Screens{Login: "/u/login", Signup: "/u/signup"}
	identifierFirst = Screens{Login: "/u/login/identifier", Signup: "/u/signup/identifier"}
	// Those of the classic login: its page does all itself where it is the tenant's own, and the
	// built-in one leads to the page for new accounts.
	classicOwn     = Screens{Login: ClassicPage, Signup: ClassicPage}
	classicBuiltIn = Screens{Login: ClassicPage, Signup: together.Signup}
)

// ClassicPage is the page of the classic login, which says that an e-mail for a new password was sent where its address has ResetSentParam.
const (
	ClassicPage    = "/login"
	ResetSentParam = "password_reset"
)

// ClassicBuiltIn reports whether they are those of the classic login without a page of the tenant's own.
func (s Screens) ClassicBuiltIn() bool { return s == classicBuiltIn }

// ProviderPage is where a login goes on at another identity provider.
const ProviderPage = "/u/login/federated"

// ScreensOf are the pages of the tenant, Auth0:
// authenticate/login/auth0-universal-login/identifier-first.
func ScreensOf(tx *storage.Tx) (Screens, error) {
	doc, err := tx.Documents(resource.Prompts.Name, "").Document(storage.SettingsKey)
	if doc["identifier_first"] == true {
		return identifierFirst, storage.Optional(err)
	}
	return together, storage.Optional(err)
}

// ScreensFor are the pages of a request, by its ways to log in.
func ScreensFor(tx *storage.Tx, rq storage.AuthorizeRequest) (Screens, error) {
	ways, err := WaysOf(tx, rq)
	if err != nil {
		return together, err
	}
	return ways.Screens(tx, rq)
}

// Screens are the pages of a request with these ways: where no password can be asked for, the
// identifier is asked for by itself. Organizations are for the universal login alone, Auth0:
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

// IdentifierFirst reports whether the identifier is asked for on a page of its own.
func (s Screens) IdentifierFirst() bool { return s == identifierFirst }

// HomeRealm finds the connection that an e-mail address leads to by its domain: the first
// of the request's enterprise connections that names it, Auth0:
// authenticate/login/auth0-universal-login/identifier-first. There is none for what is no
// address.
func HomeRealm(tx *storage.Tx, rq storage.AuthorizeRequest, address string) (home storage.Connection, found bool, err error) {
	_, domain, isAddress := strings.Cut(address, "@")
	if !isAddress {
		return home, false, nil
	}
	all, err := candidates(tx, rq)
	if err == nil && rq.Organization != "" {
		all, err = ofOrganization(tx, rq.Organization, all)
	}
	i := slices.IndexFunc(all, func(c storage.Connection) bool { return IsEnterprise(c) && HasDomain(c, domain) })
	if i < 0 || err != nil {
		return home, false, err
	}
	return all[i], true, nil
}

// Domains are those of the e-mail addresses that lead to a connection.
func Domains(c storage.Connection) (all []string) {
	names, _ := c.Options["domain_aliases"].([]any)
	for _, name := range append(slices.Clone(names), c.Options["tenant_domain"]) {
		if text, _ := name.(string); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// HasDomain reports whether e-mail addresses of a domain lead to a connection.
func HasDomain(c storage.Connection, domain string) bool {
	return slices.ContainsFunc(Domains(c), func(own string) bool { return strings.EqualFold(own, domain) })
}
