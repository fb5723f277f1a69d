package search_test

import (
	"encoding/json"
	"testing"

	"github.com/tenant0/tenant0/server/search"
	"github.com/tenant0/tenant0/storage"
)

// example is a query with documents that match it and documents that do not.
type example struct {
	q             string
	finds, misses []string
}

func try(t *testing.T, s *search.Schema, examples []example) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.q, func(t *testing.T) {
			q, err := search.Parse(e.q, s)
			if err != nil {
				t.Fatal(err)
			}
			for want, documents := range map[bool][]string{true: e.finds, false: e.misses} {
				for _, raw := range documents {
					if got := q.Match([]byte(raw)); got != want {
						t.Errorf("%s matches %s: %v", q, raw, got)
					}
					var doc storage.Document
					if err := json.Unmarshal([]byte(raw), &doc); err != nil {
						t.Fatalf("%s: %v", raw, err)
					}
					if got, err := q.MatchDocument(doc); got != want || err != nil {
						t.Errorf("%s matches the document %s: %v, %v", q, raw, got, err)
					}
				}
			}
		})
	}
}

type documents = []string

// TestUsersFindWhatAuth0DocumentsThatTheyFind has the examples of
// manage-users/user-search/retrieve-users-with-get-users-endpoint, user-search-query-syntax,
// user-search-best-practices and past-migrations/migrate-v2-v3.
func TestUsersFindWhatAuth0DocumentsThatTheyFind(t *testing.T) {
	metadata := `{"user_metadata":{"favorite_color":"blue","approved":false,"preferredLanguage":"en","preferences":{"fontSize":13},"addresses":{"city":["Paris","Seattle"]}}}`
	try(t, search.Users, []example{
		{`name:*john*`, documents{`{"name":"Elton John"}`, `{"name":"johnny"}`, `{"name":"a JOHN b"}`}, documents{`{"name":"Jon"}`, `{"nickname":"john"}`, `{}`}},
		{`name:\*john\*`, documents{`{"name":"*john*"}`}, documents{`{"name":"Elton John"}`}},
		{`name:"jane"`, documents{`{"name":"jane"}`, `{"name":"Jane"}`}, documents{`{"name":"jane doe"}`, `{"name":null}`}},
		{`name:john*`, documents{`{"name":"John Smith"}`, `{"name":"john"}`}, documents{`{"name":"Elton John"}`}},
		{`name:j*`, documents{`{"name":"Jo"}`}, documents{`{"name":"Mary J"}`}},
		{`name:*usa`, documents{`{"name":"Medusa"}`}, documents{`{"name":"usagi"}`}},
		{`name:jane*smith`, documents{`{"name":"Jane Agnes Smith"}`, `{"name":"janesmith"}`}, documents{`{"name":"jane smithers"}`}},
		{`name:"jane smith"`, documents{`{"name":"Jane Smith"}`}, documents{`{"name":"Jane"}`, `{"name":"jane  smith"}`}},
		{`name:John\ Doe`, documents{`{"name":"john doe"}`}, documents{`{"name":"John"}`}},
		{`name:John Doe`, documents{`{"name":"john"}`, `{"email":"doe"}`}, documents{`{"name":"john doe"}`}},
		{`email:"john@exampleco.com"`, documents{`{"email":"john@exampleco.com"}`, `{"email":"John@ExampleCo.com"}`}, documents{`{"email":"john@exampleco.com.org"}`}},
		{`email:("john@exampleco.com" OR "jane@exampleco.com")`, documents{`{"email":"john@exampleco.com"}`, `{"email":"jane@exampleco.com"}`}, documents{`{"email":"joe@exampleco.com"}`}},
		{`email_verified:false OR NOT _exists_:email_verified`, documents{`{"email_verified":false}`, `{}`, `{"email_verified":null}`}, documents{`{"email_verified":true}`}},
		{`user_metadata.full_name:"John Smith"`, documents{`{"user_metadata":{"full_name":"John Smith"}}`}, documents{`{"user_metadata":{"full_name":"john smith"}}`, `{"full_name":"John Smith"}`}},
		{`identities.connection:"google-oauth2"`, documents{`{"identities":[{"connection":"Users"},{"connection":"google-oauth2"}]}`}, documents{`{"identities":[{"connection":"google"}]}`, `{"identities":[]}`}},
		{`(NOT _exists_:logins_count OR logins_count:0)`, documents{`{}`, `{"logins_count":0}`}, documents{`{"logins_count":1}`}},
		{`last_login:[* TO 2017-12-31]`, documents{`{"last_login":"2017-12-31T23:59:59.999Z"}`, `{"last_login":"2001-01-01T00:00:00.000Z"}`}, documents{`{"last_login":"2018-01-01T00:00:00.000Z"}`, `{}`, `{"last_login":""}`}},
		{`last_login:[2017-11 TO 2017-12]`, documents{`{"last_login":"2017-11-01T00:00:00.000Z"}`, `{"last_login":"2017-12-31T12:00:00.000Z"}`}, documents{`{"last_login":"2017-10-31T23:59:59.999Z"}`}},
		{`last_login:[2017-12-01 TO 2017-12-31]`, documents{`{"last_login":"2017-12-31T12:00:00.000Z"}`}, documents{`{"last_login":"2017-11-30T12:00:00.000Z"}`}},
		{`logins_count:[100 TO 200]`, documents{`{"logins_count":100}`, `{"logins_count":200}`}, documents{`{"logins_count":99}`, `{"logins_count":201}`, `{}`}},
		{`logins_count:[100 TO 200}`, documents{`{"logins_count":100}`}, documents{`{"logins_count":200}`}},
		{`logins_count:[100 TO *]`, documents{`{"logins_count":100}`}, documents{`{"logins_count":20}`}},
		{`logins_count:{100 TO *]`, documents{`{"logins_count":101}`}, documents{`{"logins_count":100}`}},
		{`logins_count:{100 TO 200}`, documents{`{"logins_count":150}`}, documents{`{"logins_count":100}`, `{"logins_count":200}`}},
		{`email.domain:"exampleco.com"`, documents{`{"email":"john@exampleco.com"}`, `{"email":"j@EXAMPLECO.com"}`}, documents{`{"email":"john@www.exampleco.com"}`, `{"email.domain":"no","email":"a@b"}`}},
		{`updated_at:[2018-01-15 TO *]`, documents{`{"updated_at":"2018-01-15T00:00:00.000Z"}`}, documents{`{"updated_at":"2018-01-14T23:59:59.999Z"}`}},
		{`updated_at:{2018-01-15 TO *]`, documents{`{"updated_at":"2018-01-16T00:00:00.000Z"}`}, documents{`{"updated_at":"2018-01-15T23:59:59.999Z"}`}},
		{`updated_at:[* TO 2018-01-15]`, documents{`{"updated_at":"2018-01-15T23:59:59.999Z"}`}, documents{`{"updated_at":"2018-01-16T00:00:00.000Z"}`}},
		{`updated_at:[* TO 2018-01-15}`, documents{`{"updated_at":"2018-01-14T23:59:59.999Z"}`}, documents{`{"updated_at":"2018-01-15T00:00:00.000Z"}`}},
		{`last_login:[* TO 2017-12]`, documents{`{"last_login":"2017-12-31T23:59:59.999Z"}`}, documents{`{"last_login":"2018-01-01T00:00:00.000Z"}`}},
		{`name:"john richard doe"`, documents{`{"name":"John Richard Doe"}`}, documents{`{"name":"Richard"}`}},
		{`name:*richard*`, documents{`{"name":"John Richard Doe"}`}, documents{`{"name":"John Doe"}`}},
		{`user_id:auth0`, nil, documents{`{"user_id":"auth0|12345"}`}},
		{`user_id:auth0*`, documents{`{"user_id":"auth0|12345"}`}, documents{`{"user_id":"google-oauth2|12345"}`}},
		{`app_metadata.subscription.plan:"gold"`, documents{`{"app_metadata":{"subscription":{"plan":"gold"}}}`, `{"app_metadata":{"subscription":[{"plan":"tin"},{"plan":"gold"}]}}`}, documents{`{"app_metadata":{"subscription":{"plan":"Gold"}}}`, `{"app_metadata":{"plan":"gold"}}`}},
		{`user_metadata.addresses.city:"Paris"`, documents{`{"user_metadata":{"addresses":[{"city":"Rome"},{"city":"Paris"}]}}`, metadata}, documents{`{"user_metadata":{"addresses":{"city":{"Paris":1}}}}`}},
		{`user_metadata.addresses.city:"Seattle"`, documents{metadata}, nil},
		{`_exists_:user_metadata.fav_color`, documents{`{"user_metadata":{"fav_color":""}}`}, documents{metadata}},
		{`_exists_:user_metadata.preferences.fontSize`, documents{metadata}, documents{`{"user_metadata":{"preferences":{}}}`}},
		{`user_metadata.preferences.fontSize:13`, documents{metadata, `{"user_metadata":{"preferences":{"fontSize":13.0}}}`, `{"user_metadata":{"preferences":{"fontSize":"13"}}}`}, documents{`{"user_metadata":{"preferences":{"fontSize":130}}}`}},
		{`user_metadata.approved:false`, documents{metadata}, documents{`{"user_metadata":{"approved":true}}`}},
		{`green apple`, documents{`{"name":"Green"}`, `{"nickname":"apple"}`}, documents{`{"name":"green apple"}`, `{"user_metadata":{"name":"green"}}`, `{"app_metadata":{"name":"green"}}`}},
		{`"green apple"`, documents{`{"name":"Green Apple"}`}, documents{`{"name":"green"}`}},
	})
}

