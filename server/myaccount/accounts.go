package myaccount

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// The sizes of pages of lists, Auth0: api/myaccount/connected-accounts.
const (
	defaultTake = 10
	maxTake     = 20
)

// page returns the part of a list that the request asks for. next is the id of the part's last element, from which
// the next page continues; it is "" on the last page.
func page[T any](query url.Values, all []T, id func(T) string) (part []T, next string, err error) {
	take := defaultTake
	if text := query.Get("take"); text != "" {
		if take, err = strconv.Atoi(text); err != nil || take < 1 || take > maxTake {
			return nil, "", invalid(parameter("take", fmt.Sprintf("must be a number from 1 to %d", maxTake)))
		}
	}
	if from := query.Get("from"); from != "" {
		i := slices.IndexFunc(all, func(v T) bool { return id(v) == from })
		if i < 0 {
			return nil, "", invalid(parameter("from", "is not the end of a page"))
		}
		all = all[i+1:]
	}
	if len(all) > take {
		next = id(all[take-1])
	}
	return all[:min(len(all), take)], next, nil
}

// replyPage answers with one page of a list. name is the list's member in the response.
func replyPage[T any](c *call, name string, all []T, id func(T) string, show func(T) storage.Document) error {
	part, next, err := page(c.r.URL.Query(), all, id)
	if err != nil {
		return err
	}
	shown := []storage.Document{}
	for _, one := range part {
		shown = append(shown, show(one))
	}
	body := storage.Document{name: shown}
	if next != "" {
		body["next"] = next
	}
	return c.reply(http.StatusOK, body)
}

// connections lists the connections at whose providers the user can connect accounts in the application.
//
//auth0:operation GET /me/v1/connected-accounts/connections
func (c *call) connections() error {
	var all []storage.Connection
	err := c.view(func(tx *storage.Tx) (err error) {
		all, err = providers.Connectable(tx, c.owner.ClientID)
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b storage.Connection) int { return strings.Compare(a.Name, b.Name) })
	return replyPage(c, "connections", all, func(conn storage.Connection) string { return conn.Name }, func(conn storage.Connection) storage.Document {
		return storage.Document{"name": conn.Name, "strategy": conn.Strategy, "scopes": append([]string{}, providers.Scopes(conn)...)}
	})
}

// maxNames is the number of connections that one request may name.
const maxNames = 20

// accounts lists the accounts that the user has connected.
//
//auth0:operation GET /me/v1/connected-accounts/accounts
func (c *call) accounts() error {
	names := c.r.URL.Query()["connection"]
	if len(names) > maxNames {
		return invalid(parameter("connection", fmt.Sprintf("may come %d times at most", maxNames)))
	}
	var all []objects.ConnectedAccount
	err := c.view(func(tx *storage.Tx) (err error) {
		all, err = c.own(tx)
		return err
	})
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(a objects.ConnectedAccount) bool { return len(names) > 0 && !slices.Contains(names, a.Connection) })
	return replyPage(c, "accounts", all, func(a objects.ConnectedAccount) string { return a.ID }, func(a objects.ConnectedAccount) storage.Document {
		doc := a.Shown()
		delete(doc, "connection_id")
		delete(doc, "strategy")
		return doc
	})
}

// own returns the user's accounts that the access token gives access to.
func (c *call) own(tx *storage.Tx) ([]objects.ConnectedAccount, error) {
	all, err := objects.ConnectedAccountsOf(tx, c.owner.Subject)
	return slices.DeleteFunc(all, func(a objects.ConnectedAccount) bool { return !a.ServesIn(c.owner.Organization) }), err
}

// disconnect deletes a connected account with the provider's tokens. The tokens are not revoked at the provider.
//
//auth0:operation DELETE /me/v1/connected-accounts/accounts/{id}
func (c *call) disconnect() error {
	id := c.id()
	var gone objects.ConnectedAccount
	err := c.update(func(tx *storage.Tx) error {
		all, err := c.own(tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(a objects.ConnectedAccount) bool { return a.ID == id })
		if i < 0 {
			return errNotFound
		}
		gone = all[i]
		return tx.Documents(resource.ConnectedAccounts.Name, c.owner.Subject).Delete(id)
	})
	if err != nil {
		c.record(tenantlog.AccountNotDisconnected, tenantlog.Reason(err), "")
		return err
	}
	c.record(tenantlog.AccountDisconnected, "Connected account deleted", gone.Connection)
	return c.empty()
}

