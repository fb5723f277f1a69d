// Package webauthn makes and checks keys that authenticators keep for people, Web Authentication
// level 3: passkeys, and keys that are a further factor. It keeps a key as an authentication
// method of its user, as the Management API shows it, and what has to be answered as a ceremony
// of the store. It lets nobody in.
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

// ToMake is the purpose of a ceremony that makes a key of a kind, and ToUse of one that uses it.
func ToMake(kind string) string { return "make " + kind }

// ToUse is as ToMake.
func ToUse(kind string) string { return "use " + kind }

// Lifetime is how long an answer may take.
const Lifetime = 10 * time.Minute

// ErrInvalid reports an answer of an authenticator that proves nothing.
var ErrInvalid = errors.New("the answer of the authenticator is not valid")

// Party is a tenant as authenticators know it.
type Party struct{ ID, Name, Origin string }

// PartyOf is the party of a tenant. id is the one that the tenant has in the place of its host,
// "" for none.
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

// owner is a person whose keys they are, as the library asks for one.
type owner struct {
	id, name string
	keys     []webauthn.Credential
}

// Handle is what authenticators know a user by. Web Authentication section 14.6.1: it is to tell
// nothing of the person.
func Handle(userID string) []byte {
	sum := sha256.Sum256([]byte("webauthn\x01" + userID))
	return sum[:]
}

func (o owner) WebAuthnID() []byte                         { return Handle(o.id) }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// keysOf are the keys of a kind that a user has, "" for all kinds.
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

// Request is a key that is asked for.
type Request struct {
	// Kind is the kind of key.
	Kind string
	// Key is that of the ceremony, and ClientID and Connection are the application and the
	// database that it is for.
	Key, ClientID, Connection string
	// UserID is whose key it is, "" for whoever has one, and Name what the user is called.
	UserID, Name string
	// Profile is of an account that does not exist yet.
	Profile storage.Document
	// Verification is "required", "preferred" or "discouraged": whether the authenticator is to
	// make sure of the person; "" is "preferred".
	Verification string
}

// Begin is what an authenticator is asked: the options for the browser, and the ceremony, which
// the caller keeps in an update.
type Begin struct {
	Options  json.RawMessage
	Ceremony storage.Ceremony
}

func (rq Request) begin(purpose string, options, session any, now time.Time) (b Begin, err error) {
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

// selection is which authenticators may keep a key of the kind.
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

// BeginMaking asks for a new key.
func BeginMaking(tx *storage.Tx, p Party, rq Request, now time.Time) (Begin, error) {
	w, err := p.library()
	if err != nil {
		return Begin{}, err
	}
	has, err := keysOf(tx, rq.UserID, "")
	if err != nil {
		return Begin{}, err
	}
	options, session, err := w.BeginRegistration(owner{rq.UserID, rq.Name, nil},
		webauthn.WithAuthenticatorSelection(rq.selection()), webauthn.WithExclusions(descriptors(has)))
	if err != nil {
		return Begin{}, err
	}
	return rq.begin(ToMake(rq.Kind), options.Response, session, now)
}

// BeginUsing asks for a key that there is.
func BeginUsing(tx *storage.Tx, p Party, rq Request, now time.Time) (b Begin, err error) {
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
	return rq.begin(ToUse(rq.Kind), options.Response, session, now)
}

func invalid(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return fmt.Errorf("%w: %s: %s", ErrInvalid, e.Details, e.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrInvalid, err)
}
