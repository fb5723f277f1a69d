package templates

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode"
)

// A monogram is a picture used in place of a logo: the initial of a name on a coloured
// tile. Its file name contains both, so that it is not stored, like a brand's style
// sheet.

// monogram returns the first letter or digit of a name, in upper case.
func monogram(name string) rune {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
	}
	return '0'
}

// neutralTile is the colour of an application's tile, beside that of the tenant.
const neutralTile = rgb(0xe4e7ec)

// tile returns the tenant's primary colour, or the default one.
func tile(primary string) rgb {
	if c, ok := parseColor(primary); ok {
		return c
	}
	c, _ := parseColor(defaultPrimary)
	return c
}

var monogramVersion = hash(monogramPicture('0', neutralTile))

func monogramPath(initial rune, tile rgb) template.URL {
	return template.URL(fmt.Sprintf("%smonogram.%s.%x-%s.svg", StaticPath, monogramVersion, initial, tile.String()[1:])) //nolint:gosec // a letter and a colour
}

// monogramOf returns the picture with a name from monogramPath.
func monogramOf(name string) ([]byte, bool) {
	rest, isMonogram := strings.CutPrefix(name, "monogram."+monogramVersion+".")
	rest, isPicture := strings.CutSuffix(rest, ".svg")
	code, color, paired := strings.Cut(rest, "-")
	initial, err := strconv.ParseUint(code, 16, 21)
	tile, ok := parseColor("#" + color)
	letter := rune(initial)
	if !isMonogram || !isPicture || !paired || !ok || err != nil || !unicode.IsLetter(letter) && !unicode.IsDigit(letter) {
		return nil, false
	}
	return monogramPicture(letter, tile), true
}

func monogramPicture(initial rune, tile rgb) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="52" height="52" viewBox="0 0 52 52">`+
		`<rect x=".5" y=".5" width="51" height="51" rx="13.5" fill="%s" stroke="%s"/>`+
		`<text x="26" y="26" dy=".35em" text-anchor="middle" font-family="system-ui,sans-serif" font-size="24" font-weight="650" fill="%s">%c</text></svg>`,
		tile, tile.against(lightCard, edgeContrast), tile.ink(), initial)
}
