package saml

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/beevik/etree"

	"github.com/tenant0/tenant0/templates"
)

// Outgoing is a message that the browser delivers: by a redirect to URL, or by posting a form to URL.
type Outgoing struct {
	URL string
	// Form holds the fields of the form; nil for a redirect.
	Form []templates.Field
}

// send signs a message and prepares its delivery. name is SAMLRequest or SAMLResponse. relayState is
// returned with the answer, "" for nothing. Without a key the message is not signed.
func (s Signing) send(el *etree.Element, name, target, binding, relayState string) (o Outgoing, err error) {
	if binding == Redirect && !s.Undeflated {
		return s.redirect(el, name, target, relayState)
	}
	if s.Key != nil {
		if err := s.sign(el); err != nil {
			return o, err
		}
	}
	text, err := encode(el)
	if binding == Redirect {
		query := name + "=" + url.QueryEscape(text)
		if relayState != "" {
			query += "&RelayState=" + url.QueryEscape(relayState)
		}
		return Outgoing{URL: withQuery(target, query)}, err
	}
	o = Outgoing{URL: target, Form: []templates.Field{{Name: name, Value: text}}}
	if relayState != "" {
		o.Form = append(o.Form, templates.Field{Name: "RelayState", Value: relayState})
	}
	return o, err
}

// redirect prepares a delivery by redirect, SAML 2.0 Bindings section 3.4.4.1: the message is deflated,
// and the signature covers the query.
func (s Signing) redirect(el *etree.Element, name, target, relayState string) (o Outgoing, err error) {
	text, err := serialize(el)
	if err != nil {
		return o, err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return o, err
	}
	_, _ = w.Write(text) // a write to memory cannot fail
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
	return Outgoing{URL: withQuery(target, query)}, nil
}

// withQuery appends a query to a URL, which may have a query already.
func withQuery(target, query string) string {
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return target + separator + query
}
