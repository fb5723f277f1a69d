package outside

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
)

// keySets caches the JWK sets that other servers publish, RFC 7517 section 5, by their URL.
type keySets struct {
	mu  sync.Mutex
	all map[string]keySet
}

type keySet struct {
	keys []jose.JSONWebKey
	at   time.Time
}

const (
	// keysLifetime is how long fetched keys are used without fetching them again. keysPause is the
	// shortest time between two fetches of the same URL: without it, signatures by unknown keys could
	// make tenant0 send many requests to another server.
	keysLifetime = 5 * time.Minute
	keysPause    = time.Second
	// maxSets limits the number of cached URLs, and maxKeys the number of keys for each.
	maxSets = 1000
	maxKeys = 100
)

// Verify verifies a signature with the keys that are published at an address, and returns the signed
// payload. It tries the cached keys first; if none fits, it fetches the keys again, since the signer
// may have new ones. It returns false if no key fits; an error means that the keys could not be fetched.
func (c *Client) Verify(ctx context.Context, address string, jws *jose.JSONWebSignature) ([]byte, bool, error) {
	c.sets.mu.Lock()
	known, found := c.sets.all[address]
	c.sets.mu.Unlock()
	age := c.Now().Sub(known.at)
	if found && age < keysLifetime {
		payload, ok := verify(known.keys, jws)
		if ok || age >= 0 && age < keysPause {
			return payload, ok, nil
		}
	}
	var set jose.JSONWebKeySet
	if err := c.JSON(ctx, address, &set); err != nil {
		return nil, false, err
	}
	set.Keys = set.Keys[:min(len(set.Keys), maxKeys)]
	c.sets.mu.Lock()
	if c.sets.all == nil || len(c.sets.all) >= maxSets {
		c.sets.all = map[string]keySet{}
	}
	c.sets.all[address] = keySet{set.Keys, c.Now()}
	c.sets.mu.Unlock()
	payload, ok := verify(set.Keys, jws)
	return payload, ok, nil
}

// verify tries the keys that may have made the signature: fit public keys that are not for encryption,
// with the key id that the signature names, if any, and with the signature's algorithm if the key
// names one.
func verify(published []jose.JSONWebKey, jws *jose.JSONWebSignature) ([]byte, bool) {
	if len(jws.Signatures) != 1 {
		return nil, false
	}
	header := jws.Signatures[0].Header
	may := func(k jose.JSONWebKey) bool {
		return k.Valid() && k.IsPublic() && keys.CheckPublic(k.Key) == nil && k.Use != "enc" && (header.KeyID == "" || k.KeyID == header.KeyID) && (k.Algorithm == "" || k.Algorithm == header.Algorithm)
	}
	for key := range slices.Values(published) {
		if !may(key) {
			continue
		}
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, false
}
