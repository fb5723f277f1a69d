package templates_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

// pairs are colours that meet on the pages, with the contrast that WCAG 2.2 level AA
// demands: 4.5 for text (1.4.3), 3 for the edge of a control and for its focus (1.4.11).
var pairs = []struct {
	front, ground string
	ratio         float64
}{
	{"ink", "card", 4.5},
	{"ink", "quiet", 4.5},
	{"ink", "field", 4.5},
	{"muted", "card", 4.5},
	{"muted", "quiet", 4.5},
	{"muted", "field", 4.5},
	{"danger", "card", 4.5},
	{"danger", "danger-ground", 4.5},
	{"accent", "card", 4.5},
	{"accent", "quiet", 3},
	{"accent", "field", 3},
	{"edge", "card", 3},
	{"edge", "field", 3},
	{"primary-ink", "primary", 4.5},
	{"primary-ink", "primary-hover", 4.5},
	{"primary-edge", "card", 3},
	{"page-ink", "page", 4.5},
	{"page-ink", "page-top", 4.5},
}

func TestColoursCanBeToldApartInBothSchemesWhateverTheBrand(t *testing.T) {
	colors := []string{"", "#000000", "#ffffff", "#F8F8F2", "#222221", "#635dff", "#ffd500", "#e8590c", "#767676", "#00ff00", "#ff0000", "#0000ff"}
	for _, primary := range colors {
		for _, background := range colors {
			light, dark := palette(t, templates.Layout{PrimaryColor: primary, PageBackground: background})
			for scheme, colours := range map[string]map[string]string{"light": light, "dark": dark} {
				for _, pair := range pairs {
					front, ground := colours[pair.front], colours[pair.ground]
					if got := contrast(t, front, ground); got < pair.ratio {
						t.Errorf("brand %q on %q, %s: %s %s on %s %s has %.2f, want %.1f",
							primary, background, scheme, pair.front, front, pair.ground, ground, got, pair.ratio)
					}
				}
			}
		}
	}
}

func TestABrandKeepsItsColours(t *testing.T) {
	light, dark := palette(t, templates.Layout{PrimaryColor: "#E8590C", PageBackground: "#222221"})
	for name, want := range map[string]string{"primary": "#e8590c", "page": "#222221"} {
		if light[name] != want || dark[name] != want {
			t.Errorf("%s is %s and %s, want %s", name, light[name], dark[name], want)
		}
	}
	if _, dark := palette(t, templates.Layout{PageBackground: "#fff8e7"}); dark["page"] == "#fff8e7" {
		t.Error("a light page stays light in the dark")
	}
}

func TestAColourThatIsNoneFallsBack(t *testing.T) {
	want := brandSheet(t, templates.Layout{})
	for _, color := range []string{"red", "#fff", "#12345", "#1234567", "#12345g", "#+12345", "rgb(0,0,0)", `#000;}*{x:y`, "123456#", "#\u00e9\u00e9\u00e9"} {
		if got := brandSheet(t, templates.Layout{PrimaryColor: color, PageBackground: color}); got != want {
			t.Errorf("with the colour %q the brand is %s, want %s", color, got, want)
		}
	}
}

func TestOnlyWhatPagesLinkToIsServed(t *testing.T) {
	sheet := brandSheet(t, templates.Layout{})
	picture := strings.TrimPrefix(one(t, render(t, states["login"]), "img").attr["src"], templates.StaticPath)
	for _, name := range []string{
		"", "page.css", "../templates.go", "en.json", sheet + "x", strings.Replace(sheet, "-", "", 1), strings.Replace(sheet, "-", "--", 1),
		strings.TrimSuffix(sheet, ".css"), "brand.3b5bdb-f3f4f7.css", picture + "x", strings.Replace(picture, "45-", "3c-", 1),
		strings.Replace(picture, "45-", "-", 1), strings.Replace(picture, "45-", "ffffffff-", 1), strings.Replace(picture, "3b5bdb", "red", 1), strings.Replace(sheet, "3b5bdb", "red", 1),
	} {
		if _, _, ok := templates.Static(name); ok {
			t.Errorf("%q is served", name)
		}
	}
}

func brandSheet(t *testing.T, layout templates.Layout) string {
	t.Helper()
	for _, link := range every(t, render(t, templates.Login{Layout: layout}), "link", "rel=stylesheet") {
		if name, ours := strings.CutPrefix(link.attr["href"], templates.StaticPath); ours && strings.HasPrefix(name, "brand.") {
			return name
		}
	}
	t.Fatal("the page links to no brand's sheet")
	return ""
}

var custom = regexp.MustCompile(`--([\w-]+):\s*(#[0-9a-f]{6})`)

// palette reads the colours of both schemes from the style sheets of a page.
func palette(t *testing.T, layout templates.Layout) (light, dark map[string]string) {
	t.Helper()
	light, dark = map[string]string{}, map[string]string{}
	for _, link := range every(t, render(t, templates.Login{Layout: layout}), "link", "rel=stylesheet") {
		sheet, _, ok := templates.Static(strings.TrimPrefix(link.attr["href"], templates.StaticPath))
		before, after, found := strings.Cut(string(sheet), "@media (prefers-color-scheme:dark)")
		if !found {
			before, after, found = strings.Cut(string(sheet), "@media (prefers-color-scheme: dark)")
		}
		if !ok || !found && custom.Match(sheet) { // a sheet without colours needs no dark ones
			t.Fatalf("%s has no dark scheme", link.attr["href"])
		}
		for _, m := range custom.FindAllStringSubmatch(before, -1) {
			light[m[1]], dark[m[1]] = m[2], m[2]
		}
		for _, m := range custom.FindAllStringSubmatch(after, -1) {
			dark[m[1]] = m[2]
		}
	}
	return light, dark
}

// contrast computes the contrast ratio as WCAG 2.2 defines it.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

func luminance(t *testing.T, color string) (l float64) {
	t.Helper()
	if len(color) != 7 {
		t.Fatal(fmt.Errorf("%q is no colour", color))
	}
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			l += weight * v / 12.92
		} else {
			l += weight * math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return l
}
