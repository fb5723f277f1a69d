package config_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
)

func TestKeywordsComeFromTheFileAndTheEnvironment(t *testing.T) {
	file := writeFile(t, `{"AUTH0_DOMAIN": "acme.test", "AUTH0_KEYWORD_REPLACE_MAPPINGS": {"ONE": 1, "TWO": 1, "THREE": 1}}`)
	t.Setenv("AUTH0_KEYWORD_REPLACE_MAPPINGS", `{"TWO": 2, "THREE": 2}`)
	t.Setenv("THREE", "3")
	got, err := config.Keywords(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"ONE": 1.0, "TWO": 2.0, "THREE": "3"} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for _, mappings := range []string{`["TWO"]`, `"TWO"`, "2"} {
		t.Setenv("AUTH0_KEYWORD_REPLACE_MAPPINGS", mappings)
		if _, err := config.Keywords(""); err == nil || err.Error() != "keywords: the variable AUTH0_KEYWORD_REPLACE_MAPPINGS is not a JSON object" {
			t.Errorf("the variable is %s: %v", mappings, err)
		}
	}
	wrong := writeFile(t, `{"AUTH0_KEYWORD_REPLACE_MAPPINGS": ["ONE"]}`)
	if _, err := config.Keywords(wrong); err == nil || err.Error() != "keywords: "+wrong+" has AUTH0_KEYWORD_REPLACE_MAPPINGS, which is not a JSON object" {
		t.Errorf("mappings that are a list: %v", err)
	}
	t.Setenv("AUTH0_KEYWORD_REPLACE_MAPPINGS", "TWO=2")
	if _, err := config.Keywords(file); err == nil || !strings.Contains(err.Error(), "AUTH0_KEYWORD_REPLACE_MAPPINGS") {
		t.Errorf("a variable that is no JSON: %v", err)
	}
}
