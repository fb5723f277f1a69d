package passkey

import (
	"encoding/json"
	"net/http"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// errProves refuses a sign-up at a connection that sends verification codes to new accounts, Auth0:
// authenticate/database-connections/passkeys/passkey-apis.
var errProves = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Passkeys cannot be registered at a connection that verifies identifiers by a code at sign-up.",
	Setting: "attributes and their verification_method of the connection",
}

// register begins a sign-up with a passkey, Auth0:
// api/authentication/passkey/request-signup-challenge. The account is created when the token
// endpoint receives the authenticator's response.
//
//auth0:operation POST /passkey/register
func (m *room) register(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r, "user_profile")
	if err != nil {
		return err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	if err != nil {
		return err
	}
	profile, err := profileOf(form.Get("user_profile"))
	if err != nil {
		return err
	}
	return m.ask(w, r, client.ClientID, form.Get("realm"), func(tx *storage.Tx, conn storage.Connection, ceremony string) (webauthn.Challenge, error) {
		if !webauthn.SignsUp(conn) {
			return webauthn.Challenge{}, errProves
		}
		return m.begin(tx, signin.Applicant{ClientID: client.ClientID, Connection: conn.Name, Profile: profile}, ceremony)
	})
}

// profileOf reads the parameter user_profile, which describes the user who signs up.
func profileOf(text string) (storage.Document, error) {
	if text == "" {
		return nil, apierr.MissingParameter("user_profile")
	}
	var sent storage.Document
	if err := json.Unmarshal([]byte(text), &sent); err != nil || sent == nil {
		return nil, apierr.InvalidParameter("user_profile", "must be an object")
	}
	profile := storage.Document{}
	for _, name := range append([]string{"user_metadata"}, signin.ProfileMembers...) {
		if value, ok := sent[name]; ok {
			profile[name] = value
		}
	}
	if err := resource.Users.Check(profile, resource.Update); err != nil {
		return nil, apierr.InvalidParameter("user_profile", tenantlog.Reason(err))
	}
	return profile, nil
}

// begin begins the creation of a passkey for somebody who signs up. It returns an error if they may
// not sign up or already have an account.
func (m *room) begin(tx *storage.Tx, a signin.Applicant, ceremony string) (b webauthn.Challenge, err error) {
	conn, err := signin.Admit(tx, a)
	if err != nil {
		return b, err
	}
	if err := signin.CheckNotRegistered(tx, a); err != nil {
		return b, err
	}
	a.Profile["user_id"] = resource.ObjectID()
	p, err := webauthn.PartyOf(m.Issuer, "", "")
	if err != nil {
		return b, err
	}
	user := a.User()
	return webauthn.BeginRegistration(tx, p, webauthn.Request{
		Kind: webauthn.Passkey, Key: ceremony, ClientID: a.ClientID, Connection: conn.Name, UserID: account.Provider(conn) + "|" + storage.Text(a.Profile, "user_id"),
		Name: tenantlog.UserName(user), Profile: a.Profile,
	}, m.Now())
}
