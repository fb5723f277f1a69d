package forms_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// service is an external server that signals when it is called, and waits before it answers.
type service struct {
	*httptest.Server
	asked  atomic.Int32
	comes  chan struct{}
	answer chan struct{}
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{comes: make(chan struct{}, 100), answer: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		s.asked.Add(1)
		s.comes <- struct{}{}
		<-s.answer
	}))
	t.Cleanup(s.Close)
	return s
}

// askedOnce lets the service answer after the first call, and checks that the concurrent tabs called it only once.
func (s *service) askedOnce(t *testing.T, tabs *sync.WaitGroup) {
	t.Helper()
	<-s.comes
	select {
	case <-s.comes:
	case <-time.After(200 * time.Millisecond):
	}
	close(s.answer)
	tabs.Wait()
	if n := s.asked.Load(); n != 1 {
		t.Errorf("the flow has asked %d times", n)
	}
}

// first returns the address of the form page to which a login leads, without opening it.
func (tn tenant) first(nodes ...object) string {
	tn.t.Helper()
	tn.done(tn.login())
	tn.form(nil, nodes...)
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
	resp, err := tn.browser.Get(target)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := resp.Location()
	if err != nil {
		tn.t.Fatal(err)
	}
	return page.String()
}

// TestTheFirstFlowRunsOnce, however many tabs open the form at the same time.
func TestTheFirstFlowRunsOnce(t *testing.T) {
	tn, outside := start(t), newService(t)
	flow := tn.flow(act("ask", "HTTP", "SEND_REQUEST", object{"method": "POST", "url": outside.URL}))
	page := tn.first(runs("begin", flow, "one"), step("one", "$ending", field("TEXT", "company", nil)))
	var tabs sync.WaitGroup
	for range 5 {
		tabs.Go(func() {
			if left, shown := tn.Visit(tn.browser, page); left != nil || shown.Status != http.StatusOK {
				t.Errorf("a tab comes to %v, status %d %s", left, shown.Status, words(shown))
			}
		})
	}
	<-outside.comes
	select { // others may come to the flow now, and do where nothing keeps them
	case <-outside.comes:
	case <-time.After(200 * time.Millisecond):
	}
	close(outside.answer)
	tabs.Wait()
	if n := outside.asked.Load(); n != 1 || len(tn.executions(flow)) != 1 {
		t.Errorf("the flow has asked %d times, in %d executions", n, len(tn.executions(flow)))
	}
	_, shown := tn.Visit(tn.browser, page)
	tn.done(tn.send(shown, "company", "Acme"))
}

// TestTabsThatResume: a login that several tabs resume at the same time leads to one form, which starts only once.
func TestTabsThatResume(t *testing.T) {
	tn, outside := start(t), newService(t)
	flow := tn.flow(act("ask", "HTTP", "SEND_REQUEST", object{"method": "POST", "url": outside.URL}))
	tn.form(nil, runs("begin", flow, "one"), step("one", "$ending", field("TEXT", "company", nil)))
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
	_, page := tn.Visit(tn.browser, target)
	login := page.Form()
	login.Set("username", servertest.Employee)
	login.Set("password", servertest.Password)
	resp, err := tn.browser.PostForm(page.URL.String(), login)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	resume, err := resp.Location()
	if err != nil || resume.Path != "/authorize/resume" {
		t.Fatalf("the password leads to %v, %v", resume, err)
	}
	var tabs sync.WaitGroup
	for range 10 {
		tabs.Go(func() {
			if left, shown := tn.Visit(tn.browser, resume.String()); left != nil || shown.Status != http.StatusOK {
				t.Errorf("a tab comes to %v, status %d %s", left, shown.Status, words(shown))
			}
		})
	}
	outside.askedOnce(t, &tabs)
}

// TestAFlowGoesOnWithoutItsBrowser: reloading a page while its flow runs does not start a second one.
func TestAFlowGoesOnWithoutItsBrowser(t *testing.T) {
	tn, outside := start(t), newService(t)
	flow := tn.flow(act("ask", "HTTP", "SEND_REQUEST", object{"method": "POST", "url": outside.URL}))
	page := tn.first(runs("begin", flow, "one"), step("one", "$ending", field("TEXT", "company", nil)))
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		rq, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if resp, err := tn.browser.Do(rq); err == nil {
			_ = resp.Body.Close()
			t.Errorf("the browser has not left: %d", resp.StatusCode)
		}
	}()
	<-outside.comes
	leave()
	<-gone
	close(outside.answer)
	if _, shown := tn.Visit(tn.browser, page); shown.Status != http.StatusOK {
		t.Errorf("the page is %d %s", shown.Status, words(shown))
	}
	if n := outside.asked.Load(); n != 1 {
		t.Errorf("the flow has asked %d times", n)
	}
}

// TestAStepIsTakenOnceWhileItsFlowRuns: submitting the step again meanwhile leads to the next page, with
// or without the number of the page.
func TestAStepIsTakenOnceWhileItsFlowRuns(t *testing.T) {
	tn, outside := start(t), newService(t)
	flow := tn.flow(act("ask", "HTTP", "SEND_REQUEST", object{"method": "POST", "url": outside.URL}))
	form := tn.form(nil,
		step("one", "flow", field("TEXT", "company", nil)), runs("flow", flow, "two"), step("two", "$ending", field("TEXT", "place", nil)))
	page := tn.at(form)
	var tabs sync.WaitGroup
	for i := range 4 {
		values := page.Form()
		values.Set("action", "default")
		values.Set("company", "Acme")
		if i%2 == 1 {
			values.Del("turn")
		}
		tabs.Go(func() {
			if left, _ := tn.Submit(tn.browser, page, values); left != nil {
				t.Errorf("what is sent comes to %v", left)
			}
		})
	}
	outside.askedOnce(t, &tabs)
}

// TestAFormThatFailsIsFree: requests after a failed one do not have to wait for it.
func TestAFormThatFailsIsFree(t *testing.T) {
	tn := start(t)
	page := tn.first(step("one", "nowhere"))
	_, shown := tn.Visit(tn.browser, page)
	for range 3 {
		began := time.Now()
		if _, wrong := tn.send(shown); wrong.Status != http.StatusBadRequest || time.Since(began) > 30*time.Second {
			t.Errorf("status %d after %v: %s", wrong.Status, time.Since(began), words(wrong))
		}
		_, shown = tn.Visit(tn.browser, page)
	}
}
