package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/identity"
)

func newPasswords(t *testing.T) *identity.Passwords {
	t.Helper()
	p, err := identity.NewPasswords(4)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestTheWholePasswordCounts compares passwords that differ only after 72 bytes, which is all
// that bcrypt reads.
func TestTheWholePasswordCounts(t *testing.T) {
	p, long := newPasswords(t), strings.Repeat("x", 72)
	hash, err := p.Hash(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	imported, err := identity.ReadImported(map[string]any{"algorithm": "bcrypt", "hash": map[string]any{"value": hash}})
	if err != nil {
		t.Fatal(err)
	}
	salted, err := identity.ReadImported(map[string]any{
		"algorithm": "bcrypt", "hash": map[string]any{"value": hash}, "salt": map[string]any{"value": "xx", "position": "prefix"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ stored, right string }{{hash, long}, {imported, long}, {salted, long[2:]}} {
		if err := p.Check(t.Context(), "user", tt.stored, tt.right); err != nil {
			t.Errorf("the password of %s: %v", tt.stored, err)
		}
		for _, wrong := range []string{tt.right + "x", tt.right + "and more", tt.right[1:]} {
			if err := p.Check(t.Context(), "user", tt.stored, wrong); !errors.Is(err, identity.ErrWrongCredentials) {
				t.Errorf("%d bytes for the password of %s: %v", len(wrong), tt.stored, err)
			}
		}
	}
	if _, err := p.Hash(t.Context(), long+"x"); !errors.Is(err, identity.ErrPasswordTooLong) {
		t.Errorf("a password of 73 bytes: %v", err)
	}
}

// costly has hashes that would take from minutes to years, or more memory than available.
var costly = map[string]string{
	"bcrypt":                `$2b$31$abcdefghijklmnopqrstuuNBcI4oRhiR3rEZ1.oTL2vIH2Wi1S1.a`,
	"bcrypt a step beyond":  `$2b$16$abcdefghijklmnopqrstuuNBcI4oRhiR3rEZ1.oTL2vIH2Wi1S1.a`,
	"argon2 with passes":    `$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc`,
	"argon2 with lanes":     `$argon2id$v=19$m=8,t=4000000,p=255$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc`,
	"argon2 with memory":    `$argon2i$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc`,
	"imported bcrypt":       `{"algorithm":"bcrypt","hash":{"value":"$2a$31$abcdefghijklmnopqrstuuNBcI4oRhiR3rEZ1.oTL2vIH2Wi1S1.a"}}`,
	"imported argon2":       `{"algorithm":"argon2","hash":{"value":"$argon2id$v=19$m=65536,t=4294967295,p=4$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"}}`,
	"pbkdf2":                `{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha512$i=9999999,l=3$c2FsdA$AAAA"}}`,
	"pbkdf2 with blocks":    `{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-md5$i=1900000,l=33$c2FsdA$` + strings.Repeat("AAA", 14) + `AA"}}`,
	"scrypt with memory":    `{"algorithm":"scrypt","hash":{"value":"AAAA","encoding":"base64"},"keylen":3,"cost":1048576,"blockSize":8}`,
	"scrypt in parallel":    `{"algorithm":"scrypt","hash":{"value":"AAAA","encoding":"base64"},"keylen":3,"cost":131072,"blockSize":8,"parallelization":16}`,
	"scrypt with one block": `{"algorithm":"scrypt","hash":{"value":"AAAA","encoding":"base64"},"keylen":3,"cost":2,"blockSize":1073741824}`,
}

// TestCostlyHashesAreRefused: they are refused when they are imported, and not checked when a
// store written by an earlier version contains them.
func TestCostlyHashesAreRefused(t *testing.T) {
	p := newPasswords(t)
	for name, hash := range costly {
		t.Run(name, func(t *testing.T) {
			refused := identity.CheckHash(hash)
			if identity.IsImported(hash) {
				_, refused = identity.ReadImported(object(t, hash))
			}
			if refused == nil || !strings.Contains(refused.Error(), "would take too long") {
				t.Errorf("it is refused with %v", refused)
			}
			err := p.Check(t.Context(), "user", hash, "password")
			if !errors.Is(err, identity.ErrWrongCredentials) || !strings.Contains(err.Error(), "would take too long") {
				t.Errorf("a password is held against it: %v", err)
			}
		})
	}
	for _, usual := range []string{
		`{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha256$i=1200000,l=32$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}`,
		`{"algorithm":"scrypt","hash":{"value":"AAAA","encoding":"base64"},"keylen":3,"cost":131072,"blockSize":8,"parallelization":1}`,
		`{"algorithm":"argon2","hash":{"value":"$argon2id$v=19$m=262144,t=4,p=4$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"}}`,
		`{"algorithm":"bcrypt","hash":{"value":"$2b$14$abcdefghijklmnopqrstuuNBcI4oRhiR3rEZ1.oTL2vIH2Wi1S1.a"}}`,
	} {
		if _, err := identity.ReadImported(object(t, usual)); err != nil {
			t.Errorf("%s: %v", usual, err)
		}
	}
	if _, err := identity.NewPasswords(identity.MaxCost + 1); err == nil {
		t.Error("the server's own hashes may take longer")
	}
}

// TestWaitingForAHashEndsWithItsRequest cancels requests that wait for a slot.
func TestWaitingForAHashEndsWithItsRequest(t *testing.T) {
	p := newPasswords(t)
	hash, err := p.Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	done := p.Busy()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	waiting := []func() error{
		func() error { return p.Check(ctx, "user", hash, "password") },
		func() error { return p.Check(ctx, "user", hash, "wrong") },
		func() error { return p.Check(ctx, "", "", "nobody's") },
		func() error { _, err := p.Hash(ctx, "new"); return err },
	}
	for _, wait := range waiting {
		go func() { ended <- wait() }()
	}
	cancel()
	for range waiting {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the wait ended with %v", err)
		}
	}
	done()
	if err := p.Check(t.Context(), "user", hash, "password"); err != nil {
		t.Error(err)
	}
	done = p.Busy()
	defer done()
	if err := p.Check(t.Context(), "user", hash, "password"); err != nil {
		t.Errorf("a password that was right a moment ago waits: %v", err)
	}
}

func object(t *testing.T, raw string) (o map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		t.Fatal(err)
	}
	return o
}
