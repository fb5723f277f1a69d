package federation

import (
	"context"
	"errors"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// errAssertionSignature is the answer to an assertion that is not signed by the connection's provider,
// Auth0: api/authentication/cross-app-access/get-token.
var errAssertionSignature = &apierr.Error{
	Status: http.StatusUnauthorized, Code: apierr.InvalidGrant, Message: "Assertion is invalid or has expired",
	Setting: "the parameter assertion: it must be signed with one of the keys of the connection's provider",
}

// CheckAssertion checks that an identity assertion is signed by the provider of a connection and names
// that provider as issuer. The caller has to check the other claims.
func (m *room) CheckAssertion(ctx context.Context, c storage.Connection, raw string) error {
	if !m.reaches(c) { // a simulated provider signs with the tenant's keys
		typ, _, err := m.Issuer.Ring.Verify(raw)
		if err == nil && typ != keys.TypeIdentityAssertion {
			err = errors.New("it is a token of the tenant's own")
		}
		if err != nil {
			return errAssertionSignature.With(err)
		}
		return nil
	}
	storage.Slow("asking an identity provider")
	ctx = oidc.ClientContext(ctx, m.Outside.HTTP)
	p, err := m.provider(ctx, c)
	if err != nil {
		return err
	}
	check := &oidc.Config{SkipClientIDCheck: true, SkipExpiryCheck: true}
	if _, err := verifyProvider(ctx, p, check, raw); err != nil {
		return errAssertionSignature.With(err)
	}
	return nil
}
