package webauthn

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Registration is a new key of an authenticator, which Save stores.
type Registration struct {
	Ceremony storage.Ceremony
	kind     string
	document storage.Document
}

// FinishRegistration verifies the answer to BeginRegistration. It must be called outside of any update.
func FinishRegistration(p Party, kind string, c storage.Ceremony, response []byte) (m Registration, err error) {
	m = Registration{Ceremony: c, kind: kind}
	if c.Purpose != RegistrationPurpose(kind) {
		return m, ErrInvalid
	}
	w, session, err := p.resume(c)
	if err != nil {
		return m, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return m, invalid(err)
	}
	key, err := w.CreateCredential(owner{id: c.UserID}, session, parsed)
	if err != nil {
		return m, invalid(err)
	}
	if err := checkKey(key.PublicKey); err != nil {
		return m, invalid(err)
	}
	m.document, err = document(p, kind, c.UserID, *key)
	return m, err
}

// checkKey refuses a public key, in the format of WebAuthn section 5.8.5, with which nobody should sign.
func checkKey(encoded []byte) error {
	parsed, err := webauthncose.ParsePublicKey(encoded)
	if err != nil {
		return err
	}
	key, ok := parsed.(webauthncose.RSAPublicKeyData)
	if !ok {
		return nil // the library checks points on curves
	}
	exponent, err := webauthncose.ParseRSAPublicKeyDataExponent(&key)
	if err != nil {
		return err
	}
	return keys.CheckPublic(&rsa.PublicKey{N: new(big.Int).SetBytes(key.Modulus), E: exponent})
}

// resume returns the library and its session data for a ceremony.
func (p Party) resume(c storage.Ceremony) (w *webauthn.WebAuthn, session webauthn.SessionData, err error) {
	if w, err = p.library(); err == nil {
		err = json.Unmarshal(c.Data, &session)
	}
	return w, session, err
}

// document returns a key as an authentication method, Auth0: api/management/v2/users/
// get-authentication-methods.
func document(p Party, kind, userID string, key webauthn.Credential) (storage.Document, error) {
	raw, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	doc := storage.Document{
		"type": kind, "confirmed": true, "key_id": keyID(key.ID), "public_key": base64.StdEncoding.EncodeToString(key.PublicKey),
		"relying_party_identifier": p.ID, resource.WebAuthnCredential: string(raw),
	}
	if kind == Passkey {
		device := "single_device"
		if key.Flags.BackupEligible {
			device = "multi_device"
		}
		doc["credential_device_type"], doc["credential_backed_up"] = device, key.Flags.BackupState
		doc["user_handle"], doc["identity_user_id"] = keyID(Handle(userID)), userID
		doc["aaguid"] = aaguid(key.Authenticator.AAGUID)
		transports := []any{}
		for _, t := range key.Transport {
			transports = append(transports, string(t))
		}
		doc["transports"] = transports
	}
	return doc, nil
}

