package token_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

// managed adds the application that calls the Management API to a tenant file.
func managed(file object) {
	file["clients"] = append(file["clients"].([]object), object{
		"name": "management", "client_id": servertest.Management, "client_secret": servertest.ManagementSecret, "app_type": "non_interactive",
		"grant_types": []string{"client_credentials"},
	})
	file["clientGrants"] = append(file["clientGrants"].([]object), object{"client_id": servertest.Management, "audience": "${issuer}api/v2/", "allow_all_scopes": true})
}

// setStandard sets tenant0_standard_answers of an application, and returns the application.
func (tn tenant) setStandard(t *testing.T, client string, on any) object {
	t.Helper()
	status, answer := tn.Manage(tn.Client(), http.MethodPatch, "clients/"+client, object{"tenant0_standard_answers": on})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	return answer.(object)
}

// TestStandardAnswers compares an application's answers as Auth0 sends them with those of OIDC Core
// section 5.1 and RFC 6749 section 5.2, which the switch turns on.
func TestStandardAnswers(t *testing.T) {
	tn := start(t, withSeed(managed))
	shown := func() (inIDToken, inUserinfo any) {
		t.Helper()
		tokens := tn.tokens(fixed, "scope", "openid profile", "audience", "")
		var profile object
		answer := tn.send(http.MethodGet, "userinfo", "", "Authorization", "Bearer "+tokens["access_token"].(string))
		if err := json.Unmarshal([]byte(answer.body), &profile); err != nil {
			t.Fatal(err)
		}
		_, claims := tn.verified(tokens["id_token"], jose.RS256)
		return claims["updated_at"], profile["updated_at"]
	}
	refusedWith := func(client string, status int) {
		t.Helper()
		for _, form := range []url.Values{
			values("grant_type", "authorization_code", "client_id", client, "code", "x"),
			values("grant_type", "refresh_token", "client_id", client, "refresh_token", "x"),
		} {
			want := errCode
			if form.Get("grant_type") == "refresh_token" {
				want = errRefresh
			}
			tn.refused(t, form, status, want)
		}
	}

	inIDToken, inUserinfo := shown()
	updated, err := time.Parse(time.RFC3339, inIDToken.(string))
	if err != nil || inUserinfo != inIDToken {
		t.Fatalf("without the switch updated_at is %v and %v", inIDToken, inUserinfo)
	}
	refusedWith(fixed, http.StatusForbidden)

	tn.setStandard(t, fixed, true)
	inIDToken, inUserinfo = shown()
	diff(t, "in the ID token", inIDToken, any(updated.Unix()))
	diff(t, "in userinfo", inUserinfo, any(float64(updated.Unix())))
	refusedWith(fixed, http.StatusBadRequest)
	refusedWith(rotating, http.StatusForbidden) // another application
	tn.refused(t, values("grant_type", "refresh_token", "client_id", fixed), 400, errMissing("refresh_token"))
	tn.refused(t, values("grant_type", "client_credentials", "client_id", fixed, "audience", plain), 403, errGrant("client_credentials"))

	tn.setStandard(t, fixed, false)
	if inIDToken, _ = shown(); inIDToken != updated.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("with the switch turned off updated_at is %v", inIDToken)
	}
	refusedWith(fixed, http.StatusForbidden)
}

// TestTheSwitchIsShownWhereItIsSet, and no other answer contains it, so that Auth0's client libraries do
// not meet an unknown member.
func TestTheSwitchIsShownWhereItIsSet(t *testing.T) {
	const name = "tenant0_standard_answers"
	tn := start(t, withSeed(func(file object) {
		managed(file)
		file["clients"].([]object)[0][name] = true // that of fixed
	}))
	show := func(client string) any {
		t.Helper()
		_, answer := tn.Manage(tn.Client(), http.MethodGet, "clients/"+client, nil)
		value, there := answer.(object)[name]
		if !there {
			return "left out"
		}
		return value
	}
	diff(t, "of the tenant file", show(fixed), any(true))
	diff(t, "of another application", show(rotating), any("left out"))
	diff(t, "in the answer to a change", tn.setStandard(t, rotating, true)[name], any(true))
	status, made := tn.Manage(tn.Client(), http.MethodPost, "clients", object{"name": "new", name: true})
	if status != http.StatusCreated || made.(object)[name] != true {
		t.Errorf("a new application: %d %v", status, made)
	}
	status, answer := tn.Manage(tn.Client(), http.MethodPatch, "clients/"+rotating, object{name: "yes"})
	if status != http.StatusBadRequest {
		t.Errorf("a switch that is no boolean: %d %v", status, answer)
	}
}
