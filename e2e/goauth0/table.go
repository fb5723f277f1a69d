package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// family is a family of resources: how a resource is created and changed, and which
// other calls are made.
type family struct {
	Client  string         `json:"client"`
	As      string         `json:"as"`
	Of      []any          `json:"of"`
	ID      string         `json:"id"`
	Page    string         `json:"page"`
	Create  map[string]any `json:"create"`
	Update  map[string]any `json:"update"`
	Replace map[string]any `json:"replace"`
	Hidden  []string       `json:"hidden"`
	List    *bool          `json:"list"`
	Last    bool           `json:"last"`
	Calls   []step         `json:"calls"`
}

// step is a call and its expected answer.
type step struct {
	Call    string `json:"call"`
	With    []any  `json:"with"`
	Answers any    `json:"answers"`
	Lists   any    `json:"lists"`
	Count   *int   `json:"count"`
	Fails   int    `json:"fails"`
	Keep    string `json:"keep"`
}

func (f family) name() string {
	if f.As != "" {
		return f.As
	}
	return f.Client
}

// tester executes the table.
type tester struct {
	sdk
	kept     map[string]any
	unknown  map[string]bool
	calls    int
	failures []error
}

// attempt records a failure.
func (t *tester) attempt(name string, err error) {
	if err != nil && !errors.Is(err, errUnknown) {
		t.failures = append(t.failures, fmt.Errorf("%s: %w", name, err))
	}
}

