package telephone_test

import (
	"slices"
	"testing"

	"github.com/tenant0/tenant0/server/telephone"
)

func TestComplete(t *testing.T) {
	for _, tt := range []struct{ typed, iso, want string }{
		{"5550109167", "US", "+15550109167"},
		{"(555) 010-9167", "US", "+15550109167"},
		{"612.345.678", "ES", "+34612345678"},
		{"+49 151 1234567", "US", "+49 151 1234567"},
		{"ann@example.com", "US", "ann@example.com"},
		{"ann5", "US", "ann5"},
		{"", "US", ""},
		{" - ", "US", " - "},
	} {
		got := telephone.Complete(tt.typed, tt.iso)
		if got != tt.want || telephone.LacksCode(tt.typed) != (got != tt.typed) {
			t.Errorf("%q in %s is %q, want %q", tt.typed, tt.iso, got, tt.want)
		}
	}
}

// TestCountries checks that each language has all countries, each once and with a code, in the order of their names; a
// language that is unknown gets those of English.
func TestCountries(t *testing.T) {
	english := telephone.Countries("en")
	for _, tag := range []string{"en", "de", "ar", "ja", "zh-CN", "pt-BR", "xx-unknown", "not a tag"} {
		list := telephone.Countries(tag)
		seen := map[string]bool{}
		for _, c := range list {
			code, known := telephone.CodeOf(c.ISO)
			if seen[c.ISO] || !known || code != c.Code || c.Name == "" {
				t.Errorf("%s: %+v", tag, c)
			}
			seen[c.ISO] = true
		}
		if len(list) != len(english) || len(list) < 200 {
			t.Errorf("%s has %d countries, English %d", tag, len(list), len(english))
		}
	}
	if !slices.Equal(telephone.Countries("not a tag"), english) {
		t.Error("without a language, the names are not the English ones")
	}
	at := func(tag, iso string) (int, string) {
		list := telephone.Countries(tag)
		n := slices.IndexFunc(list, func(c telephone.Country) bool { return c.ISO == iso })
		return n, list[n].Name
	}
	austria, name := at("de", "AT")
	germany, _ := at("de", "DE")
	if name != "Österreich" || austria < germany {
		t.Errorf("%s is at %d, Germany at %d", name, austria, germany)
	}
	if egypt, _ := at("de", "EG"); egypt > germany { // Ägypten is under A
		t.Errorf("Egypt is at %d, after Germany at %d", egypt, germany)
	}
}
