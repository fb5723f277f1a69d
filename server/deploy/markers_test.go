package deploy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/resource"
)

func TestSpelling(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "clients": "clients", "logStreams": "log_Streams", "resourceServers": "resource_Servers", "oAuth2Clients": "o_Auth2_Clients",
		"already_spelt": "already_spelt", "URL": "URL", "aBC": "a_BC",
	} {
		if got := deploy.Spell(name); got != want {
			t.Errorf("%q is spelt %q, want %q", name, got, want)
		}
	}
}

// TestKeywordsOfSecrets: each secret in an export gets its own keyword, which says where the secret was.
func TestKeywordsOfSecrets(t *testing.T) {
	field := resource.Field{Open: true, Fields: resource.Fields{
		"options": {Open: true, Fields: resource.Fields{"client_secret": {Secret: true}, "apiKey": {Secret: true}}},
		"sink":    {Open: true, Fields: resource.Fields{"token": {Secret: true}}},
		"secret":  {Secret: true},
	}}
	for _, tt := range []struct {
		name        string
		value, want any
	}{
		{"none", object{"name": "x"}, object{"name": "x"}},
		{"in options", object{"options": object{"client_secret": "s", "other": "o"}}, object{"options": object{"client_secret": "##CONNECTION_X_CLIENT_SECRET##", "other": "o"}}},
		{"of two words", object{"options": object{"apiKey": "s"}}, object{"options": object{"apiKey": "##CONNECTION_X_API_KEY##"}}},
		{"in a sink", object{"sink": object{"token": "s"}}, object{"sink": object{"token": "##CONNECTION_X_TOKEN##"}}},
		{"by itself", object{"secret": "s"}, object{"secret": "##CONNECTION_X_SECRET##"}},
		{"hidden by Auth0", object{"secret": deploy.HiddenSecret}, object{"secret": deploy.HiddenSecret}},
		{"marked already", object{"secret": "##MINE##"}, object{"secret": "##MINE##"}},
		{"with a marker within", object{"secret": "a ##MINE##"}, object{"secret": "##CONNECTION_X_SECRET##"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m deploy.Markers
			if diff := cmp.Diff(tt.want, m.Mark(field, tt.value, []string{"connection", "x"})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeywordsThatWouldBeAlikeAreNumbered; the same place gets the same keyword again.
func TestKeywordsThatWouldBeAlikeAreNumbered(t *testing.T) {
	field := resource.Field{Open: true, Fields: resource.Fields{"secret": {Secret: true}}}
	var m deploy.Markers
	mark := func(words ...string) any {
		marked, _ := m.Mark(field, object{"secret": "s"}, words).(object)
		return marked["secret"]
	}
	for _, step := range []struct {
		words []string
		want  string
	}{
		{[]string{"client", "My App"}, "##CLIENT_MY_APP_SECRET##"},
		{[]string{"client", "my-app"}, "##CLIENT_MY_APP_SECRET_2##"},
		{[]string{"client", "my_app!"}, "##CLIENT_MY_APP_SECRET_3##"},
		{[]string{"client", "my-app"}, "##CLIENT_MY_APP_SECRET_2##"},
		{[]string{"client", "My App"}, "##CLIENT_MY_APP_SECRET##"},
		{[]string{"client my", "app"}, "##CLIENT_MY_APP_SECRET_4##"},
		{[]string{"client", "ключ"}, "##CLIENT_SECRET##"},
		{[]string{"client", "密钥"}, "##CLIENT_SECRET_2##"},
	} {
		if got := mark(step.words...); got != step.want {
			t.Errorf("%q gets %v, want %s", step.words, got, step.want)
		}
	}
}

func TestKeywordsOfAnExport(t *testing.T) {
	value := object{
		"clients": list{object{"name": "A", "secret": "##B##"}, object{"secret": "##A##"}, object{"secret": "x ##C## y ##A##"}},
		"tenant":  object{"flag": true, "count": 1.0, "nothing": nil, "text": "# A #, ##not closed"},
	}
	if diff := cmp.Diff([]string{"A", "B", "C"}, deploy.Keywords(value)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, none := range []any{nil, "", "text", 1.0, true, list{}, object{}, list{nil, object{"a": list{}}}} {
		if got := deploy.Keywords(none); len(got) != 0 {
			t.Errorf("%v has the keywords %q", none, got)
		}
	}
}
