package flows

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/mail"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/expressions"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/storage"
)

// params are the parameters of an action, after the evaluation of their expressions.
type params map[string]any

func (p params) text(name string) string { return expressions.Text(p[name]) }

// need returns a parameter as a string, or an error if it is missing or empty.
func (p params) need(name string) (string, error) {
	if text := p.text(name); text != "" {
		return text, nil
	}
	return "", fmt.Errorf("the parameter %q is missing", name)
}

// actions are the actions of flows that tenant0 implements, by type and name.
var actions = map[string]func(*execution, params) (any, error){
	"FLOW STORE_VARS":    (*execution).storeVars,
	"FLOW ERROR_MESSAGE": func(_ *execution, p params) (any, error) { return nil, errShown(p.text("message")) },
	"FLOW MAP_VALUE":     mapValue,
	"FLOW RETURN_JSON":   func(_ *execution, p params) (any, error) { return p["payload"], errEnd },
	"FLOW DELAY_FLOW":    (*execution).delay,
	"FLOW DO_NOTHING":    func(*execution, params) (any, error) { return object{}, nil },

	"JSON CREATE_JSON":    func(_ *execution, p params) (any, error) { return object{"result": p["object"]}, nil },
	"JSON PARSE_JSON":     parseJSON,
	"JSON SERIALIZE_JSON": serializeJSON,
	"XML PARSE_XML":       parseXML,
	"XML SERIALIZE_XML":   serializeXML,
	"JWT SIGN_JWT":        (*execution).signJWT,
	"JWT DECODE_JWT":      func(_ *execution, p params) (any, error) { return decodeJWT(p) },
	"JWT VERIFY_JWT":      (*execution).verifyJWT,

	"OTP GENERATE_CODE":  (*execution).generateCode,
	"OTP VERIFY_CODE":    (*execution).verifyCode,
	"EMAIL VERIFY_EMAIL": verifyEmail,

	"AUTH0 CREATE_USER": (*execution).createUser,
	"AUTH0 GET_USER":    (*execution).getUser,
	"AUTH0 UPDATE_USER": (*execution).updateUser,
	"AUTH0 SEND_EMAIL":  (*execution).sendEmail,
	"AUTH0 SEND_SMS":    sendText(outbox.SMS),
	"AUTH0 MAKE_CALL":   sendText(outbox.Voice),

	"HTTP SEND_REQUEST": (*execution).sendRequest,
}

type object = map[string]any

// storeVars stores variables, which all flows and the form of the journey can read.
func (e *execution) storeVars(p params) (any, error) {
	vars, ok := p["vars"].(object)
	if !ok {
		return nil, errors.New(`the parameter "vars" is not an object`)
	}
	maps.Copy(e.journey.Vars, vars)
	e.hide(vars)
	return object{}, nil
}

func mapValue(_ *execution, p params) (any, error) {
	cases, _ := p["cases"].(object)
	if result, ok := cases[p.text("input")]; ok {
		return object{"result": result}, nil
	}
	return object{"result": p["fallback"]}, nil
}

// maxDelay is the longest delay that an action may ask for.
const maxDelay = 30 * time.Second

// delay waits for the given time. Since the browser waits for the page while a flow runs, only delays
// up to maxDelay are possible.
func (e *execution) delay(p params) (any, error) {
	unit, ok := map[string]time.Duration{"SECONDS": time.Second, "MINUTES": time.Minute, "HOURS": time.Hour, "DAYS": 24 * time.Hour}[cmp.Or(p.text("units"), "SECONDS")]
	n, isNumber := expressions.Number(p["number"])
	if !ok || !isNumber || n < 0 {
		return nil, fmt.Errorf("%s %s is not a valid time to wait", p.text("number"), p.text("units"))
	}
	wait := clock.Span(n, unit)
	if wait > maxDelay {
		return nil, fmt.Errorf("tenant0 does not emulate delays of more than %v: the browser waits for the page", maxDelay)
	}
	ticker := clock.Ticker(max(wait, time.Nanosecond))
	defer ticker.Stop()
	select {
	case <-ticker.C:
		return object{}, nil
	case <-e.ctx.Done():
		return nil, e.ctx.Err()
	}
}

func parseJSON(_ *execution, p params) (any, error) {
	text, err := p.need("json")
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	return object{"object": value}, nil
}

func serializeJSON(_ *execution, p params) (any, error) {
	raw, err := json.Marshal(p["object"])
	return object{"json": string(raw)}, err
}

// parseXML converts XML to an object with a member for the root element. The value of an element is its
// text or, if it contains elements, an object with a member for each name; several elements of the same
// name become a list.
func parseXML(_ *execution, p params) (any, error) {
	text, err := p.need("xml")
	if err != nil {
		return nil, err
	}
	d := xml.NewDecoder(strings.NewReader(text))
	out := object{}
	if err := readElements(d, out, nil, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errors.New("it is not XML")
	}
	return object{"object": out}, nil
}

