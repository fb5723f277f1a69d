package storage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

var (
	// ErrTransactionOver reports a transaction that cannot be changed any more: it is finished or expired, or
	// does not exist.
	ErrTransactionOver = errors.New("the login has ended")
	// ErrTooLong reports a request that is too long to be stored.
	ErrTooLong = errors.New("too long to be kept")
)

// Bounds of the logins under way. Anyone who can send a request to /authorize, which any web page can, makes the
// store keep a transaction for an hour.
const (
	// maxRequest bounds the stored request to /authorize, and maxTransaction everything that belongs to one
	// transaction, in bytes of JSON. When a user is asked for consent, the scopes are stored a second time.
	maxRequest     = 16 << 10
	maxTransaction = 64 << 10
	// maxBrowserTransactions bounds the transactions of one browser, and maxAllTransactions the total bytes of
	// all. Beyond either, finished transactions are deleted first, and then the oldest.
	maxBrowserTransactions = 50
	maxAllTransactions     = 16 << 20
)

// Transaction is a login under way: the request to /authorize, and how far the user has come. Its key is the hash
// of the state in the URLs of the login pages.
type Transaction struct {
	StateHash string `json:"state_hash"`
	// Asked is the request as it was sent, which never changes. Request returns it combined with the answers of
	// the pages.
	Asked AuthorizeRequest `json:"request"`
	// BrowserHash binds the transaction to the browser that began it.
	BrowserHash string    `json:"browser_hash"`
	CreatedAt   time.Time `json:"created_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	// FinishedAt is when the request was finally answered, zero while it waits for the user.
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Logout is set if the transaction is not a login but asks the user whether to log out.
	Logout *LogoutRequest `json:"logout,omitempty"`
	// Enrollment is set if the transaction is not a login but the enrollment of a factor by a ticket.
	Enrollment *Enrollment `json:"enrollment,omitempty"`
	// Connect is set if the transaction is not a login but connects a user's account at a provider, which is the
	// only one that it asks: the key of the Ceremony. "" for all others.
	Connect string `json:"connect,omitempty"`

	// What the pages have added. Each page writes its own answer only.

	// Invited says that the user accepts the request's invitation.
	Invited bool `json:"invited,omitempty"`
	// Identifier is what was entered on a page that asks for the identifier alone, and Applicant the members of
	// the user who signs up. Both are empty until then.
	Identifier string            `json:"identifier,omitempty"`
	Applicant  map[string]string `json:"applicant,omitempty"`
	// Country is the country whose telephone numbers the user enters, by its code of ISO 3166-1, "" until one was chosen.
	// Picking is the page that waits for the choice, nil for none.
	Country string   `json:"country,omitempty"`
	Picking *Picking `json:"picking,omitempty"`
	// Proved is the e-mail address or phone number that the applicant has verified by a code.
	Proved string `json:"proved,omitempty"`
	// Passwordless is the progress of a login by a code or a link, nil if none was begun.
	Passwordless *PasswordlessLogin `json:"passwordless,omitempty"`
	// Proof is the code that the login waits for, nil for none.
	Proof *Proof `json:"proof,omitempty"`
	// UserID is the user for whom the request was answered, "" until then.
	UserID string `json:"user_id,omitempty"`
	// Organization is the user's choice of an organization, nil if there is none yet.
	Organization *OrganizationAnswer `json:"organization,omitempty"`
	// Further is the progress with a further factor, nil if none was begun.
	Further *FurtherFactor `json:"further,omitempty"`
	// Abilities are what the browser has reported that it can do, nil if no page has asked it.
	Abilities *Abilities `json:"abilities,omitempty"`
	// Platform says that the browser reported support for WebAuthn keys. Passkey is the id of the user who has
	// answered the offer to create a passkey, "" for none yet.
	Platform bool `json:"platform,omitempty"`
	// Roaming says that the user has logged in with a passkey on another device.
	Roaming bool   `json:"roaming,omitempty"`
	Passkey string `json:"passkey,omitempty"`
	// Consent is the user's answer to the consent page, nil if there is none yet.
	Consent *ConsentAnswer `json:"consent,omitempty"`
	// Upstream is the login at another identity provider, nil if none was begun.
	Upstream *UpstreamLogin `json:"upstream,omitempty"`
	// Form is the tenant's form that the login shows, nil if none was begun.
	Form *FormVisit `json:"form,omitempty"`
}

// PasswordlessLogin is a login by a code or a link.
type PasswordlessLogin struct {
	// Connection is the name of the connection that sends it, and Address the recipient, "" until it was entered.
	Connection string `json:"connection"`
	Address    string `json:"address,omitempty"`
	// UserID is the recipient's account, "" if there is none and none may be created: then nothing was sent,
	// which the pages do not reveal.
	UserID string `json:"user_id,omitempty"`
	// Link says that a link was sent instead of a code.
	Link bool `json:"link,omitempty"`
}

// Proof is an e-mail address or phone number that a user has to verify by a code.
type Proof struct {
	// Reset says that the right code lets the user choose a new password; otherwise it completes a login whose
	// password was right.
	Reset bool `json:"reset,omitempty"`
	// Next is the page to which the right code leads a user who is signing up and has no account yet.
	Next string `json:"next,omitempty"`
	// Connection is the name of the account's connection, and UserID the account's user, "" if there is none.
	Connection string `json:"connection"`
	UserID     string `json:"user_id,omitempty"`
	// Account is the id of the user's account, "" for the user's own.
	Account string `json:"account,omitempty"`
	// Member is the member to verify, "email" or "phone_number", and Address its value.
	Member  string `json:"member,omitempty"`
	Address string `json:"address"`
	// PasswordMark is the hash of the stored hash of the password that was entered before.
	PasswordMark string `json:"password_mark,omitempty"`
}

// OrganizationAnswer is what a user has chosen about the organization of a login.
type OrganizationAnswer struct {
	// Offered are the organizations that the user may choose from before the login, found by Hint: the e-mail
	// address that was entered, or "".
	Offered []string `json:"offered,omitempty"`
	Hint    string   `json:"hint,omitempty"`
	// Chosen says that the user has chosen ID, or no organization if ID is "".
	Chosen bool   `json:"chosen,omitempty"`
	ID     string `json:"id,omitempty"`
}

// FurtherFactor is a user's progress with a further factor in a login. It is not valid for another user, who may
// log in at the same browser.
type FurtherFactor struct {
	UserID string `json:"user_id"`
	// Challenged is the id of the authenticator that a code was sent to, and Enrolling the id of the
	// authenticator that the user is adding; "" for none.
	Challenged string `json:"challenged,omitempty"`
	Enrolling  string `json:"enrolling,omitempty"`
	// Recovery is the user's new recovery code, encrypted, until the user confirms having saved it. Replaces says
	// that it replaces a used recovery code.
	Recovery []byte `json:"recovery,omitempty"`
	Replaces bool   `json:"replaces,omitempty"`
	// Accepted is the id of the authenticator that was proved on the tenant's own page, which continues with it,
	// and Offered is the recovery code that this page was given, encrypted.
	Accepted string `json:"accepted,omitempty"`
	Offered  []byte `json:"offered,omitempty"`
	// Biometrics says that the user, who has proved a factor, is offered to add the device of the browser as another.
	Biometrics bool `json:"biometrics,omitempty"`
}

// FurtherOf returns a user's progress with a further factor.
func (t Transaction) FurtherOf(userID string) FurtherFactor {
	if t.Further == nil || t.Further.UserID != userID {
		return FurtherFactor{UserID: userID}
	}
	return *t.Further
}

// ConsentAnswer is a user's answer to the consent page. It is not valid for another user, who may log in at the
// same browser.
type ConsentAnswer struct {
	UserID string `json:"user_id"`
	// Declined says that the user refused; otherwise Scope is what the user agreed to.
	Declined bool     `json:"declined,omitempty"`
	Scope    []string `json:"scope,omitempty"`
}

// MarkProved marks Proved as verified in the profile of an account that is about to be created.
func (t Transaction) MarkProved(profile Document) {
	for member, verified := range map[string]string{"email": "email_verified", "phone_number": "phone_verified"} {
		if t.Proved != "" && profile[member] == t.Proved {
			profile[verified] = true
		}
	}
}

// clone copies what the pages add, so that it can be changed; the request itself stays shared.
func (t Transaction) clone() Transaction {
	t.Applicant = maps.Clone(t.Applicant)
	t.Passwordless, t.Proof, t.Organization = copyOf(t.Passwordless), copyOf(t.Proof), copyOf(t.Organization)
	t.Further, t.Consent, t.Upstream, t.Logout = copyOf(t.Further), copyOf(t.Consent), copyOf(t.Upstream), copyOf(t.Logout)
	t.Enrollment, t.Form, t.Picking = copyOf(t.Enrollment), copyOf(t.Form), copyOf(t.Picking)
	t.Abilities = copyOf(t.Abilities)
	if t.Picking != nil {
		t.Picking.Typed = maps.Clone(t.Picking.Typed)
	}
	if t.Form != nil {
		t.Form.Back, t.Form.Kept = slices.Clone(t.Form.Back), bytes.Clone(t.Form.Kept)
	}
	if t.Organization != nil {
		t.Organization.Offered = slices.Clone(t.Organization.Offered)
	}
	if t.Further != nil {
		t.Further.Recovery = bytes.Clone(t.Further.Recovery)
		t.Further.Offered = bytes.Clone(t.Further.Offered)
	}
	if t.Consent != nil {
		t.Consent.Scope = slices.Clone(t.Consent.Scope)
	}
	if t.Upstream != nil {
		t.Upstream.Person = maps.Clone(t.Upstream.Person)
	}
	return t
}

// copyOf returns a pointer to a copy of the value, nil for nil.
func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// Request returns the request with the user's answers on the pages: the organization that was chosen, and the
// e-mail address that was entered to find it.
func (t Transaction) Request() AuthorizeRequest {
	rq := t.Asked
	if o := t.Organization; o != nil {
		rq.LoginHint = cmp.Or(o.Hint, rq.LoginHint)
		if o.Chosen {
			rq.Organization = o.ID
		}
	}
	return rq
}

// Personal reports whether the user has chosen to log in without an organization.
func (t Transaction) Personal() bool {
	return t.Organization != nil && t.Organization.Chosen && t.Organization.ID == ""
}

// Agreed returns the scopes that a user has agreed to in the login.
func (t Transaction) Agreed(userID string) []string {
	if t.Consent == nil || t.Consent.UserID != userID || t.Consent.Declined {
		return nil
	}
	return t.Consent.Scope
}

// Refused reports whether the user has refused consent in the login.
func (t Transaction) Refused(userID string) bool {
	return t.Consent != nil && t.Consent.UserID == userID && t.Consent.Declined
}

// AnsweredBy reports whether the user has answered the consent page in the login.
func (t Transaction) AnsweredBy(userID string) bool {
	return t.Consent != nil && t.Consent.UserID == userID
}

// Live reports whether the transaction has not expired at now.
func (t Transaction) Live(now time.Time) bool { return now.Before(t.ExpiresAt) }

// Began reports whether a login in the transaction began the session. A form that is sent twice at once begins
// two sessions, and the browser keeps one of them.
func (t Transaction) Began(s Session) bool { return t.StateHash != "" && s.BeganIn == t.StateHash }

// Enrollment is the enrollment of a factor by a ticket, whose hash is Ticket.
type Enrollment struct {
	Ticket string `json:"ticket"`
	// Done says that the ticket was used in the transaction.
	Done bool `json:"done,omitempty"`
}

// LogoutRequest is a request to log out that waits for the user's answer.
type LogoutRequest struct {
	ClientID string `json:"client_id"`
	Target   string `json:"target"` // where to go afterwards, "" for a page of the server's own
	// Federated says that the session at the identity provider is to end as well.
	Federated bool `json:"federated,omitempty"`
}

// AuthorizeRequest is a request to /authorize after its checks, RFC 6749
// section 4.1.1 and OIDC Core section 3.1.2.1.
type AuthorizeRequest struct {
	ClientID            string   `json:"client_id"`
	ResponseType        string   `json:"response_type"`
	ResponseMode        string   `json:"response_mode"`
	RedirectURI         string   `json:"redirect_uri"`
	RedirectURISent     bool     `json:"redirect_uri_sent"`
	Scope               string   `json:"scope"` // the scope parameter as sent
	Audience            string   `json:"audience"`
	State               string   `json:"state"`
	Nonce               string   `json:"nonce"`
	CodeChallenge       string   `json:"code_challenge"`
	CodeChallengeMethod string   `json:"code_challenge_method"`
	Prompt              []string `json:"prompt"`
	MaxAge              *int     `json:"max_age"` // seconds
	LoginHint           string   `json:"login_hint"`
	ScreenHint          string   `json:"screen_hint"`
	Connection          string   `json:"connection"`
	UILocales           string   `json:"ui_locales"`
	ACRValues           []string `json:"acr_values,omitempty"`
	// ConnectionScope are further scopes to request from the identity provider, besides those of the connection.
	// Passed are the parameters that the connection passes on to the provider and that only the provider
	// evaluates, OIDC Core section 3.1.2.1.
	ConnectionScope string            `json:"connection_scope,omitempty"`
	Passed          map[string]string `json:"passed,omitempty"`
	// CorrelationID is the name that the application gives to the login, "" for none.
	CorrelationID string `json:"correlation_id,omitempty"`
	// Extensions are the application's own parameters, whose names begin with ext-.
	Extensions map[string]string `json:"extensions,omitempty"`
	// Details are the authorization_details of RFC 9396, a JSON array, "" for none.
	Details string `json:"authorization_details,omitempty"`
	// Organization is the id of the organization to log in to, "" for none.
	Organization string `json:"organization,omitempty"`
	// Invitation is the ticket of an invitation to it, "" for none.
	Invitation string `json:"invitation,omitempty"`
	// Assertion is set if the application asks for an assertion instead of a code or tokens. State then holds
	// what the service provider wants returned with it (RelayState or wctx).
	Assertion *AssertionRequest `json:"assertion,omitempty"`
}

// AssertionRequest holds what only a request for an assertion has.
type AssertionRequest struct {
	// Protocol is SAMLP or WSFed.
	Protocol string `json:"protocol"`
	// ID is that of the SAML request, and Issuer the service provider (wtrealm in WS-Federation); "" for a login
	// that no service provider has requested.
	ID     string `json:"id,omitempty"`
	Issuer string `json:"issuer,omitempty"`
}

// The protocols that use assertions, named like the add-ons of applications.
const (
	SAMLP = "samlp"
	WSFed = "wsfed"
)

// Asks reports whether the request asks for "code", "token" or "id_token".
func (rq AuthorizeRequest) Asks(what string) bool {
	return slices.Contains(strings.Fields(rq.ResponseType), what)
}

// FrontChannel reports whether the authorization response contains tokens.
func (rq AuthorizeRequest) FrontChannel() bool { return rq.Asks("token") || rq.Asks("id_token") }

// Check returns an error that wraps ErrTooLong if the request is too long to be stored.
func (rq AuthorizeRequest) Check() error {
	raw, err := json.Marshal(rq)
	if err != nil {
		return err
	}
	return atMost("the request", len(raw), maxRequest)
}

func atMost(what string, have, limit int) error {
	if have > limit {
		return fmt.Errorf("%s has %d bytes where at most %d are kept: %w", what, have, limit, ErrTooLong)
	}
	return nil
}

var transactions = table.Declare(table.Spec[Transaction]{
	Name:           "transactions", // see isVolatile
	Key:            func(t Transaction) string { return t.StateHash },
	Expires:        func(t Transaction) time.Time { return t.ExpiresAt },
	Measured:       true,
	Recent:         true,
	IndexedMembers: []string{"state_hash", "browser_hash", "created_at", "expires_at", "finished_at", "upstream"},
	Indexes: []table.Index[Transaction]{
		{Name: "age", Values: func(t Transaction) []string { return []string{t.age()} }},
		{Name: "browser", Values: func(t Transaction) []string { return []string{t.BrowserHash + "\x01" + t.age()} }},
		{Name: "upstream", Values: func(t Transaction) []string {
			if t.Upstream == nil || t.Upstream.StateHash == "" {
				return nil
			}
			return []string{t.Upstream.StateHash}
		}},
	},
})

// age sorts the transactions that are deleted first before the others: those that are finished, and then those
// that began earlier.
func (t Transaction) age() string {
	rank := "waiting"
	if !t.FinishedAt.IsZero() {
		rank = "finished"
	}
	return rank + sortableTime(t.CreatedAt)
}

// sortableTime is a time as a text that sorts chronologically.
func sortableTime(t time.Time) string { return t.UTC().Format("20060102150405.000000000") }

// Transactions are the logins under way. Only StartTransaction and ChangeTransaction write them.
type Transactions struct{ table Table[Transaction] }

// Get returns the transaction at a key, or an error that wraps ErrNotFound.
func (t Transactions) Get(stateHash string) (Transaction, error) {
	return t.table.Get(stateHash)
}

// Has reports whether there is a transaction at a key.
func (t Transactions) Has(stateHash string) (bool, error) { return t.table.Has(stateHash) }

// All yields every transaction in key order. The sequence ends after an error.
func (t Transactions) All() iter.Seq2[Transaction, error] { return t.table.All() }

// Delete removes the transaction at a key; it is not an error if there is none.
func (t Transactions) Delete(stateHash string) error { return t.table.Delete(stateHash) }

// StartTransaction stores a new transaction. It returns an error that wraps ErrTooLong if it is too long, and
// ErrConflict if there is a transaction with this key already.
func (tx *Tx) StartTransaction(t Transaction) error {
	there, err := tx.Transactions.Has(t.StateHash)
	if err != nil {
		return err
	}
	if there {
		return fmt.Errorf("%s %q: %w", transactions.Name, t.StateHash, ErrConflict)
	}
	raw, err := json.Marshal(t)
	if err == nil && len(raw) > maxRequest { // the request is a part of it
		err = t.Asked.Check()
	}
	if err != nil {
		return err
	}
	if err := tx.keepTransaction(t, raw); err != nil {
		return err
	}
	return tx.boundTransactions(t)
}

// ChangeTransaction changes a stored transaction: it reads the current one, lets change modify it, and writes it,
// so that two pages of one login do not undo each other's answers. It returns an error that wraps
// ErrTransactionOver if there is no such transaction or it has expired at now. The same holds for a finished one,
// unless change leaves it unchanged: a form may be sent twice. An error of change is returned unchanged, and
// nothing is written.
func (tx *Tx) ChangeTransaction(stateHash string, now time.Time, change func(*Transaction) error) error {
	before, err := tx.kv().Get(tx.records(transactions.Kind).RowKey(stateHash))
	if err != nil {
		return err
	}
	known, err := tx.ViewTransaction(stateHash, now)
	if err != nil {
		return err
	}
	t := known.clone()
	finished := !t.FinishedAt.IsZero()
	if err := change(&t); err != nil {
		return err
	}
	after, err := json.Marshal(t)
	switch {
	case err != nil:
		return err
	case bytes.Equal(before, after):
		return nil
	case finished:
		return fmt.Errorf("%w: it is finished", ErrTransactionOver)
	}
	return tx.keepTransaction(t, after)
}

// ViewTransaction returns a transaction to callers that do not change what it refers to. It returns an error
// that wraps ErrTransactionOver if there is no such transaction or it has expired at now; a finished one is
// returned.
func (tx *Tx) ViewTransaction(stateHash string, now time.Time) (Transaction, error) {
	t, err := tx.Transactions.table.GetShared(stateHash)
	switch {
	case IsNotFound(err):
		return t, fmt.Errorf("%w: %w", ErrTransactionOver, err)
	case err == nil && !t.Live(now):
		return t, fmt.Errorf("%w: its time is over", ErrTransactionOver)
	}
	return t, err
}

func (tx *Tx) keepTransaction(t Transaction, raw []byte) error {
	if err := atMost("the login", len(raw), maxTransaction); err != nil {
		return err
	}
	return tx.records(transactions.Kind).Write(&t, raw)
}

// boundTransactions deletes transactions if a new one has exceeded the bounds for its browser or for all browsers
// together.
func (tx *Tx) boundTransactions(t Transaction) error {
	if err := tx.records(transactions.Kind).Bound("browser", t.BrowserHash+"\x01", maxBrowserTransactions); err != nil {
		return err
	}
	return tx.records(transactions.Kind).BoundSize(maxAllTransactions)
}
