package authorize

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/apierr"
)

// deciding are the parameters that say where an answer goes and how.
var deciding = []string{"redirect_uri", "response_mode", "response_type", "state", "organization"}

// withObject returns the parameters with those of the request object in their place
// that decide where its refusal goes and how. OIDC Core section 6.1: values "from the
// Request Object supersede those passed using the OAuth 2.0 request syntax". Nobody
// checks who signed the object, since it only ever leads to a redirect URI that the
// application has registered. An object that cannot be read changes nothing; one that
// names another application is an error for a page, RFC 9101 section 6.3.
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

// readObject returns what a request object says in its client_id and the deciding
// parameters, signed or not: nil where it is none or is encrypted, and where one of them
// is no text that a parameter may hold.
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

// refuseObject refuses requests whose meaning is in a request object, OIDC Core section
// 3.1.2.6.
func refuseObject(params url.Values) error {
	switch {
	case params.Get("request") != "":
		return &apierr.Error{Status: http.StatusBadRequest, Code: "request_not_supported", Message: "The parameter request (JAR) is not emulated by tenant0", Setting: "the parameter request"}
	case params.Get("request_uri") != "":
		return &apierr.Error{Status: http.StatusBadRequest, Code: "request_uri_not_supported", Message: "A request_uri must be one of /oauth/par", Setting: "the parameter request_uri"}
	}
	return nil
}
