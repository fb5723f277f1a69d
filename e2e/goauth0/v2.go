package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/auth0/go-auth0/v2/management"
	"github.com/auth0/go-auth0/v2/management/client"
	"github.com/auth0/go-auth0/v2/management/core"
	"github.com/auth0/go-auth0/v2/management/option"
)

// v2 is go-auth0 v2, whose methods are named as in the table.
type v2 struct {
	credentials
	api *client.Management
}

func newV2(c credentials) (sdk, error) {
	api, err := client.New(c.domain, option.WithClientCredentials(context.Background(), c.clientID, c.clientSecret))
	return &v2{c, api}, err
}

func (v *v2) unknown() []string {
	return strings.Fields(`actions.modules.create attackProtection.botDetection.* attackProtection.captcha.*
		attackProtection.phoneProviderProtection.* clientGrants.get connectionProfiles.create connections.directoryProvisioning.*
		connections.scimConfiguration.list customDomains.getDefault eventStreams.deliveries.list eventStreams.list groups.*
		organizations.clients.* organizations.connections.* organizations.discoveryDomains.create organizations.groups.list
		organizations.members.effectiveRoles.list organizations.roles.* prompts.rendering.bulkUpdate rateLimitPolicies.create
		refreshTokens.list refreshTokens.revoke refreshTokens.update roles.groups.get users.effectivePermissions.* users.effectiveRoles.list`)
}

func (v *v2) forgets(family string) []string {
	return map[string][]string{"customDomains": {"domain_metadata"}, "forms": {"nodes"}}[family]
}

func (v *v2) status(err error) int {
	if fault, ok := errors.AsType[*core.APIError](err); ok {
		return fault.StatusCode
	}
	return 0
}

// find returns the method with a name from the table.
func find(root reflect.Value, path string) reflect.Value {
	names := strings.Split(path, ".")
	at := root
	for _, name := range names[:len(names)-1] {
		at = reflect.Indirect(at).FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
		if !at.IsValid() {
			return at
		}
	}
	for i := range at.NumMethod() {
		if strings.EqualFold(at.Type().Method(i).Name, names[len(names)-1]) {
			return at.Method(i)
		}
	}
	return reflect.Value{}
}

func (v *v2) call(path string, args []any) (any, error) {
	switch path {
	case "eventStreams.list", "eventStreams.deliveries.list":
		return nil, errUnknown // v2.0.0 decodes these answers as arrays, which they are not; v1 and later versions of v2 do not
	}
	method := find(reflect.ValueOf(v.api), path)
	if !method.IsValid() {
		return nil, errUnknown
	}
	in := []reflect.Value{reflect.ValueOf(context.Background())}
	for i := range method.Type().NumIn() - 2 { // the last ones are options
		arg := reflect.New(method.Type().In(i + 1))
		var sent any = map[string]any{}
		if i < len(args) {
			sent = args[i]
		}
		if err := decode(sent, arg); err != nil {
			return nil, err
		}
		in = append(in, arg.Elem())
	}
	return answer(method.Call(in))
}

// listed are parameters that v2.0.0 needs for paged lists: without page it begins with the second page,
// and it cannot decode answers without totals.
var listed = map[string]any{"page": 0.0, "include_totals": true}

