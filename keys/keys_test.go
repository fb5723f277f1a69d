package keys_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
)

var now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func open(t testing.TB) *storage.DB {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func ring(t testing.TB, db *storage.DB) *keys.Ring {
	t.Helper()
	r, err := keys.Open(db, "localhost", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Complete(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRotation(t *testing.T) {
	db := open(t)
	r := ring(t, db)
	first := sign(t, r, `{"n":1}`)
	before := r.List()
	if len(before) != 2 {
		t.Fatalf("a new ring has %d keys, want a current and a next", len(before))
	}
	if err := r.Rotate(now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	after := r.List()
	if after[0].KeyID != before[1].KeyID {
		t.Errorf("after rotation %s signs, want the key that was next, %s", after[0].KeyID, before[1].KeyID)
	}
	if _, _, err := r.Verify(first); err != nil {
		t.Errorf("a token of the previous key: %v", err)
	}
	if err := r.Revoke(after[0].KeyID, now); !errors.Is(err, keys.ErrKeyInUse) {
		t.Errorf("revoking the current key: %v, want ErrKeyInUse", err)
	}
	if err := r.Revoke("nobody", now); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("revoking an unknown key: %v, want ErrUnknownKey", err)
	}
	if err := r.Revoke(before[0].KeyID, now); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Verify(first); err == nil {
		t.Error("a token of a revoked key verifies")
	}
	reopened := ring(t, db)
	if string(reopened.JWKS()) != string(r.JWKS()) {
		t.Errorf("the ring read again publishes\n%s\nwant\n%s", reopened.JWKS(), r.JWKS())
	}
}

func sign(t *testing.T, r *keys.Ring, payload string) string {
	t.Helper()
	token, err := r.Sign(keys.RS256, keys.TypeJWT, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSignIsExact(t *testing.T) {
	r := ring(t, open(t))
	for _, payload := range []string{`{"a":1}`, `{"a":1}`, `{"a":2}`} {
		_, got, err := r.Verify(sign(t, r, payload))
		if err != nil || string(got) != payload {
			t.Errorf("the token of %s verifies as %s, %v", payload, got, err)
		}
	}
	if _, err := r.Sign("none", keys.TypeJWT, nil); err == nil {
		t.Error("alg none is signed")
	}
}

func TestCodeNamesItsGrant(t *testing.T) {
	s, err := keys.OpenSecrets(open(t))
	if err != nil {
		t.Fatal(err)
	}
	id := keys.NewGrantID(now)
	code := s.Code(id, "app")
	if got, ok := s.GrantOfCode(code, "app"); !ok || got != id || len(code) != 43 {
		t.Errorf("GrantOfCode(%q) = %q, %v, want %q", code, got, ok, id)
	}
	for _, forged := range []string{"", code[1:], "A" + code[1:], code[:42] + "A", code + "="} {
		if _, ok := s.GrantOfCode(forged, "app"); ok && forged != code {
			t.Errorf("the forged code %q is taken for one of ours", forged)
		}
	}
	if _, ok := s.GrantOfCode(code, "other"); ok {
		t.Error("the code is another application's as well")
	}
}

func TestOnlyWhatTheServerMadeIsARefreshTokenOfIts(t *testing.T) {
	s, err := keys.OpenSecrets(open(t))
	if err != nil {
		t.Fatal(err)
	}
	others, err := keys.OpenSecrets(open(t))
	if err != nil {
		t.Fatal(err)
	}
	id := keys.NewGrantID(now)
	token := s.NewRefreshToken(id)
	if got, ok := keys.FamilyOfRefreshToken(token); !ok || got != id || !s.IssuedRefreshToken(token) {
		t.Errorf("%q is of the family %q, %v, want %q", token, got, ok, id)
	}
	if again := s.NewRefreshToken(id); again == token {
		t.Error("two tokens of a family are the same")
	}
	for i := range token {
		changed := []byte(token)
		if changed[i]++; changed[i] > 'z' {
			changed[i] = '0'
		}
		if s.IssuedRefreshToken(string(changed)) {
			t.Errorf("%q, changed at %d, is taken for one of ours", changed, i)
		}
	}
	for _, forged := range []string{"", "v1.M", token[1:], token + "A", token[:len(token)-1], others.NewRefreshToken(id)} {
		if s.IssuedRefreshToken(forged) {
			t.Errorf("the forged %q is taken for one of ours", forged)
		}
	}
}

func TestRingWithoutNextKey(t *testing.T) {
	db := open(t)
	// The server stops before the new ring has its next key.
	r, err := keys.Open(db, "localhost", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Rotate(now); err != nil {
		t.Fatal(err)
	}
	if got := r.List(); got[0].CurrentSince.IsZero() || !got[0].CurrentUntil.IsZero() {
		t.Fatalf("after rotating a ring without a next key the first of %d keys does not sign", len(got))
	}
	sign(t, r, `{}`)

	r = ring(t, db)
	next := 0
	for _, k := range r.List() {
		if k.CurrentSince.IsZero() {
			next++
		}
	}
	if next != 1 {
		t.Errorf("the ring opened again has %d next keys, want 1", next)
	}
}

// TestStampsSortAsTheirTimes do, and have the length StampLength.
func TestStampsSortAsTheirTimes(t *testing.T) {
	before := keys.Stamp(time.Unix(-1, 0))
	for _, at := range []time.Time{
		time.Unix(1, 0), now, now.Add(time.Millisecond), now.Add(time.Second), now.Add(time.Hour), now.AddDate(0, 1, 0), now.AddDate(1, 0, 0), now.AddDate(100, 0, 0),
	} {
		stamp := keys.Stamp(at)
		if stamp <= before || len(stamp) != keys.StampLength {
			t.Errorf("the stamp of %s is %q, after %q", at, stamp, before)
		}
		before = stamp
	}
}
