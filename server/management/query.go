package management

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
)

// flags are the boolean query parameters. A name in this list is boolean in all operations that
// have it.
var flags = []string{
	"include_totals", "include_fields", "is_global", "is_first_party", "allow_any_organization", "is_enabled", "primary_order", "deployed", "installed", "enabled", "include_settings", "disabled",
}

// checkFlags returns an error if a boolean parameter is neither true nor false.
func (c *call) checkFlags() error {
	for _, name := range flags {
		for _, value := range c.query[name] {
			if value != "true" && value != "false" {
				return invalidQuery("'Expected type boolean but found type string' on property " + name)
			}
		}
	}
	return nil
}

// number reads an integer query parameter from least to most; otherwise is its default.
func (c *call) number(name string, otherwise, least, most int) (int, error) {
	raw := c.query.Get(name)
	if raw == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(raw) // with ErrRange n is the largest or the smallest int
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, invalidQuery("'Expected type integer but found type string' on property " + name)
	case n < least:
		return 0, invalidQuery("'Value " + raw + " is less than minimum " + strconv.Itoa(least) + "' on property " + name)
	case n > most:
		return 0, invalidQuery("'Value " + raw + " is greater than maximum " + strconv.Itoa(most) + "' on property " + name)
	}
	return n, nil
}

// oneOf returns an error if the value of a query parameter is not one of the known ones.
func (c *call) oneOf(name string, known ...string) error {
	return checkEnum(name, c.query[name], known)
}

// eachOf is oneOf for a parameter with a list of values, which are separated by commas or sent one by one.
func (c *call) eachOf(name string, known []string) error {
	return checkEnum(name, strings.Split(strings.Join(c.query[name], ","), ","), known)
}

func checkEnum(name string, values, known []string) error {
	for _, value := range values {
		if value != "" && !slices.Contains(known, value) {
			return invalidQuery("'No enum match for: " + value + "' on property " + name)
		}
	}
	return nil
}

// checkFilters returns an error if a filter parameter has a value that the filtered member cannot have. app_type is not
// checked: it is documented as any text, Auth0: api/management/v2/clients/get-clients.
func (s collection) checkFilters(c *call) error {
	for _, parameter := range slices.Sorted(maps.Keys(s.list.filters)) {
		known := s.kind.Fields[s.list.filters[parameter]].Enum
		if parameter == "app_type" || len(known) == 0 {
			continue
		}
		if err := c.eachOf(parameter, known); err != nil {
			return err
		}
	}
	return nil
}

// choices are parameters with a fixed list of values that no filter of a list describes: those that request more
// members, and those that are compared with a nested member.
var choices = []struct {
	paths []string
	name  string
	known []string
}{
	{[]string{"/flows", "/flows/{id}"}, "hydrate", []string{"form_count"}},
	{[]string{"/forms", "/forms/{id}"}, "hydrate", []string{"flow_count", "links"}},
	{[]string{"/flows/{flow}/executions/{id}"}, "hydrate", []string{"debug"}},
	{[]string{"/actions/actions"}, "triggerId", resource.TriggerIDs()},
}

// pathHas returns an error if the value of a path variable is not one of the known ones.
func (c *call) pathHas(name string, known []string) error {
	if value := c.param(name); !slices.Contains(known, value) {
		return invalidPath("'No enum match for: " + value + "' on property " + name)
	}
	return nil
}

// length returns an error, made by fault, if a value is too short or too long.
func length(name, value string, least, most int, fault func(what string) error) error {
	switch n := utf8.RuneCountInString(value); {
	case n < least:
		return fault("'String is too short (" + strconv.Itoa(n) + " chars), minimum " + strconv.Itoa(least) + "' on property " + name)
	case n > most:
		return fault("'String is too long (" + strconv.Itoa(n) + " chars), maximum " + strconv.Itoa(most) + "' on property " + name)
	}
	return nil
}

func invalidQuery(what string) error {
	return invalidPart("Query validation error: "+what+".", "invalid_query_string")
}

