package resource

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/callback"
	"github.com/tenant0/tenant0/storage"
)

// Operation says what a body is sent for.
type Operation int

// The operations: Create demands the required members, Update only checks what is sent,
// and Replace is an update that demands all required members which may change.
const (
	Create Operation = iota
	Update
	Replace
)

// Check checks a body against the description and returns Auth0's validation error, or
// nil.
func (k *Kind) Check(body storage.Document, op Operation) error {
	c := checker{op: op}
	if op == Update && len(body) < k.Min {
		c.fail(place{}, "Too few properties defined (%d), minimum %d", len(body), k.Min)
	}
	if k.Item != nil {
		c.members(place{}, body, k.Field())
	} else {
		c.object(place{}, body, k.Fields, k.Open)
	}
	if c.err == nil && k.Rule != nil {
		return k.Rule(body)
	}
	return c.err
}

// checker stops at the first fault. Faults of an object come before those of its
// members, and members are checked in the order of their names, so that the same body
// always gets the same error.
type checker struct {
	op  Operation
	err error
}

// place is the path of a member in the body; the zero place is the body itself. doc is a
// description of the member that Auth0's message contains, if it is known.
type place struct{ path, doc string }

func (p place) member(name, doc string) place {
	if p.path != "" {
		name = p.path + "." + name
	}
	return place{name, doc}
}

func (p place) item(i int, doc string) place { return place{fmt.Sprintf("%s[%d]", p.path, i), doc} }

// fail records the first fault.
func (c *checker) fail(at place, format string, args ...any) {
	if c.err != nil {
		return
	}
	sentence := "'" + fmt.Sprintf(format, args...) + "'"
	if at.path != "" {
		sentence += " on property " + at.path
	}
	if at.doc != "" {
		sentence += " (" + at.doc + ")"
	}
	c.err = InvalidBody("Payload validation error: " + sentence + ".")
}

// InvalidBody returns Auth0's error for an invalid body.
func InvalidBody(message string) error {
	return &apierr.Error{Status: http.StatusBadRequest, Message: message, Extra: map[string]any{"errorCode": "invalid_body"}}
}

func (c *checker) object(at place, body storage.Document, fields Fields, open bool) {
	var surplus []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if f, known := fields[name]; (!known && !open) || (known && !c.allowed(at, f)) {
			surplus = append(surplus, name)
		}
	}
	if len(surplus) > 0 {
		c.fail(at, "Additional properties not allowed: %s", strings.Join(surplus, ","))
		return
	}
	c.required(at, body, fields)
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if f, known := fields[name]; known && c.err == nil {
			c.value(at.member(name, f.Doc), body[name], f)
		}
	}
}

// required checks for missing members; a PATCH may leave out members of the body.
func (c *checker) required(at place, body storage.Document, fields Fields) {
	if c.op == Update && at.path == "" {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, sent := body[name]; !sent && fields[name].Required && c.allowed(at, fields[name]) {
			c.fail(at, "Missing required property: %s", name)
			return
		}
	}
}

// allowed reports whether a member may be sent. CreateOnly and UpdateOnly apply only to
// members of the body itself.
func (c *checker) allowed(at place, f Field) bool {
	switch {
	case f.Access == ReadOnly:
		return false
	case at.path != "":
		return true
	case f.Access == CreateOnly:
		return c.op == Create
	case f.Access == UpdateOnly:
		return c.op != Create
	}
	return true
}