func TestUsersFindByTheRestOfTheSyntax(t *testing.T) {
	try(t, search.Users, []example{
		{``, documents{`{}`, `{"a":1}`}, nil},
		{`*`, documents{`{}`}, nil},
		{`*:*`, documents{`{}`}, nil},
		{`name:*`, documents{`{"name":"x"}`}, documents{`{}`, `{"name":null}`}},
		{`email:testaccdatasourceuser@acceptance.test.com`, documents{`{"email":"testaccdatasourceuser@acceptance.test.com"}`}, documents{`{"email":"user@acceptance.test.com"}`}},
		{`username:jane`, documents{`{"username":"jane"}`}, documents{`{"username":"Jane"}`}},
		{`user_id:auth0|5457edea1b8f22891a000004`, documents{`{"user_id":"auth0|5457edea1b8f22891a000004"}`}, documents{`{"user_id":"auth0"}`}},
		{`email:a+b-c@example.com`, documents{`{"email":"a+b-c@example.com"}`}, documents{`{"email":"a@example.com"}`}},
		{`name: x`, documents{`{"name":"x"}`}, documents{`{"email":"x"}`}},
		{`name:a AND name:b`, nil, documents{`{"name":"a"}`}},
		{`identities.provider:a && identities.user_id:b`, documents{`{"identities":[{"provider":"a","user_id":"b"}]}`, `{"identities":[{"provider":"a"},{"user_id":"b"}]}`}, documents{`{"identities":[{"provider":"a"}]}`}},
		{`name:a || name:b`, documents{`{"name":"a"}`, `{"name":"b"}`}, documents{`{"name":"c"}`}},
		{`name:a and name:b`, documents{`{"name":"a"}`, `{"name":"b"}`, `{"nickname":"AND"}`}, documents{`{"name":"c"}`}},
		{`name:j* NOT email:x`, documents{`{"name":"jo"}`}, documents{`{"name":"jo","email":"x"}`, `{"name":"x"}`}},
		{`name:j* !email:x`, documents{`{"name":"jo"}`}, documents{`{"name":"jo","email":"x"}`}},
		{`-name:a`, documents{`{}`, `{"name":"b"}`}, documents{`{"name":"a"}`}},
		{`name:a +email:x -nickname:n`, documents{`{"email":"x"}`, `{"email":"x","name":"a"}`}, documents{`{"name":"a"}`, `{"email":"x","nickname":"n"}`}},
		{`name:a OR +email:x`, documents{`{"email":"x"}`}, documents{`{"name":"a"}`}},
		{`name:a OR name:b AND email:x`, documents{`{"name":"a"}`, `{"name":"b","email":"x"}`}, documents{`{"name":"b"}`}},
		{`(name:a OR name:b) AND email:x`, documents{`{"name":"a","email":"x"}`}, documents{`{"name":"a"}`}},
		{`name:(a b -c)`, documents{`{"name":["a","b"]}`, `{"name":"b"}`}, documents{`{"name":["a","c"]}`}},
		{`name:(a OR email:x)`, documents{`{"name":"a"}`, `{"email":"x"}`}, documents{`{"name":"x"}`}},
		{`_exists_:(name OR email)`, documents{`{"name":"a"}`, `{"email":"x"}`}, documents{`{}`}},
		{`_exists_:app_metadata`, documents{`{"app_metadata":{"a":[{"b":false}]}}`}, documents{`{"app_metadata":{"a":[{"b":null},{},[]]}}`, `{"app_metadata":{}}`, `{"app_metadata":null}`}},
		{`app_metadata.a.b:1`, documents{`{"app_metadata":{"a.b":1}}`, `{"app_metadata":{"a":[[{"b":[0,1]}]]}}`}, documents{`{"app_metadata":{"a":{"c":1}}}`}},
		{`app_metadata.https\:\/\/example.com\/roles:admin`, documents{`{"app_metadata":{"https://example.com/roles":["admin"]}}`}, documents{`{"app_metadata":{"https://example.com/roles":["user"]}}`}},
		{`app_metadata.level:[2 TO 10]`, documents{`{"app_metadata":{"level":9}}`}, documents{`{"app_metadata":{"level":11}}`, `{"app_metadata":{"level":"9"}}`, `{"app_metadata":{"level":true}}`}},
		{`app_metadata.plan:[gold TO silver]`, documents{`{"app_metadata":{"plan":"iron"}}`}, documents{`{"app_metadata":{"plan":"tin"}}`, `{"app_metadata":{"plan":5}}`}},
		{`app_metadata.plan:go*`, documents{`{"app_metadata":{"plan":"gold"}}`}, documents{`{"app_metadata":{"plan":"Gold"}}`}},
		{`name:["b" TO "c d"}`, documents{`{"name":"B"}`, `{"name":"c"}`}, documents{`{"name":"c d"}`, `{"name":"a"}`}},
		{`blocked:true`, documents{`{"blocked":true}`}, documents{`{"blocked":false}`, `{}`, `{"blocked":1}`}},
		{`created_at:2018-01`, documents{`{"created_at":"2018-01-31T10:00:00.000Z"}`}, documents{`{"created_at":"2018-02-01T00:00:00.000Z"}`}},
		{`created_at:"2018-01-31T10:00:00.000Z"`, documents{`{"created_at":"2018-01-31T10:00:00.000Z"}`}, documents{`{"created_at":"2018-01-31T10:00:00.001Z"}`}},
		{`created_at:[2018-01-31T10:00+02:00 TO *]`, documents{`{"created_at":"2018-01-31T08:00:00.000Z"}`}, documents{`{"created_at":"2018-01-31T07:59:59.000Z"}`}},
		{`\(1\+1\)\=2`, documents{`{"name":"(1+1)=2"}`}, documents{`{"name":"2"}`}},
		{`name:"a \"b\" \\ *"`, documents{`{"name":"A \"b\" \\ *"}`}, documents{`{"name":"a b"}`}},
		{`name:\+\-\=\&\&\|\|\>\<\!\(\)\{\}\[\]\^\"\~\*\?\:\\\/\ x`, documents{`{"name":"+-=&&||><!(){}[]^\"~*?:\\/ x"}`}, nil},
		{`name:"Tom & Jerry"`, documents{`{"name":"Tom \u0026 Jerry"}`}, nil},
		{`name:ÄRGER*`, documents{`{"name":"Ärgernis"}`, `{"name":"\u00e4rger"}`}, documents{`{"name":"arger"}`}},
		{`company:Acme`, documents{`{"company":"Acme"}`}, documents{`{"company":"acme"}`}},
		{`name:""`, documents{`{"name":""}`}, documents{`{}`}},
		{`name:*ananas`, documents{`{"name":"banananas"}`}, documents{`{"name":"banana"}`}},
		{`name:*ohn*ith`, documents{`{"name":"john ith smith"}`}, documents{`{"name":"john"}`}},
	})
}

