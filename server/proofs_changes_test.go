package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestWhatIsNotUsedYetEndsWithAChange has proofs of a user wait while the user is changed. What ends the user's
// refresh tokens also ends what applications and devices could still exchange for new ones.
func TestWhatIsNotUsedYetEndsWithAChange(t *testing.T) {
	user := "users/" + url.PathEscape(employeeID)
	changes := map[string]func(p *proving){
		"a new password": func(p *proving) {
			p.api(http.MethodPatch, user, map[string]any{"password": servertest.Password + "+"}, "")
		},
		"a new address":       func(p *proving) { p.api(http.MethodPatch, user, map[string]any{"email": "moved@exampleco.com"}, "") },
		"the end of access":   func(p *proving) { p.api(http.MethodPost, user+"/revoke-access", map[string]any{}, "") },
		"a block of the user": func(p *proving) { p.api(http.MethodPatch, user, map[string]any{"blocked": true}, "") },
	}
	places := allPlaces()
	for _, name := range []string{"authorization code", "device code", "login ticket", "refresh token"} {
		for what, change := range changes {
			t.Run(name+" and "+what, func(t *testing.T) {
				pl := places[name]
				p := newProving(t, pl)
				p.Freeze(noon)
				good := pl.issue(p)
				change(p)
				if pl.accepts(p, good) {
					t.Error("it is accepted")
				}
			})
		}
	}
}

// TestALinkIsForTheAddressItWasSentTo: once an account has another address, nobody can use a link that was sent to
// the former one. It may be another person who reads that mailbox.
func TestALinkIsForTheAddressItWasSentTo(t *testing.T) {
	p := newProving(t, place{})
	links := map[string]string{}
	send := func(kind string, ask func()) {
		p.ClearInbox()
		ask()
		links[kind] = strings.TrimSuffix(p.WaitForMessage(servertest.Employee, kind).Link, "#")
	}
	send(outbox.ResetEmail, func() {
		asked := url.Values{"client_id": {servertest.SPA}, "connection": {people}, "email": {servertest.Employee}}
		p.send(http.MethodPost, p.URL+"dbconnections/change_password", asked.Encode(), "Content-Type", formType)
	})
	send(outbox.VerifyEmail, func() {
		p.api(http.MethodPatch, "users/"+url.PathEscape(employeeID), map[string]any{"email_verified": false}, "")
		p.api(http.MethodPost, "jobs/verification-email", map[string]any{"user_id": employeeID}, "id")
	})
	links[outbox.BlockedAccount] = p.URL + "u/unblock?ticket=" + unblocking(p)
	follow := func(kind string) int {
		form := url.Values{"password-reset": {servertest.Password + "+"}, "re-enter-password": {servertest.Password + "+"}}
		status, _ := p.send(http.MethodPost, links[kind], form.Encode(), "Content-Type", formType)
		return status
	}
	move := func(to string) {
		p.api(http.MethodPatch, "users/"+url.PathEscape(employeeID), map[string]any{"email": to, "email_verified": false}, "")
	}
	move("moved@exampleco.com")
	for kind := range links {
		if status := follow(kind); status != http.StatusBadRequest {
			t.Errorf("the link of %s is answered %d after the address has changed", kind, status)
		}
	}
	move(servertest.Employee)
	for kind := range links {
		if status := follow(kind); status >= http.StatusBadRequest {
			t.Errorf("the link of %s is answered %d although the address is the same", kind, status)
		}
	}
}
