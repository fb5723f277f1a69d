package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
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
			err = asObject(raw, &file)
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
		if err := asObject([]byte(mappings), &keywords); err != nil {
			return nil, fmt.Errorf("keywords: the variable %s: %w", keywordMappings, err)
		}
	}
	maps.Copy(keywords, environment)
	delete(keywords, "") // #### and @@@@ are no markers
	return keywords, nil
}

// asObject reads a JSON object, or says that the text is none.
func asObject(raw []byte, into any) error {
	err := json.Unmarshal(raw, into)
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return fmt.Errorf("%s is no JSON object", e.Field)
	} else if ok {
		return errors.New("it is no JSON object")
	}
	return err
}
