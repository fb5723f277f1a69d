package authorize_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// requestObject returns an unsigned request object with a payload.
func requestObject(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(payload)) + "."
}

const refusedObject = "request_not_supported"

// TestRefusedObjectsTravelAsTheySay: the redirect that refuses a request object uses the redirect_uri, response
// mode and state in the object, OIDC Core section 6.1.
func TestRefusedObjectsTravelAsTheySay(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name, payload string
		outside       []string
		to, state     string
	}{
		{"state", `{"state":"inside"}`, nil, callbackURL + "?", "inside"},
		{"state, with none outside", `{"client_id":"app","state":"inside"}`, []string{"state", ""}, callbackURL + "?", "inside"},
		{"the response mode", `{"response_mode":"fragment"}`, nil, callbackURL + "#", "s&1 ü"},
		{"a response type with another mode", `{"response_type":"id_token","state":"é\u00fc"}`, nil, callbackURL + "#", "éü"},
		{"the response type, with none outside", `{"response_type":"code"}`, []string{"response_type", ""}, callbackURL + "?", "s&1 ü"},
		{"the redirect URI", `{"redirect_uri":"http://localhost:3000"}`, nil, "http://localhost:3000?", "s&1 ü"},
		{"the redirect URI, with none outside", `{"redirect_uri":"http://localhost:3000"}`, []string{"redirect_uri", ""}, "http://localhost:3000?", "s&1 ü"},
		{"the redirect URI, with a wrong one outside", `{"redirect_uri":"` + callbackURL + `"}`, []string{"redirect_uri", "https://evil.example/"}, callbackURL + "?", "s&1 ü"},
		{"nothing", `{"redirect_uri":"","state":"","response_mode":"","client_id":""}`, nil, callbackURL + "?", "s&1 ü"},
		{"names in other letters", `{"Redirect_URI":"https://evil.example/","STATE":"inside","CLIENT_ID":"second"}`, nil, callbackURL + "?", "s&1 ü"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, signature := range []string{"", "bm90IGEgc2lnbmF0dXJl"} {
				status, location, body := tn.fetch(tn.target(append(tt.outside, "request", requestObject(tt.payload)+signature)...))
				rest, ok := strings.CutPrefix(location, tt.to)
				if status != http.StatusFound || !ok {
					t.Fatalf("%d %s, want %s\n%s", status, location, tt.to, body)
				}
				query, err := url.ParseQuery(rest)
				if err != nil {
					t.Fatal(err)
				}
				want := url.Values{"error": {refusedObject}, "error_description": {"The parameter request (JAR) is not emulated by tenant0"}, "state": {tt.state}}
				diff(t, "parameters", query, want)
			}
		})
	}
}

func TestRefusedObjectsByFormPost(t *testing.T) {
	tn := start(t)
	left, page := tn.Visit(tn.browser, tn.target("request", requestObject(`{"response_mode":"form_post","state":"inside"}`)))
	if left != nil || !strings.Contains(page.Body, `<form method="post" action="`+callbackURL+`"`) {
		t.Fatalf("the answer goes to %v, page %s", left, page.Body)
	}
	if form := page.Form(); form.Get("error") != refusedObject || form.Get("state") != "inside" {
		t.Errorf("the form has %v", form)
	}
}

// TestObjectsThatLeadNowhere are refused on a page, because their redirect_uri does not belong to the
// application that the request names.
func TestObjectsThatLeadNowhere(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name, payload string
		status        int
		want          string
	}{
		{"a callback that is not registered", `{"redirect_uri":"https://evil.example/"}`, 403, "Callback URL mismatch. https://evil.example/"},
		{"a callback of another application", `{"redirect_uri":"https://second.example.com/callback"}`, 403, "Callback URL mismatch."},
		{"another application", `{"client_id":"second","redirect_uri":"https://second.example.com/callback"}`, 400, "Invalid parameter request: its client_id is not that of the request"},
		{"another application, with the callback of this one", `{"client_id":"second"}`, 400, "Invalid parameter request: its client_id is not that of the request"},
	} {
		status, location, body := tn.fetch(tn.target("request", requestObject(tt.payload)))
		if status != tt.status || location != "" || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %q\n%s", tt.name, status, location, body)
		}
	}
}

// TestObjectsThatCannotBeRead have no influence on the redirect that refuses them.
func TestObjectsThatCannotBeRead(t *testing.T) {
	tn := start(t)
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"state":"inside"}`))
	for _, object := range []string{
		"x", "..", "a.b.c", "e30", claims, "e30." + claims, "e30." + claims + ".a.b", "e30." + claims + "=.",
		requestObject(""), requestObject("null"), requestObject("1"), requestObject(`["state","inside"]`), requestObject(`{"state":"inside"`),
		requestObject(`{"state":"inside"}{}`), requestObject(`{"state":"inside","redirect_uri":1}`), requestObject(`{"state":"inside","response_mode":["fragment"]}`),
		requestObject(`{"state":"a\u0000b"}`), requestObject(`{"state":{"state":"inside"}}`), requestObject(`{"state":null}`), requestObject("{\"state\":\"\xff\"}"),
		requestObject(strings.Repeat("[", 20000)), requestObject(`{"state":"inside","a":` + strings.Repeat("[", 20000) + "}"),
	} {
		status, location, _ := tn.fetch(tn.target("request", object))
		u, err := url.Parse(location)
		if err != nil || status != http.StatusFound || !strings.HasPrefix(location, callbackURL+"?") ||
			u.Query().Get("error") != refusedObject || u.Query().Get("state") != "s&1 ü" {
			t.Errorf("%.80q: %d %s", object, status, location)
		}
	}
}
