package myaccount

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// enrollRequest is the body of enroll, Auth0: api/myaccount/authentication-methods/create. The type decides which of
// its members are allowed.
type enrollRequest struct {
	Type       string  `json:"type"`
	Connection *string `json:"connection"`
	Identity   *string `json:"identity_user_id"`
	Email      *string `json:"email"`
	Phone      *string `json:"phone_number"`
	Preferred  *string `json:"preferred_authentication_method"`
	Exclude    *bool   `json:"use_exclude_credentials"`
}

func (rq enrollRequest) check() error {
	enrollable := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == webauthn.Roaming || t == webauthn.Platform })
	faults := oneOf("type", &rq.Type, enrollable...)
	own := map[string]bool{
		"email": rq.Type == email, "phone_number": rq.Type == phone, "preferred_authentication_method": rq.Type == phone,
		"connection": primary(rq.Type), "identity_user_id": primary(rq.Type), "use_exclude_credentials": rq.Type == webauthn.Passkey,
	}
	for name, sent := range map[string]bool{
		"email": rq.Email != nil, "phone_number": rq.Phone != nil, "preferred_authentication_method": rq.Preferred != nil,
		"connection": rq.Connection != nil, "identity_user_id": rq.Identity != nil, "use_exclude_credentials": rq.Exclude != nil,
	} {
		if sent && !own[name] {
			faults = append(faults, member(name, "is no member of a request for this type"))
		}
	}
	switch {
	case rq.Type == email && (rq.Email == nil || !isAddress(*rq.Email)):
		faults = append(faults, member("email", "must be an e-mail address"))
	case rq.Type == phone && (rq.Phone == nil || !factors.IsPhoneNumber(*rq.Phone)):
		faults = append(faults, member("phone_number", "must be a plus and up to 15 digits"))
	}
	if faults = append(faults, oneOf("preferred_authentication_method", rq.Preferred, factors.SMS, factors.Voice)...); len(faults) > 0 {
		return invalid(faults...)
	}
	return nil
}

func isAddress(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text
}

// enrollment is an authentication method that a user is about to add. It is stored as a ceremony under its
// auth_session.
type enrollment struct {
	// Method is the id of the authentication method, "" for a password or a passkey.
	Method string `json:"method,omitempty"`
	// RecoveryMAC is the stored form of a new recovery code.
	RecoveryMAC string `json:"recovery_mac,omitempty"`
	// Account is the id of the account that gets a password, "" for all other types.
	Account string `json:"account,omitempty"`
}

// toEnroll returns the purpose of a ceremony that enrolls a method of this type.
func toEnroll(kind string) string {
	if kind == webauthn.Passkey {
		return webauthn.RegistrationPurpose(kind)
	}
	return "enroll " + kind
}

// started is an enrollment that has begun, with the response and the message to send.
type started struct {
	enrollment
	answer  storage.Document
	message emails.Draft
	// ceremony is the WebAuthn ceremony of a passkey, the zero value for all other types.
	ceremony storage.Ceremony
}

var errDisabled = func() error {
	e := badRequest("The type of authentication method is not enabled for the tenant, or not for the user.")
	e.Setting = "the factors of the tenant, or the connection of the user"
	return e
}()

// enroll begins to add an authentication method, Auth0: api/myaccount/authentication-methods/create. The user can
// authenticate with it once it is verified.
//
//auth0:operation POST /me/v1/authentication-methods
func (c *call) enroll() error {
	var rq enrollRequest
	if err := read(c.w, c.r, &rq); err != nil {
		return err
	}
	if err := rq.check(); err != nil {
		return err
	}
	session := factors.NewToken()
	key, id := storage.SessionCeremony(keys.Hash(session)), rq.Type+"|new"
	var s started
	err := c.update(func(tx *storage.Tx) error {
		available, err := c.available(tx)
		if err != nil {
			return err
		}
		if !available[rq.Type] {
			return errDisabled
		}
		user, err := c.user(tx)
		if err != nil {
			return err
		}
		if s, err = c.begin(tx, user, rq, key); err != nil {
			return err
		}
		if s.ceremony.Key == "" {
			s.ceremony = storage.Ceremony{Key: key, Purpose: toEnroll(rq.Type), ClientID: c.owner.ClientID, UserID: user.UserID, ExpiresAt: c.now.Add(lifetime)}
			if s.ceremony.Data, err = json.Marshal(s.enrollment); err != nil {
				return err
			}
		}
		return tx.BeginCeremony(s.ceremony)
	})
	if err == nil {
		err = c.Emails.Send(c.r.Context(), s.message)
	}
	if err != nil {
		c.recordMethod(err, "")
		return err
	}
	if s.Method != "" {
		id = factors.ID(rq.Type, s.Method)
	}
	if s.answer["auth_session"] = session; rq.Type != webauthn.Passkey {
		s.answer["id"] = id
	}
	c.locate(id)
	return c.reply(http.StatusAccepted, s.answer)
}

// lifetime is how long a user may take to verify a method. The codes that are sent are valid for a shorter time.
const lifetime = 10 * time.Minute