// TestLogsFindWhatAuth0DocumentsThatTheyFind has the examples of
// deploy-monitor/logs/log-search-query-syntax and of other pages with log searches.
func TestLogsFindWhatAuth0DocumentsThatTheyFind(t *testing.T) {
	try(t, search.Logs, []example{
		{`connection:*pass*`, documents{`{"connection":"my-passwords"}`}, documents{`{"connection":"Username-Password-Authentication"}`}},
		{`user_name:*fred*`, documents{`{"user_name":"alfred@example.com"}`}, documents{`{"user_name":"Fred"}`}},
		{`user_id:"123"`, documents{`{"user_id":"123"}`}, documents{`{"user_id":"auth0|123"}`}},
		{`type:s*`, documents{`{"type":"s"}`, `{"type":"sepft"}`}, documents{`{"type":"fp"}`}},
		{`user_name:jane*smith`, documents{`{"user_name":"jane.smith"}`}, documents{`{"user_name":"jane"}`}},
		{`user_name:j*`, documents{`{"user_name":"jane"}`}, documents{`{"user_name":"Jane"}`}},
		{`date:[2018-12 TO 2019-01-01}`, documents{`{"date":"2018-12-01T00:00:00.000Z"}`, `{"date":"2018-12-31T23:59:59.999Z"}`}, documents{`{"date":"2019-01-01T00:00:00.000Z"}`, `{"date":"2018-11-30T23:59:59.999Z"}`}},
		{`date:[2018-12-10 TO *]`, documents{`{"date":"2018-12-10T00:00:00.000Z"}`}, documents{`{"date":"2018-12-09T23:59:59.999Z"}`}},
		{`date:[* TO 2018-12-19}`, documents{`{"date":"2018-12-18T23:59:59.999Z"}`}, documents{`{"date":"2018-12-19T00:00:00.000Z"}`}},
		{`date:[2019-01-01T01:00:00 TO 2019-01-01T12:23:45}`, documents{`{"date":"2019-01-01T01:00:00.000Z"}`, `{"date":"2019-01-01T12:23:44.999Z"}`}, documents{`{"date":"2019-01-01T12:23:45.000Z"}`}},
		{`description:"Username invalid"`, documents{`{"description":"Username invalid"}`}, documents{`{"description":"Username"}`}},
		{`description:rule`, documents{`{"description":"rule"}`}, documents{`{"description":"Create a rule"}`, `{"description":"Update a rule"}`}},
		{`description:*rule`, documents{`{"description":"Create a rule"}`, `{"description":"Update a rule"}`}, documents{`{"description":"Create a ruler"}`}},
		{`type:depnote AND description:*logs*`, documents{`{"type":"depnote","description":"the logs"}`}, documents{`{"type":"depnote"}`}},
		{`type:w AND description:*search_engine*`, documents{`{"type":"w","description":"with search_engine=v2"}`}, documents{`{"type":"s","description":"with search_engine=v2"}`}},
		{`type:cls OR type:cl OR type:fn`, documents{`{"type":"fn"}`}, documents{`{"type":"f"}`}},
		{`"customer log"`, documents{`{"description":"customer log"}`}, documents{`{"description":"log"}`}},
		{`jane`, documents{`{"user_name":"jane"}`, `{"client_name":"jane"}`, `{"connection":"jane"}`, `{"description":"jane"}`, `{"ip":"jane"}`, `{"log_id":"jane"}`, `{"type":"jane"}`}, documents{`{"user_id":"jane"}`, `{"user_agent":"jane"}`}},
	})
}

