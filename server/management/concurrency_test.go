package management_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// writers is the number of clients that write concurrently.
const writers = 16

// each runs work once for each writer, concurrently, and waits for all of them.
func (c *client) each(work func(i int)) {
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() { work(i) })
	}
	wait.Wait()
}

// try is do for a request that must be answered with one of some statuses.
func (c *client) try(method, path string, body any, statuses ...int) (int, object) {
	status, answer := c.do(method, path, body)
	if !slices.Contains(statuses, status) {
		c.t.Errorf("%s %s: %d %v, want one of %v", method, path, status, answer, statuses)
		return status, nil
	}
	one, _ := answer.(object)
	return status, one
}

// TestWritersShareResources lets 16 clients write the same resources concurrently: merged values are
// never lost, replaced values always come from one write, and a unique value exists
// exactly once.
func TestWritersShareResources(t *testing.T) {
	const rounds = 12
	c := newClient(t)
	user := c.must(201, http.MethodPost, "/users", object{"connection": "Username-Password-Authentication", "email": "all@example.com", "password": "A password of 2026"})
	userPath := "/users/" + url.PathEscape(user["user_id"].(string))
	role := c.must(200, http.MethodPost, "/roles", object{"name": "0", "description": "0"})
	rolePath := "/roles/" + role["id"].(string)
	whole := func(r object) {
		if r == nil || r["name"] != r["description"] {
			t.Errorf("a role is half of one write and half of another: %v", r)
		}
	}
	var mu sync.Mutex
	created := map[string]int{}
	c.each(func(i int) {
		for n := range rounds {
			c.try(http.MethodPatch, userPath, object{"user_metadata": object{fmt.Sprint("writer-", i): n}, "app_metadata": object{fmt.Sprint("at-", i, "-", n): true}}, 200)
			value := fmt.Sprint(i, "-", n)
			_, changed := c.try(http.MethodPatch, rolePath, object{"name": value, "description": value}, 200)
			whole(changed)
			_, read := c.try(http.MethodGet, rolePath, nil, 200)
			whole(read)
			only := fmt.Sprint("only-", n)
			if status, _ := c.try(http.MethodPost, "/roles", object{"name": only, "description": only}, 200, 409); status == 200 {
				mu.Lock()
				created[only]++
				mu.Unlock()
			}
		}
	})
	left := c.must(200, http.MethodGet, userPath, nil)
	for i := range writers {
		if got := left["user_metadata"].(object)[fmt.Sprint("writer-", i)]; got != float64(rounds-1) {
			t.Errorf("the last write of writer %d is %v, want %d", i, got, rounds-1)
		}
	}
	if got := len(left["app_metadata"].(object)); got != writers*rounds {
		t.Errorf("%d keys are left, want %d", got, writers*rounds)
	}
	for n := range rounds {
		if got := created[fmt.Sprint("only-", n)]; got != 1 {
			t.Errorf("the name only-%d was given %d times", n, got)
		}
	}
	list := c.list("/roles")
	if len(list) != rounds+1 {
		t.Errorf("there are %d roles, want %d", len(list), rounds+1)
	}
	for _, r := range list {
		whole(r)
	}
}

// TestWritersHaveTheirOwnResources lets 16 clients create, change, read and delete resources of their own
// while lists are read: each client sees its own writes, and a list contains each untouched resource
// exactly once.
func TestWritersHaveTheirOwnResources(t *testing.T) {
	const rounds = 6
	c := newClient(t)
	for i := range 5 {
		c.must(201, http.MethodPost, "/organizations", object{"name": fmt.Sprint("stays-", i)})
	}
	c.each(func(i int) {
		for n := range rounds {
			name := fmt.Sprint("of-", i, "-", n)
			_, org := c.try(http.MethodPost, "/organizations", object{"name": name}, 201)
			_, app := c.try(http.MethodPost, "/clients", object{"name": name, "app_type": "native"}, 201)
			if org == nil || app == nil {
				return
			}
			orgPath, appPath := "/organizations/"+org["id"].(string), "/clients/"+app["client_id"].(string)
			c.try(http.MethodPatch, appPath, object{"description": name}, 200)
			if _, got := c.try(http.MethodGet, appPath, nil, 200); got["description"] != name {
				t.Errorf("client %s has the description %v", name, got["description"])
			}
			c.staying()
			c.try(http.MethodDelete, orgPath, nil, 204)
			c.try(http.MethodDelete, appPath, nil, 204)
			c.try(http.MethodGet, orgPath, nil, 404)
			c.try(http.MethodGet, appPath, nil, 404)
		}
	})
	if left := c.list("/organizations"); len(left) != 5 {
		t.Errorf("%d organizations are left, want 5", len(left))
	}
}

