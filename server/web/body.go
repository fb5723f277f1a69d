package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/trace"
)

// MaxForm is the largest body that the protocol endpoints accept, in bytes.
const MaxForm = 64 << 10

// FormLists reads a form of a page in which a field may occur several times, such as a
// choice of several options. It also sets the request's PostForm.
func FormLists(w http.ResponseWriter, r *http.Request, limit int64) (url.Values, error) {
	body, err := ReadBody(w, r, limit)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(body) {
		return nil, apierr.MalformedBody.With(errors.New("not UTF-8"))
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, apierr.MalformedBody.With(err)
	}
	r.PostForm = form
	return form, nil
}

// Form reads the parameters in a request body, which may be form-encoded or JSON, as in
// the Authentication API. Each parameter may occur once. In JSON, numbers and booleans
// are converted to text, and arrays of strings are joined with spaces. Members named in
// objects may be JSON objects, which are returned as their JSON text. Form also sets the
// request's PostForm and Form.
func Form(w http.ResponseWriter, r *http.Request, objects ...string) (url.Values, error) {
	body, err := ReadBody(w, r, MaxForm)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(body) {
		return nil, apierr.MalformedBody.With(errors.New("not UTF-8"))
	}
	form, err := parseForm(r.Header.Get("Content-Type"), body, objects)
	if err != nil {
		return nil, err
	}
	r.PostForm, r.Form = form, form
	trace.Form(r.Context(), form)
	return form, nil
}

// parseForm parses a body by its content type, which an empty body does not need.
func parseForm(contentType string, body []byte, objects []string) (url.Values, error) {
	if len(body) == 0 {
		return url.Values{}, nil
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil, apierr.UnsupportedMediaType.With(err)
	case mediaType == "application/x-www-form-urlencoded":
		return ParseQuery(string(body))
	case mediaType == "application/json":
		return jsonForm(body, objects)
	}
	return nil, apierr.UnsupportedMediaType
}

// Query reads the parameters of a request's URL, each of which may occur once.
func Query(r *http.Request) (url.Values, error) { return ParseQuery(r.URL.RawQuery) }

// ParseQuery reads form-encoded parameters. RFC 6749 section 3.1: "Request and
// response parameters MUST NOT be included more than once."
func ParseQuery(query string) (url.Values, error) {
	form, err := url.ParseQuery(query)
	if err != nil {
		return nil, apierr.MalformedBody.With(err)
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, apierr.RepeatedParameter(name)
		}
		if !utf8.ValidString(name) || !utf8.ValidString(values[0]) || strings.IndexByte(name, 0) >= 0 || strings.IndexByte(values[0], 0) >= 0 {
			return nil, apierr.InvalidParameter(strconv.Quote(name), "not UTF-8 text")
		}
	}
	return form, nil
}

// ReadBody reads at most limit bytes of a body.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, apierr.BodyTooLarge
	}
	if err != nil {
		return nil, apierr.MalformedBody.With(err)
	}
	return body, nil
}

// Errors that the error of ReadJSON wraps: for a body with a zero byte, and for one that is nested too deep.
var (
	ErrZeroByte = errors.New("a zero byte")
	ErrNesting  = errors.New("nested too deep")
)

// ReadJSON reads a JSON body of at most limit bytes. It refuses texts and names that
// contain a zero byte, and values that are nested too deep to be stored, so that no
// operation has to check for them.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	return ReadNestedJSON(w, r, limit, apierr.MaxNesting)
}

// ReadNestedJSON reads a JSON body as ReadJSON does, with another number of lists and
// objects that may be inside each other.
func ReadNestedJSON(w http.ResponseWriter, r *http.Request, limit int64, most int) ([]byte, error) {
	body, err := ReadBody(w, r, limit)
	if errors.Is(err, apierr.BodyTooLarge) {
		return nil, apierr.PayloadTooLarge(limit)
	}
	deep := bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > most
	if err != nil || !deep && !bytes.Contains(body, []byte(`\u0000`)) {
		return body, err // an unescaped zero byte is not valid JSON
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return body, nil //nolint:nilerr // what is no JSON is told by who reads it
	}
	if apierr.Deeper(value, most) {
		return nil, apierr.NestedTooDeep(most).With(ErrNesting)
	}
	if path, found := apierr.ZeroByte(value); found {
		return nil, apierr.ZeroInBody(path).With(ErrZeroByte)
	}
	return body, nil
}

// checkURL refuses a request whose path or query contains a zero byte, even if a
// variable in the path is escaped twice, as Terraform does.
func checkURL(r *http.Request) error {
	if strings.ContainsRune(r.URL.Path, 0) || strings.Contains(r.URL.Path, "%00") {
		return apierr.ZeroInPath
	}
	if strings.Contains(r.URL.RawQuery, "%00") {
		return apierr.ZeroInQuery
	}
	return nil
}

func jsonForm(body []byte, objects []string) (url.Values, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, apierr.MalformedBody.With(errors.Join(err, errors.New("not a JSON object")))
	}
	form, seen := url.Values{}, map[string]bool{}
	for dec.More() {
		name, value, err := member(dec)
		if err != nil {
			return nil, apierr.MalformedBody.With(err)
		}
		text, ok := parameter(name, value)
		if object, isObject := value.(map[string]any); isObject && slices.Contains(objects, name) {
			raw, err := json.Marshal(object)
			if err != nil {
				return nil, err
			}
			text, ok = string(raw), true
		}
		repeated := seen[name]
		seen[name] = true
		switch {
		case repeated:
			return nil, apierr.RepeatedParameter(name)
		case value == nil:
			continue
		case !ok && name == "scope":
			return nil, apierr.ScopeNotString
		case !ok:
			return nil, apierr.InvalidParameter(name, "must be a string")
		case strings.ContainsRune(name+text, 0):
			return nil, apierr.InvalidParameter(strconv.Quote(name), "not UTF-8 text")
		}
		form.Set(name, text)
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, apierr.MalformedBody.With(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, apierr.MalformedBody.With(errors.New("text after the JSON object"))
	}
	return form, nil
}

// member reads the next member of the object that dec is in. Decoding into a map would
// hide a name that occurs twice.
func member(dec *json.Decoder) (name string, value any, err error) {
	token, err := dec.Token()
	if err != nil {
		return "", nil, err
	}
	name, _ = token.(string) // within an object it is a string
	err = dec.Decode(&value)
	return name, value, err
}

// parameter returns the text of a member. A scope must be a string or a list of strings.
func parameter(name string, value any) (string, bool) {
	switch value.(type) {
	case json.Number, bool:
		if name == "scope" {
			return "", false
		}
	}
	return scalar(value)
}

func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number, bool:
		return fmt.Sprint(v), true
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			word, ok := item.(string)
			if !ok {
				return "", false
			}
			words[i] = word
		}
		return strings.Join(words, " "), true
	}
	return "", false
}
