package tenantfile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// replacer puts the values of keywords in the places of their markers, anywhere in the text of a file and before
// it is parsed, as auth0-deploy-cli does. Quotes around @@KEY@@ go with it.
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

// plainJSON is a value as JSON whose texts are written as they are: they may be of a page.
func plainJSON(value any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

// plainText is what JavaScript makes of a value of JSON in a text.
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
