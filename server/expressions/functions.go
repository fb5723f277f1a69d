package expressions

import (
	"crypto/md5" //nolint:gosec // what a tenant asks for
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what a tenant asks for
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arguments are the arguments of a function call.
type arguments struct {
	env Env
	all []any
}

// at returns an argument, or Undefined if it is missing.
func (a arguments) at(i int) any {
	if i < len(a.all) {
		return a.all[i]
	}
	return Undefined{}
}

func (a arguments) text(i int) string { return Text(a.at(i)) }

// index returns an argument as an integer position, or the value otherwise if it is missing or not a
// number.
func (a arguments) index(i, otherwise int) int {
	n, ok := Number(a.at(i))
	if !ok || math.IsNaN(n) {
		return otherwise
	}
	return int(max(min(n, math.MaxInt32), math.MinInt32))
}

// functions are the helper functions, Auth0: customize/forms/variables. encodeURIComponent is
// documented on the page about the actions for Auth0.
var functions = map[string]func(arguments) any{
	"toArray":   toArray,
	"toBoolean": func(a arguments) any { return Truth(a.at(0)) },
	"toNumber": func(a arguments) any {
		if n, ok := Number(a.at(0)); ok {
			return n
		}
		return Undefined{}
	},
	"toString":           func(a arguments) any { return a.text(0) },
	"toTimestamp":        toTimestamp,
	"toLowerCase":        func(a arguments) any { return strings.ToLower(a.text(0)) },
	"toUpperCase":        func(a arguments) any { return strings.ToUpper(a.text(0)) },
	"length":             length,
	"mask":               mask,
	"random":             random,
	"slice":              func(a arguments) any { return slice(a) },
	"substring":          func(a arguments) any { return substring(a) },
	"split":              splitText,
	"replace":            func(a arguments) any { return strings.Replace(a.text(0), a.text(1), a.text(2), 1) },
	"replaceAll":         replaceAll,
	"includes":           func(a arguments) any { return indexOf(a) >= 0 },
	"indexOf":            func(a arguments) any { return float64(indexOf(a)) },
	"merge":              merge,
	"now":                func(a arguments) any { return a.env.Now().UTC().Format("2006-01-02T15:04:05.000Z") },
	"md5":                func(a arguments) any { return Hash("MD5", a.text(0)) },
	"sha1":               func(a arguments) any { return Hash("SHA1", a.text(0)) },
	"sha256":             func(a arguments) any { return Hash("SHA256", a.text(0)) },
	"sha512":             func(a arguments) any { return Hash("SHA512", a.text(0)) },
	"uuid":               func(arguments) any { return UUID() },
	"encodeURIComponent": func(a arguments) any { return encodeURIComponent(a.text(0)) },
}

// Hash returns the hash of a text in hexadecimal. The algorithm is MD5, SHA1, SHA256 or SHA512; for
// any other it returns the text.
func Hash(algorithm, text string) string {
	switch algorithm {
	case "MD5":
		sum := md5.Sum([]byte(text)) //nolint:gosec // what a tenant asks for
		return hex.EncodeToString(sum[:])
	case "SHA1":
		sum := sha1.Sum([]byte(text)) //nolint:gosec // what a tenant asks for
		return hex.EncodeToString(sum[:])
	case "SHA256":
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	case "SHA512":
		sum := sha512.Sum512([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	return text
}

// UUID returns a new random UUID, RFC 9562 section 5.4.
func UUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Number converts a value to a number; ok is false if that is not possible.
func Number(value any) (n float64, ok bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return n, err == nil
	}
	return 0, false
}

// Truth converts a value to a boolean.
func Truth(value any) bool {
	switch v := value.(type) {
	case nil, Undefined:
		return false
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		return v != "" && v != "0" && !strings.EqualFold(v, "false")
	}
	return true
}

func toArray(a arguments) any {
	switch v := a.at(0).(type) {
	case []any:
		return v
	case nil, Undefined:
		return []any{}
	default:
		return []any{v}
	}
}

// toTimestamp returns a date in seconds since 1970; without an argument, the current time.
func toTimestamp(a arguments) any {
	if len(a.all) == 0 {
		return float64(a.env.Now().Unix())
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, a.text(0)); err == nil {
			return float64(at.Unix())
		}
	}
	return Undefined{}
}

func length(a arguments) any {
	switch v := a.at(0).(type) {
	case string:
		return float64(len([]rune(v)))
	case []any:
		return float64(len(v))
	case map[string]any:
		return float64(len(v))
	}
	return Undefined{}
}

func mask(a arguments) any {
	if a.env.Masked != nil {
		a.env.Masked(a.at(0))
	}
	return a.at(0)
}

// random returns a random number between its first two arguments: an integer, unless the third
// argument is true.
func random(a arguments) any {
	low, okLow := Number(a.at(0))
	high, okHigh := Number(a.at(1))
	if !okLow || !okHigh || high < low {
		return Undefined{}
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	share := float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
	if Truth(a.at(2)) {
		return low + share*(high-low)
	}
	return math.Floor(low + share*(math.Floor(high)-low+1))
}

// span returns the range of n items that the second and third arguments give. Negative positions
// count from the end.
func span(a arguments, n int) (from, to int) {
	at := func(i int) int {
		if i < 0 {
			i += n
		}
		return max(0, min(i, n))
	}
	from, to = at(a.index(1, 0)), at(a.index(2, n))
	return from, max(from, to)
}

func slice(a arguments) any {
	if list, ok := a.at(0).([]any); ok {
		from, to := span(a, len(list))
		return slices.Clone(list[from:to])
	}
	runes := []rune(a.text(0))
	from, to := span(a, len(runes))
	return string(runes[from:to])
}

// substring treats negative positions as 0, and accepts its two positions in either order, as in
// JavaScript.
func substring(a arguments) any {
	runes := []rune(a.text(0))
	at := func(i int) int { return max(0, min(i, len(runes))) }
	from, to := at(a.index(1, 0)), at(a.index(2, len(runes)))
	return string(runes[min(from, to):max(from, to)])
}

func splitText(a arguments) any {
	parts := strings.Split(a.text(0), a.text(1))
	if limit := a.index(2, len(parts)); limit >= 0 && limit < len(parts) {
		parts = parts[:limit]
	}
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

func replaceAll(a arguments) any {
	text, old, fresh := a.text(0), a.text(1), a.text(2)
	if len(fresh) > 0 && (strings.Count(text, old)+1)*len(fresh) > maxValue {
		return Undefined{}
	}
	return strings.ReplaceAll(text, old, fresh)
}

// indexOf returns the position of an item in a list, or of a text in another text, or -1.
func indexOf(a arguments) int {
	from := max(0, a.index(2, 0))
	if list, ok := a.at(0).([]any); ok {
		for i := from; i < len(list); i++ {
			if same(list[i], a.at(1)) {
				return i
			}
		}
		return -1
	}
	runes := []rune(a.text(0))
	if from > len(runes) {
		return -1
	}
	before, _, found := strings.Cut(string(runes[from:]), a.text(1))
	if !found {
		return -1
	}
	return from + len([]rune(before))
}

func merge(a arguments) any {
	switch base := a.at(0).(type) {
	case []any:
		if more, ok := a.at(1).([]any); ok {
			return append(slices.Clone(base), more...)
		}
		return append(slices.Clone(base), a.at(1))
	case map[string]any:
		out := maps.Clone(base)
		if more, ok := a.at(1).(map[string]any); ok {
			maps.Copy(out, more)
		}
		return out
	}
	return a.text(0) + a.text(1)
}

// encodeURIComponent is the function of ECMAScript: it does not escape A-Z a-z 0-9 - _ . ! ~ * ' (
// ).
func encodeURIComponent(text string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	for _, c := range "!*'()" {
		escaped = strings.ReplaceAll(escaped, url.QueryEscape(string(c)), string(c))
	}
	return escaped
}
