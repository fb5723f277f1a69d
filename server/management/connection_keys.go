package management

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// The keys with which the tenant proves itself to an identity provider, Auth0:
// api/management/v2/connections/get-keys. A connection has a current key and the
// next one, which are made when they are first asked for; a rotation adds another.

func connectionKeyOperations() []operation {
	return []operation{
		{http.MethodGet, "/connections/{id}/keys", []string{"read:connections_keys"}, connectionKeys},
		{http.MethodPost, "/connections/{id}/keys", []string{"create:connections_keys"}, createConnectionKeys},
		{http.MethodPost, "/connections/{id}/keys/rotate", []string{"create:connections_keys", "update:connections_keys"}, rotateConnectionKeys},
	}
}

// connectionKeyKind is the kind of a connection's keys.
const connectionKeyKind = "connection-keys"

var errNoConnectionKeys = &apierr.Error{
	Status: http.StatusBadRequest, Message: "Connection keys are not supported for this connection strategy.",
	Extra: map[string]any{"errorCode": "operation_not_supported"},
}

// Marks of a connection key. They are members of it, too.
const (
	currentKey  = "current"
	nextKey     = "next"
	previousKey = "previous"
)

//auth0:operation GET /api/v2/connections/{id}/keys
func connectionKeys(c *call) error {
	all, _, err := c.haveConnectionKeys()
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, all)
}

//auth0:operation POST /api/v2/connections/{id}/keys
func createConnectionKeys(c *call) error {
	all, made, err := c.haveConnectionKeys()
	if err != nil {
		return err
	}
	if !made {
		return &apierr.Error{
			Status: http.StatusConflict, Message: "The connection has keys already.", Extra: map[string]any{"errorCode": "connection_keys_conflict"},
		}
	}
	return c.reply(http.StatusCreated, all)
}

// haveConnectionKeys returns the keys of the path's connection, and makes them
// where there are none.
func (c *call) haveConnectionKeys() (all []storage.Document, made bool, err error) {
	name, all, err := c.storedConnectionKeys()
	if err != nil || len(all) > 0 {
		return all, false, err
	}
	var fresh []storage.Document
	for _, mark := range []string{currentKey, nextKey} {
		key, err := c.newConnectionKey(name, mark)
		if err != nil {
			return nil, false, err
		}
		fresh = append(fresh, key)
	}
	err = c.update(func(tx *storage.Tx) error {
		for _, err := range tx.Documents(connectionKeyKind, c.param("id")).All() {
			return err // another request was faster
		}
		for _, key := range fresh {
			if err := c.putConnectionKey(tx, key); err != nil {
				return err
			}
		}
		made = true
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	_, all, err = c.storedConnectionKeys()
	return all, made, err
}

// sealedKey is the member that the private key is kept in. It is never shown.
const sealedKey = "private_key"

// storedConnectionKeys returns the name and the keys of the path's connection, as
// they are shown.
func (c *call) storedConnectionKeys() (name string, all []storage.Document, err error) {
	all = []storage.Document{}
	err = c.view(func(tx *storage.Tx) error {
		doc, err := c.connection(tx)
		if err != nil {
			return err
		}
		if strategy := text(doc, "strategy"); strategy != "oidc" && strategy != "okta" {
			return errNoConnectionKeys
		}
		name = text(doc, "name")
		for key, err := range tx.Documents(connectionKeyKind, c.param("id")).All() {
			if err != nil {
				return err
			}
			delete(key, sealedKey)
			all = append(all, key)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b storage.Document) int { return cmp.Compare(keyRank(a), keyRank(b)) })
	return name, all, err
}

// keyRank sorts the current key first, and the next one last.
func keyRank(key storage.Document) int {
	return slices.IndexFunc([]string{currentKey, previousKey, nextKey}, func(mark string) bool { return key[mark] == true })
}

// newConnectionKey makes a key. It belongs outside of a transaction.
func (c *call) newConnectionKey(connection, mark string) (storage.Document, error) {
	pair, err := keys.NewKey(connection, c.now)
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
		"kid": kid, "algorithm": keys.RS256, "key_use": "signing", "subject_dn": "/CN=" + connection, mark: true,
		"cert":        keys.PEM(pair.Certificate),
		"pkcs":        keys.PKCS7(pair.Certificate),
		"fingerprint": fingerprint, "thumbprint": thumbprint,
		sealedKey: base64.StdEncoding.EncodeToString(c.Issuer.Secrets.Seal(string(pair.PrivateKey))),
	}
	if mark == currentKey {
		key["current_since"] = resource.Time(c.now)
	}
	return key, nil
}

func (c *call) putConnectionKey(tx *storage.Tx, key storage.Document) error {
	id := c.param("id")
	return tx.Documents(connectionKeyKind, id).Put(storage.Write{ID: text(key, "kid"), Links: []string{id}, Document: key})
}

// rotateConnectionKeys makes the next key the current one, and answers with the
// key that is next now.
//
//auth0:operation POST /api/v2/connections/{id}/keys/rotate
func rotateConnectionKeys(c *call) error {
	if _, _, err := c.haveConnectionKeys(); err != nil {
		return err
	}
	name, _, err := c.storedConnectionKeys()
	if err != nil {
		return err
	}
	fresh, err := c.newConnectionKey(name, nextKey)
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		if err := c.shiftConnectionKeys(tx); err != nil {
			return err
		}
		return c.putConnectionKey(tx, fresh)
	})
	if err != nil {
		return err
	}
	delete(fresh, sealedKey)
	return c.reply(http.StatusCreated, fresh)
}

// shiftConnectionKeys moves every key on by one; the previous one goes.
func (c *call) shiftConnectionKeys(tx *storage.Tx) error {
	known := tx.Documents(connectionKeyKind, c.param("id"))
	var all []storage.Document
	for key, err := range known.All() {
		if err != nil {
			return err
		}
		all = append(all, key)
	}
	for _, key := range all {
		switch {
		case key[previousKey] == true:
			if err := known.Delete(text(key, "kid")); err != nil {
				return err
			}
			continue
		case key[currentKey] == true:
			delete(key, currentKey)
			key[previousKey] = true
		case key[nextKey] == true:
			delete(key, nextKey)
			key[currentKey], key["current_since"] = true, resource.Time(c.now)
		}
		if err := c.putConnectionKey(tx, key); err != nil {
			return err
		}
	}
	return nil
}
