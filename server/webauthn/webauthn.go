// Package webauthn creates and verifies keys in users' authenticators, Web Authentication level
// 3: passkeys, and keys that are a further factor. A key is stored as an authentication method
// of its user, as the Management API shows it, and an unanswered challenge as a ceremony in the
// store. The package logs nobody in.
package webauthn

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Kinds of keys, as the Management API names them.
const (
	Passkey  = "passkey"
	Roaming  = "webauthn-roaming"
	Platform = "webauthn-platform"
)

// RegistrationPurpose is the purpose of a ceremony that creates a key of a kind, AuthenticationPurpose that of one that uses
// a key.
func RegistrationPurpose(kind string) string { return "make " + kind }

// AuthenticationPurpose is the purpose of a ceremony that uses a key of a kind.
func AuthenticationPurpose(kind string) string { return "use " + kind }

// Lifetime is how long a challenge can be answered.
const Lifetime = 10 * time.Minute

// ErrInvalid reports an authenticator's answer that does not prove anything.
var ErrInvalid = errors.New("the answer of the authenticator is not valid")

// Party is the tenant as a WebAuthn Relying Party.
type Party struct{ ID, Name, Origin string }

// PartyOf returns the Relying Party of a tenant. id is its Relying Party ID if that is not the
// issuer's host, otherwise "".
func PartyOf(issuer, name, id string) (Party, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return Party{}, err
	}
	p := Party{ID: u.Hostname(), Name: name, Origin: u.Scheme + "://" + u.Host}
	if id != "" {
		p.ID = id
	}
	if p.Name == "" {
		p.Name = p.ID
	}
	return p, nil
}

func (p Party) library() (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{RPID: p.ID, RPDisplayName: p.Name, RPOrigins: []string{p.Origin}})
}

// owner is a user in the form that the library needs.
type owner struct {
	id, name string
	keys     []webauthn.Credential
}

// Handle returns the user handle, by which authenticators identify a user. Web Authentication
// section 14.6.1: it must not reveal anything about the person.
func Handle(userID string) []byte {
	sum := sha256.Sum256([]byte("webauthn\x01" + userID))
	return sum[:]
}

func (o owner) WebAuthnID() []byte                         { return Handle(o.id) }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// keysOf returns the keys of a user that are of a kind, "" for all kinds.
func keysOf(tx *storage.Tx, userID, kind string) (all []webauthn.Credential, err error) {
	for doc, err := range tx.Documents(resource.AuthenticationMethods.Name, userID).All() {
		if err != nil {
			return nil, err
		}
		if c, ok := credential(doc); ok && (kind == "" || doc["type"] == kind) {
			all = append(all, c)
		}
	}
	return all, nil
}

// Has reports whether a user has a key of a kind.
func Has(tx *storage.Tx, userID, kind string) (bool, error) {
	all, err := keysOf(tx, userID, kind)
	return len(all) > 0, err
}

func credential(doc storage.Document) (c webauthn.Credential, ok bool) {
	text, _ := doc[resource.WebAuthnCredential].(string)
	err := json.Unmarshal([]byte(text), &c)
	return c, text != "" && err == nil
}

func keyID(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func descriptors(all []webauthn.Credential) []protocol.CredentialDescriptor {
	list := make([]protocol.CredentialDescriptor, len(all))
	for i, c := range all {
		list[i] = c.Descriptor()
	}
	return list
}

// Request describes a key that an authenticator is asked to create or to use.
type Request struct {
	// Kind is the kind of key.
	Kind string
	// Key is the key of the ceremony in the store. ClientID and Connection are the application
	// and the database of the login.
	Key, ClientID, Connection string
	// UserID is the user who has the key, "" for any user; Name is the user's displayed name.
	UserID, Name string
	// Profile is the profile of an account that is created with the key.
	Profile storage.Document
	// Verification says whether the authenticator must verify the user: "required", "preferred"
	// or "discouraged"; "" is "preferred".
	Verification string
}

// Challenge holds the options for the browser, and the ceremony, which the caller stores in an
// update.
type Challenge struct {
	Options  json.RawMessage
	Ceremony storage.Ceremony
}

func (rq Request) begin(purpose string, options, session any, now time.Time) (b Challenge, err error) {
	if b.Options, err = json.Marshal(options); err != nil {
		return b, err
	}
	b.Ceremony = storage.Ceremony{
		Key: rq.Key, Purpose: purpose, ClientID: rq.ClientID, Connection: rq.Connection, UserID: rq.UserID, Profile: rq.Profile, ExpiresAt: now.Add(Lifetime),
	}
	b.Ceremony.Data, err = json.Marshal(session)
	return b, err
}

func (rq Request) verification() protocol.UserVerificationRequirement {
	if rq.Verification == "" {
		return protocol.VerificationPreferred
	}
	return protocol.UserVerificationRequirement(rq.Verification)
}

// selection says which authenticators may create a key of the kind.
func (rq Request) selection() protocol.AuthenticatorSelection {
	s := protocol.AuthenticatorSelection{UserVerification: rq.verification(), ResidentKey: protocol.ResidentKeyRequirementDiscouraged}
	switch rq.Kind {
	case Passkey:
		s.ResidentKey, s.RequireResidentKey = protocol.ResidentKeyRequirementRequired, new(bool)
		*s.RequireResidentKey = true
	case Roaming:
		s.AuthenticatorAttachment = protocol.CrossPlatform
	case Platform:
		s.AuthenticatorAttachment = protocol.Platform
	}
	return s
}

// BeginRegistration asks an authenticator to create a key.
func BeginRegistration(tx *storage.Tx, p Party, rq Request, now time.Time) (Challenge, error) {
	w, err := p.library()
	if err != nil {
		return Challenge{}, err
	}
	has, err := keysOf(tx, rq.UserID, "")
	if err != nil {
		return Challenge{}, err
	}
	options, session, err := w.BeginRegistration(owner{rq.UserID, rq.Name, nil},
		webauthn.WithAuthenticatorSelection(rq.selection()), webauthn.WithExclusions(descriptors(has)))
	if err != nil {
		return Challenge{}, err
	}
	return rq.begin(RegistrationPurpose(rq.Kind), options.Response, session, now)
}

// BeginAuthentication asks an authenticator to use an existing key.
func BeginAuthentication(tx *storage.Tx, p Party, rq Request, now time.Time) (b Challenge, err error) {
	w, err := p.library()
	if err != nil {
		return b, err
	}
	var options *protocol.CredentialAssertion
	var session *webauthn.SessionData
	if rq.UserID == "" {
		options, session, err = w.BeginDiscoverableLogin(webauthn.WithUserVerification(rq.verification()))
	} else {
		has, e := keysOf(tx, rq.UserID, rq.Kind)
		if e != nil {
			return b, e
		}
		options, session, err = w.BeginLogin(owner{rq.UserID, rq.Name, has}, webauthn.WithUserVerification(rq.verification()))
	}
	if err != nil {
		return b, err
	}
	return rq.begin(AuthenticationPurpose(rq.Kind), options.Response, session, now)
}

func invalid(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return fmt.Errorf("%w: %s: %s", ErrInvalid, e.Details, e.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrInvalid, err)
}
