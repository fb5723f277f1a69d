package objects

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/callback"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Client ID Metadata Documents describe applications at a URL that is their client id for the rest of the world. The
// rules are from Auth0: get-started/auth0-overview/create-applications/cimd-validation-rules. Auth0 does not publish
// the sentences.

// maxDocumentURL limits the URL of a Client ID Metadata Document, and MaxClientDocument the document, both in bytes.
const (
	maxDocumentURL    = 120
	MaxClientDocument = 5 << 10
)

// DocumentURLFault says why a URL cannot be that of a Client ID Metadata Document, "" if it can.
func DocumentURLFault(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || address == "" || strings.TrimSpace(address) != address:
		return "must be a URL without whitespace around it"
	case len(address) > maxDocumentURL:
		return fmt.Sprintf("must not be longer than %d bytes", maxDocumentURL)
	case u.Scheme != "https":
		return "must use the scheme https"
	case u.Hostname() == "" || u.Port() == "0":
		return "must have a host name and no port 0"
	case isThisComputer(u.Hostname()):
		return "must not lead to localhost"
	case u.User != nil || strings.ContainsAny(address, "?#"):
		return "must have no credentials, query or fragment"
	case strings.Trim(u.Path, "/") == "":
		return "must have a path"
	case slices.ContainsFunc(strings.Split(u.Path, "/"), func(part string) bool { return part == "." || part == ".." }):
		return "must have no dot segments in its path"
	}
	return ""
}

// isThisComputer reports whether a host is one of the names of the local computer that Auth0 rejects. Other loopback
// addresses can be used for documents on the developer's computer.
func isThisComputer(host string) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, strings.ToLower(host))
}

// ReadDocument is what a Client ID Metadata Document says.
type ReadDocument struct {
	// Fields are the members of the application, by Auth0's names.
	Fields storage.Document
	// Violations are reasons why the document is not valid, Warnings what of it has no effect.
	Violations, Warnings []string
}

// supported are the members of a document that have an effect or are checked.
var supported = []string{
	"application_type", "client_id", "client_name", "description", "grant_types", "jwks_uri", "logo_uri", "redirect_uris", "response_types",
	"token_endpoint_auth_method",
}

// ReadClientDocument checks the Client ID Metadata Document of a URL, and maps it to the members of an application.
func ReadClientDocument(address string, document storage.Document) ReadDocument {
	r := ReadDocument{Fields: storage.Document{"external_client_id": address}, Violations: []string{}, Warnings: []string{}}
	if document["client_id"] != address {
		r.violates("client_id must be the URL of the document")
	}
	if name := storage.Text(document, "client_name"); name == "" {
		r.violates("client_name is required")
	} else {
		r.Fields["name"] = name
	}
	r.grantTypes(document)
	kind := storage.Text(document, "application_type")
	switch kind {
	case "native":
		r.Fields["app_type"] = "native"
	case "", "web":
		r.Fields["app_type"] = "regular_web"
	default:
		r.violates("application_type must be native or web")
	}
	r.callbacks(document, kind == "native")
	r.authentication(address, document)
	if logo := storage.Text(document, "logo_uri"); logo != "" {
		r.Fields["logo_uri"] = logo
		if !strings.HasPrefix(logo, "https://") && !strings.HasPrefix(logo, "http://") {
			r.violates("logo_uri must be a URL")
		}
	}
	if text := storage.Text(document, "description"); text != "" {
		r.Fields["description"] = text
	}
	r.rest(document)
	return r
}

func (r *ReadDocument) violates(format string, args ...any) {
	r.Violations = append(r.Violations, fmt.Sprintf(format, args...))
}

