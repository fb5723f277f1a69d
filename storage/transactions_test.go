package storage_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// waiting returns a login in progress in a browser, which expires after an hour.
func waiting(state, browser string, began time.Time) storage.Transaction {
	return storage.Transaction{StateHash: state, BrowserHash: browser, CreatedAt: began, ExpiresAt: began.Add(time.Hour)}
}

func (s store) transaction(state string) (t storage.Transaction) {
	s.t.Helper()
	s.view(func(tx *storage.Tx) (err error) { t, err = tx.Transactions.Get(state); return err })
	return t
}

// TestAnswersOfALoginAddUp has many pages of one login answer concurrently.
func TestAnswersOfALoginAddUp(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error { return tx.StartTransaction(waiting("s", "b", noon)) })
	var wait sync.WaitGroup
	for i := range 50 {
		wait.Go(func() {
			s.update(func(tx *storage.Tx) error {
				return tx.ChangeTransaction("s", noon, func(t *storage.Transaction) error {
					if t.Consent == nil {
						t.Consent = &storage.ConsentAnswer{}
					}
					t.Consent.Scope = append(t.Consent.Scope, fmt.Sprint(i))
					return nil
				})
			})
		})
	}
	wait.Wait()
	if got := len(s.transaction("s").Consent.Scope); got != 50 {
		t.Errorf("of 50 answers %d are kept", got)
	}
}

// TestAChangeOfALoginWorksOnACopy fills everything that pages add to a login, and checks that a copy
// shares none of it with the original, which another request may be reading.
func TestAChangeOfALoginWorksOnACopy(t *testing.T) {
	t.Parallel()
	var full storage.Transaction
	v := reflect.ValueOf(&full).Elem()
	fillAll(v)
	c := full.Clone()
	if !reflect.DeepEqual(full, c) {
		t.Error("the copy is another login")
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != "Asked" { // which no page changes
			if shared := sharedBy(v.Field(i), reflect.ValueOf(c).Field(i)); shared != "" {
				t.Errorf("the copy shares %s%s", name, shared)
			}
		}
	}
}

// fillAll sets every member of a value to something other than its zero value.
func fillAll(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(noon))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Interface:
		v.Set(reflect.ValueOf("x"))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 2))
		fillAll(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		item := reflect.New(v.Type().Elem()).Elem()
		fillAll(item)
		v.SetMapIndex(reflect.ValueOf("x"), item)
	case reflect.Struct:
		for _, member := range v.Fields() {
			if member.CanSet() {
				fillAll(member)
			}
		}
	case reflect.String:
		v.SetString("x")
	default:
	}
}

// sharedBy returns the path to the first pointer, slice or map that two values share, or "".
func sharedBy(a, b reflect.Value) string {
	switch a.Kind() {
	case reflect.Pointer:
		if a.Pointer() == b.Pointer() {
			return " (a pointer)"
		}
		return sharedBy(a.Elem(), b.Elem())
	case reflect.Slice, reflect.Map:
		if a.Pointer() == b.Pointer() {
			return " (" + a.Kind().String() + ")"
		}
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[time.Time]() {
			return ""
		}
		for i := range a.NumField() {
			if shared := sharedBy(a.Field(i), b.Field(i)); shared != "" {
				return "." + a.Type().Field(i).Name + shared
			}
		}
	default:
	}
	return ""
}

func TestALoginThatHasEndedIsNotChanged(t *testing.T) {
	s := open(t)
	finish := func(t *storage.Transaction) error {
		t.FinishedAt, t.ExpiresAt = noon, noon.Add(time.Minute)
		return nil
	}
	answer := func(t *storage.Transaction) error { t.UserID = "late"; return nil } //nolint:unparam // as changes are
	same := func(*storage.Transaction) error { return nil }
	refused := errors.New("refused")
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.StartTransaction(waiting("open", "b", noon)),
			tx.StartTransaction(waiting("done", "b", noon)), tx.ChangeTransaction("done", noon, finish),
		)
	})
	for _, tt := range []struct {
		name, state string
		now         time.Time
		change      func(*storage.Transaction) error
		want        error
	}{
		{"one that never was", "none", noon, same, storage.ErrTransactionOver},
		{"one that is finished", "done", noon, answer, storage.ErrTransactionOver},
		{"a form that comes again", "done", noon, same, nil},
		{"a form that comes again too late", "done", noon.Add(time.Minute), same, storage.ErrTransactionOver},
		{"one whose time is over", "open", noon.Add(time.Hour), answer, storage.ErrTransactionOver},
		{"a change that is refused", "open", noon, func(t *storage.Transaction) error { return errors.Join(answer(t), refused) }, refused},
		{"more than is kept", "open", noon, func(t *storage.Transaction) error {
			t.Consent = &storage.ConsentAnswer{Scope: []string{strings.Repeat("s", 64<<10)}}
			return nil
		}, storage.ErrTooLong},
	} {
		before := storage.Transaction{}
		if tt.state != "none" {
			before = s.transaction(tt.state)
		}
		err := s.Update(t.Context(), func(tx *storage.Tx) error { return tx.ChangeTransaction(tt.state, tt.now, tt.change) })
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if tt.state != "none" && s.transaction(tt.state).UserID != before.UserID {
			t.Errorf("%s: it was changed", tt.name)
		}
	}
	err := s.Update(t.Context(), func(tx *storage.Tx) error { return tx.StartTransaction(waiting("done", "b", noon)) })
	if !storage.IsConflict(err) {
		t.Errorf("a second one with the same key: %v", err)
	}
}

