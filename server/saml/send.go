package saml

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/beevik/etree"
)

// Outgoing is a message on its way through the browser: by redirect to URL, or in a form that is posted
// there.
type Outgoing struct {
	URL string
	// Form are the names and the values of the form, nil for a redirect.
	Form []Parameter
}

// Parameter is one of a form.
type Parameter struct{ Name, Value string }

// send signs a message and puts it on its way. name is SAMLRequest or SAMLResponse, and relayState what
// is to come back with the answer, "" for nothing. Without a key the message is not signed.
func (s Signing) send(el *etree.Element, name, target, binding, relayState string) (o Outgoing, err error) {
	if binding == Redirect {
		return s.redirect(el, name, target, relayState)
	}
	if s.Key != nil {
		if err := s.sign(el); err != nil {
			return o, err
		}
	}
	text, err := encode(el)
	o = Outgoing{URL: target, Form: []Parameter{{name, text}}}
	if relayState != "" {
		o.Form = append(o.Form, Parameter{"RelayState", relayState})
	}
	return o, err
}

// redirect is SAML 2.0 Bindings section 3.4.4.1: the message is deflated, and the signature is that of
// the query.
func (s Signing) redirect(el *etree.Element, name, target, relayState string) (o Outgoing, err error) {
	text, err := written(el)
	if err != nil {
		return o, err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return o, err
	}
	_, _ = w.Write(text) // to memory
	if err := w.Close(); err != nil {
		return o, err
	}
	query := name + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	if s.Key != nil {
		method, _, err := s.algorithms()
		if err != nil {
			return o, err
		}
		query += "&SigAlg=" + url.QueryEscape(method.uri)
		signature, err := s.signed(method, []byte(query))
		if err != nil {
			return o, err
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(signature))
	}
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return Outgoing{URL: target + separator + query}, nil
}
