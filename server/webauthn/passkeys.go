package webauthn

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// passkeyOption reads a flag from the passkey options of a connection, Auth0: authenticate/
// database-connections/passkeys/configure-passkey-policy.
func passkeyOption(c storage.Connection, group, member, name string) bool {
	options, _ := c.Options[group].(map[string]any)
	if member != "" {
		options, _ = options[member].(map[string]any)
	}
	return options[name] == true
}

// TakesPasskeys reports whether users can log in to a connection with passkeys.
func TakesPasskeys(c storage.Connection) bool {
	return c.Strategy == storage.DatabaseStrategy && passkeyOption(c, "authentication_methods", "passkey", "enabled")
}

// OffersPasskeys reports whether users who log in by other means are offered a passkey.
func OffersPasskeys(c storage.Connection) bool {
	return TakesPasskeys(c) && passkeyOption(c, "passkey_options", "", "progressive_enrollment_enabled")
}

// OffersLocal reports whether users who log in with a passkey of another device are offered one for
// this device.
func OffersLocal(c storage.Connection) bool {
	return TakesPasskeys(c) && passkeyOption(c, "passkey_options", "", "local_enrollment_enabled")
}

// SignsUp reports whether people can sign up at a connection with only a passkey. Auth0:
// authenticate/database-connections/passkeys/passkey-apis: not if the connection verifies
// identifiers with a code at sign-up.
func SignsUp(c storage.Connection) bool {
	return TakesPasskeys(c) && !c.Verifies("email") && !c.Verifies("phone_number")
}

// PasskeyPrompts returns how a page asks for passkeys of the databases: by autofill in the field of the
// identifier, by a button, or both.
func PasskeyPrompts(databases []storage.Connection) (autofill, button bool) {
	for _, c := range databases {
		if !TakesPasskeys(c) {
			continue
		}
		options, _ := c.Options["passkey_options"].(map[string]any)
		autofill = autofill || options["challenge_ui"] != "button"
		button = button || options["challenge_ui"] != "autofill"
	}
	return autofill, button
}

// Connection returns the database where users of an application log in with passkeys: the one with
// a name, or the first if name is "". It returns an error that wraps storage.ErrNotFound if there
// is none.
func Connection(tx *storage.Tx, clientID, name string) (storage.Connection, error) {
	ways, err := account.WaysOf(tx, storage.AuthorizeRequest{ClientID: clientID, Connection: name})
	if _, refused := errors.AsType[*apierr.Error](err); refused {
		err = storage.ErrNotFound
	}
	if err != nil {
		return storage.Connection{}, err
	}
	i := slices.IndexFunc(ways.Databases, func(c storage.Connection) bool { return TakesPasskeys(c) && (name == "" || c.Name == name) })
	if i < 0 {
		return storage.Connection{}, storage.ErrNotFound
	}
	return ways.Databases[i], nil
}

// IsInvalid reports whether an error means that an authenticator's answer does not prove anything.
func IsInvalid(err error) bool {
	return errors.Is(err, ErrInvalid) || errors.Is(err, storage.ErrReused) || storage.IsNotFound(err)
}

// UsePasskey verifies the answer to a request for a passkey of any user. It returns ErrInvalid if
// the user does not log in to one of the connections with passkeys.
func UsePasskey(ctx context.Context, db *storage.DB, p Party, ceremony, clientID string, connections []storage.Connection, response []byte, now time.Time) (u Authentication, user storage.User, err error) {
	var c storage.Ceremony
	err = db.View(ctx, func(tx *storage.Tx) error {
		c, err = tx.FindCeremony(ceremony, AuthenticationPurpose(Passkey), now)
		return err
	})
	if storage.IsNotFound(err) || err == nil && c.ClientID != clientID {
		return u, user, ErrInvalid
	}
	if err != nil {
		return u, user, err
	}
	if u, err = FinishAuthentication(ctx, db, p, Passkey, c, response); err != nil {
		return u, user, err
	}
	err = db.View(ctx, func(tx *storage.Tx) error {
		user, err = tx.Users.Get(u.UserID)
		return err
	})
	if err != nil {
		return u, user, err
	}
	logsIn := func(conn storage.Connection) bool { return TakesPasskeys(conn) && conn.Name == user.ConnectionName() }
	if !slices.ContainsFunc(connections, logsIn) {
		return u, user, ErrInvalid
	}
	return u, user, nil
}

// IsCrossPlatform reports whether an authenticator says that it is not part of the device that asked, Web
// Authentication section 5.4.5.
func IsCrossPlatform(response []byte) bool {
	var said struct {
		Attachment string `json:"authenticatorAttachment"`
	}
	return json.Unmarshal(response, &said) == nil && said.Attachment == "cross-platform"
}
