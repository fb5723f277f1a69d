package templates_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// element is one element of a page: its attributes by name, and the text in it.
type element struct {
	name string
	attr map[string]string
	text string
}

// elements returns a page's elements in document order. Our pages are well formed
// except for what HTML itself leaves out, which encoding/xml can handle.
func elements(t testing.TB, page string) []*element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var all, open []*element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, page)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all, open = append(all, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.text += string(token)
			}
		}
	}
}

// one returns the only element that has the name and the attributes, which are
// pairs such as "id=username".
func one(t testing.TB, page, name string, attributes ...string) *element {
	t.Helper()
	found := every(t, page, name, attributes...)
	if len(found) != 1 {
		t.Fatalf("%d elements are %s %q, want one, in\n%s", len(found), name, attributes, page)
	}
	return found[0]
}

func every(t testing.TB, page, name string, attributes ...string) []*element {
	t.Helper()
	var found []*element
	for _, e := range elements(t, page) {
		if e.name == name && e.has(attributes) {
			found = append(found, e)
		}
	}
	return found
}

func (e *element) has(attributes []string) bool {
	for _, a := range attributes {
		name, want, _ := strings.Cut(a, "=")
		if got, ok := e.attr[name]; !ok || got != want {
			return false
		}
	}
	return true
}

func (e *element) words() string { return strings.Join(strings.Fields(e.text), " ") }
