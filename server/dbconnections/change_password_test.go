package dbconnections_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestARequestForANewPasswordDoesNotContainIt.
func TestARequestForANewPasswordDoesNotContainIt(t *testing.T) {
	tn := start(t)
	ask := func(connection string) (int, object) {
		status, answer, _ := tn.api("change_password", object{"connection": connection, "email": servertest.Employee, "password": "A password of 2026"})
		return status, answer
	}
	if status, answer := ask(database); status != http.StatusBadRequest || answer["error"] != "password is not allowed" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := ask("none"); status != http.StatusBadRequest || answer["error_description"] != "the connection was not found" {
		t.Errorf("at a connection that does not exist: %d %v", status, answer)
	}
	changePage(t, tn.Server, "flags", object{"change_pwd_flow_v1": true})
	if status, answer := ask(database); status != http.StatusNotImplemented || answer["error"] != "not_emulated" {
		t.Errorf("with change_pwd_flow_v1: %d %v", status, answer)
	}
	if mails := tn.Inbox(); len(mails) > 0 {
		t.Errorf("e-mails were sent: %v", mails)
	}
}

// TestTheRateLimitOfNewPasswords is told in headers, whether or not the tenant has the limits.
func TestTheRateLimitOfNewPasswords(t *testing.T) {
	tn := start(t)
	noon := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	tn.Freeze(noon)
	ask := func(remaining string) {
		t.Helper()
		body := strings.NewReader(`{"connection": "` + database + `", "email": "` + servertest.Employee + `"}`)
		resp, err := tn.browser.Post(tn.URL+"dbconnections/change_password", "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		h := resp.Header
		if h.Get("X-RateLimit-Limit") != "10" || h.Get("X-RateLimit-Remaining") != remaining || h.Get("X-RateLimit-Reset") != strconv.FormatInt(noon.Add(time.Minute).Unix(), 10) {
			t.Errorf("%d %v", resp.StatusCode, h)
		}
	}
	ask("9")
	ask("9")
	changePage(t, tn.Server, "flags", object{"tenant0_rate_limits": true})
	ask("9")
	ask("8")
}

// TestThePolicyOfAWeakPassword is told as a text, in which the special characters are written as they are.
func TestThePolicyOfAWeakPassword(t *testing.T) {
	tn := start(t)
	_, answer, _ := tn.api("signup", object{"client_id": servertest.Mobile, "connection": database, "email": "weak@exampleco.com", "password": "weak"})
	const want = "* At least 8 characters in length\n* Contain at least 3 of the following 4 types of characters:\n" +
		"  * lower case letters (a-z)\n  * upper case letters (A-Z)\n  * numbers (i.e. 0-9)\n  * special characters (e.g. !@#$%^&*)"
	if answer["policy"] != want {
		t.Errorf("the policy is %q", answer["policy"])
	}
}
