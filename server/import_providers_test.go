package server_test

import (
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestImportOfThePeopleOfProviders imports people of a simulated provider twice: the second import changes nothing.
func TestImportOfThePeopleOfProviders(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(`{"clients":[{"name":"app","app_type":"spa"}],"connections":[{"name":"google-oauth2","strategy":"google-oauth2","enabled_clients":["app"]}]}`))
	const people = `{"sections":{"simulatedProviders":[{"connection":"google-oauth2","people":[{"id":"42","profile":{"email":"eve@example.com"}}],"choice":{"person":"42"}}]}}`
	for _, want := range []string{"update", "unchanged"} {
		if got := done(t, s, people, "simulatedProviders"); len(got) != 1 || got[0] != want+" simulatedProviders google-oauth2" {
			t.Errorf("the import says %v, want %s", got, want)
		}
	}
}
