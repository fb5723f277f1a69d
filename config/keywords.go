package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
)

// keywordMappings is auth0-deploy-cli's setting for the values of keywords, in its configuration file and in the
// environment.
const keywordMappings = "AUTH0_KEYWORD_REPLACE_MAPPINGS"

// Keywords returns the values of the keywords in a configuration, found as auth0-deploy-cli does: in its
// configuration file at a path ("" for none), in the variable AUTH0_KEYWORD_REPLACE_MAPPINGS as JSON, and in the
// environment. A later source overrides an earlier one.
func Keywords(path string) (map[string]any, error) {
	keywords := map[string]any{}
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("keywords: %s: %w", path, err)
		}
		var file struct {
			Mappings map[string]any `json:"AUTH0_KEYWORD_REPLACE_MAPPINGS"`
		}
		if err := asObject(raw, &file); err != nil {
			return nil, fmt.Errorf("keywords: %s %w", path, err)
		}
		maps.Copy(keywords, file.Mappings)
	}
	environment := map[string]any{}
	for _, variable := range os.Environ() {
		if name, value, ok := strings.Cut(variable, "="); ok {
			environment[name] = value
		}
	}
	if mappings, there := environment[keywordMappings].(string); there && mappings != "" {
		if err := asObject([]byte(mappings), &keywords); err != nil {
			return nil, fmt.Errorf("keywords: the variable %s %w", keywordMappings, err)
		}
	}
	maps.Copy(keywords, environment)
	delete(keywords, "") // #### and @@@@ are not markers
	return keywords, nil
}

// asObject decodes a JSON object. Its error says that the text is not an object, or which of its members is not.
func asObject(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return fmt.Errorf("is not a JSON object: %w", err)
	case e.Field == "":
		return errors.New("is not a JSON object")
	}
	return fmt.Errorf("has %s, which is not a JSON object", e.Field)
}
