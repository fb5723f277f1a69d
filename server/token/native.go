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

// native lets in who has logged in by the SDK of a social network on a phone, by what that has given the
// app. Auth0: api/authentication/token-exchange-for-native-social. The network is asked before the user's account is
// looked at, so that what is good once is used up by a login that is refused later.
func (g *tokenExchange) native(ctx context.Context, rq *oauth.TokenRequest, n providers.Native) (*tokens.Grant, error) {
	if err := outside(rq, g.Type()); err != nil {
		return nil, err
	}
	told, err := userProfile(rq.Form.Get("user_profile"))
	if err != nil {
		return nil, err
	}
	rq.HTTP = sender(rq)
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
		return refusedTo(a), apierr.AtTokenEndpoint(err)
	}
	a.Identifier = cmp.Or(a.User.Email, a.User.UserID)
	if err := g.Door.Judge(rq.HTTP, a, err == nil); err != nil {
		return refusedTo(a), wrong(err, refusal)
	}
	if rq.Form.Get("scope") == "openid" { // Auth0: what the network says of the person is what the app asks for
		rq.Form.Set("scope", impliedScope)
	}
	return g.admit(ctx, rq, a, "", refusal)
}

// proved finds whose token the subject_token is, and keeps what the network says of them. One that is
// none, or not for the application, is storage.ErrNotFound.
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
		user, err := g.Providers.Keep(tx, c, providers.ReadNative(n, c, who, told), rq.Now)
		return user, c.Name, err
	}
	return storage.User{}, connections[0].Name, storage.ErrNotFound
}

// connectionsTo are the connections to a network by which people log in to an application. Where there is none
// the refusal is that of a connection which is not there or is not for the application.
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

// userProfile reads what an app tells of the person: an object, or the text of one.
func userProfile(text string) (told map[string]any, err error) {
	if text == "" {
		return map[string]any{}, nil
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return nil, apierr.InvalidParameter("user_profile", "must be a JSON object")
	}
	return told, nil
}

// nativeRefusal is the answer to what a network has not given, or not to this app.
func nativeRefusal(n providers.Native) *apierr.Error {
	if strings.HasSuffix(n.Type, "code") {
		return apierr.InvalidCode.ChangedBy("the parameter subject_token, a code of Apple's, which is good once, for five minutes and for one application")
	}
	return &apierr.Error{
		Status: http.StatusForbidden, Code: apierr.InvalidGrant, Message: "Invalid subject_token",
		Setting: "the parameter subject_token, and client_id among the options of the connection, which it must be for",
	}
}

// nativeNotAllowed refuses the tokens of a network's SDK to an application that does not take them.
func nativeNotAllowed(grantType string, n providers.Native) error {
	return &apierr.Error{
		Status: http.StatusForbidden, Code: "unauthorized_client",
		Message: "Grant type " + grantType + " with subject_token_type " + n.Type + " not allowed for the client.",
		Setting: "native_social_login." + n.Name + ".enabled of the application",
	}
}