// readElements reads elements up to the end of the surrounding element. A document type declaration is
// refused, because its entities could expand without limit.
func readElements(d *xml.Decoder, into object, text *strings.Builder, depth int) error {
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.Directive:
			return errors.New("a document type is not allowed")
		case xml.CharData:
			if text != nil {
				text.Write(t)
			}
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if depth > 100 {
				return errors.New("the elements are nested too deep")
			}
			inner, words := object{}, &strings.Builder{}
			if err := readElements(d, inner, words, depth+1); err != nil {
				return err
			}
			var value any = inner
			if len(inner) == 0 {
				value = strings.TrimSpace(words.String())
			}
			add(into, t.Name.Local, value)
		}
	}
}

func add(into object, name string, value any) {
	switch before := into[name].(type) {
	case nil:
		into[name] = value
	case []any:
		into[name] = append(before, value)
	default:
		into[name] = []any{before, value}
	}
}

func serializeXML(_ *execution, p params) (any, error) {
	members, ok := p["object"].(object)
	if !ok {
		if members, ok = p["json"].(object); !ok {
			return nil, errors.New(`the parameter "object" is not an object`)
		}
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n")
	if err := writeElements(&b, members); err != nil {
		return nil, err
	}
	return object{"xml": b.String()}, nil
}

func writeElements(b *bytes.Buffer, members object) error {
	names := slices.Collect(maps.Keys(members))
	sort.Strings(names)
	for _, name := range names {
		if !xmlName(name) {
			return fmt.Errorf("%q is not a valid name of an element", name)
		}
		list, several := members[name].([]any)
		if !several {
			list = []any{members[name]}
		}
		for _, item := range list {
			b.WriteString("<" + name + ">")
			if inner, ok := item.(object); ok {
				if err := writeElements(b, inner); err != nil {
					return err
				}
			} else if err := xml.EscapeText(b, []byte(expressions.Text(item))); err != nil {
				return err
			}
			b.WriteString("</" + name + ">")
		}
	}
	return nil
}

func xmlName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && r != '.' && (r < '0' || r > '9')) {
			return false
		}
	}
	return name != ""
}

// secretOf returns the secret of the action's vault connection for JWT.
func (e *execution) secretOf(p params) ([]byte, error) {
	setup, err := e.vault(p, "JWT")
	if err != nil {
		return nil, err
	}
	if algorithm := storage.Text(setup, "algorithm"); algorithm != "" && algorithm != "HS256" {
		return nil, fmt.Errorf("tenant0 does not emulate vault connections for JWT with %s, only with HS256", algorithm)
	}
	for _, name := range []string{"signing_secret", "secret", "key"} {
		if secret := storage.Text(setup, name); secret != "" {
			return []byte(secret), nil
		}
	}
	return nil, errors.New("its vault connection has no secret")
}

// signJWT signs a JWT without a library, because libraries refuse short secrets, which developers may
// use.
func (e *execution) signJWT(p params) (any, error) {
	secret, err := e.secretOf(p)
	if err != nil {
		return nil, err
	}
	claims := object{}
	if payload, ok := p["payload"].(object); ok {
		maps.Copy(claims, payload)
	}
	for name, claim := range map[string]string{"subject": "sub", "issuer": "iss", "audience": "aud"} {
		if value := p.text(name); value != "" {
			claims[claim] = value
		}
	}
	now := e.Now().Unix()
	claims["iat"] = now
	if p.text("expires_in") != "" {
		seconds, ok := expressions.Number(p["expires_in"])
		if !ok {
			return nil, fmt.Errorf("%q is not a number of seconds", p.text("expires_in"))
		}
		claims["exp"] = now + int64(seconds)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return nil, err
	}
	unsigned := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload)
	return object{"token": unsigned + "." + encode(signature(secret, unsigned))}, nil
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// decodeJWT decodes a JWT without checking its signature.
func decodeJWT(p params) (object, error) {
	token, err := p.need("token")
	if err != nil {
		return nil, err
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("the token is not a JSON web token")
	}
	out := object{"signature": parts[2]}
	for i, name := range []string{"header", "payload"} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, err
		}
		var value object
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, err
		}
		out[name] = value
	}
	return out, nil
}

// verifyJWT checks the signature, times, issuer and audience of a JWT.
func (e *execution) verifyJWT(p params) (any, error) {
	secret, err := e.secretOf(p)
	if err != nil {
		return nil, err
	}
	refuse := func(cause string) (any, error) { return object{"valid": false, "cause": cause}, nil }
	decoded, err := decodeJWT(p)
	if err != nil {
		return refuse("INVALID_TOKEN")
	}
	header, _ := decoded["header"].(object)
	unsigned, signed, _ := cutLast(p.text("token"))
	raw, err := base64.RawURLEncoding.Strict().DecodeString(signed)
	if header["alg"] != string(jose.HS256) || err != nil || !hmac.Equal(raw, signature(secret, unsigned)) {
		return refuse("INVALID_SIGNATURE")
	}
	claims, _ := decoded["payload"].(object)
	now := float64(e.Now().Unix())
	if exp, ok := claims["exp"].(float64); ok && now >= exp {
		return refuse("TOKEN_EXPIRED")
	}
	if nbf, ok := claims["nbf"].(float64); ok && now < nbf {
		return refuse("TOKEN_NOT_ACTIVE")
	}
	if want := p.text("issuer"); want != "" && claims["iss"] != want {
		return refuse("INVALID_ISSUER")
	}
	if want := p.text("audience"); want != "" && claims["aud"] != want {
		list, _ := claims["aud"].([]any)
		if !slices.Contains(list, any(want)) {
			return refuse("INVALID_AUDIENCE")
		}
	}
	decoded["valid"] = true
	return decoded, nil
}

