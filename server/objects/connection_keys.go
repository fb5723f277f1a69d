package objects

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// A connection's keys sign the assertions with which the tenant authenticates at an identity
// provider, Auth0: api/management/v2/connections/get-keys. A connection has a current key and a
// next one, which are generated at the first request for them; a rotation adds another.

// The uses of a connection's keys. Each is also the name of a boolean member of a key.
const (
	CurrentKey  = "current"
	NextKey     = "next"
	PreviousKey = "previous"
)

// sealedKey is the member that holds the sealed private key. It is never shown.
const sealedKey = "private_key"

// ConnectionKeys returns the name of a connection and its keys as the API shows them, the current
// key first.
func ConnectionKeys(tx *storage.Tx, connectionID string) (name string, all []storage.Document, err error) {
	doc, err := Connections.Find(tx, connectionID)
	if err != nil {
		return "", nil, err
	}
	if strategy := storage.Text(doc, "strategy"); strategy != "oidc" && strategy != "okta" {
		return "", nil, resource.ConnectionKeysUnsupported
	}
	all = []storage.Document{}
	for key, err := range tx.Documents(resource.ConnectionKeys.Name, connectionID).All() {
		if err != nil {
			return "", nil, err
		}
		all = append(all, ShownKey(key))
	}
	slices.SortStableFunc(all, func(a, b storage.Document) int { return cmp.Compare(keyRank(a), keyRank(b)) })
	return storage.Text(doc, "name"), all, nil
}

// ShownKey removes the private key from a connection's key, and returns the key.
func ShownKey(key storage.Document) storage.Document {
	delete(key, sealedKey)
	return key
}

// keyRank is the position of a key in lists: the current key first, and the next one last.
func keyRank(key storage.Document) int {
	return slices.IndexFunc([]string{CurrentKey, PreviousKey, NextKey}, func(use string) bool { return key[use] == true })
}

// NewConnectionKey generates a key for the connection with a name. Call it outside of transactions,
// since it is slow.
func NewConnectionKey(secrets *keys.Secrets, connection, use string, now time.Time) (storage.Document, error) {
	pair, err := keys.NewKey(connection, now)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(pair.Certificate)
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(cert.PublicKey)
	if err != nil {
		return nil, err
	}
	kid, err := keyThumbprint(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})))
	if err != nil {
		return nil, err
	}
	fingerprint, thumbprint := keys.Thumbprints(pair.Certificate)
	key := storage.Document{
		"kid": kid, "algorithm": keys.RS256, "key_use": "signing", "subject_dn": "/CN=" + connection, use: true,
		"cert": keys.PEM(pair.Certificate), "pkcs": keys.PKCS7(pair.Certificate),
		"fingerprint": fingerprint, "thumbprint": thumbprint,
		sealedKey: base64.StdEncoding.EncodeToString(secrets.Seal(string(pair.PrivateKey))),
	}
	if use == CurrentKey {
		key["current_since"] = resource.Time(now)
	}
	return key, nil
}

// AddFirstConnectionKeys stores the first keys of a connection. It returns false if the connection
// already has keys.
func AddFirstConnectionKeys(tx *storage.Tx, connectionID string, fresh []storage.Document) (added bool, err error) {
	for _, err := range tx.Documents(resource.ConnectionKeys.Name, connectionID).All() {
		return false, err // another request has stored keys meanwhile
	}
	for _, key := range fresh {
		if err := putConnectionKey(tx, connectionID, key); err != nil {
			return false, err
		}
	}
	return true, nil
}

func putConnectionKey(tx *storage.Tx, connectionID string, key storage.Document) error {
	return DocumentStoreOf(tx, resource.ConnectionKeys, connectionID).Put(key)
}

// RotateConnectionKeys makes a connection's next key the current one, and fresh the next one. The
// current key becomes the previous one, and the previous key is deleted.
func RotateConnectionKeys(ch *Change, connectionID string, fresh storage.Document) error {
	known := ch.Tx.Documents(resource.ConnectionKeys.Name, connectionID)
	var all []storage.Document
	for key, err := range known.All() {
		if err != nil {
			return err
		}
		all = append(all, key)
	}
	for _, key := range all {
		switch {
		case key[PreviousKey] == true:
			if err := known.Delete(storage.Text(key, "kid")); err != nil {
				return err
			}
			continue
		case key[CurrentKey] == true:
			delete(key, CurrentKey)
			key[PreviousKey] = true
		case key[NextKey] == true:
			delete(key, NextKey)
			key[CurrentKey], key["current_since"] = true, resource.Time(ch.Now)
		}
		if err := putConnectionKey(ch.Tx, connectionID, key); err != nil {
			return err
		}
	}
	return putConnectionKey(ch.Tx, connectionID, fresh)
}

// ConnectionKey returns the id of a connection's current key and the private key in PKCS #8, DER
// form. found is false if the keys were not generated yet.
func ConnectionKey(tx *storage.Tx, secrets *keys.Secrets, connectionID string) (kid string, private []byte, found bool, err error) {
	for key, err := range tx.Documents(resource.ConnectionKeys.Name, connectionID).All() {
		if err != nil {
			return "", nil, false, err
		}
		if key[CurrentKey] != true {
			continue
		}
		sealed, err := base64.StdEncoding.DecodeString(storage.Text(key, sealedKey))
		return storage.Text(key, "kid"), []byte(secrets.Unseal(sealed)), err == nil, err
	}
	return "", nil, false, nil
}
