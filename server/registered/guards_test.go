package registered_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/storage"
)

// look reads the store of openAt, which has the organization acme and the custom domain login.brand.test.
func look(t *testing.T, addresses []string, read func(tx *storage.Tx) error) {
	t.Helper()
	if err := openAt(t, addresses).View(t.Context(), read); err != nil {
		t.Fatal(err)
	}
}

// TestPlaceholdersAreFilledForWhom: {organization_name} stands for the organization of the request, for applications
// that use organizations; no placeholder is replaced for a third party in strict mode.
func TestPlaceholdersAreFilledForWhom(t *testing.T) {
	const organization, metadata = "https://{organization_name}.example.com/cb", "https://{custom_domain.metadata.public_app}/cb"
	type party struct {
		first       bool
		mode, usage string
	}
	first, strict, permissive := party{true, "strict", "allow"}, party{false, "strict", "allow"}, party{false, "permissive", "require"}
	look(t, nil, func(tx *storage.Tx) error {
		for _, one := range []struct {
			name, address, uri string
			party              party
			in                 []string
			want               bool
		}{
			{"an organization that exists", organization, "https://acme.example.com/cb", first, nil, true},
			{"one that does not exist", organization, "https://evil.example.com/cb", first, nil, false},
			{"the organization of the request", organization, "https://acme.example.com/cb", first, []string{"acme"}, true},
			{"another than that of the request", organization, "https://acme.example.com/cb", first, []string{"beta"}, false},
			{"a request without an organization", organization, "https://acme.example.com/cb", first, []string{""}, false},
			{"no label at all", organization, "https://.example.com/cb", first, []string{""}, false},
			{"an application that uses none", organization, "https://acme.example.com/cb", party{true, "", "deny"}, []string{"acme"}, false},
			{"an application that does not say", organization, "https://acme.example.com/cb", party{true, "", ""}, nil, false},
			{"a third party in strict mode", organization, "https://acme.example.com/cb", strict, []string{"acme"}, false},
			{"a permissive third party", organization, "https://acme.example.com/cb", permissive, []string{"acme"}, true},
			{"the domain's metadata", metadata, "https://app.brand.test/cb", party{true, "", "deny"}, nil, true},
			{"the domain's metadata, elsewhere", metadata, "https://evil.test/cb", first, nil, false},
			{"the domain's metadata for a third party", metadata, "https://app.brand.test/cb", strict, nil, false},
			{"the placeholder itself", metadata, metadata, first, nil, false},
		} {
			client := storage.Client{
				IsFirstParty: one.party.first, ThirdPartySecurityMode: one.party.mode, OrganizationUsage: one.party.usage,
				Callbacks: []string{one.address}, AllowedLogoutURLs: []string{one.address},
			}
			addresses := registered.Of(tx, client, "login.brand.test:3000")
			for _, name := range one.in {
				addresses = addresses.In(name)
			}
			callback, err := addresses.Callback(one.uri)
			if callback != one.want || err != nil {
				t.Errorf("%s: the callback %s is allowed: %v, %v", one.name, one.uri, callback, err)
			}
			logout, err := addresses.Logout(one.uri, false)
			if logout != one.want || err != nil {
				t.Errorf("%s: the logout to %s is allowed: %v, %v", one.name, one.uri, logout, err)
			}
		}
		return nil
	})
}

func TestWhereALogoutLeads(t *testing.T) {
	look(t, nil, func(tx *storage.Tx) error {
		tenant := storage.Tenant{AllowedLogoutURLs: []string{"https://*.example.com", "https://{organization_name}.example.com", "https://app.example.com/bye"}}
		addresses := registered.OfTenant(tx, tenant, "localhost:3000")
		if got := addresses.DefaultLogout(); got != "https://app.example.com/bye" {
			t.Errorf("without returnTo it leads to %q", got)
		}
		if got := registered.OfTenant(tx, storage.Tenant{AllowedLogoutURLs: tenant.AllowedLogoutURLs[:2]}, "localhost:3000").DefaultLogout(); got != "" {
			t.Errorf("it leads to the pattern %q", got)
		}
		for uri, want := range map[string][2]bool{ // with the query compared, and without
			"https://app.example.com/bye":     {true, true},
			"https://app.example.com/bye?a=b": {false, true},
			"https://app.example.com/other":   {false, false},
			"https://a.example.com":           {true, true},
			"https://a.b.example.com":         {false, false},
			"https://evil.test/bye":           {false, false},
			"":                                {false, false},
		} {
			for i, ignore := range []bool{false, true} {
				if got, err := addresses.Logout(uri, ignore); got != want[i] || err != nil {
					t.Errorf("the logout to %q is allowed: %v, %v", uri, got, err)
				}
			}
		}
		return nil
	})
}

// TestRequestsOfForeignPages: a page may send requests only for an application that has the page's origin in one of its
// three lists.
func TestRequestsOfForeignPages(t *testing.T) {
	look(t, []string{"https://callback.test/cb", "https://web.test", "https://cors.test"}, func(tx *storage.Tx) error {
		for _, one := range []struct {
			client, origin string
			allowed        bool
		}{
			{"client000000", "https://callback.test", true},
			{"client000001", "https://web.test", true},
			{"client000002", "https://cors.test", true},
			{"client000000", "", true},
			{"client000000", "http://localhost:3000", true}, // a page of the server's own
			{"client000000", "https://localhost:3000", false},
			{"client000000", "https://web.test", false},
			{"client000001", "https://callback.test", false},
			{"client000002", "http://cors.test", false},
			{"client000002", "null", false},
			{"nobody", "https://web.test", false},
			{"", "https://web.test", false},
			{"", "", true},
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:3000/oauth/token", nil)
			if one.origin != "" {
				r.Header.Set("Origin", one.origin)
			}
			if err := registered.CheckOrigin(tx, r, one.client); (err == nil) != one.allowed {
				t.Errorf("%s sends for %q: %v", one.origin, one.client, err)
			}
		}
		return nil
	})
}

// TestAnApplicationSpeaksForItselfOnly: one that does not allow an origin says nothing about the others.
func TestAnApplicationSpeaksForItselfOnly(t *testing.T) {
	look(t, []string{"https://{organization_name}.example.com/cb", "https://{organization_name}.example.com"}, func(tx *storage.Tx) error {
		client, err := tx.Clients.Get("client000000") // of a third party, in strict mode
		if err != nil {
			return err
		}
		if allowed, err := registered.Of(tx, client, "localhost:3000").Origin("https://acme.example.com"); allowed || err != nil {
			t.Errorf("the third party allows it: %v, %v", allowed, err)
		}
		if allowed, err := registered.OriginOfAny(tx, "localhost:3000", "https://acme.example.com"); !allowed || err != nil {
			t.Errorf("with a third party that does not allow it: %v, %v", allowed, err)
		}
		return nil
	})
}
