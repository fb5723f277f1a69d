package main

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"github.com/tenant0/tenant0/server"
	"github.com/tenant0/tenant0/server/tenant"
)

// hostile are names that a tenant may have and that must not be printed unchanged.
var hostile = []string{
	"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "Shop\nexport AUTH0_DOMAIN=evil.example", "a\r\nexport X=1", "$(touch pwned)", "`touch pwned`", `it's "quoted"`,
	"\u202egnp.exe\u2066", "zero\u200bwidth", "\u2028export X=1", "\u0085next", "bell\a", "tab\tbed", "broken\xff\xfe", "~", `back\slash`, "", "* ? [a]", "ünïcödé 名前",
}

func TestPrintable(t *testing.T) {
	for _, name := range hostile {
		got := printable(name)
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) || r == unicode.ReplacementChar }); i >= 0 {
			t.Errorf("%q is printed as %q", name, got)
		}
	}
	for _, name := range []string{"Timesheets SPA", "ünïcödé 名前", `it's "quoted" \ $(x)`, "€ 😀"} {
		if got := printable(name); got != name {
			t.Errorf("%q is printed as %q", name, got)
		}
	}
	for name, want := range map[string]string{"a\x1b[31mb\nc\u202ed": `a\x1b[31mb\nc\u202ed`, "broken\xff": `broken\xff`} {
		if got := printable(name); got != want {
			t.Errorf("%q is printed as %q, want %q", name, got, want)
		}
	}
}

// TestQuote: a shell reads a quoted value as the original value.
func TestQuote(t *testing.T) {
	shell, err := exec.LookPath("bash") // dash has no dollar-single-quotes
	if err != nil {
		t.Skip("there is no bash to read the values")
	}
	for _, name := range hostile {
		quoted := quote(name)
		if quoted != printable(quoted) {
			t.Errorf("%q is quoted as %q", name, quoted)
		}
		got, err := exec.CommandContext(t.Context(), shell, "-c", "export X="+quoted+`; printf '%s' "$X"`).Output()
		if err != nil || string(got) != name {
			t.Errorf("%s: the shell reads %q, want %q: %v", quoted, got, name, err)
		}
	}
}

// TestBannerHasNoForgedLines: names in the tenant cannot add lines to the banner.
func TestBannerHasNoForgedLines(t *testing.T) {
	print := func(name string) string {
		var out strings.Builder
		err := printBanner(&out, server.Summary{
			Summary: tenant.Summary{
				Issuer: "http://localhost/", Warnings: []string{name},
				Applications: []tenant.Application{{Name: name, Type: name, ClientID: name, ClientSecret: name, Callbacks: []string{name}}},
				APIs:         []tenant.API{{Name: name, Identifier: name, Scopes: []string{name}}},
				Users:        []tenant.SummaryUser{{Email: name, Password: name}},
			},
			Addr: "localhost", Data: name, Further: []server.Further{{Name: name, Issuer: name}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	want := strings.Count(print("name"), "\n")
	for _, name := range hostile {
		got := print(name)
		if name != "" && strings.Count(got, "\n") != want {
			t.Errorf("%q makes %d lines, want %d:\n%s", name, strings.Count(got, "\n"), want, got)
		}
		if text := printableLines(got); text != got {
			t.Errorf("%q: the banner holds what cannot be seen: %q", name, got)
		}
	}
}