func invalidPath(what string) error {
	return invalidPart("Path validation error: "+what+".", "invalid_uri")
}

// invalidPart is Auth0's error for an invalid part of a request; code says which part.
func invalidPart(message, code string) error {
	return &apierr.Error{Status: http.StatusBadRequest, Message: message, Extra: map[string]any{"errorCode": code}}
}

// invalidPaging is Auth0's error for a page that cannot be requested.
func invalidPaging(message string) error { return invalidPart(message, "invalid_paging") }

// invalidCursor is Auth0's error for a cursor that is not valid for the list,
// api/management/v2/refresh-tokens/get-refresh-tokens.
var invalidCursor = invalidPaging("The checkpoint ID provided in the 'from' parameter has expired or is invalid, please remove the checkpoint ID and try again")

// maxPaged is the number of objects that can be reached with page numbers, in lists for which Auth0
// documents such a limit.
const maxPaged = 1000

// checkShallow returns an error for pages beyond maxPaged, in lists that offer a cursor instead.
// Auth0: api/management/v2/organizations/get-organizations.
func checkShallow(w *window) error {
	if w.start+w.size <= maxPaged {
		return nil
	}
	return invalidPaging(pastEnd(w) + " To fetch results beyond 1000, use the checkpoint pagination method.")
}

// checkEnd is like checkShallow, for lists without a cursor.
func checkEnd(w *window) error {
	if w.start+w.size <= maxPaged {
		return nil
	}
	return invalidPaging(pastEnd(w))
}

func pastEnd(w *window) string {
	return "Requesting page " + strconv.Itoa(w.page) + " exceeds the allowed maximum of 1000 records."
}

// limit limits the length of a path variable or a query parameter of one operation. If method is
// "", it applies to all operations at the path and below it.
type limit struct {
	method, path, name string
	least, most        int
}

// limits are the limits that Auth0 documents: api/management/v2.
var limits = []limit{
	{http.MethodDelete, "/organizations/{id}", "id", 0, 50},
	{"", "/organizations/{id}/client-grants", "id", 0, 50},
	{"", "/organizations/{id}/connections", "id", 0, 50},
	{"", "/organizations/{id}/connections", "connection_id", 1, 50},
	{"", "/organizations/{id}/enabled_connections", "id", 0, 50},
	{"", "/organizations/{id}/enabled_connections", "connectionId", 1, 50},
	{"", "/organizations/{id}/invitations", "id", 0, 50},
	{"", "/organizations/{id}/members", "id", 0, 50},
	{"", "/organizations/{id}/discovery-domains/name/{discovery_domain}", "discovery_domain", 3, 255},
	{"", "/organizations/name/{name}", "name", 1, 50},
	{http.MethodGet, "/organizations", "sort", 0, 15},
	{"", "/flows/vault/connections/{id}", "id", 0, 30},
	{"", "/flows/{flow}/executions", "flow", 0, 30},
	{"", "/rules-configs/{key}", "key", 1, 127},
}

// of reports whether the limit applies to an operation.
func (l limit) of(op operation) bool {
	if l.method != "" {
		return l.method == op.method && l.path == op.path
	}
	return op.path == l.path || strings.HasPrefix(op.path, l.path+"/")
}

// checkRequest checks the path and the query of a request. This comes first, so that an invalid
// request learns nothing about the tenant.
func (c *call) checkRequest(op operation) error {
	for _, l := range limits {
		if !l.of(op) {
			continue
		}
		value, inPath := c.params[l.name]
		fault := invalidPath
		if !inPath {
			if !c.query.Has(l.name) {
				continue
			}
			value, fault = c.query.Get(l.name), invalidQuery
		}
		if err := length(l.name, value, l.least, l.most, fault); err != nil {
			return err
		}
	}
	for _, choice := range choices {
		if op.method != http.MethodGet || !slices.Contains(choice.paths, op.path) {
			continue
		}
		if err := c.eachOf(choice.name, choice.known); err != nil {
			return err
		}
	}
	return c.checkFlags()
}
