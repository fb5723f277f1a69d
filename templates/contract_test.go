package templates_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/templates"
)

func TestLoginHasTheIdsAndNamesThatEndToEndSuitesUse(t *testing.T) {
	page := render(t, states["login-with-links"])
	one(t, page, "title")
	one(t, page, "form", "method=POST")
	one(t, page, "input", "type=hidden", "name=state", "value=hKFo2SBzdGF0ZQ")
	one(t, page, "input", "id=username", "name=username", "type=text", "autocomplete=username", "autofocus=autofocus")
	one(t, page, "input", "id=password", "name=password", "type=password", "autocomplete=current-password")
	button := one(t, page, "button", "type=submit")
	if !button.has([]string{"name=action", "value=default", "data-action-button-primary=true"}) || button.words() != "Continue" {
		t.Errorf("the submit button is %v %q", button.attr, button.words())
	}
	reveal := one(t, page, "button", "type=button", "role=switch", "data-action=toggle", "class=ulp-button-icon _button-icon", "hidden=hidden")
	if label, labelled := reveal.attr["aria-label"]; labelled || reveal.words() != "Show password Hide password" {
		t.Errorf("the button beside the password says %q and is labelled %q", reveal.words(), label)
	}
	for link, href := range map[string]string{
		"Sign up": "/u/signup?state=hKFo2SBzdGF0ZQ", "Forgot password?": "/u/reset-password/request?state=hKFo2SBzdGF0ZQ",
	} {
		if a := one(t, page, "a", "href="+href); a.words() != link {
			t.Errorf("the link to %s says %q, want %q", href, a.words(), link)
		}
	}
	if links := every(t, render(t, states["login"]), "a"); len(links) != 0 {
		t.Errorf("a login page without URLs has links: %v", links)
	}
}

// TestLocksInputForAUsername checks Lock's labels, by which scripts find the input.
func TestLocksInputForAUsername(t *testing.T) {
	for placeholder, page := range map[string]templates.Page{
		"username/email": templates.ClassicLogin{Identifiers: []string{"email", "username"}},
		"your username":  templates.ClassicSignup{Identifiers: []string{"email", "username"}},
	} {
		one(t, render(t, page), "input", "id=1-username", "name=username", "aria-label=User name", "placeholder="+placeholder)
	}
	one(t, render(t, templates.ClassicLogin{Layout: templates.Layout{Language: "de"}, Identifiers: []string{"username"}}), "input", "id=1-username", "placeholder=Benutzername")
}

func TestProvidersAreButtonsOfFormsOfTheirOwn(t *testing.T) {
	for _, state := range []string{"login-with-providers", "login-identifier-with-providers", "login-providers-alone", "signup-with-providers"} {
		page := render(t, states[state])
		for key, says := range map[string]string{"google": "Continue with Google", "oidc": "Continue with Corp"} {
			one(t, page, "form", "method=POST", "data-provider="+key)
			button := one(t, page, "button", "type=submit", "data-provider="+key)
			if name, named := button.attr["name"]; named || button.words() != says {
				t.Errorf("%s: the button of %s has the name %q and says %q", state, key, name, button.words())
			}
		}
		for _, connection := range []string{"google-oauth2", "corp"} {
			one(t, page, "input", "type=hidden", "name=connection", "value="+connection)
		}
		if got := len(every(t, page, "input", "name=state", "value=hKFo2SBzdGF0ZQ")); got != 3 && state != "login-providers-alone" || got < 2 {
			t.Errorf("%s: %d forms have the state", state, got)
		}
	}
	if inputs := every(t, render(t, states["login-providers-alone"]), "input", "name=username"); len(inputs) != 0 {
		t.Error("without databases there is an input for the name")
	}
}

func TestLoginSaysItsErrorsWhereTheyBelong(t *testing.T) {
	for _, test := range []struct{ code, element, id, says string }{
		{"wrong-email-credentials", "span", "error-element-password", "Wrong email or password"},
		{"wrong-credentials", "span", "error-element-password", "Wrong username or password"},
		{"no-password", "span", "error-element-password", "Password is required"},
		{"no-username", "span", "error-element-username", "Username is required"},
		{"no-email", "span", "error-element-username", "Please enter an email address"},
		{"user-blocked", "div", "prompt-alert", "Your account has been blocked after multiple consecutive login attempts."},
		{"a-code-of-a-script", "div", "prompt-alert", "Something went wrong, please try again later."},
	} {
		t.Run(test.code, func(t *testing.T) {
			page := render(t, templates.Login{Username: "employee@exampleco.com", Errors: []string{test.code}})
			message := one(t, page, test.element, "id="+test.id, "data-error-code="+test.code, "role=alert")
			if message.words() != test.says {
				t.Errorf("it says %q, want %q", message.words(), test.says)
			}
			one(t, page, "input", "id=username", "value=employee@exampleco.com")
			field, isField := strings.CutPrefix(test.id, "error-element-")
			if !isField {
				return
			}
			if message.attr["class"] != "ulp-input-error-message" {
				t.Errorf("its class is %q", message.attr["class"])
			}
			one(t, page, "input", "id="+field, "aria-invalid=true", "aria-describedby="+test.id)
		})
	}
}

