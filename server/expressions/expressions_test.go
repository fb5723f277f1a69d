package expressions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/expressions"
)

var env = expressions.Env{
	Values: map[string]any{
		"fields":  map[string]any{"name": "Jane", "age": 17.0, "tags": []any{"a", "b"}, "none": nil, "evil": "{{fields.name}}"},
		"context": map[string]any{"user": map[string]any{"email": "jane@example.com", "user_metadata": map[string]any{"a-b": true}}},
	},
	Now:     func() time.Time { return time.Date(2026, 5, 1, 10, 2, 50, 876e6, time.UTC) },
	Message: func(key string) string { return "<" + key + ">" },
}

func TestExpressions(t *testing.T) {
	undefined := any(expressions.Undefined{})
	for text, want := range map[string]any{
		"plain": "plain", "": "", "{{fields.age}}": 17.0, " {{ fields.age }} ": 17.0, "is {{fields.age}}": "is 17", "{{fields.tags}}": []any{"a", "b"},
		"{{fields.tags[1]}}": "b", "{{fields.tags.length}}": 2.0, "{{fields['name']}}": "Jane", "{{context.user.user_metadata.a-b}}": true,
		"{{fields.nowhere}}": undefined, "{{nowhere.at.all}}": undefined, "x{{fields.nowhere}}y": "xy", "{{fields.none}}": nil,
		"{{fields.none ?? fields.nowhere ?? 'last'}}": "last", "{{fields.name ?? 'last'}}": "Jane", "{{fields.evil}}": "{{fields.name}}",
		"{{fields.name}} {{fields.age}}": "Jane 17", "{{ 'a}}b' }}": "a}}b", "{{ \"it's\" }}": "it's", "{{ 'it\\'s' }}": "it's", "{{ [1, 'b', true, null] }}": []any{1.0, "b", true, nil},
		"{{": "{{", "{{ fields.": "{{ fields.", "{{ 1 + 1 }}": undefined, "{{ fields..name }}": undefined, "{{t('hello')}}": "<hello>",
		"{{ functions.toArray('abc') }}": []any{"abc"}, "{{ functions.toBoolean(1) }}": true, "{{ functions.toBoolean(0) }}": false,
		"{{ functions.length('auth0') }}": 5.0, "{{ functions.mask('secret') }}": "secret", "{{ functions.toNumber('123') }}": 123.0,
		"{{ functions.slice('example', 3, 5) }}": "mp", "{{ functions.slice('example', -3) }}": "ple", "{{ functions.substring('example', 5, 3) }}": "mp",
		"{{ functions.toString(123) }}": "123", "{{ functions.toTimestamp() }}": 1777629770.0, "{{ functions.toTimestamp('2021-04-30T10:02:50.876Z') }}": 1619776970.0,
		"{{ functions.replaceAll('2021-04-30', '-', '/') }}": "2021/04/30", "{{ functions.replace('2021-04-30', '-', '/') }}": "2021/04-30",
		"{{ functions.split('2021-04-30', '-') }}": []any{"2021", "04", "30"}, "{{ functions.split('2021-04-30', '-', 1) }}": []any{"2021"},
		"{{ functions.now() }}": "2026-05-01T10:02:50.876Z", "{{ functions.includes(['auth0', 'identity'], 'identity') }}": true,
		"{{ functions.indexOf(['auth0', 'identity'], 'identity') }}": 1.0, "{{ functions.indexOf('auth0', 'x') }}": -1.0,
		"{{ functions.merge(['a'], ['b']) }}": []any{"a", "b"}, "{{ functions.merge('a', 'b') }}": "ab",
		"{{ functions.md5('auth0') }}":                                      expressions.Hash("MD5", "auth0"),
		"{{ functions.sha1('auth0') }}":                                     expressions.Hash("SHA1", "auth0"),
		"{{ functions.encodeURIComponent(\"a|b c'(é)\") }}":                 "a%7Cb%20c'(%C3%A9)",
		"{{ functions.toLowerCase('ÄB') }}{{ functions.toUpperCase('c') }}": "äbC", "{{ functions.nothing() }}": undefined, "{{ functions.random(3, 3) }}": 3.0,
	} {
		if d := cmp.Diff(want, env.Value(text)); d != "" {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
	}
	if a, b := env.Text("{{functions.uuid()}}"), env.Text("{{functions.uuid()}}"); a == b || len(a) != 36 {
		t.Errorf("two UUIDs are %s and %s", a, b)
	}
	for range 20 {
		if n := env.Value("{{functions.random(0, 2)}}"); n != 0.0 && n != 1.0 && n != 2.0 {
			t.Errorf("a random number of 0 to 2 is %v", n)
		}
	}
}

// TestExpressionsStaySmall nests functions that make long values from short ones.
func TestExpressionsStaySmall(t *testing.T) {
	doubled := "'0123456789'"
	for range 30 {
		doubled = "functions.replaceAll(" + doubled + ", '0', '00000000000000000000')"
	}
	grown := "'" + strings.Repeat("x", 1000) + "'"
	for range 24 {
		grown = "functions.merge(" + grown + ", '" + strings.Repeat("x", 3000) + "')"
	}
	for _, text := range []string{"{{" + doubled + "}}", "{{" + grown + "}}", "{{" + strings.Repeat("(", 100000) + "}}", strings.Repeat("{{", 10000), "{{" + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}}"} {
		if got := env.Text(text); len(got) > 64<<10 && got != text {
			t.Errorf("%.40s… becomes %d bytes", text, len(got))
		}
	}
}

