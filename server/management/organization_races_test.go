package management_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestTwoPagesOfOneLoginKeepBothAnswers answers the consent page and the page of the organization
// concurrently, and then opens a page of a login that is over.
func TestTwoPagesOfOneLoginKeepBothAnswers(t *testing.T) {
	c, acme, globex := prompting(t, "require", "post_login_prompt")
	c.join(acme)
	c.join(globex)
	post := func(browser *http.Client, page servertest.Page, form url.Values) (int, string) {
		resp, err := browser.PostForm(page.URL.String(), form)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		return resp.StatusCode, string(body)
	}
	at := func(page servertest.Page, path string) string {
		u := *page.URL
		u.Path = path
		return u.String()
	}
	for range 20 {
		browser := c.tenant.Client()
		_, login := c.authorizeIn(browser, url.Values{"scope": {"openid"}, "prompt": {"consent"}})
		form := login.Form()
		form.Set("username", servertest.Employee)
		form.Set("password", servertest.Password)
		_, choice := c.tenant.Submit(browser, login, form)
		_, consent := c.tenant.Visit(browser, at(choice, "/u/consent"))
		choose, agree := choice.Form(), consent.Form()
		choose.Set("organization", globex)
		agree.Set("action", "accept")
		var wait sync.WaitGroup
		for _, answer := range []struct {
			page servertest.Page
			form url.Values
		}{{choice, choose}, {consent, agree}} {
			wait.Go(func() {
				if status, body := post(browser, answer.page, answer.form); status != http.StatusFound {
					t.Errorf("%s: %d %s", answer.page.URL, status, body)
				}
			})
		}
		wait.Wait()
		left, page := c.tenant.Visit(browser, at(choice, "/authorize/resume"))
		if left == nil || left.Query().Get("code") == "" {
			t.Fatalf("after both answers the login leads to %v %v", left, page.URL)
		}

		late := func(when string, page servertest.Page, form url.Values) {
			t.Helper()
			status, body := post(browser, page, form)
			if status != http.StatusBadRequest || !strings.Contains(body, "You may have pressed the back button") {
				t.Errorf("%s: %d\n%s", when, status, body)
			}
		}
		other, decline := choice.Form(), consent.Form()
		other.Set("organization", acme)
		decline.Set("action", "decline")
		late("another organization after the login", choice, other)
		late("another answer after the login", consent, decline)
		form.Set("username", servertest.Manager)
		late("another user after the login", login, form)
		c.tenant.Advance(11 * time.Second)
		late("the same organization, too late", choice, choose)
		late("the same answer, too late", consent, agree)
		if left, page := c.tenant.Visit(browser, at(choice, "/authorize/resume")); left != nil || page.Status != http.StatusBadRequest {
			t.Errorf("a login that is over leads to %v %d", left, page.Status)
		}
	}
}
