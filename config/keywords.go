package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
)

// keywordMappings is the setting of auth0-deploy-cli that holds the values of keywords, in its configuration file and in
// the environment.
const keywordMappings = "AUTH0_KEYWORD_REPLACE_MAPPINGS"

// Keywords are the values of the keywords in a configuration, as auth0-deploy-cli finds them: in its configuration file at
// a path ("" for none), in the variable AUTH0_KEYWORD_REPLACE_MAPPINGS as JSON, and in the environment. What is named
// later counts.
func Keywords(path string) (map[string]any, error) {
	keywords := map[string]any{}
	if path != "" {
		raw, err := os.ReadFile(path)
		if err == nil {
			var file struct {
				Mappings map[string]any `json:"AUTH0_KEYWORD_REPLACE_MAPPINGS"`
			}
			err = json.Unmarshal(raw, &file)
			maps.Copy(keywords, file.Mappings)
		}
		if err != nil {
			return nil, fmt.Errorf("keywords: %s: %w", path, err)
		}
	}
	environment := map[string]any{}
	for _, variable := range os.Environ() {
		if name, value, ok := strings.Cut(variable, "="); ok {
			environment[name] = value
		}
	}
	if mappings, there := environment[keywordMappings].(string); there && mappings != "" {
		if err := json.Unmarshal([]byte(mappings), &keywords); err != nil {
			return nil, fmt.Errorf("keywords: the variable %s is no JSON object: %w", keywordMappings, err)
		}
	}
	maps.Copy(keywords, environment)
	delete(keywords, "") // #### and @@@@ are no markers
	return keywords, nil
}

// keywordReplacer puts the values of keywords in the places of their markers, anywhere in the text of a file and before
// it is parsed, as auth0-deploy-cli does. Quotes around @@KEY@@ go with it.
type keywordReplacer struct{ asJSON, asText *strings.Replacer }

func newKeywordReplacer(keywords map[string]any) (keywordReplacer, error) {
	var asJSON, asText []string
	for keyword, value := range keywords {
		raw, err := plainJSON(value)
		if err != nil {
			return keywordReplacer{}, fmt.Errorf("keywords: %s: %w", keyword, err)
		}
		marker := "@@" + keyword + "@@"
		asJSON = append(asJSON, "'"+marker+"'", raw, `"`+marker+`"`, raw, marker, raw)
		asText = append(asText, "##"+keyword+"##", plainText(value))
	}
	return keywordReplacer{strings.NewReplacer(asJSON...), strings.NewReplacer(asText...)}, nil
}

func (r keywordReplacer) replace(text []byte) []byte {
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
