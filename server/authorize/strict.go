package authorize

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// strictParameters are the parameters that an authorization request of a third-party application
// in strict mode may have, Auth0:
// get-started/applications/third-party-applications/security-controls. Added to that page's list
// are response_mode, because such applications have web origins, organization, which another
// page of Auth0's names, and auth0Client, with which Auth0's SDKs identify themselves.
var strictParameters = []string{
	"acr_values", "audience", "authorization_details", "client_id", "code_challenge", "code_challenge_method", "connection",
	"correlation_id", "display", "dpop_jkt", "login_hint", "max_age", "nonce", "prompt", "redirect_uri", "resource", "response_type",
	"scope", "state", "ui_locales",
	"response_mode", "organization", "auth0Client",
}

// checkStrict refuses what third-party applications in strict mode may not use: other
// parameters, and response types that return tokens through the browser.
func checkStrict(client storage.Client, params url.Values, rq *storage.AuthorizeRequest) error {
	if !client.Strict() {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !slices.Contains(strictParameters, name) && !strings.HasPrefix(name, extension) {
			return strictRefuses("the parameter " + name)
		}
	}
	if rq.FrontChannel() {
		return apierr.UnsupportedResponseType(rq.ResponseType)
	}
	return nil
}

// admitStrict refuses a login to a third-party application in strict mode if the organization
// does not allow it, including one that was chosen during the login, or if the tenant has
// enabled rules, which are not among the features that Auth0 documents for such applications.
func admitStrict(tx *storage.Tx, l login) error {
	if !l.client.Strict() {
		return nil
	}
	if id := l.request.Organization; id != "" {
		organization, err := tx.Organization(id)
		if err != nil {
			return storage.Optional(err)
		}
		if err := authz.CheckThirdParty(l.client, organization, id); err != nil {
			return err
		}
	}
	for rule, err := range objects.DocumentStoreOf(tx, resource.Rules, "").All() {
		if err != nil {
			return err
		}
		if rule["enabled"] == true {
			return strictRefuses("a login with rules")
		}
	}
	return nil
}

func strictRefuses(what string) error {
	return &apierr.Error{
		Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Not supported for third-party applications in strict mode: " + what,
		Setting: "third_party_security_mode of the application",
	}
}
