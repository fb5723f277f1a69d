package eventstream_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
clients:
  - {name: app, client_id: app, app_type: regular_web, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [app], options: {passwordPolicy: none}}
organizations:
  - {name: acme, display_name: Acme}
roles:
  - {name: admin}
`

type object = map[string]any

// told is one request that a webhook received.
type told struct {
	path   string
	header http.Header
	event  object
}

// receiver is a webhook whose answers can be set; at first it answers 204.
type receiver struct {
	*httptest.Server
	told    chan told
	answers atomic.Pointer[func(told) int]
	t       *testing.T
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{told: make(chan told, 2000), t: t}
	r.answer(func(told) int { return http.StatusNoContent })
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, rq *http.Request) {
		body, _ := io.ReadAll(rq.Body)
		one := told{path: rq.URL.Path, header: rq.Header}
		if err := json.Unmarshal(body, &one.event); err != nil || rq.Method != http.MethodPost || rq.Header.Get("Content-Type") != "application/json" {
			t.Errorf("a webhook gets %s %v %s", rq.Method, rq.Header, body)
		}
		status := (*r.answers.Load())(one)
		r.told <- one
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(with func(told) int) { r.answers.Store(&with) }

// next waits for the next request.
func (r *receiver) next() told {
	r.t.Helper()
	select {
	case one := <-r.told:
		return one
	case <-time.After(servertest.Patience):
		r.t.Fatal("the webhook is told nothing")
		return told{}
	}
}

// nothing checks that the webhook gets no further event: events are delivered in order, so
// it makes a later change and expects the event of that change next.
func (r *receiver) nothing(tn *tenant) {
	r.t.Helper()
	tn.must(http.MethodPost, "organizations", object{"name": "marker"})
	for {
		one := r.next()
		if o := one.event["data"].(object)["object"].(object); o["name"] == "marker" && one.event["type"] == "organization.created" {
			break
		}
		r.t.Errorf("the webhook is told %v", one.event)
	}
	var id string
	for _, o := range tn.list("organizations") {
		if o["name"] == "marker" {
			id, _ = o["id"].(string)
		}
	}
	tn.must(http.MethodDelete, "organizations/"+id, nil)
	if one := r.next(); one.event["type"] != "organization.deleted" {
		r.t.Errorf("the webhook is told %v", one.event)
	}
}

type tenant struct {
	*servertest.Server
	client *http.Client
	t      *testing.T
}

func start(t *testing.T, opts ...servertest.Option) *tenant {
	t.Helper()
	s := servertest.Start(t, append([]servertest.Option{servertest.Seed(file), servertest.HTTP()}, opts...)...)
	return &tenant{s, s.Client(), t}
}

// must calls an operation of the Management API, which must succeed, and returns the answer.
func (tn *tenant) must(method, path string, body any) object {
	tn.t.Helper()
	status, answer := tn.Manage(tn.client, method, path, body)
	if status/100 != 2 {
		tn.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	doc, _ := answer.(object)
	return doc
}

func (tn *tenant) list(path string) (all []object) {
	tn.t.Helper()
	status, answer := tn.Manage(tn.client, http.MethodGet, path, nil)
	items, isList := answer.([]any)
	if status != http.StatusOK || !isList {
		tn.t.Fatalf("GET %s: %d %v", path, status, answer)
	}
	for _, item := range items {
		all = append(all, item.(object))
	}
	return all
}

// everything lists the event types that the tests subscribe to.
var everything = strings.Fields("user.created user.updated user.deleted organization.created organization.updated organization.deleted " +
	"organization.member.added organization.member.deleted organization.member.role.assigned organization.member.role.deleted " +
	"organization.connection.added organization.connection.updated organization.connection.removed connection.created connection.updated connection.deleted")

// subscribe creates a stream to a URL and returns its id.
func (tn *tenant) subscribe(url string, authorization object, types ...string) string {
	tn.t.Helper()
	subscriptions := []object{}
	for _, kind := range types {
		subscriptions = append(subscriptions, object{"event_type": kind})
	}
	configuration := object{"webhook_endpoint": url, "webhook_authorization": authorization}
	stream := tn.must(http.MethodPost, "event-streams", object{
		"name": "hook", "subscriptions": subscriptions, "destination": object{"type": "webhook", "configuration": configuration},
	})
	return stream["id"].(string)
}

var bearer = object{"method": "bearer", "token": "a secret"}

// deliveries returns the failed deliveries of a stream that match the query.
func (tn *tenant) deliveries(stream, query string) (all []object) {
	tn.t.Helper()
	page := tn.must(http.MethodGet, "event-streams/"+stream+"/deliveries"+query, nil)
	for _, item := range page["deliveries"].([]any) {
		all = append(all, item.(object))
	}
	return all
}

// failed waits until n deliveries of a stream have failed.
func (tn *tenant) failed(stream string, n int) (deliveries []object) {
	tn.t.Helper()
	for deadline := time.Now().Add(servertest.Patience); ; {
		if deliveries = tn.deliveries(stream, ""); len(deliveries) == n {
			return deliveries
		}
		if time.Now().After(deadline) {
			tn.t.Fatalf("%d deliveries have failed, want %d: %v", len(deliveries), n, deliveries)
		}
	}
}

// expect checks the type of the next event, and returns its object and previous object.
func (tn *tenant) expect(r *receiver, kind string) (is, was object) {
	tn.t.Helper()
	one := r.next()
	if one.event["type"] != kind {
		tn.t.Fatalf("the webhook is told %v, want %s", one.event, kind)
	}
	data := one.event["data"].(object)
	if diff := cmp.Diff(any(object{"tenant": object{"tenant_id": one.event["a0tenant"]}}), data["context"]); diff != "" {
		tn.t.Errorf("the context of %s: %s", kind, diff)
	}
	is, _ = data["object"].(object)
	was, _ = data["previous_object"].(object)
	return is, was
}

func TestEveryTypeOfEvent(t *testing.T) {
	tn, r := start(t), receive(t)
	organization := tn.list("organizations")[0]["id"].(string)
	role := tn.list("roles")[0]["id"].(string)
	tn.subscribe(r.URL+"/hook", bearer, everything...)

	made := tn.must(http.MethodPost, "users", object{"connection": "Username-Password-Authentication", "email": "ben@example.com", "password": "a password of ben"})
	one := r.next()
	id, _ := one.event["id"].(string)
	if !strings.HasPrefix(id, "evt_") || len(id) != 26 || one.path != "/hook" || one.header.Get("Authorization") != "Bearer a secret" {
		t.Errorf("the first request is %+v", one)
	}
	host := strings.TrimSuffix(strings.TrimPrefix(tn.URL, "http://"), "/")
	is := one.event["data"].(object)["object"].(object)
	for member, want := range (object{"specversion": "1.0", "type": "user.created", "source": "urn:auth0:" + host}) {
		if one.event[member] != want {
			t.Errorf("%s of the event is %v, want %v", member, one.event[member], want)
		}
	}
	if diff := cmp.Diff([]string{"created_at", "email", "email_verified", "identities", "name", "nickname", "picture", "updated_at", "user_id"}, slices.Sorted(maps.Keys(is))); diff != "" {
		t.Errorf("members of the user: %s", diff)
	}
	if is["email"] != "ben@example.com" || is["user_id"] != made["user_id"] {
		t.Errorf("the user of the event is %v", is)
	}

	ben := "users/" + strings.ReplaceAll(made["user_id"].(string), "|", "%7C")
	tn.must(http.MethodPatch, ben, object{"app_metadata": object{"plan": "gold"}})
	is, was := tn.expect(r, "user.updated")
	if diff := cmp.Diff(any(object{"plan": "gold"}), is["app_metadata"]); diff != "" || was["app_metadata"] != nil || was["email"] != "ben@example.com" {
		t.Errorf("an update is %v from %v", is, was)
	}

	named := object{"id": organization, "name": "acme"}
	who := object{"user_id": made["user_id"]}
	in := "organizations/" + organization
	tn.must(http.MethodPost, in+"/members", object{"members": []any{made["user_id"]}})
	is, _ = tn.expect(r, "organization.member.added")
	same(t, object{"organization": named, "user": who}, is)
	roles := in + "/members/" + strings.TrimPrefix(ben, "users/") + "/roles"
	withRole := object{"organization": object{"id": organization}, "user": who, "role": object{"id": role, "name": "admin"}}
	tn.must(http.MethodPost, roles, object{"roles": []any{role}})
	is, _ = tn.expect(r, "organization.member.role.assigned")
	same(t, withRole, is)
	tn.must(http.MethodDelete, roles, object{"roles": []any{role}})
	is, _ = tn.expect(r, "organization.member.role.deleted")
	same(t, withRole, is)
	tn.must(http.MethodPost, roles, object{"roles": []any{role}})
	tn.expect(r, "organization.member.role.assigned")
	tn.must(http.MethodDelete, in+"/members", object{"members": []any{made["user_id"]}}) // with the role
	is, _ = tn.expect(r, "organization.member.deleted")
	same(t, object{"organization": named, "user": who}, is)

	tn.must(http.MethodPost, in+"/members", object{"members": []any{made["user_id"]}})
	tn.expect(r, "organization.member.added")
	tn.must(http.MethodDelete, ben, nil) // with the membership
	if is, _ = tn.expect(r, "user.deleted"); is["user_id"] != made["user_id"] || is["deleted_at"] == nil {
		t.Errorf("the user who is deleted is %v", is)
	}
	r.nothing(tn)
}

func same(t *testing.T, want, got object) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the object of an event (-want +got):\n%s", diff)
	}
}

func TestEventsOfOrganizationsAndConnections(t *testing.T) {
	tn, r := start(t), receive(t)
	tn.subscribe(r.URL, bearer, everything...)

	connection := tn.must(http.MethodPost, "connections", object{
		"name": "corporate", "strategy": "oidc", "options": object{"client_id": "us", "client_secret": "hidden", "issuer": "https://idp.example.com", "authorization_endpoint": "https://idp.example.com/authorize", "type": "back_channel", "token_endpoint": "https://idp.example.com/token", "jwks_uri": "https://idp.example.com/jwks"},
	})["id"].(string)
	is, _ := tn.expect(r, "connection.created")
	options, _ := is["options"].(object)
	if text := fmt.Sprint(is); is["name"] != "corporate" || is["strategy"] != "oidc" || options["client_id"] != "us" || strings.Contains(text, "hidden") || strings.Contains(text, "REDACTED") {
		t.Errorf("the connection is %v", is)
	}
	tn.must(http.MethodPatch, "connections/"+connection, object{"display_name": "Corporate"})
	is, was := tn.expect(r, "connection.updated")
	if is["display_name"] != "Corporate" || was["display_name"] != "corporate" {
		t.Errorf("the connection is %v from %v", is, was)
	}

	organization := tn.must(http.MethodPost, "organizations", object{"name": "globex", "display_name": "Globex", "metadata": object{"a": "b"}})["id"].(string)
	is, _ = tn.expect(r, "organization.created")
	same(t, object{"id": organization, "name": "globex", "display_name": "Globex", "metadata": object{"a": "b"}}, is)
	in := "organizations/" + organization
	tn.must(http.MethodPatch, in, object{"display_name": "Globex Inc."})
	is, was = tn.expect(r, "organization.updated")
	if is["display_name"] != "Globex Inc." || was["display_name"] != "Globex" {
		t.Errorf("the organization is %v from %v", is, was)
	}

	parts := object{"organization": object{"id": organization, "name": "globex"}, "connection": object{"id": connection}}
	with := func(assign bool) object {
		all := object{"assign_membership_on_login": assign, "show_as_button": true, "organization_access_level": "none"}
		maps.Copy(all, parts)
		return all
	}
	tn.must(http.MethodPost, in+"/enabled_connections", object{"connection_id": connection})
	is, _ = tn.expect(r, "organization.connection.added")
	same(t, with(false), is)
	tn.must(http.MethodPatch, in+"/enabled_connections/"+connection, object{"assign_membership_on_login": true})
	is, was = tn.expect(r, "organization.connection.updated")
	same(t, with(true), is)
	same(t, with(false), was)
	tn.must(http.MethodDelete, in+"/enabled_connections/"+connection, nil)
	is, _ = tn.expect(r, "organization.connection.removed")
	same(t, parts, is)

	tn.must(http.MethodDelete, in, nil)
	is, _ = tn.expect(r, "organization.deleted")
	same(t, object{"id": organization, "name": "globex", "display_name": "Globex Inc.", "metadata": object{"a": "b"}}, is)
	tn.must(http.MethodDelete, "connections/"+connection, nil)
	if is, _ = tn.expect(r, "connection.deleted"); is["id"] != connection {
		t.Errorf("the connection that is deleted is %v", is)
	}
	r.nothing(tn)
}

// TestWhatHasNoEvent: changes without a subscription, refused changes, what a login stores, and
// changes while the stream is disabled.
func TestWhatHasNoEvent(t *testing.T) {
	tn, r := start(t), receive(t)
	stream := tn.subscribe(r.URL, bearer, "user.updated", "organization.created", "organization.deleted")
	tn.must(http.MethodPost, "users", object{"connection": "Username-Password-Authentication", "email": "ben@example.com", "password": "a password of ben"})
	refused := []object{{"name": "hooli"}, {"name": "hooli", "enabled_connections": []any{object{"connection_id": "con_0000000000000000"}}}}
	if status, answer := tn.Manage(tn.client, http.MethodPost, "organizations", refused[1]); status/100 != 4 {
		t.Fatalf("an organization with a connection that is not there: %d %v", status, answer)
	}
	tn.Login(tn.Client(), servertest.Login{
		ClientID: "app", RedirectURI: "https://app.example.com/callback", Username: "ann@example.com", Password: "a password of ann",
		Params: map[string][]string{"audience": {""}, "scope": {"openid"}},
	})
	if ann := tn.must(http.MethodGet, "users/auth0%7Cann", nil); ann["logins_count"] != 1.0 {
		t.Fatalf("after a login the user is %v", ann)
	}
	tn.must(http.MethodPatch, "users/auth0%7Cann", object{"app_metadata": object{}}) // as it was
	tn.must(http.MethodPatch, "event-streams/"+stream, object{"status": "disabled"})
	tn.must(http.MethodPatch, "users/auth0%7Cann", object{"nickname": "annie"})
	tn.must(http.MethodPatch, "event-streams/"+stream, object{"status": "enabled"})
	r.nothing(tn)
	tn.must(http.MethodPost, "organizations", refused[0])
	if is, _ := tn.expect(r, "organization.created"); is["name"] != "hooli" {
		t.Errorf("the webhook is told %v", is)
	}
}