func (c *checker) value(at place, value any, f Field) {
	// A null in a PATCH removes the member, unless the member is required.
	if value == nil && (f.Nullable || f.Type == Any || (c.op == Update && !f.Required)) {
		return
	}
	if got := typeOf(value); f.Type != Any && got != f.Type && (got != Integer || f.Type != Number) {
		c.fail(at, "Expected type %s but found type %s", f.Type, got)
		return
	}
	if f.Only != nil && value != f.Only {
		c.fail(at, "No enum match for: %v", value)
		return
	}
	if f.OneOf != nil && !c.fits(value, f.OneOf()) {
		c.fail(at, "Data does not match any schemas from '%s'", "oneOf")
		return
	}
	switch v := value.(type) {
	case string:
		c.text(at, v, f)
	case float64:
		c.number(at, v, f)
	case []any:
		c.list(at, v, f)
	case storage.Document:
		switch {
		case len(v) < f.Min:
			c.fail(at, "Too few properties defined (%d), minimum %d", len(v), f.Min)
		case f.Max > 0 && len(v) > f.Max:
			c.fail(at, "Too many properties defined (%d), maximum %d", len(v), f.Max)
		case f.Fields != nil:
			c.object(at, v, f.Fields, f.Open)
		case f.Item != nil:
			c.members(at, v, f)
		}
		if f.Metadata {
			c.metadata(at, v, f)
		}
	}
}

// fits reports whether a value fits at least one of several descriptions.
func (c *checker) fits(value any, schemas []Field) bool {
	return slices.ContainsFunc(schemas, func(schema Field) bool {
		one := checker{op: c.op}
		one.value(place{path: "-"}, value, schema) // checked as a member, not as a body
		return one.err == nil
	})
}

// members checks the members of an object by its Item.
func (c *checker) members(at place, body storage.Document, f Field) {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if f.Names != nil && !f.Names().MatchString(name) {
			c.fail(at, "Additional properties not allowed: %s", name)
			return
		}
		c.value(at.member(name, f.Item.Doc), body[name], *f.Item)
	}
}

func typeOf(value any) Type {
	switch v := value.(type) {
	case string:
		return String
	case bool:
		return Bool
	case float64:
		if v == math.Trunc(v) {
			return Integer
		}
		return Number
	case int:
		return Integer
	case []any:
		return Array
	case storage.Document:
		return Object
	}
	return "null"
}

// formats are the checks of texts, by format.
var formats = map[string]func(string) bool{
	"email":                 IsEmail,
	"uri":                   hasScheme,
	"callback-url":          callback.Registrable,
	"url-with-placeholders": callback.Registrable,
	"absolute-http-url":     isHTTP,
	"absolute-uri-or-empty": func(s string) bool { return s == "" || hasAnyPrefix(s, "http://", "https://") },
	"absolute-https-uri-with-placeholders-or-empty": isHTTPSOrEmpty,
	"absolute-https-uri-or-empty":                   isHTTPSOrEmpty,
	"strict-uri":                                    isAddress,
	"strict-https-uri":                              func(s string) bool { return isHTTP(s) && hasAnyPrefix(s, "https://") },
	"email-or-empty":                                func(s string) bool { return s == "" || IsEmail(s) },
	"html-color":                                    func(s string) bool { return htmlColor().MatchString(s) },
	"hostname":                                      func(s string) bool { return hostname().MatchString(s) },
	"ip-or-cidr":                                    func(s string) bool { return isIPv4(s) || isIPv6(s) },
	"ipv4-or-cidr":                                  isIPv4,
	"ipv6-or-cidr":                                  isIPv6,
}

// choices are the formats that Auth0 declares as a choice of other formats, with the
// JSON Schema keyword: the message then does not quote the value.
var choices = map[string]string{"ip-or-cidr": "anyOf", "ipv4-or-cidr": "oneOf", "ipv6-or-cidr": "oneOf"}

var (
	htmlColor = Like("^#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$")
	hostname  = Like(`^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9])\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9])$`)
)

// isIPv4 reports whether a text is an IPv4 address or a range of addresses in CIDR
// notation.
func isIPv4(s string) bool {
	address, ok := addressOf(s)
	return ok && address.Is4()
}

// isIPv6 is isIPv4 for IPv6.
func isIPv6(s string) bool {
	address, ok := addressOf(s)
	return ok && address.Is6() && address.Zone() == ""
}

// addressOf returns the IP address in a text, or the first address of the range in a
// text, RFC 4632 section 3.1.
func addressOf(s string) (netip.Addr, bool) {
	if block, err := netip.ParsePrefix(s); err == nil {
		return block.Addr(), true
	}
	address, err := netip.ParseAddr(s)
	return address, err == nil
}

