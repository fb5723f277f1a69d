package keys_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tenant0/tenant0/keys"
)

// TestSignaturesSideBySide signs equal and different payloads concurrently, more of them than
// the ring remembers.
func TestSignaturesSideBySide(t *testing.T) {
	r := ring(t, open(t))
	same := make([]string, 8)
	var wait sync.WaitGroup
	for i := range same {
		wait.Go(func() {
			for n := range 200 {
				payload := fmt.Sprintf(`{"worker":%d,"n":%d}`, i, n)
				token, err := r.Sign(keys.RS256, keys.TypeJWT, []byte(payload))
				if err != nil {
					t.Error(err)
					return
				}
				if _, got, err := r.Verify(token); err != nil || string(got) != payload {
					t.Errorf("the token of %s verifies as %s, %v", payload, got, err)
				}
			}
			same[i], _ = r.Sign(keys.RS512, keys.TypeJWT, []byte(`{}`))
		})
	}
	wait.Wait()
	for _, token := range same {
		if token != same[0] || strings.Count(token, ".") != 2 {
			t.Errorf("one payload has the tokens %q and %q", token, same[0])
		}
	}
}

// BenchmarkSign measures a signature of a new payload, and of a repeated one.
func BenchmarkSign(b *testing.B) {
	r := ring(b, open(b))
	payload := func(n int) []byte {
		return fmt.Appendf(nil, `{"iss":"https://localhost:4400/","sub":"auth0|65f1c0de0000000000000001","aud":"https://api.exampleco.com/timesheets","iat":%d}`, n)
	}
	sign := func(b *testing.B, payload []byte) {
		b.Helper()
		if _, err := r.Sign(keys.RS256, keys.TypeJWT, payload); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("a new payload", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			sign(b, payload(n))
		}
	})
	b.Run("a payload that repeats", func(b *testing.B) {
		b.ReportAllocs()
		p := payload(0)
		for b.Loop() {
			sign(b, p)
		}
	})
}
