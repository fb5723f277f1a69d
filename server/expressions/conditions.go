package expressions

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Condition evaluates a condition {operator, operands}. The operands of AND and OR are conditions;
// those of other operators are values, which may be expressions. It returns an error for an unknown
// operator.
func (e Env) Condition(condition any) (bool, error) {
	return e.condition(condition, 0)
}

func (e Env) condition(condition any, depth int) (bool, error) {
	c, _ := condition.(map[string]any)
	operator, _ := c["operator"].(string)
	operands, _ := c["operands"].([]any)
	switch name := normal(operator); name {
	case "":
		return false, fmt.Errorf("a condition is {\"operator\": …, \"operands\": […]}, and this is %s", Text(condition))
	case "AND", "OR":
		if depth > maxDepth {
			return false, errSyntax
		}
		return e.joined(name == "AND", operands, depth+1)
	default:
		test, known := operators[name]
		if !known {
			return false, fmt.Errorf("the operator %q is not known", operator)
		}
		var values [2]any
		for i := range values {
			values[i] = Undefined{}
			if i < len(operands) {
				values[i] = e.operand(operands[i])
			}
		}
		return test(values[0], values[1]), nil
	}
}

// joined reports whether all conditions are true (all), or at least one of them.
func (e Env) joined(all bool, conditions []any, depth int) (bool, error) {
	result := all
	for _, c := range conditions {
		holds, err := e.condition(c, depth)
		if err != nil {
			return false, err
		}
		if holds != all {
			result = holds
		}
	}
	return result, nil
}

func (e Env) operand(value any) any {
	if text, ok := value.(string); ok {
		return e.Value(text)
	}
	return value
}

// normal returns the basic name of an operator: "is greater than" and IS_GREATER_THAN are both
// GREATER.
func normal(operator string) string {
	name := strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.TrimSpace(operator)))
	for _, prefix := range []string{"IS_", "DOES_"} {
		name = strings.TrimPrefix(name, prefix)
	}
	for _, suffix := range []string{"_THAN", "_TO", "_WITH"} {
		name = strings.TrimSuffix(name, suffix)
	}
	if full, ok := aliases[name]; ok {
		return full
	}
	return name
}

// aliases are other names of operators. Auth0 documents what the operators do, but not their names
// in the API.
var aliases = map[string]string{
	"EQ": "EQUAL", "EQUALS": "EQUAL", "NEQ": "DIFFERENT", "NE": "DIFFERENT", "NOT_EQUAL": "DIFFERENT", "NOT_EQUALS": "DIFFERENT",
	"GT": "GREATER", "GTE": "GREATER_OR_EQUAL", "GREATER_THAN_OR_EQUAL": "GREATER_OR_EQUAL",
	"LT": "LESS", "LTE": "LESS_OR_EQUAL", "LESS_THAN_OR_EQUAL": "LESS_OR_EQUAL",
	"CONTAINS": "INCLUDES", "INCLUDE": "INCLUDES", "NOT_CONTAINS": "NOT_INCLUDES", "NOT_INCLUDE": "NOT_INCLUDES", "NOT_CONTAIN": "NOT_INCLUDES",
	"START": "STARTS", "END": "ENDS", "EXIST": "EXISTS", "NOT_EXIST": "NOT_EXISTS",
	"HAS_NOT_VALUE": "HAS_NO_VALUE", "NOT_HAS_VALUE": "HAS_NO_VALUE", "EMPTY": "HAS_NO_VALUE", "NOT_EMPTY": "HAS_VALUE",
}

// operators are the operators of conditions, Auth0: customize/forms/routers.
var operators = map[string]func(a, b any) bool{
	"EQUAL":            same,
	"DIFFERENT":        func(a, b any) bool { return !same(a, b) },
	"GREATER":          func(a, b any) bool { return ordered(a, b, func(n int) bool { return n > 0 }) },
	"GREATER_OR_EQUAL": func(a, b any) bool { return ordered(a, b, func(n int) bool { return n >= 0 }) },
	"LESS":             func(a, b any) bool { return ordered(a, b, func(n int) bool { return n < 0 }) },
	"LESS_OR_EQUAL":    func(a, b any) bool { return ordered(a, b, func(n int) bool { return n <= 0 }) },
	"INCLUDES":         includes,
	"NOT_INCLUDES":     func(a, b any) bool { return !includes(a, b) },
	"STARTS":           func(a, b any) bool { return !absent(a) && strings.HasPrefix(Text(a), Text(b)) },
	"ENDS":             func(a, b any) bool { return !absent(a) && strings.HasSuffix(Text(a), Text(b)) },
	"EXISTS":           func(a, _ any) bool { return a != any(Undefined{}) },
	"NOT_EXISTS":       func(a, _ any) bool { return a == any(Undefined{}) },
	"NULL":             func(a, _ any) bool { return a == nil },
	"NOT_NULL":         func(a, _ any) bool { return a != nil },
	"HAS_VALUE":        func(a, _ any) bool { return hasValue(a) },
	"HAS_NO_VALUE":     func(a, _ any) bool { return !hasValue(a) },
	"TRUE":             func(a, _ any) bool { return a == true || a == "true" },
	"FALSE":            func(a, _ any) bool { return a == false || a == "false" },
}

// same reports whether two values are equal. Numbers equal their text, because values that are
// entered in Auth0's editor are strings.
func same(a, b any) bool {
	if absent(a) || absent(b) {
		return absent(a) && absent(b)
	}
	return Text(a) == Text(b)
}

// ordered compares two values: as numbers if both are numbers, otherwise as strings, which is right
// for dates too. It is false if either is null or undefined.
func ordered(a, b any, wanted func(int) bool) bool {
	if absent(a) || absent(b) {
		return false
	}
	x, okX := Number(a)
	y, okY := Number(b)
	if !okX || !okY {
		return wanted(strings.Compare(Text(a), Text(b)))
	}
	switch {
	case x < y:
		return wanted(-1)
	case x > y:
		return wanted(1)
	}
	return wanted(0)
}

func includes(a, b any) bool {
	switch v := a.(type) {
	case nil, Undefined:
		return false
	case []any:
		for _, item := range v {
			if same(item, b) {
				return true
			}
		}
		return false
	case map[string]any:
		_, ok := v[Text(b)]
		return ok
	}
	return strings.Contains(Text(a), Text(b))
}

func hasValue(value any) bool {
	switch v := value.(type) {
	case nil, Undefined:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// JSONValue converts any value to a decoded JSON value.
func JSONValue(value any) (out any, err error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(raw, &out)
}