// staying reads all pages of the organizations, and checks that each untouched one appears once.
func (c *client) staying() {
	found, next := map[any]int{}, ""
	for range 100 {
		_, page := c.try(http.MethodGet, "/organizations?take=4&from="+next, nil, 200)
		list, _ := page["organizations"].([]any)
		for _, item := range list {
			if name, _ := item.(object)["name"].(string); strings.HasPrefix(name, "stays-") {
				found[name]++
			}
		}
		if next, _ = page["next"].(string); next == "" {
			break
		}
	}
	for i := range 5 {
		if got := found[fmt.Sprint("stays-", i)]; got != 1 {
			c.t.Errorf("stays-%d is in the list %d times", i, got)
		}
	}
}

// TestWritersAddToOneList lets 16 clients add to the same list concurrently: no entry is lost.
func TestWritersAddToOneList(t *testing.T) {
	c := newClient(t)
	const database = "Username-Password-Authentication"
	var users, roles, apps [writers]string
	var scopes []object
	c.each(func(i int) {
		name := fmt.Sprint("n-", i)
		_, user := c.try(http.MethodPost, "/users", object{"connection": database, "email": name + "@example.com", "password": "A password of 2026"}, 201)
		_, role := c.try(http.MethodPost, "/roles", object{"name": name}, 200)
		_, app := c.try(http.MethodPost, "/clients", object{"name": name}, 201)
		users[i], _ = user["user_id"].(string)
		roles[i], _ = role["id"].(string)
		apps[i], _ = app["client_id"].(string)
	})
	for i := range writers {
		scopes = append(scopes, object{"value": fmt.Sprint("do:", i)})
	}
	c.must(201, http.MethodPost, "/resource-servers", object{"identifier": "urn:list", "scopes": scopes})
	org := "/organizations/" + c.must(201, http.MethodPost, "/organizations", object{"name": "all"})["id"].(string)
	connection := "/connections/" + c.must(201, http.MethodPost, "/connections", object{"name": "all", "strategy": "auth0"})["id"].(string)
	hook := "/hooks/" + c.must(201, http.MethodPost, "/hooks", object{"name": "all", "script": "module.exports = 1", "triggerId": "credentials-exchange"})["id"].(string)
	user := "/users/" + url.PathEscape(users[0])
	for _, tt := range []struct {
		name, method, path string
		body               func(i int) any
		list               string
	}{
		{"members of an organization", http.MethodPost, org + "/members", func(i int) any { return object{"members": []string{users[i]}} }, org + "/members"},
		{"clients of a connection", http.MethodPatch, connection + "/clients", func(i int) any { return []object{{"client_id": apps[i], "status": true}} }, connection + "/clients"},
		{"roles of a user", http.MethodPost, user + "/roles", func(i int) any { return object{"roles": []string{roles[i]}} }, user + "/roles"},
		{"users of a role", http.MethodPost, "/roles/" + roles[1] + "/users", func(i int) any { return object{"users": []string{users[i]}} }, "/roles/" + roles[1] + "/users"},
		{"permissions of a user", http.MethodPost, user + "/permissions", func(i int) any {
			return object{"permissions": []object{{"resource_server_identifier": "urn:list", "permission_name": fmt.Sprint("do:", i)}}}
		}, user + "/permissions"},
		{"secrets of a hook", http.MethodPost, hook + "/secrets", func(i int) any { return object{fmt.Sprint("KEY", i): "x"} }, hook + "/secrets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cc := *c
			cc.t = t
			cc.each(func(i int) { cc.try(tt.method, tt.path, tt.body(i), 200, 201, 204) })
			_, answer := cc.do(http.MethodGet, tt.list, nil)
			got := 0
			switch all := answer.(type) {
			case []any:
				got = len(all)
			case object:
				got = len(all)
				if list, ok := all["clients"].([]any); ok {
					got = len(list)
				}
			}
			if got != writers {
				t.Errorf("there are %d, want %d: %v", got, writers, answer)
			}
		})
	}
}
