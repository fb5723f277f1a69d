package search_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/search"
)

func TestWhatCannotBeAnsweredIsRefusedWithAReason(t *testing.T) {
	const intro = "The search query string has an error: "
	for _, c := range []struct {
		schema     *search.Schema
		q, message string
	}{
		{search.Logs, `user_email:"john@example.com"`, `unknown field "user_email"`},
		{search.Logs, `type:s AND _exists_:details`, `unknown field "details"`},
		{search.Logs, `description.raw:x`, `unknown field "description.raw"`},
		{search.Users, `connection:"google-oauth2"`, `field "connection" is not supported, use "identities.connection"`},
		{search.Users, `email.raw:"a@b.c"`, `field "email.raw" is not supported, use "email"`},
		{search.Users, `name:`, `expected a term and found the end at position 6`},
		{search.Users, `name:(a OR`, `expected a term and found the end at position 11`},
		{search.Users, `name:(a OR b`, `the parenthesis is not closed at position 6`},
		{search.Users, `name:(a OR b))`, `unexpected ')' at position 14`},
		{search.Users, `()`, `expected a term and found ')' at position 2`},
		{search.Users, `AND a`, `expected a term before AND, which is an operator outside quotes at position 1`},
		{search.Users, `a && || b`, `expected a term before ||, which is an operator outside quotes at position 6`},
		{search.Users, `phone_number:+1555`, `expected a term before +, which is an operator outside quotes at position 14`},
		{search.Users, `name:AND`, `expected a term before AND, which is an operator outside quotes at position 6`},
		{search.Users, `NOT !a`, `expected a term before !, which is an operator outside quotes at position 5`},
		{search.Users, `a OR`, `expected a term and found the end at position 5`},
		{search.Users, `NOT`, `expected a term and found the end at position 4`},
		{search.Users, `- - a`, `expected a term before -, which is an operator outside quotes at position 3`},
		{search.Users, `name:"jane`, `the quotes are not closed at position 6`},
		{search.Users, `äö name:"jane`, `the quotes are not closed at position 9`},
		{search.Users, `name:a:b`, `expected a term and found ':' at position 7`},
		{search.Users, `:a`, `expected a term and found ':' at position 1`},
		{search.Users, `name:a\`, `expected a character after \ at position 7`},
		{search.Users, `a]`, `expected a term and found ']' at position 2`},
		{search.Users, `name:jhn~`, `fuzzy and proximity searches are not supported, write ~ as \~ at position 9`},
		{search.Users, `"fox quick"~5`, `fuzzy and proximity searches are not supported, write ~ as \~ at position 12`},
		{search.UsersV2, `name:jhn~`, `fuzzy and proximity searches are not supported, write ~ as \~ at position 9`},
		{search.Users, `quick^2 fox`, `boosts are not supported, write ^ as \^ at position 6`},
		{search.UsersV2, `quick^x`, `expected a number after ^ at position 7`},
		{search.Users, `name:/joh?n(ath[oa]n)/`, `regular expressions are not supported, write / as \/ at position 6`},
		{search.Users, `a/b`, `regular expressions are not supported, write / as \/ at position 2`},
		{search.Users, `name:j?ne`, `the wildcard "?" is not supported at position 6`},
		{search.Logs, `user_name:j?ne`, `the wildcard "?" is not supported at position 11`},
		{search.Users, `name:*sa`, `after a wildcard there must be 3 characters or more at position 6`},
		{search.Users, `name:*ab*`, `after a wildcard there must be 3 characters or more at position 6`},
		{search.Users, `name:jane*s`, `after a wildcard there must be 3 characters or more at position 6`},
		{search.Logs, `client_name:*sa`, `after a wildcard there must be 3 characters or more at position 13`},
		{search.Users, `user_metadata.color:bl*`, `field "user_metadata.color" takes no wildcards and no ranges at position 21`},
		{search.Users, `user_metadata.color:*`, `field "user_metadata.color" takes no wildcards and no ranges at position 21`},
		{search.Users, `user_metadata.age:[1 TO 5]`, `field "user_metadata.age" takes no wildcards and no ranges at position 19`},
		{search.Users, `logins_count:>100`, `comparisons are not supported, use a range such as [1 TO *] at position 14`},
		{search.Users, `logins_count:1*`, `field "logins_count" takes no wildcards at position 14`},
		{search.Users, `logins_count:many`, `field "logins_count" is a number, and "many" is none at position 14`},
		{search.Users, `logins_count:[a TO 5]`, `field "logins_count" is a number, and an end of the range is none at position 14`},
		{search.Users, `blocked:yes`, `field "blocked" is true or false, and not "yes" at position 9`},
		{search.Users, `blocked:[false TO true]`, `field "blocked" takes no ranges at position 9`},
		{search.Users, `last_login:[now-1d TO now]`, `field "last_login" is a date, and "now-1d" is none at position 12`},
		{search.Users, `last_login:2018-13`, `field "last_login" is a date, and "2018-13" is none at position 12`},
		{search.Users, `organization_id:org_*`, `field "organization_id" can only be searched for a whole value at position 17`},
		{search.Users, `[1 TO 5]`, `a range needs a field at position 1`},
		{search.UsersV2, `last_login{* TO 2015-01-01}`, `a range needs a field at position 11`},
		{search.Users, `name:[a b]`, `expected TO and found 'b' at position 9`},
		{search.Users, `name:[a TO]`, `expected an end of the range and found ']' at position 11`},
		{search.Users, `name:[a TO b`, `expected "]" or "}" and found the end at position 13`},
		{search.Users, `name:["a TO b]`, `the quotes are not closed at position 7`},
		{search.Users, `na*e:a`, `a field name has no wildcards at position 1`},
		{search.Users, `_exists_:user*`, `a field name has no wildcards at position 10`},
		{search.Users, strings.Repeat("(", 200), `the parentheses nest deeper than 100 at position 101`},
		{search.UsersV2, `logins_count:>`, `expected a value to compare with and found the end at position 15`},
	} {
		_, err := search.Parse(c.q, c.schema)
		var e *search.Error
		if !errors.As(err, &e) || e.Message != intro+c.message+"." {
			t.Errorf("%s\n got %v\nwant %s", c.q, err, intro+c.message+".")
		}
	}
}

func TestQueriesHaveACanonicalForm(t *testing.T) {
	for _, c := range []struct {
		schema       *search.Schema
		q, canonical string
	}{
		{search.Users, ` `, `*`},
		{search.UsersV2, ` `, ``},
		{search.Users, `a`, `"a"`},
		{search.Users, `a b`, `"a" OR "b"`},
		{search.Users, `(a)`, `"a"`},
		{search.Users, `name:(a OR (b OR c))`, `name:"a" OR name:"b" OR name:"c"`},
		{search.Users, `a AND b OR c`, `("a" AND "b") OR "c"`},
		{search.Users, `a OR b AND NOT c`, `"a" OR ("b" AND NOT "c")`},
		{search.Users, `+a b -c`, `"a" AND NOT "c"`},
		{search.Users, `a b -c`, `("a" OR "b") AND NOT "c"`},
		{search.Users, `NOT (NOT a)`, `"a"`},
		{search.Users, `!(a OR b)`, `NOT ("a" OR "b")`},
		{search.Users, `a AND *`, `"a"`},
		{search.Users, `a OR *`, `"a" OR *`},
		{search.Users, `NOT *`, `NOT *`},
		{search.Users, `name:jo\ hn*`, `name:jo\ hn*`},
		{search.Users, `name:*`, `_exists_:name`},
		{search.Users, `\AND:x`, `\AND:"x"`},
		{search.Users, `"AND"`, `"AND"`},
		{search.Users, `name:[a TO *}`, `name:["a" TO *}`},
		{search.Users, `name:["*" TO b]`, `name:["*" TO "b"]`},
		{search.UsersV2, `logins_count:>=5`, `logins_count:["5" TO *]`},
		{search.UsersV2, `a^2.5`, `"a"`},
	} {
		q, err := search.Parse(c.q, c.schema)
		if err != nil {
			t.Errorf("%s: %v", c.q, err)
			continue
		}
		if got := q.String(); got != c.canonical {
			t.Errorf("%s is %s, not %s", c.q, got, c.canonical)
		}
	}
}
