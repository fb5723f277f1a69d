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

// The built-in texts in other languages than English, by the English ones. A text that is in
// none of the files stays English.
//
//go:embed texts/languages
var languageFiles embed.FS

// languageFolder is where languageFiles are.
const languageFolder = "texts/languages"

// Languages are the tags of the languages that the pages have built-in texts in.
func Languages() []string {
	all := []string{"en"}
	files, _ := languageFiles.ReadDir(languageFolder) // it is in the program
	for _, file := range files {
		all = append(all, strings.TrimSuffix(strings.TrimPrefix(file.Name(), "active."), ".json"))
	}
	slices.Sort(all)
	return all
}

// translator puts English texts into a language; the zero value leaves them as they are.
type translator struct{ localizer *i18n.Localizer }

// translators are those of the languages that were asked for, by their tags.
var translators sync.Map

// translatorTo is the translator to a language: that of its tag, or of its base, so that de-AT
// is read in German and pt in the Portuguese that there is.
func translatorTo(tag string) translator {
	if known, ok := translators.Load(tag); ok {
		return known.(translator)
	}
	t := newTranslator(closest(tag))
	translators.Store(tag, t)
	return t
}

// closest is the tag of the built-in language that is closest to another, "en" for none.
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
	// The texts have no templates in them: what looks like one is a text.
	if _, err := bundle.LoadMessageFileFS(languageFiles, languageFolder+"/active."+tag+".json"); err != nil {
		panic(fmt.Errorf("%s: %w", tag, err)) // a test reads them all
	}
	return translator{i18n.NewLocalizer(bundle, tag)}
}

// text is an English text in the language.
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

// demands are what a password must be, in the language. Their sentences are known with a
// number left open.
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