func TestConditions(t *testing.T) {
	for _, test := range []struct {
		operator string
		operands []any
		want     bool
	}{
		{"EQUALS", []any{"{{fields.name}}", "Jane"}, true},
		{"is equal to", []any{"{{fields.age}}", "17"}, true},
		{"EQ", []any{"{{fields.nowhere}}", ""}, false},
		{"IS_DIFFERENT_TO", []any{"{{fields.name}}", "John"}, true},
		{"NOT_EQUALS", []any{"{{fields.name}}", "Jane"}, false},
		{"GREATER_THAN", []any{"{{fields.age}}", "9"}, true},
		{"is greater or equal than", []any{"{{fields.age}}", 17.0}, true},
		{"LESS", []any{"{{fields.age}}", "17"}, false},
		{"LESS_THAN_OR_EQUAL", []any{"{{fields.age}}", "17"}, true},
		{"GT", []any{"{{fields.nowhere}}", "0"}, false},
		{"LT", []any{"2026-01-02", "2026-01-10"}, true},
		{"INCLUDES", []any{"{{fields.tags}}", "b"}, true},
		{"does not include", []any{"{{fields.tags}}", "b"}, false},
		{"CONTAINS", []any{"{{fields.name}}", "an"}, true},
		{"STARTS_WITH", []any{"{{context.user.email}}", "jane@"}, true},
		{"ENDS_WITH", []any{"{{context.user.email}}", "@example.com"}, true},
		{"EXISTS", []any{"{{fields.none}}"}, true},
		{"does not exist", []any{"{{fields.nowhere}}"}, true},
		{"IS_NULL", []any{"{{fields.none}}"}, true},
		{"is not null", []any{"{{fields.none}}"}, false},
		{"has not value", []any{"{{fields.none}}"}, true},
		{"HAS_VALUE", []any{"{{fields.name}}"}, true},
		{"IS_TRUE", []any{"{{context.user.user_metadata.a-b}}"}, true},
		{"is false", []any{"{{fields.nowhere}}"}, false},
		{"AND", []any{}, true},
		{"OR", []any{}, false},
		{"OR", []any{map[string]any{"operator": "EQ", "operands": []any{"1", "2"}}, map[string]any{"operator": "EXISTS", "operands": []any{"{{fields.name}}"}}}, true},
		{"AND", []any{map[string]any{"operator": "EQ", "operands": []any{"1", "2"}}, map[string]any{"operator": "EXISTS", "operands": []any{"{{fields.name}}"}}}, false},
	} {
		got, err := env.Condition(map[string]any{"operator": test.operator, "operands": test.operands})
		if err != nil || got != test.want {
			t.Errorf("%s %v is %v: %v", test.operator, test.operands, got, err)
		}
	}
	for _, bad := range []any{nil, "x", map[string]any{"operator": "RESEMBLES"}, map[string]any{"operands": []any{}}} {
		if _, err := env.Condition(bad); err == nil {
			t.Errorf("the condition %v holds or not", bad)
		}
	}
}
