package templates_test

import (
	"io"
	"maps"
	"path"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

var (
	quoted    = regexp.MustCompile(`"[^"]*"`)
	textNodes = regexp.MustCompile(`>[^<]*<`)
)

// skeleton returns a page's mark-up without its texts and attribute values. No text
// that is given to a page may change it.
func skeleton(page string) string {
	return quoted.ReplaceAllString(textNodes.ReplaceAllString(page, "><"), `""`)
}

// filled returns the page with every string in it set to s, and every URL in it
// to one that ends in urlEnd. It reaches fields that are added later, too.
func filled(p templates.Page, s, urlEnd string) templates.Page {
	v := reflect.New(reflect.TypeOf(p)).Elem()
	fill(v, s, "https://app.test/?"+urlEnd)
	return v.Interface().(templates.Page)
}

func fill(v reflect.Value, s, url string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[templates.MarkUp]() {
			s = "<b>the tenant's</b>"
		}
		v.SetString(s)
	case reflect.Struct:
		if c, ok := reflect.TypeAssert[*templates.Customization](v.Addr()); ok {
			*c = customized(s) // its mark-up is the tenant's; what it speaks of is not
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "Items" {
				continue // of the same type as what holds them
			}
			if strings.HasSuffix(v.Type().Field(i).Name, "URL") {
				v.Field(i).SetString(url)
			} else {
				fill(v.Field(i), s, url)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), s, url)
	case reflect.Map:
		if v.Type() == reflect.TypeFor[map[string]any]() {
			v.Set(reflect.ValueOf(map[string]any{s: map[string]any{s: s}}))
			return
		}
		v.Set(reflect.ValueOf(customTitles(s)))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s, url)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Uint8:
		v.SetUint(1)
	default:
		v.SetBool(true)
	}
}

// customized returns a template and a partial that show values, all of which are s.
func customized(s string) templates.Customization {
	return templates.Customization{
		PageTemplate: `<html><head>{%- auth0:head -%}</head><body title="{{ application.name }} {{ user.user_metadata.list[0] }}">` +
			`{%- auth0:widget -%}<p>{{ prompt.screen.texts.title }}</p></body></html>`,
		Partials: templates.Texts{"login": {"login": {"form-content-start": `<b title="{{ organization.name }}">{{ state }}</b>`}}},
		Values: map[string]any{
			"application": map[string]any{"name": s}, "organization": map[string]any{"name": s},
			"user": map[string]any{"user_metadata": map[string]any{"list": []any{s}}},
		},
	}
}

func customTitles(s string) templates.Texts {
	title := map[string]string{"title": s, "pageTitle": s, "description": s, "logoAltText": s, "buttonText": s, "showPasswordText": s}
	return templates.Texts{
		"login": {"login": title}, "consent": {"consent": title}, "error": {"error": title},
		"logout": {"logout": title, "logout-complete": title}, "common": {"redeem-ticket": title},
	}
}

func TestNothingThatIsSuppliedBecomesMarkUp(t *testing.T) {
	hostile := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)`, `</title><script>alert(1)</script>`,
		`</style><script>alert(1)</script>`, `--><script>alert(1)</script>`, `javascript:alert(1)`, `{{.P}}`, `${clientName}`, "\x00<b>", "\xff\xfe<b>",
	}
	for _, kind := range kinds {
		want := skeleton(render(t, filled(kind, "plain", "plain")))
		for _, text := range hostile {
			urlEnd := strings.NewReplacer("\x00", "", "%", "").Replace(text)
			if got := skeleton(render(t, filled(kind, text, urlEnd))); got != want {
				t.Errorf("%T with %q has other mark-up:\n%s\nwant\n%s", kind, text, got, want)
			}
		}
	}
}

func FuzzNothingThatIsSuppliedBecomesMarkUp(f *testing.F) {
	for _, s := range []string{"plain", `"><script>`, "'`=/", "${", "${clientName}", "<!--", "\u2028", "\x00\xff"} {
		f.Add(s)
	}
	var want []string
	for _, kind := range kinds {
		want = append(want, skeleton(render(f, filled(kind, "plain", ""))))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return // absent fields leave their marks out, and so they should
		}
		for i, kind := range kinds {
			if got := skeleton(render(t, filled(kind, s, ""))); got != want[i] && !builtInKey(s) {
				t.Errorf("%T with %q has other mark-up:\n%s\nwant\n%s", kind, s, got, want[i])
			}
		}
	})
}

// builtInKey reports whether s is an error key that a page knows: then the error may
// move to its field.
func builtInKey(s string) bool { return strings.HasPrefix(s, "wrong-") || strings.HasPrefix(s, "no-") }

