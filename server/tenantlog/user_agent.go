package tenantlog

import (
	"cmp"
	"regexp"
	"strings"
)

// product recognises a browser or an operating system in a User-Agent header.
// The groups of the pattern are the parts of the version.
type product struct {
	name    string
	pattern *regexp.Regexp
}

// version matches up to three numbers.
const version = `(\d+)(?:[._](\d+))?(?:[._](\d+))?`

// browsers are tried in this order, because most also claim to be another
// browser.
var browsers = []product{
	{"Edge", regexp.MustCompile(`Edg(?:e|A|iOS)?/` + version)},
	{"Opera", regexp.MustCompile(`OPR/` + version)},
	{"HeadlessChrome", regexp.MustCompile(`HeadlessChrome/` + version)},
	{"Chrome Mobile iOS", regexp.MustCompile(`CriOS/` + version)},
	{"Firefox iOS", regexp.MustCompile(`FxiOS/` + version)},
	{"Firefox", regexp.MustCompile(`Firefox/` + version)},
	{"Chrome Mobile", regexp.MustCompile(`Chrome/` + version + `\S* Mobile`)},
	{"Chrome", regexp.MustCompile(`Chrome/` + version)},
	{"Mobile Safari", regexp.MustCompile(`Version/` + version + `\S* Mobile`)},
	{"Safari", regexp.MustCompile(`Version/` + version + `\S* Safari`)},
}

var systems = []product{
	{"Windows", regexp.MustCompile(`Windows NT ` + version)},
	{"Android", regexp.MustCompile(`Android ` + version)},
	{"iOS", regexp.MustCompile(`(?:iPhone OS|CPU OS) ` + version)},
	{"Mac OS X", regexp.MustCompile(`Mac OS X ` + version)},
	{"Ubuntu", regexp.MustCompile(`Ubuntu()()()`)},
	{"Linux", regexp.MustCompile(`Linux()()()`)},
}

// userAgent returns a User-Agent header as the log shows it, such as "Chrome
// 120.0.0 / Mac OS X 10.15.7", and whether it belongs to a mobile device.
func userAgent(header string) (shown string, mobile bool) {
	mobile = strings.Contains(header, "Mobile") || strings.Contains(header, "Android") || strings.Contains(header, "iPad")
	return recognise(browsers, header) + " / " + recognise(systems, header), mobile
}

func recognise(products []product, header string) string {
	for _, p := range products {
		if m := p.pattern.FindStringSubmatch(header); m != nil {
			return p.name + " " + cmp.Or(m[1], "0") + "." + cmp.Or(m[2], "0") + "." + cmp.Or(m[3], "0")
		}
	}
	return "Other 0.0.0"
}
