package mfapages

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/templates"
)

// The kinds of authenticators of which a user may have several, with a page that lists them.
const (
	phones    = factors.SMS
	addresses = factors.Email
)

// several returns the user's authenticators that are listed together with those of a channel.
func (v visit) several(channel string) (all []factors.Authenticator) {
	for _, a := range v.options.Challenges {
		if a.Channel == channel || a.IsPhone() && (channel == factors.SMS || channel == factors.Voice) {
			all = append(all, a)
		}
	}
	return all
}

// showWays lets the user choose whether the code is sent to the phone by text message or by call.
//
//auth0:operation GET /u/mfa-phone-challenge
func (m *room) showWays(w http.ResponseWriter, r *http.Request, v visit) error {
	return m.waysPage(w, r, v)
}

func (m *room) waysPage(w http.ResponseWriter, r *http.Request, v visit, errs ...string) (err error) {
	all := v.several(phones)
	if len(all) == 0 || len(v.options.Channels) < 2 {
		return v.start(w, r)
	}
	if v.digits, err = m.digits(r, factors.SMS); err != nil {
		return err
	}
	layout, err := m.layout(r, v)
	if err != nil {
		return err
	}
	a := v.chosen(all)
	return m.Pages.Write(w, statusOf(errs), templates.MFAPhoneChallenge{
		Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs, To: a.Label, Type: cmp.Or(v.form.Get("type"), a.Channel),
		Several: len(all) > 1, Others: v.hasOtherFactors(),
	})
}

// chosen returns the authenticator that was chosen from a list, or else the first one.
func (v visit) chosen(all []factors.Authenticator) factors.Authenticator {
	i := slices.IndexFunc(all, func(a factors.Authenticator) bool { return a.ID == v.further.Challenged })
	return all[max(i, 0)]
}

// submitWay sends the code in the way that the user has chosen.
//
//auth0:operation POST /u/mfa-phone-challenge
func (m *room) submitWay(w http.ResponseWriter, r *http.Request, v visit) error {
	all := v.several(phones)
	switch {
	case v.action() == "pick-authenticator":
		return v.redirectToOptions(w, r)
	case v.action() == "pick-phone":
		return web.Continue(w, r, phoneList, v.state)
	case len(all) == 0 || len(v.options.Channels) < 2:
		return v.start(w, r)
	}
	a := v.chosen(all)
	return m.sendBy(w, r, v, by(a, v.way(a)))
}

// way returns the channel by which a code goes to a phone: the one that the user has chosen on the page, or else the
// one that the phone prefers, if the tenant uses it.
func (v visit) way(a factors.Authenticator) string {
	for _, channel := range []string{v.form.Get("type"), a.Channel} {
		if slices.Contains(v.options.Channels, channel) {
			return channel
		}
	}
	return v.options.Channels[0]
}

// sendBy sends a code to an authenticator and leads to the page that asks for the code.
func (m *room) sendBy(w http.ResponseWriter, r *http.Request, v visit, a factors.Authenticator) error {
	m.started(r, v, a)
	key, err := m.send(r, v, a)
	if err != nil {
		return err
	}
	if key != "" {
		return m.sentPage(w, r, v, a, key)
	}
	return web.Continue(w, r, factors.ChallengePage(a.Channel), v.state)
}

// showList lists the user's phone numbers or e-mail addresses.
//
//auth0:operation GET /u/mfa-sms-list
//auth0:operation GET /u/mfa-email-list
func (m *room) showList(kind string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		all := v.several(kind)
		if len(all) == 0 {
			return v.start(w, r)
		}
		layout, err := m.layout(r, v)
		if err != nil {
			return err
		}
		page := templates.MFAList{Layout: layout, ClientName: v.client.Name, State: v.state, Factor: kind}
		for _, a := range all {
			page.Entries = append(page.Entries, a.Label)
		}
		return m.Pages.Write(w, http.StatusOK, page)
	}
}

// submitList sends a code to the chosen number or address.
//
//auth0:operation POST /u/mfa-sms-list
//auth0:operation POST /u/mfa-email-list
func (m *room) submitList(kind string) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		all := v.several(kind)
		place, isSelection := strings.CutPrefix(v.form.Get("action"), "selection-action::")
		i, err := strconv.Atoi(place)
		if len(all) == 0 {
			return v.start(w, r)
		}
		if !isSelection || err != nil || i < 0 || i >= len(all) {
			return web.Continue(w, r, factors.ChallengePage(v.options.NameOf(all[0])), v.state)
		}
		a := all[i]
		if a.IsPhone() {
			a = by(a, v.way(a))
		}
		return m.sendBy(w, r, v, a)
	}
}
