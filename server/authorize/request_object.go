package authorize

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// open replaces the request object of a request by the parameters in it, for applications that
// get the standard's answers (tenant0_standard_answers): they may send signed request objects as
// the parameter request or publish them at a request_uri, OIDC Core section 6. The object may
// have to be fetched and so may the application's keys, so open is called outside of any
// transaction. If the object cannot be accepted, objectError says why, and the parameter request
// is kept, because it says where that answer goes.
func (m *room) open(ctx context.Context, what asked) (asked, error) {
	raw, uri := what.params.Get("request"), what.params.Get("request_uri")
	if raw == "" && uri == "" {
		return what, nil
	}
	var client storage.Client
	err := m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		client, err = tx.Clients.Get(what.params.Get("client_id"))
		return storage.Optional(err)
	})
	if err != nil || !client.StandardAnswers || client.Strict() || raw == "" && len(client.RequestObjects.URIs) == 0 {
		return what, err
	}
	what.params, what.objectError = m.openFor(ctx, client, what.params)
	return what, nil
}

// openFor is open for an application whose request objects are accepted. If it returns an error,
// the returned parameters are those that say where the error goes.
func (m *room) openFor(ctx context.Context, client storage.Client, params url.Values) (url.Values, error) {
	raw, uri := params.Get("request"), params.Get("request_uri")
	if raw != "" && uri != "" {
		return params, apierr.InvalidParameter("request_uri", "request and request_uri must not be sent together")
	}
	if uri != "" {
		fetched, err := m.Engine.FetchRequestObject(ctx, client, uri)
		if err != nil {
			return params, err
		}
		raw, params = fetched, maps.Clone(params)
		params.Del("request_uri")
		params.Set("request", raw)
	}
	object, err := m.Engine.RequestObject(ctx, client, raw)
	if err != nil {
		return params, err
	}
	return opened(params, object)
}

// opened returns the parameters of a request with those of its verified request object in their
// place, OIDC Core section 6.1. It returns the given parameters and an error if the object has a
// member that it must not have.
func opened(params url.Values, object map[string]any) (url.Values, error) {
	merged := maps.Clone(params)
	merged.Del("request")
	for name, value := range object {
		switch name {
		case "iss", "aud", "exp", "nbf", "iat", "jti", "sub", "client_id": // about the object itself
			continue
		case "request", "request_uri":
			return params, apierr.InvalidRequestObject("it must not have " + name)
		}
		if value == nil {
			continue
		}
		text, isText := value.(string)
		if !isText {
			raw, err := json.Marshal(value) // a number, or the object of the parameter claims
			if err != nil {
				return params, apierr.InvalidRequestObject("its " + name + " cannot be read").With(err)
			}
			text = string(raw)
		}
		if strings.ContainsRune(text, 0) {
			return params, apierr.InvalidRequestObject("its " + name + " has a zero byte")
		}
		if name == "response_type" && params.Get(name) != "" && params.Get(name) != text {
			return params, apierr.InvalidRequestObject("its response_type is not that of the request")
		}
		merged.Set(name, text)
	}
	return merged, nil
}

// deciding are the parameters that determine where the response goes and how.
var deciding = []string{"redirect_uri", "response_mode", "response_type", "state", "organization"}

// withObject returns the parameters with the deciding ones replaced by those of a request
// object that is refused, because the refusal should go where the object says. OIDC Core
// section 6.1: values "from the Request Object supersede those passed using the OAuth 2.0
// request syntax". The object's signature is not checked, because the response only goes to
// redirect URIs that the application has registered. An object that cannot be read changes
// nothing. If it names another application, that is an error to be shown on a page, RFC 9101
// section 6.3.
func withObject(params url.Values) (url.Values, error) {
	object := readObject(params.Get("request"))
	if id := object["client_id"]; id != "" && id != params.Get("client_id") {
		return nil, apierr.InvalidParameter("request", "its client_id is not that of the request")
	}
	if object == nil {
		return params, nil
	}
	merged := maps.Clone(params)
	for _, name := range deciding {
		if value := object[name]; value != "" {
			merged.Set(name, value)
		}
	}
	return merged, nil
}

// readObject returns client_id and the deciding parameters of a request object, signed or
// unsigned. It returns nil if raw is not a request object or is encrypted, or if one of
// these members is not a string or contains a zero byte.
func readObject(raw string) map[string]string {
	parts := strings.Split(raw, ".")
	const signed = 3 // RFC 7515 section 3.1; RFC 7519 section 6: the last one is empty where alg is none
	if len(parts) != signed {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	if err != nil || !utf8.Valid(payload) || json.Unmarshal(payload, &claims) != nil {
		return nil
	}
	object := map[string]string{}
	for _, name := range append([]string{"client_id"}, deciding...) {
		value, there := claims[name]
		if !there {
			continue
		}
		text, ok := value.(string)
		if !ok || strings.ContainsRune(text, 0) {
			return nil
		}
		object[name] = text
	}
	return object
}

// refuseObject refuses requests with a request object or a request_uri that is not from
// /oauth/par, OIDC Core section 3.1.2.6.
func refuseObject(what asked) error {
	params := what.params
	switch {
	case what.objectError != nil:
		return what.objectError
	case params.Get("request") != "":
		return &apierr.Error{Status: http.StatusBadRequest, Code: "request_not_supported", Message: "The parameter request (JAR) is not emulated by tenant0", Setting: "the parameter request"}
	case params.Get("request_uri") != "":
		return &apierr.Error{Status: http.StatusBadRequest, Code: "request_uri_not_supported", Message: "A request_uri must be one of /oauth/par", Setting: "the parameter request_uri"}
	}
	return nil
}
