package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// AuthenticationMethods are the factors of a user, Auth0:
// api/management/v2/users/get-authentication-methods. They are kept and do not yet decide a
// login.
var AuthenticationMethods = &Kind{
	Kind: resource.AuthenticationMethods, Owner: Users,
	links: func(user string, doc storage.Document) []string {
		return []string{user, factorLink(storage.Text(doc, "id"))}
	},
}

// factorLink leads to a factor by its id, whosever it is.
func factorLink(id string) string { return key("id", id) }

// Factor finds a factor by its id alone, and returns whose it is.
func Factor(tx *storage.Tx, id string) (user string, doc storage.Document, err error) {
	found, err := tx.Linked(resource.AuthenticationMethods.Name, factorLink(id))
	if err != nil {
		return "", nil, err
	}
	if len(found) == 0 {
		return "", nil, resource.EnrollmentMissing
	}
	doc, err = tx.Documents(resource.AuthenticationMethods.Name, found[0].Parent).Document(found[0].ID)
	return found[0].Parent, doc, err
}

// SetFactors replaces all factors of a user by those that were sent, which are the factors
// afterwards.
func SetFactors(ch *Change, user string, sent []storage.Document) error {
	if err := DeleteFactors(ch.Tx, user); err != nil {
		return err
	}
	return AddFactors(ch, user, sent)
}

// AddFactors gives a user the factors that were sent, which are the factors afterwards.
func AddFactors(ch *Change, user string, sent []storage.Document) error {
	factors, err := AuthenticationMethods.In(ch, user)
	if err != nil {
		return err
	}
	for _, doc := range sent {
		if _, err := factors.Create(doc); err != nil {
			return err
		}
	}
	return nil
}

// DeleteFactors removes all factors of a user.
func DeleteFactors(tx *storage.Tx, user string) error {
	if err := Users.Require(tx, user); err != nil {
		return err
	}
	return tx.Documents(resource.AuthenticationMethods.Name, user).DeleteAll()
}