func TestLinksLeadToPagesOnly(t *testing.T) {
	for _, url := range []string{
		"javascript:alert(1)", " javascript:alert(1)", "JavaScript:alert(1)", "java\nscript:alert(1)", "vbscript:x", "data:text/html,x",
		"file:///etc/passwd", "blob:https://app.test/1", "//elsewhere.test", `\\elsewhere.test`, "relative", "https:opaque", "demo://callback",
	} {
		for _, p := range []templates.Page{
			templates.Login{SignupURL: url, ForgotPasswordURL: url},
			templates.LoggedOut{LinkURL: url},
			templates.Message{LinkURL: url},
			templates.Error{SupportURL: url},
			templates.Consent{ClientLogoURL: url},
			templates.LoggedOut{Layout: templates.Layout{CompanyName: "ExampleCo", LogoURL: url}},
		} {
			page := render(t, p)
			for _, link := range every(t, page, "a") {
				if !strings.HasPrefix(link.attr["href"], "#") {
					t.Errorf("%T with %q has %v", p, url, link.attr)
				}
			}
			for _, picture := range every(t, page, "img") {
				if src := picture.attr["src"]; !strings.HasPrefix(src, templates.StaticPath) {
					t.Errorf("%T with %q shows %s", p, url, src)
				}
			}
		}
	}
	page := render(t, templates.LoggedOut{LinkURL: `https://app.test/?q="><b>`})
	if got := one(t, page, "a").attr["href"]; got != "https://app.test/?q=%22%3e%3cb%3e" {
		t.Errorf("a link to a page leads to %s", got)
	}
}

func TestAPictureInADataURLIsALogo(t *testing.T) {
	const logo = "data:image/png;base64,iVBORw0KGgo="
	page := render(t, templates.LoggedOut{Layout: templates.Layout{CompanyName: "ExampleCo", LogoURL: logo}})
	one(t, page, "img", "alt=ExampleCo", "src="+logo)
}

func TestPagesObeyTheirContentSecurityPolicy(t *testing.T) {
	pages := maps.Clone(states)
	for _, kind := range kinds {
		pages[reflect.TypeOf(kind).Name()] = filled(kind, "plain", "")
	}
	for name, p := range pages {
		for _, e := range elements(t, render(t, p)) {
			if e.name == "script" && e.attr["type"] == "text/plain" {
				continue // a block of data, HTML: the script element
			}
			if e.name == "style" && templates.HasMarkUp(p) {
				continue // a form's own, which the policy lets through then
			}
			if e.name == "style" || e.name == "base" || e.name == "iframe" || e.name == "script" && e.attr["src"] == "" || e.name == "script" && e.text != "" {
				t.Errorf("%s has an inline or foreign %s", name, e.name)
			}
			for attribute := range e.attr {
				if attribute == "style" || strings.HasPrefix(attribute, "on") {
					t.Errorf("%s has the attribute %s", name, attribute)
				}
			}
			var loaded string
			switch e.name {
			case "link":
				if loaded = e.attr["href"]; e.attr["rel"] == "icon" && strings.HasPrefix(loaded, "https://app.test/") {
					continue // the tenant's own picture, which img-src allows
				}
			case "script":
				loaded = e.attr["src"]
			case "img":
				if loaded = e.attr["src"]; !strings.HasPrefix(loaded, templates.StaticPath) {
					continue // a logo, which img-src allows
				}
			default:
				continue
			}
			file, ours := strings.CutPrefix(loaded, templates.StaticPath)
			content, contentType, ok := templates.Static(file)
			if !ok { // the theme's
				content, contentType, ok = templates.ThemeSheet(layoutOf(p).Theme, file)
			}
			if !ours || !ok || len(content) == 0 {
				t.Errorf("%s loads %s, which is not there", name, loaded)
			}
			want := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
			if contentType != want[path.Ext(file)] {
				t.Errorf("%s is served as %q", file, contentType)
			}
		}
	}
}

// layoutOf returns the layout of a page; every page with a style has one.
func layoutOf(p templates.Page) templates.Layout {
	layout, _ := reflect.TypeAssert[templates.Layout](reflect.ValueOf(p).FieldByName("Layout"))
	return layout
}

func TestPagesOfTheirOwnReachNoOtherHost(t *testing.T) {
	own := map[string]string{}
	for _, kind := range kinds {
		if _, isForm := kind.(templates.FormPost); isForm {
			kind = templates.FormPost{URL: "/callback"}
		}
		page := render(t, kind)
		own[reflect.TypeOf(kind).Name()] = page
		for _, e := range elements(t, page) {
			for _, ref := range []string{e.attr["href"], e.attr["src"]} {
				if content, _, ok := templates.Static(strings.TrimPrefix(ref, templates.StaticPath)); ok {
					own[ref] = string(content)
				}
			}
		}
	}
	namespace := strings.NewReplacer(`xmlns="http://www.w3.org/2000/svg"`, "")
	for name, content := range own {
		if content = namespace.Replace(content); regexp.MustCompile(`(?i)https?:|[("']//`).MatchString(content) {
			t.Errorf("%s refers to another host:\n%s", name, content)
		}
	}
}

func TestAFailingWriterIsReported(t *testing.T) {
	r, w := io.Pipe()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := templates.Render(w, templates.Login{}); err == nil {
		t.Error("a page written to nobody is no error")
	}
}