func isHTTPSOrEmpty(s string) bool { return s == "" || hasAnyPrefix(s, "https://") }

// maxEmail is the longest e-mail address, in bytes: the part before the @ and the part
// after it, RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.2.
const maxEmail = 64 + 1 + 255

// IsEmail reports whether a text is an e-mail address without a display name.
func IsEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxEmail
}

// isHTTP reports whether a text is an http or https URL with a host.
func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// isAddress reports whether a text is the address of something on the web: an http, https or ftp URL with a host, whose
// scheme may be left out. Other schemes are not addresses, such as data: and javascript:.
func isAddress(s string) bool {
	bare := !strings.Contains(s, "://")
	if bare {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil || bare && u.User != nil { // mailto:ann@example.com is no address of ann's page
		return false
	}
	return slices.Contains([]string{"http", "https", "ftp"}, u.Scheme) && u.Hostname() != "" && !strings.ContainsFunc(s, isNoURL)
}

// isNoURL reports whether a character is none of a URL.
func isNoURL(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>' }

// hasScheme reports whether a text begins like a URL, RFC 3986 section 3.1, to which a browser
// may be sent. The rest is not checked, because it may contain placeholders, which are not valid
// in URLs.
func hasScheme(s string) bool { return scheme().MatchString(s) && !callback.Dangerous(s) }

var scheme = Like("^[A-Za-z][A-Za-z0-9+.-]*:.")

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func (c *checker) text(at place, v string, f Field) {
	length := utf8.RuneCountInString(v)
	switch {
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, v):
		c.fail(at, "No enum match for: %s", f.Redact(v)) // without secrets, because messages are logged
	case length < f.Min:
		c.fail(at, "String is too short (%d chars), minimum %d", length, f.Min)
	case f.Max > 0 && length > f.Max:
		c.fail(at, "String is too long (%d chars), maximum %d", length, f.Max)
	case f.Pattern != nil && !f.Pattern().MatchString(v):
		c.fail(at, "String does not match pattern %s: %s", f.Pattern(), f.Redact(v))
	case f.Format != "" && !formats[f.Format](v) && choices[f.Format] != "":
		c.fail(at, "Data does not match any schemas from '%s'", choices[f.Format])
	case f.Format != "" && !formats[f.Format](v):
		c.fail(at, "Object didn't pass validation for format %s: %s", f.Format, f.Redact(v))
	}
}

func (c *checker) number(at place, v float64, f Field) {
	least, most := cmp.Or(f.Least, float64(f.Min)), cmp.Or(f.Max, maxNumber)
	switch {
	case v < least:
		c.fail(at, "Value %s is less than minimum %s", plain(v), plain(least))
	case v > float64(most):
		c.fail(at, "Value %s is greater than maximum %d", plain(v), most)
	}
}

// maxNumber is the limit for numbers without a documented limit: the largest that every
// client can hold.
const maxNumber = math.MaxInt32

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (c *checker) list(at place, v []any, f Field) {
	switch {
	case len(v) < f.Min:
		c.fail(at, "Array is too short (%d), minimum %d", len(v), f.Min)
		return
	case f.Max > 0 && len(v) > f.Max:
		c.fail(at, "Array is too long (%d), maximum %d", len(v), f.Max)
		return
	case f.Unique:
		if i, j, ok := repeated(v); ok {
			c.fail(at, "Array items are not unique (indexes %d and %d)", i, j)
			return
		}
	}
	if f.Item == nil {
		return
	}
	for i, item := range v {
		c.value(at.item(i, f.Item.Doc), item, *f.Item)
	}
}

// repeated returns the indexes of the first two equal items of a list. Equal values have
// the same JSON.
func repeated(v []any) (i, j int, ok bool) {
	first := make(map[string]int, len(v))
	for j, item := range v {
		raw, _ := json.Marshal(item) // JSON values always marshal
		if i, there := first[string(raw)]; there {
			return i, j, true
		}
		first[string(raw)] = j
	}
	return 0, 0, false
}
