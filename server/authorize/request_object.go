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

// deciding are the parameters that determine where the response goes and how.
var deciding = []string{"redirect_uri", "response_mode", "response_type", "state", "organization"}

// withObject returns the parameters with the deciding ones replaced by those of the
// request object. tenant0 refuses request objects, and the refusal should go where the
// object says. OIDC Core section 6.1: values "from the Request Object supersede those
// passed using the OAuth 2.0 request syntax". The object's signature is not checked,
// because the response only goes to redirect URIs that the application has registered. An
// object that cannot be read changes nothing. If it names another application, that is an
// error to be shown on a page, RFC 9101 section 6.3.
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
func refuseObject(params url.Values) error {
	switch {
	case params.Get("request") != "":
		return &apierr.Error{Status: http.StatusBadRequest, Code: "request_not_supported", Message: "The parameter request (JAR) is not emulated by tenant0", Setting: "the parameter request"}
	case params.Get("request_uri") != "":
		return &apierr.Error{Status: http.StatusBadRequest, Code: "request_uri_not_supported", Message: "A request_uri must be one of /oauth/par", Setting: "the parameter request_uri"}
	}
	return nil
}
