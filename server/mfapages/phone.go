package mfapages

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/templates"
)

// showPhone asks for a phone number.
//
//auth0:operation GET /u/mfa-sms-enrollment
//auth0:operation GET /u/mfa-voice-enrollment
//auth0:operation GET /u/mfa-phone-enrollment
func (m *room) showPhone(way string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		if !v.mayEnroll(way) {
			return v.start(w, r)
		}
		return m.phonePage(w, r, v, way)
	}
}

func (m *room) phonePage(w http.ResponseWriter, r *http.Request, v visit, way string, errs ...string) (err error) {
	if v.digits, err = m.digits(r, factors.SMS); err != nil {
		return err
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	typed := func(name string) string {
		return cmp.Or(v.form.Get(name), v.t.TypedOn(factors.EnrollmentPage(way), name))
	}
	return m.Pages.Write(w, statusOf(errs), templates.MFAPhoneEnrollment{
		Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs, Way: way, Type: typed("type"), Phone: typed("phone"), Others: v.hasOtherFactors(),
		Country: telephone.Shown(r.Context(), v.t, layout.Language),
	})
}

// submitPhone sends a code to the phone number.
//
//auth0:operation POST /u/mfa-sms-enrollment
//auth0:operation POST /u/mfa-voice-enrollment
//auth0:operation POST /u/mfa-phone-enrollment
func (m *room) submitPhone(way string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		switch {
		case v.action() == "pick-authenticator":
			return v.redirectToOptions(w, r)
		case !v.mayEnroll(way):
			return v.start(w, r)
		case v.action() == telephone.PickAction:
			return m.picker().Begin(w, r, v.t, v.state, factors.EnrollmentPage(way), countryList, v.form)
		}
		number, key := phoneNumber(v.form.Get("phone"), telephone.Of(r.Context(), v.t))
		if key != "" {
			return m.phonePage(w, r, v, way, key)
		}
		channel := way
		if way == factors.Phone {
			if channel = v.form.Get("type"); channel != factors.Voice {
				channel = factors.SMS
			}
		}
		a, err := m.enroll(r, &v, factors.PhoneDocument(number, channel))
		if err != nil {
			return err
		}
		if key, err = m.send(r, v, a); err != nil {
			return err
		}
		if key != "" {
			return m.phonePage(w, r, v, way, key)
		}
		return web.Continue(w, r, factors.VerifyPage(channel), v.state)
	}
}

func (m *room) picker() telephone.Picker {
	return telephone.Picker{DB: m.DB, Pages: m.Pages, Now: m.Now}
}

// showCountries shows the list of countries of a number.
//
//auth0:operation GET /u/mfa-country-codes
func (m *room) showCountries(w http.ResponseWriter, r *http.Request, v visit) error {
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	return m.picker().Show(w, templates.CountryCodes{Layout: layout, ClientName: v.client.Name, State: v.state})
}

// submitCountry keeps the chosen country, and leads back to the page that asks for the number.
//
//auth0:operation POST /u/mfa-country-codes
func (m *room) submitCountry(w http.ResponseWriter, r *http.Request, v visit) error {
	page, err := v.options.Page()
	if err != nil {
		return err
	}
	return m.picker().Take(w, r, v.t, v.state, page, v.form)
}

// phoneNumber returns a typed number in international form, or the key of the error message
// if it is not valid. A number without a country code is one of the country.
func phoneNumber(typed, country string) (number, key string) {
	number = telephone.Complete(telephone.Plain(typed), country)
	if number == "" {
		return "", "no-phone"
	}
	digits, international := strings.CutPrefix(number, "+")
	const least = 7
	switch {
	case !international, strings.Trim(digits, "0123456789") != "":
		return "", "invalid-phone-format"
	case !factors.IsPhoneNumber(number) || len(digits) < least:
		return "", "invalid-phone"
	}
	return number, ""
}
