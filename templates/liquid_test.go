package templates_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

// TestLiquidIsBounded renders templates that would take hours, or more memory than there is, without
// limits.
func TestLiquidIsBounded(t *testing.T) {
	long := strings.Repeat("x", 600_000)
	big := []any{}
	for range 100 {
		big = append(big, strings.Repeat("y", 5000))
	}
	grow := func(step string) string {
		return "{% assign a = 'xxxxxxxx' %}{% for i in (1..60) %}" + step + "{% endfor %}{{ a | size }}"
	}
	for name, text := range map[string]string{
		"loops in loops":            "{% for i in (1..100000) %}{% for j in (1..100000) %}{% for k in (1..100000) %}{% endfor %}{% endfor %}{% endfor %}",
		"an endless loop":           "{% for i in (1..9000000000000000000) %}{% endfor %}",
		"an endless row":            "{% tablerow i in (1..9000000000000000000) %}{% endtablerow %}",
		"a loop that goes on":       "{% for i in (1..9000000000000000000) %}{% continue %}{% endfor %}",
		"a long loop of text":       "{% for i in (1..90000) %}" + strings.Repeat("x", 100) + "{% endfor %}",
		"a loop of long text":       "{% for i in (1..3) %}{{ long }}{% endfor %}",
		"appending":                 grow("{% assign a = a | append: a %}"),
		"prepending":                grow("{% assign a = a | prepend: a %}"),
		"capturing":                 grow("{% capture a %}{{ a }}{{ a }}{% endcapture %}"),
		"trimmed captures":          grow("{%- capture a -%}{{ a }}{{ a }}{%- endcapture -%}"),
		"a loop in a capture":       "{% capture a %}{% for i in (1..90000) %}{{ long }}{% endfor %}{% endcapture %}",
		"replacing":                 "{{ long | replace: 'x', long }}",
		"replacing nothing":         "{{ long | replace: '', long }}",
		"joining":                   "{{ long | split: '' | join: long }}",
		"joining what is long":      "{{ big | concat: big | concat: big | join: '' }}",
		"lists that double":         "{% assign l = big %}{% for i in (1..60) %}{% assign l = l | concat: l %}{% endfor %}",
		"the JSON of what is long":  "{% assign l = big | concat: big | concat: big %}{{ l | json }}",
		"a range as a list":         "{{ (1..9000000000) | join: ',' }}",
		"a range that is turned":    "{{ (1..9000000000) | reverse | size }}",
		"filters without end":       "{% for i in (1..90000) %}{{ long | upcase | downcase | size }}{% endfor %}",
		"a text longer than any is": "{{ a }}" + long + long,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := templates.Liquid(text, map[string]any{"long": long, "big": big})
			if !errors.Is(err, templates.ErrLimit) || out != "" {
				t.Errorf("it renders %d bytes and %v", len(out), err)
			}
		})
	}
}

func TestLiquid(t *testing.T) {
	values := map[string]any{
		"name": "Jane", "list": []any{"b", "a", "b"}, "when": "2026-11-28T10:00:00Z", "objects": []any{map[string]any{"id": 1.0}, map[string]any{"id": 1.0}},
	}
	for text, want := range map[string]string{
		"Hello {{ name | upcase | append: '!' }}":                                            "Hello JANE!",
		"{% for i in (1..3) %}{{ i }}{% unless forloop.last %}, {% endunless %}{% endfor %}": "1, 2, 3",
		"{% for i in (1..3) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}":   "13",
		"{%- if name -%}  a  {%- else -%} b {%- endif -%}  c":                                "ac",
		"{% capture x %}<{{ name }}>{% endcapture %}{{ x }}{{ x | size }}":                   "<Jane>6",
		"{% case name %}{% when 'Jane' %}yes{% else %}no{% endcase %}":                       "yes",
		"{{ list | uniq | sort | join: '+' }}":                                               "a+b",
		"{{ list | join }}":                                                                  "b a b",
		"{{ objects | uniq | size }}":                                                        "1",
		"{{ 'a.b.c' | replace: '.', '--' }}":                                                 "a--b--c",
		"{{ when | date: '%Y-%m-%d' }} {{ name | default: 'x' }}{{ nobody | default: 'x' }}": "2026-11-28 Janex",
		"{{ list | json }}":                                        `["b","a","b"]`,
		"{{ (1..3) | join: '-' }}":                                 "1-2-3",
		"{% raw %}{{ name }}{% capture x %}{% endraw %}.":          "{{ name }}{% capture x %}.",
		"{% comment %}{% if %}{{ | }}{% endcomment %}seen":         "seen",
		"{% assign x = 3 | plus: 4 %}{{ x | minus: 2 }}":           "5",
		"{% tablerow i in list cols: 2 %}{{ i }}{% endtablerow %}": `<tr class="row1"><td class="col1">b</td><td class="col2">a</td></tr><tr class="row2"><td class="col1">b</td></tr>`,
		// Invalid Liquid, or Liquid that fails, stays as it was written.
		"{% if %}":                         "{% if %}",
		"{{ name | no_such_filter }}":      "{{ name | no_such_filter }}",
		"{{ name | slice: 2, -7 }}":        "{{ name | slice: 2, -7 }}",
		"{{ when | date: '%100000000d' }}": "{{ when | date: '%100000000d' }}",
		// A template cannot read files.
		"{% include 'liquid_test.go' %}": "{% include 'liquid_test.go' %}",
	} {
		if got, err := templates.Liquid(text, values); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestLiquidInHTMLIsEscaped prints values and member names that contain mark-up, in all the ways in
// which a template can print them.
func TestLiquidInHTMLIsEscaped(t *testing.T) {
	const evil = `"><script>alert('1')</script>`
	deep := map[string]any{evil: evil, "list": []any{evil, map[string]any{evil: []any{evil}}}, "in": map[string]any{"it": map[string]any{evil: 1.0}}}
	for _, text := range []string{
		"{{ user }}", "{{ user | json }}", "{{ user | inspect }}", "{{ user.in.it | json }}", "{{ user.list }}", "{{ user.list | json }}",
		"{% for pair in user %}{{ pair[0] }}={{ pair[1] }};{% endfor %}", "{% for pair in user.in.it %}{{ pair }}{% endfor %}",
		"{% for item in user.list %}{{ item }}{% for pair in item %}{{ pair[0] }}{% endfor %}{% endfor %}", "{{ user.list | join: ',' }}",
	} {
		got, err := templates.LiquidHTML(text, map[string]any{"user": deep})
		if err != nil || strings.ContainsAny(got, "<>") || !strings.Contains(got, "script") {
			t.Errorf("%s is %q, %v", text, got, err)
		}
	}
	once, err := templates.LiquidHTML("{{ name | escape }}{{ '<' | escape }}", map[string]any{"name": "O'Brien"})
	if err != nil || once != "O&#39;Brien&lt;" {
		t.Errorf("what the template escapes itself is %q, %v", once, err)
	}
	if got, err := templates.Liquid("{{ user.list[0] }}", map[string]any{"user": deep}); err != nil || got != evil {
		t.Errorf("plain text is %q, %v", got, err)
	}
}
