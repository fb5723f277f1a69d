package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/auth0/go-auth0/authentication"
	"github.com/auth0/go-auth0/authentication/database"
	"github.com/auth0/go-auth0/authentication/oauth"
	"github.com/auth0/go-auth0/authentication/passwordless"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
)

// The tenant's API and a user, as in e2e/clients.
const (
	audience   = "https://api.exampleco.com/timesheets"
	connection = "Username-Password-Authentication"
	person     = "employee@exampleco.com"
	password   = "ExampleCo!2026"
)

// application is a confidential application that logs users in with go-auth0's authentication client, which
// verifies every ID token that it receives.
type application struct {
	*authentication.Authentication
	ctx context.Context
}

// logins runs the conversations of the mode "login".
func logins(c credentials) error {
	ctx := context.Background()
	client, err := authentication.New(ctx, c.domain, authentication.WithClientID(c.clientID), authentication.WithClientSecret(c.clientSecret))
	if err != nil {
		return err
	}
	a := application{client, ctx}
	conversations := []struct {
		name string
		run  func() error
	}{
		{"a code, a refresh and userinfo", a.code},
		{"client credentials", a.machine},
		{"a password, with and without a realm", a.password},
		{"a pushed request", a.push},
		{"a sign-up and a new password", a.signUp},
		{"a code by e-mail", a.passwordless},
		{"an API behind go-jwt-middleware", func() error { return a.api("https://" + c.domain + "/") }},
	}
	var failures []error
	for _, one := range conversations {
		if err := one.run(); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", one.name, err))
		}
	}
	fmt.Printf("%d conversations, %d failures\n", len(conversations), len(failures))
	return errors.Join(failures...)
}

var noChecks = oauth.IDTokenValidationOptions{}

// refused returns an error unless err is an error of the Authentication API with a status and a code.
func refused(err error, status int, code string) error {
	var e *authentication.Error
	if !errors.As(err, &e) || e.StatusCode != status || e.Err != code {
		return fmt.Errorf("want the error %d %s and have: %w", status, code, err)
	}
	return nil
}

func (a application) code() error {
	request := oauth.LoginWithAuthCodeWithPKCERequest{Code: os.Getenv("CODE"), CodeVerifier: os.Getenv("VERIFIER"), RedirectURI: os.Getenv("CALLBACK")}
	tokens, err := a.OAuth.LoginWithAuthCodeWithPKCE(a.ctx, request, oauth.IDTokenValidationOptions{Nonce: os.Getenv("NONCE"), MaxAge: time.Hour})
	if err != nil {
		return err
	}
	user, err := a.UserInfo(a.ctx, tokens.AccessToken)
	if err != nil || user.Email != person {
		return fmt.Errorf("userinfo: %v %w", user, err)
	}
	refreshed, err := a.OAuth.RefreshToken(a.ctx, oauth.RefreshTokenRequest{RefreshToken: tokens.RefreshToken}, noChecks)
	if err != nil || refreshed.AccessToken == "" {
		return fmt.Errorf("refresh: %v %w", refreshed, err)
	}
	if err := a.OAuth.RevokeRefreshToken(a.ctx, oauth.RevokeRefreshTokenRequest{Token: tokens.RefreshToken}); err != nil {
		return err
	}
	_, revoked := a.OAuth.RefreshToken(a.ctx, oauth.RefreshTokenRequest{RefreshToken: tokens.RefreshToken}, noChecks)
	_, reused := a.OAuth.LoginWithAuthCodeWithPKCE(a.ctx, request, noChecks)
	return errors.Join(refused(revoked, http.StatusForbidden, "invalid_grant"), refused(reused, http.StatusForbidden, "invalid_grant"))
}

func (a application) machine() error {
	tokens, err := a.OAuth.LoginWithClientCredentials(a.ctx, oauth.LoginWithClientCredentialsRequest{Audience: audience}, noChecks)
	if err != nil || tokens.TokenType != "Bearer" || tokens.Scope != "read:timesheets" {
		return fmt.Errorf("%v %w", tokens, err)
	}
	_, err = a.OAuth.LoginWithClientCredentials(a.ctx, oauth.LoginWithClientCredentialsRequest{Audience: "urn:none"}, noChecks)
	return refused(err, http.StatusForbidden, "access_denied")
}

func (a application) password() error {
	for _, realm := range []string{"", connection} {
		request := oauth.LoginWithPasswordRequest{Username: person, Password: password, Realm: realm, Audience: audience, Scope: "openid email"}
		if tokens, err := a.OAuth.LoginWithPassword(a.ctx, request, noChecks); err != nil || tokens.IDToken == "" {
			return fmt.Errorf("%v %w", tokens, err)
		}
		request.Password = "wrong"
		_, err := a.OAuth.LoginWithPassword(a.ctx, request, noChecks)
		if err := refused(err, http.StatusForbidden, "invalid_grant"); err != nil {
			return err
		}
	}
	return nil
}