// connectRequest is the body of connect, Auth0: api/myaccount/connected-accounts/create-a-connected-account-request.
type connectRequest struct {
	Connection    string               `json:"connection"`
	RedirectURI   string               `json:"redirect_uri"`
	State         *string              `json:"state"`
	CodeChallenge *string              `json:"code_challenge"`
	Method        *string              `json:"code_challenge_method"`
	Scopes        *[]string            `json:"scopes"`
	Params        *authorizationParams `json:"authorization_params"`
}

// authorizationParams are parameters for the provider, OIDC Core section 3.1.2.1 and RFC 8707.
type authorizationParams struct {
	ACRValues   *string `json:"acr_values"`
	Audience    *string `json:"audience"`
	Resource    *string `json:"resource"`
	Display     *string `json:"display"`
	IDTokenHint *string `json:"id_token_hint"`
	LoginHint   *string `json:"login_hint"`
	MaxAge      *int32  `json:"max_age"`
	Prompt      *string `json:"prompt"`
	UILocales   *string `json:"ui_locales"`
}

// size checks the length of an optional string.
func size(name string, text *string, least, most int) []fault {
	if text == nil || len(*text) >= least && len(*text) <= most {
		return nil
	}
	return []fault{member(name, fmt.Sprintf("must have from %d to %d characters", least, most))}
}

// oneOf checks the value of an optional string.
func oneOf(name string, text *string, values ...string) []fault {
	if text == nil || slices.Contains(values, *text) {
		return nil
	}
	return []fault{member(name, "must be one of "+strings.Join(values, ", "))}
}

