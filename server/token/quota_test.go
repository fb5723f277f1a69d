package token_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

// machineAnswer requests a token by client credentials, and returns the whole response.
func (tn tenant) machineAnswer(more ...string) answer {
	tn.t.Helper()
	form := with(url.Values{"grant_type": {"client_credentials"}, "client_id": {machine}, "client_secret": {secret}, "audience": {plain}}, more...)
	return tn.send(http.MethodPost, "oauth/token", form.Encode(), "Content-Type", formType)
}

// quota returns a token quota for client credentials.
func quota(members object) object { return object{"client_credentials": members} }

// TestQuotasOfTokens: requests beyond the quota of an hour or a day are refused, headers and log events tell the
// quota, and each hour of UTC begins with a full quota.
func TestQuotasOfTokens(t *testing.T) {
	tn := start(t, withSeed(managed))
	tn.Freeze(noon.Add(time.Minute))
	if a := tn.machineAnswer(); a.status != http.StatusOK || a.header.Get("Auth0-Client-Quota-Limit") != "" {
		t.Fatalf("without a quota: %d %v", a.status, a.header)
	}
	patch := func(path string, body object) {
		t.Helper()
		if status, answer := tn.Manage(tn.browser, http.MethodPatch, path, body); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	patch("clients/"+machine, object{"token_quota": quota(object{"per_hour": 5, "per_day": 6, "enforce": true})})
	for i, want := range []string{
		"b=per_hour;q=5;r=4;t=3540,b=per_day;q=6;r=5;t=43140", "b=per_hour;q=5;r=3;t=3540,b=per_day;q=6;r=4;t=43140",
		"b=per_hour;q=5;r=2;t=3540,b=per_day;q=6;r=3;t=43140", "b=per_hour;q=5;r=1;t=3540,b=per_day;q=6;r=2;t=43140",
		"b=per_hour;q=5;r=0;t=3540,b=per_day;q=6;r=1;t=43140",
	} {
		if a := tn.machineAnswer(); a.status != http.StatusOK || a.header.Get("Auth0-Client-Quota-Limit") != want {
			t.Errorf("token %d: %d %v", i+1, a.status, a.header)
		}
	}
	refused := func(a answer, headers map[string]string) {
		t.Helper()
		diff(t, "status", a.status, http.StatusTooManyRequests)
		diff(t, "answer", a.json(t), oauthError("too_many_requests", "Client quota exceeded"))
		for name, want := range headers {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
	refused(tn.machineAnswer(), map[string]string{
		"Auth0-Client-Quota-Limit": "b=per_hour;q=5;r=0;t=3540", "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "Retry-After": "3540",
	})
	tn.Freeze(noon.Add(time.Hour))
	if a := tn.machineAnswer(); a.status != http.StatusOK {
		t.Errorf("in the next hour: %d %s", a.status, a.body)
	}
	refused(tn.machineAnswer(), map[string]string{"Auth0-Client-Quota-Limit": "b=per_day;q=6;r=0;t=39600"})
	patch("clients/"+machine, object{"token_quota": quota(object{"per_day": 6, "enforce": false})})
	if a := tn.machineAnswer(); a.status != http.StatusOK || a.header.Get("Auth0-Client-Quota-Limit") != "b=per_day;q=6;r=0;t=39600" {
		t.Errorf("a quota that is not enforced: %d %v", a.status, a.header)
	}
	tn.Freeze(noon.Add(12 * time.Hour))
	if a := tn.machineAnswer(); a.header.Get("Auth0-Client-Quota-Limit") != "b=per_day;q=6;r=5;t=86400" {
		t.Errorf("on the next day: %v", a.header)
	}
	_, answer := tn.Manage(tn.browser, http.MethodGet, "logs?per_page=100", nil)
	told := map[string]int{}
	for _, e := range answer.([]any) {
		if e := e.(object); e["type"] == "token_quota_consumption_warning" {
			told[e["description"].(string)]++
			if details, _ := e["details"].(object); details["entity_type"] != "client" || details["entity_id"] != machine {
				t.Errorf("the event is %v", e)
			}
		}
	}
	want := []string{
		"100% of client per_day quota consumed", "100% of client per_hour quota consumed", "60% of client per_day quota consumed",
		"60% of client per_hour quota consumed", "80% of client per_day quota consumed", "80% of client per_hour quota consumed",
	}
	diff(t, "what the log tells", slices.Sorted(maps.Keys(told)), want)
	tn.logged("feccft", 2)
}

// TestTheTenantsQuotas apply to applications and organizations without a quota of their own.
func TestTheTenantsQuotas(t *testing.T) {
	tn := start(t, withSeed(func(file object) {
		managed(file)
		file["tenant"] = object{"default_token_quota": object{"clients": quota(object{"per_hour": 3}), "organizations": quota(object{"per_hour": 1})}}
		file["organizations"] = []object{{"name": "acme"}, {"name": "free", "token_quota": quota(object{"per_hour": 9})}}
		grants := file["clientGrants"].([]object)
		grants[0]["organization_usage"], grants[0]["allow_any_organization"] = "allow", true
	}))
	tn.Freeze(noon)
	id := func(name string) string {
		t.Helper()
		_, o := tn.Manage(tn.browser, http.MethodGet, "organizations/name/"+name, nil)
		text, _ := o.(object)["id"].(string)
		return text
	}
	acme, free := id("acme"), id("free")
	if a := tn.machineAnswer("organization", acme); a.status != http.StatusOK || a.header.Get("Auth0-Organization-Quota-Limit") != "b=per_hour;q=1;r=0;t=3600" ||
		a.header.Get("Auth0-Client-Quota-Limit") != "b=per_hour;q=3;r=2;t=3600" {
		t.Errorf("%d %v", a.status, a.header)
	}
	a := tn.machineAnswer("organization", acme)
	diff(t, "answer", a.json(t), oauthError("too_many_requests", "Organization quota exceeded"))
	if a := tn.machineAnswer("organization", free); a.status != http.StatusOK || a.header.Get("Auth0-Organization-Quota-Limit") != "b=per_hour;q=9;r=8;t=3600" {
		t.Errorf("an organization with a quota of its own: %d %v", a.status, a.header)
	}
	if a := tn.machineAnswer(); a.status != http.StatusOK || a.header.Get("Auth0-Organization-Quota-Limit") != "" || a.header.Get("Auth0-Client-Quota-Limit") != "b=per_hour;q=3;r=0;t=3600" {
		t.Errorf("for no organization, after a refusal that counts for nothing: %d %v", a.status, a.header)
	}
	diff(t, "answer", tn.machineAnswer().json(t), oauthError("too_many_requests", "Client quota exceeded"))
}