func (a application) push() error {
	pushed, err := a.OAuth.PushedAuthorization(a.ctx, oauth.PushedAuthorizationRequest{ResponseType: "code", RedirectURI: os.Getenv("CALLBACK"), Scope: "openid"})
	if err != nil || !strings.HasPrefix(pushed.RequestURI, "urn:ietf:params:oauth:request_uri:") || pushed.ExpiresIn != 30 {
		return fmt.Errorf("%v %w", pushed, err)
	}
	_, err = a.OAuth.PushedAuthorization(a.ctx, oauth.PushedAuthorizationRequest{ResponseType: "code", RedirectURI: "https://elsewhere.example/"})
	return refused(err, http.StatusBadRequest, "unauthorized_client")
}

func (a application) signUp() error {
	const email = "gopher@exampleco.com"
	made, err := a.Database.Signup(a.ctx, database.SignupRequest{Email: email, Password: password, Connection: connection})
	if err != nil || made.Email != email || made.ID == "" {
		return fmt.Errorf("%v %w", made, err)
	}
	said, err := a.Database.ChangePassword(a.ctx, database.ChangePasswordRequest{Email: email, Connection: connection})
	if err != nil || !strings.Contains(said, "email to reset your password") {
		return fmt.Errorf("%q %w", said, err)
	}
	_, err = a.Database.Signup(a.ctx, database.SignupRequest{Email: email, Password: password, Connection: connection})
	return refused(err, http.StatusBadRequest, "invalid_signup")
}

func (a application) passwordless() error {
	const email = "guest@exampleco.com"
	if sent, err := a.Passwordless.SendEmail(a.ctx, passwordless.SendEmailRequest{Email: email, Connection: "email", Send: "code"}); err != nil || sent.Email != email {
		return fmt.Errorf("%v %w", sent, err)
	}
	code, err := codeFor(a.ctx, email)
	if err != nil {
		return err
	}
	_, wrong := a.Passwordless.LoginWithEmail(a.ctx, passwordless.LoginWithEmailRequest{Email: email, Code: "x" + code, Scope: "openid"}, noChecks)
	if err := refused(wrong, http.StatusForbidden, "invalid_grant"); err != nil {
		return err
	}
	tokens, err := a.Passwordless.LoginWithEmail(a.ctx, passwordless.LoginWithEmailRequest{Email: email, Code: code, Scope: "openid"}, noChecks)
	if err != nil || tokens.IDToken == "" {
		return fmt.Errorf("%v %w", tokens, err)
	}
	return nil
}

// codeFor returns the code in the newest message to an address, from the tenant's inbox.
func codeFor(ctx context.Context, to string) (string, error) {
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("TENANT0_CONTROL_URL")+"/inbox?to="+url.QueryEscape(to), http.NoBody) //nolint:gosec // the test's own server
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(rq) //nolint:gosec // the test's own server
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var messages []struct{ Code string }
	if err := json.NewDecoder(resp.Body).Decode(&messages); err != nil || len(messages) == 0 {
		return "", fmt.Errorf("the inbox of %s has %d messages: %w", to, len(messages), err)
	}
	return messages[0].Code, nil
}

// scopes are the custom claims that the API checks.
type scopes struct {
	Scope string `json:"scope"`
}

// Validate implements validator.CustomClaims.
func (s *scopes) Validate(context.Context) error {
	if s.Scope != "read:timesheets" {
		return errors.New("the token has not the scope")
	}
	return nil
}

// api checks that an API with go-jwt-middleware accepts the tenant's access tokens, and refuses other tokens.
func (a application) api(issuer string) error {
	at, err := url.Parse(issuer)
	if err != nil {
		return err
	}
	keys := jwks.NewCachingProvider(at, time.Minute)
	check, err := validator.New(keys.KeyFunc, validator.RS256, issuer, []string{audience}, validator.WithCustomClaims(func() validator.CustomClaims { return &scopes{} }))
	if err != nil {
		return err
	}
	guarded := jwtmiddleware.New(check.ValidateToken).CheckJWT(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims := r.Context().Value(jwtmiddleware.ContextKey{}).(*validator.ValidatedClaims)
		fmt.Fprint(w, claims.RegisteredClaims.Subject)
	}))
	call := func(token string) (int, string) {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(a.ctx, http.MethodGet, "/", http.NoBody)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		guarded.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	good, err := a.OAuth.LoginWithClientCredentials(a.ctx, oauth.LoginWithClientCredentialsRequest{Audience: audience}, noChecks)
	if err != nil {
		return err
	}
	users, err := a.OAuth.LoginWithPassword(a.ctx, oauth.LoginWithPasswordRequest{Username: person, Password: password, Scope: "openid"}, noChecks)
	if err != nil {
		return err
	}
	if status, subject := call(good.AccessToken); status != http.StatusOK || !strings.HasSuffix(subject, "@clients") {
		return fmt.Errorf("the token of a machine: %d %s", status, subject)
	}
	for name, token := range map[string]string{"an ID token": users.IDToken, "a token for userinfo": users.AccessToken, "a changed token": good.AccessToken + "x"} {
		if status, _ := call(token); status != http.StatusUnauthorized {
			return fmt.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := call(""); status != http.StatusBadRequest {
		return fmt.Errorf("no token: %d", status)
	}
	return nil
}
