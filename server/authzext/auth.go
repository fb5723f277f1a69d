package authzext

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/storage"
)

// allow checks that the caller is an application whose access token for the extension's
// API contains the scope. With scope "", which only the policy operation has, the API key
// is accepted in place of a token.
func (a *api) allow(r *http.Request, scope string) error {
	token, err := bearer(r)
	switch {
	case err != nil && scope == "":
		return a.allowKey(r.Context(), r.Header.Get("X-Api-Key"))
	case err != nil:
		return err
	}
	claims, err := a.Issuer.Verify(r.Context(), token, authz.ExtensionAudience, a.Now())
	switch {
	case err != nil:
		return errInvalidCredentials(err)
	case !strings.HasSuffix(claims.Subject, "@clients"):
		return errInvalidCredentials(errors.New("the token is a user's"))
	case claims.GTY != "" && claims.GTY != "client-credentials":
		return errInvalidCredentials(errors.New("the token comes from another grant than client_credentials"))
	case scope != "" && !slices.Contains(claims.Scope, scope):
		return errInsufficientScope
	}
	return a.DB.View(r.Context(), func(tx *storage.Tx) error { return registered.CheckOrigin(tx, r, claims.ClientID) })
}

// bearer returns the bearer token of the request. It returns an error unless the token
// has the three parts of a JWT.
func bearer(r *http.Request) (string, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", errMissingAuthentication
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.Count(token, ".") != 2 {
		return "", errTokenFormat
	}
	return token, nil
}

func (a *api) allowKey(ctx context.Context, key string) error {
	return a.view(ctx, func(_ *storage.Tx, ext storage.Extension) error {
		if len(ext.Configuration) == 0 || ext.Configuration[0].APIKey == "" ||
			!hmac.Equal([]byte(key), []byte(a.keyHash(ext.Configuration[0].APIKey))) {
			return errInvalidAPIKey
		}
		return nil
	})
}

// keyHash returns the value that callers send as x-api-key: an HMAC of the tenant's
// issuer with the stored API key, as 64 hexadecimal digits. It is valid for this tenant
// only.
func (a *api) keyHash(apiKey string) string {
	mac := hmac.New(sha256.New, []byte(apiKey))
	mac.Write([]byte(a.Issuer.URL))
	return hex.EncodeToString(mac.Sum(nil))
}
