package mfapages

import (
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/templates"
)

// showOptions shows the list of factors: those that the login can ask for and, with enroll, those
// that the user can enroll.
//
//auth0:operation GET /u/mfa-login-options
//auth0:operation GET /u/mfa-enroll-options
func (m *room) showOptions(enroll bool) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		if enroll != (len(v.options.Enrollments) > 0) {
			return v.redirectToOptions(w, r)
		}
		layout, err := m.layout(r, v)
		if err != nil {
			return err
		}
		return m.Pages.Write(w, http.StatusOK, templates.MFAOptions{
			Layout: layout, ClientName: v.client.Name, State: v.state, Enroll: enroll, Factors: v.choices(),
		})
	}
}

// choices returns the factors on the list, each once.
func (v visit) choices() (all []templates.MFAChoice) {
	for _, name := range v.options.Enrollable() {
		all = append(all, templates.MFAChoice{Action: name})
	}
	for _, a := range v.options.Challenges {
		name := v.options.NameOf(a)
		if !slices.ContainsFunc(all, func(c templates.MFAChoice) bool { return c.Action == name }) {
			all = append(all, templates.MFAChoice{Action: name, To: a.Label})
		}
	}
	return all
}

// submitOptions goes to the page of the chosen factor.
//
//auth0:operation POST /u/mfa-login-options
//auth0:operation POST /u/mfa-enroll-options
func (m *room) submitOptions(enroll bool) step {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		name := v.action()
		switch {
		case enroll && v.mayEnroll(name):
			return web.Continue(w, r, factors.EnrollmentPage(name), v.state)
		case v.has(name):
			if err := m.sendFirst(r, factors.ChallengePage(name), v.state); err != nil {
				return err
			}
			return web.Continue(w, r, factors.ChallengePage(name), v.state)
		}
		return v.start(w, r)
	}
}
