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

// The keys with which the tenant proves itself to an identity provider, Auth0:
// api/management/v2/connections/get-keys. A connection has a current key and the
// next one, which are made when they are first asked for; a rotation adds another.

// The uses of a connection's keys. They are members of a key, too.
const (
	CurrentKey  = "current"
	NextKey     = "next"
	PreviousKey = "previous"
)

// sealedKey is the member that the private key is kept in. It is never shown.
const sealedKey = "private_key"

// ConnectionKeys returns the name of the connection with an id and its keys, the current
// one first, as they are shown.
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

// ShownKey is a key of a connection without its private half.
func ShownKey(key storage.Document) storage.Document {
	delete(key, sealedKey)
	return key
}

// keyRank sorts the current key first, and the next one last.
func keyRank(key storage.Document) int {
	return slices.IndexFunc([]string{CurrentKey, PreviousKey, NextKey}, func(use string) bool { return key[use] == true })
}

// NewConnectionKey makes a key for the connection with a name. It belongs outside of a
// transaction.
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

// AddFirstConnectionKeys gives a connection its first keys, and reports whether it had none.
func AddFirstConnectionKeys(tx *storage.Tx, connectionID string, fresh []storage.Document) (added bool, err error) {
	for _, err := range tx.Documents(resource.ConnectionKeys.Name, connectionID).All() {
		return false, err // another request was faster
	}
	for _, key := range fresh {
		if err := putConnectionKey(tx, connectionID, key); err != nil {
			return false, err
		}
	}
	return true, nil
}

func putConnectionKey(tx *storage.Tx, connectionID string, key storage.Document) error {
	return PlainOf(tx, resource.ConnectionKeys, connectionID).Put(key)
}

// RotateConnectionKeys makes the next key of a connection the current one, and a fresh one
// the next. The current one becomes the previous one; the previous one goes.
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

// ConnectionKey returns the current key of a connection: its id and the private key, as DER of PKCS
// #8. found is false where nobody has asked for the keys yet.
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
