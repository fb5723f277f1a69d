package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// caller holds the claims of an access token about the caller.
type caller struct {
	// Scope lists the granted scopes, separated by spaces.
	Scope string `json:"scope"`
	// Email identifies the user whose timesheets are meant. Access tokens
	// contain no profile, so the tenant adds this custom claim under a name that
	// belongs to the API.
	Email string `json:"https://api.exampleco.com/email"`
}

func (c caller) may(scope string) bool { return slices.Contains(strings.Fields(c.Scope), scope) }

// handler serves a request of an authenticated caller who has the required
// scope.
type handler func(http.ResponseWriter, *http.Request, caller)

// requires calls h for requests with a valid access token that has the scope.
// Other requests are answered by RFC 6750 section 3.
func (a *api) requires(scope string, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			challenge(w, http.StatusUnauthorized, "", "Missing or invalid token")
			return
		}
		verified, err := a.tokens.Verify(r.Context(), token)
		if err != nil {
			challenge(w, http.StatusUnauthorized, `error="invalid_token"`, err.Error())
			return
		}
		var c caller
		if err := verified.Claims(&c); err != nil {
			challenge(w, http.StatusUnauthorized, `error="invalid_token"`, err.Error())
			return
		}
		if !c.may(scope) {
			challenge(w, http.StatusForbidden, fmt.Sprintf(`error="insufficient_scope", scope=%q`, scope), "Insufficient scope: this needs "+scope)
			return
		}
		h(w, r, c)
	}
}

// challenge refuses a request with the header WWW-Authenticate, RFC 6750 section
// 3.
func challenge(w http.ResponseWriter, status int, parameters, message string) {
	value := `Bearer realm="timesheets"`
	if parameters != "" {
		value += ", " + parameters
	}
	w.Header().Set("WWW-Authenticate", value)
	refuse(w, status, message)
}

// refuse answers with an error message.
func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"message": message})
}

// reply answers with v as JSON.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // an error means that the caller has gone
}
