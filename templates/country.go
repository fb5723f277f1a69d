package templates

// Country is a country of telephone numbers: its code of ISO 3166-1, the code that its numbers begin with, without "+", and its
// name. The zero value is no country.
type Country struct{ ISO, Code, Name string }

// regionalA is the sign that stands for A in flags, which two of these signs make.
const regionalA = '\U0001F1E6'

// Flag returns the flag, which some systems show as two letters.
func (c Country) Flag() string {
	var flag []rune
	for _, letter := range c.ISO {
		flag = append(flag, regionalA+letter-'A')
	}
	return string(flag)
}

// CountryCodes lets the user choose the country of a telephone number: a button for each posts the action "selection-action::"
// with the country's code and that of its numbers, as on Auth0's pages. A script filters the list by what is typed.
// https://auth0.com/docs/customize/login-pages/universal-login/customize-text-elements
type CountryCodes struct {
	Layout
	// ClientName and State are as in Login.
	ClientName, State string
	Countries         []Country
}

func (p CountryCodes) view() view {
	v := p.screen(p, "countries", "mfa-sms", "mfa-country-codes", p.ClientName, "")
	v.Form.More = []more{goBack}
	return v.in(p.State)
}

// shownCountry is the button that leads to this list, with the handle of the transaction.
type shownCountry struct {
	Country
	State string
}

// Country returns the country of the number that the page asks for, nil for none.
func (v view) Country() *shownCountry {
	if v.Form.Country == (Country{}) {
		return nil
	}
	return &shownCountry{v.Form.Country, v.state}
}
