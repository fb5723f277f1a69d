package telephone

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// PickAction is the button that leads to the list of countries, Auth0: libraries/acul/js-sdk.
const PickAction = "pick-country-code"

// LoginList is the list of countries for the pages of a login and a sign-up.
const LoginList = "/u/login/country-codes"

// selectAction is the beginning of what the button of a country sends: its code and the code of its numbers follow.
const selectAction = "selection-action::"

// kept are the inputs that are filled in again when the user comes back from the list.
var kept = []string{"username", "email", "phone", "type"}

// Picker serves the list of countries to a login, and returns to the page that asks for the number.
type Picker struct {
	DB    *storage.DB
	Pages web.Pages
	Now   func() time.Time
}

// Begin leads from a page with an input for a number to the list, with what was typed there.
func (p Picker) Begin(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, page, list string, form url.Values) error {
	picking := storage.Picking{Page: page, Typed: map[string]string{}}
	for _, name := range kept {
		if typed := strings.TrimSpace(form.Get(name)); typed != "" {
			picking.Typed[name] = typed
		}
	}
	err := p.change(r, t, func(t *storage.Transaction) { t.Picking = &picking })
	if err != nil {
		return err
	}
	return web.Continue(w, r, list, state)
}

// Show shows the list. page has everything but the countries.
func (p Picker) Show(w http.ResponseWriter, page templates.CountryCodes) error {
	for _, c := range Countries(page.Language) {
		page.Countries = append(page.Countries, shown(c))
	}
	return p.Pages.Write(w, http.StatusOK, page)
}

// Take keeps the chosen country and returns to the page that asks for the number, or to otherwise if none does.
func (p Picker) Take(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, otherwise string, form url.Values) error {
	if chosen, is := strings.CutPrefix(form.Get("action"), selectAction); is && len(chosen) > 2 {
		iso, code := chosen[:2], strings.TrimPrefix(chosen[2:], "+")
		if known, ok := CodeOf(iso); ok && code == known {
			if err := p.change(r, t, func(t *storage.Transaction) { t.Country = iso }); err != nil {
				return err
			}
		}
	}
	if t.Picking != nil {
		otherwise = t.Picking.Page
	}
	return web.Continue(w, r, otherwise, state)
}

func (p Picker) change(r *http.Request, t storage.Transaction, change func(*storage.Transaction)) error {
	return p.DB.Update(r.Context(), func(tx *storage.Tx) error {
		return session.ChangeTransaction(tx, t.StateHash, p.Now(), func(t *storage.Transaction) error {
			change(t)
			return nil
		})
	})
}

// Of returns the country of the numbers that a login asks for: the user's choice, otherwise that of the language which the
// application or the browser prefers.
func Of(ctx context.Context, t storage.Transaction) string {
	if t.Country != "" {
		return t.Country
	}
	if region := web.Region(ctx, t.Request().UILocales); callingCodes[region] != "" {
		return region
	}
	return "US"
}

// Shown returns the country of the numbers that a login asks for as its pages show it, with names in a language.
func Shown(ctx context.Context, t storage.Transaction, tag string) templates.Country {
	iso := Of(ctx, t)
	for _, c := range Countries(tag) {
		if c.ISO == iso {
			return shown(c)
		}
	}
	return templates.Country{}
}

func shown(c Country) templates.Country { return templates.Country(c) }
