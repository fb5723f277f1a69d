package templates_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/templates"
)

// TestTranslationsAreWhole: all languages have the same texts, and each text has its variables.
func TestTranslationsAreWhole(t *testing.T) {
	files, err := filepath.Glob("texts/languages/active.*.json")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d languages besides English: %v", len(files), err)
	}
	variables := regexp.MustCompile(`\$\{\w+\}|%d`)
	var first []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var keys []string
		for english, text := range texts {
			keys = append(keys, english)
			want, got := variables.FindAllString(english, -1), variables.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if text == "" || !cmp.Equal(want, got) || strings.Contains(text, "{{") {
				t.Errorf("%s: %q is %q", file, english, text)
			}
		}
		slices.Sort(keys)
		if first == nil {
			first = keys
		}
		if diff := cmp.Diff(first, keys); diff != "" {
			t.Errorf("%s has other texts than %s:\n%s", file, files[0], diff)
		}
	}
}

// TestPagesAreTranslated: no page contains English words in another language, except pages of
// withWordsOfTheirOwn.
func TestPagesAreTranslated(t *testing.T) {
	words := regexp.MustCompile(`>([^<>]*[A-Za-z]{3}[^<>]*)<|data-message="([^"]*)"|aria-label="([^"]*)"`)
	names := []string{}
	for name, page := range states {
		if reflect.ValueOf(page).FieldByName("Language").IsValid() && !withWordsOfTheirOwn(name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		english := map[string]bool{}
		for _, found := range words.FindAllString(render(t, in(states[name], "en")), -1) {
			english[found] = true
		}
		for _, tag := range templates.Languages() {
			if tag == "en" {
				continue
			}
			page := render(t, in(states[name], tag))
			if !strings.Contains(page, `<html lang="`+tag+`"`) {
				t.Errorf("%s in %s says that it is in another language", name, tag)
			}
			for _, text := range words.FindAllString(page, -1) {
				if english[text] && !known(text) {
					t.Errorf("%s in %s: %s is English", name, tag, text)
				}
			}
		}
	}
}

// withWordsOfTheirOwn reports whether a page has words that do not come from the catalogue: a tenant's texts, the details of
// a transaction, a form (which has its own translations), the page of a simulated provider (for developers), and the
// classic page (which translates itself).
func withWordsOfTheirOwn(name string) bool {
	for _, kind := range []string{"login-branded", "form-step", "simulated-provider", "classic-", "consent-transactional"} {
		if strings.HasPrefix(name, kind) {
			return true
		}
	}
	return false
}

// known reports whether a text may be the same in other languages: a name, a scope, or a word that languages share.
func known(text string) bool {
	for _, same := range []string{
		"tenant0", "exampleco", "Timesheets", "timesheets", "batch:upload", "authorizationResponse", "openid", ">Password<", ">Pass<", ">word *<", `"Password`, "Profile:",
		">Acme<", ">Globex<", "España", "México", ">ExampleCo<", "Callback URL mismatch", ">unauthorized_client<", ">invalid_request<", ": Unknown client", `"Error"`, ">Error<",
		"SMS", "E-mail", "Google Authenticator", "Auth0 Guardian", "App Store", "Google Play", "Ann&#39;s phone", "XXXX9167", "****", "ABCDEFGHIJKLMNOPQRSTUVWX", "GEZDGNBVGY3TQOJQ",
	} {
		if strings.Contains(text, same) {
			return true
		}
	}
	return false
}

// in returns a page in a language.
func in(p templates.Page, tag string) templates.Page {
	page := reflect.New(reflect.TypeOf(p)).Elem()
	page.Set(reflect.ValueOf(p))
	page.FieldByName("Language").SetString(tag)
	return page.Interface().(templates.Page)
}

func TestTheClosestLanguageIsTaken(t *testing.T) {
	for tag, title := range map[string]string{
		"de": "Willkommen", "de-AT": "Willkommen", "PT": "Boas-vindas", "pt-PT": "Boas-vindas", "zh-TW": "欢迎", "fi": "Welcome", "": "Welcome", "he": "ברוכים הבאים",
	} {
		page := render(t, templates.Login{Layout: templates.Layout{CompanyName: "ExampleCo", Language: tag}})
		if !strings.Contains(page, "<h1>"+title+"</h1>") {
			t.Errorf("in %q the page is\n%s", tag, page)
		}
	}
}

// TestDemandsAreTranslated: the demands of a password policy are translated, and keep their numbers.
func TestDemandsAreTranslated(t *testing.T) {
	page := render(t, in(states["signup-password"], "de"))
	for _, want := range []string{"Mindestens 8 Zeichen", "Mindestens 3 der folgenden:", "Kleinbuchstaben (a-z)", `data-least="8"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
}

// TestCustomTextStandsOverTranslations: custom texts replace translations, and the other texts stay translated.
func TestCustomTextStandsOverTranslations(t *testing.T) {
	layout := templates.Layout{Language: "de", CustomText: templates.Texts{"login": {"login": {"title": "Grüß Gott"}}}}
	page := render(t, templates.Login{Layout: layout})
	if !strings.Contains(page, "<h1>Grüß Gott</h1>") || !strings.Contains(page, ">Weiter</button>") || strings.Contains(page, "Willkommen") {
		t.Errorf("the page is\n%s", page)
	}
}
