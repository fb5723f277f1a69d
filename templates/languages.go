package templates

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// The built-in texts in other languages than English, by the English texts. A text that is
// missing in a file stays English.
//
//go:embed texts/languages
var languageFiles embed.FS

// languageFolder is the folder of languageFiles.
const languageFolder = "texts/languages"

// Languages returns the tags of the languages of the built-in texts.
func Languages() []string {
	all := []string{"en"}
	files, _ := languageFiles.ReadDir(languageFolder) // it is in the program
	for _, file := range files {
		all = append(all, strings.TrimSuffix(strings.TrimPrefix(file.Name(), "active."), ".json"))
	}
	slices.Sort(all)
	return all
}

// translator translates English texts into a language; the zero value leaves them unchanged.
type translator struct{ localizer *i18n.Localizer }

// translators are the translators made so far, by the tags of their languages.
var translators sync.Map

// translatorTo returns the translator to a language or, if there is none for its tag, to one
// with the same base: de-AT uses German, and pt the available variety of Portuguese.
func translatorTo(tag string) translator {
	if known, ok := translators.Load(tag); ok {
		return known.(translator)
	}
	t := newTranslator(closest(tag))
	translators.Store(tag, t)
	return t
}

// closest returns the tag of the built-in language that is closest to another, "en" if none
// is.
func closest(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	related := ""
	for _, have := range Languages() {
		own, _, _ := strings.Cut(have, "-")
		switch {
		case strings.EqualFold(have, tag):
			return have
		case strings.EqualFold(own, base):
			related = have
		}
	}
	if related == "" {
		return "en"
	}
	return related
}

func newTranslator(tag string) translator {
	if tag == "en" {
		return translator{}
	}
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	// The texts contain no templates: whatever looks like one is text.
	if _, err := bundle.LoadMessageFileFS(languageFiles, languageFolder+"/active."+tag+".json"); err != nil {
		panic(fmt.Errorf("%s: %w", tag, err)) // a test reads all of these files
	}
	return translator{i18n.NewLocalizer(bundle, tag)}
}

// text translates an English text.
func (t translator) text(english string) string {
	if t.localizer == nil || english == "" {
		return english
	}
	text, err := t.localizer.Localize(&i18n.LocalizeConfig{MessageID: english})
	if err != nil {
		return english
	}
	return text
}

// demands translates the rules for passwords. In the language files their texts have a
// placeholder for the number.
func (t translator) demands(all []Demand) []Demand {
	out := slices.Clone(all)
	for i, d := range out {
		text := cmp.Or(demandTexts[d.Code], d.Text)
		if t.localizer != nil {
			text = t.text(text)
		}
		out[i].Items, out[i].Text = t.demands(d.Items), strings.Replace(text, "%d", strconv.Itoa(d.Least), 1)
	}
	return out
}