func TestLoginStartsWhereTheUserHasToType(t *testing.T) {
	for username, focus := range map[string]string{"": "username", "employee@exampleco.com": "password"} {
		page := render(t, templates.Login{Username: username})
		if got := one(t, page, "input", "autofocus=autofocus").attr["id"]; got != focus {
			t.Errorf("with the user name %q the focus is on %s, want %s", username, got, focus)
		}
	}
}

// TestConsentToATransactionSaysWhatItIsAbout, member by member or in the tenant's own partial.
func TestConsentToATransactionSaysWhatItIsAbout(t *testing.T) {
	page := render(t, states["consent-transactional"])
	var names, values []string
	for _, e := range every(t, page, "dt") {
		names = append(names, e.words())
	}
	for _, e := range every(t, page, "dd") {
		values = append(values, e.words())
	}
	want := []string{"beneficiary", "instructedAmount.amount", "instructedAmount.currency", "type", "urgent"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"<b>Hanna</b>", "2500", "USD", "money_transfer", "true"}, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	one(t, page, "form", "method=POST", "class=_form-customized-consent")
	one(t, page, "main", "class=_widget customized-consent")

	own := transactional(exampleCo)
	own.Customization.Partials = templates.Texts{"customized-consent": {"customized-consent": {
		"form-content": "<p class=ours>{{ transaction.params.authorization_details[0].instructedAmount.amount }} to {{ transaction.params.authorization_details[0].beneficiary }}</p>",
	}}}
	own.CustomText = templates.Texts{"customized-consent": {"customized-consent": {"title": "Pay?"}}}
	page = render(t, own)
	if got := one(t, page, "p", "class=ours").words(); got != "2500 to <b>Hanna</b>" {
		t.Errorf("the tenant's own partial says %q", got)
	}
	if got := one(t, page, "h1").words(); got != "Pay?" {
		t.Errorf("the tenant's own title is %q", got)
	}
	if n := len(every(t, page, "dl")); n != 0 {
		t.Errorf("beside the tenant's own partial there are %d lists", n)
	}
}

