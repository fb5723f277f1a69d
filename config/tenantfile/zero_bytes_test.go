package tenantfile_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config/tenantfile"
)

func TestATenantFileHasNoZeroBytes(t *testing.T) {
	for file, want := range map[string]string{
		"roles:\n  - name: \"a\\0b\"\n":                           "U+0000",
		"roles:\n  - {name: a, \"x\\0\": b}\n":                    "U+0000",
		`{"users":[{"email":"a@b.test","name":"\u0000"}]}`:        "U+0000",
		"tenant:\n  friendly_name: \"\\x00\"\n":                   "U+0000",
		"clients:\n  - name: a\n    callbacks: [\"https://\\0\"]": "U+0000",
	} {
		if _, err := tenantfile.Parse("tenant.yaml", []byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", file, err, want)
		}
	}
}