func cutLast(token string) (before, after string, found bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return token, "", false
	}
	return token[:i], token[i+1:], true
}

// Code is a one-time code of a journey.
type Code struct {
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
	// Wrong is the number of wrong codes that were entered.
	Wrong int `json:"wrong,omitempty"`
}

const (
	codeLifetime = 5 * time.Minute
	maxWrong     = 10
	maxCodes     = 20
)

// generateCode generates a numeric code and stores it under a reference, Auth0:
// customize/forms/flows/integrations/data-verification.
func (e *execution) generateCode(p params) (any, error) {
	reference, err := p.need("reference")
	if err != nil {
		return nil, err
	}
	length, ok := expressions.Number(p["length"])
	if !ok || length < 1 || length > 10 {
		return nil, fmt.Errorf("%q is not a valid length of a code; give 1 to 10 digits", p.text("length"))
	}
	var b strings.Builder
	for range int(length) {
		digit, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			return nil, err
		}
		b.WriteString(digit.String())
	}
	if _, known := e.journey.Codes[reference]; !known && len(e.journey.Codes) >= maxCodes {
		return nil, fmt.Errorf("a form has at most %d codes", maxCodes)
	}
	e.journey.Codes[reference] = Code{Code: b.String(), ExpiresAt: e.Now().Add(codeLifetime)}
	e.hide(b.String())
	return object{"code": b.String()}, nil
}

// verifyCode compares a code with the stored one. A right code can be used once; after maxWrong wrong
// codes the stored code is deleted.
func (e *execution) verifyCode(p params) (any, error) {
	reference, err := p.need("reference")
	if err != nil {
		return nil, err
	}
	known, ok := e.journey.Codes[reference]
	refuse := func(result string) (any, error) { return object{"valid": false, "result": result}, nil }
	switch {
	case !ok:
		return refuse("MISSING")
	case !e.Now().Before(known.ExpiresAt):
		return refuse("EXPIRED")
	case !hmac.Equal([]byte(strings.TrimSpace(p.text("code"))), []byte(known.Code)):
		if known.Wrong++; known.Wrong >= maxWrong {
			delete(e.journey.Codes, reference)
		} else {
			e.journey.Codes[reference] = known
		}
		return refuse("UNEQUAL")
	}
	delete(e.journey.Codes, reference)
	return object{"valid": true, "result": "VALID"}, nil
}

// Domains of free and of disposable mailboxes. Auth0's lists are longer.
var (
	freeDomains       = strings.Fields("gmail.com googlemail.com hotmail.com outlook.com live.com msn.com yahoo.com ymail.com icloud.com me.com aol.com gmx.com gmx.de gmx.net mail.com proton.me protonmail.com zoho.com yandex.com mail.ru web.de")
	disposableDomains = strings.Fields("mailinator.com maildrop.cc guerrillamail.com 10minutemail.com tempmail.com temp-mail.org yopmail.com trashmail.com sharklasers.com getnada.com dispostable.com throwawaymail.com fakeinbox.com")
)

// verifyEmail checks an e-mail address by rules. Rules that need network requests are not emulated.
func verifyEmail(_ *execution, p params) (any, error) {
	email, err := p.need("email")
	if err != nil {
		return nil, err
	}
	rules, _ := p["rules"].(object)
	is := func(name string) bool { return expressions.Truth(rules[name]) }
	if is("require_mx_record") {
		return nil, errors.New("tenant0 does not emulate require_mx_record, because it sends no DNS queries")
	}
	refuse := func(cause string) (any, error) { return object{"valid": false, "cause": cause}, nil }
	address, err := mail.ParseAddress(email)
	at := strings.LastIndexByte(email, '@')
	if err != nil || address.Address != email || at < 0 {
		return refuse("INVALID_EMAIL")
	}
	local, domain := email[:at], strings.ToLower(email[at+1:])
	lists := func(name string) (in, some bool) {
		list, _ := rules[name].([]any)
		return slices.ContainsFunc(list, func(d any) bool { return strings.EqualFold(expressions.Text(d), domain) }), len(list) > 0
	}
	allowed, hasAllowed := lists("allowlist")
	blocked, _ := lists("blocklist")
	switch {
	case is("block_free_emails") && slices.Contains(freeDomains, domain):
		return refuse("FREE_EMAIL")
	case is("block_disposable_emails") && slices.Contains(disposableDomains, domain):
		return refuse("DISPOSABLE_EMAIL")
	case is("block_aliases") && strings.Contains(local, "+"):
		return refuse("ALIAS")
	case blocked:
		return refuse("BLOCKLISTED")
	case hasAllowed && !allowed:
		return refuse("NOT_ALLOWED")
	}
	return object{"valid": true, "cause": nil}, nil
}
