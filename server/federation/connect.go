package federation

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// connectPath is the path to which an application sends the browser of a user who connects an account. The
// application gets the URL from the My Account API.
const connectPath = "/connected-accounts/connect"

// errConnectOver reports a ticket that was used before, has expired, or is invalid.
var errConnectOver = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The ticket is invalid, has expired or was used before. Start again from the application.",
	Page: "expired-transaction",
}

// connect redirects the browser of a user who connects an account to the provider, Auth0:
// secure/call-apis-on-users-behalf/token-vault/connected-accounts-for-token-vault. The ticket can be used
// once, and binds the following steps to the browser that brought it.
//
//auth0:operation GET /connected-accounts/connect
func (m *room) connect(w http.ResponseWriter, r *http.Request) error {
	if web.IsSubresource(r) {
		return apierr.Subresource
	}
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	if params.Get("ticket") == "" {
		return apierr.MissingParameter("ticket")
	}
	now := m.Now()
	var ceremony storage.Ceremony
	l := providerLogin{connecting: &objects.Connecting{}}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if ceremony, *l.connecting, err = objects.FollowConnecting(tx, params.Get("ticket"), now); err != nil {
			return err
		}
		l.connection, err = providers.FindConnectable(tx, ceremony.ClientID, l.connecting.Connection)
		return err
	})
	switch {
	case objects.IsConnectExpired(err):
		return errConnectOver.With(err)
	case storage.IsNotFound(err):
		return apierr.ConnectionNotFound.With(err)
	case err != nil:
		return err
	}
	l.transaction = storage.Transaction{
		Connect: ceremony.Key, UserID: ceremony.UserID, CreatedAt: now, ExpiresAt: ceremony.ExpiresAt,
		Asked: storage.AuthorizeRequest{
			ClientID: ceremony.ClientID, RedirectURI: l.connecting.RedirectURI, State: l.connecting.State, Connection: l.connection.Name,
			LoginHint: l.connecting.Params["login_hint"], UILocales: l.connecting.Params["ui_locales"], Organization: l.connecting.Organization,
		},
	}
	return m.depart(w, r, l, "", func(up storage.UpstreamLogin) error {
		l.transaction.Upstream = &up
		_, err := m.Cookies.Start(w, r, m.DB, l.transaction)
		return err
	})
}

// findConnect is find for a provider login that connects an account.
func (m *room) findConnect(ctx context.Context, t storage.Transaction) (l providerLogin, err error) {
	l = providerLogin{transaction: t, connecting: &objects.Connecting{}}
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		if _, *l.connecting, err = objects.FindConnecting(tx, t.Connect, m.Now()); err != nil {
			return err
		}
		l.connection, err = providers.FindConnectable(tx, t.Asked.ClientID, l.connecting.Connection)
		return err
	})
	switch {
	case objects.IsConnectExpired(err):
		return l, errConnectOver.With(err)
	case storage.IsNotFound(err):
		return l, apierr.ConnectionNotFound.With(err)
	}
	return l, err
}

// usesAccessType are the strategies whose providers issue a refresh token for the parameter access_type
// instead of a scope.
var usesAccessType = []string{"google-oauth2", "google-apps"}

// connectScopes returns the scopes to request from the provider: those of the application if it names any,
// otherwise those of the connection, and offline_access if the connection is set up for it.
func connectScopes(l providerLogin) []string {
	all, offline := l.connecting.Scopes, providers.Offline(l.connection) && !slices.Contains(usesAccessType, l.connection.Strategy)
	if len(all) == 0 {
		all = providers.Scopes(l.connection)
	}
	if offline && !slices.Contains(all, providers.OfflineAccess) {
		all = append(slices.Clone(all), providers.OfflineAccess)
	}
	return all
}

// askToConnect adds the parameters for connecting an account.
func askToConnect(params url.Values, l providerLogin) {
	for name, value := range l.connecting.Params {
		params.Set(name, value)
	}
	if providers.Offline(l.connection) && slices.Contains(usesAccessType, l.connection.Strategy) {
		params.Set("access_type", "offline")
		params.Set("prompt", "consent") // otherwise Google issues a refresh token only the first time
	}
}

// connected stores the tokens that a provider has issued for an account, and redirects the browser to the
// application with the connect_code that completes the connection.
func (m *room) connected(w http.ResponseWriter, r *http.Request, l providerLogin, who providers.Account) error {
	now, code := m.Now(), keys.Random(32)
	given := who.Tokens
	given.Provider, given.UserID, given.GivenAt = who.Identity.Provider, who.Identity.UserID, now
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if strings.TrimPrefix(who.Identity.UserID, l.connection.Name+"|") == "" {
			return errNobody
		}
		if err := checkDomain(tx, l.connection, &who); err != nil {
			return err
		}
		err := m.take(tx, l, func(t *storage.Transaction) { t.Upstream = &storage.UpstreamLogin{Connection: l.connection.Name} })
		if err != nil {
			return err
		}
		return objects.AnswerConnecting(tx, l.transaction.Connect, code, objects.ConnectedAccount{
			Connection: l.connection.Name, ConnectionID: l.connection.ID, Strategy: l.connection.Strategy,
			Scopes: providers.SplitScope(given.Scope), Tokens: given,
		}, now)
	})
	if objects.IsConnectExpired(err) {
		return errConnectOver.With(err)
	}
	if err != nil {
		return m.refused(w, r, l, err)
	}
	return toApplication(w, r, l, url.Values{"connect_code": {code}})
}

// toApplication redirects the browser back to the application that connects an account.
func toApplication(w http.ResponseWriter, r *http.Request, l providerLogin, params url.Values) error {
	u, err := url.Parse(l.connecting.RedirectURI)
	if err != nil {
		return err
	}
	if l.connecting.State != "" {
		params.Set("state", l.connecting.State)
	}
	query := u.Query()
	for name := range params {
		query.Set(name, params.Get(name))
	}
	u.RawQuery = query.Encode()
	return web.Redirect(w, r, u.String())
}