// invoke calls a method and counts the call.
func (t *tester) invoke(path string, args ...any) (any, error) {
	answer, err := t.call(path, args)
	if errors.Is(err, errUnknown) {
		t.unknown[path] = true
	} else {
		t.calls++
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return answer, nil
}

// all creates and tests every family, and deletes the resources in reverse order.
func (t *tester) all(families []family) {
	for _, f := range families {
		if !f.Last {
			t.attempt(f.name(), t.exercise(f))
		}
	}
	for _, f := range slices.Backward(families) {
		if f.Create != nil {
			t.attempt(f.name(), t.remove(f))
		}
	}
	for _, f := range families {
		if f.Last {
			t.attempt(f.name(), t.exercise(f))
		}
	}
}

func (t *tester) exercise(f family) error {
	if f.Create != nil {
		if err := t.create(f); err != nil {
			return err
		}
	}
	for _, s := range f.Calls {
		if err := t.run(s); err != nil && !errors.Is(err, errUnknown) {
			return err
		}
	}
	return nil
}

func (t *tester) create(f family) error {
	of, body := t.fill(f.Of).([]any), t.fill(f.Create).(map[string]any)
	hidden := append(t.forgets(f.name()), f.Hidden...)
	sent := without(body, hidden)
	made, err := t.invoke(f.Client+".create", append(of, body)...)
	if err != nil {
		return err
	}
	if made == nil { // some methods have no answer
		if made, err = t.listed(f, of, sent); err != nil {
			return err
		}
	}
	t.kept[f.name()] = made
	id := member(made, f.ID)
	if err := errors.Join(has(made, sent), t.shows(f, of, id, sent)); err != nil {
		return err
	}
	if f.List == nil || *f.List {
		if _, err := t.listed(f, of, map[string]any{f.ID: id}); err != nil && !errors.Is(err, errUnknown) {
			return err
		}
	}
	change := f.Update
	if f.Replace != nil {
		change = maps.Clone(body)
		maps.Copy(change, f.Replace)
	}
	if change == nil {
		return nil
	}
	if _, err := t.invoke(f.Client+".update", append(of, id, change)...); err != nil {
		return err
	}
	return t.shows(f, of, id, without(change, hidden))
}

// shows checks that reading a resource returns the wanted members.
func (t *tester) shows(f family, of []any, id any, want map[string]any) error {
	got, err := t.invoke(f.Client+".get", append(slices.Clone(of), id)...)
	if err != nil {
		return err
	}
	return has(got, want)
}

// listed returns a resource from its list.
func (t *tester) listed(f family, of []any, want any) (any, error) {
	args := slices.Clone(of)
	if f.Page != "" {
		args = append(args, map[string]any{f.Page: 1.0})
	}
	list, err := t.invoke(f.Client+".list", args...)
	if err != nil {
		return nil, err
	}
	return includes(list, want)
}

func (t *tester) remove(f family) error {
	made, ok := t.kept[f.name()]
	if !ok {
		return nil // this version does not have it
	}
	args := append(t.fill(f.Of).([]any), member(made, f.ID))
	if _, err := t.invoke(f.Client+".delete", args...); err != nil {
		return err
	}
	_, err := t.invoke(f.Client+".get", args...)
	return t.failed(err, 404)
}

func (t *tester) failed(err error, status int) error {
	if errors.Is(err, errUnknown) {
		return nil
	}
	if got := t.status(err); got != status {
		return fmt.Errorf("the status is %d, want %d: %w", got, status, err)
	}
	return nil
}

func (t *tester) run(s step) error {
	answer, err := t.invoke(s.Call, t.fill(s.With).([]any)...)
	if s.Fails != 0 {
		return t.failed(err, s.Fails)
	}
	if err != nil {
		return err
	}
	if s.Answers != nil {
		if err := has(answer, t.fill(s.Answers)); err != nil {
			return fmt.Errorf("%s: %w", s.Call, err)
		}
	}
	if list := items(answer); s.Count != nil && len(list) != *s.Count {
		return fmt.Errorf("%s lists %v, want %d", s.Call, list, *s.Count)
	}
	if s.Lists != nil {
		if answer, err = includes(answer, t.fill(s.Lists)); err != nil {
			return fmt.Errorf("%s: %w", s.Call, err)
		}
	}
	if s.Keep != "" {
		t.kept[s.Keep] = answer
	}
	return nil
}

// fill returns a copy of a value in which each "$name.member" is replaced by the
// kept value. "$ending" is not replaced, because it is a keyword in forms.
func (t *tester) fill(value any) any {
	switch v := value.(type) {
	case []any:
		filled := make([]any, len(v))
		for i, item := range v {
			filled[i] = t.fill(item)
		}
		return filled
	case map[string]any:
		filled := map[string]any{}
		for name, item := range v {
			filled[name] = t.fill(item)
		}
		return filled
	case string:
		if path, ok := strings.CutPrefix(v, "$"); ok && v != "$ending" {
			return t.keptAt(path)
		}
	}
	return value
}

func (t *tester) keptAt(path string) any {
	best := ""
	for name := range t.kept {
		if strings.HasPrefix(path+".", name+".") && len(name) > len(best) {
			best = name
		}
	}
	at := t.kept[best]
	for name := range strings.FieldsFuncSeq(path[len(best):], func(r rune) bool { return r == '.' }) {
		at = member(at, name)
	}
	return at
}

// member returns a member of an object or an item of a list, or nil.
func member(of any, name string) any {
	switch v := of.(type) {
	case map[string]any:
		return v[name]
	case []any:
		if i, err := strconv.Atoi(name); err == nil && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func without(body map[string]any, names []string) map[string]any {
	left := maps.Clone(body)
	maps.DeleteFunc(left, func(name string, _ any) bool { return slices.Contains(names, name) })
	return left
}

// items returns a list, or the first list in an object.
func items(answer any) []any {
	if list, ok := answer.([]any); ok {
		return list
	}
	object, _ := answer.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if list, ok := object[name].([]any); ok {
			return list
		}
	}
	return nil
}

func includes(answer, want any) (any, error) {
	list := items(answer)
	for _, item := range list {
		if has(item, want) == nil {
			return item, nil
		}
	}
	return nil, fmt.Errorf("%v is not among %v", want, list)
}

// silent stands for the answer of a method that returns nothing.
type silent struct{}

// has returns an error if got lacks something that want contains.
func has(got, want any) error {
	if got == (silent{}) {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		for name, item := range w {
			if err := has(member(got, name), item); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Errorf("is %v, want %v", got, want)
		}
		for i := range w {
			if err := has(g[i], w[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if !reflect.DeepEqual(got, want) && !sameTime(got, want) {
		return fmt.Errorf("is %v, want %v", got, want)
	}
	return nil
}

// sameTime compares two times, which the client may format differently.
func sameTime(a, b any) bool {
	one, errOne := time.Parse(time.RFC3339, fmt.Sprint(a))
	other, errOther := time.Parse(time.RFC3339, fmt.Sprint(b))
	return errOne == nil && errOther == nil && one.Equal(other)
}
