package templates_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

// handle returns a state parameter in the form that the server generates.
func handle(n int) string { return fmt.Sprintf("kT9_%039d", n) }

// firstPage returns the first page of a login of one of two kinds, with links that contain the state.
func firstPage(kind string, l templates.Layout, client, state string) templates.Page {
	if kind == "identifier" {
		return templates.LoginIdentifier{Layout: l, ClientName: client, State: state, SignupURL: "/u/signup/identifier?state=" + state}
	}
	return templates.Login{
		Layout: l, ClientName: client, State: state, SignupURL: "/u/signup?state=" + state,
		ForgotPasswordURL: "/u/login/password-reset-start/c?state=" + state,
	}
}

// needsOf returns the needs of a page, and checks that they are the same when the page is rendered from memory.
func needsOf(t *testing.T, p templates.Page) templates.Needs {
	t.Helper()
	first, err := templates.Render(io.Discard, p)
	again, err2 := templates.Render(io.Discard, p)
	if err := errors.Join(err, err2); err != nil || !reflect.DeepEqual(first, again) {
		t.Errorf("a page needs %+v, and once more %+v, %v", first, again, err)
	}
	return again
}

// sameAsAnew checks that a page from memory equals the page rendered again, and returns it.
func sameAsAnew(t *testing.T, p templates.Page) string {
	t.Helper()
	var got, want bytes.Buffer
	if _, err := templates.Render(&got, p); err != nil {
		t.Error(err)
	}
	if err := templates.RenderBuiltIn(&want, p); err != nil {
		t.Error(err)
	}
	if got.String() != want.String() {
		t.Errorf("%+v is written as\n%s\nand not as\n%s", p, got.String(), want.String())
	}
	return got.String()
}

func TestAFirstPageThatIsRememberedHasTheHandleOfItsOwnLogin(t *testing.T) {
	for _, kind := range []string{"both", "identifier"} {
		for n := range 3 {
			page := sameAsAnew(t, firstPage(kind, exampleCo, "Timesheets", handle(n)))
			for other := range 3 {
				has := strings.Contains(page, handle(other))
				if has != (n == other) {
					t.Errorf("%s: the page of login %d has the handle of login %d: %v", kind, n, other, has)
				}
			}
		}
	}
}

func TestFirstPagesThatShowOtherThingsAreRememberedApart(t *testing.T) {
	var pages []templates.Page
	for _, state := range []string{handle(7), handle(8)} {
		for _, l := range []templates.Layout{{}, exampleCo, acme, {CompanyName: "ExampleCo", Language: "ar"}, {PrimaryColor: "#112233"}} {
			for _, client := range []string{"", "One", "Two", `"One"`, "<One>"} {
				pages = append(pages, firstPage("both", l, client, state), firstPage("identifier", l, client, state))
			}
		}
		pages = append(pages,
			templates.Login{State: state}, templates.Login{State: state, SignupURL: "/u/signup?state=" + state},
			templates.Login{State: state, Identifiers: []string{"username"}}, templates.Login{State: state, Identifiers: []string{"phone_number"}},
			templates.Login{State: state, Username: "who@example.test"}, templates.Login{State: state, Errors: []string{"no-email"}},
			templates.LoginIdentifier{State: state, Username: "who@example.test"}, templates.LoginIdentifier{State: state, Errors: []string{"no-email"}},
		)
	}
	for range 2 { // the second time those that are remembered come from there
		for _, p := range pages {
			sameAsAnew(t, p)
		}
	}
}

func TestAHandleThatTheServerWouldNotMakeIsWrittenAsItIs(t *testing.T) {
	for _, state := range []string{"", "s", "e", "form", strings.Repeat("<", 43), strings.Repeat("a", 42) + `"`, strings.Repeat("a&", 22)} {
		sameAsAnew(t, templates.Login{Layout: exampleCo, ClientName: "Timesheets", State: handle(1)})
		sameAsAnew(t, templates.Login{Layout: exampleCo, ClientName: "Timesheets", State: state})
	}
}

func TestMoreFirstPagesThanAreRememberedAreWrittenAtOnce(t *testing.T) {
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for n := range 100 {
				sameAsAnew(t, firstPage("both", exampleCo, fmt.Sprint("Application ", n), handle(100*worker+n)))
			}
		})
	}
	wait.Wait()
}

// TestAFirstPageWithTheTenantsOwnMarkUpIsRenderedEachTime, since that mark-up may depend on anything.
func TestAFirstPageWithTheTenantsOwnMarkUpIsRenderedEachTime(t *testing.T) {
	p := templates.Login{Layout: exampleCo, ClientName: "Timesheets", State: handle(1)}
	plain := sameAsAnew(t, p)
	for _, word := range []string{"first", "second"} {
		p.Customization = templates.Customization{
			Partials: templates.Texts{"login": {"login": {"form-content-start": "<b>{{ user.word }}</b>"}}},
			Values:   map[string]any{"user": map[string]any{"word": word}},
		}
		var got bytes.Buffer
		if _, err := templates.Render(&got, p); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got.String(), "<b>"+word+"</b>") || got.String() == plain {
			t.Errorf("with the word %q the page is\n%s", word, got.String())
		}
	}
	p.Customization = templates.Customization{}
	if again := sameAsAnew(t, p); again != plain {
		t.Errorf("without the mark-up it is\n%s", again)
	}
}
