package authorize_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// bankFile is a tenant with APIs that accept authorization_details, RFC 9396.
const bankFile = `
clients:
  - {name: bank, client_id: bank, app_type: regular_web, client_secret: a secret of sixteen, grant_types: [authorization_code, refresh_token, implicit], callbacks: ["https://bank.example.com/callback"],
     refresh_token: {rotation_type: non-rotating, expiration_type: non-expiring, policies: [{audience: "urn:other", scope: ["read:it"]}]}}
  - {name: other, client_id: other, app_type: regular_web, client_secret: a secret of sixteen, grant_types: [authorization_code], callbacks: ["https://bank.example.com/callback"]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: payments, identifier: "urn:payments", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "pay:it"}],
     authorization_details: [{type: money_transfer}, {type: account_information}]}
  - {name: granted, identifier: "urn:granted", skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "pay:it"}],
     subject_type_authorization: {user: {policy: require_client_grant}}, authorization_details: [{type: money_transfer}, {type: account_information}]}
  - {name: always, identifier: "urn:always", skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "pay:it"}],
     token_dialect: rfc9068_profile, consent_policy: transactional-authorization-with-mfa, authorization_details: [{type: money_transfer}]}
  - {name: other, identifier: "urn:other", skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "read:it"}]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
  - {client_id: bank, audience: "urn:granted", subject_type: user, scope: ["pay:it"], authorization_details_types: [money_transfer]}
databases:
  - {name: db, strategy: auth0, enabled_clients: [bank, other]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: db}
`

const (
	bankCallback = "https://bank.example.com/callback"
	transfer     = `[{"type":"money_transfer","instructedAmount":{"amount":2500,"currency":"USD"},"beneficiary":"Hanna"}]`
)

// bank logs in to the application bank for an API, with parameters in pairs of name and value.
func (tn tenant) bank(audience string, pairs ...string) servertest.Result {
	tn.t.Helper()
	params := url.Values{"audience": {audience}, "scope": {"openid offline_access pay:it"}}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
	}
	return tn.Login(tn.browser, servertest.Login{ClientID: "bank", RedirectURI: bankCallback, Username: ann, Password: annPassword, Params: params})
}

// claims returns the claims of a JWT.
func claims(t *testing.T, token any) (all map[string]any) {
	t.Helper()
	text, _ := token.(string)
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("%v is no JWT", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// asJSON returns a value as JSON text.
func asJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestATransactionIsAgreedTo: the user must consent to each transaction, whatever else the application may do without consent,
// and the tokens contain its authorization_details.
func TestATransactionIsAgreedTo(t *testing.T) {
	tn := start(t, servertest.Seed(bankFile))
	for i := range 2 { // each transaction anew
		r := tn.bank("urn:payments", "authorization_details", strings.ReplaceAll(transfer, ":", ": "))
		if got := r.Pages[len(r.Pages)-1]; got != "/u/customized-consent" {
			t.Fatalf("login %d goes by %v", i+1, r.Pages)
		}
		form := r.Form()
		form.Set("client_secret", "a secret of sixteen")
		status, body := tn.Token(tn.browser, form)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, body)
		}
		var want any
		if err := json.Unmarshal([]byte(transfer), &want); err != nil {
			t.Fatal(err)
		}
		diff(t, "in the answer", body["authorization_details"], want)
		diff(t, "in the access token", claims(t, body["access_token"])["authorization_details"], want)
		if id := claims(t, body["id_token"]); id["authorization_details"] != nil {
			t.Errorf("the ID token has %v", id)
		}
		refresh := func(more ...string) map[string]any {
			form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"bank"}, "client_secret": {"a secret of sixteen"}, "refresh_token": {body["refresh_token"].(string)}}
			for i := 0; i < len(more); i += 2 {
				form.Set(more[i], more[i+1])
			}
			status, body := tn.Token(tn.browser, form)
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, body)
			}
			return body
		}
		again := refresh()
		diff(t, "after a refresh", again["authorization_details"], want)
		diff(t, "in its token", claims(t, again["access_token"])["authorization_details"], want)
		if other := refresh("audience", "urn:other"); other["authorization_details"] != nil || claims(t, other["access_token"])["authorization_details"] != nil {
			t.Errorf("the token of another API has %v", other)
		}
	}
	if r := tn.bank("urn:payments"); len(r.Pages) != 0 || r.Get("code") == "" {
		t.Errorf("without a transaction: %v %v", r.Pages, r.Values)
	}
	if r := tn.bank("urn:payments", "authorization_details", transfer, "prompt", "none"); r.Get("error") != "consent_required" {
		t.Errorf("silently: %v", r.Values)
	}
	declined := tn.Login(tn.browser, servertest.Login{
		ClientID: "bank", RedirectURI: bankCallback, Username: ann, Password: annPassword, Decline: true,
		Params: url.Values{"audience": {"urn:payments"}, "scope": {"pay:it"}, "authorization_details": {transfer}},
	})
	if declined.Get("error") != "access_denied" || declined.Get("code") != "" {
		t.Errorf("declined: %v", declined.Values)
	}
}

