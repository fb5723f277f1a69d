package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// AuthenticationMethods are the authentication methods of a user, Auth0:
// api/management/v2/users/get-authentication-methods. The packages server/factors and
// server/webauthn authenticate with them.
var AuthenticationMethods = declare(&Kind{
	Kind: resource.AuthenticationMethods, Owner: Users,
	found: func(doc storage.Document) []string {
		links := []string{factorLink(storage.Text(doc, "id"))}
		if id := storage.Text(doc, "key_id"); id != "" {
			links = append(links, keyLink(id))
		}
		return links
	},
})

// factorLink is the link by which a factor is found from its id alone, whichever user it belongs
// to.
func factorLink(id string) string { return key("id", id) }

// keyLink is the link by which a factor is found from the id of its WebAuthn key.
func keyLink(id string) string { return key("key", id) }

// FactorByKey finds the factor with a WebAuthn key id, and returns the id of its user too. If
// there is none, the error wraps storage.ErrNotFound.
func FactorByKey(tx *storage.Tx, keyID string) (user string, doc storage.Document, err error) {
	found, err := tx.Linked(resource.AuthenticationMethods.Name, keyLink(keyID))
	if err != nil {
		return "", nil, err
	}
	if len(found) == 0 {
		return "", nil, storage.ErrNotFound
	}
	doc, err = tx.Documents(resource.AuthenticationMethods.Name, found[0].Parent).Document(found[0].ID)
	return found[0].Parent, doc, err
}

// Factor finds a factor by its id alone, and returns the id of its user too.
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

// SetFactors replaces all factors of a user by those that were sent. It completes the documents in
// sent.
func SetFactors(ch *Change, user string, sent []storage.Document) error {
	if err := DeleteFactors(ch.Tx, user); err != nil {
		return err
	}
	return AddFactors(ch, user, sent)
}

// AddFactors adds the factors that were sent to a user. It completes the documents in sent.
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