// TestSearchEngineV2FindsWhatAuth0DocumentedThatItFound has the examples of manage-users/user-search/v2
// and its query syntax, and of the v2 column of past-migrations/migrate-v2-v3.
func TestSearchEngineV2FindsWhatAuth0DocumentedThatItFound(t *testing.T) {
	try(t, search.UsersV2, []example{
		{``, nil, documents{`{}`}},
		{`name:"jane"`, documents{`{"name":"jane"}`, `{"name":"Jane-Doe"}`}, documents{`{"name":"janet"}`}},
		{`name.raw:"jane"`, documents{`{"name":"jane"}`}, documents{`{"name":"jane-doe"}`}},
		{`name:"john"`, documents{`{"name":"Elton John"}`}, documents{`{"name":"johnny"}`}},
		{`name.raw:"john richard doe"`, documents{`{"name":"john richard doe"}`}, documents{`{"name":"John Richard Doe"}`}},
		{`name:richard`, documents{`{"name":"John Richard Doe"}`}, documents{`{"name":"John Doe"}`}},
		{`name:john*`, documents{`{"name":"Elton Johnson"}`}, documents{`{"name":"Jon"}`}},
		{`name:john*smith`, documents{`{"name":"John Smith"}`, `{"name":"johnsmith"}`}, documents{`{"name":"john smithers"}`}},
		{`name:*ri`, documents{`{"name":"Henri Doe"}`}, documents{`{"name":"Rick"}`}},
		{`name:*a`, documents{`{"name":"Ana Doe"}`}, documents{`{"name":"Doe"}`}},
		{`name:*ab*`, documents{`{"name":"Abel"}`}, documents{`{"name":"Al"}`}},
		{`name:j?ne`, documents{`{"name":"June"}`}, documents{`{"name":"jne"}`}},
		{`email.raw:"john@contoso.com"`, documents{`{"email":"john@contoso.com"}`}, documents{`{"email":"john@contoso.com.org"}`}},
		{`email.raw:("john@contoso.com" OR "mary@contoso.com")`, documents{`{"email":"mary@contoso.com"}`}, documents{`{"email":"may@contoso.com"}`}},
		{`email_verified:false OR NOT _exists_:email_verified`, documents{`{"email_verified":false}`, `{}`}, documents{`{"email_verified":true}`}},
		{`user_metadata.name:"John Doe"`, documents{`{"user_metadata":{"name":"John Doe"}}`}, documents{`{"user_metadata":{"name":"Doe, John"}}`}},
		{`identities.provider:"google-oauth2"`, documents{`{"identities":[{"provider":"google-oauth2"}]}`}, documents{`{"identities":[{"provider":"oauth2"}]}`}},
		{`connection:"google-oauth2"`, documents{`{"identities":[{"connection":"google-oauth2"}]}`}, documents{`{"connection":"google-oauth2"}`}},
		{`user_id:auth0`, documents{`{"user_id":"auth0|12345"}`}, documents{`{"user_id":"google-oauth2|12345"}`}},
		{`(NOT _exists_:logins_count OR logins_count:0)`, documents{`{}`, `{"logins_count":0}`}, documents{`{"logins_count":1}`}},
		{`last_login:[* TO 2014-12-31]`, documents{`{"last_login":"2014-12-31T12:00:00.000Z"}`}, documents{`{"last_login":"2015-01-01T12:00:00.000Z"}`}},
		{`last_login:[2015-01-01 TO 2015-12-31]`, documents{`{"last_login":"2015-12-31T12:00:00.000Z"}`}, documents{`{"last_login":"2016-01-01T00:00:00.000Z"}`}},
		{`last_login:{2012-01-01 TO 2012-12-31}`, documents{`{"last_login":"2012-01-02T00:00:00.000Z"}`}, documents{`{"last_login":"2012-01-01T12:00:00.000Z"}`, `{"last_login":"2012-12-31T00:00:00.000Z"}`}},
		{`created_at:2016`, documents{`{"created_at":"2016-12-31T23:59:59.999Z"}`}, documents{`{"created_at":"2017-01-01T00:00:00.000Z"}`}},
		{`updated_at:>=2018-01-15`, documents{`{"updated_at":"2018-01-15T00:00:00.000Z"}`}, documents{`{"updated_at":"2018-01-14T00:00:00.000Z"}`}},
		{`updated_at:>2018-01-15`, documents{`{"updated_at":"2018-01-16T00:00:00.000Z"}`}, documents{`{"updated_at":"2018-01-15T12:00:00.000Z"}`}},
		{`updated_at:<=2018-01-15`, documents{`{"updated_at":"2018-01-15T12:00:00.000Z"}`}, documents{`{"updated_at":"2018-01-16T00:00:00.000Z"}`}},
		{`updated_at:<2018-01-15`, documents{`{"updated_at":"2018-01-14T12:00:00.000Z"}`}, documents{`{"updated_at":"2018-01-15T00:00:00.000Z"}`}},
		{`last_login:<=2017-12`, documents{`{"last_login":"2017-12-31T12:00:00.000Z"}`}, documents{`{"last_login":"2018-01-01T00:00:00.000Z"}`}},
		{`logins_count:>100`, documents{`{"logins_count":101}`}, documents{`{"logins_count":100}`}},
		{`logins_count:(>=10 AND <20)`, documents{`{"logins_count":10}`}, documents{`{"logins_count":20}`, `{"logins_count":9}`}},
		{`logins_count:(+>=10 +<20)`, documents{`{"logins_count":10}`}, documents{`{"logins_count":20}`, `{"logins_count":9}`}},
		{`logins_count:[100 TO 200}`, documents{`{"logins_count":100}`}, documents{`{"logins_count":200}`}},
		{`user_name: (john OR smith)`, documents{`{"user_name":"John"}`, `{"user_name":"smith"}`}, documents{`{"user_name":"jo"}`}},
		{`user_name: (john smith)`, documents{`{"user_name":"john"}`}, documents{`{"user_name":"jo"}`}},
		{`NOT _exists_: nickname`, documents{`{}`}, documents{`{"nickname":"x"}`}},
		{`username: "john" AND _exists_: nickname`, documents{`{"username":"john","nickname":"x"}`}, documents{`{"username":"john"}`}},
		{`quick brown +fox -news`, documents{`{"name":"the fox"}`}, documents{`{"name":"quick brown"}`, `{"name":"fox news"}`}},
		{`quick^2 fox`, documents{`{"name":"fox"}`}, documents{`{"name":"dog"}`}},
		{`"john smith"^2   (foo bar)^4`, documents{`{"name":"bar"}`, `{"name":"John Smith"}`}, documents{`{"name":"john"}`}},
		{`(quick OR brown) AND fox`, documents{`{"name":"brown fox"}`}, documents{`{"name":"fox"}`}},
		{`a`, documents{`{"user_metadata":{"nickname":"A"}}`}, documents{`{"user_metadata":{"color":"a"}}`}},
	})
}

func TestOtherCollectionsAreSearchedByTheirMembers(t *testing.T) {
	try(t, search.Fields("domain", "status"), []example{
		{`domain:beacon*`, documents{`{"domain":"beacon.example.com"}`}, documents{`{"domain":"my-beacon"}`}},
		{`ready`, documents{`{"status":"ready"}`}, documents{`{"type":"ready"}`}},
	})
}
