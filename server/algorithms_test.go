package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestEveryAlgorithmIsReadWhereItsTokensComeBack configures APIs and applications with each
// signing algorithm that the Management API accepts for them, and uses the resulting tokens
// at every place that reads such a token.
func TestEveryAlgorithmIsReadWhereItsTokensComeBack(t *testing.T) {
	places := map[string]place{}
	for _, some := range []map[string]place{hints(), tokensAndCodes()} {
		maps.Copy(places, some)
	}
	signed := resource.ResourceServers.Fields["signing_alg"].Enum
	for name, identifier := range map[string]string{
		"access token at the Management API": "ISSUER", "access token at the API of the Authorization Extension": "urn:auth0-authz-api",
		"access token at userinfo": servertest.API,
	} {
		p := newProving(t, places[name])
		if identifier == "ISSUER" {
			identifier = p.URL + "api/v2/"
		}
		for _, alg := range signed {
			p.api(http.MethodPatch, "resource-servers/"+url.PathEscape(identifier), map[string]any{"signing_alg": alg, "signing_secret": "sixteen letters!"}, "")
			p.browser = p.Client()
			token := p.place.issue(p)
			if got := headerOf(token)["alg"]; got != alg {
				t.Errorf("%s: signed with %v, want %s", name, got, alg)
			}
			// HS256 signs with the API's own secret, which only that API can check, so /userinfo
			// does not accept such a token.
			want := alg != "HS256" || name != "access token at userinfo"
			if got := p.place.accepts(p, token); got != want {
				t.Errorf("%s: signed with %s it is accepted: %v, want %v", name, alg, got, want)
			}
		}
	}

	algs := resource.Clients.Fields["jwt_configuration"].Fields["alg"].Enum
	if !slices.Contains(signed, "RS512") || !slices.Contains(algs, "RS512") {
		t.Fatalf("the algorithms are %v and %v", signed, algs)
	}
	for _, name := range []string{"id_token_hint", "link_with"} {
		p := newProving(t, places[name])
		for _, alg := range algs {
			p.api(http.MethodPatch, "clients/"+servertest.SPA, map[string]any{"jwt_configuration": map[string]any{"alg": alg}}, "")
			p.browser = p.Client()
			token := p.place.issue(p)
			want := alg
			if alg == "HS256" { // an application without a secret gets RS256
				want = "RS256"
			}
			if got := headerOf(token)["alg"]; got != want {
				t.Errorf("%s: signed with %v, want %s", name, got, want)
			}
			if !p.place.accepts(p, token) {
				t.Errorf("%s: signed with %s it is refused", name, alg)
			}
		}
	}
}
