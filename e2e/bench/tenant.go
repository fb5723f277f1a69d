package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// application is an application of a tenant, as far as a browser needs to know it.
type application struct {
	clientID, callback, audience string
	standard                     string   // the scopes of every login
	scopes                       []string // combinations of the API's scopes
}

const (
	password   = "ExampleCo!2026"
	connection = "Username-Password-Authentication"
	// passwordHash is the bcrypt hash of password at the low cost 4, because a tenant with many users is meant to
	// measure storing, not hashing.
	passwordHash = "$2a$04$m.2VHC6Ny3ThZqP7NdmvpOMxFtF6DUT7p0w7DURFkdusTyQlB6B6m" //nolint:gosec // of a password that is above
	machines     = 4
	machineKey   = "bench-secret-for-development-only"
)

// timesheets is the application of the embedded tenant.
var timesheets = application{
	clientID: "TimesheetsMobileNativeApp0000001", callback: "http://localhost:8484/callback",
	audience: "https://api.exampleco.com/timesheets", standard: "openid profile email offline_access",
	scopes: []string{"read:timesheets create:timesheets delete:timesheets approve:timesheets"},
}

// benchApp returns the application of the tenants that are written here. Its API has twelve scopes, so that 4,095
// consecutive requests ask for different combinations: within a second no two tokens are equal, and each has to be
// signed.
func benchApp() application {
	app := application{
		clientID: "BenchApplication0000000000000001", callback: "http://localhost:8484/callback",
		audience: "https://api.example.test/bench", standard: "openid profile email offline_access",
	}
	all := apiScopes()
	for set := 1; set < 1<<len(all); set++ {
		var some []string
		for i, scope := range all {
			if set&(1<<i) != 0 {
				some = append(some, scope)
			}
		}
		app.scopes = append(app.scopes, strings.Join(some, " "))
	}
	return app
}

func apiScopes() []string {
	var all []string
	for i := range 12 {
		all = append(all, fmt.Sprintf("do:%02d", i))
	}
	return all
}

func machineID(i int) string { return fmt.Sprintf("BenchMachine%020d", i) }

func email(i int) string { return fmt.Sprintf("user%06d@example.test", i) }

func userID(i int) string { return fmt.Sprintf("auth0|%024x", i) }

type object = map[string]any

// writeTenant writes a tenant file with a number of users, and of applications in addition to those that are measured,
// and returns its name. If rule is true, the Authorization Extension's rule decides on the scopes of the application,
// and its only role has all users.
func (b *bench) writeTenant(users, applications int, rule bool) (string, error) {
	app := benchApp()
	clients := []object{{
		"name": "Bench", "client_id": app.clientID, "app_type": "native", "token_endpoint_auth_method": "none",
		"is_first_party": true, "oidc_conformant": true, "callbacks": []string{app.callback},
		"grant_types": []string{"authorization_code", "refresh_token"},
	}, {
		"name": "Bench Server", "client_id": serverID, "client_secret": serverKey, "app_type": "regular_web",
		"token_endpoint_auth_method": "client_secret_post", "oidc_conformant": true, "callbacks": []string{app.callback},
		"grant_types": []string{"authorization_code", "refresh_token", "http://auth0.com/oauth/grant-type/password-realm", deviceGrant},
	}}
	var grants, scopes, all []object
	for i := range machines {
		clients = append(clients, object{
			"name": machineID(i), "client_id": machineID(i), "client_secret": machineKey, "app_type": "non_interactive",
			"token_endpoint_auth_method": "client_secret_post", "grant_types": []string{"client_credentials"},
		})
		grants = append(grants, object{"client_id": machineID(i), "audience": app.audience, "scope": apiScopes()})
	}
	for i := range applications {
		clients = append(clients, object{
			"name": fmt.Sprint("Application ", i), "client_id": fmt.Sprintf("BenchOther%022d", i), "app_type": "spa",
			"token_endpoint_auth_method": "none", "callbacks": []string{applicationOrigin(i) + "/callback"},
		})
	}
	grants = append(grants, object{
		"client_id": machineID(0), "audience": "${issuer}api/v2/", "scope": []string{"read:users", "create:users", "read:connections", "read:clients"},
	})
	for _, scope := range apiScopes() {
		scopes = append(scopes, object{"value": scope, "description": scope})
	}
	var emails []string
	for i := range users {
		emails = append(emails, email(i))
		all = append(all, object{
			"user_id": userID(i), "connection": connection, "email": email(i), "email_verified": true, "password_hash": passwordHash,
		})
	}
	tenant := object{
		"clients": clients, "clientGrants": grants, "users": all,
		"resourceServers": []object{{
			"name": "Bench API", "identifier": app.audience, "signing_alg": "RS256", "allow_offline_access": true,
			"skip_consent_for_verifiable_first_party_clients": true, "scopes": scopes,
		}},
		"databases": []object{{"name": connection, "strategy": "auth0", "enabled_clients": []string{"Bench", "Bench Server"}}},
	}
	if rule {
		tenant["authorizationExtension"] = extension(emails)
	}
	text, err := json.Marshal(tenant)
	if err != nil {
		return "", err
	}
	name := filepath.Join(b.work, fmt.Sprintf("tenant-%d.json", users))
	return name, os.WriteFile(name, text, 0o600)
}

// extension gives every user every permission; the rule grants those that were requested.
func extension(users []string) object {
	var permissions []object
	for _, scope := range apiScopes() {
		permissions = append(permissions, object{"name": scope, "description": scope, "application": "Bench"})
	}
	return object{
		"configuration": []object{{"permissionsInToken": true}},
		"permissions":   permissions,
		"roles": []object{{
			"name": "Everyone", "description": "Everyone", "application": "Bench", "permissions": apiScopes(), "users": slices.Clone(users),
		}},
		"scopePolicies": []object{{"application": "Bench", "mode": "intersect"}},
	}
}