// aaguid returns the AAGUID, which identifies a model of authenticators, in the form of a UUID.
func aaguid(raw []byte) string {
	const length = 16
	if len(raw) != length {
		return ""
	}
	h := hex.EncodeToString(raw)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// maxPasskeys is how many passkeys a user may have, Auth0:
// authenticate/database-connections/passkeys.
const maxPasskeys = 20

// ErrTooMany reports a user who already has the largest allowed number of passkeys.
var ErrTooMany = errors.New("the user has too many passkeys")

// Save stores a new key for its user and ends the ceremony. It returns storage.ErrReused if the
// ceremony was ended before, ErrTooMany, and ErrInvalid if the key is already stored or was made
// for another user.
func (m Registration) Save(tx *storage.Tx, userID string, now time.Time) (id string, err error) {
	if err := tx.EndCeremony(m.Ceremony); err != nil {
		return "", err
	}
	if userID != m.Ceremony.UserID {
		return "", ErrInvalid
	}
	_, _, err = objects.FactorByKey(tx, storage.Text(m.document, "key_id"))
	if err == nil {
		return "", ErrInvalid
	}
	if !storage.IsNotFound(err) {
		return "", err
	}
	has, err := keysOf(tx, userID, m.kind)
	if err != nil {
		return "", err
	}
	if len(has) >= maxPasskeys {
		return "", ErrTooMany
	}
	doc := maps.Clone(m.document)
	id = resource.AuthenticationMethods.NewID()
	doc["id"], doc["created_at"] = id, resource.Time(now)
	if m.kind != Passkey {
		doc["enrolled_at"] = doc["created_at"]
	}
	kept, err := objects.AuthenticationMethods.Open(tx, userID)
	if err != nil {
		return "", err
	}
	return id, kept.Put(doc)
}

// Authentication is a verified use of a key, which Record stores.
type Authentication struct {
	Ceremony storage.Ceremony
	// UserID is the user who has the key, ID the id of the authentication method.
	UserID, ID string
	count      uint32
	key        webauthn.Credential
}

// FinishAuthentication verifies the answer to BeginAuthentication. It must be called outside of any update.
func FinishAuthentication(ctx context.Context, db *storage.DB, p Party, kind string, c storage.Ceremony, response []byte) (u Authentication, err error) {
	u = Authentication{Ceremony: c}
	if c.Purpose != AuthenticationPurpose(kind) {
		return u, ErrInvalid
	}
	w, session, err := p.resume(c)
	if err != nil {
		return u, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return u, invalid(err)
	}
	var userID string
	var doc storage.Document
	err = db.View(ctx, func(tx *storage.Tx) error {
		userID, doc, err = objects.FactorByKey(tx, keyID(parsed.RawID))
		return err
	})
	if storage.IsNotFound(err) {
		return u, invalid(err)
	}
	if err != nil {
		return u, err
	}
	key, ok := credential(doc)
	if !ok || doc["type"] != kind || c.UserID != "" && c.UserID != userID {
		return u, ErrInvalid
	}
	u.UserID, u.ID, u.count = userID, storage.Text(doc, "id"), key.Authenticator.SignCount
	who := owner{id: userID, keys: []webauthn.Credential{key}}
	var proved *webauthn.Credential
	if c.UserID == "" {
		_, proved, err = w.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return who, nil }, session, parsed)
	} else {
		session.AllowedCredentialIDs = nil // the checks above ensure that the key is the user's and of the kind
		proved, err = w.ValidateLogin(who, session, parsed)
	}
	if err != nil {
		return u, invalid(err)
	}
	if proved.Authenticator.CloneWarning {
		return u, ErrInvalid // Web Authentication section 6.1.1: the key may exist in two authenticators
	}
	u.key = *proved
	return u, nil
}

// Record ends the ceremony and stores the key's new signature counter. It returns
// storage.ErrReused if the ceremony was ended before, and ErrInvalid if the key was deleted or
// used meanwhile.
func (u Authentication) Record(tx *storage.Tx, now time.Time) error {
	if err := tx.EndCeremony(u.Ceremony); err != nil {
		return err
	}
	doc, err := tx.Documents(resource.AuthenticationMethods.Name, u.UserID).Document(u.ID)
	if storage.IsNotFound(err) {
		return ErrInvalid
	}
	if err != nil {
		return err
	}
	if was, ok := credential(doc); !ok || was.Authenticator.SignCount != u.count {
		return ErrInvalid
	}
	raw, err := json.Marshal(u.key)
	if err != nil {
		return err
	}
	doc[resource.WebAuthnCredential], doc["last_auth_at"] = string(raw), resource.Time(now)
	if doc["type"] == Passkey {
		doc["credential_backed_up"] = u.key.Flags.BackupState
	}
	kept, err := objects.AuthenticationMethods.Open(tx, u.UserID)
	if err != nil {
		return err
	}
	return kept.Put(doc)
}