// locate sets the header Location to the URL of an authentication method.
func (c *call) locate(id string) {
	c.w.Header().Set("Location", strings.TrimSuffix(c.Issuer.URL, "/")+path+methodsPath+"/"+url.PathEscape(id))
}

// begin begins an enrollment of the requested type.
func (c *call) begin(tx *storage.Tx, user storage.User, rq enrollRequest, key string) (s started, err error) {
	s.answer = storage.Document{}
	switch rq.Type {
	case totp:
		secret := factors.NewOTPSecret()
		a, tenant, err := c.add(tx, factors.OTPDocument(secret))
		s.Method = a.MethodID()
		s.answer["barcode_uri"], s.answer["manual_input_code"] = factors.BarcodeURI(tenant, tenantlog.UserName(user), secret), secret
		return s, err
	case phone:
		channel := factors.SMS
		if rq.Preferred != nil {
			channel = *rq.Preferred
		}
		enabled, err := factors.Enabled(tx)
		if err == nil && !slices.Contains(enabled, channel) {
			err = errDisabled
		}
		if err != nil {
			return s, err
		}
		return c.sendCode(tx, user, factors.PhoneDocument(*rq.Phone, channel), key)
	case email:
		return c.sendCode(tx, user, storage.Document{"type": email, "email": *rq.Email}, key)
	case factors.Push:
		a, tenant, err := c.add(tx, factors.AppDocument(factors.NewOTPSecret()))
		if err != nil {
			return s, err
		}
		s.Method = a.MethodID()
		question := factors.NewPush(key, user.UserID, c.owner.ClientID, a, c.now)
		question.ExpiresAt = c.now.Add(lifetime)
		s.answer["barcode_uri"] = factors.AppURI(c.Issuer.URL, tenant, tenantlog.UserName(user), question.ID)
		return s, tx.AskPush(question)
	case factors.RecoveryCode:
		code := factors.NewRecoveryCode()
		s.Method, s.RecoveryMAC = resource.AuthenticationMethods.NewID(), factors.RecoveryMAC(c.Issuer.Secrets, user.UserID, code)
		s.answer["recovery_code"] = code
		return s, nil
	}
	return c.beginPrimary(tx, rq, key)
}

// beginPrimary begins the enrollment of a password for one of the user's accounts in database connections, or of a passkey
// for the user's own account.
func (c *call) beginPrimary(tx *storage.Tx, rq enrollRequest, key string) (s started, err error) {
	named := rq.named()
	user, conn, err := c.database(tx, func(user storage.User) bool { return named(user) && (rq.Type == password || own(user)) })
	switch {
	case storage.IsNotFound(err) && rq.Identity != nil:
		return s, invalid(member("identity_user_id", "is not the one of the user"))
	case storage.IsNotFound(err) && rq.Connection != nil:
		return s, invalid(member("connection", "is not the one of the user"))
	case err != nil:
		return s, err
	}
	s.answer = storage.Document{}
	if rq.Type == password {
		s.Account, s.answer["policy"] = user.AccountID(), identity.Shown(conn)
		return s, nil
	}
	p, err := webauthn.PartyOf(c.Issuer.URL, "", "")
	if err != nil {
		return s, err
	}
	b, err := webauthn.BeginRegistration(tx, p, webauthn.Request{
		Kind: webauthn.Passkey, Key: key, ClientID: c.owner.ClientID, Connection: conn.Name, UserID: user.UserID, Name: tenantlog.UserName(user),
	}, c.now)
	s.answer["authn_params_public_key"], s.ceremony = b.Options, b.Ceremony
	return s, err
}

// add adds a factor that has yet to be verified. It also returns the tenant's name as authenticator apps show it.
func (c *call) add(tx *storage.Tx, doc storage.Document) (a factors.Authenticator, tenant string, err error) {
	if a, err = factors.Enroll(tx, c.owner.Subject, doc, c.now); err != nil {
		return a, "", err
	}
	kept, err := tx.Tenant.Get(storage.TenantKey)
	return a, factors.TenantName(kept, c.Issuer.URL), storage.Optional(err)
}

// sendCode adds the factor of an address or a number, and makes the message that sends a code there.
func (c *call) sendCode(tx *storage.Tx, user storage.User, doc storage.Document, key string) (s started, err error) {
	s.answer = storage.Document{}
	if err := factors.MaySend(tx, user.UserID, c.now); err != nil {
		return s, err
	}
	a, _, err := c.add(tx, doc)
	if err != nil {
		return s, err
	}
	s.Method = a.MethodID()
	code, lifetime, err := factors.NewCode(tx, a)
	if err != nil {
		return s, err
	}
	err = tx.Passcodes.Put(storage.Passcode{
		Key: key, MAC: c.Issuer.Secrets.PasscodeMAC(key, code), UserID: user.UserID, ClientID: c.owner.ClientID, Authenticator: a.ID,
		ExpiresAt: c.now.Add(lifetime),
	})
	if err != nil {
		return s, err
	}
	s.message, err = factors.Message(tx, c.Emails, a, factors.Sent{
		Kind: outbox.OTPEnroll, Code: code, User: user, ClientID: c.owner.ClientID, Connection: user.ConnectionName(),
	})
	return s, err
}
