package token

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/providers"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
)

// native logs in a user of a native app who has logged in with the SDK of a social network. subject_token is what
// the SDK gave the app. Auth0: api/authentication/token-exchange-for-native-social. The token is redeemed before the
// user's account is checked, so that a token for a single use is used up even if the login is refused later.
func (g *tokenExchange) native(ctx context.Context, rq *oauth.TokenRequest, n providers.Native) (*tokens.Grant, error) {
	if err := refuseWithoutBrowser(rq, g.Type()); err != nil {
		return nil, err
	}
	told, err := userProfile(rq.Form.Get("user_profile"))
	if err != nil {
		return nil, err
	}
	rq.HTTP = requestOfUser(rq)
	refusal := nativeRefusal(n)
	a := signin.Attempt{
		Method: signin.Federated, ClientID: rq.Client.ClientID, IP: signin.Address(rq.HTTP),
		Unknown: tenantlog.FailedLogin, Wrong: tenantlog.FailedLogin, Message: refusal.Message,
	}
	var connections []storage.Connection
	err = g.DB.View(ctx, func(tx *storage.Tx) (err error) {
		if _, err = g.audience(tx, rq); err != nil {
			return err
		}
		connections, err = connectionsTo(tx, rq.Client, n.Strategy)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.Connection = connections[0].Name
	err = g.DB.Update(ctx, func(tx *storage.Tx) error {
		a.User, a.Connection, err = g.proved(tx, rq, n, connections, told)
		return err
	})
	if err != nil && !storage.IsNotFound(err) {
		return grantOfRefused(a), apierr.AtTokenEndpoint(err)
	}
	a.Identifier = cmp.Or(a.User.Email, a.User.UserID)
	if err := g.SignIn.Evaluate(rq.HTTP, a, err == nil); err != nil {
		return grantOfRefused(a), grantError(err, refusal)
	}
	if rq.Form.Get("scope") == "openid" { // Auth0: then the claims from the network are granted
		rq.Form.Set("scope", impliedScope)
	}
	return g.admit(ctx, rq, a, "", refusal)
}

// proved redeems the subject_token, stores what the network says about its user, and returns the user and the
// connection. If the token is invalid or not for the application, it returns storage.ErrNotFound.
func (g *tokenExchange) proved(tx *storage.Tx, rq *oauth.TokenRequest, n providers.Native, connections []storage.Connection, told map[string]any) (storage.User, string, error) {
	given, err := tx.UseSubjectToken(keys.Hash(rq.Form.Get("subject_token")), rq.Now)
	if err != nil {
		return storage.User{}, connections[0].Name, err
	}
	for _, c := range connections {
		foreign := given.Kind != n.Type || given.Connection != c.Name || given.Audience != providers.AudienceOf(c) || given.ClientID != "" && given.ClientID != rq.Client.ClientID
		if foreign {
			continue
		}
		people, err := providers.People(tx, c)
		if err != nil {
			return storage.User{}, c.Name, err
		}
		who, found := providers.Find(people, given.Person)
		if !found {
			break
		}
		user, err := g.Providers.SaveUser(tx, c, providers.ReadNative(n, c, who, told), rq.Now)
		return user, c.Name, err
	}
	return storage.User{}, connections[0].Name, storage.ErrNotFound
}

// connectionsTo returns the connections to a network that users of an application can log in with. If there is none,
// the error says whether the connection is missing or not enabled for the application.
func connectionsTo(tx *storage.Tx, client storage.Client, strategy string) (all []storage.Connection, err error) {
	refusal := apierr.ConnectionNotFound
	for c, err := range tx.Connections.By("strategy", strategy) {
		switch {
		case err != nil:
			return nil, err
		case c.Serves(client) && !c.Closed():
			all = append(all, c)
		}
		refusal = apierr.ConnectionDisabled
	}
	if len(all) == 0 {
		return nil, refusal
	}
	return all, nil
}

// userProfile reads the parameter user_profile, the text of a JSON object.
func userProfile(text string) (told map[string]any, err error) {
	if text == "" {
		return map[string]any{}, nil
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return nil, apierr.InvalidParameter("user_profile", "must be a JSON object")
	}
	return told, nil
}

// nativeRefusal is the error for a subject_token that is invalid or not for this application.
func nativeRefusal(n providers.Native) *apierr.Error {
	if strings.HasSuffix(n.Type, "code") {
		return apierr.InvalidCode.WithSetting("the parameter subject_token, a code of Apple's, which is good once, for five minutes and for one application")
	}
	return &apierr.Error{
		Status: http.StatusForbidden, Code: apierr.InvalidGrant, Message: "Invalid subject_token",
		Setting: "the parameter subject_token: it must be issued for the client_id among the options of the connection",
	}
}

// nativeNotAllowed is the error for an application that native logins with a network are not enabled for.
func nativeNotAllowed(grantType string, n providers.Native) error {
	return &apierr.Error{
		Status: http.StatusForbidden, Code: "unauthorized_client",
		Message: "Grant type " + grantType + " with subject_token_type " + n.Type + " not allowed for the client.",
		Setting: "native_social_login." + n.Name + ".enabled of the application",
	}
}