// TestWaitingLoginsAreBounded: by number in one browser, and by bytes in all. The oldest logins are removed
// first, and finished ones before them.
func TestWaitingLoginsAreBounded(t *testing.T) {
	s := open(t)
	start := func(n int, browser, state string) {
		t.Helper()
		s.update(func(tx *storage.Tx) error {
			w := waiting(fmt.Sprint(browser, n), browser, noon.Add(time.Duration(n)*time.Second))
			w.Asked.State = state
			return tx.StartTransaction(w)
		})
	}
	kept := func() (all []string) {
		s.view(func(tx *storage.Tx) error {
			for w, err := range tx.Transactions.All() {
				if err != nil {
					return err
				}
				all = append(all, w.StateHash)
			}
			return nil
		})
		return all
	}
	for n := range 50 {
		start(n, "b", "")
	}
	s.update(func(tx *storage.Tx) error {
		return tx.ChangeTransaction("b7", noon, func(t *storage.Transaction) error { t.FinishedAt = noon; return nil })
	})
	start(50, "b", "")
	start(51, "b", "")
	start(0, "another", "")
	all := kept()
	if len(all) != 51 || slices.Contains(all, "b7") || slices.Contains(all, "b0") || !slices.Contains(all, "b1") || !slices.Contains(all, "another0") {
		t.Errorf("of one browser's %d are kept: %q", len(all)-1, all)
	}

	long := strings.Repeat("x", 15<<10)
	for n := range 1500 {
		start(n, fmt.Sprint("browser", n), long)
	}
	all = kept()
	if bytes := len(all) * len(long); bytes > 16<<20 || bytes < 15<<20 {
		t.Errorf("%d logins with %d bytes wait", len(all), bytes)
	}
	if slices.Contains(all, "browser00") || !slices.Contains(all, "browser14991499") {
		t.Error("it was not the oldest that went")
	}
	// Removing expired logins makes room.
	for n := 1; n > 0; {
		n = s.sweep(noon.AddDate(0, 0, 1), 1000)
	}
	if left := kept(); len(left) > 0 {
		t.Fatalf("%d are left", len(left))
	}
	for n := range 900 {
		start(n, fmt.Sprint("later", n), long)
	}
	if got := len(kept()); got != 900 {
		t.Errorf("of 900 that have room %d are kept", got)
	}
}

func TestCodesAndFailuresAreBounded(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		for i := range 300 {
			at := noon.Add(time.Duration(i) * time.Second)
			err := errors.Join(
				tx.IssueCode(storage.Code{Hash: fmt.Sprint(i), Issue: storage.Issue{SessionID: "sid"}, ExpiresAt: at}),
				tx.IssueCode(storage.Code{Hash: fmt.Sprint("other", i), Issue: storage.Issue{SessionID: fmt.Sprint("s", i)}, ExpiresAt: at}),
				tx.KeepLoginFailures(storage.LoginFailures{Key: fmt.Sprint(i), UserID: "u", ExpiresAt: at}),
			)
			if err != nil {
				return err
			}
		}
		return nil
	})
	s.view(func(tx *storage.Tx) error {
		for _, tt := range []struct {
			name string
			has  func(string) (bool, error)
			key  string
			want bool
		}{
			{"code", tx.Codes.Has, "43", false},
			{"code", tx.Codes.Has, "44", true},
			{"code", tx.Codes.Has, "299", true},
			{"code", tx.Codes.Has, "other0", true},
			{"count", tx.LoginFailures.Has, "199", false},
			{"count", tx.LoginFailures.Has, "200", true},
		} {
			if has, err := tt.has(tt.key); err != nil || has != tt.want {
				t.Errorf("%s %s is there: %v, %v, want %v", tt.name, tt.key, has, err, tt.want)
			}
		}
		return nil
	})
}
