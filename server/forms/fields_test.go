package forms_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestEveryFieldIsChecked sends valid and invalid values for each kind of field, and reads the stored value
// through an expression in the form.
func TestEveryFieldIsChecked(t *testing.T) {
	options := []object{{"value": "a", "label": "A"}, {"value": "b", "label": "B"}}
	cards := []object{{"value": "a", "label": "A", "image_url": "https://a.example/a.png"}, {"value": "b", "label": "B", "image_url": "https://a.example/b.png"}}
	payment := object{
		"charge": object{"type": "ONE_OFF", "one_off": object{"amount": 1, "currency": "EUR"}}, "credentials": object{"public_key": "pk", "private_key": "sk"},
	}
	tn := start(t)
	for _, test := range []struct {
		kind   string
		config object
		sent   []string
		// says is the error message, or the field's value after "= ".
		says string
	}{
		{"TEXT", nil, nil, "This field is required."},
		{"TEXT", nil, []string{"x", "  "}, "This field is required."},
		{"TEXT", object{"min_length": 3}, []string{"x", "äö"}, "This field must be at least 3 character(s)."},
		{"TEXT", object{"max_length": 2}, []string{"x", "abc"}, "This field must be less or equal to 2 character(s)."},
		{"TEXT", object{"multiline": true}, []string{"x", "a\r\nb"}, "= a b"},
		{"TEXT", object{"optional": true}, nil, "= "},
		{"EMAIL", nil, []string{"x", "nobody"}, "Please, enter a valid email address."},
		{"EMAIL", nil, []string{"x", "Jane <jane@example.com>"}, "Please, enter a valid email address."},
		{"EMAIL", nil, []string{"x", " jane@example.com "}, "= jane@example.com"},
		{"URL", nil, []string{"x", "javascript:alert(1)"}, "Please, enter a valid URL."},
		{"URL", nil, []string{"x", "https://example.com/a?b=c"}, "= https://example.com/a?b=c"},
		{"TEL", nil, []string{"x", "call me"}, "Please, enter a valid phone number."},
		{"TEL", nil, []string{"x", "8005550175"}, "= 8005550175"},
		{"TEL", object{"country_picker": true}, []string{"x", "800 555 0175", "x.country", "US"}, `"international_number":"+18005550175"`},
		{"TEL", object{"country_picker": true}, []string{"x", "800 555 0175", "x.country", "ZZ"}, "Please, enter a valid phone number."},
		{"NUMBER", nil, []string{"x", "seven"}, "Please, enter a valid decimal."},
		{"NUMBER", nil, []string{"x", "NaN"}, "Please, enter a valid decimal."},
		{"NUMBER", object{"min_value": 2}, []string{"x", "1.5"}, "This field must be greater or equal to 2."},
		{"NUMBER", object{"max_value": 2}, []string{"x", "3"}, "This field must be less or equal to 2."},
		{"NUMBER", nil, []string{"x", "1.5"}, "= 1.5"},
		{"PASSWORD", object{"complexity": true}, []string{"x", "simple"}, "The password must contain an uppercase letter, a lowercase letter, a number and a symbol."},
		{"PASSWORD", object{"nist": true}, []string{"x", "short"}, "This field must be at least 8 character(s)."},
		{"PASSWORD", object{"nist": true}, []string{"x", "aaaaaaaa"}, "This password is too easy to guess."},
		{"PASSWORD", object{"hash": "SHA256"}, []string{"x", "auth0"}, "= d9082bdc"},
		{"DATE", object{"format": "DATE"}, []string{"x", "2026-02-30"}, "Please, enter a valid date."},
		{"DATE", object{"format": "DATE"}, []string{"x", "2026-02-28"}, "= 2026-02-28"},
		{"DATE", object{"format": "TIME"}, []string{"x", "24:00"}, "Please, enter a valid time."},
		{"DATE", object{"format": "TIME"}, []string{"x", "23:15"}, "= 23:15"},
		{"BOOLEAN", nil, []string{"x", "perhaps"}, "Please, enter a valid boolean."},
		{"BOOLEAN", nil, []string{"x", "false"}, "= false"},
		{"BOOLEAN", nil, nil, "This field is required."},
		{"LEGAL", object{"text": "I agree"}, nil, "You have to accept this to continue."},
		{"LEGAL", object{"text": "I agree"}, []string{"x", "true"}, "= true"},
		{"CHOICE", object{"options": options}, []string{"x", "c"}, "Please, choose one of the options."},
		{"CHOICE", object{"options": options}, []string{"x", "a", "x", "b"}, "Please, choose one of the options."},
		{"CHOICE", object{"options": options, "multiple": true}, []string{"x", "a", "x", "b"}, `= ["a","b"]`},
		{"CHOICE", object{"options": options, "allow_other": object{"enabled": true}}, []string{"x", "$other", "x.other", "c"}, "= c"},
		{"CHOICE", object{"options": options}, []string{"x", "$other", "x.other", "c"}, "Please, choose one of the options."},
		{"CARDS", object{"options": cards}, []string{"x", "b"}, "= b"},
		{"DROPDOWN", object{"options": options}, []string{"x", ""}, "This field is required."},
		{"DROPDOWN", object{"options": options}, []string{"x", "a"}, "= a"},
		{"PAYMENT", payment, nil, "tenant0 does not emulate fields of the type PAYMENT."},
		{"FILE", object{"optional": true}, nil, "= "},
		{"FILE", nil, nil, "tenant0 does not emulate fields of the type FILE."},
		{"SOCIAL", nil, nil, "tenant0 does not emulate fields of the type SOCIAL."},
		{"CUSTOM", object{"schema": object{}, "code": "function CustomField() {}"}, []string{"x", "y"}, "tenant0 does not emulate fields of the type CUSTOM."},
	} {
		form := tn.form(nil, step("one", "two", field(test.kind, "x", test.config)), step("two", "$ending", block("RICH_TEXT", "r", object{"content": "<p>= {{fields.x}}</p>"})))
		_, page := tn.send(tn.at(form), test.sent...)
		held, right := strings.CutPrefix(test.says, "= ")
		right = right || strings.HasPrefix(test.says, `"`)
		if wrong := page.Status == http.StatusBadRequest; wrong == right {
			t.Errorf("%s %v with %q: status %d\n%s", test.kind, test.config, test.sent, page.Status, words(page))
		}
		if !strings.Contains(words(page), held) {
			t.Errorf("%s %v with %q: want %q in %s", test.kind, test.config, test.sent, test.says, words(page))
		}
	}
}

// TestAFieldMayBeCalledAsThePageDoes: a field may have the name of one of the page's own inputs.
func TestAFieldMayBeCalledAsThePageDoes(t *testing.T) {
	tn := start(t)
	form := tn.form(nil, step("one", "two", field("TEXT", "state", nil), field("TEXT", "action", nil)), step("two", "$ending", block("RICH_TEXT", "r", object{"content": "<p>{{fields.state}} {{fields.action}}</p>"})))
	says(t, tn.next(tn.at(form), "fields.state", "Ohio", "fields.action", "run"), "Ohio run")
}