// TestAPushedTransaction is checked when it is pushed, and the consent page shows it.
func TestAPushedTransaction(t *testing.T) {
	tn := start(t, servertest.Seed(bankFile))
	push := func(details string) (int, map[string]any) {
		return tn.Post(tn.browser, "oauth/par", url.Values{
			"client_id": {"bank"}, "client_secret": {"a secret of sixteen"}, "redirect_uri": {bankCallback}, "response_type": {"code"},
			"scope": {"openid"}, "audience": {"urn:payments"}, "authorization_details": {details},
		})
	}
	if status, answer := push(`[{"type":"other"}]`); status != http.StatusBadRequest || answer["error"] != "invalid_authorization_details" {
		t.Errorf("an unknown type: %d %v", status, answer)
	}
	tn.bank("urn:payments") // a session
	status, answer := push(transfer)
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	left, page := tn.Visit(tn.browser, tn.URL+"authorize?"+url.Values{"client_id": {"bank"}, "request_uri": {answer["request_uri"].(string)}}.Encode())
	if left != nil || page.URL.Path != "/u/customized-consent" || !strings.Contains(page.Body, "2500") || !strings.Contains(page.Body, "Hanna") {
		t.Fatalf("%v %s %s", left, page.URL, page.Body)
	}
	status, manage := tn.Manage(tn.browser, http.MethodPut, "prompts/customized-consent/partials", map[string]any{
		"customized-consent": map[string]any{"form-content": "<p>Pay {{ transaction.params.authorization_details[0].beneficiary }}?</p>"},
	})
	if status/100 != 2 {
		t.Fatalf("%d %v", status, manage)
	}
	if _, page = tn.Visit(tn.browser, page.URL.String()); !strings.Contains(page.Body, "<p>Pay Hanna?</p>") || strings.Contains(page.Body, "2500") {
		t.Errorf("the tenant's own words are not on the page: %s", page.Body)
	}
	form := page.Form()
	form.Set("action", "accept")
	if left, page = tn.Submit(tn.browser, page, form); left == nil || left.Query().Get("code") == "" {
		t.Errorf("after the consent: %v %s", left, page.Body)
	}
}

// TestAnAPIThatAlwaysAsks for consent does so without authorization_details too. With them, its tokens of the
// RFC 9068 profile contain them.
func TestAnAPIThatAlwaysAsks(t *testing.T) {
	tn := start(t, servertest.Seed(bankFile))
	for range 2 {
		if r := tn.bank("urn:always"); r.Pages[len(r.Pages)-1] != "/u/customized-consent" || r.Get("code") == "" {
			t.Errorf("%v %v", r.Pages, r.Values)
		}
	}
	form := tn.bank("urn:always", "authorization_details", transfer).Form()
	form.Set("client_secret", "a secret of sixteen")
	_, body := tn.Token(tn.browser, form)
	if got := asJSON(t, claims(t, body["access_token"])["authorization_details"]); !strings.Contains(got, `"beneficiary":"Hanna"`) {
		t.Errorf("the token has %s", got)
	}
}

