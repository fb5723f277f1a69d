package outside

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keySets remember the keys that others publish, RFC 7517 section 5.
type keySets struct {
	mu  sync.Mutex
	all map[string]keySet
}

type keySet struct {
	keys []jose.JSONWebKey
	at   time.Time
}

const (
	// keysLifetime is how long keys are believed, and keysPause how long one that is not among
	// them is not asked for again: whoever sends signatures of no key has others asked no oftener.
	keysLifetime = 5 * time.Minute
	keysPause    = time.Second
	// maxSets bounds the addresses whose keys are remembered, maxKeys the keys of one.
	maxSets = 1000
	maxKeys = 100
)

// Verify returns what a key of those at an address has signed. Keys that are remembered are tried
// first; where none of them fits they are read again, since whoever signs may have new ones. It
// returns an error for keys that cannot be read, and false where none of them fits.
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

// verify tries the keys that may have made a signature: public ones, for signatures, with its id where
// it names one and its algorithm where they name one.
func verify(keys []jose.JSONWebKey, jws *jose.JSONWebSignature) ([]byte, bool) {
	if len(jws.Signatures) != 1 {
		return nil, false
	}
	header := jws.Signatures[0].Header
	may := func(k jose.JSONWebKey) bool {
		return k.Valid() && k.IsPublic() && k.Use != "enc" && (header.KeyID == "" || k.KeyID == header.KeyID) && (k.Algorithm == "" || k.Algorithm == header.Algorithm)
	}
	for key := range slices.Values(keys) {
		if !may(key) {
			continue
		}
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, false
}
