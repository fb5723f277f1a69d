package templates

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// The built-in colours, and the backgrounds of the card and of its muted parts in both
// schemes, as in static/page.css.
const (
	defaultPrimary    = "#3b5bdb"
	defaultBackground = "#f3f4f7"

	darkBackground = rgb(0x0d0f14)
	lightCard      = rgb(0xffffff)
	darkCard       = rgb(0x171a21)
	lightQuiet     = rgb(0xf5f6f9)
	darkQuiet      = rgb(0x1f232c)
	footerInk      = rgb(0x7a8394)

	black = rgb(0x000000)
	white = rgb(0xffffff)
)

// The smallest contrast of text, and of the edge of a control (WCAG 2.2, success criteria
// 1.4.3 and 1.4.11).
const (
	textContrast = 4.5
	edgeContrast = 3
)

// The name of a brand's style sheet contains its two colours. Its content follows from the
// name, so it needs no nonce in the page and is not stored; the version changes the name when
// the rules below change.
var brandVersion = hash(brandRules(0x3b5bdb, 0xf3f4f7))

// brandPath returns the path of the style sheet for two colours.
func brandPath(primary, background string) template.URL {
	if _, ok := parseColor(primary); !ok {
		primary = defaultPrimary
	}
	if _, ok := parseColor(background); !ok {
		background = defaultBackground
	}
	return template.URL(StaticPath + "brand." + brandVersion + "." + //nolint:gosec // two checked colours
		primary[1:] + "-" + background[1:] + ".css")
}

// brandSheet returns the style sheet with a name from brandPath.
func brandSheet(name string) ([]byte, bool) {
	colors, isBrand := strings.CutPrefix(name, "brand."+brandVersion+".")
	colors, isSheet := strings.CutSuffix(colors, ".css")
	first, second, paired := strings.Cut(colors, "-")
	primary, ok1 := parseColor("#" + first)
	background, ok2 := parseColor("#" + second)
	if !isBrand || !isSheet || !paired || !ok1 || !ok2 {
		return nil, false
	}
	return brandRules(primary, background), true
}

// brandRules derives all colours from those of the tenant: the primary button in the given
// colour, with a readable text colour (ink) and a visible edge; links and focus rings that
// are readable on the card; the page and the ink of its footer.
func brandRules(primary, background rgb) []byte {
	inTheDark := background
	if background.luminance() > 0.05 {
		inTheDark = darkBackground
	}
	return fmt.Appendf(nil, "%s@media (prefers-color-scheme:dark){\n%s}\n",
		brandScheme(primary, background, lightCard, lightQuiet), brandScheme(primary, inTheDark, darkCard, darkQuiet))
}

// brandScheme returns the rules of one scheme. Links must be readable on the card and on its
// muted parts.
func brandScheme(primary, background, card, quiet rgb) string {
	ink := primary.ink()
	top := background.mix(primary, 0.08)
	footer := footerInk.against(top, textContrast)
	if footer.contrast(background) < textContrast { // no ink is readable on both, so the page has no gradient
		top, footer = background, footerInk.against(background, textContrast)
	}
	return fmt.Sprintf(":root{--primary:%s;--primary-hover:%s;--primary-ink:%s;--primary-edge:%s;--accent:%s;--page:%s;--page-top:%s;--page-ink:%s}\n",
		primary, primary.mix(ink.opposite(), 0.12), ink,
		primary.against(card, edgeContrast), primary.against(quiet, textContrast),
		background, top, footer)
}

// rgb is a colour, 0xrrggbb.
type rgb uint32

// parseColor accepts only #rrggbb, so that an accepted colour can be inserted into a style
// sheet and a path.
func parseColor(s string) (rgb, bool) {
	if len(s) != 7 || s[0] != '#' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 24)
	return rgb(n), err == nil
}

func (c rgb) String() string { return fmt.Sprintf("#%06x", uint32(c)) }

func (c rgb) channels() (red, green, blue float64) {
	return float64(c >> 16 & 0xff), float64(c >> 8 & 0xff), float64(c & 0xff)
}

// luminance is the relative luminance as defined by WCAG 2.2, from 0 to 1.
func (c rgb) luminance() float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	red, green, blue := c.channels()
	return 0.2126*linear(red) + 0.7152*linear(green) + 0.0722*linear(blue)
}

// contrast is the contrast ratio as defined by WCAG 2.2, from 1 to 21.
func (c rgb) contrast(other rgb) float64 {
	lighter, darker := c.luminance(), other.luminance()
	return (max(lighter, darker) + 0.05) / (min(lighter, darker) + 0.05)
}

// mix returns the colour blended with a share of another, from 0 to 1.
func (c rgb) mix(other rgb, share float64) rgb {
	red, green, blue := c.channels()
	red2, green2, blue2 := other.channels()
	blend := func(a, b float64) rgb { return rgb(math.Round(a + (b-a)*share)) }
	return blend(red, red2)<<16 | blend(green, green2)<<8 | blend(blue, blue2)
}

// ink is white if white text is readable on the colour, otherwise black: the two contrasts
// multiply to 21, so one of them is always enough.
func (c rgb) ink() rgb {
	if c.contrast(white) >= textContrast {
		return white
	}
	return black
}

func (c rgb) opposite() rgb { return c ^ 0xffffff }

// against moves the colour away from the ground, just as far as is needed for the contrast
// ratio.
func (c rgb) against(ground rgb, ratio float64) rgb {
	for share := 0.0; share < 1; share += 0.04 {
		if moved := c.mix(ground.ink(), share); moved.contrast(ground) >= ratio {
			return moved
		}
	}
	return ground.ink()
}
