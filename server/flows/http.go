package flows

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/storage"
)

// contentTypes maps the parameter content_type to the media type of the body.
var contentTypes = map[string]string{
	"": "application/json", "JSON": "application/json", "FORM": "application/x-www-form-urlencoded", "XML": "application/xml",
}

// sendRequest sends an HTTP request, if the server's setting upstream allows the address. Auth0:
// customize/forms/flows/integrations/http-request.
func (e *execution) sendRequest(p params) (any, error) {
	address, err := p.need("url")
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	query := target.Query()
	for name, value := range members(p, "params") {
		query.Set(name, expressions.Text(value))
	}
	rq := outside.Request{Method: strings.ToUpper(p.text("method")), Header: http.Header{}}
	if rq.Method == "" {
		rq.Method = http.MethodGet
	}
	if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, rq.Method) {
		return nil, fmt.Errorf("%q is not an HTTP method", rq.Method)
	}
	if err := e.body(p, &rq); err != nil {
		return nil, err
	}
	for name, value := range members(p, "headers") {
		rq.Header.Set(name, expressions.Text(value))
	}
	if basic := members(p, "basic"); len(basic) > 0 {
		e.hide(basic["password"])
		rq.Basic(expressions.Text(basic["username"]), expressions.Text(basic["password"]))
	}
	if p.text("connection_id") != "" {
		if err := e.prove(p, &rq, query); err != nil {
			return nil, err
		}
	}
	target.RawQuery = query.Encode()
	rq.Address = target.String()
	answer, err := e.Outside.Send(e.ctx, rq)
	if err != nil {
		return nil, err
	}
	headers := object{}
	for name := range answer.Header {
		headers[strings.ToLower(name)] = answer.Header.Get(name)
	}
	var body any
	if json.Unmarshal(answer.Body, &body) != nil {
		body = string(answer.Body)
	}
	return object{"status": answer.Status, "headers": headers, "body": body, "success": answer.Status >= 200 && answer.Status < 300}, nil
}

func members(p params, name string) object {
	all, _ := p[name].(object)
	return all
}

// body sets the body and the content type of a request.
func (e *execution) body(p params, rq *outside.Request) error {
	payload, sent := p["payload"]
	if !sent || payload == nil {
		return nil
	}
	kind := strings.ToUpper(p.text("content_type"))
	contentType, ok := contentTypes[kind]
	if !ok {
		return fmt.Errorf("%q is not a content type; give JSON, FORM or XML", kind)
	}
	rq.Header.Set("Content-Type", contentType)
	form, isObject := payload.(object)
	switch text, isText := payload.(string); {
	case isText:
		rq.Body = []byte(text)
	case kind == "FORM" && isObject:
		values := url.Values{}
		for name, value := range form {
			values.Set(name, expressions.Text(value))
		}
		rq.Body = []byte(values.Encode())
	case kind == "XML":
		made, err := serializeXML(e, params{"object": payload})
		if err != nil {
			return err
		}
		rq.Body = []byte(storage.Text(made.(object), "xml"))
	default:
		raw, err := json.Marshal(payload)
		rq.Body = raw
		return err
	}
	return nil
}

// prove adds the credentials of the vault connection to a request.
func (e *execution) prove(p params, rq *outside.Request, query url.Values) error {
	setup, err := e.vault(p, "HTTP")
	if err != nil {
		return err
	}
	switch kind := storage.Text(setup, "type"); kind {
	case "BEARER":
		rq.Header.Set("Authorization", "Bearer "+storage.Text(setup, "token"))
	case "BASIC_AUTH":
		rq.Basic(storage.Text(setup, "username"), storage.Text(setup, "password"))
	case "API_KEY":
		name, value := storage.Text(setup, "name"), storage.Text(setup, "value")
		if name == "" {
			return errors.New("its vault connection names no API key")
		}
		if strings.EqualFold(storage.Text(setup, "in"), "QUERY") {
			query.Set(name, value)
		} else {
			rq.Header.Set(name, value)
		}
	case "OAUTH_CLIENT_CREDENTIALS":
		token, err := e.clientToken(setup)
		if err != nil {
			return err
		}
		rq.Header.Set("Authorization", "Bearer "+token)
	default:
		return fmt.Errorf("tenant0 does not emulate vault connections for HTTP of the type %s", kind)
	}
	return nil
}

// clientToken gets an access token from the token endpoint in a vault connection's setup, with client
// credentials, RFC 6749 section 4.4.
func (e *execution) clientToken(setup storage.Document) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	for _, name := range []string{"client_id", "client_secret", "audience", "resource", "scope"} {
		if value := storage.Text(setup, name); value != "" {
			form.Set(name, value)
		}
	}
	answer, err := e.Outside.Send(e.ctx, outside.Request{
		Method: http.MethodPost, Address: storage.Text(setup, "token_endpoint"), Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
	})
	if err != nil {
		return "", err
	}
	var given struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal(answer.Body, &given); err != nil || given.Token == "" {
		return "", fmt.Errorf("the token endpoint of its vault connection answers %d %s", answer.Status, given.Error)
	}
	e.hide(given.Token)
	return given.Token, nil
}
