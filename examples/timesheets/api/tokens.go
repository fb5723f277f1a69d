package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// caller is what an access token says about who calls.
type caller struct {
	// Scope lists what the token is good for, separated by blanks.
	Scope string `json:"scope"`
	// Email is whose timesheets are meant. Access tokens hold no profile, so the
	// tenant adds this claim under a name that belongs to the API.
	Email string `json:"https://api.exampleco.com/email"`
}

func (c caller) may(scope string) bool { return slices.Contains(strings.Fields(c.Scope), scope) }

// handler serves a request whose caller is known and may do what it asks.
type handler func(http.ResponseWriter, *http.Request, caller)

// requires lets requests through to h whose access token is good and has the
// scope. The answers to others are those of RFC 6750 section 3.
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

// challenge refuses a request and says what it would take.
func challenge(w http.ResponseWriter, status int, parameters, message string) {
	value := `Bearer realm="timesheets"`
	if parameters != "" {
		value += ", " + parameters
	}
	w.Header().Set("WWW-Authenticate", value)
	refuse(w, status, message)
}

// refuse answers with a sentence.
func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]string{"message": message})
}

// reply answers with v as JSON.
func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone; there is nobody to tell
}
