package myaccount

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
)

// methodsPath is the path of the authentication methods, below the path of the API.
const methodsPath = "/authentication-methods"

// Types of authentication methods. The other types are constants of the packages webauthn and factors.
const (
	password = "password"
	totp     = "totp"
	phone    = "phone"
	email    = "email"
)

// types lists all types, in the order in which factors are listed. Auth0: api/myaccount/authentication-methods.
var types = []string{password, webauthn.Passkey, webauthn.Platform, webauthn.Roaming, totp, phone, email, factors.Push, factors.RecoveryCode}

// primary reports whether users can log in with a method of this type; all other types are additional (MFA)
// factors.
func primary(kind string) bool { return kind == password || kind == webauthn.Passkey }

func usageOf(kind string) []string {
	if primary(kind) {
		return []string{"primary"}
	}
	return []string{"secondary"}
}

// factors lists the types of methods that the user can add.
//
//auth0:operation GET /me/v1/factors
func (c *call) factors() error {
	list := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		available, err := c.available(tx)
		for _, kind := range types {
			if available[kind] {
				list = append(list, storage.Document{"type": kind, "usage": usageOf(kind)})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, storage.Document{"factors": list})
}

// available returns the types that the tenant has enabled and the user's database connection supports.
func (c *call) available(tx *storage.Tx) (map[string]bool, error) {
	enabled, err := factors.Enabled(tx)
	if err != nil {
		return nil, err
	}
	on := map[string]bool{}
	for _, name := range enabled {
		switch name {
		case factors.OTP:
			name = totp
		case factors.SMS, factors.Voice:
			name = phone
		}
		on[name] = true
	}
	if on[factors.RecoveryCode], err = objects.FactorEnabled(tx, factors.RecoveryCode); err != nil {
		return nil, err
	}
	accounts, err := c.databases(tx)
	on[password] = len(accounts) > 0
	if err != nil || len(accounts) == 0 || !own(accounts[0]) {
		return on, err
	}
	conn, err := tx.Connections.Find("name", accounts[0].ConnectionName())
	on[webauthn.Passkey] = webauthn.TakesPasskeys(conn)
	return on, err
}

// typeOf returns the type of an authentication method under the name that this API uses.
func typeOf(doc storage.Document) string {
	if kind := storage.Text(doc, "type"); kind != factors.AppMethod {
		return kind
	}
	return factors.Push
}

// idOf returns the id of an authentication method in this API.
func idOf(doc storage.Document) string { return factors.ID(typeOf(doc), storage.Text(doc, "id")) }

// shownMembers are the stored members that the methods of all types show.
var shownMembers = []string{"created_at", "last_auth_at"}

// members are the additional members that the methods of each type show.
var members = map[string][]string{
	webauthn.Passkey:  {"credential_backed_up", "credential_device_type", "identity_user_id", "key_id", "public_key", "transports", "user_agent", "user_handle", "aaguid"},
	webauthn.Platform: {"confirmed", "name", "key_id", "public_key"}, webauthn.Roaming: {"confirmed", "name", "key_id", "public_key"},
	totp: {"confirmed", "name"}, factors.Push: {"confirmed", "name"}, factors.RecoveryCode: {"confirmed"},
	phone: {"confirmed", "name", "phone_number", "preferred_authentication_method"}, email: {"confirmed", "name", "email"},
}

// shown returns an authentication method as this API shows it, without its secrets.
func shown(doc storage.Document) storage.Document {
	kind := typeOf(doc)
	out := storage.Document{"id": idOf(doc), "type": kind, "usage": usageOf(kind)}
	for _, name := range slices.Concat(shownMembers, members[kind]) {
		if value, ok := doc[name]; ok && value != nil && value != "" {
			out[name] = value
		}
	}
	if id, ok := doc["relying_party_identifier"]; ok && kind == webauthn.Passkey {
		out["relying_party_id"] = id
	}
	if kind == phone && out["preferred_authentication_method"] == nil {
		out["preferred_authentication_method"] = factors.SMS
	}
	return out
}

// kept returns the stored authentication methods of the user, which do not include the password.
func (c *call) kept(tx *storage.Tx) storage.Documents {
	return tx.Documents(resource.AuthenticationMethods.Name, c.owner.Subject)
}

//auth0:operation GET /me/v1/authentication-methods
func (c *call) methods() error {
	wanted := c.r.URL.Query().Get("type")
	if wanted != "" && !slices.Contains(types, wanted) {
		return invalid(parameter("type", "must be one of "+strings.Join(types, ", ")))
	}
	list := []storage.Document{}
	add := func(doc storage.Document) {
		if wanted == "" || doc["type"] == wanted {
			list = append(list, doc)
		}
	}
	err := c.view(func(tx *storage.Tx) error {
		passwords, err := c.passwords(tx)
		if err != nil {
			return err
		}
		for _, doc := range passwords {
			add(doc)
		}
		for doc, err := range c.kept(tx).All() {
			if err != nil {
				return err
			}
			add(shown(doc))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, storage.Document{"authentication_methods": list})
}

// find returns the stored document of the method in the path, nil if that is the password.
func (c *call) find(tx *storage.Tx) (doc storage.Document, err error) {
	id := c.id()
	if strings.HasPrefix(id, password+"|") {
		_, err := c.password(tx, id)
		return nil, err
	}
	_, local, _ := strings.Cut(id, "|dev_")
	doc, err = c.kept(tx).Document(local)
	if storage.IsNotFound(err) || err == nil && idOf(doc) != id {
		return nil, errNotFound
	}
	return doc, err
}

// look returns the method in the path as this API shows it.
func (c *call) look(tx *storage.Tx) (storage.Document, error) {
	doc, err := c.find(tx)
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return c.password(tx, c.id())
	}
	return shown(doc), nil
}

//auth0:operation GET /me/v1/authentication-methods/{id}
func (c *call) method() error {
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		doc, err = c.look(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

// changeMethod changes the name of a method, or how codes are sent to a phone.
//
//auth0:operation PATCH /me/v1/authentication-methods/{id}
func (c *call) changeMethod() error {
	var rq struct {
		Name      *string `json:"name"`
		Preferred *string `json:"preferred_authentication_method"`
	}
	if err := read(c.w, c.r, &rq); err != nil {
		return err
	}
	change := storage.Document{}
	if rq.Name != nil {
		change["name"] = *rq.Name
	}
	if rq.Preferred != nil {
		change["preferred_authentication_method"] = *rq.Preferred
	}
	if faults := oneOf("preferred_authentication_method", rq.Preferred, factors.SMS, factors.Voice); len(faults) > 0 {
		return invalid(faults...)
	}
	var doc storage.Document
	err := c.update(func(tx *storage.Tx) (err error) {
		if doc, err = c.find(tx); err != nil {
			return err
		}
		for name := range change {
			if doc == nil || !slices.Contains(members[typeOf(doc)], name) {
				return invalid(member(name, "is no member of an authentication method of this type"))
			}
		}
		if doc == nil {
			doc, err = c.password(tx, c.id())
			return err
		}
		maps.Copy(doc, change)
		store, err := objects.AuthenticationMethods.Open(tx, c.owner.Subject)
		if err != nil {
			return err
		}
		if err := store.Put(doc); err != nil {
			return err
		}
		doc = shown(doc)
		return nil
	})
	if c.recordMethod(err, "updated"); err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

var errLast = problem(http.StatusConflict, "0001", "Conflict", "It is the last method by which the user can log in.")

// deleteMethod removes a method, unless it is the last one by which the user can log in.
//
//auth0:operation DELETE /me/v1/authentication-methods/{id}
func (c *call) deleteMethod() error {
	err := c.update(func(tx *storage.Tx) error {
		doc, err := c.find(tx)
		if err != nil {
			return err
		}
		passwords, err := c.passwords(tx)
		if err != nil {
			return err
		}
		ways := len(passwords)
		for other, err := range c.kept(tx).All() {
			if err != nil {
				return err
			}
			if other["type"] == webauthn.Passkey {
				ways++
			}
		}
		switch {
		case ways == 1 && (doc == nil || doc["type"] == webauthn.Passkey):
			return errLast
		case doc == nil:
			user, _, err := c.database(tx, func(user storage.User) bool { return passwordID(user.AccountID()) == c.id() })
			return cmp.Or(err, tx.Passwords.Delete(user.AccountID()))
		}
		return c.kept(tx).Delete(storage.Text(doc, "id"))
	})
	if c.recordMethod(err, "deleted"); err != nil {
		return err
	}
	return c.empty()
}

// recordMethod writes the outcome of an operation on a method to the tenant's log.
func (c *call) recordMethod(err error, done string) {
	if err != nil {
		c.record(tenantlog.MethodNotChanged, tenantlog.Reason(err), "")
		return
	}
	c.record(tenantlog.MethodChanged, "Authentication method "+done, "")
}
