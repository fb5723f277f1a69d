// Package templates contains every page of the server that a user sees: mark-up, style sheets, a few lines of
// script, and texts. The templates are parsed when the program starts, so that a broken template never affects a
// request.
//
// It knows no HTTP beyond content: the caller decides when a page is shown, and with which status, headers and
// cache rules. The package neither reads storage nor decides anything; a page shows the fields that it was given.
//
// The pages contain no inline script, no inline style and no reference to another host (except a tenant's own
// logo), so that they work with the policy "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'
// https: data:", and all of them except WebMessage work without scripts. A tenant's Customization may contain
// anything: see Needs.Customized.
package templates

import (
	"embed"
	"fmt"
	"html/template"
	"io"
)

// Page is one page in one state. Only the structs of this package implement it.
type Page interface {
	view() view
}

// Render writes the page as a UTF-8 HTML document. It writes while it renders: a caller that must not send half a
// page passes a buffer. It returns ErrLimit for a page with the tenant's Liquid if that exceeds its bounds.
func Render(w io.Writer, p Page) (Needs, error) {
	if needs, done, err := renderFresh(w, p); done || err != nil {
		return needs, err
	}
	v := p.view()
	return v.needs(), v.render(w)
}

// RenderBuiltIn is Render without the tenant's Liquid.
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

// pages contains all templates, parsed and escaped once.
var pages = func() *template.Template {
	all := template.New("").Funcs(template.FuncMap{"safeURL": safeURL, "formURL": formURL})
	for file, path := range assets.paths {
		template.Must(all.New(file).Parse(string(path)))
	}
	template.Must(all.ParseFS(htmlFiles, "html/*.html"))
	// html/template determines the context of every action when a page is first executed. Executing each page here
	// finds mistakes before a request does.
	for _, v := range []view{
		Login{}.view(), Consent{}.view(), LogoutConfirm{}.view(), LoggedOut{}.view(), Error{}.view(), FormPost{URL: "/"}.view(),
		WebMessage{}.view(), Signup{}.view(), Result{}.view(), OrganizationSelection{}.view(), OrganizationPicker{}.view(), DeviceConfirmation{}.view(),
		AcceptInvitation{}.view(), LoginIdentifier{}.view(), SignupPassword{}.view(), MFAChallenge{Factor: "otp"}.view(),
		CountryCodes{}.view(), MFADetection{}.view(), ClassicLogin{}.view(), ClassicSignup{}.view(), ClassicNewPassword{}.view(), ClassicResult{}.view(), FormPost{URL: "/", Fragment: true}.view(), FormStep{}.view(),
	} {
		if err := all.ExecuteTemplate(io.Discard, v.template, v); err != nil {
			panic(err)
		}
	}
	return all
}()

// view is the data of a template: the page's own fields as P, and what is common to all pages.
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
	// MFA is the content of a page for a further factor, and Step that of a FormStep; nil for other pages.
	MFA  *mfa
	Step *step
	// Widget is the content of a page in Lock's style, nil for others.
	Widget *widget
	// Title is the title of the window, "" for the text at TitleKey.
	Title   string
	LinkURL template.URL
	// Again is a page whose button repeats the step that led to it, nil for none.
	Again *Result
	// Ticket is the ticket of the link that was followed.
	Ticket string
	// MainClass are the classes of the page's main element, which contain the name of the screen.
	MainClass string
	// PolicyURL and TermsURL are those of the layout, "" for no link.
	PolicyURL, TermsURL template.URL
	// OffersFirst shows the buttons of identity providers before the form.
	OffersFirst bool
	// Bare leaves out the document around the page.
	Bare bool

	template       string
	texts          texts
	prompt, screen string
	// fontOrigin is the origin of the theme's font, "" for none.
	fontOrigin string
	// state is the handle of the transaction, for the tenant's mark-up.
	state  string
	custom Customization
}

// in sets the handle of the transaction that the page belongs to.
func (v view) in(state string) view {
	v.state = state
	return v
}

// T returns the text with a key in the texts of the page's screen.
func (v view) T(key string) (string, error) { return v.texts.get(key) }

// Parts reports whether the page has more parts than a list of countries, which has to be light because it is long.
func (v view) Parts() bool { return v.template != "countries" }

// tracking is the id of a refused request, with its label.
type tracking struct{ Label, ID string }

// pageError is an error at a field, or above the form if Field is "form". Sign is the name of its picture at a field,
// and Title the name of the place above the form, "" for none.
type pageError struct{ Field, Code, Text, Sign, Title string }

// sign returns the name of the picture beside an error, for which Auth0's screens have the text "error".
func (v view) sign() string {
	if own, has := v.texts.custom["error"]; has {
		return v.texts.expand(own)
	}
	return v.texts.language.text("Error")
}

// alertsTitle returns the name of the place above the form, if the tenant has given it one.
func (v view) alertsTitle() string { return v.texts.expand(v.texts.custom["alertListTitle"]) }

// withErrors adds errors to the view, at most one for each field.
func (v view) withErrors(codes []string, fields ...string) view {
	if len(codes) > 0 {
		v.Errors = make(map[string]pageError, len(codes))
	}
	for _, code := range codes {
		field := errorField(code, fields)
		if _, taken := v.Errors[field]; !taken {
			v.Errors[field] = pageError{field, code, v.texts.message(code), v.sign(), v.alertsTitle()}
		}
	}
	return v
}