func (rq connectRequest) check() error {
	faults := slices.Concat(
		size("connection", &rq.Connection, 1, 128), size("redirect_uri", &rq.RedirectURI, 1, 2048), size("state", rq.State, 1, 4096),
		size("code_challenge", rq.CodeChallenge, 43, 128), oneOf("code_challenge_method", rq.Method, "S256"),
	)
	if rq.CodeChallenge != nil && rq.Method == nil {
		faults = append(faults, member("code_challenge_method", "is required with code_challenge"))
	}
	if rq.Scopes != nil {
		faults = append(faults, checkScopes(*rq.Scopes)...)
	}
	if p := rq.Params; p != nil {
		faults = append(faults, p.check()...)
	}
	if len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

// maxScopes is the number of scopes that may be requested.
const maxScopes = 100

func checkScopes(scopes []string) (faults []fault) {
	if len(scopes) < 1 || len(scopes) > maxScopes {
		return []fault{member("scopes", fmt.Sprintf("must have from 1 to %d items", maxScopes))}
	}
	seen := map[string]bool{}
	for _, scope := range scopes {
		faults = append(faults, size("scopes", &scope, 1, 255)...)
		if seen[scope] {
			faults = append(faults, member("scopes", "must not have an item twice"))
		}
		seen[scope] = true
	}
	return faults
}

func (p authorizationParams) check() []fault {
	const in = "authorization_params."
	faults := slices.Concat(
		size(in+"acr_values", p.ACRValues, 1, 1024), size(in+"audience", p.Audience, 1, 512), size(in+"resource", p.Resource, 1, 512),
		oneOf(in+"display", p.Display, "page", "popup", "touch", "wap"), size(in+"id_token_hint", p.IDTokenHint, 1, 4096),
		size(in+"login_hint", p.LoginHint, 1, 255), oneOf(in+"prompt", p.Prompt, "none", "login", "consent", "select_account"),
		size(in+"ui_locales", p.UILocales, 2, 100),
	)
	if p.MaxAge != nil && *p.MaxAge < 0 {
		faults = append(faults, member(in+"max_age", "must not be negative"))
	}
	return faults
}

// values returns the parameters that were sent.
func (p *authorizationParams) values() map[string]string {
	if p == nil {
		return nil
	}
	all := map[string]string{}
	for name, value := range map[string]*string{
		"acr_values": p.ACRValues, "audience": p.Audience, "resource": p.Resource, "display": p.Display, "id_token_hint": p.IDTokenHint,
		"login_hint": p.LoginHint, "prompt": p.Prompt, "ui_locales": p.UILocales,
	} {
		if value != nil {
			all[name] = *value
		}
	}
	if p.MaxAge != nil {
		all["max_age"] = strconv.Itoa(int(*p.MaxAge))
	}
	return all
}

// The messages of these errors are tenant0's own, since Auth0 does not document them.
var (
	errConnection = func() *apierr.Error {
		e := *errNotFound
		e.Message = "The connection does not exist, is not enabled for the application, or is not there for connected accounts."
		e.Setting = "connected_accounts.active and enabled_clients of the connection"
		return &e
	}()
	errConnect = badRequest("The auth_session, the connect_code, the redirect_uri and the code_verifier do not belong together, or are not good any more.")
)

// connect begins to connect an account. The response says where the application must send the browser.
//
//auth0:operation POST /me/v1/connected-accounts/connect
func (c *call) connect() error {
	var rq connectRequest
	if err := read(c.w, c.r, &rq); err != nil {
		return err
	}
	if err := rq.check(); err != nil {
		return err
	}
	session, ticket := keys.Random(48), resource.UUID()
	text := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	wanted := objects.Connecting{
		Connection: rq.Connection, Params: rq.Params.values(), RedirectURI: rq.RedirectURI, State: text(rq.State),
		CodeChallenge: text(rq.CodeChallenge), Organization: c.owner.Organization,
	}
	if rq.Scopes != nil {
		wanted.Scopes = *rq.Scopes
	}
	err := c.update(func(tx *storage.Tx) error {
		if _, err := providers.FindConnectable(tx, c.owner.ClientID, rq.Connection); err != nil {
			if storage.IsNotFound(err) {
				return errConnection.With(err)
			}
			return err
		}
		client, err := tx.Clients.Get(c.owner.ClientID)
		if err != nil {
			return err
		}
		known, err := registered.Of(tx, client, c.r.Host).Callback(rq.RedirectURI)
		if err != nil {
			return err
		}
		if !known {
			return invalid(member("redirect_uri", "is not among the Allowed Callback URLs of the application"))
		}
		return objects.BeginConnecting(tx, c.owner.Subject, c.owner.ClientID, session, ticket, wanted, c.now)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, map[string]any{
		"connect_uri": c.Issuer.URL + "connected-accounts/connect", "auth_session": session, "connect_params": map[string]string{"ticket": ticket},
		"expires_in": int(objects.ConnectLifetime.Seconds()),
	})
}

// completeRequest is the body of complete, Auth0: api/myaccount/connected-accounts/complete-connected-account-request.
type completeRequest struct {
	Session     string  `json:"auth_session"`
	Code        string  `json:"connect_code"`
	RedirectURI string  `json:"redirect_uri"`
	Verifier    *string `json:"code_verifier"`
}

// complete connects the account after the browser has come back from the provider.
//
//auth0:operation POST /me/v1/connected-accounts/complete
func (c *call) complete() error {
	var rq completeRequest
	if err := read(c.w, c.r, &rq); err != nil {
		return err
	}
	faults := slices.Concat(
		size("auth_session", &rq.Session, 1, 64), size("connect_code", &rq.Code, 1, 46), size("redirect_uri", &rq.RedirectURI, 1, 2048),
		size("code_verifier", rq.Verifier, 43, 128),
	)
	if len(faults) > 0 {
		return invalid(faults...)
	}
	proof := objects.ConnectProof{UserID: c.owner.Subject, ClientID: c.owner.ClientID, Session: rq.Session, Code: rq.Code, RedirectURI: rq.RedirectURI}
	if rq.Verifier != nil {
		proof.Verifier = *rq.Verifier
	}
	var account objects.ConnectedAccount
	err := c.update(func(tx *storage.Tx) (err error) {
		account, err = objects.Connect(tx, proof, c.now)
		return err
	})
	if objects.IsConnectExpired(err) {
		err = errConnect.With(err)
	}
	if err != nil {
		c.record(tenantlog.AccountNotConnected, tenantlog.Reason(err), "")
		return err
	}
	c.record(tenantlog.AccountConnected, "Account connected", account.Connection)
	doc := account.Shown()
	for _, name := range []string{"connection_id", "strategy", "org_id"} {
		delete(doc, name)
	}
	return c.reply(http.StatusCreated, doc)
}
