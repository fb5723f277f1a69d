package storage

// Abilities are what a browser can do: ask for WebAuthn keys, and ask for one of its own device, which recognizes the user.
type Abilities struct {
	WebAuthn bool `json:"webauthn"`
	Platform bool `json:"platform"`
}

// Picking is a page whose user chooses the country of a telephone number on another page, and what was typed on it.
type Picking struct {
	Page  string            `json:"page"`
	Typed map[string]string `json:"typed,omitempty"`
}

// TypedOn returns what was typed in an input of a page before the user left it to choose a country.
func (t Transaction) TypedOn(page, name string) string {
	if t.Picking == nil || t.Picking.Page != page {
		return ""
	}
	return t.Picking.Typed[name]
}
