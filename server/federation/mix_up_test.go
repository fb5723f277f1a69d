package federation_test

import "testing"

// TestAnAnswerOfAnotherProvider: the code in an answer with another iss is not sent to the provider of the login.
func TestAnAnswerOfAnotherProvider(t *testing.T) {
	for _, tt := range []struct {
		name  string
		named bool // by the provider's document
		iss   func(l *liar) string
		said  string
	}{
		{"its own", false, func(l *liar) string { return l.URL }, "logged in"},
		{"its own, as it has said", true, func(l *liar) string { return l.URL }, "logged in"},
		{"none", false, nil, "logged in"},
		{"none, though it has said so", true, nil, unproven},
		{"another's", false, func(*liar) string { return "https://honest.example.com" }, unproven},
		{"its own with a slash", false, func(l *liar) string { return l.URL + "/" }, unproven},
	} {
		l := newLiar(t)
		l.named = tt.named
		tn := ofLiar(t, l, "")
		params := []string{"state", tn.ask(l), "code", "c"}
		if tt.iss != nil {
			params = append(params, "iss", tt.iss(l))
		}
		l.redeemed = nil
		if said := tn.answer(params...); said != tt.said {
			t.Errorf("%s: %s", tt.name, said)
		}
		if taken := l.redeemed != nil; taken != (tt.said == "logged in") {
			t.Errorf("%s: whether the code was redeemed is %v", tt.name, taken)
		}
	}
}