func TestConsentNamesEveryScopeAndPostsIt(t *testing.T) {
	page := render(t, states["consent"])
	if got := one(t, page, "h1").words(); got != "Authorize App" {
		t.Errorf("the title is %q", got)
	}
	if got := one(t, page, "h2").words(); got != "Timesheets API" {
		t.Errorf("the API is %q", got)
	}
	var listed, posted []string
	for _, item := range every(t, page, "li") {
		listed = append(listed, item.words())
	}
	for _, scope := range every(t, page, "input", "type=hidden", "name=scope[]") {
		posted = append(posted, scope.attr["value"])
	}
	want := []string{
		"Profile: access to your profile and email openid", "Read your timesheets read:timesheets", "batch:upload",
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("scopes shown (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"openid", "read:timesheets", "batch:upload"}, posted); diff != "" {
		t.Errorf("scopes posted (-want +got):\n%s", diff)
	}
	one(t, page, "form", "method=POST")
	one(t, page, "input", "type=hidden", "name=audience", "value=https://api.exampleco.com/timesheets")
	one(t, page, "input", "type=hidden", "name=state")
	if got := one(t, page, "button", "id=allow", "name=action", "value=accept").words(); got != "Accept" {
		t.Errorf("the accepting button says %q", got)
	}
	if got := one(t, page, "button", "name=action", "value=decline").words(); got != "Decline" {
		t.Errorf("the declining button says %q", got)
	}
	if text := one(t, page, "header").words(); !strings.Contains(text, "Hi employee@exampleco.com, Timesheets Mobile is requesting access to your ExampleCo account.") {
		t.Errorf("the header says %q", text)
	}
}

func TestLogoutConfirmAsksYesOrNo(t *testing.T) {
	page := render(t, states["logout-confirm"])
	if got := one(t, page, "header").words(); !strings.Contains(got, "Are you sure you want to log out from Timesheets Web?") {
		t.Errorf("it asks %q", got)
	}
	for value, label := range map[string]string{"accept": "Yes", "deny": "No"} {
		if got := one(t, page, "button", "type=submit", "name=action", "value="+value).words(); got != label {
			t.Errorf("the button %s says %q, want %q", value, got, label)
		}
	}
}

func TestErrorPageShowsTheTechnicalDetails(t *testing.T) {
	page := render(t, states["error"])
	if got := one(t, page, "h1").words(); got != "Oops!, something went wrong" {
		t.Errorf("the title is %q", got)
	}
	for place, want := range map[string]string{
		"p error-title":         "ExampleCo",
		"p error-message":       "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs. Please go to the Application Settings page and make sure you are sending a valid callback url from your application.",
		"div footer-groups":     "TECHNICAL DETAILS See details for this error SUPPORT help@exampleco.com https://exampleco.com/help",
		"p error-status":        "unauthorized_client: Callback URL mismatch. http://localhost:3000/other is not in the list of allowed callback URLs",
		"span error-id-title":   "TRACKING ID:",
		"span error-id-content": "b3f1c2d4e5a69788",
	} {
		name, class, _ := strings.Cut(place, " ")
		if got := one(t, page, name, "class="+class).words(); got != want {
			t.Errorf("%s is %q, want %q", place, got, want)
		}
	}
	one(t, page, "a", "href=mailto:help@exampleco.com")
	one(t, page, "a", "href=https://exampleco.com/help")
	without := render(t, states["error-without-application"])
	if got := one(t, without, "p", "class=footer-group-detail").words(); got != "Please contact the systems administrator." {
		t.Errorf("without an address of the support the page says %q", got)
	}
}

func TestFormPostHoldsTheResponseAndNothingElse(t *testing.T) {
	page := render(t, states["form-post"])
	one(t, page, "form", "method=post", "action=http://localhost:3000/callback?tenant=1")
	var fields []string
	for _, e := range elements(t, page) {
		if name, named := e.attr["name"]; named && e.name != "meta" {
			fields = append(fields, name+"="+e.attr["value"])
		}
	}
	if diff := cmp.Diff([]string{"code=0a1b2c", `state={"from":"/"}`}, fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestWebMessageHoldsTheResponseAndItsTarget(t *testing.T) {
	page := render(t, states["web-message"])
	one(t, page, "script", "data-target-origin=http://localhost:3000")
	const want = `var authorizationResponse = {type: "authorization_response",response: {"code":"0a1b2c","state":"{\"from\":\"/\"}"}};`
	if got := one(t, page, "script", "type=text/plain").words(); got != want {
		t.Errorf("the page has %s", got)
	}
}

// TestEveryPageCanBeReadAloud: each page has what a screen reader needs.
func TestEveryPageCanBeReadAloud(t *testing.T) {
	for name, p := range states {
		t.Run(name, func(t *testing.T) {
			page := render(t, p)
			if lang := one(t, page, "html").attr["lang"]; lang == "" {
				t.Error("its language is not said")
			}
			for _, landmark := range []string{"title", "main", "h1", "footer"} {
				if one(t, page, landmark).words() == "" {
					t.Errorf("its %s is empty", landmark)
				}
			}
			ids := map[string]bool{}
			for _, e := range elements(t, page) {
				if id := e.attr["id"]; id != "" && ids[id] {
					t.Errorf("the id %s is there twice", id)
				}
				ids[e.attr["id"]] = true
			}
			for _, e := range elements(t, page) {
				for _, ref := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls"} {
					for id := range strings.FieldsSeq(e.attr[ref]) {
						if !ids[id] {
							t.Errorf("%s %s=%s leads nowhere", e.name, ref, id)
						}
					}
				}
				_, hasAlt := e.attr["alt"]
				labelled := e.attr["type"] == "hidden" || e.attr["aria-hidden"] == "true" || e.attr["aria-label"] != "" || len(every(t, page, "label", "for="+e.attr["id"])) == 1
				switch {
				case e.name == "img" && !hasAlt:
					t.Errorf("the image %s has no alt", e.attr["src"])
				case e.name == "input" && !labelled:
					t.Errorf("the input %s has no label", e.attr["name"])
				case slices.Contains([]string{"a", "button"}, e.name) && e.words()+e.attr["aria-label"] == "":
					t.Errorf("a %s has no name", e.name)
				}
			}
		})
	}
}

// TestEveryOutcomeIsRecorded: every outcome with which a step may end has a state that the tests render.
func TestEveryOutcomeIsRecorded(t *testing.T) {
	recorded := map[templates.Outcome]bool{}
	for _, p := range states {
		if result, is := p.(templates.Result); is {
			recorded[result.Outcome] = true
		}
	}
	for outcome := range templates.EnrollmentLinkInvalid + 1 {
		if !recorded[outcome] {
			t.Errorf("outcome %d has no state", outcome)
		}
	}
}
