package authzext

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
)

// maxBody is the limit of a request's body in bytes.
const maxBody = 1 << 20

// call is a request that has been authorized and checked.
type call struct {
	*http.Request
	query, body json.RawMessage // as checked and converted by the route's rules
}

func (c *call) param(name string) string { return web.Param(c.Request, name) }
func (c *call) id() string               { return c.param("id") }

// read decodes the checked body.
func (c *call) read(into any) error { return json.Unmarshal(c.body, into) }

// search are the query parameters of routes that return lists.
type search struct {
	Q, Field string
	Expand   bool
	Page     int
	PerPage  *int `json:"per_page"`
}

func (c *call) search() (search, error) {
	var s search
	if c.query == nil {
		return s, nil
	}
	return s, json.Unmarshal(c.query, &s)
}

// check checks path, query and body by the rules of the route.
func (c *call) check(rt route) error {
	if rt.recordID {
		id, err := json.Marshal(c.id())
		if err != nil {
			return err
		}
		if _, err := (&rule{kind: guid}).check(id, place{"id", "id"}); err != nil {
			return errInvalid("params", err)
		}
	}
	if rt.query != nil {
		raw, err := json.Marshal(flat(c.URL.Query()))
		if err != nil {
			return err
		}
		if c.query, err = rt.query.check(raw, place{}); err != nil {
			return errInvalid("query", err)
		}
	}
	if rt.body != nil {
		var err error
		if c.body, err = rt.body.check(c.body, place{}); err != nil {
			return errInvalid("payload", err)
		}
	}
	return nil
}

// flat returns the query with parameters that occur once as strings and others as lists.
func flat(query map[string][]string) map[string]any {
	params := map[string]any{}
	for name, values := range query {
		params[name] = values
		if len(values) == 1 {
			params[name] = values[0]
		}
	}
	return params
}

// readJSON returns the body, or null if it is empty.
func readJSON(w http.ResponseWriter, r *http.Request) (json.RawMessage, error) {
	body, err := web.ReadJSON(w, r, maxBody)
	switch {
	case errors.Is(err, apierr.BodyTooLarge), errors.Is(err, web.ErrNesting), errors.Is(err, web.ErrZeroByte):
		return nil, err
	case err != nil:
		return nil, errMalformedJSON.With(err)
	}
	if len(body) == 0 {
		return json.RawMessage("null"), nil
	}
	if contentType := r.Header.Get("Content-Type"); contentType != "" {
		mediaType, _, err := mime.ParseMediaType(contentType)
		if err != nil || (mediaType != "application/json" && !strings.HasSuffix(mediaType, "+json")) {
			return nil, errMediaType
		}
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, errMalformedJSON.With(err)
	}
	return raw, nil
}