// TestDetailsThatAreRefused covers Auth0's limits, and types that the application may not use.
func TestDetailsThatAreRefused(t *testing.T) {
	tn := start(t, servertest.Seed(bankFile))
	tn.bank("urn:payments")
	long := strings.Repeat("x", 256)
	nested := `{"a":{"a":{"a":{"a":{"a":1}}}}}`
	for _, tt := range []struct{ name, audience, details, says string }{
		{"no JSON", "urn:payments", "{", "a JSON array of objects"},
		{"no array", "urn:payments", `{"type":"money_transfer"}`, "a JSON array of objects"},
		{"no objects", "urn:payments", `["money_transfer"]`, "a JSON array of objects"},
		{"a null", "urn:payments", `[null]`, "a JSON array of objects"},
		{"none", "urn:payments", `[]`, "1 to 5"},
		{"six", "urn:payments", "[" + strings.TrimSuffix(strings.Repeat(`{"type":"money_transfer"},`, 6), ",") + "]", "1 to 5"},
		{"without a type", "urn:payments", `[{"kind":"money_transfer"}]`, "needs a type"},
		{"a type that is no text", "urn:payments", `[{"type":1}]`, "needs a type"},
		{"an unknown type", "urn:payments", `[{"type":"money_transfer"},{"type":"x"}]`, "not one of the API"},
		{"of an API without types", "urn:other", transfer, "not one of the API"},
		{"of no API", "", transfer, "need an audience"},
		{"a type that is not granted", "urn:granted", `[{"type":"account_information"}]`, "not granted"},
		{"a long value", "urn:payments", `[{"type":"money_transfer","to":"` + long + `"}]`, "255 characters"},
		{"a long name", "urn:payments", `[{"type":"money_transfer","` + long + `":1}]`, "the name of a member"},
		{"a name with a space", "urn:payments", `[{"type":"money_transfer","a b":1}]`, "the name of a member"},
		{"eleven members", "urn:payments", `[{"type":"money_transfer","a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1}]`, "10 members"},
		{"six levels", "urn:payments", `[{"type":"money_transfer","a":` + nested + `}]`, "nested more than 5"},
		{"a byte more than 5 KB", "urn:payments", `[{"type":"money_transfer"` + strings.Repeat(" ", 5<<10+1-len(`[{"type":"money_transfer"}]`)) + `}]`, "5120 bytes"},
		{"six kilobytes", "urn:payments", `[{"type":"money_transfer","a":[` + strings.Repeat(`"`+long[:200]+`",`, 30) + `1]}]`, "5120 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := tn.bank(tt.audience, "authorization_details", tt.details)
			if r.Get("error") != "invalid_authorization_details" || !strings.Contains(r.Get("error_description"), tt.says) {
				t.Errorf("%v", r.Values)
			}
		})
	}
	for name, params := range map[string][]string{
		"a granted type": {"urn:granted", `[{"type":"money_transfer"}]`}, "several of a type": {"urn:payments", `[{"type":"money_transfer"},{"type":"money_transfer"}]`},
		"five levels":      {"urn:payments", `[{"type":"money_transfer","a":{"a":{"a":{"a":{}}}}}]`},
		"five":             {"urn:payments", "[" + strings.TrimSuffix(strings.Repeat(`{"type":"money_transfer"},`, 5), ",") + "]"},
		"ten members":      {"urn:payments", `[{"type":"money_transfer","a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}]`},
		"255 characters":   {"urn:payments", `[{"type":"money_transfer","to":"` + long[1:] + `","` + long[1:] + `":1}]`},
		"255 wide letters": {"urn:payments", `[{"type":"money_transfer","to":"` + strings.Repeat("ü", 255) + `"}]`},
		"5 KB":             {"urn:payments", `[{"type":"money_transfer"` + strings.Repeat(" ", 5<<10-len(`[{"type":"money_transfer"}]`)) + `}]`},
	} {
		if r := tn.bank(params[0], "authorization_details", params[1]); r.Get("code") == "" {
			t.Errorf("%s: %v", name, r.Values)
		}
	}
	// A client without a client grant gets the same error as without authorization_details.
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "other", RedirectURI: bankCallback, Params: url.Values{"audience": {"urn:granted"}, "authorization_details": {transfer}}})
	if left, _ := tn.Visit(tn.browser, target); left == nil || left.Query().Get("error") == "" || left.Query().Get("code") != "" {
		t.Errorf("without a grant: %v", left)
	}
}