// decode makes a parameter from a JSON value. Query parameters are set by their url tags, because they
// have no json names.
func decode(value any, into reflect.Value) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into.Interface()); err != nil {
		return err
	}
	choose(into, value)
	object, ok := value.(map[string]any)
	request := reflect.Indirect(into.Elem())
	if !ok || request.Kind() != reflect.Struct {
		return nil
	}
	for i := range request.NumField() {
		name, _, _ := strings.Cut(request.Type().Field(i).Tag.Get("url"), ",")
		member, sent := object[name]
		if !sent {
			member, sent = listed[name], listed[name] != nil
		}
		if sent && name != "-" {
			if err := decode(member, request.Field(i).Addr()); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// none is the answer of a method that returns nothing.
var none any

// answer converts what a method returned; of a list it reads all pages.
func answer(out []reflect.Value) (any, error) {
	if err, ok := reflect.TypeAssert[error](out[len(out)-1]); ok && err != nil {
		return nil, err
	}
	if len(out) == 1 {
		return none, nil
	}
	iterator := out[0].MethodByName("Iterator")
	if !iterator.IsValid() {
		return plain(out[0].Interface())
	}
	all, each := []any{}, iterator.Call(nil)[0]
	ctx := []reflect.Value{reflect.ValueOf(context.Background())}
	for each.MethodByName("Next").Call(ctx)[0].Bool() {
		item, err := plain(each.MethodByName("Current").Call(nil)[0].Interface())
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	err, _ := reflect.TypeAssert[error](each.MethodByName("Err").Call(nil)[0])
	return all, err
}

// plain returns a value as decoded JSON.
func plain(value any) (any, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var any any
	err = json.Unmarshal(raw, &any)
	return any, err
}

func (v *v2) pages() error {
	ctx := context.Background()
	for _, name := range []string{"one", "two", "three"} {
		if _, err := v.api.Roles.Create(ctx, &management.CreateRoleRequestContent{Name: name}); err != nil {
			return err
		}
	}
	first, err := v.api.Roles.List(ctx, &management.ListRolesRequestParameters{PerPage: new(2), Page: new(0), IncludeTotals: new(true)})
	if err != nil || len(first.Results) != 2 {
		return fmt.Errorf("the first page is %v: %w", first, err)
	}
	second, err := first.GetNextPage(ctx)
	if err != nil || len(second.Results) != 1 {
		return fmt.Errorf("the second page is %v: %w", second, err)
	}
	past, err := v.api.Roles.List(ctx, &management.ListRolesRequestParameters{PerPage: new(2), Page: new(9), IncludeTotals: new(true)})
	if err != nil || len(past.Results) != 0 {
		return fmt.Errorf("a page past the end is %v: %w", past, err)
	}
	for _, role := range append(first.Results, second.Results...) {
		if err := v.api.Roles.Delete(ctx, role.GetID()); err != nil {
			return err
		}
	}
	return nil
}

func (v *v2) errors() error {
	ctx := context.Background()
	token, err := v.token(ctx, "read:clients")
	if err != nil {
		return err
	}
	narrow, errNarrow := client.New(v.domain, option.WithToken(token))
	foreign, errForeign := client.New(v.domain, option.WithToken("nonsense"))
	if err := errors.Join(errNarrow, errForeign); err != nil {
		return err
	}
	create := func(api *client.Management, name string) error {
		_, err := api.Roles.Create(ctx, &management.CreateRoleRequestContent{Name: name})
		return err
	}
	_, missing := v.api.Users.Get(ctx, "auth0|000000000000000000000000", &management.GetUserRequestParameters{})
	return errors.Join(
		create(v.api, "taken"),
		typed[*management.ConflictError](create(v.api, "taken")),
		typed[*management.BadRequestError](create(v.api, "")),
		typed[*management.UnauthorizedError](create(foreign, "x")),
		typed[*management.ForbiddenError](create(narrow, "x")),
		typed[*management.NotFoundError](missing),
	)
}

// choose makes each union in a decoded value hold the type that keeps all of the JSON value. The SDK
// chooses the first type that can be decoded, which may lose members.
func choose(into reflect.Value, value any) {
	switch into.Kind() {
	case reflect.Pointer:
		if !into.IsNil() {
			choose(into.Elem(), value)
		}
	case reflect.Slice:
		if all, ok := value.([]any); ok && len(all) == into.Len() {
			for i := range all {
				choose(into.Index(i), all[i])
			}
		}
	case reflect.Struct:
		if into.FieldByName("typ").IsValid() {
			chooseOne(into, value)
			return
		}
		object, _ := value.(map[string]any)
		for i := range into.NumField() {
			name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
			if member, sent := object[name]; sent {
				choose(into.Field(i), member)
			}
		}
	default: // other kinds contain no union
	}
}

// chooseOne is choose for a union of the SDK: a struct with a member for each type, of which one is set.
func chooseOne(union reflect.Value, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		return
	}
	for i := range union.NumField() {
		if !union.Type().Field(i).IsExported() {
			continue
		}
		candidate := reflect.New(union.Field(i).Type())
		if json.Unmarshal(raw, candidate.Interface()) != nil {
			continue
		}
		choose(candidate, value)
		var kept any
		if again, err := json.Marshal(candidate.Interface()); err != nil || json.Unmarshal(again, &kept) != nil || !reflect.DeepEqual(kept, value) {
			continue
		}
		union.SetZero()
		union.Field(i).Set(candidate.Elem())
		return
	}
}

// typed returns an error unless err has the type T.
func typed[T error](err error) error {
	if _, ok := errors.AsType[T](err); ok {
		return nil
	}
	return fmt.Errorf("%w is no %T", err, *new(T))
}

// token returns an access token of the Management API with one scope.
func (c credentials) token(ctx context.Context, scope string) (string, error) {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.clientID}, "client_secret": {c.clientSecret},
		"audience": {"https://" + c.domain + "/api/v2/"}, "scope": {scope},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.domain+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var body struct {
		AccessToken string `json:"access_token"`
	}
	err = json.NewDecoder(resp.Body).Decode(&body)
	return body.AccessToken, err
}