func (r *ReadDocument) warns(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// grantTypes keeps the grant types that such an application may have.
func (r *ReadDocument) grantTypes(document storage.Document) {
	kept := []any{}
	var others []string
	for _, name := range textsOf(document["grant_types"]) {
		if name == "authorization_code" || name == "refresh_token" {
			kept = append(kept, name)
		} else {
			others = append(others, name)
		}
	}
	if len(kept) == 0 {
		r.violates("grant_types must include authorization_code or refresh_token")
	}
	if len(others) > 0 {
		r.warns("Ignoring unsupported grant_types: %s", strings.Join(others, ", "))
	}
	r.Fields["grant_types"] = kept
}

// callbacks demands HTTPS, or for native applications the local computer.
func (r *ReadDocument) callbacks(document storage.Document, native bool) {
	all := textsOf(document["redirect_uris"])
	if len(all) == 0 && slices.Contains(textsOf(r.Fields["grant_types"]), "authorization_code") {
		r.violates("redirect_uris is required for the grant type authorization_code")
	}
	callbacks := []any{}
	for i, uri := range all {
		u, err := url.Parse(uri)
		local := err == nil && native && u.Scheme == "http" && isThisComputer(u.Hostname())
		switch {
		case slices.Contains(all[:i], uri):
			r.violates("redirect_uris must be unique")
		case err != nil || u.Scheme != "https" && !local || !callback.Registrable(uri):
			r.violates("redirect_uris must be HTTPS URLs: %s", uri)
		}
		callbacks = append(callbacks, uri)
	}
	r.Fields["callbacks"] = callbacks
}

// authentication allows no shared secrets.
func (r *ReadDocument) authentication(address string, document storage.Document) {
	method := storage.Text(document, "token_endpoint_auth_method")
	if method == "" {
		method = "none"
	}
	r.Fields["token_endpoint_auth_method"] = method
	switch method {
	case "none":
	case "private_key_jwt":
		keys := storage.Text(document, "jwks_uri")
		if keys == "" || !sameOrigin(keys, address) {
			r.violates("private_key_jwt needs a jwks_uri with the origin of client_id")
		}
		r.Fields["jwks_uri"] = keys
	default:
		r.violates("token_endpoint_auth_method must be none or private_key_jwt")
	}
	if _, inline := document["jwks"]; inline {
		r.violates("jwks is not supported, use jwks_uri")
	}
}

func sameOrigin(a, b string) bool {
	first, err := url.Parse(a)
	second, other := url.Parse(b)
	return err == nil && other == nil && first.Scheme == second.Scheme && strings.EqualFold(first.Host, second.Host)
}

// rest checks the fields as those of any application, and warns of members that have no effect.
func (r *ReadDocument) rest(document storage.Document) {
	sent := maps.Clone(r.Fields)
	maps.DeleteFunc(sent, func(name string, _ any) bool {
		return name == "external_client_id" || name == "jwks_uri" || name == "token_endpoint_auth_method" // checked by their own rules
	})
	var fault *apierr.Error
	if err := resource.Clients.Check(sent, resource.Update); errors.As(err, &fault) && len(r.Violations) == 0 {
		r.violates("%s", fault.Message)
	}
	codes := slices.Contains(textsOf(r.Fields["grant_types"]), "authorization_code")
	if slices.Contains(textsOf(document["response_types"]), "code") && !codes {
		r.warns("response_types has code, and grant_types lacks authorization_code")
	}
	var others []string
	for _, name := range slices.Sorted(maps.Keys(document)) {
		if !slices.Contains(supported, name) && name != "jwks" {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		r.warns("Ignoring unsupported properties: %s. These properties are not supported.", strings.Join(others, ", "))
	}
}

// textsOf returns the texts in a list.
func textsOf(value any) []string {
	var texts []string
	list, _ := value.([]any)
	for _, item := range list {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Application returns the object of the application that a valid document describes. It is a strict third-party
// application.
func (r ReadDocument) Application() storage.Document {
	doc := maps.Clone(r.Fields)
	doc["is_first_party"], doc["third_party_security_mode"], doc["oidc_conformant"] = false, "strict", true
	doc["external_metadata_type"], doc["external_metadata_created_by"] = "cimd", "admin"
	doc["refresh_token"] = storage.Document{
		"rotation_type": "rotating", "expiration_type": "expiring", "infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
	}
	if doc["token_endpoint_auth_method"] != "none" {
		delete(doc, "token_endpoint_auth_method") // jwks_uri says it
	}
	return doc
}

// Changes returns the changes to an application that was registered before.
func (r ReadDocument) Changes() storage.Document {
	changes := storage.Document{"description": nil, "jwks_uri": nil, "logo_uri": nil}
	maps.Copy(changes, r.Fields)
	delete(changes, "external_client_id")
	if changes["token_endpoint_auth_method"] != "none" {
		changes["token_endpoint_auth_method"] = nil // jwks_uri says it
	}
	return changes
}

// ClientOfDocument returns the id of the application with the Client ID Metadata Document of a URL, "" if there is
// none.
func ClientOfDocument(tx *storage.Tx, address string) (string, error) {
	client, err := tx.ClientNamed(address)
	return client.ClientID, storage.Optional(err)
}
