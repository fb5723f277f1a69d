// Package templates owns every page of the server that a person sees: the
// mark-up, the style sheets, the few lines of script, and the words. Pages are
// parsed when the program starts, so a broken template never meets a request.
//
// It knows no HTTP beyond content: what a page is shown for, its status, its
// headers and its cache rules are the caller's. It neither reads storage nor
// decides anything; a page shows the fields it was given.
//
// The pages hold no inline script, no inline style and no reference to another
// host (except a tenant's own logo), so that they work under the policy
// "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'
// https: data:", and all of them but WebMessage work without script. What a tenant adds
// with a Customization may hold anything: see Customized.
package templates

import (
	"embed"
	"fmt"
	"html/template"
	"io"
)

// Page is one page in one state. The structs of this package implement it, and
// nothing else does.
type Page interface {
	view() view
}

// Render writes the page as a UTF-8 HTML document. It writes as it goes: a
// caller that must not answer half a page passes a buffer. It returns ErrLimit for a
// page with Liquid of the tenant's that goes beyond its bounds.
func Render(w io.Writer, p Page) (Needs, error) {
	if needs, done, err := renderFresh(w, p); done || err != nil {
		return needs, err
	}
	v := p.view()
	return v.needs(), v.render(w)
}

// RenderBuiltIn is Render without what the tenant has made of the page in Liquid.
func RenderBuiltIn(w io.Writer, p Page) error {
	v := p.view()
	v.custom = Customization{}
	return v.render(w)
}

func (v view) render(w io.Writer) error {
	write := func() error { return pages.ExecuteTemplate(w, v.template, v) }
	if v.custom.wraps() {
		write = func() error { return v.wrap(w) }
	}
	if err := write(); err != nil {
		return fmt.Errorf("render the %s page: %w", v.template, err)
	}
	return nil
}

//go:embed html
var htmlFiles embed.FS

// pages is every template, parsed and escaped once.
var pages = func() *template.Template {
	all := template.New("").Funcs(template.FuncMap{"safeURL": safeURL, "formURL": formURL})
	for file, path := range assets.paths {
		template.Must(all.New(file).Parse(string(path)))
	}
	template.Must(all.ParseFS(htmlFiles, "html/*.html"))
	// html/template looks for the context of every action when a page is first
	// written. Writing each page here finds its mistakes before a request does.
	for _, v := range []view{
		Login{}.view(), Consent{}.view(), LogoutConfirm{}.view(), LoggedOut{}.view(), Error{}.view(), FormPost{URL: "/"}.view(),
		WebMessage{}.view(), Signup{}.view(), Result{}.view(), OrganizationSelection{}.view(), OrganizationPicker{}.view(), DeviceConfirmation{}.view(),
		AcceptInvitation{}.view(), LoginIdentifier{}.view(), SignupPassword{}.view(), MFAChallenge{Factor: "otp"}.view(),
		ClassicLogin{}.view(), ClassicSignup{}.view(), ClassicNewPassword{}.view(), ClassicResult{}.view(), FormPost{URL: "/", Fragment: true}.view(), FormStep{}.view(),
	} {
		if err := all.ExecuteTemplate(io.Discard, v.template, v); err != nil {
			panic(err)
		}
	}
	return all
}()

// view is what a template sees: the page's own fields as P, and what all pages
// share.
type view struct {
	P           Page
	Language    string
	TitleKey    string
	BrandSheet  template.URL
	ThemeSheet  template.URL
	Favicon     template.URL
	CompanyMark mark
	ClientMark  mark
	Errors      map[string]pageError
	Notice      notice
	Tracking    tracking
	Form        form
	// MFA is what a page of a further factor shows, and Step a step of a form of the tenant's; nil
	// for others.
	MFA  *mfa
	Step *step
	// Widget is what a page in Lock's look shows, nil for others.
	Widget *widget
	// Title is what the window is called, "" for the text at TitleKey.
	Title   string
	LinkURL template.URL
	// Again is a page whose button does once more what led to it, nil for none.
	Again *Result
	// Ticket is that of the link which was followed.
	Ticket string
	// MainClass are the classes of the page's main part, which name the screen.
	MainClass string
	// OffersFirst has the buttons of identity providers before the form.
	OffersFirst bool
	// Bare leaves the page without the document around it.
	Bare bool

	template       string
	texts          texts
	prompt, screen string
	// fontOrigin is where the theme's font comes from, "" for nowhere.
	fontOrigin string
	// state is the handle of the transaction, for the tenant's mark-up.
	state  string
	custom Customization
}

// in says which transaction the page is part of.
func (v view) in(state string) view {
	v.state = state
	return v
}

// T returns the text of a key of the page's screen.
func (v view) T(key string) (string, error) { return v.texts.get(key) }

// tracking is the id of a request that is refused, with what it is called.
type tracking struct{ Label, ID string }

// pageError is one error at a field, or above the form when the field is "form". Sign is what its picture is called.
type pageError struct{ Field, Code, Text, Sign string }

// sign is what the picture beside an error is called.
func (v view) sign() string { return v.texts.language.text("Error") }

// withErrors adds the errors to the view, the first one of each of the fields.
func (v view) withErrors(codes []string, fields ...string) view {
	if len(codes) > 0 {
		v.Errors = make(map[string]pageError, len(codes))
	}
	for _, code := range codes {
		field := errorField(code, fields)
		if _, taken := v.Errors[field]; !taken {
			v.Errors[field] = pageError{field, code, v.texts.message(code), v.sign()}
		}
	}
	return v
}
