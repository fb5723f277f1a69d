package tenantfile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// replacer replaces the markers of keywords by their values anywhere in the text of a file, before the file is
// parsed, as auth0-deploy-cli does. Quotes around @@KEY@@ are replaced as well.
type replacer struct{ asJSON, asText *strings.Replacer }

func newReplacer(keywords map[string]any) (replacer, error) {
	var asJSON, asText []string
	for keyword, value := range keywords {
		raw, err := plainJSON(value)
		if err != nil {
			return replacer{}, fmt.Errorf("keywords: %s: %w", keyword, err)
		}
		marker := "@@" + keyword + "@@"
		asJSON = append(asJSON, "'"+marker+"'", raw, `"`+marker+`"`, raw, marker, raw)
		asText = append(asText, "##"+keyword+"##", plainText(value))
	}
	return replacer{strings.NewReplacer(asJSON...), strings.NewReplacer(asText...)}, nil
}

func (r replacer) replace(text []byte) []byte {
	return []byte(r.asText.Replace(r.asJSON.Replace(string(text))))
}

// plainJSON encodes a value as JSON without escaping characters of HTML, because texts may be whole pages.
func plainJSON(value any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// plainText converts a JSON value to text as JavaScript does.
func plainText(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case []any:
		items := make([]string, len(value))
		for i, item := range value {
			if item != nil {
				items[i] = plainText(item)
			}
		}
		return strings.Join(items, ",")
	case map[string]any:
		return "[object Object]"
	default:
		return fmt.Sprint(value)
	}
}
