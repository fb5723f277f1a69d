package templates

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

// contextStart is the beginning of a context, before the handle of the transaction. Its length is a multiple of
// three bytes, so that in base64 the handle has characters of its own.
const contextStart = `{  "transaction":{"state":"`

// contextParts are the parts of the context that Auth0 gives to screens which a tenant renders itself, besides the
// transaction and limited to what clients without a browser read. Auth0:
// customize/login-pages/advanced-customizations.
type contextParts struct {
	Client contextName   `json:"client"`
	Prompt contextName   `json:"prompt"`
	Screen contextName   `json:"screen"`
	Tenant contextTenant `json:"tenant"`
}

type contextName struct {
	Name string `json:"name"`
}

type contextTenant struct {
	FriendlyName string `json:"friendly_name"`
}

// contextTransaction contains the members of the transaction after its handle.
type contextTransaction struct {
	Locale string         `json:"locale"`
	Errors []contextError `json:"errors,omitempty"`
}

type contextError struct {
	Code    string `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// Context returns what clients can read about a page of a login, a JSON object in base64, "" for other pages.
func (v view) Context() (template.HTML, error) {
	if v.state == "" {
		return "", nil
	}
	state, err := json.Marshal(v.state)
	if err != nil {
		return "", fmt.Errorf("the context of a page: %w", err)
	}
	t := contextTransaction{Locale: v.Language}
	for _, field := range slices.Sorted(maps.Keys(v.Errors)) {
		e := v.Errors[field]
		if field == "form" {
			field = ""
		}
		t.Errors = append(t.Errors, contextError{e.Code, field, e.Text})
	}
	transaction, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("the context of a page: %w", err)
	}
	others, err := json.Marshal(contextParts{contextName{v.texts.clientName}, contextName{v.prompt}, contextName{v.screen}, contextTenant{v.texts.companyName}})
	if err != nil {
		return "", fmt.Errorf("the context of a page: %w", err)
	}
	end := "," + string(transaction[1:]) + "," + string(others[1:])
	return template.HTML(encoded(contextStart) + encodedState(string(state[1:len(state)-1])) + encoded(end)), nil //nolint:gosec // base64
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// encodedState returns the handle of a transaction with the closing quote of its JSON string, in base64 by itself.
func encodedState(state string) string {
	state += `"`
	return encoded(state + strings.Repeat(" ", (3-len(state)%3)%3))
}
